#include "worker/feed/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum trade_source { TRADES_UNKNOWN, TRADES_RAW, TRADES_AGGREGATE };

struct market {
	char symbol[SYMBOL_MAX];
	struct book *book;
	enum trade_source trades;
	bool ticker;			/* bookTicker seen: it has the say about best prices */
	struct book_top told;		/* newest top made from the local book */
};

struct intake {
	struct frame frame;
	struct market **markets;	/* each stays where it is: sinks may keep a name */
	size_t n, newest;
};

/* One intake_take call. */
struct delivery {
	struct market *market;
	const struct intake_frame *in;
	const struct feed_sink *sink;
	struct feed_stats *stats;
};

struct intake *intake_new(void)
{
	struct intake *in = xcalloc(1, sizeof(*in));

	frame_init(&in->frame);
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->n; i++) {
		book_free(in->markets[i]->book);
		free(in->markets[i]);
	}
	free(in->markets);
	frame_free(&in->frame);
	free(in);
}

/* Index, or in->n. */
static size_t find(const struct intake *in, const char *symbol)
{
	size_t i = 0;

	if (in->n && strcmp(in->markets[in->newest]->symbol, symbol) == 0)
		return in->newest;
	while (i < in->n && strcmp(in->markets[i]->symbol, symbol) != 0)
		i++;
	return i;
}

static struct market *find_or_add(struct intake *in, const char *symbol)
{
	size_t i = find(in, symbol);

	if (i == in->n) {
		struct market *m = xcalloc(1, sizeof(*m));

		m->book = book_new();
		snprintf(m->symbol, sizeof(m->symbol), "%s", symbol);
		in->markets = xrealloc(in->markets, (in->n + 1) * sizeof(*in->markets));
		in->markets[in->n++] = m;
	}
	in->newest = i;
	return in->markets[i];
}

/* ---- what a sink hears; it may leave out what it does not want ---- */

static void tell_trade(const struct delivery *d, const struct trade *t)
{
	struct trade shifted = *t;

	shifted.time_us += d->in->shift_us;
	d->stats->trades++;
	if (d->sink->trade)
		d->sink->trade(d->sink->ctx, d->market->symbol, &shifted, d->in->now_us);
}

static void tell_top(const struct delivery *d, const struct book_top *b)
{
	struct book_top shifted = *b;

	if (shifted.time_us)
		shifted.time_us += d->in->shift_us;
	if (d->sink->book)
		d->sink->book(d->sink->ctx, d->market->symbol, &shifted, d->in->now_us);
}

static void tell_valid(const struct feed_sink *sink, const struct market *m, bool valid,
		       int64_t now_us)
{
	if (sink->book_valid)
		sink->book_valid(sink->ctx, m->symbol, valid, now_us);
}

static bool same_top(const struct book_top *a, const struct book_top *b)
{
	return price_cmp(a->bid, b->bid) == 0 && price_cmp(a->ask, b->ask) == 0 &&
	       qty_cmp(a->bid_qty, b->bid_qty) == 0 && qty_cmp(a->ask_qty, b->ask_qty) == 0;
}

static void tell_book(const struct delivery *d, bool valid_before)
{
	struct market *m = d->market;
	struct book_top top;

	if (book_valid(m->book) != valid_before)
		tell_valid(d->sink, m, !valid_before, d->in->now_us);
	if (m->ticker || !book_best(m->book, &top) || same_top(&top, &m->told))
		return;
	m->told = top;
	tell_top(d, &top);
}

/* ---- one frame ---- */

static void count(struct feed_stats *stats, enum book_result r)
{
	switch (r) {
	case BOOK_GAP:
		stats->book_gaps++;
		break;
	case BOOK_CROSSED:
		stats->book_crossed++;
		break;
	case BOOK_APPLIED:
	case BOOK_BUFFERED:
	case BOOK_OLD:
	case BOOK_TOO_OLD:
		break;
	}
}

static void take_depth(const struct delivery *d, const struct frame *f)
{
	bool before = book_valid(d->market->book);

	d->stats->depths++;
	count(d->stats, book_depth(d->market->book, f));
	tell_book(d, before);
	if (d->sink->time)
		d->sink->time(d->sink->ctx, d->market->symbol, f->event_us + d->in->shift_us,
			      d->in->now_us);
}

static void take_snapshot(const struct delivery *d, const struct frame *f)
{
	bool before = book_valid(d->market->book);

	d->stats->snapshots++;
	count(d->stats, book_snapshot(d->market->book, f));
	tell_book(d, before);
}

static void take_trade(const struct delivery *d, const struct frame *f, enum trade_source source)
{
	if (d->market->trades == TRADES_UNKNOWN)
		d->market->trades = source;
	if (d->market->trades == source)
		tell_trade(d, &f->trade);
}

static void take(const struct delivery *d, const struct frame *f)
{
	switch (f->kind) {
	case FRAME_TRADE:
		take_trade(d, f, TRADES_RAW);
		break;
	case FRAME_AGG_TRADE:
		take_trade(d, f, TRADES_AGGREGATE);
		break;
	case FRAME_TOP:
		d->stats->tops++;
		d->market->ticker = true;
		tell_top(d, &f->top);
		break;
	case FRAME_DEPTH:
		take_depth(d, f);
		break;
	case FRAME_SNAPSHOT:
		take_snapshot(d, f);
		break;
	case FRAME_SKIP:
	case FRAME_OTHER:
		break;
	}
}

int intake_take(struct intake *in, const struct intake_frame *f, const struct feed_sink *sink,
		struct feed_stats *stats, struct err *e)
{
	struct delivery d = { .in = f, .sink = sink, .stats = stats };
	struct err own = { 0 };
	int rc = frame_decode(f->bytes, f->len, &in->frame, &own);

	stats->frames++;
	if (rc) {
		stats->decode_errors++;
		snprintf(stats->last_error, sizeof(stats->last_error), "%.199s", own.msg);
		return err_set(e, rc, "%s", own.msg);
	}
	stats->last_now_us = f->now_us;
	if (in->frame.event_us)
		stats->clock_drift_us = f->now_us - in->frame.event_us - f->shift_us;
	if (in->frame.kind == FRAME_OTHER)
		return 0;
	d.market = find_or_add(in, in->frame.kind == FRAME_SNAPSHOT ? f->snapshot_symbol :
			       in->frame.symbol);
	take(&d, &in->frame);
	return 0;
}

void intake_gap(struct intake *in, const char *symbol, int64_t now_us,
		const struct feed_sink *sink)
{
	for (size_t i = 0; i < in->n; i++) {
		struct market *m = in->markets[i];

		if (symbol && strcmp(m->symbol, symbol) != 0)
			continue;
		if (sink->gap)
			sink->gap(sink->ctx, m->symbol, now_us);
		if (book_valid(m->book))
			tell_valid(sink, m, false, now_us);
		book_reset(m->book);
		m->told = (struct book_top){ 0 };
	}
}

void intake_add(struct intake *in, const char *symbol)
{
	find_or_add(in, symbol);
}
