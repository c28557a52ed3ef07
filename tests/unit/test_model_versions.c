/*
 * Files of XGBoost versions that libxgboost 1.7 misreads or can't read, made here by the
 * format from files that it wrote, so that its answers to those are the right ones; what is
 * refused by name; and how many trees an early-stopped model answers with.
 */
#include "tests/unit/model_train.h"
#include "worker/market/features.h"

#include <endian.h>

static const struct recipe LOGISTIC = { "gbtree", "binary:logistic", "depthwise", 12, 4, 0 };
static const struct recipe DART = { "dart", "binary:logistic", "depthwise", 12, 3, 0 };

static void read_saved(BoosterHandle b, const char *name, struct buf *out)
{
	struct err e;

	buf_clear(out);
	assert_int_equal(file_read(save(b, name), 1 << 24, out, &e), 0);
}

static const char *write_file(const struct buf *b, const char *name)
{
	static char path[128];
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", scratch_folder, name);
	assert_int_equal(file_write(path, b->data, b->len, 0600, &e), 0);
	return path;
}

/* "old" stands in the file and is replaced once. */
static void replace(struct buf *b, const char *old, const char *new)
{
	char *at = memmem(b->data, b->len, old, strlen(old));
	struct buf out = { 0 };

	if (!at)
		fail_msg("no '%s' in the file", old);
	buf_add(&out, b->data, (size_t)(at - b->data));
	buf_puts(&out, new);
	at += strlen(old);
	buf_add(&out, at, b->len - (size_t)(at - b->data));
	buf_free(b);
	*b = out;
}

/* What is said of the version, as 3.1 and later write it. */
static void as_newer(struct buf *json, const char *version)
{
	replace(json, "\"base_score\":\"4E-1\"", "\"base_score\":\"[4E-1]\"");
	replace(json, "\"version\":[1,7,4]", version);
	replace(json, "\"tree_info\":", "\"cats\":{\"enc\":[],\"feature_segments\":[],"
		"\"sorted_idx\":[]},\"tree_info\":");
}

/* The model's answers are those of libxgboost to its own file, after so many rounds (0: all). */
static void assert_answers(struct model *m, BoosterHandle b, unsigned rounds)
{
	static float x[1000 * COLUMNS];
	DMatrixHandle rows = NULL;
	const float *want;
	size_t n;
	struct err e;

	for (size_t i = 0; i < 1000 * COLUMNS; i++)
		x[i] = random_value();
	assert_int_equal(xgb_matrix_new(x, 1000, COLUMNS, &rows, &e), 0);
	assert_int_equal(xgb_predict(b, rows, false, rounds, &want, &n, &e), 0);
	assert_int_equal(n, 1000);
	for (size_t i = 0; i < n; i++) {
		float out = 99;

		assert_int_equal(model_predict(m, x + i * COLUMNS, COLUMNS, &out, &e), 0);
		assert_memory_equal(&out, &want[i], sizeof(out));
	}
	XGDMatrixFree(rows);
}

static void assert_newer(const struct buf *file, const char *name, BoosterHandle b,
			 const char *writer)
{
	struct model *m = load(write_file(file, name));
	float x[COLUMNS] = { 0 }, out;
	struct err e = { 0 };

	assert_string_equal(model_describe(m)->writer, writer);
	assert_true(model_describe(m)->fast);
	assert_false(model_describe(m)->reference);
	assert_true(model_describe(m)->probability);
	assert_answers(m, b, 0);
	assert_int_equal(model_predict_reference(m, x, COLUMNS, false, 0, &out, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "does not read"));
	model_free(m);
}

static void base_score_in_brackets(void **state)
{
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 80;
	b = train(&LOGISTIC);
	read_saved(b, "v.json", &file);
	as_newer(&file, "\"version\":[3,1,0]");
	assert_newer(&file, "v31.json", b, "XGBoost 3.1.0");
	read_saved(b, "v.json", &file);		/* the brackets alone: the version may lie */
	replace(&file, "\"base_score\":\"4E-1\"", "\"base_score\":\"[4E-1]\"");
	assert_newer(&file, "v31.json", b, "XGBoost 1.7.4");
	read_saved(b, "v.json", &file);		/* and the version alone */
	replace(&file, "\"version\":[1,7,4]", "\"version\":[3,1,0]");
	assert_newer(&file, "v31.json", b, "XGBoost 3.1.0");
	buf_free(&file);
	XGBoosterFree(b);
}

