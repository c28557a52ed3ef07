/*
 * bot.h - third floor of the engine: one bot, its settings, its account and its open orders.
 *
 * bot_signal.c		each decision is a row; equal refusals are one
 * bot_status.c		its status, and what ends with it
 * bot_finish.c		the end of an order, and what it counts for
 * bot_remainder.c	what can't be sold by itself, and who takes it over
 * bot_orders.c		carries out what an order needs of its bot, from entry to close
 * bot_account.c	equity, peak, day
 * bot_entry.c		asks the rules about an entry, enters, adds to a position
 * bot_decide.c		when a candle is decided; asks the strategy, carries its intents out
 * bot_updates.c	what the venue says
 * bot.c		time, a start, its row
 *
 * Each calls those above it in this list.
 *
 * Each function is a step (effects.h): it changes the bot and adds to the effects.
 */
#ifndef WORKER_ENGINE_BOT_H
#define WORKER_ENGINE_BOT_H

#include "worker/account/account.h"
#include "worker/trade/bot_state.h"
#include "worker/trade/order_steps.h"
#include "worker/engine/stats.h"

#define CHECK_US INT64_C(60000000)	/* open orders are compared with the venue's so often */
#define REFUSAL_US INT64_C(1000000)	/* wait after an entry that the venue refused; doubles */
#define REFUSAL_MOST_US INT64_C(300000000)

struct bot {
	int64_t id;
	enum bot_status status;
	enum emergency emergency;
	char error[256], config_error[256], model_error[256];
	struct bot_config config;
	bool config_waits;		/* a part of the newest is not in force: no entries */
	const struct strategy *strategy;
	void *strategy_state;		/* NULL: none yet */
	int64_t state_open_us;		/* open of the newest candle in it; 0: it must be rebuilt */
	struct predictor model;
	bool has_model;
	struct market *market;
	struct series *series;
	size_t inputs_n;		/* candles that its strategy looks at beside its own */
	struct series *inputs[STRATEGY_EXTRAS_MAX];	/* as the strategy's extras say */
	size_t undecided;		/* with inputs: its newest candles that wait for them */
	const struct account *account;	/* borrowed from the engine */
	int64_t account_id;		/* whose money: exchange_accounts.id, 0 paper */
	const struct venue_caps *caps;	/* what its venue can do */
	size_t orders_n;
	struct order **orders;		/* not closed yet */
	int64_t start_us, last_execution_us, last_decision_us;
	int64_t loss_streak, cooldown_until_us;
	struct money equity, peak_equity, day_equity;
	struct price last_price;	/* of before a restart, until the market has one */
	struct qty dust;		/* spot: base that closed orders left and none took over */
	struct money dust_cost;		/* quote, what it had cost */
	char day[DAY_TEXT_MAX];		/* UTC, that day_equity is of */
	int64_t day_ahead_us;		/* since when we see it lie in the future, 0 it does not */
	struct day_stats stats;		/* of the newest day, as far as we know of it */
	struct signal_report signal;	/* newest, while it repeats */
	int64_t signal_written_us;
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	size_t sent_most;		/* MAX_ORDERS_PER_MIN: more need not be remembered */
	int64_t last_entry_us;		/* when the newest order was made, 0 never */
	int64_t *sent_us;		/* ring of the times at which the newest orders were sent */
	size_t sent_n;			/* ever */
	struct ended_leg ended[ENDED_LEGS];	/* ring of the newest */
	size_t ended_n;			/* ever */
	int64_t equity_due_us;
	int64_t checked_us;		/* when its orders were last compared with the venue's */
	bool dirty;			/* its row must be reported at once */
	bool moved;			/* figures moved: report it when there is room */
	int64_t reported_us;
	/* The engine's, of this bot. */
	size_t unknown_n;		/* its share of the market's unknown legs */
	size_t working_n;		/* its share of all open orders */
	int64_t due_us;			/* its earliest deadline, NEVER none */
	size_t index;			/* in the engine's list */
	int64_t quiet_low, quiet_high;	/* see bot_quiet */
};

/* ---- bot.c ---- */

void bot_set_status(const struct step *s, struct bot *b, enum bot_event event, const char *why,
		    const char *by, const char *correlation_id);
/* Status ERROR, entries cancelled; positions stay protected. */
void bot_fail(const struct step *s, struct bot *b, const char *fmt, ...) PRINTF_LIKE(3, 4);
void bot_timer(const struct step *s, struct bot *b);	/* everything due now */
int64_t bot_due(const struct step *s, const struct bot *b);	/* its earliest deadline, NEVER */
/* The clock was set back while we were down: times that lie ahead are now. */
void bot_times_back(const struct step *s, struct bot *b);
/* Ask about every live leg, and go on with what was under way. */
void bot_reconcile(const struct step *s, struct bot *b);
/* Its row for the database; its flags are cleared. */
void bot_report(struct bot *b, int64_t now_us, struct bot_report *row);
int64_t bot_positions(const struct bot *b);	/* orders that hold what can be sold */
size_t bot_working(const struct bot *b);	/* open orders that are no remainders */
size_t bot_unknown_legs(const struct bot *b);
/* Those of all bots that trade this one's market with its account. */
size_t bot_unknown_here(const struct bot *b);
void bot_free(struct bot *b);
/*
 * When the period that a time lies in began, "ahead" periods later. Bots take turns (see
 * bot_signal.c), so that not all do at one time what is done regularly.
 */
int64_t bot_period_begin(const struct bot *b, int64_t every, int64_t at_us, int64_t ahead);

/* ---- bot_account.c ---- */

