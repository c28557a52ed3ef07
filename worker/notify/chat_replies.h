/*
 * chat_replies.h - writes the replies to chat commands as plain text for a fixed-width block:
 * lines for one or several bots, with a headline each.
 */
#ifndef WORKER_NOTIFY_CHAT_REPLIES_H
#define WORKER_NOTIFY_CHAT_REPLIES_H

#include "common/buf.h"
#include "common/config.h"
#include "common/db/db.h"
#include "common/registry/market_clock.h"
#include "worker/store/chat.h"

struct chat_replies {
	struct db *db;
	const struct config *config;
	const int64_t *bots;		/* which ones it is about */
	size_t bots_n;
	int64_t now_us;			/* the market's (market_clock.h) */
	int64_t machine_us;		/* by the machine's clock */
	int64_t n;			/* number given with the command, 0 none */
};

/* Each appends to out. Errors: those of the database. */
typedef int reply_fn(const struct chat_replies *a, struct buf *out, struct err *e);
reply_fn reply_status, reply_profit, reply_balance, reply_daily, reply_weekly,
	reply_monthly, reply_performance, reply_count, reply_locks, reply_logs,
	reply_health, reply_version, reply_config, reply_reload;

/* At most "decimals" digits after the point, without trailing zeros. */
const char *reply_number(double v, int decimals, char out[40]);

#endif
