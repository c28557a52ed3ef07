/* Where each value of a JSON or UBJ file stands. */
#include "worker/model/format/booster_internal.h"

#include <string.h>

#define BOOSTER "learner.gradient_booster."
#define PARAM "learner.learner_model_param."
#define ATTRIBUTE "learner.attributes."
#define TREE "trees[]"

/* Where each array stands; trees of DART lie one level deeper ("gbtree."). */
static const struct {
	const char *path;
	enum booster_column column;
} COLUMN_PATHS[] = {
	{BOOSTER "model.trees", COLUMN_TREES},
	{BOOSTER "model.tree_info", COLUMN_TREE_INFO},
	{BOOSTER "model.iteration_indptr", COLUMN_ROUNDS},
	{BOOSTER "model.weights", COLUMN_LINEAR},
	{BOOSTER "model.weight_drop", COLUMN_WEIGHT_DROP},	/* of 3.4 and later */
	{BOOSTER "model.cats.enc", COLUMN_CATS},
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
	{"learner.feature_names", COLUMN_NAMES},
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
	{PARAM "num_feature", FIELD_FEATURES},
	{PARAM "num_class", FIELD_CLASSES},
	{PARAM "num_target", FIELD_TARGETS},
	{PARAM "base_score", FIELD_BASE_SCORE},
	{"learner.objective.name", FIELD_OBJECTIVE},
	{ATTRIBUTE "best_iteration", FIELD_BEST},
	{ATTRIBUTE "scikit_learn", FIELD_SKLEARN},
	{ATTRIBUTE "niter", FIELD_NITER},
	{ATTRIBUTE "feature_list", FIELD_FEATURE_LIST},
};

/*
 * The objects that hold them. None of these may come twice, because XGBoost reads the last of
 * two objects with one key, and we would have checked the first one.
 */
static const char *const OBJECT_PATHS[BOOSTER_OBJECTS] = {
	"learner", "learner.learner_model_param", "learner.objective", "learner.gradient_booster",
	"learner.attributes", BOOSTER "gbtree", BOOSTER "model", BOOSTER "model.gbtree_model_param",
	BOOSTER "model.cats", BOOSTER "model." TREE ".tree_param",
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

enum booster_column booster_column_at(const struct booster_reader *r)
{
	char buf[sizeof(r->path)];
	const char *path = plain_path(r, buf);

	for (size_t i = 0; i < sizeof(COLUMN_PATHS) / sizeof(COLUMN_PATHS[0]); i++)
		if (strcmp(path, COLUMN_PATHS[i].path) == 0)
			return COLUMN_PATHS[i].column;
	return COLUMN_NONE;
}

enum booster_field booster_field_at(const struct booster_reader *r)
{
	char buf[sizeof(r->path)];
	const char *path = plain_path(r, buf);

	for (size_t i = 0; i < sizeof(FIELD_PATHS) / sizeof(FIELD_PATHS[0]); i++)
		if (strcmp(path, FIELD_PATHS[i].path) == 0)
			return FIELD_PATHS[i].field;
	return FIELD_NONE;
}

int booster_object_once(struct booster_reader *r)
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

void booster_tree_begins(struct booster_reader *r)
{
	for (int c = COLUMN_LEFT; c <= COLUMN_CATEGORIES_SIZES; c++) {
		r->count[c] = 0;
		r->seen_column[c] = false;
	}
	r->seen_field[FIELD_NODES] = false;
	r->seen_field[FIELD_ID] = false;
	r->seen_object[OBJECT_OF_TREE] = false;
}
