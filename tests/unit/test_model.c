#include "worker/model/model.h"

#include "common/buf.h"
#include "common/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/shared.h"
#include "worker/model/xgb.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static float random_value(void)
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
static void make_rows(float *x, float *y, size_t rows, int classes)
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

static void set_unsigned(BoosterHandle b, const char *name, unsigned v)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", v);
	assert_int_equal(XGBoosterSetParam(b, name, text), 0);
}

static BoosterHandle train(const struct recipe *r)
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

static struct model *load(const char *path)
{
	struct model *m = NULL;
	struct err e = { 0 };

	if (model_load(path, &m, &e))
		fail_msg("%s", e.msg);
	return m;
}

static void assert_refused(const char *path, int code, const char *text)
{
	struct model *m = (struct model *)&seed;
	struct err e = { 0 };
	int err = model_load(path, &m, &e);

	if (err != code || !strstr(e.msg, text))
		fail_msg("%s: %d '%s' instead of %d '%s'", path, err, e.msg, code, text);
	assert_ptr_equal(m, &seed); /* untouched */
}

static void assert_refused_text(const char *data, size_t len, int code, const char *text)
{
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), "%s/refused", scratch_folder);
	assert_int_equal(file_write(path, data, len, 0600, &e), 0);
	assert_refused(path, code, text);
}

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
			assert_int_equal(info->trees, recipes[r].rounds);
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
		{"dart", "binary:logistic", "depthwise", 10, 4, 0},
		{"gblinear", "binary:logistic", "", 5, 0, 0},
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

/* --- what is no model --- */

static void files_that_are_no_model(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		int code;
		const char *text;
	} cases[] = {
		{"", 0, ERR_CORRUPT, "an empty file"},
		{"hello", 5, ERR_CORRUPT, "text of an unknown kind"},
		{"\0\1\2\3\4", 5, ERR_CORRUPT, "binary data of an unknown kind"},
		{"PK\3\4....", 8, ERR_CORRUPT, "a ZIP archive"},
		{"\x1f\x8b....", 6, ERR_CORRUPT, "a gzip file"},
		{"\x80\x04\x95...", 6, ERR_CORRUPT, "a Python pickle"},
		{"<html>", 6, ERR_CORRUPT, "HTML"},
		{"[1]", 3, ERR_CORRUPT, "a JSON array"},
		{"bs64\tYmlu", 9, ERR_CORRUPT, "base64"},
		{"tree\nversion=v3\n", 16, ERR_INVALID, "LightGBM"},
		{"tree\r\nversion=v3\r\n", 18, ERR_INVALID, "later version"},
		{"{}", 2, ERR_CORRUPT, "version is missing"},
		{"{", 1, ERR_CORRUPT, "text of an unknown kind"},
		{"{\"a\":", 5, ERR_CORRUPT, "at byte 5"},
		{"{\"a\":1}x", 8, ERR_CORRUPT, "something follows"},
		{"{\"a\":1,}", 8, ERR_CORRUPT, "a key was expected"},
		{"{\"a\\u0062\":1}", 13, ERR_CORRUPT, "an escape"},
		{"{\"a\":nan}", 9, ERR_CORRUPT, "a value was expected"},
		{"{\"a\":1e}", 8, ERR_CORRUPT, "a number was expected"},
		{"{\"version\":[1,7,4],\"version\":[1,7,4]}", 37, ERR_CORRUPT,
		 "version comes twice"},
		{"{\"version\":[1,7,\"4\"]}", 21, ERR_CORRUPT, "version holds a text"},
		{"{\"version\":[1,7,[4]]}", 21, ERR_CORRUPT, "no number"},
		{"{\"version\":[1,7,4.5]}", 21, ERR_CORRUPT, "no whole number"},
		{"{\"version\":[1,7,4]}", 19, ERR_CORRUPT, "num_feature is missing"},
		{"{L", 2, ERR_CORRUPT, "damaged at byte 1"},
		{"{L\x7f\xff\xff\xff\xff\xff\xff\xff.", 11, ERR_CORRUPT, "a length beyond the end"},
		{"{L\xff\xff\xff\xff\xff\xff\xff\xff.", 11, ERR_CORRUPT, "a length beyond the end"},
		{"binf", 4, ERR_CORRUPT, "ends early"},
	};
	char nested[400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused_text(cases[i].data, cases[i].len, cases[i].code, cases[i].text);
	snprintf(nested, sizeof(nested), "{\"a\":");
	memset(nested + 5, '[', 300);
	assert_refused_text(nested, 305, ERR_CORRUPT, "nests deeper");
	assert_refused("/nonexistent/model", ERR_NOT_FOUND, "/nonexistent/model");
}

/* The text with "old" replaced once; the caller frees it. */
static char *replaced(const struct buf *b, const char *old, const char *new, size_t *len)
{
	char *at = memmem(b->data, b->len, old, strlen(old));
	struct buf out = { 0 };

	if (!at)
		fail_msg("no '%s' in the model", old);
	buf_add(&out, b->data, (size_t)(at - b->data));
	buf_puts(&out, new);
	buf_puts(&out, at + strlen(old));
	*len = out.len;
	return out.data;
}

