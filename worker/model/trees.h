/*
 * trees.h - a tree model laid out for one row at a time.
 *
 * Takes gbtree and dart models with one output and an objective of objective.h. Splits compare
 * and leaves add in 32-bit floats in libxgboost's order, so the result has the same bits.
 *
 * Four trees of about the same depth make a group of complete binary trees: split i has its
 * children at 2i and 2i + 1, so a step is one comparison without a branch, and the steps of
 * the four trees overlap in the processor. A leaf above the deepest level is repeated below
 * it. Trees for which this wastes too much memory are linked by indexes instead.
 *
 *	margin = base + leaf of tree 1 * its weight + leaf of tree 2 * its weight + ..
 *
 * in this order, over the trees that are used; the products are made at load.
 */
#ifndef WORKER_MODEL_TREES_H
#define WORKER_MODEL_TREES_H

#include "worker/model/format/booster.h"
#include "worker/model/format/evaluator.h"

struct trees;

/* NULL when the model is none of those. */
struct trees *trees_new(const struct booster *b);
/* row has the model's columns, NAN = missing. May be called from several threads. */
float trees_margin(const struct trees *t, const float *row);
/* Its predict gives the answer of the objective; its free is what frees t. */
struct evaluator trees_evaluator(struct trees *t);

#endif
