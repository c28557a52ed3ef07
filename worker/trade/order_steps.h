/*
 * order_steps.h - second floor of the engine: what an order does next.
 *
 *	order_legs.c	looks at its legs; plans, cancels and asks about one
 *	order_fill.c	books an execution
 *	order_protect.c	target and stop at the venue for what is held
 *	order_exits.c	targets and stops that move, parts that leave
 *	order_watch.c	deadlines, stops that we watch ourselves, what became of a leg
 *	order_step.c	leads it from entry over protection to its close
 *
 * Nothing here knows the bot or its other orders: where these are needed, order_step says so
 * (enum order_need) and the bot goes on.
 */
#ifndef WORKER_ENGINE_ORDER_STEPS_H
#define WORKER_ENGINE_ORDER_STEPS_H

#include "worker/trade/market_state.h"
#include "worker/trade/order.h"
#include "worker/venue/venue.h"

#define STOP_GRACE_US INT64_C(1000000)	/* time a resting stop has before we act ourselves */
#define REPLACE_GRACE_US INT64_C(5000000)	/* time a replaced stop has to rest again */
#define RETRY_US INT64_C(1000000)	/* first wait after a refusal; doubles to 32 times */
#define RETRY_DOUBLINGS 5
#define RETRY_MOST_US (RETRY_US << RETRY_DOUBLINGS)
#define NEVER INT64_MAX

/* ---- order_legs.c ---- */

struct leg_plan {
	enum leg_kind kind;
	enum leg_type type;
	enum tif tif;
	enum side side;
	bool reduce_only;
	bool list;		/* price is a target; a stop at stop_price goes with it as a list */
	struct price price, stop_price;
	struct qty quantity;
};
struct leg *order_live_leg(struct order *o, enum leg_kind kind);	/* NULL: none */
size_t order_live_legs(const struct order *o);
bool order_exit_live(const struct order *o);
struct leg *order_leg_by_id(struct order *o, int64_t leg_id);	/* NULL: none */
/*
 * The other leg of its list. NULL: it is in none, or the other one is over and forgotten (a
 * start reads live legs only).
 */
const struct leg *order_list_other(const struct order *o, const struct leg *l);
/*
 * Is it live, and the leg that counts for its list? Both legs of a list stand for the same
 * coins, so only one counts: the target, or the stop when the target has ended.
 */
bool order_leg_counts(const struct order *o, const struct leg *l);
/*
 * Does the venue end it, because the other leg of its list has filled, or was cancelled or
 * refused? The update about it may still be on the way.
 */
bool order_leg_ends(const struct order *o, const struct leg *l);
/* Is it live after the other leg of its list has ended? Then the venue has set it off. */
bool order_leg_alone(const struct order *o, const struct leg *l);
/* A leg of a list has filled or ended: sets a deadline for the update about the other one. */
void order_list_moved(const struct step *s, struct order *o, const struct leg *l);
/*
 * The venue has ended a leg that protects. Returns the leg that is lost: this one; of a list, if
 * both have ended and none has filled, its target. NULL: none, because the other leg of the
 * list protects or fills.
 */
const struct leg *order_protection_lost(const struct order *o, const struct leg *l);
enum side order_exit_side(const struct order *o);
struct qty order_held(const struct step *s, const struct order *o);	/* whole steps */
/* Are q of its coins neither in a resting order nor leaving? On futures always: no locks. */
bool order_coins_free(const struct step *s, const struct order *o, struct qty q);
/* Would the venue take an exit of this quantity at this price? */
bool market_takes(const struct step *s, struct qty q, struct price at);
bool order_closable(const struct step *s, const struct order *o);	/* holds what can be sold */
/* It holds at least a step, and an order of its own would be too small. */
bool order_is_remainder(const struct step *s, const struct order *o);
/* A new leg in a slot of the order; older leg pointers are no longer valid. Not sent. */
struct leg *order_plan_leg(const struct step *s, struct order *o, const struct leg_plan *p);
/* Plans a leg, or the two of a list, and sends it to the venue. */
void order_send_leg(const struct step *s, struct order *o, const struct leg_plan *p);
void order_sell(const struct step *s, struct order *o, struct qty quantity);	/* at market */
void order_cancel_leg(const struct step *s, struct order *o, struct leg *l);
/* The venue refused something: the order goes on after a wait that doubles. */
void order_retry_later(const struct step *s, struct order *o);

/* ---- order_fill.c ---- */

/* Book an execution of one of its legs. True: it is the first of its entry. */
bool order_book(const struct step *s, struct order *o, struct leg *l,
		const struct venue_update *u);
/* Why a leg's fill ends the order. */
enum close_reason order_fill_reason(const struct order *o, const struct leg *l);
/* Its results, when it is over: gross and pnl. */
void order_settle(struct order *o);

/* ---- order_protect.c ---- */

/*
 * Target and stop for what is held and has none yet. False: its target was reached, and what
 * is left is too little for an order that rests: close it at market.
 */
