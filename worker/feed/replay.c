/*
 * Recordings as a feed. The streams (one per symbol) are merged by receive time. The times
 * handed on are the recorded times plus offset_us, exchange times included. So the intervals
 * between events stay as recorded; "speed" only says how fast the market's time runs against
 * the wall clock.
 */
#include "worker/feed/feed.h"
#include "worker/feed/normaliser.h"
#include "worker/feed/replay_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEAM_US INT64_C(1000000)	/* between two rounds */
/* After a silence of all symbols of this length replay.c decides whether frames are missing. */
#define HOLE_US INT64_C(60000000)
#define DAY_US INT64_C(86400000000)	/* Binance ends each connection after a day (2025-11) */

struct replay {
	struct feed feed;		/* first: a struct feed * is one of these */
	struct replay_args args;	/* "files" is not used after opening */
	struct normaliser *normalisers[2];	/* of spot, of futures */
	struct feed_sink sinks[2];	/* the same */
	struct recording_file *files;
	struct replay_stream *streams;
	size_t files_n, streams_n;
	struct feed_position at;
	int64_t first_us, last_us;	/* recorded: the round's first line; the newest one */
	bool begun;			/* paced: the start is known */
	int64_t start_us;		/* wall clock of the first live frame */
	bool gap_due;			/* before the next line */
	bool rewinding;			/* the next round has not begun on all streams yet */
	struct replay_stream *stuck;		/* its next file can't be opened: all wait for it */
	bool ended;
};

/* ---- streams ---- */

static struct replay_stream *replay_stream_for(struct replay *r, const struct recording_file *t)
{
	for (size_t i = 0; i < r->streams_n; i++)
		if (replay_stream_futures(&r->streams[i]) == t->futures &&
		    strcmp(replay_stream_symbol(&r->streams[i]), t->markets[0].info.symbol) == 0)
			return &r->streams[i];
	r->streams[r->streams_n] = (struct replay_stream){
		.files = xcalloc(r->files_n, sizeof(t)),
	};
	return &r->streams[r->streams_n++];
}

static void make_streams(struct replay *r)
{
	r->streams = xcalloc(r->files_n, sizeof(*r->streams));
	for (size_t i = 0; i < r->files_n; i++) {
		struct replay_stream *l = replay_stream_for(r, &r->files[i]);

		l->files[l->n++] = &r->files[i];
		for (size_t j = 0; j < r->files[i].markets_n; j++)
			normaliser_add(r->normalisers[r->files[i].futures],
				   r->files[i].markets[j].info.symbol);
	}
}

static int rewind_all(struct replay *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->streams_n && rc == 0; i++)
		rc = replay_stream_rewind(&r->streams[i], e);
	if (rc)
		return rc;
	r->first_us = r->files[0].first_us;
	r->last_us = r->first_us;
	return 0;
}

/* The stream with the earliest head; the first of equals. NULL: the round is over. */
static struct replay_stream *earliest(const struct replay *r)
{
	struct replay_stream *first = NULL;

	for (size_t i = 0; i < r->streams_n; i++)
		if (r->streams[i].item != REPLAY_STREAM_END &&
		    (!first || r->streams[i].line.time_us < first->line.time_us))
			first = &r->streams[i];
	return first;
}

/* ---- one line ---- */

static void count_broken(struct feed_stats *stats, const struct err *why)
{
	stats->frames++;
	stats->decode_errors++;
	snprintf(stats->last_error, sizeof(stats->last_error), "%.199s", why->msg);
}

static void take_line(struct replay *r, struct replay_stream *l, const struct feed_sink sinks[2])
{
	struct normaliser_frame f = {
		.bytes = l->line.json, .len = l->line.len,
		.snapshot_symbol = replay_stream_symbol(l),
		.now_us = l->line.time_us + r->at.offset_us, .shift_us = r->at.offset_us,
	};
	struct err e = { 0 };

	if (normaliser_take(r->normalisers[replay_stream_futures(l)], &f,
			    &sinks[replay_stream_futures(l)], &r->feed.stats, &e) == 0)
		return;
	snprintf(r->feed.stats.last_error, sizeof(r->feed.stats.last_error),
		 "%.99s line %lld: %.80s",
		 recording_path(l->current), (long long)l->line.number, e.msg);
}

static bool any_missed(struct replay *r)
{
	bool missed = false;

	for (size_t i = 0; i < r->streams_n && !missed; i++) {
		bool futures = replay_stream_futures(&r->streams[i]);

		missed = replay_stream_missed(&r->streams[i], r->normalisers[futures]);
	}
	return missed;
}

/*
 * No symbol had a line for long. If frames are missing, windows and books start anew with this
 * line; else the silence belongs to the market and is played at its length.
 */
