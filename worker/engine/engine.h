/*
 * engine.h - the deterministic heart: market events, commands and time in;
 * orders to the venue and reports out. Same events, same effects, bit for bit:
 * live, paper, backtest and tests run this code.
 *
 *	feed --trade, book, time--> engine --place, cancel--> venue
 *	commands, configs, models --^  ^------- updates ---------'
 *	                               `--> reporter (rows, log, messages)
 *
 * Time comes in with each event ("now_us", never smaller than before). Before an
 * event is handled, every deadline up to its time fires at the deadline's own
 * time, venue first: so nothing depends on how often the loop turns. In a gap of more
 * than ENGINE_GAP_US (the machine slept, the clock was set) nobody was there: what came
 * due in it fires once, at its end, so that no gap costs more work than its end. What is
 * done at regular times (equity samples) is done once after any gap.
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
	int64_t signal_repeat_us;	/* equal refusals are one row for so long; 0: a minute */
	const char *installation;	/* copied; NULL: INSTALLATION_NONE */
	/* The worker's market, on which paper bots trade (market_source.h); kept, not copied. */
	const char *market_data;
	int64_t first_order_id, first_leg_id, first_fill_id, first_signal_id;	/* next free ones */
};

struct engine *engine_new(const struct engine_args *a);
void engine_free(struct engine *e);
struct venue_sink engine_venue_sink(struct engine *e);
void engine_set_venue(struct engine *e, struct venue *v);	/* before the first event */

/*
 * A resumed replay goes on at the time of its last event, so that deadlines in
 * between fire at their own times. Otherwise time begins with the first event.
 */
void engine_resume_at(struct engine *e, int64_t now_us);
int64_t engine_now(const struct engine *e);	/* of the newest event or deadline; 0 none */
/* No event, but time passed: fire what is due. */
void engine_advance(struct engine *e, int64_t now_us);
/* When engine_advance has work again; INT64_MAX never. */
int64_t engine_next_due(const struct engine *e);

/*
 * Report bot rows; call before a commit. All at once where something happened (status,
 * orders, config, model, peak equity). Rows whose figures only moved (equity, last price,
 * time of the last decision) or that are older than max_age_us: at most so many, in
 * turn, so that a thousand decisions in one second are not a thousand rows in one
 * commit. SIZE_MAX where a restart needs every figure as of the commit (a replay).
 */
void engine_report(struct engine *e, int64_t now_us, int64_t max_age_us, size_t most);
/* Report the decisions that were counted and not reported yet: nothing comes after them. */
void engine_signals_end(struct engine *e);
/* Trades that came after their candle was closed (merged into another, or dropped). */
uint64_t engine_trades_late(const struct engine *e);

/* Idempotent. The market is the engine's. */
struct market *engine_market_add(struct engine *e, const struct symbol_info *info);
/* NULL: unknown. BTCUSDT spot and BTCUSDT futures are two markets. */
struct market *engine_market(struct engine *e, const char *source, const char *symbol);
struct market *engine_market_at(const struct engine *e, size_t index);	/* NULL behind the last */
/* Which candles it makes: "1m", ...; NULL behind the last. Borrowed. */
const char *market_interval(const struct market *m, size_t index);
size_t market_look_back(const struct market *m, size_t index);	/* candles that its window keeps */
const struct symbol_info *market_info(const struct market *m);
int market_handle(const struct market *m);	/* the venue's of it */
struct price market_last(const struct market *m);	/* (tests) */
struct book_top market_top(const struct market *m);	/* (tests) */

/* Market events. */
void engine_trade(struct engine *e, struct market *m, const struct trade *t, int64_t now_us);
void engine_book(struct engine *e, struct market *m, const struct book_top *b, int64_t now_us);
/*
 * The market's own time is exchange_us now: closes candles, decides. Without trades and
 * times candles close by our clock, as far behind as the exchange's was at the newest.
 */
void engine_market_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us);
/* Frames are missing since the newest event: windows start anew. */
void engine_gap(struct engine *e, struct market *m, int64_t now_us);
void engine_book_valid(struct engine *e, struct market *m, bool valid, int64_t now_us);
/*
 * How far the events that come now are behind the clock, us (0: on time): a feed catches
 * up after the process stood still. It counts to their age: entries are judged by it.
 */
void engine_behind(struct engine *e, int64_t behind_us);
void engine_clock_drift(struct engine *e, int64_t drift_us);
/* There is no room to store what more entries would cause: they wait (rule disk_full). */
void engine_disk_full(struct engine *e, bool full);
/*
 * Warm-up: market events fill candles, windows and last prices, but no bot acts, the engine's
 * time stands, and the venue only looks. Commands and deadlines go on.
 */
enum warm_up {
	WARM_NONE,	/* events act: how an engine begins */
	/*
	 * Nobody heard them yet (a feed's history). Their candles are reported, and our clock
	 * closes no candle whose trades are still to come.
	 */
	WARM_NEW,
	WARM_AGAIN	/* the rows know them (a replay before its restart): nothing is reported */
};
void engine_warm(struct engine *e, enum warm_up w);
/*
 * Candles that were stored before: n > 0, oldest first, one directly behind the other; none
 * is missing between the one that begins at since_us and them. Before the first event of
 * the market. The next candle is the one behind them: from its begin on every trade must be
 * heard; what is older than that is passed over.
 */
