/*
 * bot.h - inside the engine: one bot, its market and its open orders.
 *
 * engine*.c	markets, time, the list of bots: see engine_internal.h
 * bot.c	status, decisions, entries
 * bot_orders.c	leads an order from entry over protection to its close
 * bot_protect.c	target and stop at the venue for what is held
 * bot_remainder.c what can't be sold by itself, and who takes it over
 * bot_legs.c	what is sent to the venue for an order
 * bot_ask.c	what became of a leg whose answer is late
 * bot_updates.c what the venue says
 * bot_watch.c	deadlines and stops that we watch ourselves
 */
#ifndef WORKER_ENGINE_BOT_H
#define WORKER_ENGINE_BOT_H

#include "worker/engine/engine.h"
#include "worker/engine/stats.h"

#define SERIES_MAX 7			/* intervals a market may be asked for */
#define STOP_GRACE_US INT64_C(1000000)	/* time a resting stop has before we act ourselves */
#define RETRY_US INT64_C(1000000)	/* first wait after a refusal; doubles to 32 times */
#define RETRY_DOUBLINGS 5
#define RETRY_MOST_US (RETRY_US << RETRY_DOUBLINGS)
#define LEG_ANSWER_US INT64_C(2000000)	/* what a venue has to answer a request */
#define ASK_AGAIN_US INT64_C(500000)	/* first wait between two questions; doubles */
#define ASK_MOST_US INT64_C(30000000)
#define UNKNOWN_ALARM_US INT64_C(30000000)	/* an outcome unknown for so long is said */
#define REFUSAL_US INT64_C(1000000)	/* wait after an entry that the venue refused; doubles */
#define REFUSAL_MOST_US INT64_C(300000000)
#define NEVER INT64_MAX

struct series {				/* candles of one interval */
	char interval[8];
	int64_t length_us;
	struct candle_builder builder;
	struct window window;
	int64_t since_us;		/* begin of the first candle from which none is missing */
	struct window_work work;	/* of the window as it is now */
};

