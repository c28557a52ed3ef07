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
#define SIM_ENDED_MAX 256		/* ended orders that query() still knows */
#define SIM_TRADES_MAX 128		/* newest executions that are told again when asked for */
#define SIM_LEVELS_MAX 16		/* depth model: levels that a taker reaches */
#define SIM_FUNDING_US (INT64_C(8) * 3600 * 1000000)
/* Queue ahead of an order that rests before any book was seen: only through fills. */
#define SIM_QUEUE_UNKNOWN_E8 (INT64_C(90000000) * RATE_ONE)

struct sim_slot {			/* a request or an order */
	struct sim_order row;
	struct sim_acct *account;
	struct sim_slot *hash_next;
	bool gone;			/* ended; freed by the next sweep */
};

struct sim_list { struct sim_slot **slots; size_t n, cap; };

struct sim_market {
	struct symbol_info info;
	struct price last;		/* newest trade; 0 none yet */
	struct book_top book;
	bool has_book;			/* one side has orders */
	bool invalid;			/* out of step with the exchange's */
	int64_t alive_us;		/* when the book was news, or confirmed while fresh */
	bool waits;			/* the next fresh book has something to decide */
	/*
	 * A trade strictly between the two can touch no order and no position here.
	 * Raw price units; valid unless dirty.
	 */
	int64_t quiet_low, quiet_high;
	bool dirty;
	struct sim_list resting;	/* by seq; may hold gone ones until the sweep */
};

struct sim_acct {
	struct sim_account row;
	struct sim_market *market;
	struct ledger_book book;
	int64_t volume_trade;		/* number of the trade that volume_used is of */
	struct qty volume_used;		/* of it by this account's orders */
	struct account told;		/* to the sink, newest */
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
	int64_t told_accounts;		/* next_entry when all accounts were told */
	int64_t funding_due;		/* earliest of the open positions, INT64_MAX none */
	int64_t trade_no;		/* trades matched, for volume_trade */
	bool sweep;			/* some resting slot is gone */
	bool warm;			/* market events only set state */
	struct venue_update ended[SIM_ENDED_MAX];	/* ring */
	size_t ended_n;			/* ever; newest is at (ended_n - 1) % max */
	struct venue_update trades[SIM_TRADES_MAX];	/* ring, as ended */
	size_t trades_n;		/* ever */
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

/* Text for a reason; cut to its field. */
void sim_reason(char out[SIM_REASON_MAX], const char *fmt, ...) PRINTF_LIKE(2, 3);

/* sim.c */
struct sim_market *sim_market_find(const struct sim *s, const char *symbol, bool futures);
/* Report counters that moved and free what ended; the end of every public call. */
void sim_finish(struct sim *s);

/* order.c */
struct sim_slot *sim_slot_find(const struct sim *s, const char *id);
struct sim_slot *sim_slot_new(struct sim *s, struct sim_acct *a, const struct sim_order *row);
void sim_travel_add(struct sim *s, struct sim_slot *o);
struct sim_slot *sim_travel_pop(struct sim *s);
void sim_rest_add(struct sim_slot *o);
void sim_slot_drop(struct sim *s, struct sim_slot *o);	/* from index and store; marks it gone */
void sim_sweep(struct sim *s);
void sim_report_order(const struct sim *s, const struct sim_slot *o);
struct qty sim_remaining(const struct sim_slot *o);
void sim_update_init(const struct sim_slot *o, enum venue_update_kind kind, int64_t at_us,
		     struct venue_update *u);
void sim_send(const struct sim *s, const struct venue_update *u);
/* End without a further fill: funds released, row gone, remembered for query, told. */
void sim_slot_end(struct sim *s, struct sim_slot *o, enum venue_update_kind kind,
		  const char *reason, int64_t at_us);
void sim_remember(struct sim *s, const struct venue_update *u);
const struct venue_update *sim_ended_find(const struct sim *s, const char *id);
/* Expire every live order of the account, requests on their way included when "all". */
void sim_expire_account(struct sim *s, struct sim_acct *a, bool all, const char *reason,
			int64_t at_us);
/* Has it an order that lives? (A cancel on its way is none.) */
bool sim_account_busy(const struct sim *s, const struct sim_acct *a);
void sim_orders_free(struct sim *s);

/* account.c */
struct sim_acct *sim_acct_find(const struct sim *s, int64_t bot_id);
/* Empty, for the caller to fill. */
struct sim_acct *sim_acct_insert(struct sim *s, int64_t bot_id);
void sim_report_account(const struct sim *s, const struct sim_acct *a);
struct account sim_account_now(const struct sim_acct *a);
/* Tell the sink what the account holds, when that is news. */
void sim_tell_account(const struct sim *s, struct sim_acct *a);
/* Asset and amount that an order must reserve for "remaining"; ERR_RANGE. */
enum ledger_asset sim_need_asset(const struct sim_acct *a, const struct sim_order *o);
MUST_CHECK int sim_need(const struct sim_acct *a, const struct sim_order *o, struct qty remaining,
			int64_t *e8);
/* Move an order's reservation to what it needs now (0 when gone). */
void sim_reserve(struct sim *s, struct sim_slot *o, int64_t want_e8, int64_t at_us);
/* What an order may spend of the asset, its own reservation not counted. */
int64_t sim_available(const struct sim_acct *a, enum ledger_asset asset);
/* Products that saturate instead of failing, for valuations. */
int64_t sim_notional_e8(struct price p, struct qty q, enum rounding r);
int64_t sim_rate_e8(int64_t amount_e8, int64_t rate_e8, enum rounding r);
struct qty sim_qty_abs(struct qty q);

/* ask.c */
int sim_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e);
void sim_remember_trade(struct sim *s, const struct venue_update *u);
/* When the next question arrives. */
static inline int64_t sim_answer_due(const struct sim *s)
{
	return s->questions_n ? s->questions[0].due_us : INT64_MAX;
}
void sim_answer(struct sim *s);			/* that one */

