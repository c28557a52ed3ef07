/*
 * internal.h - what the files of the simulation venue share; nobody else includes it.
 *
 *	sim.c		the venue's calls, requests on their way
 *	order.c	live orders: index, lists, ends, updates
 *	recipe.c	the venue from a worker's settings
 *	account.c	accounts: deposit, reset, restore, balance, reservations
 *	check.c	what the venue refuses on arrival
 *	ask.c		questions and their answers
 *	match.c	book and trades against orders
 *	wait.c	the book's age, and what waits for a fresh one
 *	fill.c	booking one execution
 *	futures.c	position, margin, funding, liquidation
 *	restore.c	rows taken back, and the check of the books
 */
#ifndef WORKER_VENUE_SIM_INTERNAL_H
#define WORKER_VENUE_SIM_INTERNAL_H

#include "worker/account/account.h"
#include "worker/venue/sim/ledger.h"
#include "worker/venue/sim/sim.h"

#include <stddef.h>

#define SIM_REASON_MAX sizeof(((struct venue_update *)0)->reason)
#define SIM_ID_MAX 36			/* characters that Binance takes */
#define SIM_ENDED_MAX 512		/* newest ended orders, for ASK_ORDER */
#define SIM_TRADES_MAX 128		/* newest executions, for ASK_TRADES */
#define SIM_LEVELS_MAX 16		/* depth model: levels that a taker reaches */
#define SIM_FUNDING_US (INT64_C(8) * 3600 * 1000000)
/* Queue ahead where no fresh book says how long it is: only a trade through the price fills. */
#define SIM_QUEUE_UNKNOWN_E8 (INT64_C(90000000) * RATE_ONE)

struct sim_slot {			/* a request or an order */
	struct sim_order row;
	struct sim_acct *account;
	struct sim_slot *hash_next;
	struct sim_slot *other;		/* of its list, while both live; NULL none */
	bool gone;			/* ended; freed by the next sweep */
};

struct sim_list { struct sim_slot **slots; size_t n, cap; };

struct sim_market {
	struct symbol_info info;
	struct price last;		/* newest trade; 0 none yet */
	struct book_top book;
	bool has_book;			/* one side has orders */
	bool invalid;			/* out of step with the exchange's */
	int64_t alive_us;		/* when the book came, or was confirmed while fresh */
	bool waits;			/* some order waits for the next fresh book */
	/*
	 * A trade at a price strictly between the two fills no order and liquidates no position
	 * of this market. price_units(); not valid while dirty.
	 */
	int64_t quiet_low, quiet_high;
	bool dirty;
	struct sim_list resting;	/* by seq; with ended ones until the sweep */
};

struct sim_acct {
	struct sim_account row;
	struct sim_market *market;
	struct ledger_book book;
	int64_t volume_trade;		/* number of the trade that volume_used belongs to */
	struct qty volume_used;		/* of that trade, by this account's orders */
	struct account told;		/* what the sink was told last */
};

struct sim_question { struct venue_query query; int64_t due_us; };

struct sim {
	struct venue venue;		/* first */
	struct sim_args args;
	struct ledger ledger;
	struct sim_market **markets;
	size_t markets_n;
	struct sim_acct **accounts;	/* by bot_id */
	size_t accounts_n;
	struct sim_list travel;		/* requests by due time, then seq */
	struct sim_slot **hash;		/* live orders and requests by id */
	size_t hash_size, hash_n;	/* size a power of two, or 0 */
	int64_t next_order, next_trade;
	int64_t told_order, told_trade, told_entry;	/* counters as last reported */
	int64_t told_accounts;		/* next_entry when the sink was told all accounts */
	int64_t funding_due;		/* earliest of the open positions, INT64_MAX none */
	int64_t trade_no;		/* count of trades matched, for volume_trade */
	bool sweep;			/* some slot is gone and not freed */
	bool warm;			/* market events only set state */
	struct venue_update ended[SIM_ENDED_MAX];	/* ring */
	size_t ended_n;			/* ever added; the newest is at (ended_n - 1) % max */
	struct venue_update trades[SIM_TRADES_MAX];	/* ring, as ended */
	size_t trades_n;		/* ever added */
	size_t questions_n;
	struct sim_question *questions;	/* in the order of their arrival */
};

/* One step of a taker's way into the book. */
struct sim_level { struct price price; struct qty qty; };
struct sim_plan { struct sim_level level[SIM_LEVELS_MAX]; size_t n; };

static inline struct sim *sim_of(struct venue *v) { return (struct sim *)(void *)v; }
static inline const struct sim *sim_of_const(const struct venue *v)
{
	return (const struct sim *)(const void *)v;
}

