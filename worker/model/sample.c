#include "worker/model/sample.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define LINE_MAX_BYTES 1024
#define PROGRESS_PARTS 4	/* lines of progress in all */

static void metrics_json(const struct train_args *a, const struct train_result *r, char *out,
			 size_t size)
{
	struct buf text = {0};
	struct json j = {.out = &text};

	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)r->rows);
	json_int(&j, "positives", (int64_t)r->positives);
	json_int(&j, "holdout_rows", (int64_t)r->holdout_rows);
	json_double(&j, "auc", r->auc);
	json_double(&j, "log_loss", r->log_loss);
	json_double(&j, "base_rate", r->base_rate);
	json_double(&j, "threshold", r->threshold);
	json_int(&j, "rounds", a->rounds);
	json_int(&j, "depth", a->depth);
	json_int(&j, "seed", a->seed);
	json_object_end(&j);
	ASSERT(text.len < size);
	memcpy(out, text.data, text.len + 1);
	buf_free(&text);
}

/* Gives the file its name: its own hash. */
static int keep(const char *data_dir, const char *temporary, struct sample_model *m,
		struct err *e)
{
	char path[PATH_SIZE];
	struct stat st;
	int err = crypto_sha256_file(temporary, m->sha256, e);

	if (err)
		return err;
	if (stat(temporary, &st))
		return file_error(e, "look at", temporary);
	m->size = st.st_size;
	snprintf(m->path, sizeof(m->path), "models/%s", m->sha256);
	snprintf(path, sizeof(path), "%s/%s", data_dir, m->path);
	if (rename(temporary, path))
		return file_error(e, "rename", temporary);
	return 0;
}

int sample_model_train(const char *data_dir, const struct candle *candles, size_t n,
		       const struct train_args *a, struct sample_model *out, struct err *e)
{
	struct sample_model m = {0};
	struct train_result result;
	char folder[PATH_SIZE - 64], temporary[PATH_SIZE];
	int err;

	if ((size_t)snprintf(folder, sizeof(folder), "%s/models", data_dir) >= sizeof(folder) - 80)
		return err_set(e, ERR_INVALID, "the path of DATA_DIR is too long");
	snprintf(temporary, sizeof(temporary), "%s/sample.%ld", folder, (long)getpid());
	err = file_mkdirs(folder, e);
	if (!err)
		err = train_model(candles, n, US_PER_S, a, temporary, &result, e);
	if (err)
		return err;
	err = keep(data_dir, temporary, &m, e);
	if (err) {
		unlink(temporary);
		return err;
	}
	metrics_json(a, &result, m.metrics, sizeof(m.metrics));
	*out = m;
	return 0;
}

/* --- in a child: lines through a pipe, "log TEXT", "done SHA SIZE METRICS", "fail CODE TEXT" --- */

