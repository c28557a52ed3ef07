#include "worker/model/format/booster_internal.h"

#include <stdlib.h>
#include <string.h>

/* A key that could be mistaken for another path, or is longer than any of ours, becomes "?". */
static void path_add(struct booster_reader *r, const char *key, size_t len)
{
	if (memchr(key, '.', len) || memchr(key, '[', len) || memchr(key, '\0', len) ||
	    len + r->path_len + 2 > sizeof(r->path)) {
		key = "?";
		len = 1;
	}
	if (r->path_len + len + 2 > sizeof(r->path))
		return;
	if (r->path_len)
		r->path[r->path_len++] = '.';
	memcpy(r->path + r->path_len, key, len);
	r->path_len += len;
	r->path[r->path_len] = '\0';
}

int booster_on_key(struct booster_reader *r, const char *key, size_t len)
{
	ASSERT(r->depth > 0);
	r->path_len = r->levels[r->depth - 1].path_len;
	r->path[r->path_len] = '\0';
	path_add(r, key, len);
	return 0;
}

static void begin_tree(struct booster_reader *r)
{
	booster_tree_begins(r);
	if (r->nodes)
		memset(r->nodes, 0, r->nodes_cap * sizeof(*r->nodes));
}

static int tree_error(struct booster_reader *r, const char *what)
{
	return err_set(r->e, ERR_CORRUPT, "tree %zu is damaged: %s", r->b->trees_n, what);
}

static int end_tree(struct booster_reader *r)
{
	const enum booster_column whole[] = {
		COLUMN_LEFT, COLUMN_RIGHT, COLUMN_FEATURE, COLUMN_VALUE, COLUMN_DEFAULT_LEFT,
		COLUMN_PARENTS, COLUMN_LOSS, COLUMN_HESSIAN, COLUMN_WEIGHT,
	};
	size_t n = r->count[COLUMN_LEFT];

	if (!r->seen_field[FIELD_NODES] || r->number[FIELD_NODES] != n)
		return tree_error(r, "num_nodes does not fit its arrays");
	if (!r->seen_field[FIELD_ID] || r->number[FIELD_ID] != r->b->trees_n)
		return tree_error(r, "its id is not its place");
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (r->count[whole[i]] != n)
			return tree_error(r, "its arrays differ in length");
	if (r->seen_column[COLUMN_SPLIT_TYPE] && r->count[COLUMN_SPLIT_TYPE] != n)
		return tree_error(r, "its split_type differs in length");
	for (int c = COLUMN_CATEGORIES; c <= COLUMN_CATEGORIES_SIZES; c++)
		if (r->count[c])
			return err_set(r->e, ERR_INVALID, "tree %zu has categorical splits, which "
				       "are not supported; train on numbers", r->b->trees_n);
	return booster_add_tree(r->b, r->nodes, n, r->e);
}

static struct booster_level *top(struct booster_reader *r)
{
	return r->depth ? &r->levels[r->depth - 1] : NULL;
}

/* An element of an array is at its path and "[]". */
static void enter_element(struct booster_reader *r)
{
	struct booster_level *up = top(r);

	if (!up || !up->array)
		return;
	r->path_len = up->path_len;
	if (r->path_len + 3 <= sizeof(r->path)) {
		r->path[r->path_len++] = '[';
		r->path[r->path_len++] = ']';
	}
	r->path[r->path_len] = '\0';
}

/* XGBoost would first replace a category by the number that it had in training. */
static int recoded(struct booster_reader *r)
{
	return err_set(r->e, ERR_INVALID, "the model recodes categories of its columns (cats), "
		       "which is not supported; train on numbers");
}

int booster_on_begin(struct booster_reader *r, bool array)
{
	struct booster_level *up = top(r);
	struct booster_level *level;

	if (r->depth == BOOSTER_DEPTH_MAX)
		return err_set(r->e, ERR_CORRUPT, "the file nests deeper than %d levels, which no "
			       "model does", BOOSTER_DEPTH_MAX);
	if (up && up->column == COLUMN_CATS)
		return recoded(r);
	if (up && up->array && up->column != COLUMN_NONE &&
	    (up->column != COLUMN_TREES || array))
		return err_set(r->e, ERR_CORRUPT, "%s holds something that is no number", r->path);
	enter_element(r);
	level = &r->levels[r->depth++];
	*level = (struct booster_level){ .path_len = r->path_len, .array = array };
	if (!array) {
		level->tree = up && up->column == COLUMN_TREES;
		if (level->tree)
			begin_tree(r);
		return booster_object_once(r);
	}
	level->column = booster_column_at(r);
	if (level->column == COLUMN_NONE)
		return 0;
	if (r->seen_column[level->column])
		return err_set(r->e, ERR_CORRUPT, "%s comes twice", r->path);
	r->seen_column[level->column] = true;
	return 0;
}

int booster_on_end(struct booster_reader *r)
{
	struct booster_level *level = top(r);

	ASSERT(level);
	r->depth--;
	r->path_len = level->path_len;
	r->path[r->path_len] = '\0';
	return level->tree ? end_tree(r) : 0;
}

static struct booster_node *node_at(struct booster_reader *r, size_t i)
{
	size_t cap = r->nodes_cap ? r->nodes_cap : 256;

	if (i >= BOOSTER_NODES_MAX)
		return NULL;
	while (cap <= i)
		cap *= 2;
	if (cap > r->nodes_cap) {
		r->nodes = xrealloc(r->nodes, cap * sizeof(*r->nodes));
		memset(r->nodes + r->nodes_cap, 0, (cap - r->nodes_cap) * sizeof(*r->nodes));
		r->nodes_cap = cap;
	}
	return &r->nodes[i];
}

