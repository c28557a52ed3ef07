/*
 * sample.h - a model trained from candles and kept under DATA_DIR/models.
 */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include "common/crypto.h"
#include "worker/model/train.h"

struct sample_model {
	char sha256[SHA256_HEX_MAX];	/* also the file's name under DATA_DIR/models */
	int64_t size_bytes;
	double low;			/* probability that nearly all rows exceed */
	char metrics[1024];		/* JSON object */
};

/*
 * Train in a child process with limits on time (120 s) and memory, so that
 * libxgboost's memory and threads never enter the caller. line: progress for the
 * log, may be NULL. ERR_LIMIT when the child ran into a limit, else train_model's.
 */
MUST_CHECK int sample_model_train_child(const char *data_dir, const struct candle *candles, size_t n,
					int64_t length_us, const struct train_args *a,
					void (*line)(void *ctx, const char *text), void *ctx,
					struct sample_model *out, struct err *e);

#endif
