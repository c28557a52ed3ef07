#include "worker/model/format/lightgbm_tree.h"

#include "worker/model/format/booster.h"

#include <stdlib.h>
#include <string.h>

#define CATEGORICAL 1	/* bits of decision_type; above them the missing type */
#define DEFAULT_LEFT 2
#define MISSING_SHIFT 2

/* How many numbers a line holds. */
enum count {
	COUNT_ONE, COUNT_SPLITS, COUNT_LEAVES, COUNT_SETS,	/* COUNT_SETS: sets + 1 */
	COUNT_WORDS,		/* as many as the last of cat_boundaries says */
	COUNT_FREE		/* of linear leaves, which are refused */
};

enum column {
	NUM_LEAVES, NUM_CAT, SPLIT_FEATURE, THRESHOLD, DECISION_TYPE, LEFT_CHILD, RIGHT_CHILD,
	LEAF_VALUE, CAT_BOUNDARIES, CAT_THRESHOLD, IS_LINEAR, SHRINKAGE, SPLIT_GAIN, LEAF_WEIGHT,
	LEAF_COUNT, INTERNAL_VALUE, INTERNAL_WEIGHT, INTERNAL_COUNT, LEAF_PARENT, LEAF_CONST,
	NUM_FEATURES, LEAF_FEATURES, LEAF_COEFF, COLUMNS
};

/* All lines that the writers of versions 2 to 4 know. */
static const struct {
	const char *key;
	enum lightgbm_kind kind;
	enum count count;
	bool required;
} KEYS[COLUMNS] = {
	[NUM_LEAVES] = {"num_leaves", LIGHTGBM_WHOLE, COUNT_ONE, true},
	[NUM_CAT] = {"num_cat", LIGHTGBM_WHOLE, COUNT_ONE, true},
	[SPLIT_FEATURE] = {"split_feature", LIGHTGBM_WHOLE, COUNT_SPLITS, true},
	[THRESHOLD] = {"threshold", LIGHTGBM_REAL, COUNT_SPLITS, true},
	[DECISION_TYPE] = {"decision_type", LIGHTGBM_WHOLE, COUNT_SPLITS, true},
	[LEFT_CHILD] = {"left_child", LIGHTGBM_WHOLE, COUNT_SPLITS, true},
	[RIGHT_CHILD] = {"right_child", LIGHTGBM_WHOLE, COUNT_SPLITS, true},
	[LEAF_VALUE] = {"leaf_value", LIGHTGBM_REAL, COUNT_LEAVES, true},
	[CAT_BOUNDARIES] = {"cat_boundaries", LIGHTGBM_WHOLE, COUNT_SETS, false},
	[CAT_THRESHOLD] = {"cat_threshold", LIGHTGBM_WORD, COUNT_WORDS, false},
	[IS_LINEAR] = {"is_linear", LIGHTGBM_WHOLE, COUNT_ONE, false},
	[SHRINKAGE] = {"shrinkage", LIGHTGBM_ANY, COUNT_ONE, false},
	[SPLIT_GAIN] = {"split_gain", LIGHTGBM_ANY, COUNT_SPLITS, false},
	[LEAF_WEIGHT] = {"leaf_weight", LIGHTGBM_ANY, COUNT_LEAVES, false},
	[LEAF_COUNT] = {"leaf_count", LIGHTGBM_WHOLE, COUNT_LEAVES, false},
	[INTERNAL_VALUE] = {"internal_value", LIGHTGBM_ANY, COUNT_SPLITS, false},
	[INTERNAL_WEIGHT] = {"internal_weight", LIGHTGBM_ANY, COUNT_SPLITS, false},
	[INTERNAL_COUNT] = {"internal_count", LIGHTGBM_WHOLE, COUNT_SPLITS, false},
	[LEAF_PARENT] = {"leaf_parent", LIGHTGBM_WHOLE, COUNT_LEAVES, false},
	[LEAF_CONST] = {"leaf_const", LIGHTGBM_ANY, COUNT_FREE, false},
	[NUM_FEATURES] = {"num_features", LIGHTGBM_ANY, COUNT_FREE, false},
	[LEAF_FEATURES] = {"leaf_features", LIGHTGBM_ANY, COUNT_FREE, false},
	[LEAF_COEFF] = {"leaf_coeff", LIGHTGBM_ANY, COUNT_FREE, false},
};

