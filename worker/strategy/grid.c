/*
 * Strategy "grid": a limit entry on each of the nearest rungs of a ladder, each with its
 * target on the next rung.
 *
 *	rung k + 1  ---- target of the position from rung k
 *	                 price
 *	rung k      ---- entry (a long buys below the price, a short sells above it)
 *	rung k - 1  ---- entry
 *
 * Rung k lies at (1 + spacing)^k in the quote asset, for any whole number k. So the ladder never
 * moves, and a restart finds the same rungs. A rung that has an entry or a position (known by
 * its tag, "rung 2206") gets no second one. A rung whose position reached its target gets its
 * next entry at once, because the price may come back several times before the next candle of
 * a long interval closes.
 *
 * The power is computed by squaring in a fixed order, because the last bit of the C library's
 * pow() differs between versions.
 */
#include "worker/strategy/strategy.h"

#include "common/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG "rung "			/* a rung's number follows */

enum { F_CLOSE, F_NEAREST, F_TAKEN };	/* figures: price, nearest rung's price, rungs in use */

static double power(double base, int64_t k)
{
	double result = 1, square = base;

	for (uint64_t n = (uint64_t)(k < 0 ? -k : k); n; n >>= 1) {
		if (n & 1)
			result *= square;
		square *= square;
	}
	return k < 0 ? 1 / result : result;
}

/* The highest rung below a price. The logarithm gives a first guess, the power decides. */
static int64_t rung_below(double price, double base)
{
	int64_t k = (int64_t)floor(log(price) / log(base));

	while (power(base, k) >= price)
		k--;
	while (power(base, k + 1) < price)
		k++;
	return k;
}

/* The lowest rung above a price. */
static int64_t rung_above(double price, double base)
{
	int64_t k = rung_below(price, base) + 1;

	return power(base, k) > price ? k : k + 1;
}

static void rung_tag(int64_t k, char tag[INTENT_TAG_MAX])
{
	snprintf(tag, INTENT_TAG_MAX, TAG "%lld", (long long)k);
}

static bool taken(const struct strategy_input *in, const char *tag)
{
	for (size_t i = 0; i < in->positions_n; i++)
		if (strcmp(in->positions[i].tag, tag) == 0)
			return true;
	return false;
}

/* Adds an entry on rung k with its target on the next. False: struct price can't hold them. */
static bool enter(struct decision *out, enum side side, double base, int64_t k, const char *tag)
{
	int64_t next = side == SIDE_BUY ? k + 1 : k - 1;
	struct price limit, target;
	struct intent *i;

	if (price_from_real(power(base, k), &limit) ||
	    price_from_real(power(base, next), &target) ||
	    price_sign(limit) <= 0 || price_sign(target) <= 0)
		return false;
	i = decision_add(out, INTENT_ENTER, side);
	i->confidence = 1;
	i->limit = limit;
	i->target = target;
	snprintf(i->tag, sizeof(i->tag), "%s", tag);
	return true;
}

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	double close = in->window->close[in->window->begin + in->window->n - 1];
	double base = 1 + in->params[GRID_SPACING];
	int64_t rungs = (int64_t)in->params[GRID_RUNGS], first;
	bool sell = strcmp(in->config->side_mode, "short") == 0;

	(void)state;
	(void)e;
	out->side = sell ? SIDE_SELL : SIDE_BUY;
	out->figures[F_CLOSE] = close;
	first = sell ? rung_above(close, base) : rung_below(close, base);
	out->figures[F_NEAREST] = power(base, first);
	for (int64_t i = 0; i < rungs; i++) {
		int64_t k = sell ? first + i : first - i;
		char tag[INTENT_TAG_MAX];

		rung_tag(k, tag);
		if (taken(in, tag))
			out->figures[F_TAKEN]++;
		else if (!enter(out, out->side, base, k, tag))
			break;
	}
	out->rule = out->n ? "entry" : "rungs_taken";
	out->confidence = out->n ? 1 : 0;
	return 0;
}

/* Reads the rung's number from a tag. False: it is not one of ours. */
static bool rung_of(const char *tag, int64_t *k)
{
	return strncmp(tag, TAG, strlen(TAG)) == 0 &&
	       number_int(tag + strlen(TAG), INT32_MIN, INT32_MAX, k);
}

/* No entry after a loss: the price is beyond the rung, so the order would not rest there. */
static int on_fill(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		   struct decision *out, struct err *e)
{
	double base = 1 + in->params[GRID_SPACING], price = price_double(f->price);
	enum side side = f->side == SIDE_SELL ? SIDE_BUY : SIDE_SELL;	/* of the position */
	int64_t k;

	(void)state;
	(void)e;
	if (f->entry || !f->closed || !rung_of(f->tag, &k) ||
	    !strategy_side_allowed(in->config, side) ||
	    (side == SIDE_BUY ? price <= power(base, k) : price >= power(base, k)))
		return 0;
	out->figures[F_CLOSE] = price;
	out->figures[F_NEAREST] = power(base, k);
	out->figures[F_TAKEN] = (double)in->positions_n;
	out->side = side;
	if (enter(out, side, base, k, f->tag)) {
		out->rule = "entry";
		out->confidence = 1;
	}
	return 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	snprintf(reason, DECISION_REASON_MAX, "price %.8g, nearest rung %.8g, %.0f of %.0f rungs "
		 "in use", d->figures[F_CLOSE], d->figures[F_NEAREST], d->figures[F_TAKEN],
		 in->params[GRID_RUNGS]);
}

const struct strategy strategy_grid = {
	.spec = &strategy_spec_grid,
	.on_candle = on_candle,
	.on_fill = on_fill,
	.explain = explain,
};
