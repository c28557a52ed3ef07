#include "worker/model/format/booster_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOOSTER "learner.gradient_booster."
#define TREE "trees[]"

/* Where each array stands; trees of DART lie one level deeper ("gbtree."). */
static const struct {
	const char *path;
	enum booster_column column;
} COLUMN_PATHS[] = {
	{BOOSTER "model.trees", COLUMN_TREES},
	{BOOSTER "model.tree_info", COLUMN_TREE_INFO},
	{BOOSTER "model.weights", COLUMN_LINEAR},
	{BOOSTER "weight_drop", COLUMN_WEIGHT_DROP},
	{BOOSTER "model." TREE ".left_children", COLUMN_LEFT},
	{BOOSTER "model." TREE ".right_children", COLUMN_RIGHT},
	{BOOSTER "model." TREE ".split_indices", COLUMN_FEATURE},
	{BOOSTER "model." TREE ".split_conditions", COLUMN_VALUE},
	{BOOSTER "model." TREE ".default_left", COLUMN_DEFAULT_LEFT},
	{BOOSTER "model." TREE ".parents", COLUMN_PARENTS},
	{BOOSTER "model." TREE ".loss_changes", COLUMN_LOSS},
	{BOOSTER "model." TREE ".sum_hessian", COLUMN_HESSIAN},
	{BOOSTER "model." TREE ".base_weights", COLUMN_WEIGHT},
	{BOOSTER "model." TREE ".split_type", COLUMN_SPLIT_TYPE},
	{BOOSTER "model." TREE ".categories", COLUMN_CATEGORIES},
	{BOOSTER "model." TREE ".categories_nodes", COLUMN_CATEGORIES_NODES},
	{BOOSTER "model." TREE ".categories_segments", COLUMN_CATEGORIES_SEGMENTS},
	{BOOSTER "model." TREE ".categories_sizes", COLUMN_CATEGORIES_SIZES},
	{"version", COLUMN_VERSION},
};

static const struct {
	const char *path;
	enum booster_field field;
} FIELD_PATHS[] = {
	{BOOSTER "model." TREE ".tree_param.num_nodes", FIELD_NODES},
	{BOOSTER "model." TREE ".tree_param.size_leaf_vector", FIELD_LEAF_SIZE},
	{BOOSTER "model." TREE ".id", FIELD_ID},
	{BOOSTER "model.gbtree_model_param.num_trees", FIELD_TREES},
	{BOOSTER "model.gbtree_model_param.num_parallel_tree", FIELD_PARALLEL},
	{BOOSTER "model.gbtree_model_param.size_leaf_vector", FIELD_LEAF_SIZE},
	{BOOSTER "name", FIELD_BOOSTER},
	{"learner.learner_model_param.num_feature", FIELD_FEATURES},
	{"learner.learner_model_param.num_class", FIELD_CLASSES},
	{"learner.learner_model_param.num_target", FIELD_TARGETS},
	{"learner.learner_model_param.base_score", FIELD_BASE_SCORE},
	{"learner.objective.name", FIELD_OBJECTIVE},
};

/*
 * The objects that hold them. None of these may come twice, because XGBoost reads the last of
 * two objects with one key, and we would have checked the first one.
 */
static const char *const OBJECT_PATHS[BOOSTER_OBJECTS] = {
	"learner", "learner.learner_model_param", "learner.objective", "learner.gradient_booster",
	BOOSTER "gbtree", BOOSTER "model", BOOSTER "model.gbtree_model_param",
	BOOSTER "model." TREE ".tree_param",
};
#define OBJECT_OF_TREE (BOOSTER_OBJECTS - 1)

static const char GBTREE[] = BOOSTER "gbtree.model";

/* The path without the level that only DART has. */
static const char *plain_path(const struct booster_reader *r, char out[sizeof(r->path)])
{
	size_t len = sizeof(GBTREE) - 1 - strlen("model");

	if (strncmp(r->path, GBTREE, sizeof(GBTREE) - 1) != 0 ||
	    (r->path[sizeof(GBTREE) - 1] != '.' && r->path[sizeof(GBTREE) - 1] != '\0'))
		return r->path;
	memcpy(out, BOOSTER, sizeof(BOOSTER) - 1);
	memcpy(out + sizeof(BOOSTER) - 1, r->path + len, strlen(r->path + len) + 1);
	return out;
}

static enum booster_column column_at(const struct booster_reader *r)
{
	char buf[sizeof(r->path)];
	const char *path = plain_path(r, buf);

	for (size_t i = 0; i < sizeof(COLUMN_PATHS) / sizeof(COLUMN_PATHS[0]); i++)
		if (strcmp(path, COLUMN_PATHS[i].path) == 0)
			return COLUMN_PATHS[i].column;
	return COLUMN_NONE;
}

static enum booster_field field_at(const struct booster_reader *r)
{
	char buf[sizeof(r->path)];
	const char *path = plain_path(r, buf);