struct tree {
	struct lightgbm_lines *in;
	struct lightgbm *m;
	struct lightgbm_list list[COLUMNS];
	size_t line[COLUMNS];	/* 0: not there */
};

static int tree_error(const struct tree *t, const char *what)
{
	return err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: %s", t->m->trees_n, what);
}

static int take_line(struct tree *t, const struct lightgbm_line *l)
{
	for (int c = 0; c < COLUMNS; c++) {
		if (!l->value || !lightgbm_key_is(l, KEYS[c].key))
			continue;
		if (t->line[c])
			return lightgbm_damaged(t->in, l->number, "it comes twice in its tree");
		t->line[c] = l->number;
		if (KEYS[c].count == COUNT_FREE) /* blanks may be double there */
			return 0;
		return lightgbm_list_read(t->in, l, KEYS[c].kind, &t->list[c]);
	}
	return lightgbm_damaged(t->in, l->number, "no tree has such a line");
}

/* Up to the line that is none of a tree; blank lines part the trees. */
static int take_lines(struct tree *t, struct lightgbm_line *next, bool *more, size_t *size)
{
	struct lightgbm_line l;

	while ((*more = lightgbm_line_next(t->in, &l))) {
		int err;

		if (l.len == 0)
			continue;
		*next = l;
		if (lightgbm_key_is(&l, "Tree") || lightgbm_line_is(&l, "end of trees") ||
		    lightgbm_line_is(&l, "feature importances:"))
			return 0;
		*size += l.len + 1;
		err = take_line(t, &l);
		if (err)
			return err;
	}
	return 0;
}

static int check_counts(const struct tree *t, size_t leaves, size_t sets)
{
	const size_t count[] = {
		[COUNT_ONE] = 1, [COUNT_SPLITS] = leaves - 1, [COUNT_LEAVES] = leaves,
		[COUNT_SETS] = sets ? sets + 1 : 0,
	};

	for (int c = 0; c < COLUMNS; c++) {
		bool lone = leaves == 1 && (c == LEAF_COUNT || c == LEAF_WEIGHT);

		if (!t->line[c] && (KEYS[c].required ||
		    (sets && (c == CAT_BOUNDARIES || c == CAT_THRESHOLD))))
			return err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: %s is missing",
				       t->m->trees_n, KEYS[c].key);
		/* a lone leaf has no statistics in some releases */
		if (!t->line[c] || KEYS[c].count >= COUNT_WORDS || (lone && !t->list[c].n))
			continue;
		if (t->list[c].n != count[KEYS[c].count])
			return err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: %s has %zu "
				       "values instead of %zu", t->m->trees_n, KEYS[c].key,
				       t->list[c].n, count[KEYS[c].count]);
	}
	return 0;
}

static int check_head(const struct tree *t, size_t *leaves, size_t *sets)
{
	if (t->list[NUM_LEAVES].n != 1 || t->list[NUM_LEAVES].v[0] < 1)
		return tree_error(t, "num_leaves is missing or below 1");
	if (t->list[NUM_CAT].n != 1 || t->list[NUM_CAT].v[0] < 0)
		return tree_error(t, "num_cat is missing or below 0");
	*leaves = (size_t)t->list[NUM_LEAVES].v[0];
	*sets = (size_t)t->list[NUM_CAT].v[0];
	if (*leaves > BOOSTER_NODES_MAX || t->m->leaves_n > BOOSTER_NODES_MAX - *leaves)
		return tree_error(t, "too many leaves");
	if (t->list[IS_LINEAR].n && t->list[IS_LINEAR].v[0] != 0)
		return err_set(t->in->e, ERR_INVALID, "tree %zu has linear leaves (linear_tree), "
			       "which are not supported; train without them", t->m->trees_n);
	for (int c = LEAF_CONST; c < COLUMNS; c++)
		if (t->line[c])
			return tree_error(t, "it has a line of linear leaves without is_linear");
	return check_counts(t, *leaves, *sets);
}

