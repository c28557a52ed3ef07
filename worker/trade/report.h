/*
 * report.h - what the engine tells the outside: rows for the database, lines for
 * the log, messages for a person. Flat structs, borrowed for the call.
 */
#ifndef WORKER_ENGINE_REPORT_H
#define WORKER_ENGINE_REPORT_H

#include "common/crypto.h"
#include "worker/trade/bot_state.h"
#include "worker/market/candle.h"
#include "worker/market/order_type.h"

#define DAY_TEXT_MAX 12
#define NOTICE_MAX 256

struct order;
struct leg;

struct fill_report {
	int64_t id;			/* row number, given by the engine */
	const struct order *order;
	const struct leg *leg;
	int64_t trade_id;
	struct price price;
	struct qty quantity;
	int64_t fee_e8;			/* in fee_asset */
	char fee_asset[12];
	bool maker;
	int64_t at_us;
};

struct signal_report {
	int64_t id;			/* a report with the same id replaces the row */
	int64_t bot_id, account_id;
	char symbol[SYMBOL_MAX];
	char strategy[STRATEGY_NAME_MAX];
	enum side side;
	bool wanted;			/* false: the strategy saw no entry */
	bool taken;
	double confidence;
	struct price price;
	char rule[32];
	char reason[200];
	int64_t order_id;		/* 0 none */
	int64_t repeats;		/* equal decisions that the row stands for, 1 and up */
	bool ended;			/* the last report of a row with several */
	int64_t model_id, config_version;
	char correlation_id[CORRELATION_ID_MAX];
	int64_t at_us, last_us;
};

struct status_report {			/* one status change */
	int64_t bot_id;
	enum bot_status from, to;
	char event[24];			/* start, failure, flat, restart, ... */
	char reason[256];
	char requested_by[64];
	char correlation_id[CORRELATION_ID_MAX];
	int64_t at_us;
};

struct order_event {			/* one move of an order or of one of its legs */
	const struct order *order;
	int64_t leg_id;			/* 0: the order's own phase */
	char client_order_id[CLIENT_ORDER_ID_MAX];	/* of the leg */
	const char *from, *to;		/* states; from "" when it is new */
	const char *event;		/* what moved it */
	char why[96];			/* "" where the event says it all */
	int64_t venue_us;		/* the venue's, UTC; 0: it was a move of ours */
	int64_t at_us;			/* ours, UTC */
	char correlation_id[CORRELATION_ID_MAX];
};

struct day_stats {			/* closed trades of a bot on a UTC day */
	int64_t bot_id, account_id;
	char day[DAY_TEXT_MAX];
	int64_t trades, wins, losses;
	struct money gross, fees, net, volume, max_drawdown, peak_net;
	int64_t updated_us;
};

struct bot_report {			/* row of bot_state */
	int64_t bot_id, account_id;
	enum bot_status status;
	int emergency;			/* enum emergency */
	char error[256];
	int64_t start_us, last_execution_us;
	int64_t config_version;
	char config_error[256];
	int64_t model_id;
	char model_error[256];
	int64_t pending_orders, open_positions;
	struct money equity, peak_equity, day_equity;
	struct qty dust;
	struct money dust_cost;
	struct price last_price;
	int64_t last_decision_us;
	int64_t candles;		/* closed ones in its window */
	int64_t loss_streak, cooldown_until_us;
	int64_t refusals, refused_until_us;
	char day[DAY_TEXT_MAX];
	int64_t updated_us;
	bool figures_only;		/* only figures changed that change all the time */
};

struct equity_report {
	int64_t bot_id, account_id, at_us;
	struct money equity, balance, unrealized;
};

struct candle_report {			/* a candle that closed */
	const char *source, *symbol, *interval;	/* market_source.h */
	int64_t length_us;
	int64_t since_us;		/* begin of the first candle from which none is missing */
	const struct candle *candle;
};

struct reporter {			/* any function may be NULL */
	void *ctx;
	void (*order)(void *ctx, const struct order *o);
	void (*leg)(void *ctx, const struct order *o, const struct leg *l);
	void (*move)(void *ctx, const struct order_event *m);
	void (*fill)(void *ctx, const struct fill_report *f);
	void (*signal)(void *ctx, const struct signal_report *s);
	void (*status)(void *ctx, const struct status_report *s);
	/* A trade was closed. day: totals of the day as the bot knows them; trade: what it adds. */
	void (*stats)(void *ctx, const struct day_stats *day, const struct day_stats *trade);
	void (*bot)(void *ctx, const struct bot_report *b);
	void (*equity)(void *ctx, const struct equity_report *q);
	void (*candle)(void *ctx, const struct candle_report *c);
	/* Something a person should know; bot_id 0: the whole worker. */
	void (*notice)(void *ctx, int64_t bot_id, const char *correlation_id, const char *text);
};

#endif
