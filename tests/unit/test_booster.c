/*
 * Model files that libxgboost would read wild memory from: each is refused before it sees
 * them. Files of real models are in test_model.c and test_model_refused.c.
 */
#include "worker/model/format/booster.h"

#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_read(enum booster_format format, const struct buf *file, const char *error)
{
	struct booster b = { 0 };
	struct err e = { 0 };
	int err = booster_read(format, buf_text(file), file->len, &b, &e);

	if (!error) {
		if (err)
			fail_msg("refused: %s", e.msg);
		booster_free(&b);
		return;
	}
	if (err != ERR_CORRUPT || !strstr(e.msg, error))
		fail_msg("%d '%s' instead of '%s'", err, e.msg, error);
}

/* --- the old binary format: one tree of a root and two leaves, one unused node --- */

struct raw_node {
	int32_t parent, left, right;
	uint32_t split;
	float value;
};

#define UNUSED UINT32_MAX
#define LEFT_CHILD INT32_MIN	/* the highest bit of parent */

static void put(struct buf *out, const void *bytes, size_t n)
{
	buf_add(out, bytes, n);
}

static void put_zeros(struct buf *out, size_t n)
{
	static const char zeros[256];

	assert_true(n <= sizeof(zeros));
	buf_add(out, zeros, n);
}

static void put_name(struct buf *out, const char *name)
{
	uint64_t n = strlen(name);

	put(out, &n, sizeof(n));
	put(out, name, n);
}

static void put_binary(struct buf *out, const struct raw_node *nodes, int32_t n, int32_t unused)
{
	const struct {
		float base;
		uint32_t columns;
		int32_t rest[32];
	} learner = { 0.5f, 4, { 0 } };
	const int32_t trees[4] = { 1, 1, 4, 0 };
	const int32_t tree[6] = { 1, n, unused, 1, 4, 0 };
	const int32_t group = 0;

	put(out, &learner, sizeof(learner));
	put_name(out, "binary:logistic");
	put_name(out, "gbtree");
	put(out, trees, sizeof(trees));
	put_zeros(out, 160 - sizeof(trees));
	put(out, tree, sizeof(tree));
	put_zeros(out, 148 - sizeof(tree));
	put(out, nodes, (size_t)n * sizeof(*nodes));
	put_zeros(out, (size_t)n * 16);
	put(out, &group, sizeof(group));
}

static void unused_nodes_of_the_binary_format(void **state)
{
	const struct raw_node sound[4] = {
		{ -1, 1, 2, 3, 0.25f }, { 0 | LEFT_CHILD, -1, -1, 0, 0.1f }, { 0, -1, -1, 0, 0.2f },
		{ 0, 1, 2, UNUSED, 0 },
	};
	static const struct {
		const char *what;
		size_t node;
		const char *error;
	} cases[] = {
		{"the root", 0, "its root is unused"},
		{"a left child", 1, "child 1, which is unused"},
		{"a right child", 2, "child 2, which is unused"},
	};
	struct buf file = { 0 };

	(void)state;
	put_binary(&file, sound, 4, 1);
	assert_read(FORMAT_BINARY, &file, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct raw_node nodes[4];

		memcpy(nodes, sound, sizeof(nodes));
		nodes[cases[i].node].split = UNUSED;	/* libxgboost would take column 2^31 - 1 */
		nodes[cases[i].node].left = 1;
		buf_free(&file);
		put_binary(&file, nodes, 4, cases[i].node ? 2 : 1);
		assert_read(FORMAT_BINARY, &file, cases[i].error);
	}
	buf_free(&file);
}

/* --- JSON: an object that comes twice; libxgboost takes the last --- */

#define TREE_JSON \
	"{\"tree_param\":{\"num_nodes\":\"1\"}%s,\"id\":0,\"left_children\":[-1]," \
	"\"right_children\":[-1],\"parents\":[2147483647],\"split_indices\":[0]," \
	"\"split_conditions\":[0.5],\"default_left\":[0],\"loss_changes\":[0]," \
	"\"sum_hessian\":[1],\"base_weights\":[0]}"

#define MODEL_JSON \
	"{\"learner\":{\"learner_model_param\":{\"num_class\":\"0\",\"num_feature\":\"4\"%s}," \
	"\"objective\":{\"name\":\"binary:logistic\"}%s,\"gradient_booster\":" \
	"{\"name\":\"gbtree\",\"model\":{\"gbtree_model_param\":{\"num_trees\":\"1\"}%s," \
	"\"trees\":[%s],\"tree_info\":[0]}%s}}%s,\"version\":[1,7,4]}"

static void objects_that_come_twice(void **state)
{
	static const struct {
		const char *param, *learner, *model, *tree, *booster, *file, *error;
	} cases[] = {
		{",\"base_score\":\"0.5\"", "", "", "", "", "", NULL},
		{"},\"learner_model_param\":{\"base_score\":\"0.5\"", "", "", "", "", "",
		 "learner.learner_model_param comes twice"},
		{",\"base_score\":\"0.5\"", ",\"objective\":{}", "", "", "", "",
		 "learner.objective comes twice"},
		{",\"base_score\":\"0.5\"", ",\"gradient_booster\":{}", "", "", "", "",
		 "gradient_booster comes twice"},
		{",\"base_score\":\"0.5\"", "", ",\"gbtree_model_param\":{}", "", "", "",
		 "gbtree_model_param comes twice"},
		{",\"base_score\":\"0.5\"", "", "", ",\"tree_param\":{}", "", "",
		 "tree_param comes twice"},
		{",\"base_score\":\"0.5\"", "", "", "", ",\"model\":{}", "", "model comes twice"},
		{",\"base_score\":\"0.5\"", "", "", "", ",\"gbtree\":{\"model\":{}}", "",
		 "gbtree.model comes twice"},
		{",\"base_score\":\"0.5\"", "", "", "", "", ",\"learner\":{}", "learner comes twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf one = { 0 }, file = { 0 };

		buf_printf(&one, TREE_JSON, cases[i].tree);
		buf_printf(&file, MODEL_JSON, cases[i].param, cases[i].learner, cases[i].model,
			 buf_text(&one), cases[i].booster, cases[i].file);
		assert_read(FORMAT_JSON, &file, cases[i].error);
		buf_free(&file);
		buf_free(&one);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unused_nodes_of_the_binary_format),
		cmocka_unit_test(objects_that_come_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
