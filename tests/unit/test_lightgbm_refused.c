/*
 * LightGBM files that are damaged, or sound and of no use to a bot: an error that says why, never
 * a crash, never another model than the one that was written.
 */
#include "tests/unit/lightgbm_check.h"

#include "common/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FOLDER "tests/unit/lightgbm/"

static uint64_t seed = 78;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void read_own(const char *name, struct buf *file)
{
	char path[128];

	snprintf(path, sizeof(path), FOLDER "%s.txt", name);
	assert_int_equal(file_read(path, 1 << 20, file, NULL), 0);
}

/* A copy that ends where the data does, so that a sanitizer sees a read beyond it. */
static int read_exactly(const char *data, size_t len, struct lightgbm *m, struct err *e)
{
	char *copy = xcalloc(len ? len : 1, 1);
	int err;

	memcpy(copy, data, len);
	err = lightgbm_read(copy, len, m, e);
	free(copy);
	return err;
}

static void assert_refused(const char *data, size_t len, int code, const char *text)
{
	struct lightgbm m = { 0 };
	struct err e = { 0 };
	int err = read_exactly(data, len, &m, &e);

	if (!err)
		err = lightgbm_gives_probability(&m, &e);
	if (err != code || !strstr(e.msg, text))
		fail_msg("%d '%s' instead of %d '%s'", err, e.msg, code, text);
	lightgbm_free(&m);
}

static void sound_but_of_no_use(void **state)
{
	static const char *const cases[][2] = {
		{"refused_linear", "linear leaves (linear_tree)"},
		{"refused_multiclass", "3 values per row (objective multiclass num_class:3)"},
		{"refused_ova", "3 values per row (objective multiclassova"},
		{"refused_regression", "its objective is regression, which gives no probability"},
		{"refused_lambda", "its objective is cross_entropy_lambda, which"},
		{"refused_poisson", "its objective is poisson, which"},
	};
	struct buf file = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&file);
		read_own(cases[i][0], &file);
		assert_refused(file.data, file.len, ERR_INVALID, cases[i][1]);
	}
	buf_free(&file);
}

/* The text with "old" replaced once. */
static void replaced(const struct buf *b, const char *old, const char *new, struct buf *out)
{
	const char *at = memmem(b->data, b->len, old, strlen(old));

	if (!at)
		fail_msg("no '%s' in the model", old);
	buf_clear(out);
	buf_add(out, b->data, (size_t)(at - b->data));
	buf_puts(out, new);
	buf_add(out, at + strlen(old), b->len - (size_t)(at - b->data) - strlen(old));
}

struct edit {
	const char *old, *new, *error;
	int code;
};

/* The model without tree_sizes, which would find most edits as well. */
static void without_sizes(const char *model, struct buf *out)
{
	struct buf file = { 0 };
	const char *line, *end;

	read_own(model, &file);
	line = memmem(file.data, file.len, "tree_sizes=", 11);
	end = strchr(line, '\n') + 1;
	buf_add(out, file.data, (size_t)(line - file.data));
	buf_add(out, end, file.len - (size_t)(end - file.data));
	buf_free(&file);
}

static void assert_edits(const char *model, const struct edit *edits, size_t n)
{
	struct buf file = { 0 }, out = { 0 };
	struct lightgbm m = { 0 };

	without_sizes(model, &file);
	assert_int_equal(read_exactly(file.data, file.len, &m, NULL), 0);
	lightgbm_free(&m);
	for (size_t i = 0; i < n; i++) {
		replaced(&file, edits[i].old, edits[i].new, &out);
		assert_refused(out.data, out.len, edits[i].code,
			       edits[i].error);
	}
	buf_free(&file);
	buf_free(&out);
}

