/*
 * model_train.h - what the tests of models share: models trained here by libxgboost from
 * seeded rows, saved in each format, loaded or refused.
 */
#ifndef TESTS_UNIT_MODEL_TRAIN_H
#define TESTS_UNIT_MODEL_TRAIN_H

#include "common/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/shared.h"
#include "worker/model/model.h"
#include "worker/model/xgb.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEAVES "models/leaves/"		/* models of others, among the shared data */

static uint64_t seed;

static inline uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static inline float random_value(void)
{
	return random_below(10) == 0 ? (float)NAN : (float)random_below(2001) / 1000.0f - 1.0f;
}

#define COLUMNS 20
#define ROWS 3000

struct recipe {
	const char *booster, *objective, *policy;
	unsigned rounds, depth;		/* depth 0: every tree is a lone leaf */
	int classes;
};

/* Rows that mean something, so that trees grow: the label depends on three columns. */
static inline void make_rows(float *x, float *y, size_t rows, int classes)
{
	for (size_t i = 0; i < rows; i++) {
		double sum = 0;

		for (size_t c = 0; c < COLUMNS; c++)
			x[i * COLUMNS + c] = random_value();
		for (size_t c = 0; c < 3; c++)
			sum += isnan(x[i * COLUMNS + c])
				? 0.3
				: (double)x[i * COLUMNS + c] * (double)(c + 1);
		sum += (double)random_below(1000) / 1000 - 0.5;
		y[i] = classes ? (float)((unsigned)(fabs(sum) * 10) % (unsigned)classes) : sum > 0;
	}
}

static inline void set_unsigned(BoosterHandle b, const char *name, unsigned v)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", v);
	assert_int_equal(XGBoosterSetParam(b, name, text), 0);
}

static inline BoosterHandle train(const struct recipe *r)
{
	static float x[ROWS * COLUMNS], y[ROWS];
	const char *weight = r->depth ? "0" : "1e9";
	DMatrixHandle rows = NULL;
	BoosterHandle b = NULL;
	struct err e;

	make_rows(x, y, ROWS, r->classes);
	assert_int_equal(xgb_matrix_new(x, ROWS, COLUMNS, &rows, &e), 0);
	assert_int_equal(XGDMatrixSetFloatInfo(rows, "label", y, ROWS), 0);
	assert_int_equal(xgb_booster_new(rows, &b, &e), 0);
	assert_int_equal(XGBoosterSetParam(b, "verbosity", "0"), 0);
	assert_int_equal(XGBoosterSetParam(b, "booster", r->booster), 0);
	assert_int_equal(XGBoosterSetParam(b, "objective", r->objective), 0);
	assert_int_equal(XGBoosterSetParam(b, "base_score", "0.4"), 0);
	if (strcmp(r->booster, "gblinear") != 0) {
		assert_int_equal(XGBoosterSetParam(b, "tree_method", "hist"), 0);
		assert_int_equal(XGBoosterSetParam(b, "grow_policy", r->policy), 0);
		assert_int_equal(XGBoosterSetParam(b, "min_child_weight", weight), 0);
		set_unsigned(b, "max_depth", r->depth);
	}
	if (r->classes)
		set_unsigned(b, "num_class", (unsigned)r->classes);
	if (strcmp(r->booster, "dart") == 0)
		assert_int_equal(XGBoosterSetParam(b, "rate_drop", "0.3"), 0);
	for (unsigned i = 0; i < r->rounds; i++)
		if (XGBoosterUpdateOneIter(b, (int)i, rows))
			fail_msg("%s", XGBGetLastError());
	XGDMatrixFree(rows);
	return b;
}

/* The extension picks the format: json, ubj, and anything else the old binary. */
static const char *save(BoosterHandle b, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch_folder, name);
	assert_int_equal(XGBoosterSaveModel(b, path), 0);
	return path;
}

static inline struct model *load(const char *path)
{
	struct model *m = NULL;
	struct err e = { 0 };

	if (model_load(path, &m, &e))
		fail_msg("%s", e.msg);
	return m;
}

static inline void assert_refused(const char *path, int code, const char *text)
{
	struct model *m = (struct model *)&seed;
	struct err e = { 0 };
	int err = model_load(path, &m, &e);

	if (err != code || !strstr(e.msg, text))
		fail_msg("%s: %d '%s' instead of %d '%s'", path, err, e.msg, code, text);
	assert_ptr_equal(m, &seed); /* untouched */
}

#endif
