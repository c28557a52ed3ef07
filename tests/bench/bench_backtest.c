/*
 * The candle path of a backtest: signals of ema_cross in batches, quiet bars passed quickly,
 * exits inside the bar. Prints candles per second of one core.
 *	bench_backtest [THOUSANDS OF CANDLES]
 *
 * One rule book, four ways to walk it, which must agree in every trade:
 *	per candle	window_push, on_candle and the exits on each candle, as a live bot
 *	view		the same, but on_candle looks into the history's own columns
 *	batch, scan	signals for all candles at once; then each bar of a position is compared
 *			with its target and stop
 *	batch, blocks	as before, but 64 bars that touch neither are passed by their extremes
 *
 * The rules: entry as a limit at the close of the candle that decided, filled by a later bar
 * that trades below it (above it for a short), given up after FILL_BARS. Target and stop are
 * fractions of the entry. In the bar of the entry only the stop counts, because nothing says
 * whether its extreme came before; later a bar that holds both is a stop. A trailing stop is
 * tested as it was before the bar's extreme moves it. Fees on both sides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "worker/strategy/strategies.h"

#define LENGTH_US INT64_C(60000000)
#define WINDOW 60
#define BLOCK 64
#define FILL_BARS 3
#define HOLD_BARS 480
#define MAKER 20000			/* 1e-8 of the notional: 0.02 % */
#define TAKER 50000
#define ONE INT64_C(100000000)

/* ---- history: columns, and the same once more as candles ---- */

struct history {
	size_t n;
	int64_t *open, *high, *low, *close;	/* 1e-8 of the quote asset */
	double *closes;				/* what indicators read */
	int64_t *block_high, *block_low;	/* extremes of BLOCK bars */
	struct candle *candles;
};

static uint64_t seed = 88172645463325252; /* xorshift64, Marsaglia */

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

static void history_add(struct history *h, size_t i, const int64_t price[4])
{
	h->open[i] = price[0];
	h->high[i] = price[1];
	h->low[i] = price[2];
	h->close[i] = price[3];
	h->closes[i] = price_double(price_of_units(price[3]));
	h->candles[i] = (struct candle){
		.open_us = (int64_t)i * LENGTH_US, .open = price_of_units(price[0]),
		.high = price_of_units(price[1]), .low = price_of_units(price[2]),
		.close = price_of_units(price[3]),
	};
	if (i % BLOCK == 0 || price[1] > h->block_high[i / BLOCK])
		h->block_high[i / BLOCK] = price[1];
	if (i % BLOCK == 0 || price[2] < h->block_low[i / BLOCK])
		h->block_low[i / BLOCK] = price[2];
}

/* A walk of 0.05 % a minute, with steps inside the bar. */
static void history_make(struct history *h, size_t n)
{
	int64_t price[4] = { 60000 * ONE, 0, 0, 60000 * ONE };
	int64_t **columns[] = { &h->open, &h->high, &h->low, &h->close, &h->block_high,
				&h->block_low };

	h->n = n;
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		*columns[c] = xcalloc(n + BLOCK, sizeof(int64_t));
	h->closes = xcalloc(n + BLOCK, sizeof(double));
	h->candles = xcalloc(n, sizeof(h->candles[0]));
	for (size_t i = 0; i < n; i++) {
		price[0] = price[1] = price[2] = price[3];
		for (int k = 0; k < 8; k++) {
			double step = (chance() + chance() + chance() - 1.5) * 0.00035;

			price[3] += (int64_t)((double)price[3] * step);
			price[3] -= price[3] % 1000000;
			if (price[3] > price[1])
				price[1] = price[3];
			if (price[3] < price[2])
				price[2] = price[3];
		}
		history_add(h, i, price);
	}
}

/* ---- the strategy ---- */

static struct bot_config config;
static double params[STRATEGY_PARAMS_MAX];

/* Candles begin .. begin + n - 1 of the history as a window; ema_cross reads closes only. */
static struct window candles_of(const struct history *h, size_t begin, size_t n)
{
	return (struct window){
		.look_back = n, .begin = begin, .n = n, .close = h->closes,
		.last_open_us = (int64_t)(begin + n - 1) * LENGTH_US, .length_us = LENGTH_US,
	};
}

/* 1: it wants to buy, -1: to sell short, 0: neither. */
static int wanted(const struct window *w)
{
	struct strategy_input in = { .config = &config, .params = params, .window = w };
	struct decision d;
	struct err e;

	ASSERT(strategy_ask(&strategy_ema_cross, NULL, &in, &d, &e) == 0);
	return d.n == 0 ? 0 : d.intents[0].side == SIDE_BUY ? 1 : -1;
}

static void batch(const struct history *h, struct signals *s)
{
	struct window all = candles_of(h, 0, h->n);
	struct strategy_input in = { .config = &config, .params = params, .window = &all };

	strategy_ema_cross.batch(&in, s);
}

/* ---- what a position does ---- */

struct rules {
	double target, stop, trailing;	/* fractions; trailing 0: none */
};

