/*
 * engine.h - the trading engine: market events, commands and time go in; orders to the venue
 * and reports come out. The same events give the same effects, bit for bit, because live and
 * paper trading, backtests and tests all run this code.
 *
 *	feed --trade, book, time--> engine --place, cancel--> venue
 *	commands, configs, models --^  ^------- updates ---------'
 *	                               `--> reporter (rows, log, messages)
 *
 * Each event brings its time ("now_us", never smaller than before). Before the engine handles
 * an event, it fires every deadline up to the event's time, in the order of time. So the result
 * doesn't depend on how often the loop turns.
 *
 * If more than ENGINE_GAP_US lies between two events (the machine slept, the clock was set),
 * the engine jumps to the end of the gap, and each deadline inside it fires once, there. So a
 * long gap costs no more work than a short one. Equity samples, which are taken at regular
 * times, are taken once after a gap of any length.
 */
#ifndef WORKER_ENGINE_ENGINE_H
#define WORKER_ENGINE_ENGINE_H

#include "worker/trade/bot_state.h"
#include "worker/trade/order.h"
#include "worker/trade/report.h"
#include "worker/engine/risk.h"
#include "worker/market/market.h"
#include "worker/strategy/strategy.h"
#include "worker/venue/venue.h"

#define ENGINE_GAP_US INT64_C(3600000000)

struct engine;
struct market;

struct engine_args {
	struct risk_limits limits;
	struct reporter reporter;
	struct venue *venue;		/* borrowed; its sink is engine_venue_sink() */
	int64_t equity_interval_us;	/* between samples; 0 none */
	int64_t signal_repeat_us;	/* equal refusals in it share a row; 0: a minute */
	const char *installation;	/* copied; NULL: INSTALLATION_NONE */
	/* Source of the markets that paper bots trade (market_source.h); outlives the engine. */
	const char *market_data;
	/* The first free row numbers. */
	int64_t first_order_id, first_leg_id, first_fill_id, first_signal_id;
};

struct engine *engine_new(const struct engine_args *a);
void engine_free(struct engine *e);
struct venue_sink engine_venue_sink(struct engine *e);
void engine_set_venue(struct engine *e, struct venue *v);	/* before the first event */

/*
 * Sets the engine's time before its first event; otherwise time begins with that event. A
 * resumed replay starts at the time of its last event, so that deadlines up to the next one
 * fire at their own times.
 */
void engine_resume_at(struct engine *e, int64_t now_us);
int64_t engine_now(const struct engine *e);	/* of the newest event or deadline; 0 none yet */
/* Time passed without an event: fires what is due. */
void engine_advance(struct engine *e, int64_t now_us);
/* When engine_advance has work again; INT64_MAX never. */
int64_t engine_next_due(const struct engine *e);

/*
 * Reports rows of bots; call before a commit. Every bot to which something happened (status,
 * orders, config, model, peak equity) is reported. Of the bots whose figures only moved
 * (equity, last price, time of the last decision) or whose row is older than max_age_us, at
 * most "most" are reported, and they take turns, because a thousand decisions in one second
 * must not become a thousand rows in one commit. A replay passes SIZE_MAX, because its restart
 * needs every figure as of the commit.
 */
void engine_report(struct engine *e, int64_t now_us, int64_t max_age_us, size_t most);
/* Reports decisions that are counted but not reported yet. Call it when no event follows. */
void engine_signals_end(struct engine *e);
/* How many trades came after their candle was closed (merged into another, or dropped). */
uint64_t engine_trades_late(const struct engine *e);

/* Adds a market, or returns the one that exists already. The engine owns it. */
struct market *engine_market_add(struct engine *e, const struct symbol_info *info);
/* NULL: unknown. BTCUSDT spot and BTCUSDT futures are two markets of two sources. */
struct market *engine_market(struct engine *e, const char *source, const char *symbol);
struct market *engine_market_at(const struct engine *e, size_t index);	/* NULL after the last */
/* The interval of its candles with this index ("1m"); NULL after the last. Borrowed. */
const char *market_interval(const struct market *m, size_t index);
size_t market_look_back(const struct market *m, size_t index);	/* candles that its window keeps */
const struct symbol_info *market_info(const struct market *m);
int market_handle(const struct market *m);	/* the venue's number of it */
struct price market_last(const struct market *m);	/* (tests) */
struct book_top market_top(const struct market *m);	/* (tests) */

