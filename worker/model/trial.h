/*
 * trial.h - our evaluator against libxgboost, on some hundred rows made from the model itself.
 *
 * The rows take every split from both sides and in between, and have missing values.
 */
#ifndef WORKER_MODEL_TRIAL_H
#define WORKER_MODEL_TRIAL_H

#include "common/err.h"
#include "worker/model/format/booster.h"
#include "worker/model/format/evaluator.h"
#include "worker/model/xgb.h"

struct trial_ours {
	struct evaluator evaluator;
	float (*margin)(const void *ctx, const float *row);	/* raw score */
};

/*
 * 0; ERR_CORRUPT when an answer differs by more than rounding: a part of one in 100,000. (On
 * amd64 there is no difference at all; a library built with fused multiplication rounds the
 * products of DART and of linear models once less.) Other errors are those of libxgboost.
 */
MUST_CHECK int trial_run(const struct booster *b, BoosterHandle library,
			 const struct trial_ours *ours, struct err *e);

#endif
