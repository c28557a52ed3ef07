/*
 * train.h - a gradient-boosted model from rows and labels, by libxgboost.
 */
#ifndef MODEL_TRAIN_H
#define MODEL_TRAIN_H

#include "common/err.h"
#include "worker/engine/candle.h"

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
	size_t rows, positives;
	size_t holdout_rows;
	double auc, log_loss; /* on the last 25 % of the time, after a purge of holding_s */
	double base_rate;		/* positives / rows of the holdout */
	double threshold;		/* probability that the top third of holdout rows exceeds */
	double low;			/* probability that 95 % of all rows exceed */
};

/*
 * Label of a candle: would a long entered at its close end with a gain before
 * fees (take profit first, or at the holding time above the entry)? Ordered by
 * time, split with a purge. The model is saved as JSON at path. Deterministic
 * for a seed (one thread).
 * ERR_INVALID when there are too few candles or only one label.
 */
MUST_CHECK int train_model(const struct candle *candles, size_t n, int64_t length_us,
			   const struct train_args *a, const char *path, struct train_result *out,
			   struct err *e);

#endif
