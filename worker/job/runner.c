#include "worker/job/runner.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/process.h"
#include "worker/job/job.h"
#include "worker/store/jobs.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_AT_ONCE 2			/* the machine is the trader's first */
#define BACKUP_LANE 1			/* a backup does not wait for a training of days */
#define KILL_AFTER_US (5 * US_PER_S)	/* between SIGTERM and SIGKILL */
#define JOB_NICE 10
#define LEFT_MAX 16			/* jobs that an earlier worker left, looked at */

struct child {
	bool used, dirty, ended;
	bool odd;			/* it said what nobody understands: logged once */
	bool bad_result;		/* what it gave is no JSON object */
	struct job_row row;
	const struct job_kind *kind;
	pid_t pid;
	int fd;				/* read end of what it tells; -1 closed */
	struct event *readable;
	struct buf line;
	int64_t deadline_us;		/* wall time limit, monotonic */
	int64_t kill_us;		/* monotonic; 0: not told to end */
};

struct runner {
	struct event_base *base;
	char program[1024];
	runner_ended *on_end;
	void *ctx;
	struct child children[JOBS_AT_ONCE];
};

/* ---- what a child tells ---- */

static void heard_progress(struct child *c, const char *text)
{
	char *rest;
	double v = strtod(text, &rest);

	/* Also for NaN, which the row could not hold. */
	c->row.progress = v >= 0 && v <= 1 ? v : v > 1 ? 1 : 0;
	snprintf(c->row.message, sizeof(c->row.message), "%s", *rest ? rest + 1 : "");
}

static void heard_result(struct child *c, const char *text)
{
	cJSON *v = NULL;

	c->bad_result = strlen(text) >= sizeof(c->row.result) ||
			json_read(text, strlen(text), &v, NULL) || !cJSON_IsObject(v);
	snprintf(c->row.result, sizeof(c->row.result), "%s", c->bad_result ? "" : text);
	cJSON_Delete(v);
}

static void heard(struct child *c, const char *line)
{
	const char *text = line[1] == ' ' ? line + 2 : "";

	c->dirty = true;
	if (line[0] == 'P' && *text) {
		heard_progress(c, text);
	} else if (line[0] == 'R' && *text) {
		heard_result(c, text);
	} else if (line[0] == 'E' && *text) {
		snprintf(c->row.error, sizeof(c->row.error), "%s", text);
	} else if (!c->odd) {
		c->odd = true;
		log_warn("job", c->row.correlation_id, "job %lld sent an unknown line: %.80s",
			 (long long)c->row.id, line);
	}
}

/* A line that is too long is cut; a result that is cut does not count. */
static void heard_bytes(struct child *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (c->line.len < JOB_LINE_MAX + 1)
				buf_putc(&c->line, bytes[i]);
			continue;
		}
		if (c->line.len > 0)
			heard(c, buf_text(&c->line));
		buf_clear(&c->line);
	}
}

