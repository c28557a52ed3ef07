#include "worker/feed/normaliser.h"

#include "worker/feed/sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_WRONG_FRAMES 20	/* so many in a row that agree: our clock is wrong, not theirs */

enum trade_source { TRADES_UNKNOWN, TRADES_RAW, TRADES_AGGREGATE };

struct market {
	char symbol[SYMBOL_MAX];
	int handle;			/* the sinks' */
	bool handled;			/* they were asked for it */
	struct book *book;
	enum trade_source trades;
	bool ticker;			/* a bookTicker came: best prices are taken from it */
	struct book_top told;		/* newest top made from the local book */
	int64_t lead_us;		/* the exchange's clock ahead of ours; 0 where it is not */
	int64_t odd_n, odd_us;		/* frames in a row that lie elsewhere: the first's lead */
	struct sequence ids;		/* of trades */
};

struct normaliser {
	struct frame frame;
	struct market **markets;
	size_t n, newest;
	size_t *slots;			/* by hash of the name: index + 1, or 0 */
	size_t slots_n;			/* a power of two, at least twice n */
};

/* One normaliser_take call. */
struct delivery {
	struct market *market;
	const struct normaliser_frame *in;
	const struct feed_sink *sink;
	struct feed_stats *stats;
};

struct normaliser *normaliser_new(void)
{
	struct normaliser *in = xcalloc(1, sizeof(*in));

	frame_init(&in->frame);
	return in;
}

void normaliser_free(struct normaliser *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->n; i++) {
		book_free(in->markets[i]->book);
		free(in->markets[i]);
	}
	free(in->markets);
	free(in->slots);
	frame_free(&in->frame);
	free(in);
}

/* FNV-1a. */
static size_t hash(const char *symbol)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *symbol; symbol++)
		h = (h ^ (uint8_t)*symbol) * UINT32_C(16777619);
	return h ^ h >> 15;
}

static size_t *slot_of(const struct normaliser *in, const char *symbol)
{
	size_t i = hash(symbol) & (in->slots_n - 1);

	while (in->slots[i] && strcmp(in->markets[in->slots[i] - 1]->symbol, symbol) != 0)
		i = (i + 1) & (in->slots_n - 1);
	return &in->slots[i];
}

/* Index, or in->n. The newest market's next frame needs no hash. */
static size_t find(const struct normaliser *in, const char *symbol)
{
	size_t at;

	if (in->n == 0)
		return 0;
	if (strcmp(in->markets[in->newest]->symbol, symbol) == 0)
		return in->newest;
	at = *slot_of(in, symbol);
	return at ? at - 1 : in->n;
}

static void grow(struct normaliser *in)
{
	if (in->n * 2 <= in->slots_n)
		return;
	free(in->slots);
	in->slots_n = in->slots_n ? in->slots_n * 2 : 16;
	in->slots = xcalloc(in->slots_n, sizeof(in->slots[0]));
	for (size_t i = 0; i < in->n; i++)
		*slot_of(in, in->markets[i]->symbol) = i + 1;
}

static struct market *find_or_add(struct normaliser *in, const char *symbol)
{
	size_t i = find(in, symbol);

	if (i == in->n) {
		struct market *m = xcalloc(1, sizeof(*m));

		m->book = book_new();
		snprintf(m->symbol, sizeof(m->symbol), "%s", symbol);
		in->markets = xrealloc(in->markets, (in->n + 1) * sizeof(*in->markets));
		in->markets[in->n++] = m;
		grow(in);
		*slot_of(in, m->symbol) = in->n;
	}
	in->newest = i;
	return in->markets[i];
}

/* A sink without functions hears nothing, and names no market either. */
static int handle_of(struct market *m, const struct feed_sink *sink)
{
	if (!m->handled && sink->market) {
		m->handle = sink->market(sink->ctx, m->symbol);
		m->handled = true;
	}
	return m->handle;
}

/* ---- stamps ---- */

