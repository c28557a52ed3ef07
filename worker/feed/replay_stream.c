#include "worker/feed/replay_stream.h"
#include "worker/feed/feed.h"
#include "worker/feed/frame.h"
#include "worker/feed/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 2000		/* lines behind a silence that are searched for a trade */

static int by_time(const void *a, const void *b)
{
	const struct recording_file *x = a, *y = b;

	if (x->first_us != y->first_us)
		return x->first_us < y->first_us ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int check_pair(const struct recording_file *a, const struct recording_file *b, struct err *e)
{
	if (a->first_us == b->first_us && a->futures == b->futures &&
	    strcmp(a->markets[0].info.symbol, b->markets[0].info.symbol) == 0)
		return err_set(e, ERR_INVALID,
			       "%s and %s are the same recording: both begin with %s "
			       "at the same time", a->path, b->path, a->markets[0].info.symbol);
	return 0;
}

static int check_all(const struct recording_file *t, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		for (size_t j = i + 1; j < n && rc == 0; j++)
			rc = check_pair(&t[i], &t[j], e);
	return rc;
}

int recording_files_open(const char *files, struct recording_file **out, size_t *n, struct err *e)
{
	struct names names = names_split(files);
	struct recording_file *list = xcalloc(names.n + 1, sizeof(*list));
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		rc = recording_file_open(names.list[i], &list[count], e);
		count += rc == 0;
	}
	if (rc == ERR_NOT_FOUND && names.n > 1)
		err_prefix(e, "one of %zu names in RECORDING (a name with blanks stands in "
			   "quotes)", names.n);
	if (rc == 0 && count == 0)
		rc = err_set(e, ERR_INVALID,
			     "no recording is named; give one or more files, separated "
			     "by blanks");
	names_free(&names);
	if (rc == 0) {
		qsort(list, count, sizeof(*list), by_time);
		rc = check_all(list, count, e);
		recording_files_rules(list, count);
	}
	if (rc) {
		recording_files_free(list, count);
		return rc;
	}
	*out = list;
	*n = count;
	return 0;
}

void recording_files_free(struct recording_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		recording_file_fini(&files[i]);
	free(files);
}

/* ---- playing ---- */

/* The head is a line, a broken one, or the file has ended (ERR_END). */
static int load(struct replay_stream *l)
{
	int rc = recording_next(l->current, &l->line, &l->error);

	if (rc == ERR_END)
		return rc;
	l->item = REPLAY_STREAM_LINE;
	if (rc) {
		l->item = REPLAY_STREAM_BROKEN;
		l->line.time_us = l->last_us ? l->last_us : l->files[l->next - 1]->first_us;
		return 0;
	}
	if (l->line.set_back)
		l->set_back++;
	if (l->line.time_us <= l->played_us)
		l->item = REPLAY_STREAM_PLAYED;
	if (l->line.time_us < l->last_us)
		l->line.time_us = l->last_us;
	l->last_us = l->line.time_us;
	return 0;
}

int replay_stream_advance(struct replay_stream *l, struct err *e)
{
	int rc;

	for (;;) {
		if (l->current && load(l) == 0)
			return 0;
		recording_close(l->current);
		l->current = NULL;
		l->played_us = l->last_us;
		l->item = REPLAY_STREAM_END;
		if (l->next == l->n)
			return 0;
		rc = recording_open(l->files[l->next]->path, &l->current, e);
		if (rc)
			return rc;
		l->next++;
	}
}

int replay_stream_rewind(struct replay_stream *l, struct err *e)
{
	recording_close(l->current);
	l->current = NULL;
	l->next = 0;
	l->last_us = 0;
	return replay_stream_advance(l, e);
}

void replay_stream_fini(struct replay_stream *l)
{
	recording_close(l->current);
	free(l->files);
}

bool replay_stream_missed(struct replay_stream *l, const struct normaliser *in)
{
	struct recording_line line = l->line;
	int follows = -1;
	struct frame f;

	if (l->item != REPLAY_STREAM_LINE)
		return false;
	frame_init(&f);
	for (size_t n = 1; n <= LOOK_AHEAD && follows < 0; n++) {
		if (frame_decode(line.json, line.len, &f, NULL) == 0)
			follows = normaliser_follows(in, &f);
		if (!recording_ahead(l->current, n, &line, &l->line.json))
			break;
	}
	frame_free(&f);
	return follows != 1;
}

const char *replay_stream_symbol(const struct replay_stream *l)
{
	return l->files[0]->markets[0].info.symbol;
}

bool replay_stream_futures(const struct replay_stream *l)
{
	return l->files[0]->futures;
}