/* Where each set's bits lie: boundaries rise from 0 to the number of words. */
static int check_sets(const struct tree *t, size_t sets)
{
	const struct lightgbm_list *b = &t->list[CAT_BOUNDARIES];
	const size_t words = t->list[CAT_THRESHOLD].n;

	if (sets == 0)
		return words || b->n ? tree_error(t, "it has sets of categories without num_cat") :
			0;
	if (b->v[0] != 0 || b->v[sets] != (double)words)
		return tree_error(t, "cat_boundaries does not fit cat_threshold");
	for (size_t i = 0; i < sets; i++)
		if (b->v[i] > b->v[i + 1])
			return tree_error(t, "cat_boundaries falls");
	return 0;
}

/* Fills *out from the lists. A categorical split's threshold is the number of its set. */
static int make_split(const struct tree *t, size_t i, size_t *sets_used,
		      struct lightgbm_split *out)
{
	const struct lightgbm_list *list = t->list;
	const int type = (int)list[DECISION_TYPE].v[i], missing = type >> MISSING_SHIFT;
	const double set = list[THRESHOLD].v[i];

	*out = (struct lightgbm_split){
		.threshold = set,
		.left = (int32_t)list[LEFT_CHILD].v[i],
		.right = (int32_t)list[RIGHT_CHILD].v[i],
		.feature = (uint32_t)(int32_t)list[SPLIT_FEATURE].v[i],
		.categorical = type & CATEGORICAL,
		.default_left = type & DEFAULT_LEFT,
		.missing = (enum lightgbm_missing)missing,
	};
	if (type < 0 || missing > LIGHTGBM_MISSING_NAN)
		return err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: split %zu has the "
			       "decision type %d", t->m->trees_n, i, type);
	if (list[SPLIT_FEATURE].v[i] < 0 || out->feature >= t->m->features)
		return err_set(t->in->e, ERR_CORRUPT, "tree %zu splits on column %.0f of %zu",
			       t->m->trees_n, list[SPLIT_FEATURE].v[i], t->m->features);
	if (!out->categorical)
		return 0;
	/* the writer numbers the sets in the order of the splits */
	if (set != (double)*sets_used || *sets_used + 1 >= list[CAT_BOUNDARIES].n)
		return err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: split %zu names set "
			       "%g of its categories", t->m->trees_n, i, set);
	out->set = (uint32_t)(t->m->words_n + (size_t)list[CAT_BOUNDARIES].v[*sets_used]);
	out->set_words = (uint32_t)(list[CAT_BOUNDARIES].v[*sets_used + 1] -
				    list[CAT_BOUNDARIES].v[*sets_used]);
	++*sets_used;
	return 0;
}

