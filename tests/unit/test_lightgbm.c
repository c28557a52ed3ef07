/*
 * What LightGBM models predict: models in tests/unit/lightgbm, trained and asked with LightGBM
 * 4.6, each with its rows, raw scores (a forest's: not averaged) and predictions; and the models
 * of others. The raw score has the library's bits. The probability may differ in its last bit,
 * because exp belongs to the C library of the machine that wrote it.
 */
#include "tests/unit/lightgbm_check.h"

#include "common/file.h"
#include "tests/unit/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FOLDER "tests/unit/lightgbm/"
#define LEAVES "models/leaves/"
#define COLUMNS_MAX 64
#define ONE_BIT 2.3e-16	/* relative */

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void read_model(const char *path, struct lightgbm *m)
{
	struct buf file = { 0 };
	struct err e = { 0 };

	assert_int_equal(file_read(path, BOOSTER_FILE_MAX, &file, &e), 0);
	if (lightgbm_read(file.data, file.len, m, &e))
		fail_msg("%s: %s", path, e.msg);
	buf_free(&file);
}

/* The next number of the text. */
static double take(char **p)
{
	char *end;
	double v = strtod(*p, &end);

	assert_ptr_not_equal(end, *p);
	*p = end + strspn(end, " \t\n");
	return v;
}

static void assert_same(const char *name, size_t row, double have, double want, double tolerance)
{
	if (!(fabs(have - want) <= tolerance * fabs(want)))
		fail_msg("%s, row %zu: %.17g instead of %.17g", name, row, have, want);
}

/* A row as floats, whose way through the trees may be another than the doubles'. */
static void assert_fast_is_plain(const struct lightgbm *m, const struct lightgbm_fast *fast,
				 const double *row)
{
	float x[COLUMNS_MAX];

	for (size_t i = 0; i < m->features; i++)
		x[i] = (float)row[i];
	lightgbm_check_row(m, fast, x);
	for (size_t i = 0; i < m->features; i++)
		x[i] = nextafterf(x[i], random_below(2) ? INFINITY : -INFINITY);
	lightgbm_check_row(m, fast, x);
}

static void check_own(const char *name, bool is_fast)
{
	struct lightgbm m;
	struct lightgbm_fast *fast;
	struct buf rows = { 0 };
	double row[COLUMNS_MAX];
	char path[128], *p;
	size_t n = 0;

	snprintf(path, sizeof(path), FOLDER "%s.txt", name);
	read_model(path, &m);
	lightgbm_check(&m);
	assert_int_equal(lightgbm_gives_probability(&m, NULL), 0);
	fast = lightgbm_fast_new(&m);
	assert_int_equal(fast != NULL, is_fast);
	snprintf(path, sizeof(path), FOLDER "%s.rows", name);
	assert_int_equal(file_read(path, 1 << 20, &rows, NULL), 0);
	for (p = rows.data; *p; n++) {
		double raw, sum;

		for (size_t i = 0; i < m.features; i++)
			row[i] = take(&p);
		raw = take(&p) / (m.average ? (double)m.trees_n : 1);
		sum = lightgbm_sum(&m, (struct lightgbm_row){ .d = row }, 0, 0);
		if (sum != raw)
			fail_msg("%s, row %zu: %.17g instead of %.17g", name, n, sum, raw);
		assert_same(name, n, lightgbm_probability(&m, sum), take(&p), ONE_BIT);
		assert_fast_is_plain(&m, fast, row);
	}
	assert_int_equal(n, 70);
	buf_free(&rows);
	lightgbm_fast_free(fast);
	lightgbm_free(&m);
}

static void own_models(void **state)
{
	static const struct {
		const char *name;
		bool fast;
	} models[] = {
		{"nan", true},		/* sigmoid:0.7, missing type NaN */
		{"zero", false},	/* missing type Zero */
		{"none", true},		/* missing type None */
		{"categories", false},	/* sets, up to category 69 */
		{"onehot", false},	/* sets of one category */
		{"forest", true},	/* average_output */
		{"xentropy", true},	/* cross_entropy */
		{"dart", true},
		{"constant", true},	/* one tree of one leaf */
		{"monotone", true},	/* monotone_constraints in its head */
	};

	(void)state;
	seed = 1;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		check_own(models[i].name, models[i].fast);
}

/* ---- random models: the quick evaluator has the bits of the plain one ---- */

#define RANDOM_COLUMNS 9

static double random_value(void)
{
	switch (random_below(11)) {
	case 0: return 0;
	case 5: return (double)LIGHTGBM_ZERO;
	case 6: return -(double)LIGHTGBM_ZERO;
	case 7: return 5e-36;
	case 1: return -0.0;
	case 2: return 1e300;
	case 3: return -1e300;
	case 4: return 1e-45;
	default: return (double)random_below(2001) / 1e3 - 1;
	}
}

