#include "worker/feed/synthetic_book.h"
#include "common/err.h"

#include <string.h>

#define CHANGES_ENOUGH (SYNTHETIC_CHANGES / 2)

struct synthetic_level synthetic_book_best(const struct synthetic_book *b,
					   enum synthetic_side side)
{
	const struct synthetic_ladder *l = &b->side[side];

	return l->level[l->n - 1];
}

static void note_change(struct synthetic_book *b, struct synthetic_ladder *l, int64_t price,
			int64_t qty)
{
	size_t i = l->changes;

	b->update_id++;
	while (i > 0 && l->change[i - 1].price != price)
		i--;
	if (i > 0) {
		l->change[i - 1].qty = qty;
		return;
	}
	ASSERT(l->changes < SYNTHETIC_CHANGES);
	l->change[l->changes++] = (struct synthetic_level){ price, qty };
}

/* Index of the first level that is not worse than price; best is last. */
static size_t find(const struct synthetic_ladder *l, bool bid, int64_t price)
{
	size_t at = l->n;

	while (at > 0 && (bid ? l->level[at - 1].price >= price : l->level[at - 1].price <= price))
		at--;
	return at;
}

static void erase(struct synthetic_ladder *l, size_t at)
{
	l->n--;
	memmove(&l->level[at], &l->level[at + 1], (l->n - at) * sizeof(l->level[0]));
}

static void insert(struct synthetic_book *b, struct synthetic_ladder *l, size_t at,
		   struct synthetic_level new)
{
	memmove(&l->level[at + 1], &l->level[at], (l->n - at) * sizeof(l->level[0]));
	l->level[at] = new;
	l->n++;
	note_change(b, l, new.price, new.qty);
	if (l->n <= SYNTHETIC_LEVELS)
		return;
	note_change(b, l, l->level[0].price, 0);
	erase(l, 0);
}

void synthetic_book_set(struct synthetic_book *b, enum synthetic_side side, int64_t price,
			int64_t qty)
{
	struct synthetic_ladder *l = &b->side[side];
	size_t at = find(l, side == SYNTHETIC_BID, price);
	bool there = at < l->n && l->level[at].price == price;

	if (qty > 0 && there) {
		l->level[at].qty = qty;
		note_change(b, l, price, qty);
	} else if (qty > 0) {
		insert(b, l, at, (struct synthetic_level){ price, qty });
	} else if (there && l->n > 1) {
		erase(l, at);
		note_change(b, l, price, 0);
	}
}

void synthetic_book_sent(struct synthetic_book *b)
{
	b->side[0].changes = b->side[1].changes = 0;
}

bool synthetic_book_full(const struct synthetic_book *b)
{
	return b->side[0].changes > CHANGES_ENOUGH || b->side[1].changes > CHANGES_ENOUGH;
}