/* Walks breadth-first from the root; each split and each leaf must be reached once. */
static int walk(const struct tree *t, const struct lightgbm_split *splits, size_t n,
		unsigned *depth)
{
	int32_t *queue = xcalloc(n + 1, sizeof(*queue));
	bool *met = xcalloc(2 * n + 1, sizeof(*met)); /* splits, then leaves */
	size_t head = 0, tail = n ? 1 : 0, level_end = tail, leaves = 0;
	int err = 0;

	*depth = n ? 1 : 0;
	met[0] = true;
	while (!err && head < tail) {
		const struct lightgbm_split *s = &splits[queue[head]];

		for (int side = 0; side < 2 && !err; side++) {
			int32_t child = side ? s->right : s->left;
			size_t place = child < 0 ? n + (size_t)~child : (size_t)child;

			if ((child >= 0 && (size_t)child >= n) || place > 2 * n || met[place]) {
				err = err_set(t->in->e, ERR_CORRUPT, "tree %zu is damaged: split "
					      "%d has child %d", t->m->trees_n, queue[head],
					      child);
				break;
			}
			met[place] = true;
			if (child < 0)
				leaves++;
			else
				queue[tail++] = child;
		}
		if (!err && ++head == level_end && tail > head) {
			level_end = tail;
			++*depth;
		}
	}
	if (!err && n && (tail != n || leaves != n + 1))
		err = tree_error(t, "a part of it is not reached from its root");
	free(queue);
	free(met);
	return err;
}

static void *grown(void *array, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return array;
	*cap = need * 2;
	return xrealloc(array, *cap * size);
}

/* Appends the tree; t's lists are sound. */
static int add_tree(const struct tree *t, size_t leaves)
{
	struct lightgbm *m = t->m;
	struct lightgbm_tree tree = {
		.splits = m->splits_n, .splits_n = leaves - 1, .leaves = m->leaves_n,
	};
	size_t sets_used = 0;
	int err = 0;

	if (m->trees_n == BOOSTER_TREES_MAX)
		return err_set(t->in->e, ERR_CORRUPT, "more than %d trees", BOOSTER_TREES_MAX);
	m->splits = grown(m->splits, &m->splits_cap, m->splits_n + leaves, sizeof(*m->splits));
	for (size_t i = 0; i < tree.splits_n && !err; i++)
		err = make_split(t, i, &sets_used, &m->splits[m->splits_n + i]);
	if (!err && (double)sets_used != t->list[NUM_CAT].v[0])
		err = tree_error(t, "num_cat does not fit its categorical splits");
	if (!err)
		err = walk(t, m->splits + tree.splits, tree.splits_n, &tree.depth);
	if (err)
		return err;
	m->leaves = grown(m->leaves, &m->leaves_cap, m->leaves_n + leaves, sizeof(*m->leaves));
	memcpy(m->leaves + m->leaves_n, t->list[LEAF_VALUE].v, leaves * sizeof(*m->leaves));
	m->words = grown(m->words, &m->words_cap, m->words_n + t->list[CAT_THRESHOLD].n,
			 sizeof(*m->words));
	for (size_t i = 0; i < t->list[CAT_THRESHOLD].n; i++)
		m->words[m->words_n++] = (uint32_t)t->list[CAT_THRESHOLD].v[i];
	m->splits_n += tree.splits_n;
	m->leaves_n += leaves;
	m->trees = grown(m->trees, &m->trees_cap, m->trees_n + 1, sizeof(*m->trees));
	m->trees[m->trees_n++] = tree;
	return 0;
}

int lightgbm_tree_read(struct lightgbm_lines *in, const struct lightgbm_line *first,
		       struct lightgbm *m, struct lightgbm_line *next, bool *more, size_t *size)
{
	struct tree t = { .in = in, .m = m };
	size_t leaves = 0, sets = 0;
	double number;
	int err = 0;

	*size = first->len + 3; /* its own end, and the two blank lines after a tree */
	if (!lightgbm_number(first->value, first->value_len, LIGHTGBM_SIZE, &number) ||
	    number != (double)m->trees_n)
		err = lightgbm_damaged(in, first->number, "a tree's number is not its place");
	if (!err)
		err = take_lines(&t, next, more, size);
	if (!err)
		err = check_head(&t, &leaves, &sets);
	if (!err)
		err = check_sets(&t, sets);
	if (!err)
		err = add_tree(&t, leaves);
	for (int c = 0; c < COLUMNS; c++)
		free(t.list[c].v);
	return err;
}