/* Sound JSON that libxgboost would read wild memory for. */
static void json_that_does_not_add_up(void **state)
{
	static const char *const edits[][3] = {
		{"\"left_children\":[1", "\"left_children\":[0", "has child 0"},
		{"\"left_children\":[1", "\"left_children\":[-7", "has child -7"},
		{"\"left_children\":[1", "\"left_children\":[2", "has child 2"},
		{"\"left_children\":[1", "\"left_children\":[-1", "has one child"},
		{"\"left_children\":[1", "\"left_children\":[4000", "has child 4000"},
		{"\"left_children\":[1", "\"left_children\":[4294967297", "no whole number"},
		{"\"left_children\":[1", "\"left_children\":[1,1", "arrays"},
		{"\"left_children\":[1", "\"left_children\":[1.5", "no whole number"},
		{"\"left_children\":[1", "\"right_children\":[1", "comes twice"},
		{"\"left_children\":[1", "\"left_children\":[\"1\"", "holds a text"},
		{"\"left_children\":[", "\"left\":[", "arrays"},
		{"\"split_indices\":[", "\"split_indices\":[77,", "arrays"},
		{"\"split_conditions\":[", "\"split_conditions\":[1,", "differ in length"},
		{"\"default_left\":[", "\"default_left\":[1,", "differ in length"},
		{"\"parents\":[", "\"parents\":[1,", "differ in length"},
		{"\"parents\":[2147483647,0", "\"parents\":[2147483647,99", "has parent 99"},
		{"\"parents\":[2147483647,0", "\"parents\":[2147483647,-1", "has parent -1"},
		{"\"sum_hessian\":[", "\"sum_hessian\":[1,", "differ in length"},
		{"\"categories\":[", "\"categories\":[1", "categorical splits"},
		{"\"categories_sizes\":[", "\"categories_sizes\":[1", "categorical splits"},
		{"\"split_type\":[0", "\"split_type\":[1", "categorical splits"},
		{"\"num_nodes\":\"", "\"num_nodes\":\"9", "num_nodes"},
		{"\"num_nodes\":\"", "\"num_nodes\":\"-", "no number"},
		{"\"id\":1", "\"id\":0", "its id"},
		{"\"num_trees\":\"3\"", "\"num_trees\":\"4\"", "num_trees"},
		{"\"num_trees\":\"3\"", "\"num_trees\":\"3x\"", "no number"},
		{"\"num_parallel_tree\":\"1\"", "\"num_parallel_tree\":\"0\"", "num_parallel_tree"},
		{"\"tree_info\":[0", "\"tree_info\":[1", "class 1"},
		{"\"tree_info\":[0", "\"tree_info\":[-1", "class -1"},
		{"\"tree_info\":[0,", "\"tree_info\":[", "tree_info has 2"},
		{"\"num_class\":\"0\",\"num_feature\":\"20\"",
		 "\"num_class\":\"0\",\"num_feature\":\"1\"", "splits on column"},
		{"\"num_class\":\"0\",\"num_feature\":\"20\"",
		 "\"num_class\":\"0\",\"num_feature\":\"0\"", "0 columns"},
		{"\"num_class\":\"0\",\"num_feature\":\"20\"",
		 "\"num_class\":\"0\",\"num_feature\":\"4000000000\"", "columns"},
		{"\"num_class\":\"0\",\"num_feature\":\"20\"",
		 "\"num_class\":\"0\",\"num_feature\":20", "num_feature is missing"},
		{"\"num_class\":\"0\"", "\"num_class\":\"100000\"", "classes"},
		{"\"num_target\":\"1\"", "\"num_target\":\"2\"", "several targets"},
		{"\"name\":\"gbtree\"", "\"name\":\"gbforest\"", "booster 'gbforest'"},
		{"\"name\":\"gbtree\"", "\"name\":\"dart\"", "weight_drop"},
		{"\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "weights"},
		{"\"name\":\"binary:logistic\"", "\"name\":\"binary:magic\"", "libxgboost says"},
		{"\"trees\":[{", "\"trees\":[7,{", "no tree"},
		{"\"trees\":[{", "\"trees\":[[],{", "no number"},
		{"\"trees\":[{", "\"x\":[{", "num_trees"},
	};
	struct buf file = { 0 };
	BoosterHandle b;
	struct err e;

	(void)state;
	seed = 60;
	b = train(&(struct recipe){ "gbtree", "binary:logistic", "depthwise", 3, 3, 0 });
	assert_int_equal(file_read(save(b, "m.json"), 1 << 20, &file, &e), 0);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		size_t len;
		char *text = replaced(&file, edits[i][0], edits[i][1], &len);
		int code = strstr(edits[i][2], "categorical") || strstr(edits[i][2], "several") ||
			strstr(edits[i][2], "booster '") ? ERR_INVALID : ERR_CORRUPT;

		assert_refused_text(text, len, code, edits[i][2]);
		free(text);
	}
	buf_free(&file);
	XGBoosterFree(b);
}

