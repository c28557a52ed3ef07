#include "worker/notify/telegram_poll.h"

#include "common/clock.h"
#include "common/log.h"
#include "worker/notify/delivery.h"
#include "worker/notify/senders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_S 25			/* how long Telegram holds a getUpdates */
#define POLL_TIMEOUT_MS ((POLL_S + 15) * 1000)
#define CALL_TIMEOUT_MS 15000
/* Ten messages of at most 4096 characters, each perhaps escaped, with their entities. */
#define UPDATES_BYTES_MAX (4u << 20)
/*
 * An offset older than this is not used: after a week without updates Telegram may number
 * them anew (Bot API, Update), and an old offset would hide the new ones. Telegram keeps no
 * update longer than a day, so none comes twice without an offset.
 */
#define OFFSET_TOO_OLD_US (2 * 86400 * US_PER_S)
#define NEVER INT64_MAX

enum poll_state {
	POLL_ASK_NAME,			/* getMe is due */
	POLL_ASK,			/* getUpdates is due */
	POLL_CALLING,
	POLL_FETCHED,			/* updates wait for telegram_poll_take */
	POLL_TAKEN			/* the offset waits to be written */
};

struct poller {				/* of one account */
	struct telegram_poll *owner;
	int64_t account, telegram_bot;
	enum poll_state state;
	bool named;			/* getMe was answered */
	char name[64];
	int64_t offset;			/* update_id to ask for, 0 the oldest there is */
	int64_t offset_us;		/* when it was last moved, UTC */
	int64_t due_us;			/* monotonic */
	int64_t failures;		/* in a row */
	struct http_call *call;
	size_t n;
	int64_t next;			/* offset once these are committed; 0 nothing new */
	struct telegram_update updates[TELEGRAM_UPDATES_MAX];
};

struct telegram_poll {
	struct telegram_poll_args args;
	size_t n;
	struct poller **list;
};

struct telegram_poll *telegram_poll_new(const struct telegram_poll_args *a)
{
	struct telegram_poll *p = xcalloc(1, sizeof(*p));

	p->args = *a;
	return p;
}

static void poller_free(struct poller *l)
{
	http_cancel(l->call);
	free(l);
}

void telegram_poll_free(struct telegram_poll *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		poller_free(p->list[i]);
	free(p->list);
	free(p);
}

/* ---- answers ---- */

static void failed(struct poller *l, const struct verdict *v, int status)
{
	int64_t wait_us = v->wait_us ? v->wait_us : delivery_backoff(l->failures + 1);

	if (l->failures++ == 0)
		log_warn("telegram", NULL, "commands can't be read, trying again: %s%s", v->error,
			 status == 409 ? " (another program reads this bot's messages, or it has a "
					 "webhook: only one may)"
				       : "");
	l->due_us = clock_mono_us() + wait_us;
	l->state = l->named ? POLL_ASK : POLL_ASK_NAME;
}

/* False: the answer is not usable; the poller tries again later. */
static bool well(struct poller *l, const struct http_answer *a)
{
	struct verdict v;

	telegram_judge(a, chat_routes_token(l->owner->args.routes, l->account), &v);
	if (v.outcome == OUTCOME_DELIVERED)
		return true;
	failed(l, &v, a->status);
	return false;
}

static void odd_answer(struct poller *l, const struct err *e)
{
	struct verdict v = { .outcome = OUTCOME_RETRY };

	snprintf(v.error, sizeof(v.error), "%.255s", e->msg);
	failed(l, &v, 0);
}

static void recovered(struct poller *l)
{
	if (l->failures)
		log_info("telegram", NULL, "commands can be read again");
	l->failures = 0;
	l->state = POLL_ASK;
}

static void on_name(void *ctx, const struct http_answer *a)
{
	struct poller *l = ctx;
	struct err e = { 0 };

	l->call = NULL;
	if (!well(l, a))
		return;
	if (telegram_me_parse(a->body, a->len, l->name, sizeof(l->name), &e)) {
		odd_answer(l, &e);
		return;
	}
	l->named = true;
	log_info("telegram", NULL, "reading commands to @%s", l->name);
	recovered(l);
	telegram_poll_call(l->owner, l->account, "setMyCommands", l->owner->args.commands);
	l->owner->args.wake(l->owner->args.ctx);
}

static void on_updates(void *ctx, const struct http_answer *a)
{
	struct poller *l = ctx;
	struct err e = { 0 };

	l->call = NULL;
	if (!well(l, a))
		return;
	if (telegram_updates_parse(a->body, a->len, l->updates, &l->n, &l->next, &e)) {
		odd_answer(l, &e);
		return;
	}
	recovered(l);
	if (l->n)
		l->state = POLL_FETCHED;
	else if (a->took_us < US_PER_S) /* it does not hold the request: do not race it */
		l->due_us = clock_mono_us() + US_PER_S;
	l->owner->args.wake(l->owner->args.ctx);
}

static void on_nothing(void *ctx, const struct http_answer *a)
{
	(void)ctx;
	if (a->status != 200)
		log_debug("telegram", NULL, "an answer that nobody waits for: HTTP %d", a->status);
}

/* ---- asking ---- */

