#include "worker/model/lightgbm_model.h"

#include "worker/model/format/booster.h"
#include "worker/model/format/lightgbm.h"
#include "worker/model/lightgbm_fast.h"
#include "worker/model/lightgbm_plain.h"

#include <stdio.h>
#include <stdlib.h>

struct use {
	struct lightgbm m;		/* without its trees when "fast" predicts */
	struct lightgbm_fast *fast;	/* NULL: m predicts */
};

static float use_predict(const void *ctx, const float *row)
{
	const struct use *u = ctx;
	const double sum = u->fast ? lightgbm_fast_sum(u->fast, row) :
		lightgbm_sum(&u->m, (struct lightgbm_row){ .f = row }, 0, 0);

	return (float)lightgbm_probability(&u->m, sum);
}

static void use_free(void *ctx)
{
	struct use *u = ctx;

	lightgbm_fast_free(u->fast);
	lightgbm_free(&u->m);
	free(u);
}

static void describe(struct model_info *info, const struct lightgbm *m)
{
	snprintf(info->format, sizeof(info->format), "%s", booster_format_name(FORMAT_LIGHTGBM));
	snprintf(info->objective, sizeof(info->objective), "%s", m->objective);
	snprintf(info->writer, sizeof(info->writer), "LightGBM, text version %u", m->version);
	info->features = m->features;
	info->trees = info->trees_used = m->trees_n;
	info->outputs = 1;
	info->probability = info->fast = true;
}

/* Frees the trees; what lightgbm_probability needs stays. */
static void drop_trees(struct lightgbm *m)
{
	const struct lightgbm rest = {
		.sigmoid = m->sigmoid, .leaves_are_probabilities = m->leaves_are_probabilities,
	};

	lightgbm_free(m);
	*m = rest;
}

int lightgbm_model_load(const char *data, size_t len, struct model_read *out, struct err *e)
{
	struct lightgbm m = { 0 };
	struct use *u;
	int err = lightgbm_read(data, len, &m, e);

	if (!err)
		err = lightgbm_gives_probability(&m, e);
	if (err) {
		lightgbm_free(&m);
		return err;
	}
	describe(&out->info, &m);
	out->columns = m.names;
	m.names = NULL;
	u = xcalloc(1, sizeof(*u));
	u->fast = lightgbm_fast_new(&m);
	if (u->fast)
		drop_trees(&m);
	u->m = m;
	out->evaluator = (struct evaluator){ use_predict, use_free, u };
	return 0;
}