static void send_line(int fd, const char *line)
{
	size_t len = strlen(line);

	while (len > 0) {
		ssize_t n = write(fd, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);	/* the parent is gone */
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
	snprintf(line, sizeof(line), "log training the sample model: round %u of %u\n", round, rounds);
	send_line(*(const int *)ctx, line);
}

/* Sanitizers reserve terabytes of address space: no limit can be set below that. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMIT_MEMORY 0
#elif defined(__has_feature)
#define LIMIT_MEMORY !__has_feature(address_sanitizer)
#else
#define LIMIT_MEMORY 1
#endif

/* Bytes of data that the process has already; 0 when the kernel does not say. */
static rlim_t data_now(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void child_limits(const struct sample_limits *limits)
{
	const rlim_t most = data_now() + limits->memory_bytes;
	const struct rlimit memory = {most, most};
	const struct rlimit cpu = {(rlim_t)limits->time_s + 1, (rlim_t)limits->time_s + 2};
	const struct rlimit core = {0, 0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &core);
	if (LIMIT_MEMORY)
		setrlimit(RLIMIT_DATA, &memory);
}

struct sample_job {
	const char *data_dir;
	const struct candle *candles;
	size_t n;
	const struct train_args *args;
	const struct sample_limits *limits;
};

_Noreturn static void child_run(const struct sample_job *job, int fd)
{
	struct train_args a = *job->args;
	struct sample_model m;
	struct err e = {0};
	char line[LINE_MAX_BYTES];
	int err;

	log_set_sink(NULL, NULL);	/* the parent's database is not ours */
	child_limits(job->limits);
	a.progress = send_progress;
	a.ctx = &fd;
	err = sample_model_train(job->data_dir, job->candles, job->n, &a, &m, &e);
	if (err)
		snprintf(line, sizeof(line), "fail %d %s\n", err, e.msg);
	else
		snprintf(line, sizeof(line), "done %s %lld %s\n", m.sha256, (long long)m.size, m.metrics);
	send_line(fd, line);
	_exit(0);
}

struct sample_reply {
	bool done, failed;
	struct sample_model model;
	struct err e;
};

static void take_done(struct sample_reply *r, const char *text)
{
	long long size;
	int used = 0;

	if (sscanf(text, "%64[0-9a-f] %lld %n", r->model.sha256, &size, &used) != 2 || !used)
		return;
	r->model.size = size;
	snprintf(r->model.path, sizeof(r->model.path), "models/%s", r->model.sha256);
	snprintf(r->model.metrics, sizeof(r->model.metrics), "%s", text + used);
	r->done = true;
}

static void take_fail(struct sample_reply *r, const char *text)
{
	char *end;
	long code = strtol(text, &end, 10);

	err_set(&r->e, (int)code, "%s", *end == ' ' ? end + 1 : end);
	r->failed = true;
}

static void take_line(struct sample_reply *r, const char *line, const struct sample_limits *l)
{
	if (strncmp(line, "log ", 4) == 0 && l->log)
		l->log(l->ctx, line + 4);
	else if (strncmp(line, "done ", 5) == 0)
		take_done(r, line + 5);
	else if (strncmp(line, "fail ", 5) == 0)
		take_fail(r, line + 5);
}

/* Until the child closes its end. ERR_LIMIT when the time is over. */
static int read_replies(int fd, const struct sample_limits *l, struct sample_reply *r)
{
	int64_t end_us = clock_mono_us() + l->time_s * US_PER_S;
	struct buf text = {0};
	int err = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = (end_us - clock_mono_us()) / US_PER_MS;
		char part[LINE_MAX_BYTES], *newline;
		ssize_t n;

		if (left_ms <= 0) {
			err = ERR_LIMIT;
			break;
		}
		if (poll(&p, 1, left_ms < 1000 ? (int)left_ms : 1000) <= 0)
			continue;
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(&text, part, (size_t)n);
		while ((newline = memchr(text.data, '\n', text.len)) != NULL) {
			*newline = '\0';
			take_line(r, text.data, l);
			text.len -= (size_t)(newline + 1 - text.data);
			memmove(text.data, newline + 1, text.len + 1);
		}
	}
	buf_free(&text);
	return err;
}

static int verdict(const struct sample_reply *r, int err, int status, int64_t time_s,
		   struct sample_model *out, struct err *e)
{
	if (err)
		return err_set(e, ERR_LIMIT, "training the sample model took longer than %lld s and "
			       "was ended; the machine is busy or the limit too low", (long long)time_s);
	if (r->failed) {
		if (e)
			*e = r->e;
		return r->e.code;
	}
	if (r->done) {
		*out = r->model;
		return 0;
	}
	if (WIFSIGNALED(status))
		return err_set(e, ERR_UNAVAILABLE, "training the sample model was ended by signal %d "
			       "(%s); is there enough memory?", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	return err_set(e, ERR_UNAVAILABLE, "training the sample model ended without a result (exit "
		       "code %d)", WEXITSTATUS(status));
}

struct sample_limits sample_limits_default(void)
{
	return (struct sample_limits){.time_s = 120, .memory_bytes = (size_t)1 << 30};
}

int sample_model_train_child(const char *data_dir, const struct candle *candles, size_t n,
			     const struct train_args *a, const struct sample_limits *limits,
			     struct sample_model *out, struct err *e)
{
	const struct sample_job job = {data_dir, candles, n, a, limits};
	struct sample_reply reply = {0};
	int fds[2], status = 0, err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return err_set(e, ERR_IO, "can't make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		err = err_set(e, ERR_IO, "can't start a process: %s", strerror(errno));
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (pid == 0) {
		close(fds[0]);
		child_run(&job, fds[1]);
	}
	close(fds[1]);
	err = read_replies(fds[0], limits, &reply);
	close(fds[0]);
	if (err)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return verdict(&reply, err, status, limits->time_s, out, e);
}
