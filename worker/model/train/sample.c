#include "worker/model/train/sample.h"

#include "common/child.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"
#include "worker/model/model.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define LINE_MAX_BYTES 1024
#define PROGRESS_PARTS 4	/* lines of progress in all */
#define TIME_LIMIT_S 120
#define MEMORY_LIMIT_BYTES ((size_t)1 << 30)
#define REPLY_MAX_BYTES ((size_t)1 << 20)	/* of all lines */
#define POLL_MS 100
#define REAP_MS 5		/* between the end of its pipe and its own */

static void keep_text(const struct buf *text, char *out, size_t size)
{
	ASSERT(text->len < size);
	memcpy(out, buf_text(text), text->len + 1);
}

static void metrics_json(const struct train_args *a, const struct train_result *r, char *out,
			 size_t size)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };

	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)r->rows);
	json_int(&j, "positives", (int64_t)r->positives);
	json_int(&j, "holdout_rows", (int64_t)r->holdout_rows);
	json_double(&j, "auc", r->auc);
	json_double(&j, "log_loss", r->log_loss);
	json_double(&j, "base_rate", r->base_rate);
	json_double(&j, "threshold_top_third", r->threshold);
	json_double(&j, "threshold_low", r->low);
	json_int(&j, "rounds", a->rounds);
	json_int(&j, "depth", a->depth);
	json_int(&j, "seed", a->seed);
	json_double(&j, "profit_target", a->profit_target);
	json_double(&j, "stop_loss", a->stop_loss);
	json_int(&j, "holding_s", a->holding_s);
	json_object_end(&j);
	keep_text(&text, out, size);
	buf_free(&text);
}

/* What the registry says of the file, from the file. */
static int look_at(const char *path, struct sample_model *m, struct err *e)
{
	float trial[MODEL_TRIALS] = { 0 };
	struct buf text = { 0 };
	struct json j = { .out = &text };
	struct model *model = NULL;
	int err = model_load(path, &model, e);

	if (!err)
		err = model_try(model, trial, e);
	if (!err) {
		const struct model_info *info = model_describe(model);

		m->trees = (int64_t)info->trees;
		snprintf(m->writer, sizeof(m->writer), "%s", info->writer);
		json_object(&j, NULL);
		for (int t = 0; t < MODEL_TRIALS; t++)
			json_double(&j, MODEL_TRIAL_NAMES[t], (double)trial[t]);
		json_object_end(&j);
		keep_text(&text, m->trial, sizeof(m->trial));
	}
	model_free(model);
	buf_free(&text);
	return err;
}

/* Gives the file its name: its own hash. */
static int keep(const char *folder, const char *temporary, struct sample_model *m, struct err *e)
{
	char path[PATH_SIZE + SHA256_HEX_MAX];
	struct stat st;
	int err = crypto_sha256_file(temporary, m->sha256, e);

	if (err)
		return err;
	if (stat(temporary, &st))
		return file_error(e, "look at", temporary);
	m->size_bytes = st.st_size;
	snprintf(path, sizeof(path), "%s/%s", folder, m->sha256);
	if (rename(temporary, path))
		return file_error(e, "rename", temporary);
	return 0;
}

int sample_model_train(const struct sample_args *a, struct sample_model *out, struct err *e)
{
	struct sample_model m = { 0 };
	struct train_result result;
	char folder[PATH_SIZE], temporary[PATH_SIZE + 32];
	int err;

	if ((size_t)snprintf(folder, sizeof(folder), "%s/models", a->data_dir) >= sizeof(folder))
		return err_set(e, ERR_INVALID, "the path of DATA_DIR is too long");
	snprintf(temporary, sizeof(temporary), "%s/training.%ld", folder, (long)getpid());
	err = file_mkdirs(folder, e);
	if (!err)
		err = train_model(a->candles, a->n, a->length_us, a->train, temporary, &result, e);
	if (err)
		return err;
	err = look_at(temporary, &m, e);
	if (!err)
		err = keep(folder, temporary, &m, e);
	if (err) {
		unlink(temporary);
		return err;
	}
	m.low = result.low;
	m.auc = result.auc;
	metrics_json(a->train, &result, m.metrics, sizeof(m.metrics));
	*out = m;
	return 0;
}

/*
 * The child sends these lines through a pipe: "log TEXT", "fail CODE TEXT", and
 * "done SHA SIZE LOW AUC TREES<tab>WRITER<tab>TRIAL<tab>METRICS".
 */

static void send_line(int fd, const char *line)
{
	size_t len = strlen(line);

	while (len > 0) {
		ssize_t n = write(fd, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1); /* the parent is gone */
		line += n;
		len -= (size_t)n;
	}
}

static void send_progress(void *ctx, unsigned round, unsigned rounds)
{
	unsigned step = rounds / PROGRESS_PARTS ? rounds / PROGRESS_PARTS : 1;
	char line[LINE_MAX_BYTES];

	if (round % step && round != rounds)
		return;
	snprintf(line, sizeof(line), "log training: round %u of %u\n", round, rounds);
	send_line(*(const int *)ctx, line);
}

static int64_t time_limit_s(const struct sample_args *a)
{
	return a->time_limit_s ? a->time_limit_s : TIME_LIMIT_S;
}

