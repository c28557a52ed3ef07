/*
 * sample.h - trains a model from candles and keeps it under DATA_DIR/models. The first start
 * of a new installation makes one in seconds and trades with it.
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
	double auc;			/* on the data held out; 0.5 is chance */
	int64_t trees;
	char writer[32];		/* library and version that wrote the file */
	char trial[256];		/* JSON object: answers to the trial rows (model.h) */
	char metrics[1024];		/* JSON object */
};

/* Equal candles and arguments give equal files. Errors: those of train_model and file_write. */
MUST_CHECK int sample_model_train(const struct sample_args *a, struct sample_model *out,
				  struct err *e);

/*
 * The same in a forked child, so that memory and threads of libxgboost and OpenMP stay out of
 * this process. Blocks until the child ends. Call it before the process has threads. Calls
 * "line" and not train->progress. ERR_LIMIT when the child hit a limit; else as
 * sample_model_train.
 */
MUST_CHECK int sample_model_train_child(const struct sample_args *a, struct sample_model *out,
					struct err *e);

#endif
