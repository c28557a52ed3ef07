#include "worker/model/trial.h"

#include <math.h>
#include <stdlib.h>

#define TRIAL_ROWS 512
#define TRIAL_VALUES 1000000	/* at most, in all rows */
#define ROUNDING 1e-5f		/* of the larger of 1 and the answer */

struct trial {
	const struct booster *b;
	uint64_t seed;
	float *rows;
	size_t rows_n;
};

static uint64_t trial_random(struct trial *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return t->seed;
}

/* A value at, just below or just above the split of some node. */
static float near_split(struct trial *t, const struct booster_node *node)
{
	switch (trial_random(t) % 4) {
	case 0: return nextafterf(node->value, -INFINITY);
	case 1: return nextafterf(node->value, INFINITY);
	case 2: return node->value * (float)(trial_random(t) % 2001) / 1000.0f;
	default: return node->value;
	}
}

/* libxgboost takes no infinite values. */
static float not_infinite(float x)
{
	return isfinite(x) ? x : 0;
}

static void trial_fill(struct trial *t)
{
	const struct booster *b = t->b;

	for (size_t i = 0; i < t->rows_n * b->features; i++)
		t->rows[i] = trial_random(t) % 8 == 0 ? (float)NAN :
			(float)(trial_random(t) % 2000001) / 1e6f - 1.0f;
	for (size_t row = 0; row < t->rows_n && b->nodes_n > 0; row++) {
		for (size_t k = 0; k < 4 * b->features && k < 4096; k++) {
			const struct booster_node *node = &b->nodes[trial_random(t) % b->nodes_n];
			float *x;

			if (node->left == -1)
				continue;
			x = &t->rows[row * b->features + node->feature];
			if (!isnan(*x))
				*x = not_infinite(near_split(t, node));
		}
		/* half of the rows are complete, as ours always are */
		for (size_t f = 0; row % 2 == 0 && f < b->features; f++)
			if (isnan(t->rows[row * b->features + f]))
				t->rows[row * b->features + f] = (float)f;
	}
}

/* Infinite sums (of leaves near the largest float) are the same or not. */
static bool near(float a, float b)
{
	return a == b || fabsf(a - b) <= ROUNDING * fmaxf(1, fabsf(b));
}

static int compare(const struct trial *t, BoosterHandle library, DMatrixHandle rows, bool margin,
		   const struct trial_ours *ours, struct err *e)
{
	const void *ctx = ours->evaluator.ctx;
	const float *want;
	size_t n = 0;
	int err = xgb_predict(library, rows, margin, (unsigned)t->b->rounds_used, &want, &n, e);

	if (!err && n != t->rows_n)
		err = err_set(e, ERR_CORRUPT, "libxgboost gives %zu answers for %zu trial rows", n,
			      t->rows_n);
	for (size_t i = 0; i < n && !err; i++) {
		const float *row = t->rows + i * t->b->features;
		float have = margin ? ours->margin(ctx, row) : ours->evaluator.predict(ctx, row);

		if (!near(have, want[i]))
			err = err_set(e, ERR_CORRUPT, "our evaluator gives %g for a trial row, "
				      "libxgboost %g", (double)have, (double)want[i]);
	}
	return err;
}

int trial_run(const struct booster *b, BoosterHandle library, const struct trial_ours *ours,
	      struct err *e)
{
	struct trial t = { .b = b, .seed = 0x9e3779b97f4a7c15u };
	DMatrixHandle rows = NULL;
	int err;

	t.rows_n = TRIAL_VALUES / b->features;
	t.rows_n = t.rows_n > TRIAL_ROWS ? TRIAL_ROWS : t.rows_n;
	t.rows = xcalloc(t.rows_n * b->features, sizeof(*t.rows));
	trial_fill(&t);
	err = xgb_matrix_new(t.rows, t.rows_n, b->features, &rows, e);
	for (int margin = 0; margin < 2 && !err; margin++)
		err = compare(&t, library, rows, margin, ours, e);
	if (rows)
		XGDMatrixFree(rows);
	free(t.rows);
	return err;
}