/* Market events. */
void engine_trade(struct engine *e, struct market *m, const struct trade *t, int64_t now_us);
void engine_book(struct engine *e, struct market *m, const struct book_top *b, int64_t now_us);
/*
 * The exchange's clock says exchange_us: closes the candles that have ended, and bots decide.
 * While neither trades nor times come, our clock closes candles, late by the difference of
 * the two clocks that was measured last.
 */
void engine_market_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us);
/* Frames are missing since the newest event: best prices, candles and windows start anew. */
void engine_gap(struct engine *e, struct market *m, int64_t now_us);
void engine_book_valid(struct engine *e, struct market *m, bool valid, int64_t now_us);
/*
 * How far the events that come now are behind the clock (0: on time). They are when a feed
 * catches up after the process stood still. The rule stale_feed counts it as age of the data.
 */
void engine_behind(struct engine *e, int64_t behind_us);
/* The machine's clock minus the exchange's, for the rule clock_drift. */
void engine_clock_drift(struct engine *e, int64_t drift_us);
/* The disk has no room for the rows of further entries: the rule disk_full refuses them. */
void engine_disk_full(struct engine *e, bool full);
/*
 * Warm-up: market events fill candles, windows and last prices. No bot acts, nothing trades
 * at the venue, and the engine's time stands still. Commands and deadlines go on.
 */
enum warm_up {
	WARM_NONE,	/* no warm-up, bots act: how an engine begins */
	/*
	 * Events that were never processed before (a feed's history). Their candles are
	 * reported. Our clock closes no candle, because its trades may still follow.
	 */
	WARM_NEW,
	WARM_AGAIN	/* events processed before a restart (a replay): nothing is reported */
};
void engine_warm(struct engine *e, enum warm_up w);
/*
 * Fills a window with stored candles: n > 0, oldest first, without holes. Call it before the
 * market's first event. since_us: begin of the first candle from which on none is missing, up
 * to the end of the list. The next candle begins where the list ends. From there on the
 * engine must get every trade; it ignores older ones.
 */
void engine_warm_candles(struct engine *e, struct market *m, const char *interval,
			 const struct candle *list, size_t n, int64_t since_us);

#define ORDERS_KEPT 1024		/* times kept over a start, for MAX_ORDERS_PER_MIN */

struct bot_restore {			/* what the database remembers of a bot */
	enum bot_status status;
	int64_t account_id;		/* whose money the figures below count; 0: paper */
	bool absent;			/* the bot could not start, error says why; set by loop/ */
	enum emergency emergency;
	char error[256];
	int64_t start_us, last_decision_us, loss_streak, cooldown_until_us;
	struct money equity;		/* last known, used until there is a price */
	struct price last_price;	/* of its symbol, likewise */
	struct money peak_equity, day_equity;
	struct qty dust;		/* base that closed orders left and none has taken over */
	struct money dust_cost;		/* quote, what that base cost */
	char day[DAY_TEXT_MAX];
	struct day_stats stats;		/* of the newest day; day "" none */
	int64_t pending_orders, open_positions, config_version;	/* as last reported */
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	int64_t last_entry_us;		/* when the newest order was made, 0 never */
	int64_t sent_us[ORDERS_KEPT];	/* when the newest orders were sent; not sorted */
	size_t sent_n;
	struct ended_leg ended[ENDED_LEGS];	/* of the newest closed orders, newest first */
	size_t ended_n;
};

/*
 * The symbols of the strategy's extra inputs, without the bot's own symbol. They are on the
 * bot's exchange. Returns how many. Add their markets before the bot.
 */
size_t engine_other_symbols(const struct bot_config *c,
			    char out[STRATEGY_EXTRAS_MAX][SYMBOL_MAX]);
/*
 * Adds a bot on the market of config->symbol, which must have been added. r NULL: the bot is
 * new and STOPPED. ERR_CONFLICT: the id is taken. ERR_NOT_FOUND: no such market or strategy.
 */
MUST_CHECK int engine_bot_add(struct engine *e, int64_t bot_id, const struct bot_config *config,
			      const struct bot_restore *r, struct err *err);
/*
 * Adds an order that was open when the worker ended, with its live legs. Call it before the
 * first event. ERR_NOT_FOUND: no such bot. ERR_CONFLICT: the bot trades another symbol now.
 */