bool order_protect(const struct step *s, struct order *o, bool entry_live);
/* The venue holds, or gets, a stop for all that is held. */
bool order_stop_rests(const struct step *s, const struct order *o);
/* Legs or position changed: counts the time in which a part has no stop at the venue. */
void order_cover_clock(const struct step *s, struct order *o);

/* ---- order_exits.c ---- */

enum { TARGET_MOVED = 1, STOP_MOVED = 2 };	/* what order_step has to replace at the venue */
/* Moves target and stop to where the rules want them now. */
unsigned order_move_exits(const struct step *s, struct order *o);
int64_t order_exits_due(const struct order *o);	/* when that does something next; NEVER */
/* The market traded: the stop follows the best price. */
unsigned order_follow(const struct step *s, struct order *o);
/* The strategy wants the stop there; nothing happens unless that is nearer to the price. */
unsigned order_want_stop(const struct step *s, struct order *o, struct price stop);
/* An entry is over: rules count from the average entry. */
void order_rebase(const struct step *s, struct order *o);
/* A part of what is held is to be sold at market, the rest stays and is protected. */
enum part_exit {
	PART_LEAVES,
	PART_IS_ALL,		/* what would stay is too little to be sold later: close it all */
	PART_TOO_SMALL		/* the venue takes no such order */
};
enum part_exit order_leave(const struct step *s, struct order *o, struct qty quantity,
			   enum close_reason reason, const char *correlation_id);
/* Sells the part, as soon as no resting order locks its coins. */
void order_send_part(const struct step *s, struct order *o);

/* ---- order_watch.c ---- */

bool order_stop_crossed(const struct order *o, struct price last);	/* the resting one */
enum close_reason order_stop_reason(const struct order *o);	/* when its stop ends it */
bool order_target_crossed(const struct order *o, struct price last);
/*
 * Why it must be closed now: its holding time is over (only while the bot runs), a stop that
 * was replaced does not rest again in time, or a stop that rests did not act. CLOSE_NONE: it
 * need not be closed.
 */
enum close_reason order_close_due(const struct step *s, struct order *o, bool bot_runs);
/* The market traded: why it must be closed because its stop was crossed, or CLOSE_NONE. */
enum close_reason order_watch_stop(const struct step *s, struct order *o);
/* Cancels its entry, if that has waited for maker_timeout_us. */
void order_maker_timeout(const struct step *s, struct order *o);
/* When it has something to do next; NEVER. */
int64_t order_due(struct order *o, bool bot_runs);
size_t order_unknown_legs(const struct order *o);
void order_ask_leg(const struct step *s, struct order *o, struct leg *l);
void order_ask_late(const struct step *s, struct order *o);	/* about legs past their deadline */
void order_ask_all(const struct step *s, struct order *o);	/* about every live leg */
/* The venue did not say what became of this leg. */
void order_no_answer(const struct step *s, struct order *o, struct leg *l);
/* The venue has it: sends a cancel again that got no answer, and sets the next deadline. */
void order_leg_lives(const struct step *s, struct order *o, struct leg *l);
/* The clock was set back while the worker was down: limits times to now (as bot_times_back). */
void order_times_back(struct order *o, int64_t now_us);

/* ---- order_step.c ---- */

enum order_need {
	ORDER_WAITS,		/* for the venue, for the market, for time */
	ORDER_SELLS,		/* nothing rests any more: order_sell, with the bot's leftovers */
	ORDER_TAKES_PROFIT,	/* to be closed at market: what its target left is too little */
	ORDER_LEFT_OVER,	/* what it holds can't be sold by itself: it becomes a remainder */
	ORDER_OVER		/* it holds nothing of its own any more */
};
/* Something changed: does what the order needs next, or says what the bot must do for it. */
enum order_need order_step(const struct step *s, struct order *o);
/* Close it at market, for a reason. False: it is closing already, for as good a reason. */
bool order_close(const struct step *s, struct order *o, enum close_reason reason,
		 const char *correlation_id);
void order_close_failed(const struct step *s, struct order *o, const char *why);
/* Its entry is not wanted any more, for a reason. */
void order_cancel_entry(const struct step *s, struct order *o, enum close_reason reason,
			const char *correlation_id);
/* What is considered: a decision of the strategy, with one of its entries or without. */
struct signal {
	bool wanted;			/* an entry is wanted */
	enum side side;
	double confidence;		/* 0..1 */
	bool market;			/* at market; else as a limit, as the bot's settings say */
	double size;			/* factor on the bot's stake */
	struct price limit;		/* 0: the best price of its side */
	struct price target, stop;	/* 0: the fractions below */
	double profit_target;		/* fraction of the entry price */
	double stop_loss;		/* fraction of the entry price */
	const char *tag;		/* "" none; borrowed */
	char rule[32];			/* entry threshold warm_up no_model side_mode ... */
	char reason[160];		/* with the numbers */
};

/*
 * Target and stop of an entry at limit, on the grid and at least one tick away from it.
 * False: there are none (a price of a few ticks, or one that does not fit).
 */
bool order_exits(const struct symbol_info *info, const struct signal *s, struct price limit,
		 struct price *target, struct price *stop);

#endif
