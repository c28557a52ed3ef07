/* Sends each message as a signed POST of JSON. */
#include "common/clock.h"
#include "common/crypto.h"
#include "common/json.h"
#include "worker/notify/senders.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 15000

void webhook_signature(struct buf *out, const char *secret, int64_t at_s, const char *body,
		       size_t len)
{
	char hex[SHA256_HEX_MAX];
	struct buf text = { 0 };

	buf_printf(&text, "%lld.", (long long)at_s);
	buf_add(&text, body, len);
	crypto_hmac_sha256_hex(secret, text.data, text.len, hex);
	buf_printf(out, "t=%lld,v1=%s", (long long)at_s, hex);
	buf_free(&text);
}

/* Writes the row's own members, then the stored ones. */
static void put_body(const struct note *n, int64_t untold, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_int(&j, "id", n->id);
	json_string(&j, "event", n->kind);
	if (n->bot_id)
		json_int(&j, "bot_id", n->bot_id);
	else
		json_null(&j, "bot_id");
	json_time(&j, "created_at", n->created_us);
	json_int(&j, "dropped_before", untold);
	buf_putc(out, ',');
	buf_puts(out, n->text + 1);
}

static int prepare(void *ctx, const struct note *notes, size_t n, int64_t untold, struct post *out,
		   struct err *e)
{
	const struct webhook_sender *s = ctx;
	int64_t at_s = clock_now_us() / US_PER_S;

	(void)n;
	if (strncmp(notes[0].text, "{\"", 2) != 0)
		return err_set(e, ERR_INVALID, "its text is no JSON object with members");
	if (!*s->url)
		return err_set(e, ERR_NOT_FOUND, "there is no WEBHOOK_URL any more");
	out->rows = 1;
	buf_puts(&out->url, s->url);
	put_body(&notes[0], untold, &out->body);
	buf_puts(&out->headers[out->headers_n++], "Content-Type: application/json");
	buf_printf(&out->headers[out->headers_n++], "X-TradingBot-Event: %s", notes[0].kind);
	buf_printf(&out->headers[out->headers_n++], "X-TradingBot-Event-Id: %lld",
		   (long long)notes[0].id);
	buf_printf(&out->headers[out->headers_n++], "X-TradingBot-Timestamp: %lld",
		   (long long)at_s);
	if (*s->secret) {
		struct buf *header = &out->headers[out->headers_n++];

		buf_puts(header, "X-TradingBot-Signature: ");
		webhook_signature(header, s->secret, at_s, buf_text(&out->body), out->body.len);
	}
	return 0;
}

/* Does this status say that this one event is not wanted? After other errors we try again. */
static bool refuses(int status)
{
	return status == 400 || status == 405 || status == 406 || status == 413 || status == 415 ||
	       status == 422;
}

static void judge(void *ctx, const struct lane_key *lane, const struct http_answer *a,
		  struct verdict *v)
{
	(void)ctx;
	(void)lane;
	*v = (struct verdict){ .outcome = OUTCOME_RETRY };
	if (a->status >= 200 && a->status < 300) {
		v->outcome = OUTCOME_DELIVERED;
		return;
	}
	if (a->status == 0) {
		snprintf(v->error, sizeof(v->error), "%.255s", a->error.msg);
		return;
	}
	snprintf(v->error, sizeof(v->error), "the receiver answered HTTP %d", a->status);
	if (refuses(a->status))
		v->outcome = OUTCOME_REFUSED;
	else if (a->status == 429 || a->status == 503)
		v->wait_us = delivery_retry_after(a);
}

struct sender webhook_sender(struct webhook_sender *s)
{
	return (struct sender){
		.ctx = s, .prepare = prepare, .judge = judge, .timeout_ms = TIMEOUT_MS,
	};
}