/* A tree grown leaf by leaf, as LightGBM does: some are chains, some broad, some one leaf. */
static void random_tree(struct lightgbm *m, size_t leaves, bool chain)
{
	struct lightgbm_tree *t = &m->trees[m->trees_n++];
	int32_t **link = xcalloc(leaves + 1, sizeof(*link)); /* where each leaf hangs */
	unsigned *depth = xcalloc(leaves + 1, sizeof(*depth));

	*t = (struct lightgbm_tree){ m->splits_n, leaves - 1, m->leaves_n, 0 };
	for (size_t i = 0; i + 1 < leaves; i++) {
		struct lightgbm_split *s = &m->splits[m->splits_n++];
		size_t at = chain ? i : random_below(i + 1);

		*s = (struct lightgbm_split){
			.threshold = random_value(), .left = ~(int32_t)at,
			.right = ~(int32_t)(i + 1),
			.feature = (uint32_t)random_below(RANDOM_COLUMNS),
			.default_left = random_below(2),
			.missing = random_below(2) ? LIGHTGBM_MISSING_NAN : LIGHTGBM_MISSING_NONE,
		};
		if (i > 0)
			*link[at] = (int32_t)i;
		link[at] = &s->left;
		link[i + 1] = &s->right;
		depth[i + 1] = ++depth[at];
		t->depth = depth[at] > t->depth ? depth[at] : t->depth;
	}
	for (size_t i = 0; i < leaves; i++)
		m->leaves[m->leaves_n++] = (double)random_below(1000001) / 1e6 - 0.5;
	free(link);
	free(depth);
}

static void random_row(const struct lightgbm *m, float *row)
{
	for (size_t i = 0; i < m->features; i++)
		row[i] = random_below(9) ? (float)random_value() : (float)NAN;
	for (size_t i = 0; i < 3 * m->features && m->splits_n; i++) {
		const struct lightgbm_split *s = &m->splits[random_below(m->splits_n)];
		const float x = (float)s->threshold;

		row[s->feature] = random_below(3) == 0 ? x :
			nextafterf(x, random_below(2) ? INFINITY : -INFINITY);
	}
	for (size_t i = 0; random_below(2) && i < m->features; i++)
		row[i] = isnan(row[i]) ? 0.25f : row[i];
}

static void fast_is_plain(void **state)
{
	char *names[RANDOM_COLUMNS + 1] = { 0 };
	float row[RANDOM_COLUMNS];

	(void)state;
	seed = 99;
	for (size_t round = 0; round < 40; round++) {
		const size_t trees = 1 + random_below(30);
		struct lightgbm m = {
			.version = 4, .objective = "binary sigmoid:1", .sigmoid = 1,
			.average = random_below(2), .features = RANDOM_COLUMNS, .classes = 1,
			.names = names,
		};
		struct lightgbm_fast *fast;

		m.trees = xcalloc(trees, sizeof(*m.trees));
		m.splits = xcalloc(trees * 64, sizeof(*m.splits));
		m.leaves = xcalloc(trees * 64, sizeof(*m.leaves));
		for (size_t i = 0; i < trees; i++)
			random_tree(&m, 1 + random_below(63), random_below(4) == 0);
		fast = lightgbm_fast_new(&m);
		assert_non_null(fast);
		for (size_t i = 0; i < trees; i++)
			lightgbm_check_tree(&m, &m.trees[i]);
		for (size_t i = 0; i < 500; i++) {
			random_row(&m, row);
			lightgbm_check_row(&m, fast, row);
		}
		lightgbm_fast_free(fast);
		free(m.trees);
		free(m.splits);
		free(m.leaves);
	}
}

/* ---- models of others, with their expected predictions ---- */

struct other {
	const char *model, *rows, *want;
	enum { RAW, PROBABILITY, LOG_LINK } kind;	/* LOG_LINK: exp of the sum */
	size_t n, skip;		/* rows; columns before the features */
	bool libsvm;
};

static void other_row(const struct other *o, const struct lightgbm *m, char **p, double *row)
{
	char *end = strchrnul(*p, '\n');

	for (size_t i = 0; i < o->skip; i++)
		take(p);
	for (size_t i = 0; i < m->features; i++) {
		if (o->libsvm)
			*p = strchr(*p, ':') + 1;
		row[i] = take(p);
	}
	*p = *end ? end + 1 : end;
}

static void check_other(const struct other *o, char *p, char *q)
{
	struct lightgbm m;
	struct lightgbm_fast *fast;
	double row[COLUMNS_MAX];
	char name[128];
	size_t n = 0;

	snprintf(name, sizeof(name), LEAVES "%s", o->model);
	read_model(shared_path(name), &m);
	lightgbm_check(&m);
	fast = lightgbm_fast_new(&m);
	for (; *p && *q; n++) {
		other_row(o, &m, &p, row);
		for (size_t k = 0; k < m.classes; k++) {
			double sum = lightgbm_sum(&m, (struct lightgbm_row){ .d = row }, k, 0);
			double want = take(&q);

			if (o->kind == PROBABILITY)
				assert_same(o->model, n, lightgbm_probability(&m, sum), want,
					    ONE_BIT);
			else if (o->kind == LOG_LINK)
				assert_same(o->model, n, exp(sum), want, 2 * ONE_BIT);
			else
				assert_true(sum == want);
		}
		assert_fast_is_plain(&m, fast, row);
	}
	assert_int_equal(n, o->n);
	lightgbm_fast_free(fast);
	lightgbm_free(&m);
}