static void heads_that_do_not_add_up(void **state)
{
	static const struct edit edits[] = {
		{"tree\n", "tree \n", "not \"tree\"", ERR_CORRUPT},
		{"version=v4", "version=v5", "version v5", ERR_INVALID},
		{"version=v4", "version=v1", "version v1", ERR_INVALID},
		{"version=v4", "version=v", "version v", ERR_INVALID},
		{"version=v4\n", "", "version is missing", ERR_CORRUPT},
		{"version=v4\n", "version=v4\nversion=v4\n", "comes twice", ERR_CORRUPT},
		{"num_class=1\n", "", "num_class is missing", ERR_CORRUPT},
		{"num_class=1\n", "num_class=2\n", "differs from num_class", ERR_CORRUPT},
		{"num_class=1\n", "num_class=0\n", "num_class is no possible number", ERR_CORRUPT},
		{"num_class=1\n", "num_class=1001\n",
		 "num_class is no possible number", ERR_CORRUPT},
		{"num_class=1\n", "num_class=99999999999999999999\n",
		 "no possible number", ERR_CORRUPT},
		{"num_tree_per_iteration=1\n", "num_tree_per_iteration=-1\n",
		 "no possible number", ERR_CORRUPT},
		{"num_tree_per_iteration=1\n", "",
		 "num_tree_per_iteration is missing", ERR_CORRUPT},
		{"label_index=0", "label_index=x", "label_index is no whole number", ERR_CORRUPT},
		{"max_feature_idx=4", "max_feature_idx=3",
		 "feature_names does not fit", ERR_CORRUPT},
		{"max_feature_idx=4", "max_feature_idx=5",
		 "feature_names does not fit", ERR_CORRUPT},
		{"max_feature_idx=4", "max_feature_idx=-1", "no possible number", ERR_CORRUPT},
		{"max_feature_idx=4", "max_feature_idx=100000", "no possible number", ERR_CORRUPT},
		{"max_feature_idx=4", "max_feature_idx=4.0", "no possible number", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7\n", "", "names no objective", ERR_INVALID},
		{"objective=binary sigmoid:0.7", "objective=binary",
		 "lacks its parameter", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7", "objective=binary sigmoid:0",
		 "no positive", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7", "objective=binary sigmoid:-1",
		 "no positive", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7", "objective=binary sigmoid:nan",
		 "no positive", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7", "objective=binary sigmoid:0x1",
		 "no positive", ERR_CORRUPT},
		{"sigmoid:0.7", "sigmoid:1 sigmoid:2", "no positive", ERR_CORRUPT},
		{"objective=binary sigmoid:0.7", "objective=", "names nothing", ERR_CORRUPT},
		{"objective=binary ", "objective=binaryish ",
		 "binaryish sigmoid:0.7, which gives", ERR_INVALID},
		{"objective=binary ", "objectiv=binary ", "has such a line", ERR_CORRUPT},
		{"label_index=0\n", "label_index=0\naverage_ouput\n",
		 "has such a line", ERR_CORRUPT},
		{"label_index=0\n", "label_index=0\naverage_output=1\n",
		 "has such a line", ERR_CORRUPT},
		{"feature_names=Column_0 ", "feature_names=",
		 "feature_names does not fit", ERR_CORRUPT},
		{"feature_names=Column_0 ", "feature_names= ", "no name", ERR_CORRUPT},
		{"feature_names=Column_0 ", "feature_names=Col\001 ", "no name", ERR_CORRUPT},
		{"objective=binary", "objective=bin\001ary", "names nothing", ERR_CORRUPT},
		{"feature_infos=[", "feature_infos=[1:2] [",
		 "feature_infos does not fit", ERR_CORRUPT},
		{"feature_infos=[", "feature_infos=(", "an entry of no known kind", ERR_CORRUPT},
		{"feature_infos=[", "feature_infos=[1:", "an entry of no known kind", ERR_CORRUPT},
		{"label_index=0\n", "label_index=0\nmonotone_constraints=1 1\n",
		 "monotone", ERR_CORRUPT},
		{"label_index=0\n", "label_index=0\nmonotone_constraints=1 1 x 0 0\n",
		 "value 2", ERR_CORRUPT},
		{"end of parameters", "end of parametres", "ends in its parameters", ERR_CORRUPT},
		{"end of trees", "end of tree", "no tree has such a line", ERR_CORRUPT},
		{"end of parameters", "end of parameters\npandas_categorical:[[\"a\"]]",
		 "pandas", ERR_INVALID},
	};

	(void)state;
	assert_edits("nan", edits, sizeof(edits) / sizeof(edits[0]));
}

/* A name that a C string would end in the middle of. */
static void a_name_with_a_nul(void **state)
{
	struct buf file = { 0 };
	char *at;

	(void)state;
	without_sizes("nan", &file);
	at = memmem(file.data, file.len, "Column_3", 8);
	at[6] = '\0';
	assert_refused(file.data, file.len, ERR_CORRUPT, "no name");
	buf_free(&file);
}

static void trees_that_do_not_add_up(void **state)
{
	static const struct edit edits[] = {
		{"Tree=0", "Tree=1", "number is not its place", ERR_CORRUPT},
		{"Tree=0", "Tree", "the file ends in its trees", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=8",
		 "split_feature has 6 values instead of 7", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=6",
		 "split_feature has 6 values instead of 5", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=0", "num_leaves is missing", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=-7", "num_leaves is missing", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=2147483647", "too many leaves", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=16777216", "values instead of 16777215", ERR_CORRUPT},
		{"num_leaves=7", "num_leaves=7 7", "num_leaves is missing", ERR_CORRUPT},
		{"num_leaves=7\n", "", "num_leaves is missing", ERR_CORRUPT},
		{"num_leaves=7\n", "num_leaves=7\nnum_leaves=7\n", "comes twice", ERR_CORRUPT},
		{"num_cat=0", "num_cat=1", "cat_boundaries is missing", ERR_CORRUPT},
		{"num_cat=0", "num_cat=-1", "num_cat is missing", ERR_CORRUPT},
		{"num_cat=0\n", "", "num_cat is missing", ERR_CORRUPT},
		{"num_cat=0\n", "num_cat=0\ncat_boundaries=0 1\ncat_threshold=1\n",
		 "cat_boundaries has 2 values instead of 0", ERR_CORRUPT},
		{"split_feature=", "split_feature=5", "splits on column 5", ERR_CORRUPT},
		{"split_feature=0", "split_feature=-1", "splits on column -1", ERR_CORRUPT},
		{"split_feature=0", "split_feature=-0", "can't stand there", ERR_CORRUPT},
		{"split_feature=", "split_feature=1.", "can't stand there", ERR_CORRUPT},
		{"split_feature=", "splat_feature=", "no tree has such a line", ERR_CORRUPT},
		{"threshold=", "threshold=nan ", "can't stand there", ERR_CORRUPT},
		{"threshold=", "threshold=inf ", "can't stand there", ERR_CORRUPT},
		{"threshold=", "threshold=1e999 ", "can't stand there", ERR_CORRUPT},
		{"threshold=", "threshold=0x10 ", "can't stand there", ERR_CORRUPT},
		{"threshold=", "threshold=1e5 ", "threshold has 7 values", ERR_CORRUPT},
		{"threshold=", "threshold= ", "can't stand there", ERR_CORRUPT},
		{"threshold=", "threshold=+1 ", "can't stand there", ERR_CORRUPT},
		{"decision_type=", "decision_type=-", "the decision type -", ERR_CORRUPT},
		{"decision_type=8", "decision_type=12", "the decision type 12", ERR_CORRUPT},
		{"decision_type=8", "decision_type=16", "the decision type 16", ERR_CORRUPT},
		{"decision_type=8", "decision_type=9", "names set", ERR_CORRUPT},
		{"decision_type=", "decisiontype=", "no tree has such a line", ERR_CORRUPT},
		{"leaf_value=", "leaf_value=nan ", "can't stand there", ERR_CORRUPT},
		{"leaf_value=", "leaf_value=-inf ", "can't stand there", ERR_CORRUPT},
		{"leaf_value=", "leaf_value=1 ", "leaf_value has 8 values", ERR_CORRUPT},
		{"leaf_weight=", "leaf_weight=1 ", "leaf_weight has 8 values", ERR_CORRUPT},
		{"leaf_count=", "leaf_count=1 ", "leaf_count has 8 values", ERR_CORRUPT},
		{"internal_value=", "internal_value=1 ",
		 "internal_value has 7 values", ERR_CORRUPT},
		{"internal_count=", "internal_count=x", "can't stand there", ERR_CORRUPT},
		{"is_linear=0", "is_linear=1", "linear leaves (linear_tree)", ERR_INVALID},
		{"is_linear=0", "is_linaer=0", "no tree has such a line", ERR_CORRUPT},
		{"is_linear=0", "leaf_const=1", "a line of linear leaves", ERR_CORRUPT},
		{"shrinkage=1\n", "shrinkage=1\nleaf_coeff=1\n",
		 "a line of linear leaves", ERR_CORRUPT},
		{"shrinkage=1\n", "shrinkage\n", "no tree has such a line", ERR_CORRUPT},
	};

	(void)state;
	assert_edits("nan", edits, sizeof(edits) / sizeof(edits[0]));
}

/* One tree of three leaves, whose children the caller chooses. */
static void assert_children(const char *left, const char *right, const char *error)
{
	char text[1024];
	struct lightgbm m = { 0 };
	struct err e = { 0 };
	int len = snprintf(text, sizeof(text),
			   "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n"
			   "label_index=0\n"
			   "max_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=a b\n"
			   "feature_infos=[0:1] none\n\nTree=0\nnum_leaves=4\nnum_cat=0\n"
			   "split_feature=0 1 1\nthreshold=1 2 3\ndecision_type=2 2 2\n"
			   "left_child=%s\n"
			   "right_child=%s\nleaf_value=1 2 3 4\n\n\nend of trees\n", left, right);

	if (error) {
		assert_refused(text, (size_t)len, ERR_CORRUPT, error);
		return;
	}
	if (read_exactly(text, (size_t)len, &m, &e))
		fail_msg("refused: %s", e.msg);
	lightgbm_check(&m);
	lightgbm_free(&m);
}

static void trees_that_are_none(void **state)
{
	(void)state;
	assert_children("1 2 -1", "-4 -2 -3", NULL);
	assert_children("1 -1 -3", "2 -2 -4", NULL);
	assert_children("0 2 -1", "-4 -2 -3", "split 0 has child 0");
	assert_children("1 0 -1", "-4 -2 -3", "split 1 has child 0");
	assert_children("1 2 1", "-4 -2 -3", "split 2 has child 1");
	assert_children("1 2 -1", "1 -2 -3", "split 0 has child 1");
	assert_children("1 2 -1", "-1 -2 -3", "split 2 has child -1");
	assert_children("3 2 -1", "-4 -2 -3", "split 0 has child 3");
	assert_children("1 2 -1", "-5 -2 -3", "split 0 has child -5");
	assert_children("1 2 -1", "-2147483648 -2 -3", "child -2147483648");
	assert_children("2147483647 2 -1", "-4 -2 -3", "child 2147483647");
	assert_children("-1 2 1", "-2 -3 -4", "not reached");
}

/* A set's number, its place among the sets, and splits that name none. */
static void sets_that_do_not_add_up(void **state)
{
	static const struct edit edits[] = {
		{"cat_boundaries=0 ", "cat_boundaries=1 ",
		 "does not fit cat_threshold", ERR_CORRUPT},
		{"cat_boundaries=0 ", "cat_boundaries=0 99 ", "values instead of", ERR_CORRUPT},
		{"cat_threshold=", "cat_threshold=7 ", "does not fit cat_threshold", ERR_CORRUPT},
		{"cat_threshold=", "cat_threshold=-", "can't stand there", ERR_CORRUPT},
		{"cat_threshold=", "cat_threshold=99999999999", "can't stand there", ERR_CORRUPT},
		{"cat_threshold=", "cat_treshold=", "no tree has such a line", ERR_CORRUPT},
		{"num_cat=", "num_cat=1", "cat_boundaries has", ERR_CORRUPT},
	};

	(void)state;
	assert_edits("categories", edits, sizeof(edits) / sizeof(edits[0]));
}

/* tree_sizes finds what nothing else would: a digit more in a number. */
static void sizes(void **state)
{
	struct buf file = { 0 }, out = { 0 }, dos = { 0 };
	struct lightgbm m = { 0 };

	(void)state;
	read_own("nan", &file);
	replaced(&file, "leaf_value=", "leaf_value=1", &out);
	assert_refused(out.data, out.len, ERR_CORRUPT, "tree_sizes says otherwise");
	replaced(&file, "tree_sizes=", "tree_sizes=1 ", &out);
	assert_refused(out.data, out.len, ERR_CORRUPT, "tree_sizes says otherwise");
	replaced(&file, "\nTree=8", "\nTree=9", &out);
	assert_refused(out.data, out.len, ERR_CORRUPT, "its place");
	{
		const char *last = memmem(file.data, file.len, "\nTree=8", 7) + 1;
		const char *end = memmem(file.data, file.len, "end of trees", 12);

		buf_clear(&out);
		buf_add(&out, file.data, (size_t)(last - file.data));
		buf_puts(&out, end);
		assert_refused(out.data, out.len, ERR_CORRUPT, "tree_sizes tells of 9");
	}
	for (size_t i = 0; i < file.len; i++) {
		if (file.data[i] == '\n')
			buf_putc(&dos, '\r');
		buf_putc(&dos, file.data[i]);
	}
	assert_int_equal(read_exactly(dos.data, dos.len, &m, NULL), 0);
	lightgbm_free(&m);
	buf_free(&file);
	buf_free(&out);
	buf_free(&dos);
}

/* ---- damage ---- */

struct damage {
	size_t done, taken;
};

static void try_damaged(const char *data, size_t len, struct damage *d)
{
	struct lightgbm m = { 0 };
	struct err e = { 0 };

	d->done++;
	if (read_exactly(data, len, &m, &e)) {
		assert_true(e.msg[0] && !m.trees);
		return;
	}
	d->taken++;
	lightgbm_check(&m);
	lightgbm_free(&m);
}

static size_t place(const struct buf *file, const char *text)
{
	const char *at = memmem(file->data, file->len, text, strlen(text));

	assert_non_null(at);
	return (size_t)(at - file->data);
}

/*
 * Cut at any byte of its head, its trees or its parameters, it is refused. Between the trees and
 * the parameters nothing tells a cut from a file without parameters, and all trees are there.
 */
static void every_cut_is_refused(const char *name)
{
	struct buf file = { 0 };
	struct damage d = { 0 };
	size_t trees, parameters, end;

	read_own(name, &file);
	trees = place(&file, "end of trees") + strlen("end of trees");
	parameters = place(&file, "\nparameters:") + strlen("\nparameters:");
	end = place(&file, "end of parameters") + strlen("end of parameters");
	for (size_t len = 0; len < end; len++) {
		if (len == trees)
			len = parameters;
		try_damaged(file.data, len, &d);
		if (d.taken)
			fail_msg("%s is taken with %zu bytes of %zu", name, len, file.len);
	}
	buf_free(&file);
}

static void cuts(void **state)
{
	(void)state;
	every_cut_is_refused("nan");
	every_cut_is_refused("categories");
	every_cut_is_refused("constant");
	every_cut_is_refused("forest");
}

static void flips_of(const char *name, size_t rounds)
{
	struct buf file = { 0 }, copy = { 0 };
	struct damage d = { 0 };

	read_own(name, &file);
	for (size_t i = 0; i < rounds; i++) {
		buf_clear(&copy);
		buf_add(&copy, file.data, file.len);
		for (uint64_t k = random_below(3); k != UINT64_MAX; k--)
			copy.data[random_below(copy.len)] ^= (char)(1 << random_below(8));
		if (i % 5 == 0)
			copy.data[random_below(copy.len)] = (char)random_below(256);
		if (i % 7 == 0) { /* a piece is lost */
			size_t at = random_below(copy.len), n = random_below(copy.len - at);

			memmove(copy.data + at, copy.data + at + n, copy.len - at - n);
			copy.len -= n;
		}
		try_damaged(copy.data, copy.len, &d);
	}
	print_message("%s: %zu damaged files, %zu still models\n", name, d.done, d.taken);
	buf_free(&file);
	buf_free(&copy);
}

static void flips(void **state)
{
	static const char *const names[] = {
		"nan", "zero", "categories", "onehot", "forest", "xentropy", "constant",
		"refused_multiclass",
	};
	const char *rounds = getenv("MODEL_DAMAGE_ROUNDS");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		flips_of(names[i], rounds ? strtoul(rounds, NULL, 10) : 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_but_of_no_use),
		cmocka_unit_test(heads_that_do_not_add_up),
		cmocka_unit_test(a_name_with_a_nul),
		cmocka_unit_test(trees_that_do_not_add_up),
		cmocka_unit_test(trees_that_are_none),
		cmocka_unit_test(sets_that_do_not_add_up),
		cmocka_unit_test(sizes),
		cmocka_unit_test(cuts),
		cmocka_unit_test(flips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
