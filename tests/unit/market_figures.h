/*
 * market_figures.h - what a market looks like in numbers: rate, bursts, sizes,
 * spread, volatility and its clusters, signs, and how much the next seconds
 * follow from the last. Fed as a sink; the same code measures the recordings and
 * the synthetic market (docs/MARKET.md has both).
 */
#ifndef TESTS_UNIT_MARKET_FIGURES_H
#define TESTS_UNIT_MARKET_FIGURES_H

#include "tests/unit/market_names.h"
#include "worker/feed/feed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct series {
	double *v;
	size_t n, cap;
};

struct figures_input {
	char symbol[SYMBOL_MAX];	/* only this one */
	double tick;
	int64_t first_us, last_us, last_trade_us;
	struct book_top top;
	bool has_top;
	uint64_t tops, same_time, depths;
	struct series sign, value, spread, bid_value, ask_value;	/* one per trade, per top */
	struct series mid, count, buy, sell, imbalance;			/* one per second */
};

struct figures {
	double seconds, trades_s, tops_s, depths_s;
	double fano_1s, fano_10s, count_acf1, same_ms;
	double value_p50, value_p90, value_p99, value_mean;		/* quote asset */
	double one_tick, spread_mean, spread_p99;			/* ticks */
	double top_p10, top_p50, top_p90;			/* quote asset at the best */
	double sd_bps, kurtosis, acf_r1, acf_abs1, acf_abs5, acf_abs10, acf_abs30;
	double var_ratio_10, var_ratio_30;	/* variance of n-second returns / n x 1-second's */
	double sign_acf1, sign_acf10, sign_acf50, buy_share;
	double imbalance_1s, imbalance_10s;	/* correlation with the next return */
	double minute_sd_bps, minute_kurtosis, minute_abs1, minute_abs5, minute_abs15, minute_abs60,
		minute_ratio_5, minute_ratio_60;	/* the same of 1-minute returns */
	double flow_same_10s, flow_10_10s, flow_10_30s, momentum_10_10s, momentum_30_30s;
};

static void series_add(struct series *s, double v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->v = realloc(s->v, s->cap * sizeof(*s->v));
		if (!s->v)
			abort();
	}
	s->v[s->n++] = v;
}

static int series_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double series_quantile(const struct series *s, double q)
{
	double *copy, v;

	if (!s->n)
		return 0;
	copy = malloc(s->n * sizeof(*copy));
	if (!copy)
		abort();
	memcpy(copy, s->v, s->n * sizeof(*copy));
	qsort(copy, s->n, sizeof(*copy), series_compare);
	v = copy[(size_t)(q * (double)(s->n - 1))];
	free(copy);
	return v;
}

static double series_mean(const struct series *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->v[i];
	return s->n ? sum / (double)s->n : 0;
}

static double correlation(const double *x, const double *y, size_t n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		mx += x[i];
		my += y[i];
	}
	mx /= (double)n;
	my /= (double)n;
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static double autocorrelation(const struct series *s, size_t lag)
{
	return s->n > lag + 2 ? correlation(s->v, s->v + lag, s->n - lag) : 0;
}

/* Variance over mean of sums of "width" counts. */
static double fano(const struct series *s, size_t width)
{
	double sum = 0, squares = 0;
	size_t n = s->n / width;

	for (size_t i = 0; i < n; i++) {
		double c = 0;

		for (size_t j = 0; j < width; j++)
			c += s->v[i * width + j];
		sum += c;
		squares += c * c;
	}
	return n && sum > 0 ? (squares - sum * sum / (double)n) / sum : 0;
}

/* Close the seconds before now. */
static void figures_clock(struct figures_input *in, int64_t now_us)
{
	if (!in->first_us)
		in->first_us = now_us;
	if (now_us > in->last_us)
		in->last_us = now_us;
	while (in->has_top && (now_us - in->first_us) / 1000000 > (int64_t)in->mid.n) {
		double b = qty_double(in->top.bid_qty), a = qty_double(in->top.ask_qty);

		series_add(&in->mid, (price_double(in->top.bid) + price_double(in->top.ask)) / 2);
		series_add(&in->imbalance, (b - a) / (b + a));
		series_add(&in->count, 0);
		series_add(&in->buy, 0);
		series_add(&in->sell, 0);
	}
}

static void figures_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct figures_input *in = ctx;
	double value = price_double(t->price) * qty_double(t->qty);

	if (strcmp(market_name(market), in->symbol) != 0)
		return;
	figures_clock(in, now_us);
	if (!in->has_top)
		return;
	series_add(&in->sign, t->buyer_is_maker ? -1 : 1);
	series_add(&in->value, value);
	in->same_time += t->time_us == in->last_trade_us;
	in->last_trade_us = t->time_us;
	if (!in->count.n)
		return;
	in->count.v[in->count.n - 1]++;
	(t->buyer_is_maker ? &in->sell : &in->buy)->v[in->count.n - 1] += value;
}

