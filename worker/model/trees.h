/*
 * trees.h - a tree model laid out for one row at a time.
 *
 * Takes gbtree models with one output and objective binary:logistic, reg:logistic,
 * binary:logitraw or reg:squarederror. Splits compare and leaves add in 32-bit
 * floats in libxgboost's order, so the result has the same bits.
 *
 * Four trees of about the same depth make a group of complete binary trees: split i has its
 * children at 2i and 2i + 1, so a step is one comparison without a branch, and the steps of
 * the four trees overlap in the processor. A leaf above the deepest level is repeated below
 * it. Trees for which this wastes too much memory are linked by indexes instead.
 *
 *	margin = base + leaf of tree 1 + leaf of tree 2 + ..	(in this order)
 *	probability = 1 / (exp(min(-margin, 88.7)) + 1)
 */
#ifndef WORKER_MODEL_TREES_H
#define WORKER_MODEL_TREES_H

#include "worker/model/format/booster.h"
#include "worker/model/format/evaluator.h"

struct trees;

/* NULL when the model is none of those. */
struct trees *trees_new(const struct booster *b);
void trees_free(struct trees *t);
/* row has the model's columns, NAN = missing. May be called from several threads. */
float trees_margin(const struct trees *t, const float *row);
float trees_predict(const struct trees *t, const float *row);
/* trees_predict as an evaluator; its free is trees_free. */
struct evaluator trees_evaluator(struct trees *t);

#endif
