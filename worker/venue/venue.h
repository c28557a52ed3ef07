/*
 * venue.h - a place that takes orders: the simulation now, Binance later.
 *
 * Calls go in through struct venue. Results come back through the sink as struct venue_update,
 * in order, and never from inside place(), cancel() or ask(), so that the engine is not
 * re-entered. A venue may send an update late or twice; the engine books each
 * (symbol, trade_id) once.
 *
 * Commit before send: place() only takes the request. The simulation starts it at once, because
 * its state is committed together with ours. A real venue sends it in flush(), which the worker
 * calls after its transaction.
 */
#ifndef WORKER_VENUE_VENUE_H
#define WORKER_VENUE_VENUE_H

#include "common/err.h"
#include "worker/account/account.h"
#include "worker/market/market.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stdint.h>

struct venue_order {		/* one order to send */
	char client_order_id[CLIENT_ORDER_ID_MAX];
	char list_id[CLIENT_ORDER_ID_MAX];	/* of its list, "" it is in none: see place() */
	int64_t bot_id;		/* whose account */
	char symbol[SYMBOL_MAX];
	enum side side;
	enum leg_type type;
	enum tif tif;		/* of TYPE_LIMIT; else TIF_GTC */
	bool reduce_only;
	struct price price;	/* limit; 0 at market */
	struct price stop_price;	/* trigger of STOP_MARKET */
	struct qty quantity;
};

enum venue_update_kind {
	UPDATE_SENT,		/* the request left; only where caps.sends_in_flush */
	UPDATE_ACCEPTED,	/* resting or working */
	UPDATE_FILL,		/* one execution */
	UPDATE_CANCELLED,	/* gone by our request; fills came before */
	UPDATE_REJECTED,	/* never was; reason says why */
	UPDATE_EXPIRED,		/* ended by the venue: rest of a market order, other of a list */
	UPDATE_CANCEL_REJECTED,	/* the order was gone already (filled, unknown) */
	UPDATE_FUNDING		/* of no order: fee_e8 paid for the position, negative: received */
};

struct venue_update {
	enum venue_update_kind kind;
	char client_order_id[CLIENT_ORDER_ID_MAX];
	int64_t bot_id;
	char symbol[SYMBOL_MAX];
	char exchange_id[32];
	int64_t at_us;		/* our time, UTC */
	int64_t venue_us;	/* the venue's time, UTC; 0: it gave none */
	/* UPDATE_FILL; of UPDATE_FUNDING the fee */
	int64_t trade_id;
	struct price price;
	struct qty quantity;	/* of this execution */
	struct qty cumulative;	/* of the order so far, this included */
	int64_t fee_e8;		/* in fee_asset, 1e-8 */
	int64_t borne_e8; /* loss that the account couldn't pay and the market bore, quote, 1e-8 */
	char fee_asset[12];
	bool maker;
	/* UPDATE_REJECTED, _EXPIRED, _CANCEL_REJECTED */
	char reason[96];	/* "LOT_SIZE: quantity 0.00001 is under 0.0001" */
};

enum venue_question {
	ASK_ORDER,		/* what became of one order */
	ASK_TRADES,		/* the executions of one order */
	ASK_OPEN_ORDERS,	/* all open orders of a bot: those with client ids of ours */
	ASK_ACCOUNT		/* what it holds, its position included */
};

struct venue_query {
	enum venue_question kind;
	int64_t bot_id;
	char symbol[SYMBOL_MAX];
	char client_order_id[CLIENT_ORDER_ID_MAX];	/* ASK_ORDER, ASK_TRADES */
	int64_t asked_us;		/* our time, UTC */
};

struct venue_answer {
	struct venue_query query;
	int rc;			/* 0; ERR_NOT_FOUND: the venue never had it; else: no answer */
	char why[96];		/* of another rc than 0 */
	int64_t at_us;		/* our time, UTC */
	/*
	 * ASK_ORDER: one, the order's state (ACCEPTED, with an exchange_id when it has arrived,
	 * CANCELLED, REJECTED, EXPIRED, or FILL when it is filled) with what it filled so far
	 * (cumulative). ASK_OPEN_ORDERS: such a state of each. ASK_TRADES: each execution, as it
	 * was told or should have been, oldest first; a venue may know only the newest ones.
	 */
	size_t n;
	const struct venue_update *list;	/* borrowed for the call */
	struct account account;			/* ASK_ACCOUNT */
};

struct venue_sink {
	void *ctx;
	void (*update)(void *ctx, const struct venue_update *u);
	void (*answer)(void *ctx, const struct venue_answer *a);
	/*
	 * A bot's account changed; comes before the update that tells why. "known" false: what it
	 * has is not known any more.
	 */
	void (*account)(void *ctx, const struct account *a);
};

