/*
 * senders.h - the two kinds of delivery: Telegram's sendMessage and a signed POST.
 *
 * Telegram's limits are those of its FAQ (core.telegram.org/bots/faq, "My bot is hitting
 * limits, how do I avoid this?", 2024): one message a second in a chat, 30 a second in
 * all, 20 a minute in a group.
 */
#ifndef WORKER_NOTIFY_SENDERS_H
#define WORKER_NOTIFY_SENDERS_H

#include "worker/notify/chat_routes.h"
#include "worker/notify/delivery.h"

struct telegram_sender {
	const struct chat_routes *routes;	/* borrowed */
	const char *api_url;		/* borrowed */
};
struct sender telegram_sender(struct telegram_sender *s);
/* <api>/bot<token>/<method>. A secret: not for logs. */
void telegram_url(struct buf *out, const char *api_url, const char *token, const char *method);
/* Decides what an answer of the Bot API means for a message or a poll. */
void telegram_judge(const struct http_answer *a, const char *token, struct verdict *v);

struct webhook_sender {
	const char *url, *secret;	/* borrowed; "" none */
};
struct sender webhook_sender(struct webhook_sender *s);
/*
 * "t=<seconds>,v1=<hex>": HMAC-SHA256 over "<seconds>.<body>"; TELEGRAM.md shows how a
 * receiver checks it.
 */
void webhook_signature(struct buf *out, const char *secret, int64_t at_s, const char *body,
		       size_t len);

#endif
