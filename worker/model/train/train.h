/*
 * train.h - a gradient-boosted model from candles, by libxgboost.
 *
 * A row is the feature list over the window that ends with a candle. Its label asks
 * whether a long entered at that candle's close would end with a gain before fees
 * (triple barrier, over the "horizon" of candles that holding_s spans):
 *
 *	1	a high reaches close * (1 + profit_target) first
 *	0	a low reaches close * (1 - stop_loss) first, or in the same candle
 *	else	1 when the last close of the horizon lies above the entry, 0 otherwise
 *
 * Source: Marcos Lopez de Prado, "Advances in Financial Machine Learning". A candle
 * whose window or horizon has a hole or passes the end gives no row.
 */
#ifndef WORKER_MODEL_TRAIN_TRAIN_H
#define WORKER_MODEL_TRAIN_TRAIN_H

#include "common/err.h"
#include "worker/market/candle.h"

#include <stddef.h>
#include <stdint.h>

struct train_args {
	const char *features;		/* feature list: features-1 */
	double profit_target, stop_loss;	/* fractions: barriers of the label */
	int64_t holding_s;		/* the third barrier */
	unsigned rounds, depth;
	double learning_rate;
	unsigned seed;
	/* progress per round; may be NULL */
	void (*progress)(void *ctx, unsigned round, unsigned rounds);
	void *ctx;
};

struct train_result {
	size_t rows, positives;		/* trained on */
	size_t holdout_rows;
	double auc, log_loss;		/* on the last 25 % of the time, after a purge */
	double base_rate;		/* positives / rows of the holdout */
	double threshold;		/* probability that the top third of holdout rows reaches */
	double low;			/* probability that 95 % of all rows reach */
};

/*
 * Rows are ordered by time. The newest quarter of the time is held out for the figures, and
 * rows whose horizon reaches into it are left out (purge), because their labels would leak
 * into the test. Saves the model as JSON at path with the feature list's name as attribute
 * "feature_list". Uses one thread; equal candles, arguments and seed give equal bytes.
 * ERR_INVALID when there are too few candles, only one label, or an argument is out
 * of its range; the errors of file_write.
 */
MUST_CHECK int train_model(const struct candle *candles, size_t n, int64_t length_us,
			   const struct train_args *a, const char *path, struct train_result *out,
			   struct err *e);

/*
 * Label of candle i with n candles of length_us each: 0 or 1; -1 when the horizon
 * has a hole or passes the end.
 */
int train_label(const struct candle *candles, size_t n, size_t i, int64_t length_us,
		const struct train_args *a);

#endif
