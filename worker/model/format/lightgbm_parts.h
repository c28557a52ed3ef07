/*
 * lightgbm_parts.h - what a LightGBM model is made of, once its file is read (lightgbm.h).
 */
#ifndef WORKER_MODEL_FORMAT_LIGHTGBM_PARTS_H
#define WORKER_MODEL_FORMAT_LIGHTGBM_PARTS_H

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

#endif