/* "[$d#L<n>" and n floats become "[$D#L<n>" and n doubles. */
static void floats_to_doubles(struct buf *b)
{
	const char *p = b->data, *end = b->data + b->len, *at;
	struct buf out = { 0 };
	size_t arrays = 0;

	while ((at = memmem(p, (size_t)(end - p), "[$d#L", 5)) != NULL) {
		uint64_t n, raw;

		memcpy(&n, at + 5, sizeof(n));
		n = be64toh(n);
		buf_add(&out, p, (size_t)(at - p));
		buf_puts(&out, "[$D#L");
		buf_add(&out, at + 5, sizeof(n));
		p = at + 5 + sizeof(n);
		for (uint64_t i = 0; i < n; i++, p += 4) {
			uint32_t bits;
			float f;
			double d;

			memcpy(&bits, p, sizeof(bits));
			bits = be32toh(bits);
			memcpy(&f, &bits, sizeof(f));
			d = (double)f;
			memcpy(&raw, &d, sizeof(raw));
			raw = htobe64(raw);
			buf_add(&out, (const char *)&raw, sizeof(raw));
		}
		arrays++;
	}
	assert_true(arrays > 10);
	buf_add(&out, p, (size_t)(end - p));
	buf_free(b);
	*b = out;
}

static void ubj_of_doubles(void **state)
{
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 81;
	b = train(&LOGISTIC);
	read_saved(b, "v.ubj", &file);
	floats_to_doubles(&file);
	assert_newer(&file, "v31.ubj", b, "XGBoost 1.7.4");
	buf_free(&file);
	XGBoosterFree(b);
}

/* From 3.4 on a DART model is a gbtree with weight_drop beside its trees. */
static void dart_as_gbtree(void **state)
{
	struct buf file = { 0 }, weights = { 0 }, old = { 0 };
	const char *at, *end;
	BoosterHandle b;

	(void)state;
	seed = 82;
	b = train(&DART);
	read_saved(b, "d.json", &file);
	at = memmem(file.data, file.len, "\"weight_drop\":", 14);
	assert_non_null(at);
	end = memchr(at, ']', (size_t)(file.data + file.len - at));
	assert_non_null(end);
	buf_add(&weights, at, (size_t)(end + 1 - at));
	assert_non_null(strstr(buf_text(&weights), "E-"));	/* some tree was dropped */
	buf_printf(&old, ",\"name\":\"gbtree\"},\"name\":\"dart\",%s}", buf_text(&weights));
	replace(&file, buf_text(&old), ",\"name\":\"gbtree\"}");
	buf_clear(&old);
	buf_printf(&old, "\"gradient_booster\":{\"model\":{%s,", buf_text(&weights));
	replace(&file, "\"gradient_booster\":{\"gbtree\":{\"model\":{", buf_text(&old));
	as_newer(&file, "\"version\":[3,4,1]");
	assert_newer(&file, "d34.json", b, "XGBoost 3.4.1");
	replace(&file, "\"weight_drop\":[", "\"weight_drop\":[1,");
	assert_refused(write_file(&file, "d34.json"), ERR_CORRUPT, "weight_drop has 13 entries");
	replace(&file, "\"weight_drop\":[1,", "\"weight_drop\":[NaN,");
	assert_refused(write_file(&file, "d34.json"), ERR_INVALID, "weight_drop[0] is nan");
	buf_free(&file);
	buf_free(&weights);
	buf_free(&old);
	XGBoosterFree(b);
}

/* XGBoost 2.x writes a leaf vector of 1 where there is none: in each tree's header. */
static void binary_of_two(void **state)
{
	const int32_t columns = COLUMNS;
	struct buf file = { 0 };
	size_t trees = 0;
	struct model *m;
	BoosterHandle b;

	(void)state;
	seed = 83;
	b = train(&LOGISTIC);
	read_saved(b, "v.model", &file);
	for (size_t i = 160; i + 152 < file.len; i++) {
		int32_t head[6];	/* roots, nodes, deleted, depth, features, leaf vector */

		memcpy(head, file.data + i, sizeof(head));
		if (head[0] != 1 || head[1] < 1 || head[1] > 31 || head[4] != columns || head[5])
			continue;
		file.data[i + 20] = 1;
		trees++;
		i += 147;
	}
	assert_int_equal(trees, LOGISTIC.rounds);
	m = load(write_file(&file, "v2.model"));
	assert_string_equal(model_describe(m)->writer, "XGBoost 1.7");
	assert_answers(m, b, 0);
	model_free(m);
	buf_free(&file);
	XGBoosterFree(b);
}

