/*
 * account.h - what a bot has at its venue, as the venue last told it.
 *
 * A bot trades an account of its own: on paper the simulation's, elsewhere its ledger over
 * an account that it may share. The venue tells each change through its sink; what an open
 * position is worth moves with the price and is computed here.
 */
#ifndef WORKER_ACCOUNT_ACCOUNT_H
#define WORKER_ACCOUNT_ACCOUNT_H

#include "common/err.h"
#include "common/fees.h"
#include "common/money.h"

#include <stdbool.h>
#include <stdint.h>

struct account {
	int64_t bot_id;
	bool known;			/* false: the venue has not told it */
	bool futures;
	struct fees fees;		/* that it pays on its market */
	struct money free;		/* quote that no order and no margin holds */
	struct money balance;		/* quote, also what is held; futures: without open gains */
	struct qty base;		/* spot: base, also what is held; futures: signed */
	/* Futures: quote that opening the position gave (short) or took (long: negative). */
	struct money open;
};

struct account_value {			/* at a price; quote asset */
	struct money free;		/* that a new order may use: open losses count against it */
	struct money balance;
	struct money equity;		/* with what is open at the price; never below 0 */
	struct qty base;
};

/*
 * ERR_NOT_FOUND: no account of this bot is known. ERR_UNAVAILABLE: last is 0 and something is
 * held, so nobody can say what it is worth.
 */
MUST_CHECK int account_value(const struct account *a, struct price last,
			     struct account_value *out, struct err *e);

/* Quote of a quantity at a price; the most there is where it does not fit. */
struct money account_notional(struct price p, struct qty q, enum rounding r);

#endif
