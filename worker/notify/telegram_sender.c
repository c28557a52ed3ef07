/* Sends messages to Telegram; joins several into one while they fit. Keeps the Bot API's limits. */
#include "common/clock.h"
#include "common/json.h"
#include "worker/notify/senders.h"
#include "worker/notify/telegram_api.h"
#include "worker/notify/telegram_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 15000
#define RETRY_AFTER_MAX_S INT64_C(3600)
#define SEPARATOR "\n\n"

void telegram_url(struct buf *out, const char *api_url, const char *token, const char *method)
{
	size_t n = strlen(api_url);

	while (n > 0 && api_url[n - 1] == '/')
		n--;
	buf_add(out, api_url, n);
	buf_printf(out, "/bot%s/%s", token, method);
}

/* How many notes go into one message; their text, and whether all are silent. */
static size_t join(const struct note *notes, size_t n, int64_t untold, struct buf *text,
		   bool *silent)
{
	size_t used = 0;

	*silent = true;
	if (untold > 0)
		buf_printf(text, "<i>%lld older messages were dropped: they could not be "
			   "delivered in time.</i>" SEPARATOR, (long long)untold);
	for (; used < n; used++) {
		size_t more = strlen(notes[used].text) + (used ? strlen(SEPARATOR) : 0);

		if (used > 0 && (*notes[used].markup || *notes[0].markup ||
				 text->len + more > TELEGRAM_TEXT_MAX))
			break;
		if (used > 0)
			buf_puts(text, SEPARATOR);
		buf_puts(text, notes[used].text);
		*silent = *silent && notes[used].silent;
	}
	return used;
}

/* "@channel", "77", "-1001234567890:17". "General" is where a message without a topic goes. */
static void put_place(struct json *j, const char *target)
{
	struct chat_place place;

	if (!chat_place_parse(target, &place)) {
		json_string(j, "chat_id", target);
		return;
	}
	json_int(j, "chat_id", place.chat);
	if (place.topic > 1)
		json_int(j, "message_thread_id", place.topic);
}

static int prepare(void *ctx, const struct note *notes, size_t n, int64_t untold, struct post *out,
		   struct err *e)
{
	const struct telegram_sender *s = ctx;
	const char *token = chat_routes_token(s->routes, notes[0].lane.account);
	struct json j = { .out = &out->body };
	struct buf text = { 0 };
	bool silent;

	if (!token)
		return err_set(e, ERR_NOT_FOUND, "there is no Telegram token for it any more");
	telegram_url(&out->url, s->api_url, token, "sendMessage");
	out->rows = join(notes, n, untold, &text, &silent);
	json_object(&j, NULL);
	put_place(&j, notes[0].lane.target);
	json_string(&j, "text", buf_text(&text));
	json_string(&j, "parse_mode", "HTML");
	json_bool(&j, "disable_notification", silent);
	if (*notes[0].markup)
		json_raw(&j, "reply_markup", notes[0].markup);
	json_object_end(&j);
	buf_puts(&out->headers[out->headers_n++], "Content-Type: application/json");
	buf_free(&text);
	return 0;
}

/* Hides the token in an answer, because a server may repeat the request's address. */
static void hide(char *text, const char *token)
{
	size_t n = token ? strlen(token) : 0;

	for (char *at = text; n > 0 && (at = strstr(at, token)) != NULL; at += n)
		memset(at, '*', n);
}

static void judge_error(int status, const struct telegram_answer *a, struct verdict *v)
{
	const char *what = a->description[0] ? a->description : "no reason given";

	snprintf(v->error, sizeof(v->error), "HTTP %d: %s", status, what);
	if (status == 429)
		v->wait_us = (a->retry_after_s < RETRY_AFTER_MAX_S ? a->retry_after_s
								   : RETRY_AFTER_MAX_S) *
			     US_PER_S;
	else if (status == 401 || status == 404)
		snprintf(v->error, sizeof(v->error),
			 "HTTP %d: %s; Telegram does not know this token", status, what);
	else if (a->migrate_to)
		snprintf(v->error, sizeof(v->error),
			 "HTTP %d: the group has become a supergroup: set its chat to %lld", status,
			 (long long)a->migrate_to);
	else if (status >= 400 && status < 500 && status != 403 && status != 408 && status != 409)
		v->outcome = OUTCOME_REFUSED;
}

void telegram_judge(const struct http_answer *a, const char *token, struct verdict *v)
{
	struct telegram_answer answer;
	struct err e = { 0 };

	*v = (struct verdict){ .outcome = OUTCOME_RETRY };
	if (a->status == 0) {
		snprintf(v->error, sizeof(v->error), "%.255s", a->error.msg);
	} else if (telegram_answer_parse(a->body, a->len, &answer, &e)) {
		snprintf(v->error, sizeof(v->error), "HTTP %d: %.200s", a->status, e.msg);
		if (a->status == 429)
			v->wait_us = delivery_retry_after(a);
	} else if (answer.ok && a->status >= 200 && a->status < 300) {
		v->outcome = OUTCOME_DELIVERED;
	} else {
		if (!answer.retry_after_s && a->status == 429)
			answer.retry_after_s = delivery_retry_after(a) / US_PER_S;
		judge_error(answer.code ? answer.code : a->status, &answer, v);
	}
	hide(v->error, token);
}

static void judge(void *ctx, const struct lane_key *lane, const struct http_answer *a,
		  struct verdict *v)
{
	const struct telegram_sender *s = ctx;

	telegram_judge(a, chat_routes_token(s->routes, lane->account), v);
}

static void paces(void *ctx, const struct lane_key *lane, struct send_limit *each,
		  struct send_limit *slow, struct send_limit *account)
{
	(void)ctx;
	*each = (struct send_limit){ .n = 1, .window_us = US_PER_S };
	if (*lane->target == '-' || *lane->target == '@')
		*slow = (struct send_limit){ .n = 20, .window_us = 60 * US_PER_S };
	if (account->n == 0)
		*account = (struct send_limit){ .n = 30, .window_us = US_PER_S };
}

struct sender telegram_sender(struct telegram_sender *s)
{
	return (struct sender){
		.ctx = s, .prepare = prepare, .judge = judge, .paces = paces,
		.timeout_ms = TIMEOUT_MS,
	};
}
