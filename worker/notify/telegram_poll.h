/*
 * telegram_poll.h - reads what people write to our Telegram bots (long polling: a webhook
 * would need an address that Telegram can reach).
 *
 *	getMe --> getUpdates --> fetched --take--> taken --commit of the offset--.
 *	              ^                                                          |
 *	              `----------------------------------------------------------'
 *
 * The offset is written in the transaction of what the updates caused, and only then
 * does the next getUpdates confirm them to Telegram: none is lost, none counts twice.
 */
#ifndef WORKER_NOTIFY_TELEGRAM_POLL_H
#define WORKER_NOTIFY_TELEGRAM_POLL_H

#include "common/db/db.h"
#include "worker/net/http_client.h"
#include "worker/notify/chat_routes.h"
#include "worker/notify/telegram_api.h"

struct telegram_poll;

struct telegram_poll_args {
	struct http_client *client;	/* all borrowed */
	const struct chat_routes *routes;
	const char *api_url;
	const char *commands;		/* for setMyCommands: JSON */
	void (*wake)(void *ctx);
	void *ctx;
};

struct telegram_poll *telegram_poll_new(const struct telegram_poll_args *a);
void telegram_poll_free(struct telegram_poll *p);

/* Ask for what is due, for each account of places. *next_us as delivery_turn's. */
MUST_CHECK int telegram_poll_turn(struct telegram_poll *p, struct db *db, int64_t mono_us,
				  int64_t *next_us, struct err *e);

struct telegram_source {		/* where an update came from */
	int64_t account;
	int64_t telegram_bot;
	const char *name;		/* the bot's own, without @ */
};
typedef void telegram_take(void *ctx, const struct telegram_source *from,
			   const struct telegram_update *u);
/* Hands out what was fetched, in order; it is pending then. */
void telegram_poll_take(struct telegram_poll *p, telegram_take *take, void *ctx);

bool telegram_poll_pending(const struct telegram_poll *p);
MUST_CHECK int telegram_poll_write_tx(struct telegram_poll *p, struct db *db, int64_t now_us,
				      struct err *e);
void telegram_poll_clear(struct telegram_poll *p);	/* after the commit */

/* A method whose answer nobody waits for; body is JSON. */
void telegram_poll_call(struct telegram_poll *p, int64_t account, const char *method,
			const char *body);

#endif
