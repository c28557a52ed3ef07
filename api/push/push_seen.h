/*
 * push_seen.h - remembers the rows of the last look, to find the changed ones.
 *
 *	push_seen_begin(s);
 *	for each row, by ascending id: push_seen_row(s, &row, ...)
 *	push_seen_end(s, ...)		rows that were there before and are not now
 */
#ifndef API_PUSH_PUSH_SEEN_H
#define API_PUSH_PUSH_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct push_row {
	int64_t id;
	int64_t bot_id;		/* 0: of no bot */
	bool over;		/* will not come again; its absence is no news */
	uint64_t mark;		/* equal marks: nothing changed */
};

struct push_rows {		/* zeroed: empty */
	struct push_row *list;
	size_t n, cap;
};

void push_rows_add(struct push_rows *r, const struct push_row *row);
void push_rows_clear(struct push_rows *r);	/* keeps the memory */
void push_rows_free(struct push_rows *r);

struct push_seen {		/* zeroed: has seen nothing */
	struct push_rows before, now;
	size_t at;		/* in before */
};

void push_seen_free(struct push_seen *s);
void push_seen_begin(struct push_seen *s);
/*
 * Adds row to "changed" when it is new or its mark differs. Adds to "gone" the rows of the
 * last look between the previous id and this one that are missing now.
 */
void push_seen_row(struct push_seen *s, const struct push_row *row, struct push_rows *changed,
		   struct push_rows *gone);
void push_seen_end(struct push_seen *s, struct push_rows *gone);
/* This row of this look could not be published, so the next look reports it as changed again. */
void push_seen_untold(struct push_seen *s, int64_t id);
/* For a look that failed, instead of push_seen_end: restores the state before push_seen_begin. */
void push_seen_undo(struct push_seen *s);

#endif
