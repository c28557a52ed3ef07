/*
 * lightgbm.h - reads and checks a LightGBM text model (versions 2 to 4).
 *
 * The file is lines of key=value: a head (version, classes, objective, columns), a blank line,
 * then each tree as a block of arrays, "end of trees", and notes that a prediction does not need
 * (importances, parameters). A tree of n leaves has n - 1 splits; a child >= 0 is a split of the
 * same tree, a child < 0 is leaf ~child.
 *
 * Every line of the head and of the trees must be known, whole and of the right length, so that a
 * damaged file is refused and never read as another model:
 *  - every tree is a tree: each split and each leaf is reached once, columns are in range,
 *  - thresholds and leaves are finite numbers, sets of categories lie inside their array,
 *  - tree_sizes, where it is there, fits the trees. Trees are found by reading, never by it; line
 *    ends of CR and LF count as one byte, as the writer counted them.
 * Nothing is allocated by a number that the file names, only by what was read.
 *
 * Source: LightGBM, src/boosting/gbdt_model_text.cpp and src/io/tree.cpp of the releases 2.1.0
 * to 4.6.0.
 */
#ifndef WORKER_MODEL_FORMAT_LIGHTGBM_H
#define WORKER_MODEL_FORMAT_LIGHTGBM_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIGHTGBM_ZERO 1e-35f	/* a value this near to 0 is missing where zeros are */

enum lightgbm_missing {
	LIGHTGBM_MISSING_NONE = 0,	/* a NaN counts as 0 */
	LIGHTGBM_MISSING_ZERO = 1,	/* zeros and NaN go the default way */
	LIGHTGBM_MISSING_NAN = 2	/* a NaN goes the default way */
};

struct lightgbm_split {
	double threshold;	/* goes left when x <= threshold; not used by a set */
	int32_t left, right;	/* >= 0: a split of this tree; < 0: leaf ~child */
	uint32_t feature;	/* column */
	uint32_t set, set_words; /* of a categorical split: its bits are words[set ..] */
	bool categorical;	/* goes left when the category's bit is set */
	bool default_left;	/* where a missing value goes */
	enum lightgbm_missing missing;
};

struct lightgbm_tree {
	size_t splits, splits_n;	/* first split, which is the root, and count */
	size_t leaves;			/* first leaf; there are splits_n + 1 */
	unsigned depth;			/* of the deepest leaf; a lone leaf has 0 */
};

struct lightgbm {
	unsigned version;		/* 2, 3, 4 */
	char objective[48];		/* with its parameters: "binary sigmoid:1"; "": none */
	double sigmoid;			/* > 0; 1 when the objective has no such parameter */
	bool average;			/* random forest: the sum is divided by the iterations */
	/*
	 * The sum is the probability, without 1 / (1 + exp(-sigmoid * sum)): forests of LightGBM
	 * before 2.2.3. Both these and those of 2.2.3 name version 2; a forest of version 2 with
	 * a leaf outside 0 to 1 is one of 2.2.3.
	 */
	bool leaves_are_probabilities;
	size_t features, classes;	/* classes: trees per iteration, at least 1 */
	char **names;			/* of the columns, features of them, then NULL */
	struct lightgbm_split *splits;
	double *leaves;			/* shrinkage is contained */
	uint32_t *words;		/* bits of all sets */
	struct lightgbm_tree *trees;	/* in iterations of "classes" trees */
	size_t splits_n, leaves_n, words_n, trees_n;
	size_t splits_cap, leaves_cap, words_cap, trees_cap;
};

/*
 * Reads all of a file. 0 and *out (lightgbm_free it), ERR_CORRUPT with the line and what is
 * wrong, or ERR_INVALID for a sound model of a kind that is not supported (linear leaves,
 * another version, pandas categories).
 */
MUST_CHECK int lightgbm_read(const char *data, size_t len, struct lightgbm *out, struct err *e);
void lightgbm_free(struct lightgbm *m);
/* 0 when it gives one probability per row, else ERR_INVALID and by its name what it gives. */
MUST_CHECK int lightgbm_gives_probability(const struct lightgbm *m, struct err *e);

#endif