struct market {
	struct symbol_info info;
	struct price last;
	struct book_top top;
	bool depth_invalid;		/* the local book is out of step */
	int64_t event_us;		/* our time of the newest event */
	int64_t stale_us;		/* a silence after which no book has come yet, 0 none */
	int64_t stale_from_us;		/* then: since when it was too long */
	int64_t lag_us;			/* our clock minus the exchange's, at its newest time */
	int64_t close_us;		/* of our clock; no series has an earlier candle to close */
	bool closes_wait;		/* some bot here waits for a book to close at market */
	size_t series_n;
	struct series *series[SERIES_MAX];
	size_t unknown_n;		/* legs of its bots whose outcome the venue does not say */
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
	bool config_waits;		/* a part of the newest is not in force: no entries */
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
	size_t unknown_n;		/* its share of the market's */
	int64_t equity_due_us;
	int64_t due_us;			/* earliest deadline of the bot, NEVER none */
	size_t index;			/* in the engine's list */
	bool dirty;			/* its row must be reported at once */
	bool moved;			/* figures moved: report it when there is room */
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
int64_t engine_next_fill_id(const struct engine *e);	/* without taking it */
int64_t engine_open_all(const struct engine *e);
void engine_count_open(struct engine *e, int change);
int64_t engine_drift(const struct engine *e);
bool engine_is_disk_full(const struct engine *e);
int64_t engine_behind_us(const struct engine *e);
int64_t engine_target(const struct engine *e);		/* the clock that we are brought to */
int64_t engine_equity_interval(const struct engine *e);
int64_t engine_signal_repeat(const struct engine *e);
void engine_due(struct engine *e, const struct bot *b);	/* its deadline has changed */

/* bot.c */
void bot_set_status(struct bot *b, enum bot_event event, const char *why, const char *by,
		    const char *correlation_id, int64_t now_us);
void bot_fail(struct bot *b, int64_t now_us, const char *why);
void bot_signal_ends(struct bot *b);
void bot_decide(struct bot *b, int64_t now_us);		/* a candle of its interval closed */
/*
 * The first book after a silence, in which since_us decisions could make no entry: what the
 * newest candle wanted since then is looked at again. (Nothing is remembered for it, so a
 * restart in the silence changes nothing.)
 */
void bot_decide_again(struct bot *b, int64_t since_us, int64_t now_us);
void bot_timer(struct bot *b, int64_t now_us);		/* everything due at now_us */
void bot_refresh_due(struct bot *b);
void bot_equity(struct bot *b, int64_t now_us);		/* look at the account */
int64_t bot_positions(const struct bot *b);	/* orders that hold what can be sold */
size_t bot_working(const struct bot *b);	/* open orders that are no remainders */
void bot_report(struct bot *b, int64_t now_us);		/* its row, whatever the flags say */
void bot_free(struct bot *b);

/* bot_legs.c */
struct leg_plan {
	enum leg_kind kind;
	enum leg_type type;
	enum side side;
	bool reduce_only;
	struct price price, stop_price;
	struct qty quantity;
};
void order_report(struct bot *b, struct order *o);
void leg_report(struct bot *b, const struct order *o, const struct leg *l);
void bot_notice(struct bot *b, const char *correlation_id, const char *text);
struct leg *order_live_leg(struct order *o, enum leg_kind kind);	/* NULL: none */
size_t order_live_legs(const struct order *o);
bool order_exit_live(const struct order *o);
/* What the live legs of a kind still wait to trade. */
struct qty order_waiting(const struct order *o, enum leg_kind kind);
/* A new leg in a slot of the order; older leg pointers are no longer valid. Not reported. */
struct leg *leg_plan(struct bot *b, struct order *o, const struct leg_plan *p, int64_t now_us);
void leg_end(struct leg *l, enum leg_state state, const char *reason, int64_t now_us);
/* Plan a leg, report it, hand it to the venue. False: the venue would not even take it in. */
bool leg_send(struct bot *b, struct order *o, const struct leg_plan *p, int64_t now_us);
/* False: the venue would not take the cancel in; order_retry_later was called. */
bool leg_cancel(struct bot *b, struct order *o, struct leg *l, int64_t now_us);
/*
 * A request went out, an answer came, or none is due any more: sets when the venue is
 * asked about the leg. Every live leg that waits for an answer has such a time: a request
 * to place or cancel LEG_ANSWER_US after it was sent, a market order as long as it works.
 */
void leg_await(struct leg *l, int64_t now_us);
/* The venue refused something: go on after a wait that doubles. */
void order_retry_later(struct bot *b, struct order *o, int64_t now_us);

/* bot_protect.c */
enum side order_exit_side(const struct order *o);
/* Target and stop for what is held and has none yet. May free o. */
void order_protect(struct bot *b, struct order *o, bool entry_live, int64_t now_us);
/* The venue holds, or gets, a stop for all that is held. */
bool order_stop_rests(const struct bot *b, const struct order *o);
/* Legs or position changed: how long something is held without a stop at the venue. */
void order_cover_clock(struct bot *b, struct order *o, int64_t now_us);

/* bot_remainder.c */
/* It holds at least a step, and an order of its own would be too small. */
bool order_is_remainder(const struct bot *b, const struct order *o);
void order_remain(struct bot *b, struct order *o, int64_t now_us);	/* it becomes one */
/* A remainder is to be closed: true when it can be sold now, and counts again. */
bool order_wake(struct bot *b, struct order *o, int64_t now_us);
/* Sell a remainder as soon as that is possible. May free o. */
void order_try_remainder(struct bot *b, struct order *o, int64_t now_us);
/* The market moved: the stop of a remainder is ours to watch. May free o. */
void order_watch_remainder(struct bot *b, struct order *o, struct price last, int64_t now_us);
/* Coins that the next entry takes over: remainders and dust. None on futures. */
struct qty bot_remainders(const struct bot *b);
/* The order takes over the coins, and their cost, that remainders and dust are. */
void order_take_over(struct bot *b, struct order *o, int64_t now_us);
/* Another market, or no bot: remainders end, worth what they are. */
void bot_drop_remainders(struct bot *b, int64_t now_us);
void bot_flat(struct bot *b, int64_t now_us);	/* is the emergency stop done? */

/* bot_orders.c */
void order_finish(struct bot *b, struct order *o, int64_t now_us);	/* frees o */
/* The same, with what is left of its coins at another amount than they cost. */
void order_finish_at(struct bot *b, struct order *o, struct money left_cost, int64_t now_us);
struct qty order_held(const struct bot *b, const struct order *o);	/* whole steps */
/* Would the venue take an exit of this quantity at this price? */
bool bot_takeable(const struct bot *b, struct qty q, struct price at);
/*
 * Target and stop of an entry at limit, on the grid and at least one tick away from it.
 * False: there are none (a price of a few ticks, or one that does not fit).
 */
bool order_exits(const struct symbol_info *info, const struct signal *s, struct price limit,
		 struct price *target, struct price *stop);
struct entry_plan {			/* what passed every rule is what is sent */
	struct price limit, target, stop;
	struct qty quantity;
};
/* Start an order from a decision. */
void bot_enter(struct bot *b, const struct signal *s, const struct entry_plan *p,
	       const char *correlation_id, int64_t now_us, int64_t *order_id);
/* The venue refused an entry, or took one: the next try waits, longer each time, or not. */
void bot_entry_refused(struct bot *b, int64_t now_us);
void bot_entry_taken(struct bot *b);
/* Something changed: do what the order needs next. May free o. */
void order_progress(struct bot *b, struct order *o, int64_t now_us);
bool order_closable(const struct bot *b, const struct order *o);	/* holds what can be sold */
void order_close_failed(struct bot *b, struct order *o, const char *why, int64_t now_us);
void bot_cancel_entries(struct bot *b, const char *correlation_id, int64_t now_us);
/*
 * Close at market, for a reason; an order that is closing already keeps its reason,
 * except that an emergency takes over, and tries again at once. May free o.
 */
void bot_close(struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id, int64_t now_us);
void bot_close_all(struct bot *b, enum close_reason reason, const char *correlation_id,
		   int64_t now_us);
void bot_try_closes(struct bot *b, int64_t now_us);	/* a book came: closes that wait for it */
int64_t bot_drop_orders(struct bot *b, int64_t now_us);

/* bot_ask.c */
/* Ask about every live leg, as a start does. */
void bot_reconcile(struct bot *b, int64_t now_us);
/* Ask about the legs whose answer is late; each is asked about again until one comes. */
void bot_ask_late(struct bot *b, int64_t now_us);
/* When the next answer is late; NEVER none is due. */
int64_t order_ask_due(const struct order *o);
size_t order_unknown_legs(const struct order *o);

/* bot_updates.c */
void bot_on_update(struct bot *b, const struct venue_update *u);
struct order *bot_find_leg(struct bot *b, const char *client_order_id, struct leg **leg);
enum outcome {
	OUTCOME_ENDED,		/* the leg is over; it may be free'd, with its order */
	OUTCOME_LIVES,		/* the venue has it, or will have it in a moment */
	OUTCOME_UNKNOWN		/* the venue does not answer, or does not know yet */
};
/* Ask the venue about a live leg and take its answer in. */
enum outcome leg_ask(struct bot *b, struct order *o, struct leg *l, int64_t now_us);

/* bot_watch.c */
bool order_stop_crossed(const struct order *o, struct price last);
void bot_watch_stops(struct bot *b, struct price last, int64_t now_us);
void bot_orders_timer(struct bot *b, int64_t now_us);
/* The clock was set back while we were down: times that lie ahead are now. */
void bot_times_back(struct bot *b, int64_t now_us);
int64_t bot_orders_due(const struct bot *b);

#endif
