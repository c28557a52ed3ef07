/*
 * chat.h - the queries of the chat commands. They are short, because they run in the worker's
 * loop.
 */
#ifndef WORKER_STORE_CHAT_H
#define WORKER_STORE_CHAT_H

#include "common/db/db.h"
#include "common/registry/bot_config.h"

struct answer_trade {			/* an order that is not closed */
	int64_t id, bot_id;
	char symbol[SYMBOL_MAX], side[8], status[12];
	double entry_price;		/* of its fills, else the limit */
	double position;		/* base asset */
	double last_price;		/* 0 not known */
	int64_t created_us, opened_us;	/* opened 0: not yet */
};
typedef void answer_trade_each(void *ctx, const struct answer_trade *t);
MUST_CHECK int store_answer_trades(struct db *db, int64_t bot_id, answer_trade_each *each,
				   void *ctx, struct err *e);
/* The bot of an order that is not closed. ERR_NOT_FOUND. */
MUST_CHECK int store_answer_trade_bot(struct db *db, int64_t order_id, int64_t *bot_id,
				      struct err *e);

struct answer_sum {			/* closed trades of a period, or of a symbol */
	char name[SYMBOL_MAX];		/* 2026-01-31, 2026-W04, 2026-01, BTCUSDT */
	int64_t trades, wins, losses;
	double net, fees, volume;
	double best, worst;		/* net of the best and the worst day */
};
typedef void answer_sum_each(void *ctx, const struct answer_sum *s);
enum answer_period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_ALL };
/*
 * Newest first, at most n periods of a bot. since: first UTC day that counts
 * ("2026-01-31"), "" all.
 */
MUST_CHECK int store_answer_periods(struct db *db, int64_t bot_id, enum answer_period period,
				    const char *since, int64_t n, answer_sum_each *each, void *ctx,
				    struct err *e);
/* By symbol, over the newest ANSWER_TRADES_MAX closed trades; net and trades only. */
#define ANSWER_TRADES_MAX 2000
MUST_CHECK int store_answer_symbols(struct db *db, int64_t bot_id, answer_sum_each *each,
				    void *ctx, struct err *e);

/* The paper account's balances that are not 0: free, reserved and margin of each asset. */
typedef void answer_balance_each(void *ctx, const char *account, const char *asset, double amount);
MUST_CHECK int store_answer_balances(struct db *db, int64_t bot_id, answer_balance_each *each,
				     void *ctx, struct err *e);

/* The newest n log lines of at least LOG_INFO, oldest first. */
typedef void answer_log_each(void *ctx, int64_t at_us, int level, const char *logger,
			     const char *message);
MUST_CHECK int store_answer_logs(struct db *db, int64_t n, answer_log_each *each, void *ctx,
				 struct err *e);
/* The newest config as JSON, secrets masked; out is appended to. ERR_NOT_FOUND. */
MUST_CHECK int store_answer_config(struct db *db, int64_t bot_id, struct buf *out, struct err *e);

#endif