static void skip_hole(struct replay *r, int64_t time_us)
{
	int64_t hole_us = time_us - r->last_us;

	r->last_us = time_us;
	if (hole_us <= HOLE_US || (hole_us <= DAY_US && !any_missed(r)))
		return;
	r->gap_due = true;
	if (r->args.speed > 0)
		r->at.offset_us -= hole_us - SEAM_US;
}

/* Goes to the stream's next line. After a failure the next poll tries this stream first. */
static int go_on(struct replay *r, struct replay_stream *l, struct err *e)
{
	int rc = replay_stream_advance(l, e);

	r->stuck = rc ? l : NULL;
	return rc;
}

/* Hand on the head of the stream and go to the next. */
static int consume(struct replay *r, struct replay_stream *l, const struct feed_sink sinks[2],
		   struct err *e)
{
	switch (l->item) {
	case REPLAY_STREAM_LINE:
		skip_hole(r, l->line.time_us);
		r->feed.stats.gaps += r->gap_due;
		for (int i = 0; i < 2 && r->gap_due; i++)
			normaliser_gap(r->normalisers[i], NULL, l->line.time_us + r->at.offset_us,
				   &sinks[i]);
		r->gap_due = false;
		take_line(r, l, sinks);
		break;
	case REPLAY_STREAM_BROKEN:
		count_broken(&r->feed.stats, &l->error);
		break;
	case REPLAY_STREAM_PLAYED:
		r->feed.stats.passed++;
		break;
	case REPLAY_STREAM_END:
		break;
	}
	r->at.frame++;
	r->feed.stats.set_back += l->set_back;
	l->set_back = 0;
	return go_on(r, l, e);
}

/* ---- rounds ---- */

/*
 * Begins the next round of all streams, or of none: with a file missing, the other streams
 * would reach positions that a restart could not find again.
 */
static int next_round(struct replay *r, struct err *e)
{
	int64_t length_us = r->last_us + SEAM_US - r->first_us;
	int rc;

	r->rewinding = true;
	rc = rewind_all(r, e);
	if (rc)
		return rc;
	r->rewinding = false;
	r->at.loop++;
	r->at.frame = 0;
	r->at.offset_us += length_us;
	r->gap_due = true;
	normaliser_begin_again(r->normalisers[0]);
	normaliser_begin_again(r->normalisers[1]);
	return 0;
}

/* When the wall clock may see a line. */
static int64_t due_us(const struct replay *r, int64_t recorded_us)
{
	double ahead = (double)(recorded_us + r->at.offset_us - r->start_us);

	return r->start_us + (int64_t)(ahead / r->args.speed);
}

/* Paced replay: the first line, or the first after the warm-up, happens now. */
static void begin(struct replay *r, int64_t now_us, int64_t recorded_us)
{
	bool resumed = r->at.frame > 0;

	r->begun = true;
	r->start_us = r->feed.paced_from_us = now_us;
	r->at.offset_us = now_us - recorded_us - (resumed ? 0 : r->args.warm_up_s * 1000000);
}

static int replay_poll(struct feed *f, int64_t now_us, size_t max, int64_t *next_us,
		       struct err *e)
{
	struct replay *r = (struct replay *)f;
	bool paced = r->args.speed > 0;
	struct replay_stream *next;
	int rc = 0;

	if (r->ended)
		return err_set(e, ERR_END, "the recording has ended");
	if (r->stuck)
		rc = go_on(r, r->stuck, e);
	if (rc)
		return rc;
	for (; max > 0; max--) {
		struct replay_stream *l = r->rewinding ? NULL : earliest(r);

		if (!l && !r->args.loop) {
			r->ended = true;
			*next_us = INT64_MAX;
			return 0;
		}
		if (!l) {
			rc = next_round(r, e);
			if (rc)
				return rc;
			l = earliest(r);
		}
		if (paced && !r->begun)
			begin(r, now_us, l->line.time_us);
		if (l->item == REPLAY_STREAM_LINE)
			skip_hole(r, l->line.time_us);
		if (paced && due_us(r, l->line.time_us) > now_us) {
			*next_us = due_us(r, l->line.time_us);
			return 0;
		}
		rc = consume(r, l, r->sinks, e);
		if (rc)
			return rc;
	}
	next = paced && !r->rewinding ? earliest(r) : NULL;
	*next_us = next ? due_us(r, next->line.time_us) : now_us;
	return 0;
}

/* The replay stood still meanwhile, so the next line happens at now_us. */
static void replay_skip(struct feed *f, int64_t now_us)
{
	struct replay *r = (struct replay *)f;
	struct replay_stream *l = earliest(r);

	if (!l || r->args.speed <= 0 || !r->begun)
		return;
	r->start_us = r->feed.paced_from_us = now_us;
	r->at.offset_us = now_us - l->line.time_us;
	r->gap_due = true;
}