struct venue_account {		/* what a bot's account is to be */
	int64_t bot_id;
	int64_t account_id;		/* exchange_accounts.id; 0: paper */
	int market;			/* handle */
	struct money capital;		/* quote asset that a new one begins with */
	int64_t leverage_e8;		/* 1e-8 times; RATE_ONE on spot */
};

/*
 * What a venue can do. The engine reads it in struct step alone (effects.h): a strategy or a bot
 * never asks for a venue's name.
 */
struct venue_caps {
	bool resting_stop;	/* USD-M: takes STOP_MARKET, which rests beside the target */
	bool oco;		/* spot: takes target and stop as a list, and a stop alone */
	bool amend;		/* a resting order takes a smaller quantity and keeps its place */
	bool replace;		/* one request takes an order back and places another */
	bool hedge;		/* long and short of one symbol at the same time */
	bool trailing;		/* a resting stop that follows the price by itself */
	bool sends_in_flush;	/* place() only takes in: UPDATE_SENT tells when it is out */
};

struct venue_ops;
struct venue {			/* embed as the first member */
	const struct venue_ops *ops;
};

struct venue_ops {
	const char *name;	/* "sim", "binance", "binance_futures" */
	struct venue_caps caps;
	/*
	 * From now on what the bot asks for goes to this account; *caps says what can be done
	 * there, for the venue's life. Only for a bot without open orders, or one that comes up.
	 * ERR_NOT_FOUND: the venue does not trade the account.
	 */
	MUST_CHECK int (*bot_set)(struct venue *v, int64_t bot_id, int64_t account_id,
				  const struct venue_caps **caps, struct err *e);
	/*
	 * The orders of one request: one, or the two of a list (spot OCO), which share bot, symbol,
	 * side, quantity and list id: a LIMIT_MAKER and a STOP_MARKET. A list is accepted or
	 * refused as a whole, and its coins are locked once. The first fill of one order, also of a
	 * part, ends the other: UPDATE_EXPIRED, reason OCO_TRIGGER. A cancel of one is a cancel of
	 * both. Each order has updates of its own, in any order, also where one cause ends both.
	 */
	MUST_CHECK int (*place)(struct venue *v, const struct venue_order *orders, size_t n,
				int64_t now_us, struct err *e);
	MUST_CHECK int (*cancel)(struct venue *v, int64_t bot_id, const char *symbol,
				 const char *client_order_id, int64_t now_us, struct err *e);
	void (*flush)(struct venue *v);
	/* The venue's next own event (an order arrives, funding), INT64_MAX when none. */
	int64_t (*next_due)(const struct venue *v);
	/* Run own events that are due at or before now_us. */
	void (*advance)(struct venue *v, int64_t now_us);
	/*
	 * A market to trade on; the same source and name again is the same one, with new filters
	 * and fees. Returns its handle, valid for the venue's life; below 0: not traded here.
	 */
	int (*market_add)(struct venue *v, const struct symbol_info *info);
	/* The market moved (before the engine hears it). */
	void (*on_trade)(struct venue *v, int market, const struct trade *t, int64_t now_us);
	void (*on_book)(struct venue *v, int market, const struct book_top *b, int64_t now_us);
	/* Nothing changed, but the feed of its book is alive. */
	void (*on_time)(struct venue *v, int market, int64_t now_us);
	/* Its book is out of step (valid false) or in step again. */
	void (*on_book_valid)(struct venue *v, int market, bool valid, int64_t now_us);
	/*
	 * true: the market events from now on are from before now (a feed's history, what a replay
	 * played before its restart). They set the market's state, and nothing trades. false: they
	 * act. Requests and questions go on in either case.
	 */
	void (*warm)(struct venue *v, bool on);
	/*
	 * Could a market order of this bot and side trade now, as far as the venue knows? A venue
	 * that gets market data later than its orders must say true.
	 */
	bool (*tradable)(const struct venue *v, int64_t bot_id, int market, enum side side,
			 int64_t now_us);
	/*
	 * A bot's account as its settings want it: opened when there is none, on another market
	 * or leverage when that changed, and then only without open orders. What it is worth
	 * goes along: no move makes money. ERR_DENIED: only a reset can bring it there.
	 */
	MUST_CHECK int (*account_set)(struct venue *v, const struct venue_account *a,
				      int64_t now_us, struct err *e);
	/* It starts anew; what it has open is dropped. */
	MUST_CHECK int (*account_reset)(struct venue *v, const struct venue_account *a,
					int64_t now_us, struct err *e);
	/* After a restart: no time that it keeps may lie further ahead than a request takes. */
	void (*times_back)(struct venue *v, int64_t now_us);
	/*
	 * The answer comes through the sink, later, or never: whoever asks has a deadline. An
	 * error: the question could not even be taken in.
	 */
	MUST_CHECK int (*ask)(struct venue *v, const struct venue_query *q, int64_t now_us,
			      struct err *e);
	void (*free)(struct venue *v);
};

#endif
