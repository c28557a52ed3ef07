/*
 * order.h - a trade's life: what it holds, what it is doing, and the legs (leg.h) that were
 * sent to the venue for it.
 *
 *	pending --first fill--> active --position gone--> closed
 *	   `----------- nothing filled: timeout, reject ----^
 *
 *	entering --entry over--> holding --close--> closing --sold--> done
 *	   ^  `---- close, nothing filled ------------^  |^              ^
 *	   `-- holding, a further entry                  ||              |
 *	                             too little to sell  v`--- wake      |
 *	                                           remainder --taken over'
 *
 * order_next() is the table of the second line's arrows, order_move() the only function that
 * changes a phase. The status is what people read; the phase is what the order does now.
 *
 * A trade that holds too little to be sold by itself is a remainder: it stays active, and
 * the worker watches its stop, until its coins are sold with the bot's next trade or exit.
 * Nothing waits for a remainder, and no limit counts it.
 *
 * An order has legs: e the entry, t take profit, s a resting stop, c a close at market. On
 * spot t and s are two orders of one list (OCO). Rows are flat, so they can be copied.
 */
#ifndef WORKER_ENGINE_ORDER_H
#define WORKER_ENGINE_ORDER_H

#include "common/registry/bot_config.h"
#include "worker/trade/leg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_SLOTS 24		/* requests that live at the same time; a list is one */
#define ORDER_LEGS_MAX (2 * ORDER_SLOTS)
#define ENDED_LEGS 128		/* legs of closed orders that a bot remembers */

enum order_status { ORDER_PENDING, ORDER_ACTIVE, ORDER_CLOSED };
enum order_phase {
	PHASE_ENTERING, PHASE_HOLDING, PHASE_CLOSING, PHASE_DONE,
	PHASE_REMAINDER		/* holds too little to be sold by itself */
};
#define ORDER_PHASES 5

enum order_change {
	ORDER_ENTERED,		/* its entry is over, and it holds something */
	ORDER_ADDS,		/* a further entry begins */
	ORDER_CLOSES,		/* it is to end, for the reason that it names */
	ORDER_REMAINS,		/* what it holds can't be sold by itself */
	ORDER_FINISHES		/* it holds nothing more that is its own */
};
#define ORDER_CHANGES 5

enum close_reason {
	CLOSE_NONE, CLOSE_TAKE_PROFIT, CLOSE_STOP_LOSS, CLOSE_HOLDING_TIME, CLOSE_MAKER_TIMEOUT,
	CLOSE_ENTRY_REJECTED, CLOSE_ENTRY_CANCELLED, CLOSE_MANUAL, CLOSE_STOP_COMMAND,
	CLOSE_EMERGENCY, CLOSE_LIQUIDATION, CLOSE_RESET,
	CLOSE_REMAINDER,	/* too little to be sold by itself: sold later, or with another */
	CLOSE_EXIT_SIGNAL,	/* the strategy wanted out */
	CLOSE_TRAILING_STOP,	/* the stop, after trailing_stop had moved it */
	CLOSE_ROI		/* a target of minimal_roi */
};
#define CLOSE_REASONS 16

enum stop_owner { STOP_INITIAL, STOP_TRAILING, STOP_STRATEGY };	/* who moved the stop last */

struct exit_rules {		/* from the bot's settings at the decision; exits.h */
	struct minimal_roi roi;
	struct partial_targets partial;
	struct position_adjustment adjustment;
	bool trailing, trailing_only_offset;
	double trailing_positive, trailing_offset;	/* fractions of best and entry price */
	double profit_target, stop_loss;	/* fractions of the entry price; target 0 none */
	int64_t entry_fee_e8, exit_fee_e8;	/* rates, 1e-8: of this entry, of a resting exit */
};

struct ended_leg {			/* of a closed order: a late fill is looked up here */
	char client_order_id[CLIENT_ORDER_ID_MAX];
	struct qty filled;
};

