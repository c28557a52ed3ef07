#include "worker/model/sample.h"

#include "common/file.h"
#include "common/json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_S 120
#define MEMORY_LIMIT_BYTES (2LL << 30)
#define PATH_BYTES 2048

struct outcome {			/* what the child says at its end */
	int rc;
	struct err e;
	struct sample_model model;
};

static void write_metrics(const struct train_result *r, char *out, size_t size)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)r->rows);
	json_int(&j, "positives", (int64_t)r->positives);
	json_int(&j, "holdout_rows", (int64_t)r->holdout_rows);
	json_double(&j, "auc", r->auc);
	json_double(&j, "log_loss", r->log_loss);
	json_double(&j, "base_rate", r->base_rate);
	json_double(&j, "threshold_top_third", r->threshold);
	json_double(&j, "threshold_low", r->low);
	json_object_end(&j);
	snprintf(out, size, "%s", buf_text(&b));
	buf_free(&b);
}

/* Trained beside its place, then renamed to its hash: whole or not there. */
static int train(const char *data_dir, const struct candle *candles, size_t n, int64_t length_us,
		 const struct train_args *a, struct sample_model *out, struct err *e)
{
	char folder[PATH_BYTES], temporary[PATH_BYTES + 32], final[PATH_BYTES + SHA256_HEX_MAX + 2];
	struct train_result result = { 0 };
	struct buf text = { 0 };
	int rc;

	snprintf(folder, sizeof(folder), "%s/models", data_dir);
	snprintf(temporary, sizeof(temporary), "%s/training-%d.json", folder, (int)getpid());
	rc = file_mkdirs(folder, e);
	if (rc == 0)
		rc = train_model(candles, n, length_us, a, temporary, &result, e);
	if (rc == 0)
		rc = file_read(temporary, 256u << 20, &text, e);
	if (rc == 0) {
		crypto_sha256_hex(text.data, text.len, out->sha256);
		out->size_bytes = (int64_t)text.len;
		out->low = result.low;
		write_metrics(&result, out->metrics, sizeof(out->metrics));
		snprintf(final, sizeof(final), "%s/%s", folder, out->sha256);
		rc = file_write(final, text.data, text.len, 0600, e);
	}
	(void)unlink(temporary);
	buf_free(&text);
	return rc;
}

_Noreturn static void child(int fd, const char *data_dir, const struct candle *candles, size_t n,
			    int64_t length_us, const struct train_args *a)
{
	static struct outcome o;
	struct rlimit memory = { MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES };

#ifndef __SANITIZE_ADDRESS__		/* its shadow memory is larger than any limit */
	(void)setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
	(void)alarm(TIME_LIMIT_S);
	o.rc = train(data_dir, candles, n, length_us, a, &o.model, &o.e);
	_exit(write(fd, &o, sizeof(o)) == (ssize_t)sizeof(o) ? 0 : 1);
}

static int read_all(int fd, void *to, size_t len)
{
	char *at = to;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_END;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int sample_model_train_child(const char *data_dir, const struct candle *candles, size_t n,
			     int64_t length_us, const struct train_args *a,
			     void (*line)(void *ctx, const char *text), void *ctx,
			     struct sample_model *out, struct err *e)
{
	struct outcome *o = xcalloc(1, sizeof(*o));
	int fds[2], status = 0, rc;
	pid_t pid;

	if (pipe(fds)) {
		free(o);
		return err_set(e, ERR_IO, "no pipe for the training process");
	}
	pid = fork();
	if (pid == 0)
		child(fds[1], data_dir, candles, n, length_us, a);
	close(fds[1]);
	rc = pid < 0 ? err_set(e, ERR_IO, "no process for the training") : 0;
	if (rc == 0 && read_all(fds[0], o, sizeof(*o)))
		rc = err_set(e, ERR_LIMIT, "the training ended without a result; its limits are %d s "
			     "and %lld MB", TIME_LIMIT_S, MEMORY_LIMIT_BYTES >> 20);
	close(fds[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	if (rc == 0 && o->rc)
		rc = err_set(e, o->rc, "%s", o->e.msg);
	if (rc == 0) {
		*out = o->model;
		if (line)
			line(ctx, out->metrics);
	}
	free(o);
	return rc;
}
