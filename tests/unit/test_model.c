/* Models that load: our trees against libxgboost, and the published figures of others. */
#include "tests/unit/model_train.h"

/* --- our trees against libxgboost --- */

#define TRY_ROWS 10000

static void assert_same_bits(struct model *m, BoosterHandle reference)
{
	static float x[TRY_ROWS * COLUMNS];
	DMatrixHandle rows = NULL;
	const float *want;
	size_t n, nans = 0;
	struct err e;

	for (size_t i = 0; i < TRY_ROWS * COLUMNS; i++) {
		x[i] = i / COLUMNS % 2 ? random_value()
				       : (float)random_below(2001) / 1000.0f - 1.0f;
		nans += isnan(x[i]) ? 1 : 0;
	}
	assert_true(nans > TRY_ROWS / 2);
	assert_int_equal(xgb_matrix_new(x, TRY_ROWS, COLUMNS, &rows, &e), 0);
	assert_int_equal(xgb_predict(reference, rows, false, 0, &want, &n, &e), 0);
	assert_int_equal(n, TRY_ROWS);
	for (size_t i = 0; i < TRY_ROWS; i++) {
		float out = 99;

		assert_int_equal(model_predict(m, x + i * COLUMNS, COLUMNS, &out, &e), 0);
		assert_memory_equal(&out, &want[i], sizeof(out));
		if (i % 500)
			continue;
		assert_int_equal(
			model_predict_reference(m, x + i * COLUMNS, COLUMNS, false, 0, &out, &e),
			0);
		assert_memory_equal(&out, &want[i], sizeof(out));
	}
	XGDMatrixFree(rows);
}

static void fast_is_libxgboost(void **state)
{
	static const struct recipe recipes[] = {
		{"gbtree", "binary:logistic", "depthwise", 42, 6, 0},
		{"gbtree", "binary:logistic", "depthwise", 1, 1, 0},
		{"gbtree", "reg:squarederror", "depthwise", 20, 4, 0},
		{"gbtree", "reg:logistic", "depthwise", 20, 3, 0},
		{"gbtree", "binary:logitraw", "depthwise", 20, 5, 0},
		{"gbtree", "binary:logistic", "lossguide", 10, 30, 0},	/* deep: linked trees */
		{"gbtree", "binary:logistic", "depthwise", 5, 0, 0},	/* lone leaves */
		{"dart", "binary:logistic", "depthwise", 10, 4, 0},
		{"gblinear", "binary:logistic", "", 5, 0, 0},
	};
	static const char *const names[] = { "m.json", "m.ubj", "m.model" };
	static const char *const formats[] = { "xgboost-json", "xgboost-ubj", "xgboost-binary" };

	(void)state;
	seed = 20;
	for (size_t r = 0; r < sizeof(recipes) / sizeof(recipes[0]); r++) {
		BoosterHandle b = train(&recipes[r]);

		for (size_t f = 0; f < 3; f++) {
			struct model *m = load(save(b, names[f]));
			const struct model_info *info = model_describe(m);

			assert_string_equal(info->format, formats[f]);
			assert_string_equal(info->objective, recipes[r].objective);
			assert_int_equal(info->features, COLUMNS);
			assert_int_equal(info->trees, strcmp(recipes[r].booster, "gblinear") == 0
						 ? 0 : recipes[r].rounds);
			assert_int_equal(info->trees_used, info->trees);
			assert_int_equal(info->outputs, 1);
			assert_true(info->fast);
			assert_same_bits(m, b);
			model_free(m);
		}
		XGBoosterFree(b);
	}
}

static void others_go_through_libxgboost(void **state)
{
	static const struct recipe recipes[] = {
		{"gbtree", "multi:softprob", "depthwise", 5, 3, 4},
		{"gbtree", "multi:softmax", "depthwise", 5, 3, 4},
		{"gbtree", "count:poisson", "depthwise", 5, 3, 0},
	};
	static const char *const names[] = { "o.json", "o.ubj", "o.model" };
	float x[COLUMNS], out[4] = { 0 }, again[4] = { 0 };
	struct err e;

	(void)state;
	seed = 30;
	for (size_t r = 0; r < sizeof(recipes) / sizeof(recipes[0]); r++) {
		BoosterHandle b = train(&recipes[r]);

		for (size_t f = 0; f < 3; f++) {
			struct model *m = load(save(b, names[f]));
			bool probabilities = strcmp(recipes[r].objective, "multi:softprob") == 0;

			assert_false(model_describe(m)->fast);
			assert_int_equal(model_describe(m)->outputs, probabilities ? 4 : 1);
			for (size_t c = 0; c < COLUMNS; c++)
				x[c] = random_value();
			assert_int_equal(model_predict(m, x, COLUMNS, out, &e), 0);
			assert_int_equal(
				model_predict_reference(m, x, COLUMNS, false, 0, again, &e), 0);
			assert_memory_equal(out, again, sizeof(out));
			if (probabilities)
				assert_true(fabsf(out[0] + out[1] + out[2] + out[3] - 1) < 1e-5f);
			model_free(m);
		}
		XGBoosterFree(b);
	}
}

static void wrong_number_of_columns(void **state)
{
	BoosterHandle b;
	struct model *m;
	float x[COLUMNS + 1] = { 0 }, out = 5;
	struct err e;

	(void)state;
	seed = 40;
	b = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 2, 2, 0 });
	m = load(save(b, "m.json"));
	assert_int_equal(model_predict(m, x, COLUMNS - 1, &out, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "20 columns"));
	assert_int_equal(model_predict(m, x, COLUMNS + 1, &out, &e), ERR_INVALID);
	assert_int_equal(model_predict_reference(m, x, 0, false, 0, &out, &e), ERR_INVALID);
	assert_true(out == 5);
	model_free(m);
	model_free(NULL);
	XGBoosterFree(b);
}