static void others(void **state)
{
	static const struct other all[] = {
		{"lg_dart_breast_cancer.model", "breast_cancer_test.tsv",
		 "lg_dart_breast_cancer_true_predictions.txt", PROBABILITY, 57, 0, false},
		{"lg_rf_iris.model", "iris_test.libsvm", "lg_rf_iris_true_predictions.txt",
		 PROBABILITY, 30, 0, true},
		{"lg_kddcup99.model", "kddcup99_test.tsv", "lg_kddcup99_true_predictions.txt", RAW,
		 504, 0, false},
		{"lgmulticlass.model", "multiclass_test.tsv",
		 "lgmulticlass_true_raw_predictions.txt", RAW, 500, 1, false},
		{"genlin_fmtp_gamma_AvgClaimAmount.model",
		 "genlin_fmtp_gamma_AvgClaimAmount_features.tsv",
		 "genlin_fmtp_gamma_AvgClaimAmount_true_predictions.txt", LOG_LINK, 34, 0, false},
		{"genlin_fmtp_poisson_Frequency.model",
		 "genlin_fmtp_poisson_Frequency_features.tsv",
		 "genlin_fmtp_poisson_Frequency_true_predictions.txt", LOG_LINK, 1000, 0, false},
		{"genlin_fmtp_tweedie_PurePremium.model",
		 "genlin_fmtp_tweedie_PurePremium_features.tsv",
		 "genlin_fmtp_tweedie_PurePremium_true_predictions.txt", LOG_LINK, 1000, 0, false},
	};
	struct buf x = { 0 }, y = { 0 };
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		buf_clear(&x);
		buf_clear(&y);
		snprintf(name, sizeof(name), LEAVES "%s", all[i].rows);
		if (!shared_read(name, &x))
			skip();
		snprintf(name, sizeof(name), LEAVES "%s", all[i].want);
		assert_true(shared_read(name, &y));
		check_other(&all[i], x.data, y.data);
	}
	buf_free(&x);
	buf_free(&y);
}

/* The leaves that LightGBM 3 takes, tree by tree. */
static void other_leaves(void **state)
{
	struct buf x = { 0 }, y = { 0 };
	struct lightgbm m;
	double row[COLUMNS_MAX];
	size_t n = 0;
	char *p, *q;

	(void)state;
	if (!shared_read(LEAVES "lg_breast_cancer_data.txt", &x))
		skip();
	assert_true(shared_read(LEAVES "lg_breast_cancer_data_pred_leaves.txt", &y));
	read_model(shared_path(LEAVES "lg_breast_cancer.txt"), &m);
	assert_int_equal(lightgbm_gives_probability(&m, NULL), 0);
	for (p = x.data, q = y.data; *p; n++) {
		double want = 0;

		for (size_t i = 0; i < m.features; i++)
			row[i] = take(&p);
		for (size_t i = 0; i < m.trees_n; i++)
			want += m.leaves[m.trees[i].leaves + (size_t)take(&q)];
		assert_true(lightgbm_sum(&m, (struct lightgbm_row){ .d = row }, 0, 0) == want);
	}
	assert_true(n > 50);
	lightgbm_free(&m);
	buf_free(&x);
	buf_free(&y);
}

/* A forest of two leaves: file version, leaves, and what it gives for x = 0 and 2. */
static void assert_forest(int version, const char *leaves, bool probabilities)
{
	char text[512];
	struct lightgbm m;
	struct err e = { 0 };
	int len = snprintf(text, sizeof(text),
			   "tree\nversion=v%d\nnum_class=1\nnum_tree_per_iteration=1\n"
			   "label_index=0\n"
			   "max_feature_idx=0\nobjective=binary sigmoid:2\naverage_output\n"
			   "feature_names=a\nfeature_infos=[0:2]\n\nTree=0\nnum_leaves=2\n"
			   "num_cat=0\n"
			   "split_feature=0\nthreshold=1\ndecision_type=2\nleft_child=-1\n"
			   "right_child=-2\nleaf_value=%s\n\n\nend of trees\n", version, leaves);
	const float x = 0;
	double sum;

	if (lightgbm_read(text, (size_t)len, &m, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(m.leaves_are_probabilities, probabilities);
	sum = lightgbm_sum(&m, (struct lightgbm_row){ .f = &x }, 0, 0);
	assert_true(sum == strtod(leaves, NULL));
	assert_true(lightgbm_probability(&m, sum) ==
		    (probabilities ? sum : 1 / (1 + exp(-2 * sum))));
	lightgbm_free(&m);
}

static void forests(void **state)
{
	(void)state;
	assert_forest(2, "0.2 1", true);
	assert_forest(2, "0 0.9", true);
	assert_forest(2, "0.2 1.1", false);
	assert_forest(2, "-0.1 0.5", false);
	assert_forest(3, "0.2 1", false);
	assert_forest(4, "0.2 1", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_models),
		cmocka_unit_test(fast_is_plain),
		cmocka_unit_test(others),
		cmocka_unit_test(other_leaves),
		cmocka_unit_test(forests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