static int node_set(struct booster_reader *r, enum booster_column column, size_t i,
		    struct booster_number v)
{
	struct booster_node *node = node_at(r, i);

	if (!node)
		return tree_error(r, "too many nodes");
	if (column == COLUMN_LEFT)
		node->left = (int32_t)v.i;
	else if (column == COLUMN_RIGHT)
		node->right = (int32_t)v.i;
	else if (column == COLUMN_PARENTS)
		node->parent = (int32_t)v.i;
	else if (column == COLUMN_FEATURE)
		node->feature = (uint32_t)v.i;
	else if (column == COLUMN_VALUE)
		node->value = v.f;
	else
		node->default_left = v.i != 0;
	return 0;
}

static bool column_whole(enum booster_column c)
{
	return c != COLUMN_VALUE && c != COLUMN_LOSS && c != COLUMN_HESSIAN &&
		c != COLUMN_WEIGHT && c != COLUMN_WEIGHT_DROP && c != COLUMN_LINEAR;
}

/* Elements that stand outside of the trees. */
static int on_model_element(struct booster_reader *r, enum booster_column column, size_t i,
			    struct booster_number v)
{
	if (column == COLUMN_TREE_INFO)
		return booster_take_int(r, &r->groups, i, (int32_t)v.i);
	if (column == COLUMN_ROUNDS)
		return booster_take_int(r, &r->rounds, i, (int32_t)v.i);
	if (column == COLUMN_WEIGHT_DROP)
		return booster_take_float(r, &r->weights, i, v.f, BOOSTER_TREES_MAX);
	if (column == COLUMN_LINEAR)
		return booster_take_float(r, &r->weights, i, v.f, BOOSTER_FEATURES_MAX + 1);
	if (column == COLUMN_VERSION && i < 3)
		r->version[i] = v.i < 0 ? 0 : (uint32_t)v.i;
	if (column == COLUMN_CATS)
		return recoded(r);
	if (column == COLUMN_NAMES)
		return err_set(r->e, ERR_CORRUPT, "%s holds a number", r->path);
	if (column == COLUMN_TREES)
		return err_set(r->e, ERR_CORRUPT, "trees[%zu] is no tree", i);
	return 0;
}

static int on_element(struct booster_reader *r, enum booster_column column,
		      struct booster_number v)
{
	size_t i = r->count[column]++;

	if (column_whole(column) && (!v.whole || v.i < INT32_MIN || v.i > INT32_MAX))
		return err_set(r->e, ERR_CORRUPT, "%s[%zu] is no whole number", r->path, i);
	if (column >= COLUMN_LEFT && column <= COLUMN_PARENTS)
		return node_set(r, column, i, v);
	if (column == COLUMN_SPLIT_TYPE && v.i != 0)
		return err_set(r->e, ERR_INVALID, "tree %zu has categorical splits, which are not "
			       "supported; train on numbers", r->b->trees_n);
	return on_model_element(r, column, i, v);
}

int booster_on_number(struct booster_reader *r, struct booster_number v)
{
	struct booster_level *level = top(r);
	enum booster_field field;

	if (!level)
		return err_set(r->e, ERR_CORRUPT, "the file holds a number only");
	if (level->array)
		return level->column == COLUMN_NONE ? 0 : on_element(r, level->column, v);
	field = booster_field_at(r);
	if (field != FIELD_ID) /* the others are written as text */
		return 0;
	if (r->seen_field[field])
		return err_set(r->e, ERR_CORRUPT, "%s comes twice", r->path);
	if (!v.whole || v.i < 0)
		return err_set(r->e, ERR_CORRUPT, "%s is no whole number", r->path);
	r->seen_field[field] = true;
	r->number[field] = (uint64_t)v.i;
	return 0;
}

int booster_on_string(struct booster_reader *r, const char *s, size_t len)
{
	struct booster_level *level = top(r);
	enum booster_field field;

	if (!level)
		return err_set(r->e, ERR_CORRUPT, "the file holds a text only");
	if (level->array && level->column == COLUMN_NAMES)
		return booster_take_name(r, s, len);
	if (level->array && level->column == COLUMN_CATS)
		return recoded(r);
	if (level->array)
		return level->column == COLUMN_NONE ? 0 :
			err_set(r->e, ERR_CORRUPT, "%s holds a text", r->path);
	field = booster_field_at(r);
	return field == FIELD_NONE ? 0 : booster_take_text(r, field, s, len);
}

static void reader_fini(struct booster_reader *r)
{
	free(r->nodes);
	free(r->groups.v);
	free(r->rounds.v);
	free(r->weights.v);
	for (size_t i = 0; r->names && r->names[i]; i++)
		free(r->names[i]);
	free(r->names);
}

static int check_trees(const struct booster *b, struct err *e)
{
	if (b->kind != BOOSTER_GBLINEAR && b->trees_n == 0)
		return err_set(e, ERR_INVALID, "the model has no trees: it would give one answer "
			       "to everything");
	return 0;
}

int booster_read(enum booster_format f, const char *data, size_t len, struct booster *out,
		 struct err *e)
{
	struct booster b = { 0 };
	struct booster_reader r = { .b = &b, .e = e, .best = -1 };
	int err;

	if (f == FORMAT_BINARY) {
		err = booster_read_binary(&b, data, len, e);
	} else {
		ASSERT(f == FORMAT_JSON || f == FORMAT_UBJ);
		err = f == FORMAT_JSON ? booster_read_json(&r, data, len) :
			booster_read_ubj(&r, data, len);
		if (!err)
			err = booster_finish(&r);
	}
	reader_fini(&r);
	if (!err)
		err = check_trees(&b, e);
	if (err)
		booster_free(&b);
	else
		*out = b;
	return err;
}
