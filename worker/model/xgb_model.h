/*
 * xgb_model.h - makes an evaluator of an XGBoost file that booster.h has read.
 *
 * Who predicts:
 *  - our own evaluators (trees.h, linear.h) wherever they can: one output and an objective of
 *    objective.h, whatever version wrote the file. If libxgboost reads the file as its writer
 *    did (up to 3.0), both must agree on the trial rows (trial.h), else the file is refused.
 *  - libxgboost for the others, which no bot can use (several outputs, other objectives), but
 *    only of files up to 3.0. Later ones are refused, because libxgboost 1.7 misreads them.
 */
#ifndef WORKER_MODEL_XGB_MODEL_H
#define WORKER_MODEL_XGB_MODEL_H

#include "common/buf.h"
#include "worker/model/format/booster.h"
#include "worker/model/format/evaluator.h"
#include "worker/model/xgb.h"

/*
 * Takes the names of the columns out of b. *library: the loaded booster if libxgboost
 * predicts, NULL otherwise; the caller's. ERR_CORRUPT, ERR_INVALID: as above.
 */
MUST_CHECK int xgb_model_read(enum booster_format format, struct booster *b,
			      const struct buf *file, struct model_read *out,
			      BoosterHandle *library, struct err *e);

#endif
