/*
 * chat_replies.h - what the chat commands show, as plain text for a fixed-width block: lines
 * of one or several bots, with a headline each.
 */
#ifndef WORKER_NOTIFY_CHAT_REPLIES_H
#define WORKER_NOTIFY_CHAT_REPLIES_H

#include "common/buf.h"
#include "common/config.h"
#include "common/db/db.h"
#include "common/registry/market_clock.h"
#include "worker/store/chat.h"

struct answers {
	struct db *db;
	const struct config *config;
	const int64_t *bots;		/* which ones it is about */
	size_t bots_n;
	int64_t now_us;			/* the market's (market_clock.h) */
	int64_t machine_us;		/* by the machine's clock */
	int64_t n;			/* number given with the command, 0 none */
};

/* Each appends to out. Errors: those of the database. */
typedef int answer_fn(const struct answers *a, struct buf *out, struct err *e);
answer_fn answer_status, answer_profit, answer_balance, answer_daily, answer_weekly,
	answer_monthly, answer_performance, answer_count, answer_locks, answer_logs,
	answer_health, answer_version, answer_config, answer_reload;

/* "3 d 4 h", "5 m 6 s": the two largest units. */
const char *answer_span(int64_t us, char out[32]);
/* At most "decimals" digits behind the point, without zeros at the end. */
const char *answer_number(double v, int decimals, char out[40]);

#endif
