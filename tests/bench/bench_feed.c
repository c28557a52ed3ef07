/* Frames decoded a second, per kind and through the whole normaliser; the made-up market's cost. */
#include "common/clock.h"
#include "worker/feed/feed.h"
#include "worker/feed/frame.h"
#include "worker/feed/synthetic_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US INT64_C(1754000000000000)
#define SECONDS 120
#define ROUNDS 20
#define KINDS 4

struct text { char *bytes; size_t len; };
struct texts { struct text *v; size_t n, bytes; };

static void keep(struct texts *t, const struct buf *b)
{
	struct text *v;

	if ((t->n & (t->n - 1)) == 0)
		t->v = xrealloc(t->v, (t->n ? t->n * 2 : 1) * sizeof(*t->v));
	v = &t->v[t->n++];
	v->len = b->len;
	v->bytes = xcalloc(b->len, 1);
	memcpy(v->bytes, b->data, b->len);
	t->bytes += b->len;
}

static void make(struct texts kinds[KINDS], bool futures)
{
	struct synthetic_market *m = synthetic_market_new("BTCUSDT", futures, 1, START_US);
	const struct synthetic_event *e;
	struct buf b = { 0 };

	while ((e = synthetic_market_peek(m))->time_us < START_US + SECONDS * INT64_C(1000000)) {
		synthetic_frame_write(m, &b);
		keep(&kinds[e->kind], &b);
		synthetic_market_take(m);
	}
	buf_free(&b);
	synthetic_market_free(m);
}

static void measure(const char *name, const struct texts *t)
{
	struct frame f;
	int64_t best = INT64_MAX;
	size_t refused = 0;

	frame_init(&f);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t from = clock_mono_ns(), took;

		for (size_t i = 0; i < t->n; i++)
			refused += frame_decode(t->v[i].bytes, t->v[i].len, &f, NULL) != 0;
		took = clock_mono_ns() - from;
		best = took < best ? took : best;
	}
	printf("frame_decode %-22s %6.0f ns, %4zu bytes, %9.0f frames/s%s\n", name,
	       (double)best / (double)t->n, t->bytes / t->n, 1e9 * (double)t->n / (double)best,
	       refused ? " REFUSED SOME" : "");
	frame_free(&f);
}

static void measure_all(bool futures)
{
	static const char *const names[2][KINDS] = {
		{ "spot snapshot", "spot depth", "spot bookTicker", "spot trade" },
		{ "USD-M snapshot", "USD-M depth", "USD-M bookTicker", "USD-M trade" },
	};
	struct texts kinds[KINDS] = { 0 };

	make(kinds, futures);
	for (int i = KINDS - 1; i >= 0; i--) {
		measure(names[futures][i], &kinds[i]);
		for (size_t j = 0; j < kinds[i].n; j++)
			free(kinds[i].v[j].bytes);
		free(kinds[i].v);
	}
}

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	(void)market;
	(void)now_us;
	*(int64_t *)ctx += t->id;
}

/* 20 symbols at their natural rate, from market to sink. */
static void measure_market(void)
{
	static char names[20][SYMBOL_MAX] = { "BTCUSDT", "ETHUSDT", "SOLUSDT" };
	int64_t sum = 0, next_us = 0, from;
	struct synthetic_args a = { .symbols = (const char (*)[SYMBOL_MAX])names, .symbols_n = 20,
				    .seed = 1, .start_us = START_US };
	struct feed_sink sink = { .ctx = &sum, .trade = on_trade };
	struct feed *f;
	struct err e = { 0 };
	double s;

	for (int i = 3; i < 20; i++)
		snprintf(names[i], SYMBOL_MAX, "COIN%dUSDT", i);
	if (synthetic_open(&a, &sink, &f, &e))
		die("%s", e.msg);
	from = clock_mono_ns();
	while (next_us <= START_US + SECONDS * INT64_C(1000000))
		if (f->ops->poll(f, START_US + SECONDS * INT64_C(1000000), 1000, &next_us, &e))
			die("%s", e.msg);
	s = (double)(clock_mono_ns() - from) / 1e9;
	printf("synthetic market, 20 symbols: %.0f frames/s made, decoded and booked; "
	       "%.3f %% of a core per symbol live\n",
	       (double)f->stats.frames / s, s / SECONDS / 20 * 100);
	f->ops->free(f);
}

static void measure_recording(const char *shared)
{
	char files[512];
	int64_t sum = 0, next_us, from;
	struct replay_args a = { .files = files };
	struct feed_sink sink = { .ctx = &sum, .trade = on_trade };
	struct feed *f;
	struct err e = { 0 };
	double s;

	snprintf(files, sizeof(files), "%s/recordings/spot/btcusdt_20240808.gz "
		 "%s/recordings/spot/btcusdt_20240809.gz", shared, shared);
	if (replay_open(&a, &sink, &f, &e)) {
		printf("replay of a recording: not measured, %s\n", e.msg);
		return;
	}
	from = clock_mono_ns();
	while (f->ops->poll(f, 0, 1000, &next_us, &e) == 0)
		;
	s = (double)(clock_mono_ns() - from) / 1e9;
	printf("replay of recorded spot BTCUSDT: %.0f frames/s, %.0f trades/s, gunzip included\n",
	       (double)f->stats.frames / s, (double)f->stats.trades / s);
	f->ops->free(f);
}

int main(void)
{
	const char *shared = getenv("SHARED_DATA");

	measure_all(false);
	measure_all(true);
	measure_market();
	measure_recording(shared ? shared : "../shared/data");
	return 0;
}
