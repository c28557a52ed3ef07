/* Files that are no model, damaged ones and those of others: an error, never a crash. */
#include "tests/unit/model_train.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void assert_refused_text(const char *data, size_t len, int code, const char *text)
{
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), "%s/refused", scratch_folder);
	assert_int_equal(file_write(path, data, len, 0600, &e), 0);
	assert_refused(path, code, text);
}

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
		{"tree\nversion=v3\n", 16, ERR_CORRUPT, "the file ends in its head"},
		{"tree\r\nversion=v3\r\n", 18, ERR_CORRUPT, "the file ends in its head"},
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

static void models_of_others_that_are_refused(void **state)
{
	static const char *const names[][2] = {
		{"lgmulticlass.model", "5 values per row (objective multiclass num_class:5)"},
		{"lg_kddcup99.model", "13 values per row (objective multiclass num_class:13)"},
		{"genlin_fmtp_gamma_AvgClaimAmount.model", "its objective is gamma"},
		{"genlin_fmtp_poisson_Frequency.model", "its objective is poisson"},
		{"genlin_fmtp_tweedie_PurePremium.model", "its objective is tweedie"},
	};
	char name[128];
	FILE *f = fopen(shared_path(LEAVES "lg_breast_cancer.txt"), "rb");

	(void)state;
	if (!f)
		skip();
	fclose(f);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), LEAVES "%s", names[i][0]);
		assert_refused(shared_path(name), ERR_INVALID, names[i][1]);
	}
	assert_refused(shared_path(LEAVES "sk_iris.model"), ERR_CORRUPT, "text"); /* protocol 0 */
	assert_refused(shared_path(LEAVES "lg_1tree.json"), ERR_CORRUPT, "no XGBoost model");
	assert_refused(shared_path(LEAVES "iris_test.libsvm"), ERR_CORRUPT, "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_no_model),
		cmocka_unit_test(json_that_does_not_add_up),
		cmocka_unit_test(damaged_files_never_crash),
		cmocka_unit_test(models_of_others_that_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