/* ---- early stopping ---- */

static void assert_used(const char *path, BoosterHandle b, size_t trees, unsigned rounds)
{
	struct model *m = load(path);

	if (model_describe(m)->trees_used != trees)
		fail_msg("%s: %zu trees instead of %zu", path, model_describe(m)->trees_used,
			 trees);
	assert_int_equal(model_describe(m)->trees, LOGISTIC.rounds);
	assert_answers(m, b, rounds);
	model_free(m);
}

static void best_iteration(void **state)
{
	static const char *const names[] = { "b.json", "b.ubj", "b.model" };
	static const struct {
		const char *best, *owner;
		size_t trees;
		unsigned rounds;
	} cases[] = {
		{ "4", NULL, 12, 0 },			/* Booster.predict takes all */
		{ "4", "scikit_learn", 5, 5 },
		{ "4", "niter", 5, 5 },			/* R before 2.0 */
		{ "0", "scikit_learn", 1, 1 },
		{ "11", "scikit_learn", 12, 0 },
		{ "12", "scikit_learn", 12, 0 },	/* of trees that were cut off */
		{ "x", "scikit_learn", 12, 0 },
		{ "-1", "scikit_learn", 12, 0 },
		{ "99999999999999999999", "scikit_learn", 12, 0 },
		{ "", "scikit_learn", 12, 0 },
		{ NULL, "scikit_learn", 12, 0 },
	};
	BoosterHandle b;

	(void)state;
	seed = 84;
	b = train(&LOGISTIC);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(XGBoosterSetAttr(b, "best_iteration", cases[i].best), 0);
		assert_int_equal(XGBoosterSetAttr(b, "scikit_learn", NULL), 0);
		assert_int_equal(XGBoosterSetAttr(b, "niter", NULL), 0);
		if (cases[i].owner)
			assert_int_equal(XGBoosterSetAttr(b, cases[i].owner,
							  "{\"_estimator_type\": \"classifier\"}"), 0);
		for (size_t f = 0; f < 3; f++)
			assert_used(save(b, names[f]), b, cases[i].trees, cases[i].rounds);
	}
	XGBoosterFree(b);
}

/* iteration_indptr says which trees a round has, where the rounds differ. */
static void rounds_of_several_trees(void **state)
{
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 85;
	b = train(&LOGISTIC);
	assert_int_equal(XGBoosterSetAttr(b, "best_iteration", "1"), 0);
	assert_int_equal(XGBoosterSetAttr(b, "scikit_learn", "{}"), 0);
	read_saved(b, "r.json", &file);
	as_newer(&file, "\"version\":[3,1,0]");
	replace(&file, "\"cats\":", "\"iteration_indptr\":[0,3,7,12],\"cats\":");
	assert_used(write_file(&file, "r31.json"), b, 7, 7);
	replace(&file, "[0,3,7,12]", "[0,3,99,12]");
	assert_refused(write_file(&file, "r31.json"), ERR_CORRUPT, "iteration_indptr[2] is 99");
	replace(&file, "[0,3,99,12]", "[0,3,2,12]");
	assert_refused(write_file(&file, "r31.json"), ERR_CORRUPT, "iteration_indptr[2] is 2");
	buf_free(&file);
	XGBoosterFree(b);
}

/* ---- refused by name ---- */

