/*
 * sample.h - a model trained from candles and kept under DATA_DIR/models; what a new
 * installation trades with, made at its first start in seconds.
 */
#ifndef WORKER_MODEL_TRAIN_SAMPLE_H
#define WORKER_MODEL_TRAIN_SAMPLE_H

#include "common/crypto.h"
#include "common/err.h"
#include "worker/model/train/train.h"

#include <stddef.h>
#include <stdint.h>

struct sample_args {
	const char *data_dir;
	const struct candle *candles;
	size_t n;
	int64_t length_us;		/* of a candle */
	const struct train_args *train;
	/* of the child only */
	int64_t time_limit_s;		/* wall time; 0: 120 s */
	size_t memory_limit_bytes;	/* on top of what it begins with; 0: 1 GB */
	void (*line)(void *ctx, const char *text);	/* progress for the log; may be NULL */
	void *ctx;
};

struct sample_model {
	char sha256[SHA256_HEX_MAX];	/* of the file; also its name under DATA_DIR/models */
	int64_t size_bytes;
	double low;			/* probability that nearly all rows reach (train_result) */
	char metrics[1024];		/* JSON object */
};

/* Equal candles and arguments give the same file. The errors of train_model and of files. */
MUST_CHECK int sample_model_train(const struct sample_args *a, struct sample_model *out,
				  struct err *e);

/*
 * The same in a forked child, so that libxgboost's and OpenMP's memory and threads
 * never enter the caller. Blocks until it is done. Call it before threads exist.
 * train->progress is not called, line is. ERR_LIMIT when the child ran into a limit,
 * else as sample_model_train.
 */
MUST_CHECK int sample_model_train_child(const struct sample_args *a, struct sample_model *out,
					struct err *e);

#endif