/* Enough frames in a row that agree with each other but not with the lead give a new lead. */
static void odd_stamp(struct market *m, int64_t ahead_us)
{
	int64_t apart_us = ahead_us - m->odd_us;

	if (m->odd_n == 0 || apart_us > STAMP_AHEAD_US || apart_us < -STAMP_AHEAD_US) {
		m->odd_n = 0;
		m->odd_us = ahead_us;
	}
	if (++m->odd_n < CLOCK_WRONG_FRAMES)
		return;
	m->lead_us = ahead_us > STAMP_AHEAD_US ? ahead_us : 0;
	m->odd_n = 0;
}

/* Is this exchange time possible for a frame received at received_us, by our clock? */
static bool stamp_believed(struct market *m, int64_t exchange_us, int64_t received_us)
{
	int64_t ahead_us = exchange_us - received_us;

	if (ahead_us <= m->lead_us + STAMP_AHEAD_US &&
	    (m->lead_us == 0 || ahead_us >= m->lead_us - STAMP_AHEAD_US)) {
		m->odd_n = 0;
		return true;
	}
	odd_stamp(m, ahead_us);
	return ahead_us <= m->lead_us + STAMP_AHEAD_US;
}

static int refuse_stamp(const struct delivery *d, const struct frame *f, struct err *e)
{
	int64_t ahead_us = f->event_us + d->in->shift_us - d->in->now_us;
	struct feed_stats *stats = d->stats;
	bool trade = f->kind == FRAME_TRADE || f->kind == FRAME_AGG_TRADE;

	stats->decode_errors++;
	stats->trades_refused += trade;
	snprintf(stats->last_error, sizeof(stats->last_error),
		 "%s %s %lld is stamped %.1f s after it was received", d->market->symbol,
		 trade ? "trade" : "depth to", (long long)(trade ? f->trade.id : f->depth.last_id),
		 (double)ahead_us / 1e6);
	return err_set(e, ERR_INVALID, "%s", stats->last_error);
}

/* ---- calls of the sink; it leaves members NULL that it does not want ---- */

static void tell_trade(const struct delivery *d, const struct trade *t)
{
	struct trade shifted = *t;

	shifted.time_us += d->in->shift_us;
	d->stats->trades++;
	if (d->sink->trade && d->market->handle >= 0)
		d->sink->trade(d->sink->ctx, d->market->handle, &shifted, d->in->now_us);
}

static void tell_top(const struct delivery *d, const struct book_top *b)
{
	struct book_top shifted = *b;

	if (shifted.time_us)
		shifted.time_us += d->in->shift_us;
	if (d->sink->book && d->market->handle >= 0)
		d->sink->book(d->sink->ctx, d->market->handle, &shifted, d->in->now_us);
}

