#include "worker/feed/lane.h"
#include "worker/feed/feed.h"
#include "worker/feed/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
	const struct tape *x = a, *y = b;

	if (x->first_us != y->first_us)
		return x->first_us < y->first_us ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int check_pair(const struct tape *a, const struct tape *b, struct err *e)
{
	if (a->first_us == b->first_us && a->futures == b->futures &&
	    strcmp(a->markets[0].info.symbol, b->markets[0].info.symbol) == 0)
		return err_set(e, ERR_INVALID,
			       "%s and %s are the same recording: both begin with %s "
			       "at the same time", a->path, b->path, a->markets[0].info.symbol);
	return 0;
}

static int check_all(const struct tape *t, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		for (size_t j = i + 1; j < n && rc == 0; j++)
			rc = check_pair(&t[i], &t[j], e);
	return rc;
}

int tapes_open(const char *files, struct tape **out, size_t *n, struct err *e)
{
	static const char blanks[] = " \t\n";
	struct tape *list = NULL;
	size_t count = 0;
	int rc = 0;

	for (const char *p = files + strspn(files, blanks); *p && rc == 0; p += strspn(p, blanks)) {
		size_t len = strcspn(p, blanks);
		char *name = xcalloc(len + 1, 1);

		memcpy(name, p, len);
		list = xrealloc(list, (count + 1) * sizeof(*list));
		rc = tape_open(name, &list[count], e);
		count += rc == 0;
		free(name);
		p += len;
	}
	if (rc == 0 && count == 0)
		rc = err_set(e, ERR_INVALID,
			     "no recording is named; give one or more files, separated "
			     "by blanks");
	if (rc == 0) {
		qsort(list, count, sizeof(*list), by_time);
		rc = check_all(list, count, e);
		tapes_rules(list, count);
	}
	if (rc) {
		tapes_free(list, count);
		return rc;
	}
	*out = list;
	*n = count;
	return 0;
}

void tapes_free(struct tape *tapes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tape_fini(&tapes[i]);
	free(tapes);
}

/* ---- playing ---- */

/* The head is a line, a broken one, or the file has ended (ERR_END). */
static int load(struct lane *l)
{
	int rc = recording_next(l->current, &l->line, &l->error);

	if (rc == ERR_END)
		return rc;
	l->item = LANE_LINE;
	if (rc) {
		l->item = LANE_BROKEN;
		l->line.time_us = l->last_us ? l->last_us : l->tapes[l->next - 1]->first_us;
		return 0;
	}
	if (l->line.time_us <= l->played_us)
		l->item = LANE_PLAYED;
	if (l->line.time_us < l->last_us)
		l->line.time_us = l->last_us;
	l->last_us = l->line.time_us;
	return 0;
}

int lane_advance(struct lane *l, struct err *e)
{
	int rc;

	for (;;) {
		if (l->current && load(l) == 0)
			return 0;
		recording_close(l->current);
		l->current = NULL;
		l->played_us = l->last_us;
		l->item = LANE_END;
		if (l->next == l->n)
			return 0;
		rc = recording_open(l->tapes[l->next]->path, &l->current, e);
		if (rc)
			return rc;
		l->next++;
	}
}

int lane_rewind(struct lane *l, struct err *e)
{
	recording_close(l->current);
	l->current = NULL;
	l->next = 0;
	l->last_us = 0;
	return lane_advance(l, e);
}

void lane_fini(struct lane *l)
{
	recording_close(l->current);
	free(l->tapes);
}

const char *lane_symbol(const struct lane *l)
{
	return l->tapes[0]->markets[0].info.symbol;
}

bool lane_futures(const struct lane *l)
{
	return l->tapes[0]->futures;
}