static void replay_position(const struct feed *f, struct feed_position *out)
{
	*out = ((const struct replay *)f)->at;
}

static int64_t replay_first_us(const struct feed *f)
{
	const struct replay_stream *l = earliest((const struct replay *)f);

	return l ? l->line.time_us + ((const struct replay *)f)->at.offset_us : 0;
}

static void replay_free(struct feed *f)
{
	struct replay *r = (struct replay *)f;

	if (!r)
		return;
	for (size_t i = 0; i < r->streams_n; i++)
		replay_stream_fini(&r->streams[i]);
	free(r->streams);
	recording_files_free(r->files, r->files_n);
	normaliser_free(r->normalisers[false]);
	normaliser_free(r->normalisers[true]);
	free(r);
}

static const struct feed_ops replay_ops = {
	.name = "replay", .poll = replay_poll, .first_us = replay_first_us, .skip = replay_skip,
	.position = replay_position, .free = replay_free,
};

/* Each round but the first begins with a gap and an invalid book. */
static void warm_seam(struct replay *r, const struct feed_sink sinks[2])
{
	r->gap_due = true;
	for (size_t i = 0; i < r->streams_n; i++) {
		const bool futures = replay_stream_futures(&r->streams[i]);
		const struct feed_sink *sink = &sinks[futures];
		const int market = normaliser_market(r->normalisers[futures],
						     replay_stream_symbol(&r->streams[i]), sink);

		for (size_t j = 0; j < r->streams[i].n && sink->book_valid; j++)
			if (r->streams[i].files[j]->snapshot)
				sink->book_valid(sink->ctx, market, false,
						 r->first_us + r->at.offset_us);
	}
}

/* Plays the lines before the resume position. */
static int play_to_resume(struct replay *r, const struct feed_sink sinks[2], struct err *e)
{
	const struct feed_position to = r->args.resume;
	int rc = 0;

	r->at.loop = to.loop;
	r->at.offset_us = to.offset_us;
	if (to.loop > 0)
		warm_seam(r, sinks);
	while (r->at.frame < to.frame && rc == 0) {
		struct replay_stream *l = earliest(r);

		if (!l)
			return err_set(e, ERR_CONFLICT,
				       "the recording has %lld lines, but line %lld was "
				       "reached before: it is not the same recording",
				       (long long)r->at.frame, (long long)to.frame);
		rc = consume(r, l, sinks, e);
	}
	r->feed.stats = (struct feed_stats){
		.last_now_us = r->feed.stats.last_now_us,
		.clock_drift_us = r->feed.stats.clock_drift_us,
	};
	return rc;
}

/* A sink that can't be told that this is the past gets nothing. */
static int warm(struct replay *r, struct err *e)
{
	struct feed_sink sinks[2] = { 0 };
	int rc;

	for (int i = 0; i < 2; i++) {
		if (!r->sinks[i].warm)
			continue;
		sinks[i] = r->sinks[i];
		sinks[i].warm(sinks[i].ctx, true);
	}
	rc = play_to_resume(r, sinks, e);
	for (int i = 0; i < 2; i++)
		if (sinks[i].warm)
			sinks[i].warm(sinks[i].ctx, false);
	return rc;
}

int replay_open(const struct replay_args *a, const struct feed_sink *sink, struct feed **out,
		struct err *e)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	int rc;

	r->feed.ops = &replay_ops;
	r->feed.sink = *sink;
	r->args = *a;
	r->normalisers[false] = normaliser_new();
	r->normalisers[true] = normaliser_new();
	r->sinks[false] = *sink;
	r->sinks[true] = a->futures.ctx ? a->futures : *sink;
	rc = recording_files_open(a->files, &r->files, &r->files_n, e);
	if (rc == 0) {
		make_streams(r);
		rc = rewind_all(r, e);
	}
	if (rc == 0)
		rc = warm(r, e);
	if (rc) {
		replay_free(&r->feed);
		return rc;
	}
	*out = &r->feed;
	return 0;
}

static bool has_market(const struct symbol_info *list, size_t n, const struct symbol_info *m)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].futures == m->futures && strcmp(list[i].symbol, m->symbol) == 0)
			return true;
	return false;
}

int replay_symbols(const char *names, struct symbol_info *out, size_t max, size_t *n,
		   struct err *e)
{
	struct recording_file *files;
	size_t files_n, found = 0;
	int rc = recording_files_open(names, &files, &files_n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < files_n; i++)
		for (size_t j = 0; j < files[i].markets_n && found < max; j++)
			if (!has_market(out, found, &files[i].markets[j].info))
				out[found++] = files[i].markets[j].info;
	recording_files_free(files, files_n);
	*n = found;
	return 0;
}
