#include "worker/trade/exits.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define SHARES_ALL (1 - 1e-9)		/* 1, for a sum of decimals in binary */

static bool is_long(const struct order *o) { return o->side == SIDE_BUY; }

bool exits_better(const struct order *o, struct price a, struct price b)
{
	int c = price_cmp(a, b);

	return is_long(o) ? c > 0 : c < 0;
}

struct price exits_stop(const struct order *o)
{
	bool moves = price_sign(o->stop_wanted) > 0 &&
		     exits_better(o, o->stop_wanted, o->stop_loss);

	return moves ? o->stop_wanted : o->stop_loss;
}

struct price exits_seen(const struct order *o)
{
	return price_sign(o->seen) > 0 ? o->seen : o->best;
}

bool exit_rules_used(const struct exit_rules *r)
{
	return r->roi.n || r->partial.n || r->trailing || r->adjustment.max_entries;
}

bool exits_replaced(const struct order *o)
{
	return exit_rules_used(&o->rules) || o->stop_by != STOP_INITIAL ||
	       qty_sign(o->leaving) > 0;
}

/*
 * A price times a factor, on the grid; 0 where there is no such price. In doubles, because a
 * factor rounded to 1e-8 can be wrong by a tick.
 */
static struct price scaled(const struct symbol_info *info, const struct order *o,
			   struct price from, double factor)
{
	struct price out;

	if (!(factor > 0) || price_from_real(price_double(from) * factor, &out))
		return (struct price){ 0 };
	out = price_to_tick(out, info->tick, is_long(o) ? ROUND_UP : ROUND_DOWN);
	return price_sign(out) > 0 ? out : (struct price){ 0 };
}

struct price exits_at(const struct symbol_info *info, const struct order *o, double fraction)
{
	return scaled(info, o, o->entry_base, is_long(o) ? 1 + fraction : 1 - fraction);
}

/* ---- targets ---- */

/*
 * What the entry costs per unit of base that can be sold again, as a factor of its price: a
 * fee in quote is added, a fee in coins (a spot purchase) leaves fewer of them.
 */
static double entry_factor(const struct symbol_info *info, const struct order *o)
{
	double fee = (double)o->rules.entry_fee_e8 / RATE_ONE;

	return is_long(o) ? info->futures ? 1 + fee : 1 / (1 - fee) : 1 - fee;
}

static struct price roi_target(const struct symbol_info *info, const struct order *o,
			       int64_t age_us)
{
	const struct exit_rules *r = &o->rules;
	double in = entry_factor(info, o), out = (double)r->exit_fee_e8 / RATE_ONE;
	size_t i = r->roi.n;

	while (i > 0 && r->roi.tiers[i - 1].minutes * MINUTE_US > age_us)
		i--;
	if (i == 0)
		return (struct price){ 0 };
	return scaled(info, o, o->entry_base, is_long(o) ?
		      (1 + r->roi.tiers[i - 1].ratio) * in / (1 - out) :
		      (1 - r->roi.tiers[i - 1].ratio) * in / (1 + out));
}

/* The nearer of two targets; 0 means none. */
static struct price nearer(const struct order *o, struct price a, struct price b)
{
	if (price_sign(a) <= 0 || price_sign(b) <= 0)
		return price_sign(a) > 0 ? a : b;
	return exits_better(o, a, b) ? b : a;
}

struct price exits_target(const struct symbol_info *info, const struct order *o, int64_t now_us)
{
	if (!o->rules.roi.n)
		return o->profit_target;
	return nearer(o, o->profit_target,
		      roi_target(info, o, o->opened_us ? now_us - o->opened_us : 0));
}

int64_t exits_next_tier(const struct order *o, int64_t after_us)
{
	const struct minimal_roi *r = &o->rules.roi;

	if (!o->opened_us)
		return INT64_MAX;
	for (size_t i = 0; i < r->n; i++)
		if (o->opened_us + r->tiers[i].minutes * MINUTE_US > after_us)
			return o->opened_us + r->tiers[i].minutes * MINUTE_US;
	return INT64_MAX;
}

/* ---- the stop ---- */

bool exits_trail(const struct symbol_info *info, const struct order *o, struct price best,
		 struct price *stop)
{
	const struct exit_rules *r = &o->rules;
	struct price offset = exits_at(info, o, r->trailing_offset);
	double distance = r->stop_loss;
	bool reached = !exits_better(o, offset, best);

