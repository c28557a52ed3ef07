/*
 * lightgbm_check.h - what must hold for every LightGBM model that the reader takes: for the unit
 * tests and the fuzz target.
 */
#ifndef TESTS_UNIT_LIGHTGBM_CHECK_H
#define TESTS_UNIT_LIGHTGBM_CHECK_H

#include "worker/model/format/booster.h"
#include "worker/model/format/lightgbm.h"
#include "worker/model/lightgbm_fast.h"
#include "worker/model/lightgbm_plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each split and each leaf is reached once, and what they name is there. */
static void lightgbm_check_tree(const struct lightgbm *m, const struct lightgbm_tree *t)
{
	const struct lightgbm_split *splits = m->splits + t->splits;
	const size_t n = t->splits_n;
	int *split = xcalloc(n + 1, sizeof(*split)), *leaf = xcalloc(n + 1, sizeof(*leaf));

	ASSERT(t->splits + n <= m->splits_n && t->leaves + n + 1 <= m->leaves_n);
	for (size_t i = 0; i < n; i++) {
		const int32_t children[] = { splits[i].left, splits[i].right };

		for (size_t side = 0; side < 2; side++) {
			int32_t c = children[side];

			ASSERT(c < 0 ? (size_t)~c <= n : c > 0 && (size_t)c < n);
			++*(c < 0 ? &leaf[~c] : &split[c]);
		}
		ASSERT(splits[i].feature < m->features && isfinite(splits[i].threshold));
		ASSERT(splits[i].missing <= LIGHTGBM_MISSING_NAN);
		ASSERT(!splits[i].categorical ||
		       (size_t)splits[i].set + splits[i].set_words <= m->words_n);
	}
	for (size_t i = 0; i <= n; i++) {
		ASSERT(isfinite(m->leaves[t->leaves + i]));
		ASSERT(n == 0 || leaf[i] == 1);
		ASSERT(i == 0 || i == n || split[i] == 1);
	}
	free(split);
	free(leaf);
}

static void lightgbm_check_row(const struct lightgbm *m, const struct lightgbm_fast *fast,
			       const float *row)
{
	const double sum = lightgbm_sum(m, (struct lightgbm_row){ .f = row }, 0, 0);
	double quick, p;

	ASSERT(!isnan(sum));
	if (fast) {
		quick = lightgbm_fast_sum(fast, row);
		ASSERT(memcmp(&quick, &sum, sizeof(sum)) == 0);
	}
	if (lightgbm_gives_probability(m, NULL))
		return;
	p = lightgbm_probability(m, sum);
	ASSERT(p >= 0 && p <= 1);
}

/* One model, and rows of each value in all columns. */
static void lightgbm_check(const struct lightgbm *m)
{
	const float values[] = { 0, (float)NAN, 0.5f, -1, 31, 3e38f, -INFINITY };
	struct lightgbm_fast *fast = lightgbm_fast_new(m);
	float *row = xcalloc(m->features, sizeof(*row));

	ASSERT(m->version >= 2 && m->version <= 4);
	ASSERT(m->trees_n > 0 && m->trees_n <= BOOSTER_TREES_MAX && m->classes > 0);
	ASSERT(m->trees_n % m->classes == 0 && isfinite(m->sigmoid) && m->sigmoid > 0);
	for (size_t i = 0; i < m->features; i++)
		ASSERT(m->names[i] && m->names[i][0]);
	ASSERT(!m->names[m->features]);
	for (size_t i = 0; i < m->trees_n; i++)
		lightgbm_check_tree(m, &m->trees[i]);
	for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
		for (size_t i = 0; i < m->features; i++)
			row[i] = values[v];
		lightgbm_check_row(m, fast, row);
	}
	free(row);
	lightgbm_fast_free(fast);
}

#endif
