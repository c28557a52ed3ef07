/*
 * bot.h - third floor of the engine: one bot, its settings, its account and its open orders.
 *
 * bot_signal.c		decisions as rows; equal refusals share one
 * bot_status.c		its status; failures; entries cancelled
 * bot_finish.c		the end of an order: results, statistics, loss streak
 * bot_remainder.c	positions too small to be sold alone, and what takes them over
 * bot_orders.c		carries out what an order needs of its bot, from entry to close
 * bot_account.c	equity, peak, day
 * bot_entry.c		asks the risk rules about an entry, enters, adds to a position
 * bot_decide.c		when a candle is decided; asks the strategy, carries its intents out
 * bot_updates.c	updates and answers of the venue
 * bot.c		deadlines, what a start checks, the bot's row
 *
 * A file calls only those above it in this list and the floors below.
 *
 * A function that gets a struct step changes the bot and adds to the step's effects
 * (effects.h); it calls neither the venue nor a reporter.
 */
#ifndef WORKER_ENGINE_BOT_H
#define WORKER_ENGINE_BOT_H

#include "worker/account/account.h"
#include "worker/trade/bot_state.h"
#include "worker/trade/order_steps.h"
#include "worker/engine/stats.h"

#define CHECK_US INT64_C(60000000)	/* between two comparisons with the venue's open orders */
#define REFUSAL_US INT64_C(1000000)	/* wait after an entry that the venue refused; doubles */
#define REFUSAL_MOST_US INT64_C(300000000)

struct bot {
	int64_t id;
	enum bot_status status;
	enum emergency emergency;
	char error[256], config_error[256], model_error[256];
	struct bot_config config;
	bool config_waits;		/* a part of the newest version waits: no entries */
	const struct strategy *strategy;
	void *strategy_state;		/* NULL: none yet */
	int64_t state_open_us;		/* open of the newest candle in it; 0: it must be rebuilt */
	struct predictor model;
	bool has_model;
	struct market *market;
	struct series *series;
	size_t inputs_n;		/* extra inputs of its strategy */
	struct series *inputs[STRATEGY_EXTRAS_MAX];	/* in the order of strategy_extras() */
	size_t undecided;		/* its newest candles that wait for the inputs */
	const struct account *account;	/* borrowed from the engine */
	int64_t account_id;		/* that it trades: exchange_accounts.id, 0 paper */
	const struct venue_caps *caps;	/* what its venue can do */
	size_t orders_n;
	struct order **orders;		/* not closed yet */
	int64_t start_us, last_execution_us, last_decision_us;
	int64_t loss_streak, cooldown_until_us;
	struct money equity, peak_equity, day_equity;
	struct price last_price;	/* from before a restart, until the market has one */
	struct qty dust;		/* spot: base left by closed orders, not taken over yet */
	struct money dust_cost;		/* quote, what the dust cost */
	char day[DAY_TEXT_MAX];		/* UTC day that day_equity belongs to */
	int64_t day_ahead_us;		/* since when we know day to be in the future, 0: no */
	struct day_stats stats;		/* of the newest day, as far as we know of it */
	struct signal_report signal;	/* the newest decision; a repeat of it adds to it */
	int64_t signal_written_us;
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	size_t sent_most;		/* slots of sent_us: MAX_ORDERS_PER_MIN */
	int64_t last_entry_us;		/* when the newest order was made, 0 never */
	int64_t *sent_us;		/* ring of the times at which the newest orders were sent */
	size_t sent_n;			/* how many were ever put in */
	struct ended_leg ended[ENDED_LEGS];	/* ring of the newest closed orders' legs */
	size_t ended_n;			/* how many were ever put in */
	int64_t equity_due_us;
	int64_t checked_us;		/* when its orders were last compared with the venue's */
	bool dirty;			/* its row must be reported at once */
	bool moved;			/* figures moved: report it when there is room */
	int64_t reported_us;
	/* Kept by the engine. */
	size_t unknown_n;		/* its share of the market's unknown legs */
	size_t working_n;		/* its share of all open orders */
	int64_t due_us;			/* its earliest deadline, NEVER none */
	size_t index;			/* in the engine's list */
	int64_t quiet_low, quiet_high;	/* see bot_quiet */
};

