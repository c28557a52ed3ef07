#include "worker/model/trees.h"

#include "worker/model/objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Trees walked side by side: one tree's steps wait for memory, the steps of four overlap. */
#define LANES 4
/* Complete trees may take this many times the memory of their real nodes. */
#define WASTE_MAX 8
#define COMPLETE_DEPTH_MAX 16

struct split {
	float below;		/* left when x < below */
	uint16_t feature;	/* column */
	uint16_t missing_left;	/* 1: a missing value goes left */
};

struct link {
	float below;		/* NAN in a leaf, which so goes right, to itself */
	uint16_t feature, missing_left;
	uint32_t left;		/* the right child follows it */
	float leaf;
};

/* LANES complete trees of one depth, or one linked tree. */
struct group {
	unsigned depth;
	bool linked;
	size_t splits;		/* of split 0 (not used) of the first tree; linked: the root */
	size_t leaves;		/* of the first leaf of the first tree */
};

struct trees {
	const struct objective *objective;
	float base;
	size_t features, n;	/* n groups */
	struct group *groups;
	struct split *splits;
	size_t splits_n;
	float *leaves;
	size_t leaves_n;
	struct link *links;
	size_t links_n;
};

/* Do the next LANES trees make a group without too much waste? *depth: that of the deepest. */
static bool complete_pays(const struct booster_tree *tree, size_t left, unsigned *depth)
{
	size_t nodes = 0;

	*depth = 0;
	for (size_t i = 0; i < LANES && i < left; i++) {
		nodes += tree[i].n;
		*depth = tree[i].depth > *depth ? tree[i].depth : *depth;
	}
	return left >= LANES && *depth <= COMPLETE_DEPTH_MAX &&
		((size_t)2 * LANES << *depth) <= WASTE_MAX * (nodes + 8 * LANES);
}

/* A complete tree that is being filled from one of the file. */
struct complete {
	struct split *splits;
	float *leaves;
	unsigned depth;
	const struct booster_node *nodes;
	float weight;
};

/* Copies node "from" of the file and all below it to split "to" of a complete tree. */
static void complete_fill(const struct complete *c, int32_t from, size_t to)
{
	const struct booster_node *node = &c->nodes[from];
	bool leaf = node->left == -1;

	if (to >> c->depth) {
		c->leaves[to - ((size_t)1 << c->depth)] = node->value * c->weight;
		return;
	}
	if (!leaf)
		c->splits[to] = (struct split){
			.below = node->value,
			.feature = (uint16_t)node->feature,
			.missing_left = node->default_left,
		};
	complete_fill(c, leaf ? from : node->left, 2 * to);
	complete_fill(c, leaf ? from : node->right, 2 * to + 1);
}

static void complete_add(struct trees *t, struct group *g, const struct booster *b, size_t first)
{
	size_t each = (size_t)1 << g->depth, total = LANES * each;

	g->splits = t->splits_n;
	g->leaves = t->leaves_n;
	t->splits = xrealloc(t->splits, (t->splits_n + total) * sizeof(*t->splits));
	t->leaves = xrealloc(t->leaves, (t->leaves_n + total) * sizeof(*t->leaves));
	memset(t->splits + t->splits_n, 0, total * sizeof(*t->splits));
	for (size_t i = 0; i < LANES; i++)
		complete_fill(&(struct complete){
			.splits = t->splits + g->splits + i * each,
			.leaves = t->leaves + g->leaves + i * each,
			.depth = g->depth,
			.nodes = b->nodes + b->trees[first + i].first,
			.weight = b->trees[first + i].weight,
		}, 0, 1);
	t->splits_n += total;
	t->leaves_n += total;
}

