/*
 * predictors.h - the models that bots use: loaded once, shared by all bots on it.
 *
 * A model is loaded in a thread of its own, so that the loop goes on trading with
 * the old one meanwhile; the loop takes it when it is ready, between two events.
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
 * The model of a row of table models; one more user. When it is not loaded yet the
 * loading begins and the call returns ERR_BUSY: ask again next turn (wait true:
 * returns when it is done).
 * ERR_NOT_FOUND (no such row or file), ERR_CORRUPT (no model, or not the file that
 * was registered), ERR_INVALID (needs features this program can't compute, or others
 * than the row says: model_fits).
 */
MUST_CHECK int predictors_take(struct predictors *p, struct db *db, int64_t model_id, bool wait,
			       struct predictor *out, struct err *e);
/* One user less; the last one frees it. model_id 0: nothing. */
void predictors_drop(struct predictors *p, int64_t model_id);
/*
 * Who was told ERR_BUSY may want another model by now: frees those that are loaded,
 * that nobody uses, and that are none of these n, which somebody still waits for.
 */
void predictors_sweep(struct predictors *p, const int64_t *waited_for, size_t n);
/* How many are loaded or on their way. */
size_t predictors_count(const struct predictors *p);	/* (tests) */

#endif
