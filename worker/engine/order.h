/*
 * order.h - a trade's life (struct order) and what is sent to a venue for it (struct leg).
 *
 *	pending --first fill--> active --position gone--> closed
 *	   `----------- nothing filled: timeout, reject ----^
 *
 * A trade that holds too little to be sold by itself is a remainder: it stays active, and
 * the worker watches its stop, until its coins go with the bot's next trade or exit. It is
 * no obstacle to anything: nothing waits for it, and no limit counts it.
 *
 * An order has legs: e the entry, t take profit (on spot with its stop: OCO),
 * s a resting stop, c a close at market. Rows are flat, so they can be copied.
 */
#ifndef WORKER_ENGINE_ORDER_H
#define WORKER_ENGINE_ORDER_H

#include "common/crypto.h"
#include "common/money.h"
#include "common/registry/bot_config.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_LEGS_MAX 24
#define LEG_KINDS 4
#define ENDED_LEGS 64		/* legs of closed orders that a bot remembers */

enum order_status { ORDER_PENDING, ORDER_ACTIVE, ORDER_CLOSED };
enum order_phase {
	PHASE_ENTERING, PHASE_HOLDING, PHASE_CLOSING, PHASE_DONE,
	PHASE_REMAINDER		/* holds too little to be sold by itself */
};

enum close_reason {
	CLOSE_NONE, CLOSE_TAKE_PROFIT, CLOSE_STOP_LOSS, CLOSE_HOLDING_TIME, CLOSE_MAKER_TIMEOUT,
	CLOSE_ENTRY_REJECTED, CLOSE_ENTRY_CANCELLED, CLOSE_MANUAL, CLOSE_STOP_COMMAND,
	CLOSE_EMERGENCY, CLOSE_LIQUIDATION, CLOSE_RESET,
	CLOSE_REMAINDER		/* too little to be sold by itself: sold later, or with another */
};

enum leg_kind { LEG_ENTRY = 'e', LEG_TAKE_PROFIT = 't', LEG_STOP = 's', LEG_CLOSE = 'c' };
enum leg_state {
	LEG_PLANNED, LEG_NEW, LEG_PARTIALLY_FILLED, LEG_FILLED, LEG_CANCELLED, LEG_REJECTED,
	LEG_EXPIRED, LEG_UNKNOWN
};

struct leg {
	char client_order_id[CLIENT_ORDER_ID_MAX];	/* tb1-<bot>-<order>-<leg>-<n> */
	int64_t id;			/* row number, given by the engine, never reused */
	enum leg_kind kind;
	int n;				/* count of this kind, from 1 */
	enum side side;
	enum leg_type type;
	bool reduce_only;
	struct price price;		/* 0 at market */
	struct price stop_price;	/* STOP_MARKET, OCO; else 0 */
	struct qty quantity, filled;
	enum leg_state state;
	bool cancel_requested;
	bool stop_triggered;		/* OCO: its stop fills it, not its target; not stored */
	char exchange_id[32];
	char reject_reason[96];
	char correlation_id[CORRELATION_ID_MAX];
	int64_t requested_us, acked_us, done_us;	/* ours, UTC; 0 not yet */
	/* Not stored: a start asks about every live leg at once. */
	int64_t ask_us;			/* when the venue is asked about it; 0: no answer is due */
	int64_t unknown_us;		/* since when the venue does not say; 0 it does */
	int asks;			/* since its answer was due */
	bool alarmed;			/* that it has been unknown for long was said */
};

struct ended_leg {			/* of a closed order: a late fill is looked up here */
	char client_order_id[CLIENT_ORDER_ID_MAX];
	struct qty filled;
};

struct order {
	int64_t id;			/* row number, over all bots */
	int64_t bot_id;
	char symbol[SYMBOL_MAX];
	enum side side;			/* of the entry: BUY long, SELL short */
	enum order_status status;
	enum order_phase phase;
	enum close_reason reason;
	struct price limit_price, take_profit, stop_loss;
	struct qty quantity;		/* base asked for */
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
	int64_t model_id, config_version;
	int64_t holding_us, maker_timeout_us;	/* from the config of the decision */
	char correlation_id[CORRELATION_ID_MAX];
	int64_t created_us, opened_us, closed_us;	/* 0 not yet */
	int64_t updated_us;		/* of the newest report */
	char close_correlation_id[CORRELATION_ID_MAX];	/* of the command that closes it */
	int64_t stop_crossed_us;	/* when the market passed the stop, 0 not */
	int64_t retry_us;		/* next try of a close that failed, 0 none */
	int retries;
	int64_t uncovered_us;		/* us that it held something without a stop at the venue */
	int64_t uncovered_from_us;	/* since when it does, 0 all is covered */
	int leg_count[LEG_KINDS];	/* legs of each kind ever planned */
	size_t legs_n;			/* live ones and the newest done ones */
	struct leg legs[ORDER_LEGS_MAX];
};

/* An order without its legs: what a copy for the database needs. */
#define ORDER_HEAD_SIZE offsetof(struct order, leg_count)

/* Names as they stand in the database; pinned by a test. */
const char *order_status_name(enum order_status s);
const char *order_phase_name(enum order_phase p);
const char *close_reason_name(enum close_reason r);
const char *leg_state_name(enum leg_state s);
MUST_CHECK int order_status_parse(const char *name, enum order_status *out);
MUST_CHECK int order_phase_parse(const char *name, enum order_phase *out);
MUST_CHECK int close_reason_parse(const char *name, enum close_reason *out);
MUST_CHECK int leg_state_parse(const char *name, enum leg_state *out);

bool leg_done(const struct leg *l);	/* filled, cancelled, rejected, expired */
int leg_kind_index(enum leg_kind k);	/* 0..LEG_KINDS-1, for leg_count */

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
/* When its maker or holding timeout ends it; 0 none is running. */
int64_t order_expires_us(const struct order *o);
struct leg *order_leg(struct order *o, const char *client_order_id);	/* NULL: none */

#endif