struct order {
	int64_t id;			/* row number, over all bots */
	int64_t bot_id;
	int64_t account_id;	/* whose money: exchange_accounts.id, 0 paper */
	char symbol[SYMBOL_MAX];
	enum side side;			/* of the entry: BUY long, SELL short */
	enum order_status status;
	enum order_phase phase;
	enum close_reason reason;
	struct price limit_price;
	struct price take_profit;	/* the last row's target now; 0 none */
	struct price stop_loss;		/* where the stop rests or will rest */
	struct price entry_base;	/* exit rules count from it; 0: an order older than they */
	struct price profit_target;	/* of profit_target_pct or the strategy; 0 none */
	struct price initial_stop;
	struct price best;		/* best trade since the entry, when the stop trailed last */
	struct price stop_wanted;	/* that stop_loss will be moved to; 0 none */
	enum stop_owner stop_by;
	int64_t stop_moved_us;		/* 0 never */
	int64_t stop_move_us;		/* least time between two moves */
	struct exit_rules rules;
	struct qty quantity;		/* base asked for, by all entries */
	struct qty first_quantity;	/* by the first */
	int entries;			/* made; 0 counts as 1 */
	int64_t added_us;		/* when the newest further entry was made, 0 none */
	struct qty leaving;		/* base to be sold at market while the rest stays */
	struct qty filled, exited;	/* base of entry and exit fills */
	struct qty base_fees;		/* base paid as fees */
	struct qty dust_taken;		/* base that earlier trades had left, sold with this one */
	struct qty dust;		/* base left when closed */
	struct money dust_taken_cost, dust_cost;	/* quote, what they had cost */
	struct money entry_notional, exit_notional;	/* quote */
	struct money quote_fees;	/* quote paid as fees */
	struct money base_fees_value;	/* base fees at their fill price, quote */
	struct money funding;		/* quote paid for holding (futures); negative: received */
	struct money bad_debt;		/* quote, loss beyond the account, borne by the market */
	struct money gross, pnl;	/* set when closed */
	double confidence;
	char strategy[STRATEGY_NAME_MAX];
	char tag[INTENT_TAG_MAX];	/* the strategy's own, "" none */
	int64_t model_id, config_version;
	int64_t holding_us, maker_timeout_us;	/* from the config of the decision */
	char correlation_id[CORRELATION_ID_MAX];
	int64_t created_us, opened_us, closed_us;	/* 0 not yet */
	int64_t updated_us;		/* of the newest report */
	char close_correlation_id[CORRELATION_ID_MAX];	/* of the command that closes it */
	int64_t stop_crossed_us;	/* when the market passed the stop, 0 not */
	int64_t retry_us;		/* next try of a close that failed, 0 none */
	int retries;
	int64_t uncovered_us;		/* total time in which a part had no stop at the venue */
	int64_t uncovered_from_us;	/* since when there is such a part, 0: none */
	int leg_count[LEG_KINDS];	/* legs of each kind ever planned */
	bool reported;			/* its row is in the effects of this step already */
	/* Not stored: what has been seen since the start. */
	struct price seen;		/* best trade, while a stop trails; 0: order.best */
	/* Since when a stop could rest for a part that has none; 0: all have one. */
	int64_t coverable_from_us;
	int64_t exits_us;		/* time that take_profit was computed for; 0: not yet */
	size_t legs_n;			/* live ones and the newest done ones */
	struct leg legs[ORDER_LEGS_MAX];
};

/* An order without its legs: what a copy for the database needs. */
#define ORDER_HEAD_SIZE offsetof(struct order, leg_count)

/* Names as they stand in the database; pinned by a test. */
const char *order_status_name(enum order_status s);
const char *order_phase_name(enum order_phase p);
const char *close_reason_name(enum close_reason r);
const char *stop_owner_name(enum stop_owner w);
MUST_CHECK int order_status_parse(const char *name, enum order_status *out);
MUST_CHECK int order_phase_parse(const char *name, enum order_phase *out);
MUST_CHECK int close_reason_parse(const char *name, enum close_reason *out);
MUST_CHECK int stop_owner_parse(const char *name, enum stop_owner *out);

/* Where a change leads. ERR_CONFLICT: no arrow. */
MUST_CHECK int order_next(enum order_phase from, enum order_change change, enum order_phase *to);
/*
 * The only way to another phase. from: the phase that the caller knows it to be in. False:
 * there is no arrow, nothing has changed. why: for its history, "" none.
 */
bool order_move(const struct step *s, struct order *o, enum order_phase from,
		enum order_change change, const char *why);
/* It is new: its first row, and the first of its history. */
void order_begins(const struct step *s, struct order *o);
/* Its row must be written at the end of the step. */
void order_changed(const struct step *s, struct order *o);

/* Base asset held now: filled + dust taken - base fees - exited. */
struct qty order_position(const struct order *o);
/* What q of its coins cost to buy, quote asset. */
struct money order_cost(const struct order *o, struct qty q);
/* All that it cost to trade and to hold: fees and funding, quote asset. */
struct money order_costs(const struct order *o);
/* Average fill price of the entry and of the exits; 0 before the first. */
struct price order_entry_price(const struct order *o);
struct price order_exit_price(const struct order *o);
/* Gain of the open position at a price, before the exit's fees, quote asset. */
struct money order_unrealized(const struct order *o, struct price last);
/* It enters or holds: it is neither closing, nor a remainder, nor over. */
bool order_open(const struct order *o);
/* When its maker or holding timeout ends it; 0 none is running. */
int64_t order_expires_us(const struct order *o);
struct leg *order_leg(struct order *o, const char *client_order_id);	/* NULL: none */

#endif
