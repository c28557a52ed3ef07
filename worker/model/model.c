#include "worker/model/model.h"

#include "common/buf.h"
#include "common/file.h"
#include "worker/market/features.h"
#include "worker/model/format/booster.h"
#include "worker/model/lightgbm_model.h"
#include "worker/model/xgb_model.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model {
	struct model_read is;
	char *path;
	unsigned rounds;	/* of boosting that libxgboost predicts with; 0: all */
	BoosterHandle library;	/* NULL: not needed; loaded again when it is asked for */
};

static int read_checked(const char *path, struct buf *file, enum booster_format *format,
			struct booster *b, struct err *e)
{
	int err = file_read(path, BOOSTER_FILE_MAX, file, e);

	if (err)
		return err;
	*format = booster_sniff(buf_text(file), file->len);
	if (*format == FORMAT_LIGHTGBM)
		return 0;
	if (*format == FORMAT_UNKNOWN)
		return err_set(e, ERR_CORRUPT,
			       "%s is no model: it looks like %s; XGBoost's JSON, UBJ "
			       "and binary files and LightGBM's text files are models",
			       path, booster_looks_like(buf_text(file), file->len));
	err = booster_read(*format, file->data, file->len, b, e);
	if (err)
		err_prefix(e, "%s can't be used", path);
	return err;
}

int model_load(const char *path, struct model **out, struct err *e)
{
	struct model *m = xcalloc(1, sizeof(*m));
	struct buf file = { 0 };
	struct booster b = { 0 };
	enum booster_format format;
	int err;

	m->path = xstrdup(path);
	err = read_checked(path, &file, &format, &b, e);
	if (err)
		goto out;
	m->rounds = (unsigned)b.rounds_used;
	err = format == FORMAT_LIGHTGBM ? lightgbm_model_load(file.data, file.len, &m->is, e)
		: xgb_model_read(format, &b, &file, &m->is, &m->library, e);
	if (err) {
		err_prefix(e, "%s can't be used", path);
		goto out;
	}
	*out = m;
	m = NULL;
out:
	booster_free(&b);
	buf_free(&file);
	model_free(m);
	malloc_trim(0); /* loading takes ten times what stays */
	return err;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	if (m->library)
		XGBoosterFree(m->library);
	if (m->is.evaluator.ctx)
		m->is.evaluator.free(m->is.evaluator.ctx);
	for (size_t i = 0; m->is.columns && m->is.columns[i]; i++)
		free(m->is.columns[i]);
	free(m->is.columns);
	free(m->path);
	free(m);
}

const struct model_info *model_describe(const struct model *m)
{
	return &m->is.info;
}

/* Names that libraries give to columns without one: XGBoost f0, LightGBM Column_0. */
static bool is_numbered(const char *name, size_t i)
{
	char text[32];

	snprintf(text, sizeof(text), "Column_%zu", i);
	if (strcmp(name, text) == 0)
		return true;
	snprintf(text, sizeof(text), "f%zu", i);
	return strcmp(name, text) == 0;
}

static int check_names(const struct model *m, const struct feature_list *list, struct err *e)
{
	for (size_t i = 0; m->is.columns && i < list->n; i++)
		if (strcmp(m->is.columns[i], list->features[i].name) != 0 &&
		    !is_numbered(m->is.columns[i], i))
			return err_set(e, ERR_INVALID, "its column %zu is \"%.60s\", that of %s "
				       "is \"%s\": train it on that list, in that order "
				       "(docs/FEATURES.md)", i + 1, m->is.columns[i], list->name,
				       list->features[i].name);
	return 0;
}

