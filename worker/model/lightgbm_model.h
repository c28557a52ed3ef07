/*
 * lightgbm_model.h - a LightGBM text model, ready to predict: reader and evaluator together.
 */
#ifndef WORKER_MODEL_LIGHTGBM_MODEL_H
#define WORKER_MODEL_LIGHTGBM_MODEL_H

#include "worker/model/format/evaluator.h"

#include "common/err.h"

/*
 * Reads a file and fills *out, whose columns and evaluator are the caller's. ERR_CORRUPT
 * (damaged), ERR_INVALID (a kind that is not supported, or one that gives no probability).
 */
MUST_CHECK int lightgbm_model_load(const char *data, size_t len, struct model_read *out,
				   struct err *e);

#endif