struct position {
	bool open, waits, sell;
	size_t since;			/* bar of the decision, then of the entry */
	int64_t entry, target, stop, best;
	int64_t up, down;		/* a bar is quiet with high <= up and low >= down */
};

struct result {
	size_t trades, won, stops;
	int64_t gain;			/* 1e-8 of the quote asset, for one unit each */
	uint64_t digest;
};

static int64_t part(int64_t price, double fraction)
{
	return price + (int64_t)((double)price * fraction);
}

static int64_t fee(int64_t price, int64_t rate)
{
	return (int64_t)((__int128)price * rate / ONE);
}

static void position_limits(struct position *p, bool trailing)
{
	if (p->sell) {
		p->up = p->stop - 1;
		p->down = trailing && p->best > p->target ? p->best : p->target;
	} else {
		p->up = trailing && p->best < p->target ? p->best : p->target;
		p->down = p->stop + 1;
	}
}

static void position_open(struct position *p, const struct rules *r, size_t i)
{
	double sign = p->sell ? -1 : 1;

	p->open = true;
	p->waits = false;
	p->since = i;
	p->best = p->entry;
	p->target = part(p->entry, sign * r->target);
	p->stop = part(p->entry, -sign * r->stop);
	position_limits(p, r->trailing > 0);
}

static void position_close(struct position *p, struct result *r, size_t i, int64_t at, bool maker)
{
	int64_t gain = p->sell ? p->entry - at : at - p->entry;

	gain -= fee(p->entry, MAKER) + fee(at, maker ? MAKER : TAKER);
	r->trades++;
	r->won += gain > 0;
	r->stops += !maker;
	r->gain += gain;
	r->digest = (r->digest ^ (uint64_t)at ^ i << 32) * UINT64_C(1099511628211);
	p->open = false;
}

/* A bar that is not quiet. False: the position lives on. */
static bool position_bar(struct position *p, const struct rules *rules, struct result *r, size_t i,
			 int64_t open, int64_t high, int64_t low)
{
	int64_t worst = p->sell ? high : low, best = p->sell ? low : high;
	bool first = i == p->since;

	if (p->sell ? worst >= p->stop : worst <= p->stop) {
		bool gap = !first && (p->sell ? open > p->stop : open < p->stop);

		position_close(p, r, i, gap ? open : p->stop, false);
		return true;
	}
	if (first)
		return false;
	if (p->sell ? best < p->target : best > p->target) {
		position_close(p, r, i, p->target, true);
		return true;
	}
	if (rules->trailing > 0 && (p->sell ? best < p->best : best > p->best)) {
		int64_t stop = part(best, p->sell ? rules->trailing : -rules->trailing);

		p->best = best;
		if (p->sell ? stop < p->stop : stop > p->stop)
			p->stop = stop;
		position_limits(p, true);
	}
	return false;
}

static bool fills(const struct position *p, int64_t high, int64_t low)
{
	return p->sell ? high > p->entry : low < p->entry;
}

/* ---- candle by candle ---- */

static void walk_bar(const struct history *h, const struct rules *rules, struct position *p,
		     struct result *r, size_t i)
{
	if (p->waits && fills(p, h->high[i], h->low[i]))
		position_open(p, rules, i);
	else if (p->waits)
		p->waits = i < p->since + FILL_BARS;
	if (!p->open || (h->high[i] <= p->up && h->low[i] >= p->down && i < p->since + HOLD_BARS))
		return;
	if (!position_bar(p, rules, r, i, h->open[i], h->high[i], h->low[i]) &&
	    i >= p->since + HOLD_BARS)
		position_close(p, r, i, h->close[i], false);
}

static void walk_decide(const struct history *h, struct position *p, size_t i, int side)
{
	if (p->open || p->waits || !side)
		return;
	*p = (struct position){ .waits = true, .sell = side < 0, .since = i, .entry = h->close[i] };
}

static struct result walk_candles(const struct history *h, const struct rules *rules, bool view)
{
	struct window *w = xcalloc(1, sizeof(*w));
	struct position p = { 0 };
	struct result r = { 0 };

	for (size_t i = 0; i < h->n; i++) {
		walk_bar(h, rules, &p, &r, i);
		if (!view)
			window_push(w, &h->candles[i], LENGTH_US);
		if (i < WINDOW - 1)
			continue;
		if (view) {
			struct window newest = candles_of(h, i + 1 - WINDOW, WINDOW);

			walk_decide(h, &p, i, wanted(&newest));
		} else {
			walk_decide(h, &p, i, wanted(w));
		}
	}
	window_fini(w);
	free(w);
	return r;
}

/* ---- by signals ---- */

static size_t next_signal(const struct signals *s, size_t from, size_t n)
{
	size_t word = from / 64;
	uint64_t bits;

	if (from >= n)
		return n;
	bits = (s->buy[word] | s->sell[word]) & ~UINT64_C(0) << from % 64;
	while (!bits) {
		if (++word * 64 >= n)
			return n;
		bits = s->buy[word] | s->sell[word];
	}
	return word * 64 + (size_t)__builtin_ctzll(bits);
}