static void figures_top(void *ctx, int market, const struct book_top *b, int64_t now_us)
{
	struct figures_input *in = ctx;

	if (strcmp(market_name(market), in->symbol) != 0)
		return;
	figures_clock(in, now_us);
	in->top = *b;
	in->has_top = true;
	in->tops++;
	series_add(&in->spread, round((price_double(b->ask) - price_double(b->bid)) / in->tick));
	series_add(&in->bid_value, qty_double(b->bid_qty) * price_double(b->bid));
	series_add(&in->ask_value, qty_double(b->ask_qty) * price_double(b->ask));
}

static void figures_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	struct figures_input *in = ctx;

	(void)exchange_us;
	(void)now_us;
	in->depths += strcmp(market_name(market), in->symbol) == 0;
}

static struct feed_sink figures_sink(struct figures_input *in)
{
	return (struct feed_sink){ .ctx = in, .market = market_named, .trade = figures_trade,
				   .book = figures_top, .time = figures_time };
}

static void figures_free(struct figures_input *in)
{
	struct series *all[] = { &in->sign, &in->value, &in->spread, &in->bid_value, &in->ask_value,
				 &in->mid, &in->count, &in->buy, &in->sell, &in->imbalance };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]->v);
}

/* Return over [i, i + n) seconds in bps; mid.v[i] is the price at the start of second i. */
static double return_bps(const struct figures_input *in, size_t i, size_t n)
{
	return 1e4 * log(in->mid.v[i + n] / in->mid.v[i]);
}

static double flow(const struct figures_input *in, size_t i, size_t n)
{
	double buy = 0, sell = 0;

	for (size_t j = i; j < i + n; j++) {
		buy += in->buy.v[j];
		sell += in->sell.v[j];
	}
	return buy + sell > 0 ? (buy - sell) / (buy + sell) : 0;
}

enum predictor { BY_IMBALANCE, BY_FLOW, BY_RETURN };

/* Correlation of what the last "back" seconds say with the return "gap" later over "ahead". */
static double predicts(const struct figures_input *in, enum predictor by, size_t back,
		       size_t ahead, bool same)
{
	size_t n = in->mid.n > back + ahead + 1 ? in->mid.n - back - ahead : 0;
	double *x = calloc(n + 1, sizeof(*x)), *y = calloc(n + 1, sizeof(*y)), c;

	if (!x || !y)
		abort();
	for (size_t i = 0; i < n; i++) {
		size_t now = i + back;

		x[i] = by == BY_FLOW ? flow(in, i, back) :
		       by == BY_RETURN ? return_bps(in, i, back) : in->imbalance.v[now];
		y[i] = same ? return_bps(in, i, back) : return_bps(in, now, ahead);
	}
	c = n > 10 ? correlation(x, y, n) : 0;
	free(x);
	free(y);
	return c;
}

static double variance_of_returns(const struct figures_input *in, size_t width)
{
	size_t step = width < 60 ? 1 : width / 20;
	double sum = 0, squares = 0, n = 0;

	for (size_t i = 0; i + width < in->mid.n; i += step, n++) {
		double r = return_bps(in, i, width);

		sum += r;
		squares += r * r;
	}
	return n > 1 ? squares / n - sum / n * (sum / n) : 0;
}

/* Returns of n seconds and their sizes; *kurtosis and the standard deviation of them. */
static double returns(const struct figures_input *in, size_t n, struct series *r,
		      struct series *absolute, double *kurtosis)
{
	double m2 = 0, m4 = 0;

	for (size_t i = 0; i + n < in->mid.n; i += n) {
		double x = return_bps(in, i, n);

		series_add(r, x);
		series_add(absolute, fabs(x));
		m2 += x * x;
		m4 += x * x * x * x;
	}
	*kurtosis = m2 > 0 ? m4 * (double)r->n / (m2 * m2) : 0;
	return r->n ? sqrt(m2 / (double)r->n) : 0;
}

static void figures_returns(const struct figures_input *in, struct figures *f)
{
	struct series r = { 0 }, absolute = { 0 };

	f->sd_bps = returns(in, 1, &r, &absolute, &f->kurtosis);
	f->acf_r1 = autocorrelation(&r, 1);
	f->acf_abs1 = autocorrelation(&absolute, 1);
	f->acf_abs5 = autocorrelation(&absolute, 5);
	f->acf_abs10 = autocorrelation(&absolute, 10);
	f->acf_abs30 = autocorrelation(&absolute, 30);
	f->var_ratio_10 = variance_of_returns(in, 10) / (10 * variance_of_returns(in, 1));
	f->var_ratio_30 = variance_of_returns(in, 30) / (30 * variance_of_returns(in, 1));
	r.n = absolute.n = 0;
	f->minute_sd_bps = returns(in, 60, &r, &absolute, &f->minute_kurtosis);
	f->minute_abs1 = autocorrelation(&absolute, 1);
	f->minute_abs5 = autocorrelation(&absolute, 5);
	f->minute_abs15 = autocorrelation(&absolute, 15);
	f->minute_abs60 = autocorrelation(&absolute, 60);
	f->minute_ratio_5 = variance_of_returns(in, 300) / (5 * variance_of_returns(in, 60));
	f->minute_ratio_60 = variance_of_returns(in, 3600) / (60 * variance_of_returns(in, 60));
	free(r.v);
	free(absolute.v);
}

