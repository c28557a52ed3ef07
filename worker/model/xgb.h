/*
 * xgb.h - wraps the few calls of libxgboost that we make, and turns its errors into ours.
 *
 * It uses one thread, because OpenMP's thread pool would keep its memory in the process, and
 * because sums over several threads are not deterministic.
 */
#ifndef WORKER_MODEL_XGB_H
#define WORKER_MODEL_XGB_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <xgboost/c_api.h>

/* Fills e with libxgboost's last message, without its source lines; returns code. */
int xgb_error(struct err *e, int code, const char *what);
/* A booster with one thread; rows: what it will be trained on, or NULL. XGBoosterFree it. */
MUST_CHECK int xgb_booster_new(DMatrixHandle rows, BoosterHandle *out, struct err *e);
/* data must have passed booster_read, because libxgboost trusts its input. */
MUST_CHECK int xgb_booster_load(const char *data, size_t len, BoosterHandle *out, struct err *e);
/* rows x columns floats, NAN = missing. XGDMatrixFree it. */
MUST_CHECK int xgb_matrix_new(const float *values, size_t rows, size_t columns, DMatrixHandle *out,
			      struct err *e);
/*
 * margin: raw scores. rounds: the first so many boosting rounds, 0 all. *out is
 * borrowed until the next call for this booster; *n: how many values, over all rows.
 */
MUST_CHECK int xgb_predict(BoosterHandle b, DMatrixHandle rows, bool margin, unsigned rounds,
			   const float **out, size_t *n, struct err *e);
const char *xgb_version(void);

#endif
