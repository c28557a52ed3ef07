/*
 * first_model.h - the sample model of the first start, so that a new user sees a bot trade.
 *
 * It is trained on one hour of candles: the recording's, or that of the built-in market. The
 * same SYNTHETIC_SEED, market and recording give the same file, whenever the start is.
 *
 * It asks whether the price gains one barrier before it loses the other, within a holding time.
 * If the answer to the first such question is no better than chance on the quarter of the hour
 * that was held out, others are tried, and the best of all is kept. If it is no better than
 * chance either, the registry, the status and the page say so, because it is there to look
 * around and not to earn.
 */
#ifndef WORKER_LOOP_FIRST_MODEL_H
#define WORKER_LOOP_FIRST_MODEL_H

#include "common/config.h"
#include "common/db/db.h"
#include "worker/market/market.h"
#include "worker/model/train/sample.h"

/*
 * An area under the ROC curve below this is called no better than chance. The rows of one hour
 * overlap, so that the figure of a model that knows nothing scatters by about 0.1: what stays
 * below is plainly bad, what reaches it is not proven to be good.
 */
#define FIRST_MODEL_AUC 0.55

/*
 * The file lies in DATA_DIR/models then. Errors: those of the feed and of
 * sample_model_train_child.
 */
MUST_CHECK int first_model_train(const struct config *c, const struct symbol_info *market,
				 struct sample_model *out, struct err *e);
/* Registers it and assigns it to the bot. */
MUST_CHECK int first_model_enlist(struct db *db, const struct sample_model *m,
				  const struct symbol_info *market, int64_t bot_id, struct err *e);

#endif