/* The first bar from i on, before end, that is not quiet. */
static size_t quiet_scan(const struct history *h, size_t i, size_t end, int64_t up, int64_t down)
{
	while (i < end && h->high[i] <= up && h->low[i] >= down)
		i++;
	return i;
}

static size_t quiet_blocks(const struct history *h, size_t i, size_t end, int64_t up, int64_t down)
{
	size_t border = (i + BLOCK - 1) / BLOCK * BLOCK;

	i = quiet_scan(h, i, border < end ? border : end, up, down);
	if (i != border)
		return i;
	while (i + BLOCK <= end && h->block_high[i / BLOCK] <= up &&
	       h->block_low[i / BLOCK] >= down)
		i += BLOCK;
	return quiet_scan(h, i, end, up, down);
}

/* From the bar of the entry to the bar in which the position ends. */
static size_t lead(const struct history *h, const struct rules *rules, struct position *p,
		   struct result *r, bool blocks)
{
	size_t i = p->since, end = i + HOLD_BARS < h->n ? i + HOLD_BARS : h->n;

	for (;;) {
		i = blocks ? quiet_blocks(h, i, end, p->up, p->down) :
		    quiet_scan(h, i, end, p->up, p->down);
		if (i >= h->n)
			return i;
		if (position_bar(p, rules, r, i, h->open[i], h->high[i], h->low[i]))
			return i;
		if (i >= end) {
			position_close(p, r, i, h->close[i], false);
			return i;
		}
		i++;
	}
}

static struct result walk_signals(const struct history *h, const struct rules *rules,
				  const struct signals *s, bool blocks)
{
	struct position p = { 0 };
	struct result r = { 0 };

	for (size_t i = next_signal(s, 0, h->n); i < h->n; i = next_signal(s, i, h->n)) {
		size_t last = i + FILL_BARS < h->n ? i + FILL_BARS : h->n - 1;

		walk_decide(h, &p, i, signal_get(s->sell, i) ? -1 : 1);
		while (i < last && p.waits) {
			i++;
			if (fills(&p, h->high[i], h->low[i]))
				position_open(&p, rules, i);
		}
		if (p.open)
			i = lead(h, rules, &p, &r, blocks);
		else if (i == h->n - 1)
			break;
		p.waits = false;
	}
	return r;
}

/* ---- figures ---- */

static void show(const char *what, const struct history *h, int64_t from_us, const struct result *r,
		 const struct result *like)
{
	double took_s = (double)(clock_mono_us() - from_us) / 1e6;

	printf("backtest: %-36s %7.2f M candles/s, %6.1f ns each", what,
	       (double)h->n / took_s / 1e6, took_s * 1e9 / (double)h->n);
	if (r)
		printf(", %zu trades, %.1f %% stops", r->trades,
		       100.0 * (double)r->stops / (double)(r->trades ? r->trades : 1));
	printf("\n");
	ASSERT(!like || (r->digest == like->digest && r->gain == like->gain));
}

static void measure(const struct history *h, const struct rules *rules)
{
	size_t words = h->n / 64 + 1;
	struct signals s = { xcalloc(words, 8), xcalloc(words, 8), xcalloc(words, 8) };
	struct result first, r;
	int64_t from_us;

	printf("backtest: target %g, stop %g, trailing %g\n", rules->target, rules->stop,
	       rules->trailing);
	from_us = clock_mono_us();
	first = walk_candles(h, rules, false);
	show("per candle, window_push", h, from_us, &first, NULL);
	from_us = clock_mono_us();
	r = walk_candles(h, rules, true);
	show("per candle, view of the history", h, from_us, &r, &first);
	from_us = clock_mono_us();
	batch(h, &s);
	show("batch alone", h, from_us, NULL, NULL);
	from_us = clock_mono_us();
	r = walk_signals(h, rules, &s, false);
	show("signals there, scan", h, from_us, &r, &first);
	from_us = clock_mono_us();
	r = walk_signals(h, rules, &s, true);
	show("signals there, blocks", h, from_us, &r, &first);
	memset(s.buy, 0, words * 8);
	memset(s.sell, 0, words * 8);
	from_us = clock_mono_us();
	batch(h, &s);
	r = walk_signals(h, rules, &s, true);
	show("batch and blocks together", h, from_us, &r, &first);
	free(s.buy);
	free(s.sell);
	free(s.exit);
}

int main(int argc, char **argv)
{
	static struct history h;

	bot_config_defaults(&config);
	snprintf(config.side_mode, sizeof(config.side_mode), "both");
	strategy_params_default(&strategy_spec_ema_cross, params);
	history_make(&h, (size_t)(argc > 1 ? strtol(argv[1], NULL, 10) : 1051) * 1000);
	measure(&h, &(struct rules){ 0.004, 0.002, 0 });
	measure(&h, &(struct rules){ 0.03, 0.01, 0 });
	measure(&h, &(struct rules){ 0.03, 0.01, 0.008 });
	return 0;
}