	for (size_t i = 0; i < sizeof(FIELD_PATHS) / sizeof(FIELD_PATHS[0]); i++)
		if (strcmp(path, FIELD_PATHS[i].path) == 0)
			return FIELD_PATHS[i].field;
	return FIELD_NONE;
}

static int object_once(struct booster_reader *r)
{
	char buf[sizeof(r->path)];
	const char *path = plain_path(r, buf);

	for (size_t i = 0; i < BOOSTER_OBJECTS; i++) {
		if (strcmp(path, OBJECT_PATHS[i]) != 0)
			continue;
		if (r->seen_object[i])
			return err_set(r->e, ERR_CORRUPT, "%s comes twice", r->path);
		r->seen_object[i] = true;
	}
	return 0;
}

static bool column_of_tree(enum booster_column c)
{
	return c >= COLUMN_LEFT && c <= COLUMN_CATEGORIES_SIZES;
}

static bool field_of_tree(enum booster_field f)
{
	return f == FIELD_NODES || f == FIELD_ID;
}

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
	for (int c = 0; c < COLUMNS; c++) {
		if (!column_of_tree((enum booster_column)c))
			continue;
		r->count[c] = 0;
		r->seen_column[c] = false;
	}
	for (int f = 0; f < FIELDS; f++)
		if (field_of_tree((enum booster_field)f))
			r->seen_field[f] = false;
	r->seen_object[OBJECT_OF_TREE] = false;
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

int booster_on_begin(struct booster_reader *r, bool array)
{
	struct booster_level *up = top(r);
	struct booster_level *level;

	if (r->depth == BOOSTER_DEPTH_MAX)
		return err_set(r->e, ERR_CORRUPT, "the file nests deeper than %d levels, which no "
			       "model does", BOOSTER_DEPTH_MAX);
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
		return object_once(r);
	}
	level->column = column_at(r);
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

