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
 * entry is over and the bot has rules that need it (order_entered).
 *
 * What has left counts against the first rows, whatever made it leave. So the table follows
 * from the order alone: a restart, a part that a strategy sold, and a further entry need no
 * notes about which row is done.
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
 * itself at the stop's price (least quantity, on spot least notional) goes with the next one,
 * the last with the one before.
 */
void exits_table(const struct symbol_info *info, const struct order *o, struct exit_table *out);

/* Any rule beside one fixed target, one fixed stop and the holding time? */
bool exit_rules_used(const struct exit_rules *r);

/* Does what rests for it get replaced while it is open? */
bool exits_replaced(const struct order *o);

/*
 * The last row's target at a time: the nearer of order.profit_target and the tier of
 * minimal_roi that the position's age has reached; 0: none. A tier's ratio is net of both
 * fees as they are paid: long, futures (1 + ratio) = exit (1 - fee) / (entry (1 + fee)); spot,
 * whose entry pays in coins, exit (1 - fee) (1 - fee) / entry. (freqtrade counts spot as the
 * former, which is less by the square of the fee.)
 */
struct price exits_target(const struct symbol_info *info, const struct order *o, int64_t now_us);
/* When the next tier begins after a time; INT64_MAX none. */
int64_t exits_next_tier(const struct order *o, int64_t after_us);
/*
 * Where the trailing stop belongs while "best" is the best price since the entry; false: it
 * does not trail (yet). Distances as freqtrade's four keys mean them: stop_loss_pct from the
 * best price, trailing_stop_positive instead once the gain is over the offset.
 */
bool exits_trail(const struct symbol_info *info, const struct order *o, struct price best,
		 struct price *stop);
/* The average target of a new position's rows by their share; 0: one has none. */
struct price exits_average_target(const struct symbol_info *info, const struct order *o);

/* Is a the better price for an exit of this order (higher for a long)? */
bool exits_better(const struct order *o, struct price a, struct price b);
/* The stop that counts: the resting one, or a nearer one that it has still to be moved to. */
struct price exits_stop(const struct order *o);
/* A fraction of the entry price away, in the direction of a gain, on the grid. 0: no price. */
struct price exits_at(const struct symbol_info *info, const struct order *o, double fraction);

#endif
