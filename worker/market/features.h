/*
 * features.h - numbers that a model reads, each a pure function of the last 60
 * closed candles, so that live, backtest and training agree bit for bit.
 *
 * A list of features has a version ("features-1") and never changes once a
 * model was trained on it; a new list gets a new number. docs/FEATURES.md has
 * the formula card of each.
 */
#ifndef WORKER_MARKET_FEATURES_H
#define WORKER_MARKET_FEATURES_H

#include "worker/market/candle.h"

#include <stddef.h>

#define FEATURES_MAX 96

struct feature {
	const char *name;	/* "rsi_14" */
	const char *unit;	/* "0..100", "fraction", "quote per base" */
	size_t look_back;	/* closed candles it reads */
	const char *formula;	/* one line; docs/FEATURES.md is compared with it */
};

struct feature_list {
	const char *name;	/* "features-1" */
	const struct feature *features;
	size_t n;
	/* out[n], of the newest 60 candles; so many must be there. All results are finite. */
	void (*compute)(const struct window *w, float *out);
};

/* NULL when this program can't compute such a list. */
const struct feature_list *features_find(const char *name);
extern const char *const FEATURES_DEFAULT;	/* "features-1" */

#endif