static void train_in_child(void *ctx, int fd)
{
	const struct sample_args *args = ctx;
	struct train_args train = *args->train;
	struct sample_args a = *args;
	struct sample_model m;
	struct err e = { 0 };
	char line[2 * LINE_MAX_BYTES];
	int err;

	log_set_sink(NULL, NULL); /* the parent's database is not ours */
	train.progress = send_progress;
	train.ctx = &fd;
	a.train = &train;
	err = sample_model_train(&a, &m, &e);
	if (err)
		snprintf(line, sizeof(line), "fail %d %s\n", err, e.msg);
	else
		snprintf(line, sizeof(line), "done %s %lld %.17g %.17g %lld\t%s\t%s\t%s\n",
			 m.sha256, (long long)m.size_bytes, m.low, m.auc, (long long)m.trees,
			 m.writer, m.trial, m.metrics);
	send_line(fd, line);
	_exit(0);
}

struct sample_reply {
	bool done, failed;
	struct sample_model model;
	struct err e;
};

/* The text up to the next tab, or the rest; goes on behind it. */
static void take_part(char **at, char *out, size_t size)
{
	size_t len = strcspn(*at, "\t");

	snprintf(out, size, "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == '\t');
}

static void take_done(struct sample_reply *r, const char *text)
{
	size_t sha = SHA256_HEX_MAX - 1;
	char *at;

	if (strlen(text) <= sha || text[sha] != ' ')
		return;
	memcpy(r->model.sha256, text, sha);
	r->model.sha256[sha] = '\0';
	r->model.size_bytes = strtoll(text + sha, &at, 10);
	r->model.low = strtod(at, &at);
	r->model.auc = strtod(at, &at);
	r->model.trees = strtoll(at, &at, 10);
	at += *at == '\t';
	take_part(&at, r->model.writer, sizeof(r->model.writer));
	take_part(&at, r->model.trial, sizeof(r->model.trial));
	take_part(&at, r->model.metrics, sizeof(r->model.metrics));
	r->done = true;
}

static void take_fail(struct sample_reply *r, const char *text)
{
	char *end;
	long code = strtol(text, &end, 10);

	err_set(&r->e, (int)code, "%s", *end == ' ' ? end + 1 : end);
	r->failed = true;
}

static void take_line(struct sample_reply *r, const char *line, const struct sample_args *a)
{
	if (strncmp(line, "log ", 4) == 0 && a->line)
		a->line(a->ctx, line + 4);
	else if (strncmp(line, "done ", 5) == 0)
		take_done(r, line + 5);
	else if (strncmp(line, "fail ", 5) == 0)
		take_fail(r, line + 5);
}

static void take_lines(struct sample_reply *r, struct buf *text, const struct sample_args *a)
{
	char *newline;

	while ((newline = memchr(text->data, '\n', text->len)) != NULL) {
		*newline = '\0';
		take_line(r, text->data, a);
		text->len -= (size_t)(newline + 1 - text->data);
		memmove(text->data, newline + 1, text->len + 1);
	}
}

static void hear(struct child *c, struct buf *text, const struct sample_args *a,
		 struct sample_reply *r)
{
	child_drain(c, text);
	if (text->len)
		take_lines(r, text, a);
}

/* Until it has ended: by itself, by its deadline, or because it writes without end. */
static void hear_all(struct child *c, const struct sample_args *a, struct sample_reply *r)
{
	struct buf text = { 0 };

	while (!child_look(c, clock_mono_us())) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };

		(void)poll(&p, 1, c->fd >= 0 ? POLL_MS : REAP_MS);
		hear(c, &text, a, r);
	}
	hear(c, &text, a, r);
	child_close(c);
	buf_free(&text);
}

static int verdict(const struct sample_args *a, const struct sample_reply *r,
		   const struct child *c, struct sample_model *out, struct err *e)
{
	char text[CHILD_TEXT_MAX];

	if (c->late)
		return err_set(e, ERR_LIMIT, "training took longer than %lld s and was ended; the "
			       "machine is busy or there are too many candles",
			       (long long)time_limit_s(a));
	if (r->failed) {
		if (e)
			*e = r->e;
		return r->e.code;
	}
	if (r->done) {
		*out = r->model;
		return 0;
	}
	if (child_signal(c))
		return err_set(e, ERR_LIMIT, "training was ended by %s; is there enough memory?",
			       child_text(c, text));
	return err_set(e, ERR_LIMIT, "training ended without a result (%s)", child_text(c, text));
}

int sample_model_train_child(const struct sample_args *a, struct sample_model *out, struct err *e)
{
	const size_t memory = a->memory_limit_bytes ? a->memory_limit_bytes : MEMORY_LIMIT_BYTES;
	struct sample_args args = *a;
	const struct child_plan plan = {
		.run = train_in_child,
		.ctx = &args,
		.memory_mb = (int64_t)(memory >> 20),
		.cpu_s = time_limit_s(a) + 1,
		.wall_us = time_limit_s(a) * US_PER_S,
		.most = REPLY_MAX_BYTES,
	};
	struct sample_reply reply = { 0 };
	struct child c = CHILD_NONE;
	int rc = child_start(&c, &plan, e);

	if (rc)
		return rc;
	hear_all(&c, a, &reply);
	return verdict(a, &reply, &c, out, e);
}
