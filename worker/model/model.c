#include "worker/model/model.h"

#include "common/buf.h"
#include "common/file.h"
#include "worker/market/features.h"
#include "worker/model/format/booster.h"
#include "worker/model/lightgbm_model.h"
#include "worker/model/trees.h"
#include "worker/model/xgb.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIAL_ROWS 512
#define TRIAL_VALUES 1000000	/* at most, in all rows */

struct model {
	struct model_read is;
	char *path;
	BoosterHandle booster;	/* NULL: not needed; loaded again when it is asked for */
};

/* --- trial rows: every split from both sides, in between, and missing values --- */

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

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* Compares our trees with libxgboost to the last bit, as probability and as raw score. */
static int trial_compare(const struct trial *t, BoosterHandle booster, const struct trees *trees,
			 bool *same, struct err *e)
{
	DMatrixHandle rows = NULL;
	int err = xgb_matrix_new(t->rows, t->rows_n, t->b->features, &rows, e);

	*same = true;
	for (int margin = 0; margin < 2 && !err; margin++) {
		const float *want;
		size_t n = 0;

		err = xgb_predict(booster, rows, margin, 0, &want, &n, e);
		*same = *same && n == t->rows_n;
		for (size_t i = 0; i < n && !err && *same; i++) {
			const float *row = t->rows + i * t->b->features;
			float ours = margin ? trees_margin(trees, row) : trees_predict(trees, row);

			*same = bits_of(ours) == bits_of(want[i]);
		}
	}
	if (rows)
		XGDMatrixFree(rows);
	return err;
}

/* Sets the evaluator if our trees give libxgboost's bits; else there is none. */
static int try_trees(struct model *m, const struct booster *b, struct err *e)
{
	struct trial t = { .b = b, .seed = 0x9e3779b97f4a7c15u };
	struct trees *trees = trees_new(b);
	bool same = false;
	int err;

	if (!trees)
		return 0;
	t.rows_n = TRIAL_VALUES / b->features;
	t.rows_n = t.rows_n > TRIAL_ROWS ? TRIAL_ROWS : t.rows_n;
	t.rows = xcalloc(t.rows_n * b->features, sizeof(*t.rows));
	trial_fill(&t);
	err = trial_compare(&t, m->booster, trees, &same, e);
	free(t.rows);
	if (err || !same)
		trees_free(trees);
	else
		m->is.evaluator = trees_evaluator(trees);
	return err;
}

/* --- loading --- */

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

/* Predicts one row, because only that shows how many values a row gives. */
static int try_row(struct model *m, struct err *e)
{
	float *row = xcalloc(m->is.info.features, sizeof(*row));
	DMatrixHandle rows = NULL;
	const float *out;
	int err = xgb_matrix_new(row, 1, m->is.info.features, &rows, e);

	if (!err)
		err = xgb_predict(m->booster, rows, false, 0, &out, &m->is.info.outputs, e);
	if (rows)
		XGDMatrixFree(rows);
	free(row);
	return err;
}

static void describe(struct model_info *info, enum booster_format format, const struct booster *b)
{
	snprintf(info->format, sizeof(info->format), "%s", booster_format_name(format));
	snprintf(info->objective, sizeof(info->objective), "%s", b->objective);
	info->features = b->features;
	info->trees = info->trees_used = b->trees_n;
	info->reference = true;
}

/* A model of our own training says what its columns are. */
static void read_feature_list(struct model *m)
{
	const char *name;
	int found = 0;

	if (XGBoosterGetAttr(m->booster, "feature_list", &name, &found) == 0 && found)
		snprintf(m->is.info.feature_list, sizeof(m->is.info.feature_list), "%s", name);
}

static void read_columns(struct model *m)
{
	const char **names;
	bst_ulong n = 0;

	if (XGBoosterGetStrFeatureInfo(m->booster, "feature_name", &n, &names) ||
	    n != m->is.info.features)
		return;
	m->is.columns = xcalloc((size_t)n + 1, sizeof(m->is.columns[0]));
	for (bst_ulong i = 0; i < n; i++)
		m->is.columns[i] = xstrdup(names[i]);
}

static void drop_booster(struct model *m)
{
	if (m->booster)
		XGBoosterFree(m->booster);
	m->booster = NULL;
}

static int load_xgboost(struct model *m, const struct buf *file, enum booster_format format,
			const struct booster *b, struct err *e)
{
	struct model_read *is = &m->is;
	int err;

	describe(&is->info, format, b);
	err = xgb_booster_load(file->data, file->len, &m->booster, e);
	if (!err)
		err = try_row(m, e);
	if (!err)
		err = try_trees(m, b, e);
	if (err)
		return err;
	is->info.fast = is->evaluator.ctx != NULL;
	read_feature_list(m);
	read_columns(m);
	if (is->evaluator.ctx)
		drop_booster(m);
	return 0;
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
	err = format == FORMAT_LIGHTGBM ? lightgbm_model_load(file.data, file.len, &m->is, e)
		: load_xgboost(m, &file, format, &b, e);
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
	drop_booster(m);
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
		return err_set(e, ERR_INVALID, "it gives %zu values per row, and a bot needs one "
			       "probability: train it with objective binary:logistic",
			       info->outputs);
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
		err = xgb_booster_load(file.data, file.len, &m->booster, e);
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

	if (!err && !m->booster)
		err = load_again(m, e);
	if (!err)
		err = xgb_matrix_new(row, 1, n, &rows, e);
	if (!err)
		err = xgb_predict(m->booster, rows, margin, ntrees, &values, &values_n, e);
	if (!err && !margin && values_n != m->is.info.outputs)
		err = err_set(e, ERR_CORRUPT, "the model gave %zu values instead of %zu", values_n,
			      m->is.info.outputs);
	if (!err)
		memcpy(out, values, values_n * sizeof(*out));
	if (rows)
		XGDMatrixFree(rows);
	return err;
}

const char *model_library_version(void)
{
	return xgb_version();
}
