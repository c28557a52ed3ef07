/*
 * model.h - tree models: load, predict, describe.
 *
 * Formats: XGBoost's JSON, UBJ and old binary format, of any version. We read and check each
 * file first (booster.h), because libxgboost trusts its files. Our own evaluator predicts for
 * every model that a bot can use; where libxgboost reads the file right, it must agree at
 * load (xgb_model.h). Its copy is then freed to save memory, and is read again from the file
 * when the reference is asked for. LightGBM's text format is read and evaluated by our own code
 * alone (lightgbm_model.h).
 */
#ifndef WORKER_MODEL_MODEL_H
#define WORKER_MODEL_MODEL_H

#include "common/err.h"
#include "worker/model/format/evaluator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feature_list;
struct model;

/*
 * ERR_NOT_FOUND, ERR_IO, ERR_LIMIT (too long), ERR_CORRUPT (damaged, or not a model; the
 * message says what the file looks like, or that libxgboost disagrees), ERR_INVALID (a kind
 * that is not supported, such as linear leaves). Uses one thread. Takes milliseconds, so don't call
 * it in the event loop.
 */
MUST_CHECK int model_load(const char *path, struct model **out, struct err *e);
void model_free(struct model *m);
const struct model_info *model_describe(const struct model *m);
/*
 * Can a bot use this model with this feature list? ERR_INVALID says why not: its objective
 * gives no probability (docs/MODELS.md), it has another number of
 * columns, its file names another list, other columns or another order of them, or it gives
 * more than one value. Columns without names, or named f0, f1, .. or
 * Column_0, Column_1, .., are accepted.
 */
MUST_CHECK int model_fits(const struct model *m, const struct feature_list *list, struct err *e);
/*
 * One row of n features (NAN = missing) to model_describe()->outputs values.
 * ERR_INVALID on a wrong n.
 */
MUST_CHECK int model_predict(struct model *m, const float *row, size_t n, float *out,
			     struct err *e);
/*
 * The same, always by libxgboost, for tests. margin: raw scores (one per class); ntrees: use
 * only so many boosting rounds, 0: as model_predict. ERR_CONFLICT when the file holds another
 * model than at model_load; ERR_INVALID when info.reference is false.
 */
MUST_CHECK int model_predict_reference(struct model *m, const float *row, size_t n, bool margin,
				       unsigned ntrees, float *out, struct err *e);
#define MODEL_TRIALS 3
extern const char *const MODEL_TRIAL_NAMES[MODEL_TRIALS];	/* zeros, missing, counting */
/*
 * Predicts rows of zeros, of missing values, and of 0, 1, 2, ..: *out, a probability each, for
 * the registry. For models with one output. ERR_INVALID when one is no probability.
 */
MUST_CHECK int model_try(struct model *m, float out[MODEL_TRIALS], struct err *e);
const char *model_library_version(void);	/* (tests) */

#endif
