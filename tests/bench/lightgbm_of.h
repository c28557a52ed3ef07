/*
 * lightgbm_of.h - the trees of an XGBoost model as a LightGBM text model: the same splits and
 * leaves, so that both evaluators can be timed on the same trees.
 */
#ifndef TESTS_BENCH_LIGHTGBM_OF_H
#define TESTS_BENCH_LIGHTGBM_OF_H

#include "common/buf.h"
#include "worker/model/format/booster.h"

#include <math.h>
#include <stdlib.h>

struct lightgbm_of {
	const struct booster_node *nodes;
	int32_t *place;			/* of each node: split number, or ~leaf number */
	size_t n, splits, leaves;
};

/* The number of each split and leaf, in the order of the nodes. */
static void lightgbm_of_places(struct lightgbm_of *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->place[i] = t->nodes[i].left == -1 ? ~(int32_t)t->leaves++ : (int32_t)t->splits++;
}

enum lightgbm_of_line { OF_FEATURE, OF_THRESHOLD, OF_TYPE, OF_LEFT, OF_RIGHT, OF_LEAF };

static void lightgbm_of_value(const struct lightgbm_of *t, enum lightgbm_of_line line, size_t i,
			      struct buf *out)
{
	const struct booster_node *node = &t->nodes[i];

	switch (line) {
	case OF_FEATURE: buf_printf(out, "%u", node->feature); break;
	/* x < value of XGBoost is x <= the float below it */
	case OF_THRESHOLD:
		buf_printf(out, "%.17g", (double)nextafterf(node->value, -INFINITY));
		break;
	case OF_TYPE: buf_printf(out, "%d", node->default_left ? 10 : 8); break;
	case OF_LEFT: buf_printf(out, "%d", t->place[node->left]); break;
	case OF_RIGHT: buf_printf(out, "%d", t->place[node->right]); break;
	case OF_LEAF: buf_printf(out, "%.17g", (double)node->value); break;
	}
}

static void lightgbm_of_tree(const struct booster *b, size_t number, struct buf *out)
{
	static const char *const keys[] = {
		"split_feature", "threshold", "decision_type", "left_child", "right_child",
		"leaf_value",
	};
	const struct booster_tree *tree = &b->trees[number];
	struct lightgbm_of t = { .nodes = b->nodes + tree->first, .n = tree->n };

	t.place = xcalloc(t.n, sizeof(*t.place));
	lightgbm_of_places(&t);
	buf_printf(out, "Tree=%zu\nnum_leaves=%zu\nnum_cat=0\n", number, t.leaves);
	for (int line = 0; line <= OF_LEAF; line++) {
		const char *sep = "";

		buf_printf(out, "%s=", keys[line]);
		for (size_t i = 0; i < t.n; i++) {
			if ((t.nodes[i].left == -1) != (line == OF_LEAF))
				continue;
			buf_puts(out, sep);
			lightgbm_of_value(&t, (enum lightgbm_of_line)line, i, out);
			sep = " ";
		}
		buf_puts(out, "\n");
	}
	buf_puts(out, "\n\n");
	free(t.place);
}

static void lightgbm_of(const struct booster *b, struct buf *out)
{
	buf_printf(out, "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
		   "max_feature_idx=%zu\nobjective=binary sigmoid:1\nfeature_names=",
		   b->features - 1);
	for (size_t i = 0; i < b->features; i++)
		buf_printf(out, "%sColumn_%zu", i ? " " : "", i);
	buf_puts(out, "\nfeature_infos=");
	for (size_t i = 0; i < b->features; i++)
		buf_puts(out, i ? " none" : "none");
	buf_puts(out, "\n\n");
	for (size_t i = 0; i < b->trees_n; i++)
		lightgbm_of_tree(b, i, out);
	buf_puts(out, "end of trees\n");
}

#endif
