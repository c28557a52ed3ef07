/*
 * lightgbm_tree.h - one tree of a LightGBM text model: read, checked and added to the model.
 */
#ifndef WORKER_MODEL_FORMAT_LIGHTGBM_TREE_H
#define WORKER_MODEL_FORMAT_LIGHTGBM_TREE_H

#include "worker/model/format/lightgbm_line.h"
#include "worker/model/format/lightgbm_parts.h"

/*
 * Reads the tree whose first line "Tree=.." is *first and adds it to m; *next is the line after
 * it. *size: its bytes as its writer counted them.
 */
MUST_CHECK int lightgbm_tree_read(struct lightgbm_lines *in, const struct lightgbm_line *first,
				  struct lightgbm *m, struct lightgbm_line *next, bool *more,
				  size_t *size);

#endif