static void refused_by_name(void **state)
{
	static const struct {
		const char *old, *new, *text;
	} edits[] = {
		{ "\"[4E-1]\"", "\"[4E-1,3E-1]\"", "several targets" },
		{ "\"[4E-1]\"", "\"[4E-1,3E-1,1E-1,1E-1,1E-1,1E-1,1E-1,1E-1,1E-1,1E-1,1E-1]\"",
		  "several targets" },
		{ "\"[4E-1]\"", "\"[0]\"", "base_score is 0" },
		{ "\"[4E-1]\"", "\"[nan]\"", "base_score is nan" },
		{ "\"enc\":[]", "\"enc\":[{\"offsets\":[0,1],\"values\":[97]}]", "recodes categories" },
		{ "\"enc\":[]", "\"enc\":[[1]]", "recodes categories" },
		{ "\"enc\":[]", "\"enc\":[1]", "recodes categories" },
		{ "\"enc\":[]", "\"enc\":[\"a\"]", "recodes categories" },
		{ "\"split_type\":[0", "\"split_type\":[1", "categorical splits" },
		{ "\"name\":\"binary:logistic\"", "\"name\":\"multi:softprob\"",
		  "its objective is multi:softprob with 0 classes, written by XGBoost 3.1" },
		{ "\"num_target\":\"1\"", "\"num_target\":\"2\"", "several targets" },
	};
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 86;
	b = train(&LOGISTIC);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		read_saved(b, "n.json", &file);
		as_newer(&file, "\"version\":[3,1,0]");
		replace(&file, edits[i].old, edits[i].new);
		assert_refused(write_file(&file, "n31.json"), ERR_INVALID, edits[i].text);
	}
	buf_free(&file);
	XGBoosterFree(b);
}

/* The first number of the array becomes another. */
static void first_number(struct buf *json, const char *array, const char *value)
{
	char *at = memmem(json->data, json->len, array, strlen(array)), *end;
	struct buf out = { 0 };

	assert_non_null(at);
	at += strlen(array);
	end = at + strcspn(at, ",]");
	buf_add(&out, json->data, (size_t)(at - json->data));
	buf_puts(&out, value);
	buf_add(&out, end, json->len - (size_t)(end - json->data));
	buf_free(json);
	*json = out;
}

/* A categorical split has NaN for a threshold: the reason is the category, not the JSON. */
static void categories_with_nan(void **state)
{
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 87;
	b = train(&LOGISTIC);
	read_saved(b, "c.json", &file);
	first_number(&file, "\"split_conditions\":[", "NaN");
	first_number(&file, "\"split_type\":[", "1");
	assert_refused(write_file(&file, "c.json"), ERR_INVALID, "tree 0 has categorical splits");
	read_saved(b, "c.json", &file);
	first_number(&file, "\"split_conditions\":[", "NaN");
	assert_refused(write_file(&file, "c.json"), ERR_INVALID,
		       "split 0 of tree 0 has no threshold");
	buf_free(&file);
	XGBoosterFree(b);
}

static void leaves_that_are_no_number(void **state)
{
	static const char *const values[][2] = {
		{ "NaN", "nan" }, { "Infinity", "inf" }, { "-Infinity", "-inf" }, { "1E99", "inf" },
	};
	struct buf file = { 0 };
	BoosterHandle b;

	(void)state;
	seed = 88;
	b = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 3, 0, 0 });
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[40];

		read_saved(b, "l.json", &file);
		first_number(&file, "\"split_conditions\":[", values[i][0]);
		snprintf(text, sizeof(text), "leaf 0 of tree 0 is %s", values[i][1]);
		assert_refused(write_file(&file, "l.json"), ERR_INVALID, text);
		read_saved(b, "l.json", &file);		/* what nothing is computed from may be */
		first_number(&file, "\"loss_changes\":[", "NaN");
		model_free(load(write_file(&file, "l.json")));
	}
	buf_free(&file);
	XGBoosterFree(b);
}

static void no_trees(void **state)
{
	struct buf file = { 0 };
	BoosterHandle b;
	char *at, *end;

	(void)state;
	seed = 89;
	b = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 1, 0, 0 });
	read_saved(b, "t.json", &file);
	at = memmem(file.data, file.len, "\"trees\":[", 9);
	assert_non_null(at);
	end = memmem(at, file.len - (size_t)(at - file.data), "]},\"name\"", 9);
	assert_non_null(end);
	memset(at + 9, ' ', (size_t)(end - at - 9));
	replace(&file, "\"num_trees\":\"1\"", "\"num_trees\":\"0\"");
	replace(&file, "\"tree_info\":[0]", "\"tree_info\":[]");
	assert_refused(write_file(&file, "t.json"), ERR_INVALID, "the model has no trees");
	XGBoosterFree(b);
	b = train(&(struct recipe){ "gblinear", "binary:logistic", "", 3, 0, 0 });
	read_saved(b, "t.json", &file);	/* a linear one needs none, but numbers */
	model_free(load(write_file(&file, "t.json")));
	at = memmem(file.data, file.len, "\"weights\":[", 11);
	assert_non_null(at);
	end = at + strcspn(at, ",]");
	memset(at + 11, ' ', (size_t)(end - at - 11));
	memcpy(at + 11, "1E99", 4);
	assert_refused(write_file(&file, "t.json"), ERR_INVALID, "[0] is inf");
	buf_free(&file);
	XGBoosterFree(b);
}

