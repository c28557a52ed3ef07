/*
 * linear.h - a linear model (gblinear) with one output, evaluated for one row at a time.
 *
 *	margin = (bias + base) + x1 * weight of column 1 + x2 * weight of column 2 + ..
 *
 * in 32-bit floats and in this order, as libxgboost; a missing value adds nothing.
 */
#ifndef WORKER_MODEL_LINEAR_H
#define WORKER_MODEL_LINEAR_H

#include "worker/model/format/booster.h"
#include "worker/model/format/evaluator.h"

struct linear;

/* NULL when the model is no such one, or its objective is none of objective.h. */
struct linear *linear_new(const struct booster *b);
/* row has the model's columns, NAN = missing. May be called from several threads. */
float linear_margin(const struct linear *l, const float *row);
/* Its predict gives the answer of the objective; its free is what frees l. */
struct evaluator linear_evaluator(struct linear *l);

#endif