void bot_equity(const struct step *s, struct bot *b);		/* look at the account */
void bot_equity_timer(const struct step *s, struct bot *b);	/* sample it, when due */
void bot_account_reset(const struct step *s, struct bot *b);

/* ---- bot_signal.c ---- */

/* Equal refusals become one row that counts; everything else is a new row. */
void bot_signal(const struct step *s, struct bot *b, const struct signal *sig, bool taken,
		const char *rule, const char *reason, const struct order *o);
/* What was counted and not yet written is written; the next decision is a new row. */
void bot_signal_ends(const struct step *s, struct bot *b);

/* ---- bot_entry.c ---- */

/* May an entry follow the newest one already (decision_interval_ms)? */
bool bot_entries_spaced(const struct bot *b, int64_t now_us);
/* An entry of a decision: it is made, or the rule that is against it is told. */
void bot_consider(const struct step *s, struct bot *b, const struct signal *sig, bool spaced);
/* Further entries into open positions, where position_adjustment wants one now. */
void bot_adjust(const struct step *s, struct bot *b, bool spaced);

/* ---- bot_decide.c ---- */

/*
 * An input may be ahead of the bot's own candles by so many of its own, and the bot's by as
 * many while they wait: windows keep them beside their look-backs.
 */
#define INPUT_CANDLES_AHEAD 60
/* A candle closed: it waits until the inputs have all candles that ended by its end. */
void bot_inputs_wait(struct bot *b);
/* Is there a candle that waits no more? It is the one that bot_decide decides now. */
bool bot_inputs_ready(struct bot *b);
void bot_decide(const struct step *s, struct bot *b);	/* a candle of its interval closed */
/*
 * The first book after a silence, in which since_us decisions could make no entry: what the
 * newest candle wanted since then is looked at again. (Nothing is remembered for it, so a
 * restart in the silence changes nothing.)
 */
void bot_decide_again(const struct step *s, struct bot *b, int64_t since_us);
/*
 * The effects from this index on may hold fills: the strategy hears of each, when the venue's
 * news is carried out, and its intents are carried out as those of a candle.
 */
void bot_filled(const struct step *s, struct bot *b, size_t from);

/* ---- bot_orders.c ---- */

struct entry_plan {			/* what passed every rule is what is sent */
	enum leg_type type;		/* of the entry's leg */
	enum tif tif;
	struct price limit, target, stop;	/* limit of a market order: the price it may get */
	struct qty quantity;
	struct exit_rules rules;		/* of a new position */
};
/* Start an order from a decision. Its id is what the decision is told by. */
struct order *bot_enter(const struct step *s, struct bot *b, const struct signal *sig,
			const struct entry_plan *p, const char *correlation_id);
/* A further entry into a position that is held. */
void bot_add(const struct step *s, struct bot *b, struct order *o, const struct entry_plan *p);
/* The venue refused an entry, or took one: the next try waits, longer each time, or not. */
void bot_entry_refused(const struct step *s, struct bot *b);
void bot_entry_taken(struct bot *b);
/* Something changed: do what the order needs next. o may be gone afterwards. */
void bot_progress(const struct step *s, struct bot *b, struct order *o);
/*
 * Close at market, for a reason; an order that is closing already keeps its reason,
 * except that an emergency takes over, and tries again at once. o may be gone afterwards.
 */
void bot_close(const struct step *s, struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id);
void bot_close_all(const struct step *s, struct bot *b, enum close_reason reason,
		   const char *correlation_id);
void bot_cancel_entries(const struct step *s, struct bot *b, const char *correlation_id);
void bot_try_closes(const struct step *s, struct bot *b);	/* a book came: those that wait */
void bot_watch_stops(const struct step *s, struct bot *b);	/* the market traded */
/* Trades strictly between two prices (price_units) leave bot_watch_stops nothing to do. */
void bot_quiet(const struct bot *b, int64_t *low, int64_t *high);
void bot_orders_timer(const struct step *s, struct bot *b);
int64_t bot_drop_orders(const struct step *s, struct bot *b);
/* It is over; what is left of its coins counts at what it cost, or at another amount. */
void bot_finish(const struct step *s, struct bot *b, struct order *o);
void bot_finish_at(const struct step *s, struct bot *b, struct order *o, struct money left_cost);
void bot_leg_sent(struct bot *b, int64_t now_us);	/* counts for MAX_ORDERS_PER_MIN */

/* ---- bot_remainder.c ---- */

void bot_remain(const struct step *s, struct bot *b, struct order *o);	/* it becomes one */
/* A remainder is to be closed: true when it can be sold now, and counts again. */
bool bot_wake(const struct step *s, struct order *o);
void bot_tell_remainder(const struct step *s, const struct order *o, const char *what);
/* Coins that the next entry takes over: remainders and dust. None on futures. */
struct qty bot_remainders(const struct bot *b);
/* The order takes over the coins, and their cost, that remainders and dust are. */
void bot_take_over(const struct step *s, struct bot *b, struct order *o);
/* Another market, or no bot: remainders end, worth what they are. */
void bot_drop_remainders(const struct step *s, struct bot *b);
void bot_flat(const struct step *s, struct bot *b);	/* is the emergency stop done? */

/* ---- bot_updates.c ---- */

void bot_on_update(const struct step *s, struct bot *b, const struct venue_update *u);
/* The venue would not even take in a request to send or to cancel a leg. */
void bot_on_refused(const struct step *s, struct bot *b, const char *client_order_id,
		    bool cancel, const char *why);
/* What the venue answered to a question of ours. */
void bot_on_answer(const struct step *s, struct bot *b, const struct venue_answer *a);

#endif
