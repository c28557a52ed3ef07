/*
 * booster_internal.h - shared by the readers of the formats and booster.c.
 *
 * The JSON and UBJ readers report keys and values in order to a booster_reader, which keeps
 * the data of the model and refuses what does not fit. The binary reader adds trees itself.
 */
#ifndef WORKER_MODEL_FORMAT_BOOSTER_INTERNAL_H
#define WORKER_MODEL_FORMAT_BOOSTER_INTERNAL_H

#include "worker/model/format/booster.h"

/* Arrays of numbers that are looked at. */
enum booster_column {
	COLUMN_NONE, COLUMN_LEFT, COLUMN_RIGHT, COLUMN_FEATURE, COLUMN_VALUE, COLUMN_DEFAULT_LEFT,
	COLUMN_PARENTS, COLUMN_LOSS, COLUMN_HESSIAN, COLUMN_WEIGHT, COLUMN_SPLIT_TYPE,
	COLUMN_CATEGORIES, COLUMN_CATEGORIES_NODES, COLUMN_CATEGORIES_SEGMENTS,
	COLUMN_CATEGORIES_SIZES, COLUMN_TREES, COLUMN_TREE_INFO, COLUMN_WEIGHT_DROP,
	COLUMN_LINEAR, COLUMN_VERSION, COLUMN_ROUNDS, COLUMN_NAMES, COLUMN_CATS, COLUMNS
};

/* Single values that are looked at. */
enum booster_field {
	FIELD_NONE, FIELD_NODES, FIELD_LEAF_SIZE, FIELD_ID, FIELD_TREES, FIELD_PARALLEL,
	FIELD_FEATURES, FIELD_CLASSES, FIELD_TARGETS, FIELD_BASE_SCORE, FIELD_OBJECTIVE,
	FIELD_BOOSTER, FIELD_BEST, FIELD_SKLEARN, FIELD_NITER, FIELD_FEATURE_LIST, FIELDS
};

#define BOOSTER_OBJECTS 10	/* objects that hold columns or fields */
#define BOOSTER_NAME_MAX 256	/* bytes that are kept of a column's name */

/* Numbers of an array that is kept. */
struct booster_floats {
	float *v;
	size_t cap;
};

struct booster_ints {
	int32_t *v;
	size_t cap;
};

struct booster_level {
	size_t path_len;
	bool array, tree;
	enum booster_column column;
};

struct booster_reader {
	struct booster *b;
	struct err *e;
	char path[256];			/* learner.gradient_booster.model.trees[].left_children */
	size_t path_len;		/* of the value that comes next */
	struct booster_level levels[BOOSTER_DEPTH_MAX];
	size_t depth;
	size_t count[COLUMNS];		/* values seen */
	bool seen_column[COLUMNS];
	struct booster_node *nodes;	/* of the tree at hand; filled column by column */
	size_t nodes_cap;
	struct booster_ints groups;	/* tree_info */
	struct booster_ints rounds;	/* iteration_indptr: first tree of each round, the end */
	struct booster_floats weights;	/* weight_drop, or those of a linear model */
	char **names;
	size_t names_n, names_cap;
	uint32_t version[3];
	int64_t best;			/* best_iteration, -1 none */
	bool seen_field[FIELDS];
	bool seen_object[BOOSTER_OBJECTS];
	uint64_t number[FIELDS];
	char kind[16];
};

struct booster_number {
	bool whole;		/* i is valid */
	int64_t i;
	float f;
};

/* booster_paths.c: what stands at the reader's path. */
enum booster_column booster_column_at(const struct booster_reader *r);
enum booster_field booster_field_at(const struct booster_reader *r);
/* ERR_CORRUPT when an object that is looked at comes twice. */
MUST_CHECK int booster_object_once(struct booster_reader *r);
void booster_tree_begins(struct booster_reader *r);	/* forgets what was seen of a tree */

/* booster_values.c: single values. All return 0 or fill the error. */
MUST_CHECK int booster_take_text(struct booster_reader *r, enum booster_field field,
				 const char *s, size_t len);
MUST_CHECK int booster_take_name(struct booster_reader *r, const char *s, size_t len);
MUST_CHECK int booster_take_float(struct booster_reader *r, struct booster_floats *to, size_t i,
				  float f, size_t max);
MUST_CHECK int booster_take_int(struct booster_reader *r, struct booster_ints *to, size_t i,
				int32_t v);
/* Takes over what the reader holds into its booster, once all is read. */
MUST_CHECK int booster_finish(struct booster_reader *r);

/* booster_reader.c. All return 0 or fill the error. */
MUST_CHECK int booster_on_key(struct booster_reader *r, const char *key, size_t len);
MUST_CHECK int booster_on_begin(struct booster_reader *r, bool array);
MUST_CHECK int booster_on_end(struct booster_reader *r);
MUST_CHECK int booster_on_number(struct booster_reader *r, struct booster_number v);
MUST_CHECK int booster_on_string(struct booster_reader *r, const char *s, size_t len);

MUST_CHECK int booster_read_json(struct booster_reader *r, const char *data, size_t len);
MUST_CHECK int booster_read_ubj(struct booster_reader *r, const char *data, size_t len);
MUST_CHECK int booster_read_binary(struct booster *b, const char *data, size_t len, struct err *e);

/* Check and append; ERR_CORRUPT when the nodes are no tree. */
MUST_CHECK int booster_add_tree(struct booster *b, const struct booster_node *nodes, size_t n,
				struct err *e);
/* Checks at the end of every format: columns in range, groups below classes. */
MUST_CHECK int booster_check(const struct booster *b, struct err *e);
/* best: best_iteration, -1 none. counts: predict up to it. parallel: trees of a round. */
void booster_use_rounds(struct booster *b, int64_t best, bool counts, size_t parallel);
size_t booster_groups(const struct booster *b);	/* outputs of the raw score */

#endif