	if (!r->trailing || price_sign(best) <= 0 || (r->trailing_only_offset && !reached))
		return false;
	if (r->trailing_positive > 0 && reached && exits_better(o, best, o->entry_base))
		distance = r->trailing_positive;
	*stop = scaled(info, o, best, is_long(o) ? 1 - distance : 1 + distance);
	return price_sign(*stop) > 0;
}

/* ---- rows ---- */

static bool takes(const struct symbol_info *info, const struct order *o, struct qty q)
{
	struct money worth;

	if (qty_cmp(q, info->min_qty) < 0)
		return false;
	return info->futures || (money_notional(o->stop_loss, q, ROUND_DOWN, &worth) == 0 &&
				 money_cmp(worth, info->min_notional) >= 0);
}

/* A share of the whole position, in whole steps. */
static struct qty boundary(const struct symbol_info *info, struct qty whole, double share)
{
	struct qty q = whole;
	int64_t rate;

	if (share < SHARES_ALL) {
		ASSERT(rate_from_double(share, &rate) == 0);
		ASSERT(qty_scale(whole, rate, ROUND_DOWN, &q) == 0);
	}
	return qty_to_step(q, info->step, ROUND_DOWN);
}

/* All rows, also those that have nothing left to sell. gone: sold so far, or leaving. */
static void all_rows(const struct symbol_info *info, const struct order *o, struct qty whole,
		     struct qty gone, struct exit_table *t)
{
	const struct partial_targets *p = &o->rules.partial;
	struct qty left = whole, upto;
	double share = 0;

	ASSERT(qty_sub(whole, gone, &left) == 0);
	left = qty_to_step(left, info->step, ROUND_DOWN);
	t->n = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct exit_row *r = &t->rows[t->n++];

		share += p->list[i].share;
		r->target = nearer(o, exits_at(info, o, p->list[i].at), o->take_profit);
		ASSERT(qty_sub(boundary(info, whole, share), gone, &upto) == 0);
		r->quantity = qty_min(qty_to_step(upto, info->step, ROUND_DOWN), left);
		if (qty_sign(r->quantity) <= 0) {
			r->quantity = (struct qty){ 0 };
			continue;
		}
		ASSERT(qty_add(gone, r->quantity, &gone) == 0);
		ASSERT(qty_sub(left, r->quantity, &left) == 0);
	}
	t->rows[t->n++] = (struct exit_row){ .target = o->take_profit, .quantity = left };
}

/* Joins row i with row k, at k's target. */
static void join(struct exit_table *t, size_t i, size_t k)
{
	ASSERT(qty_add(t->rows[k].quantity, t->rows[i].quantity, &t->rows[k].quantity) == 0);
	t->rows[i].quantity = (struct qty){ 0 };
}

static void drop_empty(struct exit_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (qty_sign(t->rows[i].quantity) > 0)
			t->rows[n++] = t->rows[i];
	t->n = n;
}

/*
 * A row that the venue would refuse as too small would never be sold, so it is joined with a
 * neighbour: from the first row to the last, so that several small rows add up.
 */
void exits_table(const struct symbol_info *info, const struct order *o, struct exit_table *out)
{
	struct qty whole, gone;

	ASSERT(qty_add(order_position(o), o->exited, &whole) == 0);
	ASSERT(qty_add(o->exited, o->leaving, &gone) == 0);
	all_rows(info, o, whole, gone, out);
	for (size_t i = 0; i + 1 < out->n; i++)
		if (price_cmp(out->rows[i].target, out->rows[i + 1].target) == 0 ||
		    !takes(info, o, out->rows[i].quantity))
			join(out, i, i + 1);
	drop_empty(out);
	if (out->n > 1 && !takes(info, o, out->rows[out->n - 1].quantity))
		join(out, out->n - 1, out->n - 2);
	drop_empty(out);
}

struct price exits_average_target(const struct symbol_info *info, const struct order *o)
{
	const struct partial_targets *p = &o->rules.partial;
	double share = 0, sum = 0, last = price_double(o->take_profit);
	struct price out;

	if (!p->n)
		return o->take_profit;
	for (size_t i = 0; i < p->n; i++) {
		share += p->list[i].share;
		sum += p->list[i].share * price_double(nearer(o, exits_at(info, o, p->list[i].at),
							      o->take_profit));
	}
	if (share < SHARES_ALL && last <= 0)
		return (struct price){ 0 };
	sum += (share < SHARES_ALL ? 1 - share : 0) * last;
	return price_from_real(sum, &out) ? o->take_profit : out;
}
