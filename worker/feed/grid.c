#include "worker/feed/grid.h"

static void note(struct grid_axis *a, int64_t v)
{
	if (a->different_n == GRID_ENOUGH)
		return;
	for (int i = 0; i < a->different_n; i++)
		if (a->different[i] == v)
			return;
	a->different[a->different_n++] = v;
}

static void count_zeros(struct grid_axis *a, int64_t v)
{
	int k = 0;

	for (; v % 10 == 0; v /= 10)
		k++;
	a->zeros[k]++;
	a->twos[k] += v % 2 == 0;
	a->fives[k] += v % 5 == 0;
}

static void add(struct grid_axis *a, int64_t v)
{
	if (v <= 0)
		return;
	a->seen++;
	count_zeros(a, v);
	if (!a->least || v < a->least)
		a->least = v;
	if (v > a->most)
		a->most = v;
	note(a, v);
}

static void add_pair(struct grid *g, struct price p, struct qty q)
{
	add(&g->price, price_units(p));
	add(&g->qty, qty_units(q));
}

static void add_levels(struct grid *g, const struct levels *l)
{
	for (size_t i = 0; i < l->n; i++)
		add_pair(g, l->list[i].price, l->list[i].qty);
}

void grid_frame(struct grid *g, const struct frame *f)
{
	switch (f->kind) {
	case FRAME_TRADE:
	case FRAME_AGG_TRADE:
		add_pair(g, f->trade.price, f->trade.qty);
		break;
	case FRAME_TOP:
		add_pair(g, f->top.bid, f->top.bid_qty);
		add_pair(g, f->top.ask, f->top.ask_qty);
		break;
	case FRAME_DEPTH:
	case FRAME_SNAPSHOT:
		add_levels(g, &f->bids);
		add_levels(g, &f->asks);
		break;
	case FRAME_SKIP:
	case FRAME_OTHER:
		break;
	}
}

static void merge_axis(struct grid_axis *a, const struct grid_axis *more)
{
	if (!more->seen)
		return;
	for (int k = 0; k < GRID_POWERS; k++) {
		a->zeros[k] += more->zeros[k];
		a->twos[k] += more->twos[k];
		a->fives[k] += more->fives[k];
	}
	if (!a->seen || more->least < a->least)
		a->least = more->least;
	if (more->most > a->most)
		a->most = more->most;
	a->seen += more->seen;
	for (int i = 0; i < more->different_n; i++)
		note(a, more->different[i]);
}

void grid_merge(struct grid *g, const struct grid *more)
{
	merge_axis(&g->price, &more->price);
	merge_axis(&g->qty, &more->qty);
}

/* Values that are multiples of "times" (1, 2 or 5) x 10^power. */
static int64_t multiples(const struct grid_axis *a, int times, int power)
{
	int64_t n = times == 1 ? a->zeros[power] :
		    times == 2 ? a->twos[power] : a->fives[power];

	for (int k = power + 1; k < GRID_POWERS; k++)
		n += a->zeros[k];
	return n;
}

static bool holds(const struct grid_axis *a, int times, int power)
{
	return multiples(a, times, power) >= a->seen - a->seen / GRID_OLD_SHARE;
}

/* The largest step, at most "most", of which the values are multiples. */
static int64_t coarsest(const struct grid_axis *a, int64_t most, bool only_tens)
{
	int64_t step = 1, p = 1;

	for (int k = 0; k < GRID_POWERS && p <= most; k++, p *= 10) {
		if (!holds(a, 1, k))
			break;
		step = p;
		for (int times = 2; times <= 5 && !only_tens && p <= most / times; times += 3)
			if (holds(a, times, k))
				step = times * p;
		if (k == GRID_POWERS - 1)
			break;
	}
	return step;
}

static bool fits(const struct grid_axis *a, int64_t step)
{
	int k = 0;

	if (!a->seen || step <= 0)
		return false;
	for (; step % 10 == 0; step /= 10)
		k++;
	return step == 1 && holds(a, 1, k);
}

bool grid_fits(const struct grid *g, struct price tick, struct qty step)
{
	return fits(&g->price, price_units(tick)) && fits(&g->qty, qty_units(step));
}

static bool sure(const struct grid_axis *a)
{
	return a->different_n == GRID_ENOUGH;
}

bool grid_steps(const struct grid *g, struct money least_value, struct price *tick,
		struct qty *step)
{
	const struct grid_axis *p = &g->price, *q = &g->qty;
	__int128 worth = money_sign(least_value) > 0 ? money_units(least_value) / 50 :
			 RATE_ONE / 10;
	int64_t small;

	if (!p->seen || !q->seen)
		return false;
	*tick = price_of_units(sure(p) ? coarsest(p, p->least, false) :
			       coarsest(p, p->least / 10000, true));
	small = (int64_t)(worth * RATE_ONE / p->most);
	*step = qty_of_units(sure(q) ? coarsest(q, q->most, false) : coarsest(q, small, true));
	return true;
}

bool grid_sure(const struct grid *g)
{
	return sure(&g->price) && sure(&g->qty);
}