void engine_warm_candles(struct engine *e, struct market *m, const char *interval,
			 const struct candle *list, size_t n, int64_t since_us);

#define ORDERS_KEPT 1024		/* of before a start, that MAX_ORDERS_PER_MIN counts */

struct bot_restore {			/* what the database remembers of a bot */
	enum bot_status status;
	int64_t account_id;		/* that the figures of money are of; 0: paper */
	bool absent;			/* error says why it could not come up; by the loop */
	enum emergency emergency;
	char error[256];
	int64_t start_us, last_decision_us, loss_streak, cooldown_until_us;
	struct money equity;		/* as last seen, until there is a price */
	struct price last_price;	/* of its symbol, likewise */
	struct money peak_equity, day_equity;
	struct qty dust;		/* what closed orders left and none took over */
	struct money dust_cost;		/* what it had cost */
	char day[DAY_TEXT_MAX];
	struct day_stats stats;		/* of the newest day; day "" none */
	int64_t pending_orders, open_positions, config_version;	/* as last reported */
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	int64_t last_entry_us;		/* when the newest order was made, 0 never */
	int64_t sent_us[ORDERS_KEPT];	/* when the newest orders were sent, in any order */
	size_t sent_n;
	struct ended_leg ended[ENDED_LEGS];	/* of the newest closed orders, newest first */
	size_t ended_n;
};

/*
 * The symbols that a bot with these settings looks at beside its own, on the same exchange: of
 * its strategy's extra inputs. Returns how many. Their markets must be added before the bot.
 */
size_t engine_other_symbols(const struct bot_config *c,
			    char out[STRATEGY_EXTRAS_MAX][SYMBOL_MAX]);
/*
 * A bot on the market of config->symbol (added before). r NULL: new, STOPPED.
 * ERR_CONFLICT: the id is taken. ERR_NOT_FOUND: no such market or strategy.
 */
MUST_CHECK int engine_bot_add(struct engine *e, int64_t bot_id, const struct bot_config *config,
			      const struct bot_restore *r, struct err *err);
/* An order that was open when we went down, with its live legs. Before the first event. */
MUST_CHECK int engine_order_restore(struct engine *e, const struct order *o, struct err *err);
/*
 * Ask the venue about every live leg, adopt the answers, go on. After all restores. What
 * the rows say of a time after now_us (the clock was set back) begins or is due now.
 */
void engine_reconcile(struct engine *e, int64_t now_us);
/* The same for one bot that came up later, after the restores of its orders. */
void engine_reconcile_bot(struct engine *e, int64_t bot_id, int64_t now_us);
/* ERR_CONFLICT unless STOPPED and flat. ERR_NOT_FOUND. */
MUST_CHECK int engine_bot_remove(struct engine *e, int64_t bot_id, struct err *err);
enum bot_status engine_bot_status(const struct engine *e, int64_t bot_id);
/* Closed candles in its window; a decision needs CANDLE_WINDOW. */
size_t engine_bot_candles(const struct engine *e, int64_t bot_id);
/* Orders not closed yet; remainders (order.h) are none. */
int64_t engine_open_orders(const struct engine *e, int64_t bot_id);

/*
 * New settings. ERR_CONFLICT: a change of symbol or exchange, and of leverage on
 * futures, needs a bot without open orders: it waits as engine_bot_config_wait says.
 * ERR_NOT_FOUND: no such market or strategy. On failure the old ones stay and the
 * bot's report says why (config_error).
 */
MUST_CHECK int engine_bot_config(struct engine *e, int64_t bot_id, const struct bot_config *config,
				 struct err *err);
/*
 * New settings of which a part must wait (for open orders to close, for a reset of the
 * account): the rest is in force at once, and until all of it is (engine_bot_config) no
 * entries are made and those that wait to be filled are cancelled; exits go on. why: what
 * waits for what, for the bot's report. ERR_NOT_FOUND as engine_bot_config.
 */
MUST_CHECK int engine_bot_config_wait(struct engine *e, int64_t bot_id,
				      const struct bot_config *config, const char *why,
				      struct err *err);
/* The settings in use; NULL: there is no such bot. Borrowed until they change. */
const struct bot_config *engine_bot_config_now(const struct engine *e, int64_t bot_id);
/* A config that could not even be read: keep the old one and say so. */
void engine_bot_config_failed(struct engine *e, int64_t bot_id, const char *why);
/*
 * Swap the model between two events. Predictor NULL with why: keep the old one, report
 * why; NULL without: the bot has none any more.
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
/* Close one open order (order_id) or all of a bot (0) at market. ERR_NOT_FOUND. */
MUST_CHECK int engine_close(struct engine *e, int64_t bot_id, int64_t order_id,
			    const char *correlation_id, int64_t now_us, int64_t *closing,
			    struct err *err);
/*
 * End every open order where it stands, without selling (reason "reset"): the
 * paper account behind them is about to start anew. Returns how many.
 */
int64_t engine_bot_drop_orders(struct engine *e, int64_t bot_id, int64_t now_us);
/* Account money changed outside trading (reset): peak and day figures start anew. */
void engine_bot_account_reset(struct engine *e, int64_t bot_id, int64_t now_us);

#endif