/* ---- bot.c ---- */

void bot_timer(const struct step *s, struct bot *b);	/* does everything that is due now */
int64_t bot_due(const struct step *s, const struct bot *b);	/* its earliest deadline, NEVER */
/*
 * The clock was set back while the worker was down: limits times of the past to now, and
 * deadlines to now plus the longest wait that they can have.
 */
void bot_times_back(const struct step *s, struct bot *b);
/* After a start: asks the venue about every live leg, and continues unfinished closes. */
void bot_reconcile(const struct step *s, struct bot *b);
/* Its row for the database; clears the flags dirty and moved. */
void bot_report(struct bot *b, int64_t now_us, struct bot_report *row);
size_t bot_unknown_legs(const struct bot *b);	/* legs whose outcome the venue does not say */
/* The same of all bots that trade this bot's market with this bot's account. */
size_t bot_unknown_here(const struct bot *b);
void bot_free(struct bot *b);

/* ---- bot_status.c ---- */

/* Applies an event that has an arrow (bot_state.h), and reports it. by: who asked for it. */
void bot_set_status(const struct step *s, struct bot *b, enum bot_event event, const char *why,
		    const char *by, const char *correlation_id);
/* Status ERROR, entries cancelled; positions stay protected. */
void bot_fail(const struct step *s, struct bot *b, const char *fmt, ...) PRINTF_LIKE(3, 4);
void bot_cancel_entries(const struct step *s, struct bot *b, const char *correlation_id);
int64_t bot_positions(const struct bot *b);	/* active orders without remainders */
size_t bot_working(const struct bot *b);	/* open orders without remainders */

/* ---- bot_account.c ---- */

/* Updates equity, peak and day from the account. */
void bot_equity(const struct step *s, struct bot *b);
void bot_equity_timer(const struct step *s, struct bot *b);	/* reports a sample when due */
void bot_account_reset(const struct step *s, struct bot *b);

/* ---- bot_signal.c ---- */

/*
 * The correlation id of what this bot decides at now_us: "bot<id>-<now_us>". It depends on
 * nothing else, because a replay must give the rows of before.
 */
void bot_correlation_id(const struct bot *b, int64_t now_us, char out[CORRELATION_ID_MAX]);
/*
 * Reports a decision. Equal refusals in a row share one row, which counts them and keeps the
 * correlation id of the first; everything else is a new row. o: the order that it made or adds
 * to, whose correlation id the row gets, or NULL.
 */
void bot_signal(const struct step *s, struct bot *b, const struct signal *sig, bool taken,
		const char *rule, const char *reason, const struct order *o);
/* Reports the end of a row that counts several decisions; the next decision gets a new row. */
void bot_signal_ends(const struct step *s, struct bot *b);
/*
 * The begin of the period of length "every" (us) that at_us lies in, plus "ahead" periods. The
 * periods of two bots begin at different times, so that the bots take turns with what each
 * does regularly (bot_signal.c says how).
 */
int64_t bot_period_begin(const struct bot *b, int64_t every, int64_t at_us, int64_t ahead);

/* ---- bot_entry.c ---- */

/* Is the newest entry at least decision_interval_ms old, counted in candles? */
bool bot_entries_spaced(const struct bot *b, int64_t now_us);
/* Makes the entry that the strategy wants, or reports the rule that refuses it. */
void bot_consider(const struct step *s, struct bot *b, const struct signal *sig, bool spaced);
/* Makes the further entries that position_adjustment wants now. */
void bot_adjust(const struct step *s, struct bot *b, bool spaced);

/* ---- bot_decide.c ---- */

/*
 * Candles that windows keep in addition to their look-back, because while a candle waits for
 * its inputs, the bot's own series and the inputs' series go on.
 */
#define INPUT_CANDLES_AHEAD 60
/* A candle closed: it waits until the inputs have all candles that ended by its end. */
void bot_inputs_wait(struct bot *b);
/* True: the oldest waiting candle has its inputs, and the next bot_decide() decides it. */
bool bot_inputs_ready(struct bot *b);
void bot_decide(const struct step *s, struct bot *b);	/* a candle of its interval closed */
/*
 * The first book after a silence. From since_us on entries were refused as stale, so if the
 * newest candle was decided after that, the strategy is asked about it once more. Nothing is
 * stored for this, so a restart in the silence gives the same result.
 */
