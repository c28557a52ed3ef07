/*
 * lightgbm_fast.h - a LightGBM model laid out for one row of floats at a time.
 *
 * Takes models with one tree per iteration whose splits are on numbers, with missing type None
 * or NaN: what lightgbm trains unless told about categories or zero_as_missing. It gives the
 * bits of lightgbm_plain.h:
 *  - A float x is <= the double threshold exactly when it is <= the largest float that is not
 *    above it, so splits compare floats; thresholds near 0 are moved so that what counts as 0
 *    stays together.
 *  - Where a NaN goes is known before: the default way with type NaN, the way of 0 with None.
 *  - Leaves are added in double, in the order of the trees.
 *
 * Some trees are walked side by side, so that their steps overlap in the processor: a step is
 * one comparison without a branch, and a leaf leads to itself until the deepest of them is done.
 */
#ifndef WORKER_MODEL_LIGHTGBM_FAST_H
#define WORKER_MODEL_LIGHTGBM_FAST_H

#include "worker/model/format/lightgbm_parts.h"

struct lightgbm_fast;

/* NULL when the model is none of those. m may be freed after it. */
struct lightgbm_fast *lightgbm_fast_new(const struct lightgbm *m);
void lightgbm_fast_free(struct lightgbm_fast *t);
/* row has the model's columns, NAN = missing. May be called from several threads. */
double lightgbm_fast_sum(const struct lightgbm_fast *t, const float *row);

#endif