static void tell_valid(const struct feed_sink *sink, const struct market *m, bool valid,
		       int64_t now_us)
{
	if (sink->book_valid && m->handle >= 0)
		sink->book_valid(sink->ctx, m->handle, valid, now_us);
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

static void tell_gap(const struct feed_sink *sink, struct market *m, int64_t now_us)
{
	m->told = (struct book_top){ 0 };
	if (sink->gap && m->handle >= 0)
		sink->gap(sink->ctx, m->handle, now_us);
}

/* Reports trades that are still missing as a gap. */
static void look_for_lost(const struct delivery *d, const struct frame *f)
{
	int64_t lost = sequence_lost(&d->market->ids, f->event_us);

	if (!lost)
		return;
	d->stats->gaps++;
	snprintf(d->stats->last_error, sizeof(d->stats->last_error),
		 "%s: %lld trades are missing before trade %lld", d->market->symbol,
		 (long long)lost, (long long)d->market->ids.next_id - 1);
	tell_gap(d->sink, d->market, d->in->now_us);
}

/* Applies the levels even if the time is refused, because else the book would miss them. */
static int take_depth(const struct delivery *d, const struct frame *f, struct err *e)
{
	bool before = book_valid(d->market->book);
	enum book_result result = book_depth(d->market->book, f);
	int64_t exchange_us = f->event_us + d->in->shift_us;

	d->stats->depths++;
	count(d->stats, result);
	if (result == BOOK_GAP)
		sequence_doubt(&d->market->ids);
	tell_book(d, before);
	if (!stamp_believed(d->market, exchange_us, d->in->now_us))
		return refuse_stamp(d, f, e);
	look_for_lost(d, f);
	if (d->sink->time && d->market->handle >= 0)
		d->sink->time(d->sink->ctx, d->market->handle, exchange_us, d->in->now_us);
	return 0;
}

static void take_snapshot(const struct delivery *d, const struct frame *f)
{
	bool before = book_valid(d->market->book);

	d->stats->snapshots++;
	count(d->stats, book_snapshot(d->market->book, f));
	tell_book(d, before);
}

static int take_trade(const struct delivery *d, struct frame *f, enum trade_source source,
		      struct err *e)
{
	struct market *m = d->market;
	enum sequence_result result;

	if (m->trades == TRADES_UNKNOWN)
		m->trades = source;
	if (m->trades != source)
		return 0;
	if (!stamp_believed(m, f->trade.time_us + d->in->shift_us, d->in->now_us))
		return refuse_stamp(d, f, e);
	result = sequence_take(&m->ids, f->trade.id, f->trade.time_us);
	if (result == SEQUENCE_REPEATED) {
		d->stats->repeated++;
		return 0;
	}
	if (m->ids.missing)
		look_for_lost(d, f);
	f->trade.whole = result == SEQUENCE_NEXT;
	tell_trade(d, &f->trade);
	return 0;
}

static int take(const struct delivery *d, struct frame *f, struct err *e)
{
	switch (f->kind) {
	case FRAME_TRADE:
		return take_trade(d, f, TRADES_RAW, e);
	case FRAME_AGG_TRADE:
		return take_trade(d, f, TRADES_AGGREGATE, e);
	case FRAME_TOP:
		d->stats->tops++;
		d->market->ticker = true;
		tell_top(d, &f->top);
		break;
	case FRAME_DEPTH:
		return take_depth(d, f, e);
	case FRAME_SNAPSHOT:
		take_snapshot(d, f);
		break;
	case FRAME_SKIP:
		if (f->trade.id > 0 && d->market->trades == TRADES_RAW)
			(void)sequence_take(&d->market->ids, f->trade.id, f->trade.time_us);
		break;
	case FRAME_OTHER:
		break;
	}
	return 0;
}

int normaliser_take(struct normaliser *in, const struct normaliser_frame *f,
		    const struct feed_sink *sink, struct feed_stats *stats, struct err *e)
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
	(void)handle_of(d.market, sink);
	return take(&d, &in->frame, e);
}

void normaliser_gap(struct normaliser *in, const char *symbol, int64_t now_us,
		    const struct feed_sink *sink)
{
	for (size_t i = 0; i < in->n; i++) {
		struct market *m = in->markets[i];

		if (symbol && strcmp(m->symbol, symbol) != 0)
			continue;
		(void)handle_of(m, sink);
		sequence_gap(&m->ids);
		tell_gap(sink, m, now_us);
		if (book_valid(m->book))
			tell_valid(sink, m, false, now_us);
		book_reset(m->book);
	}
}

void normaliser_begin_again(struct normaliser *in)
{
	for (size_t i = 0; i < in->n; i++) {
		sequence_reset(&in->markets[i]->ids);
		in->markets[i]->lead_us = in->markets[i]->odd_n = 0;
	}
}

int normaliser_follows(const struct normaliser *in, const struct frame *f)
{
	enum trade_source source = f->kind == FRAME_TRADE ? TRADES_RAW :
		f->kind == FRAME_AGG_TRADE ? TRADES_AGGREGATE : TRADES_UNKNOWN;
	size_t i = find(in, f->symbol);

	if (source == TRADES_UNKNOWN || i == in->n || in->markets[i]->trades != source)
		return -1;
	return f->trade.id == in->markets[i]->ids.next_id;
}

void normaliser_add(struct normaliser *in, const char *symbol)
{
	find_or_add(in, symbol);
}

int normaliser_market(struct normaliser *in, const char *symbol, const struct feed_sink *sink)
{
	return handle_of(find_or_add(in, symbol), sink);
}
