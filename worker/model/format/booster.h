/*
 * booster.h - reads and checks a model file: kind, objective, trees.
 *
 * libxgboost trusts its files: a child index out of range makes it read wild memory, and a
 * length of 2^60 makes it ask for that much memory. So we read every byte here first and give
 * libxgboost only files in which
 *  - every length lies inside the file, and nesting is at most BOOSTER_DEPTH_MAX,
 *  - every tree is a tree: each node reached once, children and columns in range,
 *  - the parts fit: as many tree_info, weight_drop, weights as there must be.
 * Formats: JSON, UBJ (the part of UBJSON that XGBoost writes), the old binary one.
 */
#ifndef WORKER_MODEL_FORMAT_BOOSTER_H
#define WORKER_MODEL_FORMAT_BOOSTER_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOSTER_FILE_MAX (128u << 20)	/* bytes */
#define BOOSTER_DEPTH_MAX 32		/* of JSON nesting */
#define BOOSTER_NODES_MAX (1u << 24)
#define BOOSTER_TREES_MAX 100000
#define BOOSTER_FEATURES_MAX 100000
#define BOOSTER_CLASSES_MAX 1000

enum booster_format {
	FORMAT_UNKNOWN, FORMAT_JSON, FORMAT_UBJ, FORMAT_BINARY, FORMAT_LIGHTGBM
};

enum booster_kind { BOOSTER_GBTREE, BOOSTER_DART, BOOSTER_GBLINEAR };

struct booster_node {
	float value;		/* split: goes left when x < value; leaf: its value */
	int32_t left, right;	/* within the tree; -1 both: a leaf */
	int32_t parent;		/* INT32_MAX at the root */
	uint32_t feature;
	bool default_left;	/* where a missing value goes */
	bool unused;		/* may hold anything: nothing may lead to it */
};

struct booster_tree {
	size_t first, n;	/* its nodes; the root is the first */
	int32_t group;		/* class that it adds to */
	unsigned depth;		/* of the deepest leaf; a lone leaf has 0 */
};

struct booster {
	enum booster_kind kind;
	char objective[48];
	float base_score;
	bool base_is_margin;	/* before XGBoost 1.0 the score was stored transformed */
	size_t features, classes;	/* classes 0 or 1: one output */
	struct booster_node *nodes;
	size_t nodes_n, nodes_cap;
	struct booster_tree *trees;
	size_t trees_n, trees_cap;
};

/* Guesses the format from the first bytes; FORMAT_UNKNOWN for any other file. */
enum booster_format booster_sniff(const char *data, size_t len);
/* Says what a file that is no model looks like: "a ZIP archive", "text". */
const char *booster_looks_like(const char *data, size_t len);
/* "xgboost-json", "xgboost-ubj", "xgboost-binary", "lightgbm-text", "unknown" */
const char *booster_format_name(enum booster_format f);

/*
 * Reads all of a JSON, UBJ or binary file. 0 and *out (booster_free it), ERR_CORRUPT
 * with the place and what is wrong, or ERR_INVALID for a sound model of a kind that
 * is not supported (categorical splits, several targets, leaf vectors).
 */
MUST_CHECK int booster_read(enum booster_format f, const char *data, size_t len,
			    struct booster *out, struct err *e);
void booster_free(struct booster *b);

#endif