/* Writes a reason; a text too long for its field is cut. */
void sim_reason(char out[SIM_REASON_MAX], const char *fmt, ...) PRINTF_LIKE(2, 3);

/* sim.c */
struct sim_market *sim_market_find(const struct sim *s, const char *symbol, bool futures);
/* Reports changed counters and accounts and frees ended slots. Every public call ends with it. */
void sim_finish(struct sim *s);

/* order.c */
struct sim_slot *sim_slot_find(const struct sim *s, const char *id);
struct sim_slot *sim_slot_new(struct sim *s, struct sim_acct *a, const struct sim_order *row);
/* They are a list until one of them is dropped. */
void sim_slot_pair(struct sim_slot *a, struct sim_slot *b);
void sim_travel_add(struct sim *s, struct sim_slot *o);
void sim_travel_take(struct sim *s, const struct sim_slot *o);	/* out of the list; not freed */
void sim_rest_add(struct sim_slot *o);
void sim_slot_drop(struct sim *s, struct sim_slot *o);	/* out of index and store; marks it gone */
void sim_sweep(struct sim *s);
void sim_report_order(const struct sim *s, const struct sim_slot *o);
struct qty sim_remaining(const struct sim_slot *o);
void sim_update_init(const struct sim_slot *o, enum venue_update_kind kind, int64_t at_us,
		     struct venue_update *u);
void sim_send(const struct sim *s, const struct venue_update *u);
/*
 * Ends an order without a further fill: releases its funds, deletes its row, keeps the result
 * for ASK_ORDER, and tells the sink.
 */
void sim_slot_end(struct sim *s, struct sim_slot *o, enum venue_update_kind kind,
		  const char *reason, int64_t at_us);
/* The order of a list trades: the other one ends, and the reservation is this one's. */
void sim_list_trigger(struct sim *s, struct sim_slot *o, int64_t at_us);
void sim_remember(struct sim *s, const struct venue_update *u);
const struct venue_update *sim_ended_find(const struct sim *s, const char *id);
/* Expires every resting order of the account; with "all" also those on their way. */
void sim_expire_account(struct sim *s, struct sim_acct *a, bool all, const char *reason,
			int64_t at_us);
/* Has the account an order that rests or is on its way? A cancel is not an order. */
bool sim_account_busy(const struct sim *s, const struct sim_acct *a);
void sim_orders_free(struct sim *s);

/* account.c */
struct sim_acct *sim_acct_find(const struct sim *s, int64_t bot_id);
/* A new account, which the caller fills in. */
struct sim_acct *sim_acct_insert(struct sim *s, int64_t bot_id);
void sim_report_account(const struct sim *s, const struct sim_acct *a);
struct account sim_account_now(const struct sim_acct *a);
/* Tells the sink what the account holds, if that has changed. */
void sim_tell_account(const struct sim *s, struct sim_acct *a);
/*
 * The asset, and the amount of it, that an order must reserve for "remaining"; 0 for the stop of
 * a list, because its target reserves for both. ERR_RANGE.
 */
enum ledger_asset sim_need_asset(const struct sim_acct *a, const struct sim_order *o);
MUST_CHECK int sim_need(const struct sim_slot *o, struct qty remaining, int64_t *e8);
/* Changes an order's reservation to want_e8 (0: releases it). */
void sim_reserve(struct sim *s, struct sim_slot *o, int64_t want_e8, int64_t at_us);
/* What an order may spend of the asset, its own reservation not counted. */
int64_t sim_available(const struct sim_acct *a, enum ledger_asset asset);
/* Products that stop at the largest value instead of failing, for valuations. */
int64_t sim_notional_e8(struct price p, struct qty q, enum rounding r);
int64_t sim_rate_e8(int64_t amount_e8, int64_t rate_e8, enum rounding r);
struct qty sim_qty_abs(struct qty q);

/* ask.c */
int sim_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e);
void sim_remember_trade(struct sim *s, const struct venue_update *u);
/* When the next question arrives at the venue. */
static inline int64_t sim_answer_due(const struct sim *s)
{
	return s->questions_n ? s->questions[0].due_us : INT64_MAX;
}
void sim_answer(struct sim *s);			/* answers that question */

/* check.c: does the venue accept the order, or its list, on arrival? False: reason says why not. */
bool sim_check_order(const struct sim *s, const struct sim_slot *o, char reason[SIM_REASON_MAX]);
/* Would a limit at this price trade at once? False without any price. */
bool sim_crosses(const struct sim_market *m, enum side side, struct price price);

