/*
 * sim.h - the simulation venue: paper accounts, spot and futures, on a real or made-up market.
 *
 * It has no clock, no I/O and no SQL: the same calls give the same rows and updates, bit for
 * bit. docs/SIMULATION.md explains the model and gives its numbers.
 *
 *	place --latency--> check --> rest --trade through, or at price after the queue--> fill
 *	                     |  `--market, crossing limit--> fill at the touch and worse;
 *	                     |       what a market, IOC or FOK order did not get expires
 *	                     `--> rejected
 *
 * A book has an age. Nothing fills while the newest book is older than stale_us, is out of step,
 * or has not come yet: limits rest; triggered stops and market orders that close a position
 * wait; the first fresh book decides.
 *
 * There is one instance per database, whose counters (trade, entry, sim_order) all accounts
 * share. Accounts do not affect each other: a traded volume that fills one bot's order can fill
 * another bot's order too.
 *
 * A liquidation reports first UPDATE_EXPIRED for every resting order of the account, then
 * UPDATE_FILLs with client_order_id "liquidation-<bot>-<n>" (no order of ours has such an id)
 * until the position is gone. The reason of all of them begins with "LIQUIDATION:". The engine
 * closes the bot's open orders with these fills.
 *
 * The sink and the store are called from advance, the market's events (on_*, sim_trade,
 * sim_book, sim_time, sim_book_valid) and sim_account_reset; the store also from place,
 * cancel and sim_account_add, the sink's account also from sim_account_add and
 * sim_restore_round. From inside them place, cancel, ask, tradable and next_due may be
 * called, nothing else.
 */
#ifndef WORKER_VENUE_SIM_SIM_H
#define WORKER_VENUE_SIM_SIM_H

#include "common/config.h"
#include "worker/venue/router.h"
#include "worker/venue/sim/store.h"

struct sim_args {
	int64_t latency_us;		/* from place or cancel to the venue, >= 0 */
	int64_t slippage_e8;		/* how much worse a taker trades; 1e-8, up to 10 % */
	int64_t funding_rate_e8;	/* futures, every 8 h; longs pay when positive */
	int64_t maintenance_rate_e8;	/* futures: liquidated at equity <= this x notional */
	int64_t liquidation_fee_e8;	/* futures: instead of the commission */
	int64_t stale_us;		/* a book older than this fills nothing; 0: no limit */
	bool through_all; /* a trade through an order's price fills all of it, whatever traded */
	struct venue_sink sink;
	struct sim_store store;
};

/* The documented defaults; sink and store empty. */
void sim_args_init(struct sim_args *a);

/* Never NULL. Free with v->ops->free(v). */
struct venue *sim_new(const struct sim_args *a);

/* The simulation as one venue of a worker (router.h): the paper accounts. */
struct sim_recipe {
	struct sim_args args;		/* its sink is the router's matter */
	struct venue *made;		/* NULL until it is made; the router's */
};
/* With the settings of c and a store. ERR_RANGE names the setting that does not fit. */
MUST_CHECK int sim_recipe_init(struct sim_recipe *r, const struct config *c,
			       const struct sim_store *store, struct err *e);
/* r is borrowed until the venue is made. */
struct venue_maker sim_maker(struct sim_recipe *r);

/*
 * Add a market, or replace its filters and fees when it is there, which its accounts then are
 * told. Markets are told apart by name and kind: all are of one source. Returns its index,
 * stable for the venue's life.
 */
int sim_symbol_add(struct venue *v, const struct symbol_info *info);
/* Index, or -1. */
int sim_symbol_find(const struct venue *v, const char *symbol, bool futures);
/* The market's events (venue.h); index from sim_symbol_add. */
void sim_trade(struct venue *v, int index, const struct trade *t, int64_t now_us);
void sim_book(struct venue *v, int index, const struct book_top *b, int64_t now_us);
void sim_time(struct venue *v, int index, int64_t now_us);
void sim_book_valid(struct venue *v, int index, bool valid, int64_t now_us);

