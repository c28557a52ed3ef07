#include "worker/model/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A complete tree may take this many times the memory of its real nodes. */
#define WASTE_MAX 8
#define COMPLETE_DEPTH_MAX 16

struct split {
	float below;		/* left when x < below */
	uint32_t feature;	/* column; the highest bit: a missing value goes left */
};

struct link {
	float below;		/* NAN in a leaf, which so goes right, to itself */
	uint32_t feature;
	uint32_t left;		/* the right child follows it */
	float leaf;
};

#define LEFT_BIT 0x80000000u

struct tree {
	unsigned depth;
	bool complete;
	size_t splits;		/* complete: of its split 1, less 1; linked: of its root */
	size_t leaves;		/* complete: of its first leaf */
};

enum output { OUTPUT_MARGIN, OUTPUT_PROBABILITY };

struct trees {
	enum output output;
	float base;
	size_t features, n;
	struct tree *trees;
	struct split *splits;
	size_t splits_n;
	float *leaves;
	size_t leaves_n;
	struct link *links;
	size_t links_n;
};

static const struct {
	const char *name;
	enum output output;
	bool base_is_probability;
} OBJECTIVES[] = {
	{"binary:logistic", OUTPUT_PROBABILITY, true},
	{"reg:logistic", OUTPUT_PROBABILITY, true},
	{"binary:logitraw", OUTPUT_MARGIN, false},
	{"reg:squarederror", OUTPUT_MARGIN, false},
	{"reg:linear", OUTPUT_MARGIN, false},
};

static bool objective_set(struct trees *t, const struct booster *b)
{
	for (size_t i = 0; i < sizeof(OBJECTIVES) / sizeof(OBJECTIVES[0]); i++) {
		if (strcmp(b->objective, OBJECTIVES[i].name) != 0)
			continue;
		t->output = OBJECTIVES[i].output;
		t->base = b->base_score;
		if (OBJECTIVES[i].base_is_probability && !b->base_is_margin)
			t->base = -logf(1.0f / b->base_score - 1.0f);
		return true;
	}
	return false;
}

static bool complete_pays(const struct booster_tree *tree)
{
	return tree->depth <= COMPLETE_DEPTH_MAX &&
		((size_t)2 << tree->depth) <= WASTE_MAX * (tree->n + 8);
}

/* Node "from" of the file becomes split "to" of a complete tree, and all below it. */
static void complete_fill(struct trees *t, const struct tree *tree,
			  const struct booster_node *nodes, int32_t from, size_t to)
{
	const struct booster_node *node = &nodes[from];
	bool leaf = node->left == -1;

	if (to >> tree->depth) {
		t->leaves[tree->leaves + to - ((size_t)1 << tree->depth)] = node->value;
		return;
	}
	t->splits[tree->splits + to] = leaf ? (struct split){0} : (struct split){
		.below = node->value,
		.feature = node->feature | (node->default_left ? LEFT_BIT : 0),
	};
	complete_fill(t, tree, nodes, leaf ? from : node->left, 2 * to);
	complete_fill(t, tree, nodes, leaf ? from : node->right, 2 * to + 1);
}

static void complete_add(struct trees *t, struct tree *tree, const struct booster_node *nodes)
{
	size_t n = (size_t)1 << tree->depth;

	tree->splits = t->splits_n - 1;
	tree->leaves = t->leaves_n;
	t->splits_n += n - 1;
	t->leaves_n += n;
	complete_fill(t, tree, nodes, 0, 1);
}

/* Breadth-first, so that children are neighbours. */
static void linked_add(struct trees *t, struct tree *tree, const struct booster_node *nodes,
		       size_t n)
{
	int32_t *from = xcalloc(n, sizeof(*from));
	size_t count = 1;

	tree->splits = t->links_n;
	for (size_t i = 0; i < count; i++) {
		const struct booster_node *node = &nodes[from[i]];
		struct link *link = &t->links[tree->splits + i];

		if (node->left == -1) {
			*link = (struct link){
				.below = (float)NAN, .left = (uint32_t)i - 1, .leaf = node->value,
			};
			continue;
		}
		*link = (struct link){
			.below = node->value, .left = (uint32_t)count,
			.feature = node->feature | (node->default_left ? LEFT_BIT : 0),
		};
		from[count++] = node->left;
		from[count++] = node->right;
	}
	t->links_n += count;
	free(from);
}

