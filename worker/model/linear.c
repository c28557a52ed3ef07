#include "worker/model/linear.h"

#include "worker/model/objective.h"

#include <stdlib.h>
#include <string.h>

struct linear {
	const struct objective *objective;
	float base;		/* with the bias */
	size_t n;
	float weights[];
};

struct linear *linear_new(const struct booster *b)
{
	const struct objective *o = objective_find(b->objective);
	struct linear *l;

	if (!o || !b->linear)
		return NULL;
	l = xcalloc(1, sizeof(*l) + b->features * sizeof(*l->weights));
	l->objective = o;
	l->n = b->features;
	l->base = b->linear[b->features] + objective_base(o, b);
	memcpy(l->weights, b->linear, b->features * sizeof(*l->weights));
	return l;
}

float linear_margin(const struct linear *l, const float *row)
{
	float sum = l->base;

	for (size_t i = 0; i < l->n; i++)
		if (!isnan(row[i]))
			sum += row[i] * l->weights[i];
	return sum;
}

static float evaluator_predict(const void *ctx, const float *row)
{
	const struct linear *l = ctx;

	return objective_answer(l->objective, linear_margin(l, row));
}

static void evaluator_free(void *ctx)
{
	free(ctx);
}

struct evaluator linear_evaluator(struct linear *l)
{
	return (struct evaluator){
		.predict = evaluator_predict,
		.free = evaluator_free,
		.ctx = l,
	};
}
