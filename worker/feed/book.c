#include "worker/feed/book.h"

#include <stdlib.h>
#include <string.h>

struct side {
	struct levels levels;	/* best last */
	bool bids;
	struct price edge;	/* the snapshot's last level */
};

struct pending {		/* a buffered depth event */
	int64_t first_id, last_id, previous_id, event_us;
	struct levels bids, asks;
};

struct book {
	struct side bids, asks;
	bool valid;
	bool fresh;		/* USD-M: no event applied since the snapshot */
	int64_t last_id, time_us;
	struct pending *pending;	/* a ring of BOOK_PENDING_MAX once one is buffered */
	size_t pending_begin, pending_n;
};

/* ---- one side ---- */

/* Is a behind b, seen from the market's middle? */
static bool is_worse(const struct side *s, struct price a, struct price b)
{
	return s->bids ? price_cmp(a, b) < 0 : price_cmp(a, b) > 0;
}

/* Index of the first level that is not worse than price. */
static size_t find(const struct side *s, struct price price)
{
	const struct level *l = s->levels.list;
	size_t low = 0, high = s->levels.n;

	for (size_t near = 0; near < 8 && high > 0; near++, high--)
		if (is_worse(s, l[high - 1].price, price))
			return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (is_worse(s, l[mid].price, price))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void reserve(struct levels *l, size_t n)
{
	if (n <= l->cap)
		return;
	l->cap = n < 64 ? 64 : n * 2;
	l->list = xrealloc(l->list, l->cap * sizeof(*l->list));
}

static void insert(struct side *s, size_t at, const struct level *l)
{
	struct levels *v = &s->levels;

	if (v->n == BOOK_LEVELS_MAX) {
		if (at == 0)
			return;
		memmove(v->list, v->list + 1, (v->n - 1) * sizeof(*v->list));
		v->n--;
		at--;
	}
	reserve(v, v->n + 1);
	memmove(v->list + at + 1, v->list + at, (v->n - at) * sizeof(*v->list));
	v->list[at] = *l;
	v->n++;
}

static void set_level(struct side *s, const struct level *l)
{
	struct levels *v = &s->levels;
	size_t at = find(s, l->price);
	bool there = at < v->n && price_cmp(v->list[at].price, l->price) == 0;

	if (qty_sign(l->qty) == 0) {
		if (!there)
			return;
		memmove(v->list + at, v->list + at + 1, (v->n - at - 1) * sizeof(*v->list));
		v->n--;
	} else if (there) {
		v->list[at].qty = l->qty;
	} else {
		insert(s, at, l);
	}
}

static void set_levels(struct side *s, const struct levels *from)
{
	for (size_t i = 0; i < from->n; i++)
		set_level(s, &from->list[i]);
}

static void load(struct side *s, const struct levels *from)
{
	s->levels.n = 0;
	reserve(&s->levels, from->n);
	/* A snapshot is best first; taken from its end, each level is appended. */
	for (size_t i = from->n; i > 0; i--)
		set_level(s, &from->list[i - 1]);
	s->edge = from->n ? s->levels.list[0].price : price_of_units(0);
}

static const struct level *best(const struct side *s)
{
	return s->levels.n ? &s->levels.list[s->levels.n - 1] : NULL;
}

/* ---- buffered events ---- */

static void copy_levels(struct levels *to, const struct levels *from)
{
	reserve(to, from->n);
	if (from->n)
		memcpy(to->list, from->list, from->n * sizeof(*from->list));
	to->n = from->n;
}

static void buffer(struct book *b, const struct frame *f)
{
	struct pending *p;

	if (!b->pending)
		b->pending = xcalloc(BOOK_PENDING_MAX, sizeof(*b->pending));
	if (b->pending_n == BOOK_PENDING_MAX) {
		b->pending_begin = (b->pending_begin + 1) % BOOK_PENDING_MAX;
		b->pending_n--;
	}
	p = &b->pending[(b->pending_begin + b->pending_n++) % BOOK_PENDING_MAX];
	p->first_id = f->depth.first_id;
	p->last_id = f->depth.last_id;
	p->previous_id = f->depth.previous_id;
	p->event_us = f->event_us;
	copy_levels(&p->bids, &f->bids);
	copy_levels(&p->asks, &f->asks);
}

static void forget_pending(struct book *b)
{
	if (b->pending)
		for (size_t i = 0; i < BOOK_PENDING_MAX; i++) {
			free(b->pending[i].bids.list);
			free(b->pending[i].asks.list);
		}
	free(b->pending);
	b->pending = NULL;
	b->pending_begin = b->pending_n = 0;
}

/* ---- events ---- */

static bool is_crossed(const struct book *b)
{
	const struct level *bid = best(&b->bids), *ask = best(&b->asks);

	return bid && ask && price_cmp(bid->price, ask->price) >= 0;
}

static bool follows(const struct book *b, const struct pending *p)
{
	if (p->previous_id < 0)
		return p->first_id <= b->last_id + 1;
	return b->fresh ? p->first_id <= b->last_id : p->previous_id == b->last_id;
}

/* Spot drops events that end at the snapshot's id; USD-M's first event may end there. */
static bool is_old(const struct book *b, const struct pending *p)
{
	if (p->previous_id >= 0 && b->fresh)
		return p->last_id < b->last_id;
	return p->last_id <= b->last_id;
}

static void invalidate(struct book *b)
{
	b->valid = false;
	b->bids.levels.n = b->asks.levels.n = 0;
}

static enum book_result apply(struct book *b, const struct pending *p)
{
	if (is_old(b, p))
		return BOOK_OLD;
	if (!follows(b, p)) {
		invalidate(b);
		return BOOK_GAP;
	}
	set_levels(&b->bids, &p->bids);
	set_levels(&b->asks, &p->asks);
	b->last_id = p->last_id;
	b->time_us = p->event_us;
	b->fresh = false;
	if (is_crossed(b)) {
		invalidate(b);
		return BOOK_CROSSED;
	}
	return BOOK_APPLIED;
}

/* Applies the buffered events after a snapshot, up to one that does not fit; keeps the rest. */
static enum book_result drain(struct book *b)
{
	while (b->pending_n > 0) {
		const struct pending *p = &b->pending[b->pending_begin];
		bool first = b->fresh;
		enum book_result r = apply(b, p);

		if (r == BOOK_GAP)
			return first ? BOOK_TOO_OLD : BOOK_GAP;
		b->pending_begin = (b->pending_begin + 1) % BOOK_PENDING_MAX;
		b->pending_n--;
		if (r == BOOK_CROSSED)
			return r;
	}
	forget_pending(b);
	return BOOK_APPLIED;
}

/* ---- public ---- */

struct book *book_new(void)
{
	struct book *b = xcalloc(1, sizeof(*b));

	b->bids.bids = true;
	return b;
}

void book_free(struct book *b)
{
	if (!b)
		return;
	forget_pending(b);
	free(b->bids.levels.list);
	free(b->asks.levels.list);
	free(b);
}

void book_reset(struct book *b)
{
	invalidate(b);
	forget_pending(b);
	b->last_id = 0;
	b->time_us = 0;
}

enum book_result book_depth(struct book *b, const struct frame *f)
{
	struct pending p = {	/* borrows the frame's levels */
		.first_id = f->depth.first_id, .last_id = f->depth.last_id,
		.previous_id = f->depth.previous_id, .event_us = f->event_us,
		.bids = f->bids, .asks = f->asks,
	};
	enum book_result r;

	if (!b->valid) {
		buffer(b, f);
		return BOOK_BUFFERED;
	}
	r = apply(b, &p);
	if (r == BOOK_GAP || r == BOOK_CROSSED)
		buffer(b, f);
	return r;
}

enum book_result book_snapshot(struct book *b, const struct frame *f)
{
	if (b->valid && f->depth.last_id <= b->last_id)
		return BOOK_OLD;
	load(&b->bids, &f->bids);
	load(&b->asks, &f->asks);
	b->last_id = f->depth.last_id;
	b->time_us = f->event_us;
	b->fresh = true;
	b->valid = true;
	if (is_crossed(b)) {
		invalidate(b);
		return BOOK_CROSSED;
	}
	return drain(b);
}

bool book_valid(const struct book *b)
{
	return b->valid;
}

bool book_best(const struct book *b, struct book_top *out)
{
	const struct level none = { price_of_units(0), qty_of_units(0) };
	const struct level *bid = best(&b->bids), *ask = best(&b->asks);

	if (!b->valid)
		return false;
	bid = bid ? bid : &none;
	ask = ask ? ask : &none;
	*out = (struct book_top){
		.update_id = b->last_id, .time_us = b->time_us,
		.bid = bid->price, .bid_qty = bid->qty, .ask = ask->price, .ask_qty = ask->qty,
	};
	return true;
}

struct qty book_qty(const struct book *b, bool bids, struct price price)
{
	const struct side *s = bids ? &b->bids : &b->asks;
	size_t at = find(s, price);

	if (at < s->levels.n && price_cmp(s->levels.list[at].price, price) == 0)
		return s->levels.list[at].qty;
	return qty_of_units(0);
}

bool book_level(const struct book *b, bool bids, size_t i, struct level *out)
{
	const struct side *s = bids ? &b->bids : &b->asks;

	if (i >= s->levels.n)
		return false;
	*out = s->levels.list[s->levels.n - 1 - i];
	return true;
}

bool book_covers_top(const struct book *b)
{
	const struct level *bid = best(&b->bids), *ask = best(&b->asks);

	return b->valid && bid && ask && !is_worse(&b->bids, bid->price, b->bids.edge) &&
	       !is_worse(&b->asks, ask->price, b->asks.edge);
}
