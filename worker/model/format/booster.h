/*
 * booster.h - reads and checks an XGBoost model file: kind, objective, trees.
 *
 * libxgboost trusts its files: a child index out of range makes it read wild memory, and a
 * length of 2^60 makes it ask for that much memory. So we read every byte here first and give
 * libxgboost only files in which
 *  - every length lies inside the file, and nesting is at most BOOSTER_DEPTH_MAX,
 *  - every tree is a tree: each node reached once, children and columns in range,
 *  - every leaf and every weight is a finite number,
 *  - the parts fit: as many tree_info, weight_drop, weights as there must be.
 * Formats: JSON, UBJ (the part of UBJSON that XGBoost writes), the old binary one.
 *
 * Rounds. A training with early stopping stores best_iteration. scikit-learn's wrapper and R
 * predict with the rounds up to it; Booster.predict of Python takes all rounds. The wrapper
 * leaves an attribute scikit_learn in the file, R before 2.0 one niter, and then we stop at
 * best_iteration too. Sources: XGBoost, python-package/xgboost/sklearn.py
 * (_get_iteration_range), core.py (Booster.predict), R-package/R/xgb.Booster.R.
 *
 * Newer files. XGBoost 3.1 writes base_score as a list in brackets, 3.4 the weights of DART
 * beside the trees of a gbtree. libxgboost 1.7 loads such files without an error and
 * misreads them, so struct booster says whether it may be asked.
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
	float weight;		/* its leaves count so much: weight_drop of DART, else 1 */
	unsigned depth;		/* of the deepest leaf; a lone leaf has 0 */
};

struct booster {
	enum booster_kind kind;
	char objective[48];
	float base_score;
	bool base_is_margin;	/* before XGBoost 1.0 the score was stored transformed */
	unsigned major, minor, patch;	/* of XGBoost that wrote it; 0.0 before 1.0 */
	bool newer;		/* libxgboost 1.7 misreads it or can't read it */
	char feature_list[32];	/* attribute that our training sets, "" by others */
	char **names;		/* of the columns, "features" of them and a NULL; NULL: none */
	size_t features, classes;	/* classes 0 or 1: one output */
	size_t rounds_used;	/* of boosting: the first so many predict; 0: all */
	size_t trees_used;	/* their trees */
	float *linear;		/* gblinear with one output: a weight per column, then the bias */
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
 * is not supported (categorical splits, several targets, leaf vectors, no trees).
 */
MUST_CHECK int booster_read(enum booster_format f, const char *data, size_t len,
			    struct booster *out, struct err *e);
void booster_free(struct booster *b);

#endif