void bot_decide_again(const struct step *s, struct bot *b, int64_t since_us);
/*
 * Tells the strategy of each fill among the effects from this index on, after the venue's
 * update was handled. Its intents are carried out like those of a candle.
 */
void bot_filled(const struct step *s, struct bot *b, size_t from);

/* ---- bot_orders.c ---- */

struct entry_plan {			/* what the rules judge and what is then sent */
	enum leg_type type;		/* of the entry's leg */
	enum tif tif;
	struct price limit, target, stop;	/* limit of a market order: the price it expects */
	struct qty quantity;
	struct exit_rules rules;		/* of a new position */
};
/* Starts an order from a decision, and returns it for the decision's report. */
struct order *bot_enter(const struct step *s, struct bot *b, const struct signal *sig,
			const struct entry_plan *p, const char *correlation_id);
/* A further entry into a position that is held. */
void bot_add(const struct step *s, struct bot *b, struct order *o, const struct entry_plan *p);
/* The venue refused an entry: the next one waits, twice as long each time (rule venue_refused). */
void bot_entry_refused(const struct step *s, struct bot *b);
/* The venue took an entry: the next one does not wait. */
void bot_entry_taken(struct bot *b);
/* Something changed: does what the order needs next. o may be closed and gone afterwards. */
void bot_progress(const struct step *s, struct bot *b, struct order *o);
/*
 * Closes at market, for a reason. An order that is closing already keeps its reason, except
 * that an emergency replaces it and tries again at once. o may be gone afterwards.
 */
void bot_close(const struct step *s, struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id);
void bot_close_all(const struct step *s, struct bot *b, enum close_reason reason,
		   const char *correlation_id);
void bot_try_closes(const struct step *s, struct bot *b);	/* the book changed */
void bot_watch_stops(const struct step *s, struct bot *b);	/* the market traded */
/*
 * A trade between these prices (price_units, both excluded) leaves bot_watch_stops nothing to
 * do, so the engine doesn't call it.
 */
void bot_quiet(const struct bot *b, int64_t *low, int64_t *high);
void bot_orders_timer(const struct step *s, struct bot *b);
/* As engine_bot_drop_orders. */
int64_t bot_drop_orders(const struct step *s, struct bot *b);
void bot_leg_sent(struct bot *b, int64_t now_us);	/* counts for MAX_ORDERS_PER_MIN */

/* ---- bot_finish.c ---- */

/* Ends an order. The coins that it still has become dust, valued at cost or at left_cost. */
void bot_finish(const struct step *s, struct bot *b, struct order *o);
void bot_finish_at(const struct step *s, struct bot *b, struct order *o, struct money left_cost);
/* Ends an emergency stop, if everything is closed. */
void bot_flat(const struct step *s, struct bot *b);

/* ---- bot_remainder.c ---- */

void bot_remain(const struct step *s, struct bot *b, struct order *o);	/* o becomes one */
/* Can this remainder be sold now? It is large enough again, and the venue would trade it. */
bool bot_wake(const struct step *s, struct order *o);
/* A notice about a remainder. what: "are left" */
void bot_tell_remainder(const struct step *s, const struct order *o, const char *what);
/* Coins that the next entry takes over: remainders and dust. None on futures. */
struct qty bot_remainders(const struct bot *b);
/* The order takes over remainders and dust with what they cost; the remainders' orders end. */
void bot_take_over(const struct step *s, struct bot *b, struct order *o);
/* The bot leaves its market: ends remainders at the last price, and drops the dust. */
void bot_drop_remainders(const struct step *s, struct bot *b);

/* ---- bot_updates.c ---- */

void bot_on_update(const struct step *s, struct bot *b, const struct venue_update *u);
/* The venue refused to send or to cancel a leg before anything went out. */
void bot_on_refused(const struct step *s, struct bot *b, const char *client_order_id,
		    bool cancel, const char *why);
/* The venue answered a question (enum venue_question). */
void bot_on_answer(const struct step *s, struct bot *b, const struct venue_answer *a);

#endif
