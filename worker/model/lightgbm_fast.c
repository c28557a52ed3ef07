#include "worker/model/lightgbm_fast.h"

#include "common/err.h"

#include <math.h>
#include <stdlib.h>

/* Trees walked side by side: enough for one's steps to hide the others' waits for memory. */
#define LANES 8

struct node {
	float at;		/* left when x <= at; NAN in a leaf: right, to itself */
	uint16_t feature;	/* column */
	uint16_t nan_left;	/* 1: a NaN goes left */
	uint32_t left;		/* the right child follows it */
};

struct lightgbm_fast {
	size_t features, trees_n, iterations;	/* iterations: what a forest divides by; else 0 */
	struct node *nodes;	/* all trees, each breadth-first from its root */
	double *leaf;		/* by node; 0 at a split */
	uint32_t *roots;
	unsigned *depths;	/* of each group of LANES trees: that of the deepest */
};

/*
 * The float that floats compare with instead of the threshold: the largest that is not above it.
 * Values within LIGHTGBM_ZERO of 0 count as 0: they go one way together.
 */
static float float_of(double threshold)
{
	const float f = (float)threshold;

	if (fabs(threshold) <= (double)LIGHTGBM_ZERO)
		return threshold >= 0 ? LIGHTGBM_ZERO : nextafterf(-LIGHTGBM_ZERO, -INFINITY);
	return (double)f > threshold ? nextafterf(f, -INFINITY) : f;
}

static bool takes(const struct lightgbm *m)
{
	if (m->classes != 1 || m->features > UINT16_MAX)
		return false;
	for (size_t i = 0; i < m->splits_n; i++)
		if (m->splits[i].categorical || m->splits[i].missing == LIGHTGBM_MISSING_ZERO)
			return false;
	return true;
}

/* Adds a tree at nodes[*n ..]; "from" has room for its splits and leaves. */
static void add_tree(struct lightgbm_fast *t, const struct lightgbm *m,
		     const struct lightgbm_tree *tree, int32_t *from, uint32_t *n)
{
	const uint32_t root = *n;
	uint32_t count = 1;

	from[0] = tree->splits_n ? 0 : ~0;
	for (uint32_t i = 0; i < count; i++) {
		struct node *node = &t->nodes[root + i];
		const struct lightgbm_split *s;

		if (from[i] < 0) {
			*node = (struct node){ .at = (float)NAN, .left = root + i - 1 };
			t->leaf[root + i] = m->leaves[tree->leaves + (size_t)~from[i]];
			continue;
		}
		s = &m->splits[tree->splits + (size_t)from[i]];
		*node = (struct node){
			.at = float_of(s->threshold),
			.feature = (uint16_t)s->feature,
			.nan_left = s->missing == LIGHTGBM_MISSING_NAN ? s->default_left :
				0 <= s->threshold,
			.left = root + count,
		};
		from[count++] = s->left;
		from[count++] = s->right;
	}
	*n += count;
}

struct lightgbm_fast *lightgbm_fast_new(const struct lightgbm *m)
{
	struct lightgbm_fast *t;
	int32_t *from;
	uint32_t n = 0;

	if (!takes(m))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->features = m->features;
	t->trees_n = m->trees_n;
	t->iterations = m->average ? m->trees_n : 0;
	t->nodes = xcalloc(m->splits_n + m->leaves_n, sizeof(*t->nodes));
	t->leaf = xcalloc(m->splits_n + m->leaves_n, sizeof(*t->leaf));
	t->roots = xcalloc(m->trees_n, sizeof(*t->roots));
	t->depths = xcalloc(m->trees_n / LANES + 1, sizeof(*t->depths));
	from = xcalloc(m->splits_n + m->leaves_n, sizeof(*from));
	for (size_t i = 0; i < m->trees_n; i++) {
		unsigned *depth = &t->depths[i / LANES];

		t->roots[i] = n;
		add_tree(t, m, &m->trees[i], from, &n);
		*depth = m->trees[i].depth > *depth ? m->trees[i].depth : *depth;
	}
	free(from);
	return t;
}

void lightgbm_fast_free(struct lightgbm_fast *t)
{
	if (!t)
		return;
	free(t->nodes);
	free(t->leaf);
	free(t->roots);
	free(t->depths);
	free(t);
}

static inline uint32_t next(const struct node *node, const float *row, bool missing)
{
	const float x = row[node->feature];
	uint32_t right = !(x <= node->at);

	if (missing)
		right &= !((x != x) & node->nan_left);
	return node->left + right;
}

static inline double group_add(const struct lightgbm_fast *t, size_t first, const float *row,
			       bool missing, double sum)
{
	uint32_t at[LANES];

	for (size_t k = 0; k < LANES; k++)
		at[k] = t->roots[first + k];
	for (unsigned d = t->depths[first / LANES]; d > 0; d--)
		for (size_t k = 0; k < LANES; k++)
			at[k] = next(&t->nodes[at[k]], row, missing);
	for (size_t k = 0; k < LANES; k++)
		sum += t->leaf[at[k]];
	return sum;
}

static bool has_missing(const float *row, size_t n)
{
	bool missing = false;

	for (size_t i = 0; i < n; i++)
		missing |= isnan(row[i]);
	return missing;
}

double lightgbm_fast_sum(const struct lightgbm_fast *t, const float *row)
{
	const bool missing = has_missing(row, t->features);
	double sum = 0;
	size_t i = 0;

	for (; i + LANES <= t->trees_n; i += LANES)
		sum = missing ? group_add(t, i, row, true, sum) :
			group_add(t, i, row, false, sum);
	for (; i < t->trees_n; i++) {
		uint32_t at = t->roots[i];

		for (unsigned d = t->depths[i / LANES]; d > 0; d--)
			at = next(&t->nodes[at], row, true);
		sum += t->leaf[at];
	}
	return t->iterations ? sum / (double)t->iterations : sum;
}