static void close_pipe(struct child *c)
{
	if (c->readable)
		event_free(c->readable);
	c->readable = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void readable_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct child *c = ctx;
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (n > 0)
		heard_bytes(c, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_pipe(c);
}

/* ---- start ---- */

/* Runs between fork and exec, so it takes no lock, because another thread may hold it. */
_Noreturn static void become_job(const struct runner *r, const struct job_kind *kind,
				 const char *number, int out, pid_t parent)
{
	process_child_signals();
	limits_set(parent, kind->memory_mb, kind->time_s);
	if (setpriority(PRIO_PROCESS, 0, JOB_NICE) < 0)
		_exit(126);
	if (dup2(out, JOB_FD) < 0)
		_exit(126);
	(void)close_range(JOB_FD + 1, ~0U, 0);
	execl(r->program, r->program, "job-run", number, (char *)NULL);
	_exit(127);
}

static void refuse(struct child *c, const char *why)
{
	snprintf(c->row.state, sizeof(c->row.state), "failed");
	snprintf(c->row.error, sizeof(c->row.error), "%s", why);
	c->row.ended_us = clock_now_us();
	c->row.pid = 0;
	c->dirty = c->ended = true;
	log_warn("job", c->row.correlation_id, "job %lld (%s) failed: %s", (long long)c->row.id,
		 c->row.kind, why);
}

static void start(struct runner *r, struct child *c)
{
	pid_t self = getpid();
	char number[24];
	int fds[2];

	c->used = c->dirty = true;
	c->fd = -1;
	c->kind = job_kind_find(c->row.kind);
	if (!c->kind) {
		refuse(c, "this program has no such job");
		return;
	}
	snprintf(number, sizeof(number), "%lld", (long long)c->row.id);
	if (pipe2(fds, O_CLOEXEC)) {
		refuse(c, "the operating system gave no pipe");
		return;
	}
	c->pid = fork();
	if (c->pid == 0)
		become_job(r, c->kind, number, fds[1], self);
	close(fds[1]);
	if (c->pid < 0) {
		close(fds[0]);
		refuse(c, "the operating system started no process");
		return;
	}
	c->fd = fds[0];
	evutil_make_socket_nonblocking(c->fd);
	c->readable = event_new(r->base, c->fd, EV_READ | EV_PERSIST, readable_cb, c);
	event_add(c->readable, NULL);
	c->deadline_us = clock_mono_us() + c->kind->time_s * US_PER_S;
	c->row.attempts++;
	c->row.pid = c->pid;
	c->row.started_us = clock_now_us();
	c->row.progress = 0;
	c->row.error[0] = '\0';
	snprintf(c->row.state, sizeof(c->row.state), "running");
	log_info("job", c->row.correlation_id, "job %lld (%s): queued -> running, pid %d",
		 (long long)c->row.id, c->row.kind, (int)c->pid);
}

/* ---- end ---- */

static void tell_to_end(struct child *c, const char *why)
{
	if (c->kill_us || c->ended)
		return;
	kill(c->pid, SIGTERM);
	c->kill_us = clock_mono_us() + KILL_AFTER_US;
	snprintf(c->row.error, sizeof(c->row.error), "%s", why);
}

static void say_why(struct child *c, int status)
{
	char *out = c->row.error;
	const size_t size = sizeof(c->row.error);

	if (out[0])
		return;
	if (WIFSIGNALED(status))
		snprintf(out, size,
			 "its process was ended by signal %d (%s): it may have %lld MB of memory "
			 "and %lld s of processor time", WTERMSIG(status),
			 sigabbrev_np(WTERMSIG(status)), (long long)c->kind->memory_mb,
			 (long long)c->kind->time_s);
	else if (WEXITSTATUS(status))
		snprintf(out, size, "its process ended with exit code %d", WEXITSTATUS(status));
	else
		snprintf(out, size, "its result is no JSON object of at most %d bytes",
			 JOB_LINE_MAX - 3);
}

static void child_ended(struct child *c, int status)
{
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char bytes[4096];
	ssize_t n;

	while (c->fd >= 0 && (n = read(c->fd, bytes, sizeof(bytes))) > 0)
		heard_bytes(c, bytes, (size_t)n);
	close_pipe(c);
	c->row.ended_us = clock_now_us();
	c->row.pid = 0;
	c->ended = c->dirty = true;
	if (good) /* what it was told meanwhile, and what it said, did not end it */
		c->row.error[0] = '\0';
	if (good && !c->bad_result) {
		snprintf(c->row.state, sizeof(c->row.state), "done");
		c->row.progress = 1;
	} else {
		snprintf(c->row.state, sizeof(c->row.state),
			 c->row.cancel_requested && !good ? "cancelled" : "failed");
		say_why(c, status);
	}
	log_info("job", c->row.correlation_id, "job %lld (%s): running -> %s %s",
		 (long long)c->row.id, c->row.kind, c->row.state, c->row.error);
}

/* ---- the loop's side ---- */

/* Is the process "trading-bot job-run ID"? Its pid may belong to another process by now. */
static bool is_job(int64_t pid, int64_t id)
{
	char path[48], wanted[48];
	struct buf text = { 0 };
	int n = snprintf(wanted, sizeof(wanted), "%cjob-run%c%lld", '\0', '\0', (long long)id);
	bool yes = false;

	snprintf(path, sizeof(path), "/proc/%lld/cmdline", (long long)pid);
	if (pid > 1 && file_read(path, 65536, &text, NULL) == 0)
		/* empty: a zombie */
		yes = text.len && memmem(text.data, text.len, wanted, (size_t)n + 1);
	buf_free(&text);
	return yes;
}

/* Ends children of an earlier worker that still run, because no job may run twice at once. */
static int end_left(struct db *db, struct err *e)
{
	struct job_left left[LEFT_MAX];
	size_t n = 0;
	int rc = job_rows_left(db, left, LEFT_MAX, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (!is_job(left[i].pid, left[i].id))
			continue;
		log_warn("job", NULL, "job %lld: process %lld of an earlier worker is ended",
			 (long long)left[i].id, (long long)left[i].pid);
		kill((pid_t)left[i].pid, SIGKILL);
	}
	return rc;
}

int runner_new(struct event_base *base, struct db *db, const char *program, struct runner **out,
	       struct err *e)
{
	struct runner *r;
	ssize_t n;
	char *slash;
	int rc = end_left(db, e);

	if (rc == 0)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = job_rows_recover_tx(db, JOB_ATTEMPTS, clock_now_us(), e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	r->base = base;
	n = readlink("/proc/self/exe", r->program, sizeof(r->program) - sizeof("trading-bot"));
	slash = n > 0 ? strrchr(r->program, '/') : NULL;
	if (slash)
		memcpy(slash + 1, "trading-bot", sizeof("trading-bot"));
	if (program)
		snprintf(r->program, sizeof(r->program), "%s", program);
	*out = r;
	return 0;
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct child *c = &r->children[i];

		if (c->used && !c->ended) {
			kill(c->pid, SIGKILL);
			(void)waitpid(c->pid, NULL, 0);
		}
		if (c->used)
			close_pipe(c);
		buf_free(&c->line);
	}
	free(r);
}

void runner_on_end(struct runner *r, runner_ended *cb, void *ctx)
{
	r->on_end = cb;
	r->ctx = ctx;
}

static int look_at(struct child *c, struct db *db, struct err *e)
{
	struct job_row now;
	int rc = job_row_get(db, c->row.id, &now, e);

	if (rc == ERR_NOT_FOUND) {
		tell_to_end(c, "its row was deleted");
		return 0;
	}
	if (rc == 0 && now.cancel_requested && !c->row.cancel_requested) {
		c->row.cancel_requested = true;
		tell_to_end(c, "cancelled");
	}
	return rc;
}

int runner_look(struct runner *r, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < JOBS_AT_ONCE; i++) {
		struct child *c = &r->children[i];

		if (c->used && !c->ended) {
			rc = look_at(c, db, e);
			continue;
		}
		if (c->used)
			continue; /* its end is not committed yet */
		rc = job_row_next(db, i == BACKUP_LANE, &c->row, e);
		if (rc == ERR_NOT_FOUND) {
			rc = 0;
			continue;
		}
		if (rc)
			break;
		if (c->row.cancel_requested) {
			c->used = true;
			refuse(c, "cancelled before it began");
			snprintf(c->row.state, sizeof(c->row.state), "cancelled");
		} else {
			start(r, c);
		}
	}
	return rc;
}

