#include "worker/model/lightgbm_plain.h"

#include <math.h>

static double value_of(struct lightgbm_row row, size_t column)
{
	return row.f ? (double)row.f[column] : row.d[column];
}

static bool number_goes_left(const struct lightgbm_split *s, double x)
{
	const bool nan = isnan(x);

	if (nan && s->missing == LIGHTGBM_MISSING_NAN)
		return s->default_left;
	if (nan || fabs(x) <= (double)LIGHTGBM_ZERO)
		x = 0;
	if (s->missing == LIGHTGBM_MISSING_ZERO && x == 0)
		return s->default_left;
	return x <= s->threshold;
}

static bool category_goes_left(const struct lightgbm *m, const struct lightgbm_split *s, double x)
{
	uint32_t category;

	if (isnan(x) || x <= -1 || x >= 0x1p31)
		return false;
	category = (uint32_t)(int32_t)x; /* -0.5 is category 0 */
	if (category / 32 >= s->set_words)
		return false;
	return m->words[s->set + category / 32] >> (category % 32) & 1;
}

static double leaf_of(const struct lightgbm *m, const struct lightgbm_tree *t,
		      struct lightgbm_row row)
{
	int32_t at = t->splits_n ? 0 : ~0;

	while (at >= 0) {
		const struct lightgbm_split *s = &m->splits[t->splits + (size_t)at];
		const double x = value_of(row, s->feature);
		const bool left = s->categorical ? category_goes_left(m, s, x) :
			number_goes_left(s, x);

		at = left ? s->left : s->right;
	}
	return m->leaves[t->leaves + (size_t)~at];
}

double lightgbm_sum(const struct lightgbm *m, struct lightgbm_row row, size_t k,
		    size_t iterations)
{
	const size_t all = m->trees_n / m->classes;
	const size_t n = iterations && iterations < all ? iterations : all;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += leaf_of(m, &m->trees[i * m->classes + k], row);
	return m->average ? sum / (double)n : sum;
}

double lightgbm_probability(const struct lightgbm *m, double sum)
{
	return m->leaves_are_probabilities ? sum : 1.0 / (1.0 + exp(-m->sigmoid * sum));
}