#define SIM_CAPITAL_MAX_E8 (INT64_C(90000000) * RATE_ONE)
struct sim_account_args {
	int64_t bot_id;
	char symbol[SYMBOL_MAX];	/* an added market; the account trades nothing else */
	bool futures;
	struct money initial_capital;	/* quote asset, above 0, at most SIM_CAPITAL_MAX_E8 */
	int64_t leverage_e8;		/* 1e-8 times, 1..125; ignored on spot */
};
/*
 * Open an account and book its deposit. 0, ERR_CONFLICT (bot has one),
 * ERR_NOT_FOUND (no such market), ERR_INVALID (capital or leverage); the
 * message says what is allowed.
 */
MUST_CHECK int sim_account_add(struct venue *v, const struct sim_account_args *a, int64_t now_us,
			       struct err *e);
/* What venue.h says of account_set and account_reset. */
MUST_CHECK int sim_account_set(struct venue *v, const struct venue_account *a, int64_t now_us,
			       struct err *e);
MUST_CHECK int sim_account_renew(struct venue *v, const struct venue_account *a, int64_t now_us,
				 struct err *e);
/*
 * Resets an account: closes the epoch's balances to zero (kind reset) and begins epoch + 1 with
 * a new deposit as "a" says (another symbol or capital is allowed). ERR_CONFLICT while orders
 * live or a position is open, unless force: then the orders end with UPDATE_EXPIRED
 * "RESET: ..." and the position is dropped. On spot a position is a base quantity that is large
 * enough to be sold.
 */
MUST_CHECK int sim_account_reset(struct venue *v, const struct sim_account_args *a, bool force,
				 int64_t now_us, struct err *e);
/* 0, ERR_NOT_FOUND, ERR_INVALID, or ERR_CONFLICT while orders are alive or a position is open. */
MUST_CHECK int sim_account_leverage(struct venue *v, int64_t bot_id, int64_t leverage_e8,
				    int64_t now_us, struct err *e);
/*
 * An order's state, as ASK_ORDER answers it (venue.h). ERR_NOT_FOUND: it never arrived, or
 * ended long ago.
 */
MUST_CHECK int sim_order_state(const struct venue *v, const char *client_order_id,
			       struct venue_update *out, struct err *e);
/* At the market's last price. ERR_NOT_FOUND: there is none; ERR_UNAVAILABLE: no price yet. */
/* (tests) */
MUST_CHECK int sim_account_value(const struct venue *v, int64_t bot_id,
				 struct account_value *out, struct err *e);
/* (tests) The account's row, or NULL. Borrowed until the next call that changes it. */
const struct sim_account *sim_account_get(const struct venue *v, int64_t bot_id);

/*
 * These take the rows back after a restart, in this order: markets (sim_symbol_add), accounts,
 * balances, orders, counters; then call sim_restore_round and sim_check. They report nothing to
 * the store, and ignore balances of older epochs and unknown counters. ERR_NOT_FOUND: an
 * account without its market, or a balance or order without its account; ERR_CONFLICT: the row
 * came twice.
 */
MUST_CHECK int sim_account_restore(struct venue *v, const struct sim_account *row, struct err *e);
MUST_CHECK int sim_balance_restore(struct venue *v, const struct sim_balance *row, struct err *e);
MUST_CHECK int sim_order_restore(struct venue *v, const struct sim_order *row, struct err *e);
void sim_counter_restore(struct venue *v, const char *name, int64_t next);

/*
 * Call it after the orders. REAL columns lose the last digit of amounts over 67 million
 * (money.h). This corrects exactly that: each order reserves what it needs, and the account
 * "market" takes the difference, so that each asset sums to zero again.
 */
void sim_restore_round(struct venue *v);

/*
 * Call it after the orders when the machine's clock was set back: lets each request arrive at
 * most one latency from now, and makes funding due at the next period.
 */
void sim_times_back(struct venue *v, int64_t now_us);

/*
 * Checks the books: every asset sums to zero, no balance of ours is negative, "reserved" is the
 * sum of the orders' reservations and each order reserves what it needs, and the position equals
 * the base amount of "pnl". 0, or ERR_CORRUPT with the account that differs.
 */
MUST_CHECK int sim_check(const struct venue *v, struct err *e);

#endif