static int group_add(struct booster_reader *r, size_t i, int32_t group)
{
	if (i >= BOOSTER_TREES_MAX)
		return err_set(r->e, ERR_CORRUPT, "more than %d trees", BOOSTER_TREES_MAX);
	if (i >= r->groups_cap) {
		r->groups_cap = r->groups_cap ? r->groups_cap * 2 : 256;
		r->groups = xrealloc(r->groups, r->groups_cap * sizeof(*r->groups));
	}
	r->groups[i] = group;
	return 0;
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

static int on_element(struct booster_reader *r, enum booster_column column,
		      struct booster_number v)
{
	size_t i = r->count[column]++;

	if (column_whole(column) && (!v.whole || v.i < INT32_MIN || v.i > INT32_MAX))
		return err_set(r->e, ERR_CORRUPT, "%s[%zu] is no whole number", r->path, i);
	if (column >= COLUMN_LEFT && column <= COLUMN_PARENTS)
		return node_set(r, column, i, v);
	if (column == COLUMN_TREE_INFO)
		return group_add(r, i, (int32_t)v.i);
	if (column == COLUMN_SPLIT_TYPE && v.i != 0)
		return err_set(r->e, ERR_INVALID, "tree %zu has categorical splits, which are not "
			       "supported; train on numbers", r->b->trees_n);
	if (column == COLUMN_TREES)
		return err_set(r->e, ERR_CORRUPT, "trees[%zu] is no tree", i);
	return 0;
}

int booster_on_number(struct booster_reader *r, struct booster_number v)
{
	struct booster_level *level = top(r);
	enum booster_field field;

	if (!level)
		return err_set(r->e, ERR_CORRUPT, "the file holds a number only");
	if (level->array)
		return level->column == COLUMN_NONE ? 0 : on_element(r, level->column, v);
	field = field_at(r);
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

static int take_field(struct booster_reader *r, enum booster_field field, const char *text)
{
	bool sound = true;
	char *end;

	if (field == FIELD_OBJECTIVE) {
		if (strlen(text) >= sizeof(r->b->objective))
			return err_set(r->e, ERR_CORRUPT, "the objective has no known name");
		memcpy(r->b->objective, text, strlen(text) + 1);
		return 0;
	}
	if (field == FIELD_BOOSTER) {
		if (strlen(text) >= sizeof(r->kind))
			return err_set(r->e, ERR_CORRUPT, "the booster has no known name");
		memcpy(r->kind, text, strlen(text) + 1);
		return 0;
	}
	if (field == FIELD_BASE_SCORE) {
		r->b->base_score = strtof(text, &end);
	} else {
		errno = 0;
		r->number[field] = strtoull(text, &end, 10);
		sound = errno == 0 && *text >= '0' && *text <= '9';
	}
	if (!sound || end == text || *end)
		return err_set(r->e, ERR_CORRUPT, "%s is '%s', which is no number", r->path, text);
	return 0;
}

int booster_on_string(struct booster_reader *r, const char *s, size_t len)
{
	struct booster_level *level = top(r);
	enum booster_field field;
	char text[48];

	if (!level)
		return err_set(r->e, ERR_CORRUPT, "the file holds a text only");
	if (level->array)
		return level->column == COLUMN_NONE ? 0 :
			err_set(r->e, ERR_CORRUPT, "%s holds a text", r->path);
	field = field_at(r);
	if (field == FIELD_NONE)
		return 0;
	/* size_leaf_vector stands in each tree and once for all */
	if (r->seen_field[field] && field != FIELD_LEAF_SIZE)
		return err_set(r->e, ERR_CORRUPT, "%s comes twice", r->path);
	if (len >= sizeof(text) || memchr(s, '\0', len) || memchr(s, '\\', len))
		return err_set(r->e, ERR_CORRUPT, "%s is no text that XGBoost writes", r->path);
	memcpy(text, s, len);
	text[len] = '\0';
	r->seen_field[field] = true;
	if (field == FIELD_LEAF_SIZE && strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return err_set(r->e, ERR_INVALID, "leaf vectors are not supported");
	return take_field(r, field, text);
}

static int missing(const struct booster_reader *r, const char *what)
{
	return err_set(r->e, ERR_CORRUPT, "the file is no XGBoost model: %s is missing", what);
}

static int finish_trees(struct booster_reader *r)
{
	struct booster *b = r->b;

	if (!r->seen_field[FIELD_TREES] || !r->seen_column[COLUMN_TREES] ||
	    r->number[FIELD_TREES] != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "num_trees does not fit the %zu trees",
			       b->trees_n);
	if (r->count[COLUMN_TREE_INFO] != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "tree_info has %zu entries for %zu trees",
			       r->count[COLUMN_TREE_INFO], b->trees_n);
	if (r->seen_field[FIELD_PARALLEL] && (r->number[FIELD_PARALLEL] < 1 ||
	    r->number[FIELD_PARALLEL] > BOOSTER_TREES_MAX))
		return err_set(r->e, ERR_CORRUPT, "num_parallel_tree is %llu",
			       (unsigned long long)r->number[FIELD_PARALLEL]);
	if (b->kind == BOOSTER_DART && r->count[COLUMN_WEIGHT_DROP] != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "weight_drop has %zu entries for %zu trees",
			       r->count[COLUMN_WEIGHT_DROP], b->trees_n);
	for (size_t i = 0; i < b->trees_n; i++)
		b->trees[i].group = r->groups[i];
	return 0;
}

static int finish_kind(struct booster_reader *r)
{
	struct booster *b = r->b;

	if (strcmp(r->kind, "gbtree") == 0)
		b->kind = BOOSTER_GBTREE;
	else if (strcmp(r->kind, "dart") == 0)
		b->kind = BOOSTER_DART;
	else if (strcmp(r->kind, "gblinear") == 0)
		b->kind = BOOSTER_GBLINEAR;
	else
		return err_set(r->e, ERR_INVALID, "the booster '%s' is not supported; gbtree, dart "
			       "and gblinear are", r->kind);
	if (b->kind != BOOSTER_GBLINEAR)
		return finish_trees(r);
	if (r->count[COLUMN_LINEAR] != (b->features + 1) * booster_groups(b))
		return err_set(r->e, ERR_CORRUPT,
			       "the linear model has %zu weights for %zu columns",
			       r->count[COLUMN_LINEAR], b->features);
	return 0;
}

static int finish(struct booster_reader *r)
{
	struct booster *b = r->b;
	int err;

	if (r->count[COLUMN_VERSION] != 3)
		return missing(r, "version");
	if (!r->seen_field[FIELD_FEATURES])
		return missing(r, "learner.learner_model_param.num_feature");
	if (!r->seen_field[FIELD_CLASSES])
		return missing(r, "learner.learner_model_param.num_class");
	if (!r->seen_field[FIELD_BASE_SCORE])
		return missing(r, "learner.learner_model_param.base_score");
	if (!r->seen_field[FIELD_OBJECTIVE])
		return missing(r, "learner.objective.name");
	if (!r->seen_field[FIELD_BOOSTER])
		return missing(r, "learner.gradient_booster.name");
	if (r->seen_field[FIELD_TARGETS] && r->number[FIELD_TARGETS] > 1)
		return err_set(r->e, ERR_INVALID, "models with several targets are not supported");
	b->features = r->number[FIELD_FEATURES];
	b->classes = r->number[FIELD_CLASSES];
	err = booster_check(b, r->e); /* before products of its numbers are taken */
	if (!err)
		err = finish_kind(r);
	return err ? err : booster_check(b, r->e);
}

int booster_read(enum booster_format f, const char *data, size_t len, struct booster *out,
		 struct err *e)
{
	struct booster b = { 0 };
	struct booster_reader r = { .b = &b, .e = e };
	int err;

	if (f == FORMAT_BINARY) {
		err = booster_read_binary(&b, data, len, e);
	} else {
		ASSERT(f == FORMAT_JSON || f == FORMAT_UBJ);
		err = f == FORMAT_JSON ? booster_read_json(&r, data, len) :
			booster_read_ubj(&r, data, len);
		if (!err)
			err = finish(&r);
	}
	free(r.nodes);
	free(r.groups);
	if (err)
		booster_free(&b);
	else
		*out = b;
	return err;
}