int model_fits(const struct model *m, const struct feature_list *list, struct err *e)
{
	const struct model_info *info = &m->is.info;

	if (info->feature_list[0] && strcmp(info->feature_list, list->name) != 0)
		return err_set(e, ERR_INVALID, "it was trained on the list %s, not on %s",
			       info->feature_list, list->name);
	if (info->features != list->n)
		return err_set(e, ERR_INVALID, "it was trained on %zu features, and the list %s "
			       "has %zu: train it on that list (docs/FEATURES.md)", info->features,
			       list->name, list->n);
	if (info->outputs != 1)
		return err_set(e, ERR_INVALID, "its objective is %s: it gives %zu values per row, "
			       "and a bot needs one probability: train it with objective "
			       "binary:logistic", info->objective, info->outputs);
	if (!info->probability)
		return err_set(e, ERR_INVALID, "its objective is %s, which gives no probability, "
			       "and a bot needs one: train it with objective binary:logistic",
			       info->objective);
	return check_names(m, list, e);
}

static int check_columns(const struct model *m, size_t n, struct err *e)
{
	if (n == m->is.info.features)
		return 0;
	return err_set(e, ERR_INVALID, "the model has %zu columns, the row has %zu",
		       m->is.info.features, n);
}

int model_predict(struct model *m, const float *row, size_t n, float *out, struct err *e)
{
	int err;

	if (!m->is.evaluator.ctx)
		return model_predict_reference(m, row, n, false, 0, out, e);
	err = check_columns(m, n, e);
	if (!err)
		*out = m->is.evaluator.predict(m->is.evaluator.ctx, row);
	return err;
}

/* Loads and checks the file again, because it may have changed. */
static int load_again(struct model *m, struct err *e)
{
	struct buf file = { 0 };
	struct booster b = { 0 };
	enum booster_format format;
	int err = read_checked(m->path, &file, &format, &b, e);

	if (!err && (b.features != m->is.info.features || b.trees_n != m->is.info.trees))
		err = err_set(e, ERR_CONFLICT, "%s is another model than the one that was loaded",
			      m->path);
	if (!err)
		err = xgb_booster_load(file.data, file.len, &m->library, e);
	booster_free(&b);
	buf_free(&file);
	return err;
}

int model_predict_reference(struct model *m, const float *row, size_t n, bool margin,
			    unsigned ntrees, float *out, struct err *e)
{
	DMatrixHandle rows = NULL;
	const float *values;
	size_t values_n;
	int err = check_columns(m, n, e);

	if (!err && !m->is.info.reference)
		err = err_set(e, ERR_INVALID, "libxgboost %s does not read %s as its writer did",
			      xgb_version(), m->path);
	if (!err && !m->library)
		err = load_again(m, e);
	if (!err)
		err = xgb_matrix_new(row, 1, n, &rows, e);
	if (!err)
		err = xgb_predict(m->library, rows, margin, ntrees ? ntrees : m->rounds, &values,
				  &values_n, e);
	if (!err && !margin && values_n != m->is.info.outputs)
		err = err_set(e, ERR_CORRUPT, "the model gave %zu values instead of %zu", values_n,
			      m->is.info.outputs);
	if (!err)
		memcpy(out, values, values_n * sizeof(*out));
	if (rows)
		XGDMatrixFree(rows);
	return err;
}

const char *const MODEL_TRIAL_NAMES[MODEL_TRIALS] = { "zeros", "missing", "counting" };

int model_try(struct model *m, float out[MODEL_TRIALS], struct err *e)
{
	const size_t n = m->is.info.features;
	float *row = xcalloc(n, sizeof(*row));
	int err = 0;

	for (int t = 0; t < MODEL_TRIALS && !err; t++) {
		for (size_t i = 0; i < n; i++)
			row[i] = t == 0 ? 0 : t == 1 ? (float)NAN : (float)i;
		err = model_predict(m, row, n, &out[t], e);
		if (!err && !(out[t] >= 0 && out[t] <= 1))
			err = err_set(e, ERR_INVALID, "it gives %g for a trial row, and a bot "
				      "needs a probability from 0 to 1: train it with objective "
				      "binary:logistic", (double)out[t]);
	}
	free(row);
	return err;
}

const char *model_library_version(void)
{
	return xgb_version();
}