/* Breadth-first, so that children are neighbours. */
static void linked_add(struct trees *t, struct group *g, const struct booster *b, size_t tree)
{
	const struct booster_node *nodes = b->nodes + b->trees[tree].first;
	size_t n = b->trees[tree].n, count = 1;
	int32_t *from = xcalloc(n, sizeof(*from));

	g->splits = t->links_n;
	t->links = xrealloc(t->links, (t->links_n + n) * sizeof(*t->links));
	for (size_t i = 0; i < count; i++) {
		const struct booster_node *node = &nodes[from[i]];
		struct link *link = &t->links[g->splits + i];

		if (node->left == -1) {
			*link = (struct link){
				.below = (float)NAN, .left = (uint32_t)i - 1,
				.leaf = node->value * b->trees[tree].weight,
			};
			continue;
		}
		*link = (struct link){
			.below = node->value, .left = (uint32_t)count,
			.feature = (uint16_t)node->feature, .missing_left = node->default_left,
		};
		from[count++] = node->left;
		from[count++] = node->right;
	}
	t->links_n += count;
	free(from);
}

static struct trees *trees_empty(const struct booster *b)
{
	const struct objective *o = objective_find(b->objective);
	struct trees *t;

	if (!o || b->kind == BOOSTER_GBLINEAR || b->classes > 1 || b->features > UINT16_MAX)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->objective = o;
	t->base = objective_base(o, b);
	t->features = b->features;
	t->groups = xcalloc(b->trees_used, sizeof(*t->groups));
	return t;
}

struct trees *trees_new(const struct booster *b)
{
	struct trees *t = trees_empty(b);

	for (size_t i = 0; t && i < b->trees_used;) {
		struct group *g = &t->groups[t->n++];

		g->linked = !complete_pays(&b->trees[i], b->trees_used - i, &g->depth);
		if (g->linked) {
			g->depth = b->trees[i].depth;
			linked_add(t, g, b, i++);
		} else {
			complete_add(t, g, b, i);
			i += LANES;
		}
	}
	return t;
}

static void evaluator_free(void *ctx)
{
	struct trees *t = ctx;

	free(t->groups);
	free(t->splits);
	free(t->leaves);
	free(t->links);
	free(t);
}

/* 0 or 1, without a branch. */
static inline size_t goes_right(float x, float below, uint16_t missing_left, bool missing)
{
	unsigned right = !(x < below);

	return missing ? right & !((x != x) & missing_left) : right;
}

static inline size_t next_split(const struct split *splits, size_t i, const float *row,
				bool missing)
{
	const struct split *s = &splits[i];

	return 2 * i + goes_right(row[s->feature], s->below, s->missing_left, missing);
}

static inline float group_add(const struct trees *t, const struct group *g, const float *row,
			      bool missing, float sum)
{
	const size_t each = (size_t)1 << g->depth;
	const struct split *splits = t->splits + g->splits;
	const float *leaves = t->leaves + g->leaves - each;
	size_t i0 = 1, i1 = 1, i2 = 1, i3 = 1;

	for (unsigned d = 0; d < g->depth; d++) {
		i0 = next_split(splits, i0, row, missing);
		i1 = next_split(splits + each, i1, row, missing);
		i2 = next_split(splits + 2 * each, i2, row, missing);
		i3 = next_split(splits + 3 * each, i3, row, missing);
	}
	sum += leaves[i0];
	sum += leaves[i1 + each];
	sum += leaves[i2 + 2 * each];
	sum += leaves[i3 + 3 * each];
	return sum;
}

static float linked_leaf(const struct trees *t, const struct group *g, const float *row)
{
	const struct link *links = t->links + g->splits;
	size_t i = 0;

	for (unsigned d = 0; d < g->depth; d++) {
		const struct link *l = &links[i];

		i = l->left + goes_right(row[l->feature], l->below, l->missing_left, true);
	}
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
		const struct group *g = &t->groups[i];

		if (g->linked)
			sum += linked_leaf(t, g, row);
		else if (missing)
			sum = group_add(t, g, row, true, sum);
		else
			sum = group_add(t, g, row, false, sum);
	}
	return sum;
}

static float evaluator_predict(const void *ctx, const float *row)
{
	const struct trees *t = ctx;

	return objective_answer(t->objective, trees_margin(t, row));
}

struct evaluator trees_evaluator(struct trees *t)
{
	return (struct evaluator){
		.predict = evaluator_predict,
		.free = evaluator_free,
		.ctx = t,
	};
}
