#include "api/push/push_seen.h"

#include "common/err.h"

#include <stdlib.h>

void push_rows_add(struct push_rows *r, const struct push_row *row)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 32;
		r->list = xrealloc(r->list, r->cap * sizeof(*r->list));
	}
	r->list[r->n++] = *row;
}

void push_rows_clear(struct push_rows *r)
{
	r->n = 0;
}

void push_rows_free(struct push_rows *r)
{
	free(r->list);
	*r = (struct push_rows){ 0 };
}

static void swap(struct push_seen *s)
{
	struct push_rows was = s->before;

	s->before = s->now;
	s->now = was;
}

void push_seen_free(struct push_seen *s)
{
	push_rows_free(&s->before);
	push_rows_free(&s->now);
}

void push_seen_begin(struct push_seen *s)
{
	swap(s);
	push_rows_clear(&s->now);
	s->at = 0;
}

static void pass(struct push_seen *s, struct push_rows *gone)
{
	const struct push_row *was = &s->before.list[s->at++];

	if (!was->over)
		push_rows_add(gone, was);
}

void push_seen_row(struct push_seen *s, const struct push_row *row, struct push_rows *changed,
		   struct push_rows *gone)
{
	const struct push_row *was = NULL;

	while (s->at < s->before.n && s->before.list[s->at].id < row->id)
		pass(s, gone);
	if (s->at < s->before.n && s->before.list[s->at].id == row->id)
		was = &s->before.list[s->at++];
	if (!was || was->mark != row->mark || was->over != row->over)
		push_rows_add(changed, row);
	push_rows_add(&s->now, row);
}

void push_seen_end(struct push_seen *s, struct push_rows *gone)
{
	while (s->at < s->before.n)
		pass(s, gone);
}

void push_seen_untold(struct push_seen *s, int64_t id)
{
	size_t low = 0, high = s->now.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->now.list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	ASSERT(low < s->now.n && s->now.list[low].id == id);
	s->now.list[low].mark ^= 1;
	s->now.list[low].over = false;
}

void push_seen_undo(struct push_seen *s)
{
	swap(s);
	push_rows_clear(&s->before);
}