/* match.c */
/*
 * The levels at which a taker of qty would fill. limit 0: none. trigger 0, or the price of the
 * trade that set off a stop; the fills are never better than it. n = 0: no level would fill.
 */
void sim_plan(const struct sim *s, const struct sim_market *m, enum side side, struct qty qty,
	      struct price limit, struct price trigger, struct sim_plan *p);
/* What the plan costs: quote with margin and fees, or base on a spot sale. */
MUST_CHECK int sim_plan_cost(const struct sim_slot *o, const struct sim_plan *p, int64_t *e8);
void sim_arrive(struct sim *s, struct sim_slot *o, int64_t at_us);
/* How much of qty this order can trade: at most its rest; reduce-only: at most the position. */
struct qty sim_fillable(const struct sim_slot *o, struct qty q);
/* Trades as planned; the order may be gone afterwards. */
void sim_take(struct sim *s, struct sim_slot *o, const struct sim_plan *p, int64_t at_us);
/* Expires the rest that a market order or a triggered stop did not get. */
void sim_expire_rest(struct sim *s, struct sim_slot *o, int64_t at_us);
void sim_match_trade(struct sim *s, struct sim_market *m, const struct trade *t, int64_t now_us);
void sim_quiet_update(struct sim *s, struct sim_market *m);

/* wait.c */
/* Is the known book recent and in step, so that orders may fill from it? */
bool sim_fresh(const struct sim *s, const struct sim_market *m, int64_t now_us);
/* Does this order wait for a fresh book? It is a resting market order or a triggered stop. */
bool sim_waits(const struct sim_order *o);
/* Does this order close a position? If so it waits for a fresh book instead of expiring. */
bool sim_closes(const struct sim_acct *a, const struct sim_order *o);
/* A trade reached the order's stop: it trades now, or waits for a book with that side. */
void sim_stop_set_off(struct sim *s, struct sim_slot *o, struct price trigger, int64_t now_us);
/* A book came, or is in step again: executes the orders that waited for it. */
void sim_wait_over(struct sim *s, struct sim_market *m, int64_t now_us);

/* fill.c */
struct sim_fill {
	struct price price;
	struct qty qty;
	bool maker, liquidation;
	int64_t at_us;
	int64_t released_e8;		/* of the order's reservation; set by sim_fill */
	int64_t fee_e8;			/* set by sim_fill_book, in fee_asset */
	int64_t borne_e8;		/* set by sim_fill_book: loss that the market bore */
	enum ledger_asset fee_asset;
};
/* Books an execution of an order and tells the sink. The order may be gone afterwards. */
void sim_fill(struct sim *s, struct sim_slot *o, struct sim_fill *f);
/* Books it in the ledger only; the caller has set f->released_e8. */
void sim_fill_book(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		   struct sim_fill *f);
/* Makes the update of a booked fill, with the next trade number. */
void sim_fill_update(struct sim *s, const struct sim_slot *o, const struct sim_fill *f,
		     struct venue_update *u);

/* futures.c */
int64_t sim_wallet_e8(const struct sim_acct *a);	/* free + reserved + margin, quote */
/* At price p. */
int64_t sim_unrealized_e8(const struct sim_acct *a, struct price p);
/* The part of a fill of qty that closes the position; the rest opens one. */
struct qty sim_closing(const struct sim_acct *a, enum side side, struct qty qty);
/* Initial margin of a notional, rounded up. */
int64_t sim_margin_e8(const struct sim_acct *a, int64_t notional_e8);
/* Books position and margin of a fill. */
void sim_position_fill(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		       struct sim_fill *f);
/*
 * Takes amount_e8 out of free. If free is not enough, orders that would open a position expire
 * (except "except"), then margin is used. Returns what was paid, which is less than amount_e8
 * when the account has no more.
 */
int64_t sim_pay(struct sim *s, struct sim_acct *a, const struct sim_slot *except,
		enum ledger_account to, int64_t amount_e8, enum ledger_kind kind, int64_t at_us);
void sim_expire_reduce_only(struct sim *s, struct sim_acct *a, int64_t at_us);
/*
 * Charges each position for every funding time up to at_us that it was held through. The times
 * that lie in one gap are charged in one booking, at the price that is known, so that a long
 * gap costs no more work than a short one.
 */
void sim_funding_run(struct sim *s, int64_t at_us);
void sim_funding_due_update(struct sim *s);
/* Raises *low and lowers *high so that no trade between them liquidates this account. */
void sim_liquidation_bound(const struct sim *s, const struct sim_acct *a, int64_t *low,
			   int64_t *high);
void sim_liquidate_if_due(struct sim *s, struct sim_acct *a, int64_t at_us);

#endif
