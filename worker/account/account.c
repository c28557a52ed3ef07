#include "worker/account/account.h"

#define MOST_E8 (INT64_MAX / 8)

struct money account_notional(struct price p, struct qty q, enum rounding r)
{
	struct money m;

	return money_notional(p, q, r, &m) ? money_of_units(MOST_E8) : m;
}

/* Gain of the open position, negative: loss. Rounded against the account. */
static int64_t open_gain_e8(const struct account *a, struct price last)
{
	bool is_long = qty_sign(a->base) > 0;
	struct qty size = is_long ? a->base : qty_neg(a->base);
	int64_t worth = money_units(account_notional(last, size,
						     is_long ? ROUND_DOWN : ROUND_UP));

	return money_units(a->open) + (is_long ? worth : -worth);
}

static int64_t free_e8(const struct account *a, struct price last)
{
	int64_t have = money_units(a->free), open;

	if (!a->futures || qty_sign(a->base) == 0 || price_sign(last) == 0)
		return have;
	open = open_gain_e8(a, last);
	have += open < 0 ? open : 0;
	return have > 0 ? have : 0;
}

int account_value(const struct account *a, struct price last, struct account_value *out,
		  struct err *e)
{
	int64_t equity;

	if (!a->known)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no account yet",
			       (long long)a->bot_id);
	if (price_sign(last) == 0 && qty_sign(a->base) != 0)
		return err_set(e, ERR_UNAVAILABLE,
			       "no price yet to value what bot %lld holds", (long long)a->bot_id);
	equity = money_units(a->balance) +
		 (a->futures ? open_gain_e8(a, last) :
		  money_units(account_notional(last, a->base, ROUND_DOWN)));
	*out = (struct account_value){
		.free = money_of_units(free_e8(a, last)), .balance = a->balance,
		.equity = money_of_units(equity > 0 ? equity : 0), /* the market bears the rest */
		.base = a->base,
	};
	return 0;
}
