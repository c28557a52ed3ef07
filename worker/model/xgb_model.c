#include "worker/model/xgb_model.h"

#include "worker/model/linear.h"
#include "worker/model/objective.h"
#include "worker/model/trees.h"
#include "worker/model/trial.h"

#include <stdio.h>
#include <stdlib.h>

static void describe(enum booster_format format, struct booster *b, struct model_read *out)
{
	const struct objective *o = objective_find(b->objective);
	struct model_info *info = &out->info;

	snprintf(info->format, sizeof(info->format), "%s", booster_format_name(format));
	snprintf(info->objective, sizeof(info->objective), "%s", b->objective);
	snprintf(info->feature_list, sizeof(info->feature_list), "%s", b->feature_list);
	if (format == FORMAT_BINARY && b->major)	/* has no third number */
		snprintf(info->writer, sizeof(info->writer), "XGBoost %u.%u", b->major, b->minor);
	else if (b->major)
		snprintf(info->writer, sizeof(info->writer), "XGBoost %u.%u.%u", b->major, b->minor,
			 b->patch);
	info->features = b->features;
	info->trees = b->trees_n;
	info->trees_used = b->trees_used;
	info->probability = o && o->probability;
	info->reference = !b->newer;
	out->columns = b->names;
	b->names = NULL;
}

static float trees_score(const void *ctx, const float *row)
{
	return trees_margin(ctx, row);
}

static float linear_score(const void *ctx, const float *row)
{
	return linear_margin(ctx, row);
}

/* An evaluator without ctx if the model is not for ours. */
static struct trial_ours make_ours(const struct booster *b)
{
	struct trees *t = trees_new(b);
	struct linear *l;

	if (t)
		return (struct trial_ours){ .evaluator = trees_evaluator(t),
					    .margin = trees_score };
	l = linear_new(b);
	if (l)
		return (struct trial_ours){ .evaluator = linear_evaluator(l),
					    .margin = linear_score };
	return (struct trial_ours){ .evaluator = { .ctx = NULL } };
}

/* Predicts one row, because only that shows how many values a row gives. */
static int count_outputs(BoosterHandle library, struct model_info *info, struct err *e)
{
	float *row = xcalloc(info->features, sizeof(*row));
	DMatrixHandle rows = NULL;
	const float *out;
	int err = xgb_matrix_new(row, 1, info->features, &rows, e);

	if (!err)
		err = xgb_predict(library, rows, false, 0, &out, &info->outputs, e);
	if (rows)
		XGDMatrixFree(rows);
	free(row);
	return err;
}

static int check_base(const struct booster *b, struct err *e)
{
	const struct objective *o = objective_find(b->objective);

	if (!o || !o->probability || b->base_is_margin || (b->base_score > 0 && b->base_score < 1))
		return 0;
	return err_set(e, ERR_INVALID, "base_score is %g, and %s needs one above 0 and below 1",
		       (double)b->base_score, b->objective);
}

static int no_reference(const struct booster *b, struct err *e)
{
	return err_set(e, ERR_INVALID, "its objective is %s with %zu classes, written by XGBoost "
		       "%u.%u: of 3.1 and later only models with one answer can be read, such as "
		       "those of binary:logistic", b->objective, b->classes, b->major, b->minor);
}

int xgb_model_read(enum booster_format format, struct booster *b, const struct buf *file,
		   struct model_read *out, BoosterHandle *library, struct err *e)
{
	struct trial_ours ours;
	BoosterHandle lib = NULL;
	int err = check_base(b, e);

	if (err)
		return err;
	describe(format, b, out);
	ours = make_ours(b);
	out->evaluator = ours.evaluator;
	out->info.fast = ours.evaluator.ctx != NULL;
	out->info.outputs = 1;
	if (b->newer)
		return out->info.fast ? 0 : no_reference(b, e);
	err = xgb_booster_load(file->data, file->len, &lib, e);
	if (!err && out->info.fast)
		err = trial_run(b, lib, &ours, e);
	else if (!err)
		err = count_outputs(lib, &out->info, e);
	if (!err && !out->info.fast) {
		*library = lib;
		lib = NULL;
	}
	if (lib)
		XGBoosterFree(lib);
	return err;
}
