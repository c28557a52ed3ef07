#include "common/buf.h"
#include "worker/feed/normaliser.h"
#include "worker/feed/synthetic_frame.h"
#include "worker/feed/synthetic_market.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct made {				/* one market of it */
	struct synthetic_market *market;
	int handle;			/* the sink's */
};

struct synthetic {
	struct feed feed;		/* first: a struct feed * is one of these */
	struct normaliser *normaliser;
	struct made *markets;
	size_t n;
	bool futures;
	uint64_t seed;
	int64_t now_us;			/* newest wall clock seen */
	int64_t history_s;		/* that a market begins with */
	int64_t frames_us;		/* before it only trades are handed on */
	bool listening;			/* to frames */
	int64_t frames;
	struct buf text;
};

static int check_symbol(const char *symbol, struct err *e)
{
	size_t len = strspn(symbol, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (len == 0 || len >= SYMBOL_MAX || symbol[len])
		return err_set(e, ERR_INVALID, "\"%.40s\" is not a symbol: 1 to %d of A-Z, 0-9, _",
			       symbol, SYMBOL_MAX - 1);
	return 0;
}

/* The market whose next event comes first; of equals the one added first. NULL: there is none. */
static struct made *earliest(const struct synthetic *s)
{
	struct made *first = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (!first || synthetic_market_peek(s->markets[i].market)->time_us <
		    synthetic_market_peek(first->market)->time_us)
			first = &s->markets[i];
	return first;
}

static int hand_on(struct synthetic *s, struct synthetic_market *m, struct err *e)
{
	struct normaliser_frame f = { .snapshot_symbol = synthetic_market_info(m)->symbol };

	synthetic_frame_write(m, &s->text);
	f.bytes = s->text.data;
	f.len = s->text.len;
	f.now_us = synthetic_market_peek(m)->time_us;
	synthetic_market_take(m);
	s->frames++;
	return normaliser_take(s->normaliser, &f, &s->feed.sink, &s->feed.stats, e);
}

/* Hands on a trade without its frame, because nobody needs the book of a time long ago. */
static void hand_on_trade(struct synthetic *s, const struct made *of)
{
	struct synthetic_market *m = of->market;
	const struct synthetic_event *e = synthetic_market_peek(m);
	struct trade t;

	if (e->kind == SYNTHETIC_TRADE && s->feed.sink.trade && of->handle >= 0) {
		synthetic_frame_trade(m, &t);
		s->feed.sink.trade(s->feed.sink.ctx, of->handle, &t, e->time_us);
	}
	synthetic_market_take(m);
}

static void listen(struct synthetic *s)
{
	for (size_t i = 0; i < s->n; i++)
		synthetic_market_snapshot(s->markets[i].market);
	s->listening = true;
}

static int take_first(struct synthetic *s, const struct made *m, struct err *e)
{
	if (synthetic_market_peek(m->market)->time_us < s->frames_us) {
		hand_on_trade(s, m);
		return 0;
	}
	if (!s->listening)
		listen(s);
	return hand_on(s, m->market, e);
}

static int synthetic_poll(struct feed *f, int64_t now_us, size_t max, int64_t *next_us,
			  struct err *e)
{
	struct synthetic *s = (struct synthetic *)f;
	struct made *m = earliest(s);

	if (now_us > s->now_us)
		s->now_us = now_us;
	for (; max > 0 && m && synthetic_market_peek(m->market)->time_us <= now_us; max--) {
		int rc = take_first(s, m, e);

		if (rc)
			return rc;
		m = earliest(s);
	}
	*next_us = m ? synthetic_market_peek(m->market)->time_us : INT64_MAX - 1;
	return 0;
}

/* Starts the markets anew, as at a start: their level depends on seed and date only. */
static void synthetic_skip(struct feed *f, int64_t now_us)
{
	struct synthetic *s = (struct synthetic *)f;

	for (size_t i = 0; i < s->n; i++) {
		char symbol[SYMBOL_MAX];

		memcpy(symbol, synthetic_market_info(s->markets[i].market)->symbol, sizeof(symbol));
		synthetic_market_free(s->markets[i].market);
		s->markets[i].market = synthetic_market_new(symbol, s->futures, s->seed,
						     now_us - s->history_s * 1000000);
	}
	if (now_us > s->now_us)
		s->now_us = now_us;
	normaliser_gap(s->normaliser, NULL, now_us - s->history_s * 1000000, &s->feed.sink);
}

static void synthetic_position(const struct feed *f, struct feed_position *out)
{
	*out = (struct feed_position){ .frame = ((const struct synthetic *)f)->frames };
}

static void synthetic_free(struct feed *f)
{
	struct synthetic *s = (struct synthetic *)f;

	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		synthetic_market_free(s->markets[i].market);
	free(s->markets);
	normaliser_free(s->normaliser);
	buf_free(&s->text);
	free(s);
}

static const struct feed_ops synthetic_ops = {
	.name = "synthetic", .poll = synthetic_poll, .skip = synthetic_skip,
	.position = synthetic_position, .free = synthetic_free,
};

static int add_market(struct synthetic *s, const char *symbol, int64_t start_us, struct err *e)
{
	int rc = check_symbol(symbol, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(synthetic_market_info(s->markets[i].market)->symbol, symbol) == 0)
			return 0;
	s->markets = xrealloc(s->markets, (s->n + 1) * sizeof(s->markets[0]));
	s->markets[s->n].market = synthetic_market_new(symbol, s->futures, s->seed, start_us);
	s->markets[s->n++].handle = normaliser_market(s->normaliser, symbol, &s->feed.sink);
	return 0;
}

int synthetic_open(const struct synthetic_args *a, const struct feed_sink *sink,
		   struct feed **out, struct err *e)
{
	struct synthetic *s = xcalloc(1, sizeof(*s));
	int rc = 0;

	s->feed.ops = &synthetic_ops;
	s->feed.sink = *sink;
	s->normaliser = normaliser_new();
	s->futures = a->futures;
	s->seed = a->seed;
	s->now_us = a->start_us;
	s->listening = true;
	s->history_s = a->history_s;
	s->frames_us = a->start_us - a->history_s * 1000000;
	for (size_t i = 0; i < a->symbols_n && rc == 0; i++) {
		int64_t begin_us = a->begin_us ? a->begin_us[i] : 0;
		bool earlier = begin_us && begin_us < s->frames_us;

		rc = add_market(s, a->symbols[i], earlier ? begin_us : s->frames_us, e);
		s->listening = s->listening && !earlier;
	}
	if (rc) {
		synthetic_free(&s->feed);
		return rc;
	}
	*out = &s->feed;
	return 0;
}

int synthetic_add(struct feed *f, const char *symbol, struct err *e)
{
	struct synthetic *s = (struct synthetic *)f;

	return add_market(s, symbol, s->now_us, e);
}
