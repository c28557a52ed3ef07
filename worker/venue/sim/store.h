/*
 * store.h - the persistent state of the simulation venue, as flat rows.
 *
 * The venue reports every persistent change through struct sim_store as it happens. The worker
 * writes these rows in the same transaction as its own, so that venue and worker never disagree
 * after a crash. A restarted venue takes the rows back (sim_*_restore in sim.h) and continues as
 * if nothing had happened. The columns are those of sim_accounts, sim_ledger, sim_balances,
 * sim_orders and counters in schema/.
 */
#ifndef WORKER_VENUE_SIM_STORE_H
#define WORKER_VENUE_SIM_STORE_H

#include "common/money.h"
#include "worker/market/market.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_ASSET_MAX 12	/* with NUL, as in struct symbol_info */

/* Accounts of the books; see ledger.h for what each holds. */
enum ledger_account {
	LEDGER_CAPITAL, LEDGER_FREE, LEDGER_RESERVED, LEDGER_MARGIN, LEDGER_FEES, LEDGER_MARKET,
	LEDGER_FUNDING, LEDGER_PNL
};
#define LEDGER_ACCOUNTS 8

enum ledger_kind {
	LEDGER_DEPOSIT, LEDGER_RESERVE, LEDGER_RELEASE, LEDGER_FILL, LEDGER_FEE,
	LEDGER_FUNDING_PAID, LEDGER_LIQUIDATION, LEDGER_RESET
};

enum sim_stage {
	SIM_TRAVELLING,		/* an order on its way to the venue */
	SIM_RESTING,		/* an order in the book, or a stop that waits */
	SIM_CANCELLING		/* not an order: a cancel on its way, see struct sim_order */
};

struct sim_account {
	int64_t bot_id;
	bool futures;			/* column kind: spot or futures */
	char symbol[SYMBOL_MAX];	/* with the kind its market; "" of older rows */
	char base_asset[SIM_ASSET_MAX], quote_asset[SIM_ASSET_MAX];
	struct money initial_capital;	/* quote asset */
	int64_t leverage_e8;		/* times, 1e-8; RATE_ONE on spot */
	int64_t epoch;			/* grows with each reset, from 1 */
	struct qty position;		/* futures: signed base amount */
	struct price entry_price;	/* futures: average of the open position, 0 when flat */
	int64_t next_funding_us;	/* UTC; 0 when flat */
	int64_t created_us, updated_us;	/* UTC */
};

struct sim_ledger_row {			/* the row's id is the order of arrival */
	int64_t entry_id;		/* rows of one entry share it; they sum to zero per asset */
	int64_t bot_id, epoch;
	enum ledger_account account;
	char asset[SIM_ASSET_MAX];
	int64_t amount_e8;		/* in asset, signed */
	enum ledger_kind kind;
	char client_order_id[CLIENT_ORDER_ID_MAX];
	int64_t at_us;			/* UTC */
};

struct sim_balance {
	int64_t bot_id, epoch;
	enum ledger_account account;
	char asset[SIM_ASSET_MAX];
	int64_t amount_e8;		/* in asset, signed */
};

/*
 * One request or order. A travelling cancel is a row of its own (stage SIM_CANCELLING); its id
 * is SIM_CANCEL_PREFIX and the id of the order. The order keeps its own row and can still fill
 * until the cancel arrives.
 */
#define SIM_CANCEL_PREFIX "cancel:"
struct sim_order {
	char client_order_id[CLIENT_ORDER_ID_MAX];
	char list_id[CLIENT_ORDER_ID_MAX];	/* "" it is in no list */
	int64_t seq;			/* order of sending */
	int64_t bot_id;
	char symbol[SYMBOL_MAX];
	enum side side;
	enum leg_type type;
	enum tif tif;
	bool reduce_only;
	struct price price, stop_price;	/* 0 where the type has none */
	struct price trigger_price;	/* of the trade that set off its stop, 0 not yet */
	struct qty quantity, filled;
	struct qty queue_ahead;		/* base that trades at our price before we do */
	int64_t reserved_e8;		/* set aside, in reserved_asset; of a list by its target */
	char reserved_asset[SIM_ASSET_MAX];	/* "" before arrival */
	enum sim_stage stage;
	int64_t due_us;			/* UTC of its arrival; 0: of an older version */
	int64_t exchange_id;		/* given on arrival, 0 before */
};

/* NULL members are skipped. Rows are borrowed for the call. */
struct sim_store {
	void *ctx;
	void (*account)(void *ctx, const struct sim_account *row);	/* new or changed */
	void (*ledger)(void *ctx, const struct sim_ledger_row *row);	/* append */
	void (*balance)(void *ctx, const struct sim_balance *row);	/* new or changed */
	void (*order)(void *ctx, const struct sim_order *row);		/* new or changed */
	void (*order_gone)(void *ctx, const char *client_order_id);	/* delete */
	void (*counter)(void *ctx, const char *name, int64_t next);	/* see sim.h */
};

/* Names as they stand in the database; pinned by a test. */
const char *ledger_account_name(enum ledger_account a);
const char *ledger_kind_name(enum ledger_kind k);
const char *sim_stage_name(enum sim_stage s);
/* 0, or ERR_INVALID for a name that is none. */
MUST_CHECK int ledger_account_parse(const char *name, enum ledger_account *out);
MUST_CHECK int sim_stage_parse(const char *name, enum sim_stage *out);

#endif
