/*
 * lightgbm_plain.h - what a LightGBM model predicts, computed by the definition: the reference
 * for the quick evaluator (lightgbm_fast.h), and the evaluator of what that one does not take.
 *
 *	sum = leaf of tree 1 + leaf of tree 2 + ..	(of its class, in this order, in double)
 *	average_output: sum = sum / iterations
 *	probability = 1 / (1 + exp(-sigmoid * sum))
 *
 * A number x counts as 0 when |x| <= LIGHTGBM_ZERO, because the library leaves such values out of
 * a row; NaN counts as 0 unless the split's missing type is NaN. What is missing (type NaN: NaN;
 * type Zero: 0) goes the default way; else left when x <= threshold. A category x is cut to a
 * whole number: NaN, below 0 and what fits no int go right; else left when its bit is set.
 *
 * Source: LightGBM 4.6, include/LightGBM/tree.h (NumericalDecision, CategoricalDecision),
 * src/boosting/gbdt_prediction.cpp, src/c_api.cpp (RowPairFunctionFromDenseMatric). The sum has
 * the library's bits; so has the probability where both use one C library, else exp may differ
 * in its last bit.
 */
#ifndef WORKER_MODEL_LIGHTGBM_PLAIN_H
#define WORKER_MODEL_LIGHTGBM_PLAIN_H

#include "worker/model/format/lightgbm_parts.h"

/* A row of the model's columns, NAN = missing: one of the two is set. */
struct lightgbm_row {
	const float *f;
	const double *d;
};

/* The sum of class k, averaged for a forest. iterations: use only the first ones; 0: all. */
double lightgbm_sum(const struct lightgbm *m, struct lightgbm_row row, size_t k,
		    size_t iterations);
/* Of class 0. lightgbm_gives_probability must have said yes. */
double lightgbm_probability(const struct lightgbm *m, double sum);

#endif