static void figures_compute(const struct figures_input *in, struct figures *f)
{
	double ones = 0;

	f->seconds = (double)(in->last_us - in->first_us) / 1e6;
	f->trades_s = (double)in->sign.n / f->seconds;
	f->tops_s = (double)in->tops / f->seconds;
	f->depths_s = (double)in->depths / f->seconds;
	f->fano_1s = fano(&in->count, 1);
	f->fano_10s = fano(&in->count, 10);
	f->count_acf1 = autocorrelation(&in->count, 1);
	f->same_ms = in->sign.n ? (double)in->same_time / (double)in->sign.n : 0;
	f->value_p50 = series_quantile(&in->value, 0.5);
	f->value_p90 = series_quantile(&in->value, 0.9);
	f->value_p99 = series_quantile(&in->value, 0.99);
	f->value_mean = series_mean(&in->value);
	for (size_t i = 0; i < in->spread.n; i++)
		ones += in->spread.v[i] < 1.5;
	f->one_tick = ones / (double)in->spread.n;
	f->spread_mean = series_mean(&in->spread);
	f->spread_p99 = series_quantile(&in->spread, 0.99);
	f->top_p10 = series_quantile(&in->bid_value, 0.1);
	f->top_p50 = series_quantile(&in->bid_value, 0.5);
	f->top_p90 = series_quantile(&in->bid_value, 0.9);
	figures_returns(in, f);
	f->sign_acf1 = autocorrelation(&in->sign, 1);
	f->sign_acf10 = autocorrelation(&in->sign, 10);
	f->sign_acf50 = autocorrelation(&in->sign, 50);
	f->buy_share = (series_mean(&in->sign) + 1) / 2;
	f->imbalance_1s = predicts(in, BY_IMBALANCE, 1, 1, false);
	f->imbalance_10s = predicts(in, BY_IMBALANCE, 1, 10, false);
	f->flow_same_10s = predicts(in, BY_FLOW, 10, 10, true);
	f->flow_10_10s = predicts(in, BY_FLOW, 10, 10, false);
	f->flow_10_30s = predicts(in, BY_FLOW, 10, 30, false);
	f->momentum_10_10s = predicts(in, BY_RETURN, 10, 10, false);
	f->momentum_30_30s = predicts(in, BY_RETURN, 30, 30, false);
}

static void figures_print(const char *name, const struct figures *f)
{
	printf("%s: %.0f s, %.1f trades/s, %.1f tops/s, %.1f depths/s\n"
	       "  arrivals: Fano 1 s %.1f, 10 s %.1f, count acf1 %.2f, same ms %.2f\n"
	       "  value: p50 %.0f p90 %.0f p99 %.0f mean %.0f; at best p10 %.0f p50 %.0f p90 %.0f\n"
	       "  spread: 1 tick %.3f, mean %.2f, p99 %.0f\n"
	       "  returns 1 s: sd %.3f bps, kurtosis %.1f, acf1 %.3f, |r| acf 1 5 10 30: %.2f %.2f "
	       "%.2f %.2f, variance ratio 10 s %.2f, 30 s %.2f\n"
	       "  signs: acf 1 10 50: %.2f %.2f %.2f, buys %.2f\n"
	       "  predicts: imbalance 1 s %.2f, 10 s %.2f; flow 10 s same %.2f, next 10 s %.2f, "
	       "next 30 s %.2f; momentum 10-10 %.2f, 30-30 %.2f\n"
	       "  minutes: sd %.1f bps, kurtosis %.0f, |r| acf 1 5 15 60: %.2f %.2f %.2f %.2f, "
	       "variance ratio 5 %.2f, 60 %.2f\n",
	       name, f->seconds, f->trades_s, f->tops_s, f->depths_s, f->fano_1s, f->fano_10s,
	       f->count_acf1, f->same_ms, f->value_p50, f->value_p90, f->value_p99, f->value_mean,
	       f->top_p10, f->top_p50, f->top_p90, f->one_tick, f->spread_mean, f->spread_p99,
	       f->sd_bps, f->kurtosis, f->acf_r1, f->acf_abs1, f->acf_abs5, f->acf_abs10,
	       f->acf_abs30, f->var_ratio_10, f->var_ratio_30, f->sign_acf1, f->sign_acf10,
	       f->sign_acf50, f->buy_share, f->imbalance_1s, f->imbalance_10s, f->flow_same_10s,
	       f->flow_10_10s, f->flow_10_30s, f->momentum_10_10s, f->momentum_30_30s,
	       f->minute_sd_bps, f->minute_kurtosis, f->minute_abs1, f->minute_abs5,
	       f->minute_abs15, f->minute_abs60, f->minute_ratio_5, f->minute_ratio_60);
}

#endif