/* check.c: true when the venue takes the order as it arrives; else reason. */
bool sim_check_order(const struct sim *s, const struct sim_slot *o, char reason[SIM_REASON_MAX]);
/* Would a limit at this price trade at once? False without any price. */
bool sim_crosses(const struct sim_market *m, enum side side, struct price price);

/* match.c */
/*
 * How a taker of qty would fill: limit 0 for none; trigger 0, or the trade that
 * set off a stop (never better than it). n = 0: nothing on that side.
 */
void sim_plan(const struct sim *s, const struct sim_market *m, enum side side, struct qty qty,
	      struct price limit, struct price trigger, struct sim_plan *p);
/* Everything that the plan takes from an account's quote (or base on a spot sale). */
MUST_CHECK int sim_plan_cost(const struct sim_slot *o, const struct sim_plan *p, int64_t *e8);
void sim_arrive(struct sim *s, struct sim_slot *o, int64_t at_us);
/* How much of qty this order can trade: no more than its rest, or than the position. */
struct qty sim_fillable(const struct sim_slot *o, struct qty q);
/* Trade what was planned; the order may be gone afterwards. */
void sim_take(struct sim *s, struct sim_slot *o, const struct sim_plan *p, bool stop,
	      int64_t at_us);
/* What a market order or a triggered stop did not get is not kept. */
void sim_expire_rest(struct sim *s, struct sim_slot *o, int64_t at_us);
void sim_match_trade(struct sim *s, struct sim_market *m, const struct trade *t, int64_t now_us);
void sim_quiet_update(struct sim *s, struct sim_market *m);

/* wait.c */
/* Is what is known of the book the market as it is? */
bool sim_fresh(const struct sim *s, const struct sim_market *m, int64_t now_us);
/* Does the order wait for a fresh book: a market order that rests, a stop set off? */
bool sim_waits(const struct sim_order *o);
/* Must this market order wait while the book is not fresh? What opens does not. */
bool sim_closes(const struct sim_acct *a, const struct sim_order *o);
/* A trade reached its stop: it trades now, or waits for a book with that side. */
void sim_stop_set_off(struct sim *s, struct sim_slot *o, struct price trigger, int64_t now_us);
/* A book came, or is in step again: whatever waits for it. */
void sim_wait_over(struct sim *s, struct sim_market *m, int64_t now_us);

/* fill.c */
struct sim_fill {
	struct price price;
	struct qty qty;
	bool maker, stop_triggered, liquidation;
	int64_t at_us;
	int64_t released_e8;		/* of the order's reservation; set by sim_fill */
	int64_t fee_e8;			/* set by sim_fill_book, in fee_asset */
	int64_t borne_e8;		/* set by sim_fill_book: the market bore this much */
	enum ledger_asset fee_asset;
};
/* Book an execution of an order and tell. The order may be gone afterwards. */
void sim_fill(struct sim *s, struct sim_slot *o, struct sim_fill *f);
/* Only the books: of the order that row describes, f->released_e8 given. */
void sim_fill_book(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		   struct sim_fill *f);
/* The update of a booked fill; takes the next trade number. */
void sim_fill_update(struct sim *s, const struct sim_slot *o, const struct sim_fill *f,
		     struct venue_update *u);

/* futures.c */
int64_t sim_wallet_e8(const struct sim_acct *a);	/* free + reserved + margin, quote */
/* At price p. */
int64_t sim_unrealized_e8(const struct sim_acct *a, struct price p);
/* What a fill of qty closes of the position; the rest opens. */
struct qty sim_closing(const struct sim_acct *a, enum side side, struct qty qty);
/* Initial margin of a notional, rounded up. */
int64_t sim_margin_e8(const struct sim_acct *a, int64_t notional_e8);
/* Books position and margin of a fill. */
void sim_position_fill(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		       struct sim_fill *f);
/*
 * Take amount_e8 out of free. When free is short: orders that would open (but
 * not "except") expire, then margin is used; who has no more pays no more. Returns
 * what was paid.
 */
int64_t sim_pay(struct sim *s, struct sim_acct *a, const struct sim_slot *except,
		enum ledger_account to, int64_t amount_e8, enum ledger_kind kind, int64_t at_us);
void sim_expire_reduce_only(struct sim *s, struct sim_acct *a, int64_t at_us);
/*
 * Charge each position for every funding time up to at_us that it was held through: the
 * ones of a gap in one booking, at the price that is known, so that no gap costs more work.
 */
void sim_funding_run(struct sim *s, int64_t at_us);
void sim_funding_due_update(struct sim *s);
/* A trade at or below *low or at or above *high may liquidate; only ever widened. */
void sim_liquidation_bound(const struct sim *s, const struct sim_acct *a, int64_t *low,
			   int64_t *high);
void sim_liquidate_if_due(struct sim *s, struct sim_acct *a, int64_t at_us);

#endif