static void only_probabilities_fit_a_bot(void **state)
{
	static const struct feature columns[COLUMNS] = { { .name = "c" } };
	const struct feature_list list = { .name = "twenty", .features = columns, .n = COLUMNS };
	static const struct {
		const char *objective, *text;
		int classes;
	} cases[] = {
		{ "binary:logistic", NULL, 0 },
		{ "reg:logistic", NULL, 0 },
		{ "binary:logitraw", "its objective is binary:logitraw, which gives no", 0 },
		{ "binary:hinge", "its objective is binary:hinge, which gives no", 0 },
		{ "reg:squarederror", "its objective is reg:squarederror, which gives no", 0 },
		{ "count:poisson", "its objective is count:poisson, which gives no", 0 },
		{ "rank:pairwise", "its objective is rank:pairwise, which gives no", 0 },
		{ "multi:softmax", "its objective is multi:softmax, which gives no", 4 },
		{ "multi:softprob", "multi:softprob: it gives 4 values per row", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct recipe r = { "gbtree", cases[i].objective, "depthwise", 2, 2,
					  cases[i].classes };
		struct err e = { 0 };
		struct model *m;
		BoosterHandle b;

		seed = 90;
		b = train(&r);
		m = load(save(b, "o.json"));
		assert_int_equal(model_fits(m, &list, &e), cases[i].text ? ERR_INVALID : 0);
		if (cases[i].text && !strstr(e.msg, cases[i].text))
			fail_msg("'%s' instead of '%s'", e.msg, cases[i].text);
		model_free(m);
		XGBoosterFree(b);
	}
}

/* ---- the inputs that once failed ---- */

#define CASES "../cases/models/"

static void assert_same_answers(struct model *a, struct model *b)
{
	float x[FEATURES_MAX], p, q;
	struct err e;

	for (int i = 0; i < 2000; i++) {
		size_t n = model_describe(a)->features;

		for (size_t c = 0; c < n; c++)
			x[c] = random_value() * 100;
		assert_int_equal(model_predict(a, x, n, &p, &e), 0);
		assert_int_equal(model_predict(b, x, n, &q, &e), 0);
		assert_memory_equal(&p, &q, sizeof(p));
	}
}

static void inputs_that_once_failed(void **state)
{
	struct buf file = { 0 };
	struct err e = { 0 };
	struct model *a, *b, *c;

	(void)state;
	if (!shared_read(CASES "xgboost-3.1-base-score.json", &file))
		skip();
	seed = 91;
	a = load(shared_path(CASES "xgboost-3.1-base-score.json"));
	assert_int_equal(model_fits(a, features_find("features-1"), &e), 0);
	replace(&file, "\"[5E-1]\"", "\"5E-1\"");
	replace(&file, "\"version\": [3, 1, 0]", "\"version\": [1, 7, 4]");
	b = load(write_file(&file, "plain.json"));
	assert_true(model_describe(b)->reference);
	assert_same_answers(a, b);
	c = load(shared_path(CASES "xgboost-2.1-binary.model"));
	assert_string_equal(model_describe(c)->writer, "XGBoost 2.1");
	assert_same_answers(b, c);
	model_free(a);
	model_free(b);
	model_free(c);
	assert_refused(shared_path(CASES "nan-leaf.model"), ERR_INVALID, " is nan");
	a = load(shared_path(CASES "answers-below-zero.json"));
	assert_int_equal(model_fits(a, features_find("features-1"), &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "its objective is reg:squarederror, which gives no"));
	model_free(a);
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_score_in_brackets),
		cmocka_unit_test(ubj_of_doubles),
		cmocka_unit_test(dart_as_gbtree),
		cmocka_unit_test(binary_of_two),
		cmocka_unit_test(best_iteration),
		cmocka_unit_test(rounds_of_several_trees),
		cmocka_unit_test(refused_by_name),
		cmocka_unit_test(categories_with_nan),
		cmocka_unit_test(leaves_that_are_no_number),
		cmocka_unit_test(no_trees),
		cmocka_unit_test(only_probabilities_fit_a_bot),
		cmocka_unit_test(inputs_that_once_failed),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