void runner_tick(struct runner *r, int64_t now_us)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct child *c = &r->children[i];
		int status;
		pid_t pid;

		if (!c->used || c->ended)
			continue;
		pid = waitpid(c->pid, &status, WNOHANG);
		if (pid == c->pid) {
			child_ended(c, status);
			continue;
		}
		if (pid < 0 && errno == ECHILD) { /* SIGCHLD is ignored: nobody can say */
			close_pipe(c);
			refuse(c, "its process is gone, how it ended is not known");
			continue;
		}
		if (c->kill_us && now_us >= c->kill_us)
			kill(c->pid, SIGKILL);
		else if (now_us >= c->deadline_us)
			tell_to_end(c, "it took longer than its time limit");
	}
}

bool runner_pending(const struct runner *r)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++)
		if (r->children[i].dirty)
			return true;
	return false;
}

int runner_write_tx(struct runner *r, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < JOBS_AT_ONCE; i++)
		if (r->children[i].dirty)
			rc = job_row_put_tx(db, &r->children[i].row, e);
	return rc;
}

void runner_clear(struct runner *r)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct child *c = &r->children[i];

		c->dirty = false;
		if (!c->ended)
			continue;
		if (r->on_end)
			r->on_end(r->ctx, &c->row);
		buf_free(&c->line);
		memset(c, 0, sizeof(*c));
		c->fd = -1;
	}
}

void runner_stop(struct runner *r, int64_t now_us)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct child *c = &r->children[i];
		bool cancelled = c->row.cancel_requested;

		if (!c->used || c->ended)
			continue;
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		close_pipe(c);
		c->row.pid = 0;
		c->row.attempts--;
		c->row.ended_us = cancelled ? now_us : 0;
		snprintf(c->row.state, sizeof(c->row.state), cancelled ? "cancelled" : "queued");
		snprintf(c->row.message, sizeof(c->row.message), "%s",
			 cancelled ? c->row.message : "queued again: the worker was stopped");
		c->ended = c->dirty = true;
		log_info("job", c->row.correlation_id, "job %lld (%s): running -> %s, the worker "
			 "ends", (long long)c->row.id, c->row.kind, c->row.state);
	}
}
