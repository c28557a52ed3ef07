/*
 * predictors.h - the models in use: each is loaded once and shared by all bots that use it.
 *
 * A thread loads a model, so that the loop goes on trading with the old one; the loop takes
 * the new model between two events.
 */
#ifndef WORKER_SESSION_PREDICTORS_H
#define WORKER_SESSION_PREDICTORS_H

#include "common/db/db.h"
#include "worker/strategy/strategy.h"

struct predictors;

/* data_dir is copied: model paths in the database are relative to it. */
struct predictors *predictors_new(const char *data_dir);
void predictors_free(struct predictors *p);

/*
 * Takes the model of a row of table models and counts one more user. If it is not loaded yet,
 * starts loading and returns ERR_BUSY: call again next turn (with "wait": returns when loaded).
 * ERR_NOT_FOUND (no such row or file), ERR_CORRUPT (not a model, or not the registered file),
 * ERR_INVALID (needs features that this program can't compute, or other features than the row
 * says: model_fits).
 */
MUST_CHECK int predictors_take(struct predictors *p, struct db *db, int64_t model_id, bool wait,
			       struct predictor *out, struct err *e);
/* One user less; the last one frees it. model_id 0: nothing. */
void predictors_drop(struct predictors *p, int64_t model_id);
/*
 * Frees loaded models that nobody uses, except these n, for which a bot still waits. Needed
 * because a bot that got ERR_BUSY may want another model by now.
 */
void predictors_sweep(struct predictors *p, const int64_t *waited_for, size_t n);
/* How many are loaded or on their way. */
size_t predictors_count(const struct predictors *p);	/* (tests) */

#endif