/* The file is read once more for the reference: it may be gone or another one by then. */
static void file_changes_after_loading(void **state)
{
	BoosterHandle b, other;
	struct model *m;
	float x[COLUMNS] = { 0 }, out = 5, before;
	char path[128];
	struct err e;

	(void)state;
	seed = 50;
	b = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 4, 2, 0 });
	other = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 5, 2, 0 });
	snprintf(path, sizeof(path), "%s", save(b, "m.json"));
	m = load(path);
	assert_int_equal(model_predict(m, x, COLUMNS, &before, &e), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(model_predict(m, x, COLUMNS, &out, &e), 0);
	assert_true(out == before);
	assert_int_not_equal(model_predict_reference(m, x, COLUMNS, false, 0, &out, &e), 0);
	save(other, "m.json");
	assert_int_equal(model_predict_reference(m, x, COLUMNS, false, 0, &out, &e), ERR_CONFLICT);
	save(b, "m.json");
	assert_int_equal(model_predict_reference(m, x, COLUMNS, false, 0, &out, &e), 0);
	assert_true(out == before);
	model_free(m);
	XGBoosterFree(b);
	XGBoosterFree(other);
}

/* --- models of others, with their expected predictions --- */

/* libsvm text: a label, then column:value; what is absent is missing. */
static const char *libsvm_row(const char *p, float *row, size_t columns)
{
	const char *end = strchrnul(p, '\n');

	for (size_t i = 0; i < columns; i++)
		row[i] = (float)NAN;
	p = strchrnul(p, ' ');
	while (p < end) {
		char *colon;
		size_t column = strtoul(p, &colon, 10);

		if (*colon != ':')
			break;
		assert_true(column < columns);
		row[column] = strtof(colon + 1, &colon);
		p = colon;
	}
	return *end ? end + 1 : end;
}

static void assert_near(float have, double want, double tolerance)
{
	if (!(fabs((double)have - want) <= tolerance))
		fail_msg("%.9g instead of %.17g", (double)have, want);
}

/* Expected values are printed decimals of floats: equal when they read as the same float. */
static void check_leaves(const char *model, const char *rows, const char *expected, bool margin,
			 unsigned ntrees, double tolerance, size_t outputs, size_t want_rows)
{
	struct buf x = { 0 }, y = { 0 };
	char name[128];
	const char *p, *q;
	struct model *m;
	float row[256], out[16];
	size_t n = 0;
	struct err e;

	snprintf(name, sizeof(name), LEAVES "%s", rows);
	assert_true(shared_read(name, &x));
	snprintf(name, sizeof(name), LEAVES "%s", expected);
	assert_true(shared_read(name, &y));
	snprintf(name, sizeof(name), LEAVES "%s", model);
	m = load(shared_path(name));
	p = x.data;
	q = y.data;
	for (; *p; n++) {
		const struct model_info *info = model_describe(m);

		p = libsvm_row(p, row, info->features);
		assert_int_equal(
			model_predict_reference(m, row, info->features, margin, ntrees, out, &e),
			0);
		for (size_t k = 0; k < outputs; k++) {
			char *end;
			double want = strtod(q, &end);

			assert_ptr_not_equal(end, q);
			q = end + strspn(end, "\t, \n");
			if (tolerance == 0)
				assert_true(out[k] == (float)want);
			else
				assert_near(out[k], want, tolerance);
		}
		if (!margin && !ntrees) {
			float fast[16];

			assert_int_equal(model_predict(m, row, info->features, fast, &e), 0);
			assert_memory_equal(fast, out, info->outputs * sizeof(float));
		}
	}
	assert_int_equal(n, want_rows);
	model_free(m);
	buf_free(&x);
	buf_free(&y);
}

static void models_of_others(void **state)
{
	FILE *f = fopen(shared_path(LEAVES "xgagaricus.model"), "rb");

	(void)state;
	if (!f)
		skip();
	fclose(f);
	check_leaves("xgagaricus.model", "agaricus_test.libsvm", "xgagaricus_true_predictions.txt",
		     false, 0, 0, 1, 1611);
	check_leaves("xg_dart_agaricus.model", "agaricus_test.libsvm",
		     "xg_dart_agaricus_true_predictions.txt", true, 10, 0, 1, 1611);
	/* printed by another build of libxgboost: its exp differs in the last bit */
	check_leaves("xgblin_agaricus.model", "agaricus_test.libsvm",
		     "xgblin_agaricus_true_predictions.txt", false, 0, 2e-9, 1, 1611);
	check_leaves("xgblin_agaricus.model", "agaricus_test.libsvm",
		     "xgblin_agaricus_true_raw_predictions.txt", true, 0, 0, 1, 1611);
	check_leaves("xgdermatology.model", "dermatology_test.libsvm",
		     "xgdermatology_true_predictions.txt", true, 0, 0, 6, 110);
}

static void library_version(void **state)
{
	(void)state;
	assert_true(strchr(model_library_version(), '.') != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fast_is_libxgboost),
		cmocka_unit_test(others_go_through_libxgboost),
		cmocka_unit_test(wrong_number_of_columns),
		cmocka_unit_test(file_changes_after_loading),
		cmocka_unit_test(models_of_others), cmocka_unit_test(library_version),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