/* --- damage at random: an error or a model that works, never a crash --- */

struct damage {
	size_t done, loaded;	/* shared with the parent */
};

static void load_damaged(const char *path, struct damage *d)
{
	struct model *m = NULL;
	float x[COLUMNS] = { 0 }, out[BUFSIZ];
	struct err e = { 0 };
	int err = model_load(path, &m, &e);

	if (err) {
		if (e.code != err || !*e.msg)
			abort();
	} else {
		const struct model_info *info = model_describe(m);

		d->loaded++;
		if (info->features == COLUMNS && info->outputs <= BUFSIZ &&
		    (model_predict(m, x, COLUMNS, out, &e) ||
		     model_predict_reference(m, x, COLUMNS, true, 0, out, &e)) && !*e.msg)
			abort();
		model_free(m);
	}
	d->done++;
}

static void damage_child(const struct buf *file, const char *path, size_t rounds, struct damage *d)
{
	const struct rlimit cpu = { 240, 240 };
	struct buf copy = { 0 };
	struct err e;

	signal(SIGSEGV, SIG_DFL); /* cmocka catches it otherwise */
	signal(SIGBUS, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	setrlimit(RLIMIT_CPU, &cpu); /* a loop without end is a crash too */
	while (d->done < rounds) {
		buf_clear(&copy);
		buf_add(&copy, file->data, file->len);
		if (d->done % 4 == 0) {
			copy.len = random_below(file->len);
		} else {
			for (uint64_t k = random_below(d->done % 4); k != UINT64_MAX; k--)
				copy.data[random_below(copy.len)] ^= (char)(1 << random_below(8));
		}
		if (file_write(path, copy.data, copy.len, 0600, &e))
			abort();
		load_damaged(path, d);
	}
	_exit(0);
}

static void survives_damage(const char *name, const char *path, size_t rounds)
{
	struct damage *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char bad[160];
	struct buf file = { 0 };
	struct err e;
	int status;
	pid_t pid;

	assert_ptr_not_equal(d, MAP_FAILED);
	assert_int_equal(file_read(path, 1 << 20, &file, &e), 0);
	snprintf(bad, sizeof(bad), "%s.damaged", path);
	seed = 77;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		damage_child(&file, bad, rounds, d);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s: status %x at round %zu", name, (unsigned)status, d->done);
	print_message("%s: %zu damaged files, %zu still models\n", name, d->done, d->loaded);
	munmap(d, sizeof(*d));
	buf_free(&file);
}

static void damaged_files_never_crash(void **state)
{
	static const struct recipe recipes[] = {
		{"gbtree", "binary:logistic", "depthwise", 3, 3, 0},
		{"dart", "binary:logistic", "depthwise", 3, 2, 0},
		{"gblinear", "binary:logistic", "", 2, 0, 0},
		{"gbtree", "multi:softprob", "depthwise", 2, 2, 3},
	};
	static const char *const formats[] = { "json", "ubj", "model" };
	const char *rounds = getenv("MODEL_DAMAGE_ROUNDS");

	(void)state;
	for (size_t r = 0; r < sizeof(recipes) / sizeof(recipes[0]); r++) {
		BoosterHandle b;

		seed = 70 + r;
		b = train(&recipes[r]);
		for (size_t f = 0; f < 3; f++) {
			char name[64];

			snprintf(name, sizeof(name), "%s-%zu.%s", recipes[r].booster, r,
				 formats[f]);
			survives_damage(name, save(b, name),
					rounds ? strtoul(rounds, NULL, 10) : 300);
		}
		XGBoosterFree(b);
	}
}

/* --- models of others, with their expected predictions --- */

#define LEAVES "models/leaves/"

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

static void models_of_others_that_are_refused(void **state)
{
	static const char *const names[] = {
		"lg_breast_cancer.txt", "lgmulticlass.model",	       "lg_kddcup99.model",
		"lg_rf_iris.model",	"lg_dart_breast_cancer.model", "model_simple.txt",
	};
	char name[128];
	FILE *f = fopen(shared_path(LEAVES "lg_breast_cancer.txt"), "rb");

	(void)state;
	if (!f)
		skip();
	fclose(f);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), LEAVES "%s", names[i]);
		assert_refused(shared_path(name), ERR_INVALID, "LightGBM text model; support");
	}
	assert_refused(shared_path(LEAVES "sk_iris.model"), ERR_CORRUPT, "text"); /* protocol 0 */
	assert_refused(shared_path(LEAVES "lg_1tree.json"), ERR_CORRUPT, "no XGBoost model");
	assert_refused(shared_path(LEAVES "iris_test.libsvm"), ERR_CORRUPT, "text");
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
		cmocka_unit_test(files_that_are_no_model),
		cmocka_unit_test(json_that_does_not_add_up),
		cmocka_unit_test(damaged_files_never_crash),
		cmocka_unit_test(models_of_others),
		cmocka_unit_test(models_of_others_that_are_refused),
		cmocka_unit_test(library_version),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
