/*
 * exits.h - what ends a position: a table made from the rules of its bot. Pure.
 *
 *	row		leaves at				quantity
 *	partial 1..n	its fraction over the entry price	its share of the whole position
 *	last		profit target or minimal_roi, the	what is left
 *			nearer; 0: no target
 *
 * One stop protects all rows. trailing_stop and the strategy move it, towards the price only.
 * Fractions count from order.entry_base: the entry's limit, or the average fill price once an
 * entry is over and the bot has rules that need it (order_rebase).
 *
 * What was sold so far counts for the first rows, no matter why it was sold. So the table
 * follows from the order alone, and no list of finished rows is stored: the table is right
 * after a restart, after a part that a strategy sold, and after a further entry.
 */
#ifndef WORKER_ENGINE_EXITS_H
#define WORKER_ENGINE_EXITS_H

#include "worker/trade/order.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXIT_ROWS_MAX (PARTIAL_TARGETS_MAX + 1)

struct exit_row {
	struct price target;		/* 0: none, the stop alone ends it */
	struct qty quantity;		/* base, whole steps, more than 0 */
};
struct exit_table {
	size_t n;
	struct exit_row rows[EXIT_ROWS_MAX];	/* nearest target first */
};

/*
 * The rows for what is held and not leaving already. A row that the venue would not take by
 * itself at the stop's price (minimum quantity, on spot minimum notional) is joined with the
 * next one, the last with the one before.
 */
void exits_table(const struct symbol_info *info, const struct order *o, struct exit_table *out);

/* Any rule beside one fixed target, one fixed stop and the holding time? */
bool exit_rules_used(const struct exit_rules *r);

/* May the orders that rest for it be replaced while it is open? */
bool exits_replaced(const struct order *o);

/*
 * The last row's target at a time: the nearer of order.profit_target and the tier of
 * minimal_roi that the position's age has reached; 0: none. A tier's ratio is net of both
 * fees. For a long:
 *
 *	futures	1 + ratio = exit (1 - fee) / (entry (1 + fee))
 *	spot	1 + ratio = exit (1 - fee) (1 - fee) / entry
 *
 * They differ because a spot entry pays its fee in coins. (freqtrade uses the first for both;
 * its targets on spot are lower by the square of the fee.)
 */
struct price exits_target(const struct symbol_info *info, const struct order *o, int64_t now_us);
/* When the next tier begins after a time; INT64_MAX none. */
int64_t exits_next_tier(const struct order *o, int64_t after_us);
/*
 * Computes the trailing stop from the best price since the entry. False: it does not trail
 * (yet). The distance has the meaning of freqtrade's four keys: stop_loss_pct from the best
 * price, or trailing_stop_positive once the gain has reached the offset.
 */
bool exits_trail(const struct symbol_info *info, const struct order *o, struct price best,
		 struct price *stop);
/* The average target of a new position's rows, weighted by share; 0: a row has none. */
struct price exits_average_target(const struct symbol_info *info, const struct order *o);

/* Is a the better price for an exit of this order (higher for a long)? */
bool exits_better(const struct order *o, struct price a, struct price b);
/* The stop that counts: the resting one, or the nearer one that it will be moved to. */
struct price exits_stop(const struct order *o);
/* The best price since the entry, as far as we know it; kept while a stop trails. */
struct price exits_seen(const struct order *o);
/* A fraction of the entry price away, in the direction of a gain, on the grid. 0: no price. */
struct price exits_at(const struct symbol_info *info, const struct order *o, double fraction);

#endif
