/*
 * bot.h - inside the engine: one bot, its market and its open orders.
 *
 * bot.c decides (status, commands, entries); bot_orders.c leads orders from
 * entry to close; engine.c owns markets, time and the list of bots.
 */
#ifndef ENGINE_BOT_H
#define ENGINE_BOT_H

#include "worker/engine/engine.h"

#define SERIES_MAX 7			/* intervals a market may be asked for */
#define ENTRY_RING 64
#define STOP_GRACE_US INT64_C(1000000)	/* time a resting stop has before we act ourselves */
#define CLOSE_RETRY_US INT64_C(1000000)	/* first wait after a failed close; doubles to 32 times */
#define NEVER INT64_MAX

struct series {				/* candles of one interval */
	char interval[8];
	int64_t length_us;
	struct candle_builder builder;
	struct window window;
};

struct market {
	struct symbol_info info;
	struct price last;
	struct book_top top;
	bool depth_invalid;		/* the local book is out of step */
	int64_t event_us;		/* our time of the newest event */
	size_t series_n;
	struct series *series[SERIES_MAX];
	size_t bots_n;
	struct bot **bots;		/* borrowed from the engine */
};

struct bot {
	struct engine *engine;
	int64_t id;
	enum bot_status status;
	enum emergency emergency;
	char error[256], config_error[256], model_error[256];
	struct bot_config config;
	const struct strategy *strategy;
	struct predictor model;
	bool has_model;
	struct market *market;
	struct series *series;
	size_t orders_n;
	struct order **orders;		/* not closed yet */
	int64_t start_us, last_execution_us, last_decision_us;
	int64_t loss_streak, cooldown_until_us;
	struct money equity, peak_equity, day_equity;
	char day[DAY_TEXT_MAX];
	struct day_stats stats;
	struct signal_report signal;	/* newest, while it repeats */
	int64_t signal_written_us;
	int64_t entries_us[ENTRY_RING];	/* ring of entry times */
	size_t entries_n;		/* ever */
	int64_t equity_due_us;
	int64_t due_us;			/* earliest deadline of the bot, NEVER none */
	bool dirty;			/* its row must be reported */
	int64_t reported_us;
};

/* engine.c */
const struct reporter *engine_reporter(const struct engine *e);
const struct risk_limits *engine_limits(const struct engine *e);
struct venue *engine_venue(const struct engine *e);
int64_t engine_take_order_id(struct engine *e);
int64_t engine_take_leg_id(struct engine *e);
int64_t engine_take_fill_id(struct engine *e);
int64_t engine_take_signal_id(struct engine *e);
int64_t engine_open_all(const struct engine *e);
void engine_count_open(struct engine *e, int change);
int64_t engine_drift(const struct engine *e);
int64_t engine_equity_interval(const struct engine *e);
void engine_due(struct engine *e, int64_t due_us);	/* somebody's deadline came nearer */

/* bot.c */
void bot_set_status(struct bot *b, enum bot_event event, const char *why, const char *by,
		    const char *correlation_id, int64_t now_us);
void bot_fail(struct bot *b, int64_t now_us, const char *why);
void bot_decide(struct bot *b, int64_t now_us);
void bot_timer(struct bot *b, int64_t now_us);		/* everything due at now_us */
void bot_refresh_due(struct bot *b);
void bot_equity(struct bot *b, int64_t now_us);		/* look at the account */
void bot_report(struct bot *b, int64_t now_us);
void bot_free(struct bot *b);

/* bot_orders.c */
/* Start an order from a decision that passed every rule. */
void bot_enter(struct bot *b, const struct signal *s, struct price limit, struct qty quantity,
	       const char *correlation_id, int64_t now_us, int64_t *order_id);
void bot_on_update(struct bot *b, const struct venue_update *u);
void bot_watch_stops(struct bot *b, struct price last, int64_t now_us);
void bot_orders_timer(struct bot *b, int64_t now_us);
int64_t bot_orders_due(const struct bot *b);
void bot_cancel_entries(struct bot *b, const char *correlation_id, int64_t now_us);
/* Close at market, for a reason; an order that is closing already keeps its reason. */
void bot_close(struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id, int64_t now_us);
void bot_close_all(struct bot *b, enum close_reason reason, const char *correlation_id,
		   int64_t now_us);
int64_t bot_drop_orders(struct bot *b, int64_t now_us);
void bot_reconcile(struct bot *b, int64_t now_us);
int64_t bot_positions(const struct bot *b);		/* orders that hold something */

/* stats.c */
void stats_add(struct day_stats *s, const struct order *o, int64_t now_us);
void day_text(int64_t us, char out[DAY_TEXT_MAX]);	/* UTC day of a time, by arithmetic */

#endif