static struct http_call *post(struct telegram_poll *p, const char *token, const char *method,
			      const char *body, int64_t timeout_ms, http_done *done, void *ctx)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct buf url = { 0 };
	struct http_request r = {
		.method = "POST", .headers = headers, .body = body, .body_len = strlen(body),
		.timeout_ms = timeout_ms, .max_bytes = UPDATES_BYTES_MAX, .done = done, .ctx = ctx,
	};
	struct http_call *call;

	telegram_url(&url, p->args.api_url, token, method);
	r.url = buf_text(&url);
	call = http_send(p->args.client, &r);
	buf_free(&url);
	return call;
}

void telegram_poll_call(struct telegram_poll *p, int64_t account, const char *method,
			const char *body)
{
	const char *token = chat_routes_token(p->args.routes, account);

	if (token)
		(void)post(p, token, method, body, CALL_TIMEOUT_MS, on_nothing, p);
}

static void ask(struct poller *l, const char *token)
{
	char body[160];

	if (clock_now_us() - l->offset_us > OFFSET_TOO_OLD_US)
		l->offset = 0;
	if (l->state == POLL_ASK_NAME) {
		l->call = post(l->owner, token, "getMe", "{}", CALL_TIMEOUT_MS, on_name, l);
	} else {
		snprintf(body, sizeof(body), "{\"offset\":%lld,\"limit\":%d,\"timeout\":%d,"
			 "\"allowed_updates\":[\"message\",\"callback_query\"]}",
			 (long long)l->offset, TELEGRAM_UPDATES_MAX, POLL_S);
		l->call = post(l->owner, token, "getUpdates", body, POLL_TIMEOUT_MS, on_updates,
			       l);
	}
	l->state = POLL_CALLING;
}

static struct poller *poller_of(struct telegram_poll *p, int64_t account)
{
	struct poller *l;

	for (size_t i = 0; i < p->n; i++)
		if (p->list[i]->account == account)
			return p->list[i];
	l = xcalloc(1, sizeof(*l));
	l->owner = p;
	l->account = account;
	l->telegram_bot = -1; /* none yet */
	p->list = xrealloc(p->list, (p->n + 1) * sizeof(p->list[0]));
	p->list[p->n++] = l;
	return l;
}

/* Another token is another Telegram bot, which has updates of its own. */
static int follow_token(struct poller *l, struct db *db, const char *token, struct err *e)
{
	int64_t bot = telegram_bot_of(token), offset = 0;
	int rc;

	if (l->telegram_bot == bot)
		return 0;
	rc = store_offset_get(db, bot, clock_now_us() - OFFSET_TOO_OLD_US, &offset, e);
	if (rc)
		return rc;
	http_cancel(l->call);
	*l = (struct poller){ .owner = l->owner, .account = l->account, .telegram_bot = bot,
			      .offset = offset, .offset_us = clock_now_us() };
	return 0;
}

static void drop_unused(struct telegram_poll *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct poller *l = p->list[i];

		/* An offset that was taken is written first. */
		if (l->state != POLL_TAKEN && !chat_routes_token(p->args.routes, l->account))
			poller_free(l);
		else
			p->list[kept++] = l;
	}
	p->n = kept;
}

static int serve(struct telegram_poll *p, struct db *db, int64_t account, int64_t mono_us,
		 int64_t *next_us, struct err *e)
{
	const char *token = chat_routes_token(p->args.routes, account);
	struct poller *l = poller_of(p, account);
	int rc = l->state == POLL_TAKEN ? 0 : follow_token(l, db, token, e);

	if (rc || (l->state != POLL_ASK_NAME && l->state != POLL_ASK))
		return rc;
	if (l->due_us <= mono_us)
		ask(l, token);
	else if (l->due_us < *next_us)
		*next_us = l->due_us;
	return 0;
}

int telegram_poll_turn(struct telegram_poll *p, struct db *db, int64_t mono_us, int64_t *next_us,
		       struct err *e)
{
	int64_t account;
	int rc = 0;

	*next_us = NEVER;
	drop_unused(p);
	for (size_t i = 0; rc == 0 && chat_routes_account(p->args.routes, i, &account); i++)
		rc = serve(p, db, account, mono_us, next_us, e);
	return rc;
}

/* ---- taking in ---- */

void telegram_poll_take(struct telegram_poll *p, telegram_take *take, void *ctx)
{
	for (size_t i = 0; i < p->n; i++) {
		struct poller *l = p->list[i];
		struct telegram_source from = { l->account, l->telegram_bot, l->name };

		if (l->state != POLL_FETCHED)
			continue;
		for (size_t k = 0; k < l->n; k++)
			if (l->updates[k].usable && l->updates[k].id >= l->offset)
				take(ctx, &from, &l->updates[k]);
		l->state = POLL_TAKEN;
	}
}

bool telegram_poll_pending(const struct telegram_poll *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i]->state == POLL_TAKEN)
			return true;
	return false;
}

int telegram_poll_write_tx(struct telegram_poll *p, struct db *db, int64_t now_us, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->n; i++)
		if (p->list[i]->state == POLL_TAKEN)
			rc = store_offset_tx(db, p->list[i]->telegram_bot, p->list[i]->next,
					     now_us, e);
	return rc;
}

void telegram_poll_clear(struct telegram_poll *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct poller *l = p->list[i];

		if (l->state != POLL_TAKEN)
			continue;
		l->offset = l->next;
		l->offset_us = clock_now_us();
		l->n = 0;
		l->state = POLL_ASK;
	}
}
