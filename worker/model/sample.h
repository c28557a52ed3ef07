/*
 * sample.h - the model that a new installation trades with: trained here, at first
 * start, on an hour of one-second candles, in seconds.
 */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include "common/crypto.h"
#include "common/err.h"
#include "worker/model/train.h"

#include <stddef.h>
#include <stdint.h>

struct sample_model {
	char sha256[SHA256_HEX_MAX];	/* of the file */
	char path[96];			/* models/<sha256>, relative to DATA_DIR */
	int64_t size;			/* bytes */
	char metrics[512];		/* JSON object: rows, auc, log_loss, threshold, .. */
};

/*
 * Trains on one-second candles and keeps the file as DATA_DIR/models/<sha256>. Equal
 * candles and arguments give the same file. The errors of train_model and of files.
 */
MUST_CHECK int sample_model_train(const char *data_dir, const struct candle *candles, size_t n,
				  const struct train_args *a, struct sample_model *out, struct err *e);

struct sample_limits {
	int64_t time_s;			/* wall time; then the child is killed */
	size_t memory_bytes;		/* of the child's data, on top of what it begins with */
	void (*log)(void *ctx, const char *line);	/* progress for people; may be NULL */
	void *ctx;
};

/* 120 s and 1 GB. */
struct sample_limits sample_limits_default(void);

/*
 * The same in a forked child, so that libxgboost's and OpenMP's memory does not stay
 * here. Blocks until it is done. Call it before threads exist. a->progress is not
 * called, limits->log is. ERR_LIMIT when the time is over, ERR_UNAVAILABLE when the
 * child died (memory limit), else as sample_model_train.
 */
MUST_CHECK int sample_model_train_child(const char *data_dir, const struct candle *candles,
					size_t n, const struct train_args *a,
					const struct sample_limits *limits,
					struct sample_model *out, struct err *e);

#endif
