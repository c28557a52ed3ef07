/*
 * objective.h - the objectives of XGBoost that our own evaluators know.
 *
 *	probability = 1 / (exp(min(-margin, 88.7)) + 1)		(in 32-bit floats, as libxgboost)
 *	margin of a probability p = -log(1 / p - 1)
 */
#ifndef WORKER_MODEL_OBJECTIVE_H
#define WORKER_MODEL_OBJECTIVE_H

#include "worker/model/format/booster.h"

#include <math.h>

struct objective {
	const char *name;
	bool probability;	/* the answer is one; else it is the margin */
};

/* NULL when the name is none of ours. */
const struct objective *objective_find(const char *name);
/* Margin from which the trees go on: base_score, which files store as an answer. */
float objective_base(const struct objective *o, const struct booster *b);

static inline float objective_answer(const struct objective *o, float margin)
{
	float x;

	if (!o->probability)
		return margin;
	x = -margin < 88.7f ? -margin : 88.7f;
	return 1.0f / (expf(x) + 1.0f + 1e-16f);
}

#endif