MUST_CHECK int engine_order_restore(struct engine *e, const struct order *o, struct err *err);
/*
 * Asks the venue about every live leg and continues closes that were under way. The answers
 * come later and are handled like updates. Call it after all restores. If the clock was set
 * back, rows have times after now_us: a begin becomes now_us, a deadline at most now_us plus
 * the longest wait that it can have.
 */
void engine_reconcile(struct engine *e, int64_t now_us);
/* The same for one bot that came up later, after the restores of its orders. */
void engine_reconcile_bot(struct engine *e, int64_t bot_id, int64_t now_us);
/* ERR_CONFLICT unless STOPPED and without open orders. ERR_NOT_FOUND. */
MUST_CHECK int engine_bot_remove(struct engine *e, int64_t bot_id, struct err *err);
enum bot_status engine_bot_status(const struct engine *e, int64_t bot_id);
/* Closed candles in its window; a decision needs CANDLE_WINDOW. */
size_t engine_bot_candles(const struct engine *e, int64_t bot_id);
/* Orders that are not closed; remainders (order.h) don't count. */
int64_t engine_open_orders(const struct engine *e, int64_t bot_id);

/*
 * Puts new settings in force. ERR_CONFLICT: they change symbol, exchange, account or the
 * leverage on futures, and orders are open. That part then waits, as with
 * engine_bot_config_wait. ERR_NOT_FOUND: no such market or strategy; the old settings stay and
 * the bot's report says why (config_error).
 */
MUST_CHECK int engine_bot_config(struct engine *e, int64_t bot_id, const struct bot_config *config,
				 struct err *err);
/*
 * Puts settings in force of which a part must wait, until open orders close or the account is
 * reset. The other settings apply at once. Unfilled entries are cancelled, and the bot makes no
 * entries until engine_bot_config has applied everything; exits go on. why: what waits for
 * what, for the bot's report. ERR_NOT_FOUND as engine_bot_config.
 */
MUST_CHECK int engine_bot_config_wait(struct engine *e, int64_t bot_id,
				      const struct bot_config *config, const char *why,
				      struct err *err);
/* The settings in use; NULL: there is no such bot. Borrowed until they change. */
const struct bot_config *engine_bot_config_now(const struct engine *e, int64_t bot_id);
/* The newest settings can't be read: the bot keeps the old ones and reports why. */
void engine_bot_config_failed(struct engine *e, int64_t bot_id, const char *why);
/*
 * Replaces the bot's model. p NULL with a why: the bot keeps its model and reports why. p NULL
 * without: the bot has no model any more.
 */
void engine_bot_model(struct engine *e, int64_t bot_id, const struct predictor *p, const char *why);
/* A fault of this bot alone: status ERROR, entries cancelled, positions stay protected. */
void engine_bot_fail(struct engine *e, int64_t bot_id, int64_t now_us, const char *why);

struct engine_command {
	enum bot_event event;		/* START ... EMERGENCY_STOP */
	bool close_positions;		/* STOP: positions=close */
	const char *requested_by;
	const char *correlation_id;
};
struct engine_answer {
	enum bot_status status;		/* after the command */
	char message[256];
	int64_t positions;		/* orders with a position left */
	int64_t pending;		/* entries being cancelled */
};
/* 0, ERR_CONFLICT (answer->status is the current one), ERR_NOT_FOUND. */
MUST_CHECK int engine_bot_command(struct engine *e, int64_t bot_id, const struct engine_command *c,
				  int64_t now_us, struct engine_answer *answer, struct err *err);
/*
 * Closes one open order (order_id) or all of a bot (0) at market. *closing: how many.
 * ERR_NOT_FOUND: no such bot or order. ERR_CONFLICT: the order is a remainder (order.h) that is
 * still too small to be sold.
 */
MUST_CHECK int engine_close(struct engine *e, int64_t bot_id, int64_t order_id,
			    const char *correlation_id, int64_t now_us, int64_t *closing,
			    struct err *err);
/*
 * Ends every open order without selling (reason "reset"), because the paper account is about
 * to be reset. Returns how many.
 */
int64_t engine_bot_drop_orders(struct engine *e, int64_t bot_id, int64_t now_us);
/* The account was reset: peak, day, loss streak and remainders start anew. */
void engine_bot_account_reset(struct engine *e, int64_t bot_id, int64_t now_us);

#endif
