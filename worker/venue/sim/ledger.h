/*
 * ledger.h - double-entry books of one paper account, and the only way to change them.
 *
 * An entry is a set of amounts, one per account and asset, that sum to zero per asset.
 * ledger_commit ASSERTs this, and that free, reserved and margin are never below zero. The
 * accounts hold, seen from the bot:
 *
 *	capital   minus what was deposited
 *	free      what a new order may use
 *	reserved  set aside for resting orders
 *	margin    futures: set aside for the open position
 *	fees      paid
 *	funding   paid (negative: received)
 *	market    the counterparty: what it got from us, less what it gave
 *	pnl       futures: the open position; base asset = its signed amount, quote
 *	          asset = minus its cost. Valued at the last price the two are the
 *	          unrealized profit; when flat both are 0
 */
#ifndef WORKER_VENUE_SIM_LEDGER_H
#define WORKER_VENUE_SIM_LEDGER_H

#include "worker/venue/sim/store.h"

enum ledger_asset { LEDGER_BASE, LEDGER_QUOTE };
#define LEDGER_ASSETS 2

struct ledger_book {			/* balances of one account in one epoch */
	int64_t bot_id, epoch;
	char asset[LEDGER_ASSETS][SIM_ASSET_MAX];
	int64_t balance_e8[LEDGER_ASSETS][LEDGER_ACCOUNTS];
};

struct ledger_entry {			/* one booking in the making */
	enum ledger_kind kind;
	const char *client_order_id;	/* borrowed until the commit; "" when none */
	int64_t at_us;			/* UTC */
	int64_t amount_e8[LEDGER_ASSETS][LEDGER_ACCOUNTS];
};

struct ledger {				/* hands out entry numbers and reports rows */
	const struct sim_store *store;	/* borrowed */
	int64_t next_entry;
};

/* An empty book. Base and quote must differ. */
void ledger_book_init(struct ledger_book *b, int64_t bot_id, int64_t epoch, const char *base,
		      const char *quote);

void ledger_begin(struct ledger_entry *en, enum ledger_kind kind, const char *client_order_id,
		  int64_t at_us);
/* Adds a signed amount to one account. */
void ledger_add(struct ledger_entry *en, enum ledger_asset asset, enum ledger_account account,
		int64_t amount_e8);
/* Moves amount_e8 from one account to another; a negative amount goes the other way. */
void ledger_move(struct ledger_entry *en, enum ledger_asset asset, enum ledger_account from,
		 enum ledger_account to, int64_t amount_e8);
/*
 * Books the entry and reports its rows (base before quote, accounts in the order of the enum,
 * without zero amounts), then the changed balances. An entry without amounts does nothing and
 * uses no number.
 */
void ledger_commit(struct ledger *l, struct ledger_book *b, const struct ledger_entry *en);

/* Sum of one asset over all accounts: 0 unless rows were lost. */
int64_t ledger_sum(const struct ledger_book *b, enum ledger_asset asset);

#endif
