/*
 * indicator.h - technical indicators as pure functions over an array of n values,
 * oldest first; the result is that of the newest.
 *
 * Every sum runs from the newest value to the oldest, in doubles, so that equal
 * input gives equal bits wherever it is computed. docs/FEATURES.md has the cards.
 */
#ifndef WORKER_MARKET_INDICATOR_H
#define WORKER_MARKET_INDICATOR_H

#include <stddef.h>

/* Arithmetic mean of the last "period" values; 0 < period <= n. */
double indicator_sma(const double *x, size_t n, size_t period);

/*
 * Population standard deviation of the last "period" values:
 * sqrt(sum((x - mean)^2) / period). 0 < period <= n.
 */
double indicator_stddev(const double *x, size_t n, size_t period);

/*
 * Relative strength index with Wilder's smoothing, started at the oldest value:
 * 100 * gain / (gain + loss), where gain and loss begin as means of the first
 * "period" steps and then follow avg * (period - 1) / period + step / period.
 * 50 when nothing moved. n > period. J. Welles Wilder, "New Concepts in Technical
 * Trading Systems".
 */
double indicator_rsi(const double *x, size_t n, size_t period);

/*
 * Exponential mean with factor 2 / (period + 1), seeded with the simple mean of
 * the first "period" values. out[i] is that of x[i], for i >= period - 1; the
 * entries before it are not written. 0 < period <= n.
 */
void indicator_ema(const double *x, size_t n, size_t period, double *out);


/* The newest value less the one "period" before it; period < n. */
double indicator_momentum(const double *x, size_t n, size_t period);

#endif
