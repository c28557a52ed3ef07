/*
 * telegram_poll.h - reads the messages that people send to our Telegram bots. It uses long
 * polling, because a webhook would need an address that Telegram can reach.
 *
 *	getMe --> getUpdates --> fetched --take--> taken --commit of the offset--.
 *	              ^                                                          |
 *	              `----------------------------------------------------------'
 *
 * The offset is written in the same transaction as the effects of the updates. Only then the
 * next getUpdates confirms the updates to Telegram, so none is lost and none counts twice.
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

/* Sends the requests that are due, for each account of the routes. *next_us as in delivery_turn. */
MUST_CHECK int telegram_poll_turn(struct telegram_poll *p, struct db *db, int64_t mono_us,
				  int64_t *next_us, struct err *e);

struct telegram_source {		/* where an update came from */
	int64_t account;
	int64_t telegram_bot;
	const char *name;		/* the bot's own, without @ */
};
typedef void telegram_take(void *ctx, const struct telegram_source *from,
			   const struct telegram_update *u);
/* Hands out the fetched updates in order; they are then pending until telegram_poll_clear. */
void telegram_poll_take(struct telegram_poll *p, telegram_take *take, void *ctx);

bool telegram_poll_pending(const struct telegram_poll *p);
MUST_CHECK int telegram_poll_write_tx(struct telegram_poll *p, struct db *db, int64_t now_us,
				      struct err *e);
void telegram_poll_clear(struct telegram_poll *p);	/* after the commit */

/* Calls a method and ignores its answer; body is JSON. */
void telegram_poll_call(struct telegram_poll *p, int64_t account, const char *method,
			const char *body);

#endif
