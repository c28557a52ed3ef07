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

#include "worker/model/format/lightgbm_parts.h"

#include "common/err.h"

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