struct trees *trees_new(const struct booster *b)
{
	struct trees *t;
	size_t splits = 0, leaves = 0, links = 0;

	if (b->kind != BOOSTER_GBTREE || b->classes > 1)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	if (!objective_set(t, b)) {
		free(t);
		return NULL;
	}
	t->features = b->features;
	t->n = b->trees_n;
	t->trees = xcalloc(t->n, sizeof(*t->trees));
	for (size_t i = 0; i < t->n; i++) {
		const struct booster_tree *tree = &b->trees[i];

		t->trees[i] = (struct tree){.depth = tree->depth, .complete = complete_pays(tree)};
		splits += t->trees[i].complete ? ((size_t)1 << tree->depth) - 1 : 0;
		leaves += t->trees[i].complete ? (size_t)1 << tree->depth : 0;
		links += t->trees[i].complete ? 0 : tree->n;
	}
	t->splits = xcalloc(splits, sizeof(*t->splits));
	t->leaves = xcalloc(leaves, sizeof(*t->leaves));
	t->links = xcalloc(links, sizeof(*t->links));
	for (size_t i = 0; i < t->n; i++) {
		const struct booster_node *nodes = b->nodes + b->trees[i].first;

		if (t->trees[i].complete)
			complete_add(t, &t->trees[i], nodes);
		else
			linked_add(t, &t->trees[i], nodes, b->trees[i].n);
	}
	return t;
}

void trees_free(struct trees *t)
{
	if (!t)
		return;
	free(t->trees);
	free(t->splits);
	free(t->leaves);
	free(t->links);
	free(t);
}

size_t trees_bytes(const struct trees *t)
{
	return sizeof(*t) + t->n * sizeof(*t->trees) + t->splits_n * sizeof(*t->splits) +
		t->leaves_n * sizeof(*t->leaves) + t->links_n * sizeof(*t->links);
}

/* No value is missing: the comparison alone decides. */
static float complete_leaf(const struct trees *t, const struct tree *tree, const float *row)
{
	const struct split *splits = t->splits + tree->splits;
	size_t i = 1;

	for (unsigned d = 0; d < tree->depth; d++)
		i = 2 * i + !(row[splits[i].feature & ~LEFT_BIT] < splits[i].below);
	return t->leaves[tree->leaves + i - ((size_t)1 << tree->depth)];
}

/* 0 or 1, without a branch. Nothing is left of a missing value unless its split says so. */
static uint32_t goes_right(float x, float below, uint32_t feature)
{
	uint32_t right = !(x < below), missing = x != x;

	return right & ~(missing & feature >> 31);
}

static float complete_leaf_missing(const struct trees *t, const struct tree *tree,
				   const float *row)
{
	const struct split *splits = t->splits + tree->splits;
	size_t i = 1;

	for (unsigned d = 0; d < tree->depth; d++)
		i = 2 * i + goes_right(row[splits[i].feature & ~LEFT_BIT], splits[i].below,
				       splits[i].feature);
	return t->leaves[tree->leaves + i - ((size_t)1 << tree->depth)];
}

static float linked_leaf(const struct trees *t, const struct tree *tree, const float *row)
{
	const struct link *links = t->links + tree->splits;
	uint32_t i = 0;

	for (unsigned d = 0; d < tree->depth; d++)
		i = links[i].left + goes_right(row[links[i].feature & ~LEFT_BIT],
					       links[i].below, links[i].feature);
	return links[i].leaf;
}

static bool has_missing(const float *row, size_t n)
{
	bool missing = false;

	for (size_t i = 0; i < n; i++)
		missing |= isnan(row[i]);
	return missing;
}

float trees_margin(const struct trees *t, const float *row)
{
	bool missing = has_missing(row, t->features);
	float sum = t->base;

	for (size_t i = 0; i < t->n; i++) {
		const struct tree *tree = &t->trees[i];

		if (!tree->complete)
			sum += linked_leaf(t, tree, row);
		else if (missing)
			sum += complete_leaf_missing(t, tree, row);
		else
			sum += complete_leaf(t, tree, row);
	}
	return sum;
}

float trees_predict(const struct trees *t, const float *row)
{
	float margin = trees_margin(t, row);
	float x;

	if (t->output == OUTPUT_MARGIN)
		return margin;
	x = -margin < 88.7f ? -margin : 88.7f;
	return 1.0f / (expf(x) + 1.0f + 1e-16f);
}
