#include "worker/job/runner.h"

#include "common/clock.h"
#include "common/log.h"
#include "worker/job/job.h"
#include "worker/store/job_rows.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_AT_ONCE 2			/* the machine is the trader's first */
#define BACKUP_LANE 1			/* a backup does not wait for a training of days */
#define KILL_AFTER_US (5 * US_PER_S)	/* between SIGTERM and SIGKILL */
#define JOB_NICE 10

struct child {
	bool used, dirty, ended;
	struct job_row row;
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
	struct child children[JOBS_AT_ONCE];
};

/* ---- what a child tells ---- */

static void heard(struct child *c, const char *line)
{
	char *end;

	c->dirty = true;
	switch (line[0]) {
	case 'P':
		c->row.progress = strtod(line + 2, &end);
		snprintf(c->row.message, sizeof(c->row.message), "%s", *end ? end + 1 : "");
		break;
	case 'R':
		snprintf(c->row.result, sizeof(c->row.result), "%s", line + 2);
		break;
	case 'E':
		snprintf(c->row.error, sizeof(c->row.error), "%s", line + 2);
		break;
	default:
		log_warn("job", c->row.correlation_id, "job %lld said something odd",
			 (long long)c->row.id);
	}
}

static void heard_bytes(struct child *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n' && c->line.len < sizeof(c->row.result)) {
			buf_putc(&c->line, bytes[i]);
			continue;
		}
		if (c->line.len > 2)
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

static void limit(int resource, int64_t value)
{
	struct rlimit r = { (rlim_t)value, (rlim_t)value };

	(void)setrlimit((__rlimit_resource_t)resource, &r);
}

_Noreturn static void become_job(const struct runner *r, const struct job_kind *kind, int64_t id,
				 int out)
{
	char number[24];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit(RLIMIT_AS, kind->memory_mb * 1024 * 1024);
	limit(RLIMIT_CPU, kind->time_s);
	limit(RLIMIT_CORE, 0);
	if (setpriority(PRIO_PROCESS, 0, JOB_NICE) < 0)
		_exit(126);
	if (dup2(out, JOB_FD) < 0)
		_exit(126);
	closefrom(JOB_FD + 1);
	snprintf(number, sizeof(number), "%lld", (long long)id);
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
	const struct job_kind *kind = job_kind_find(c->row.kind);
	int fds[2];

	c->used = c->dirty = true;
	c->fd = -1;
	if (!kind) {
		refuse(c, "this program has no such job");
		return;
	}
	if (pipe2(fds, O_CLOEXEC)) {
		refuse(c, "the operating system gave no pipe");
		return;
	}
	c->pid = fork();
	if (c->pid == 0)
		become_job(r, kind, c->row.id, fds[1]);
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
	c->deadline_us = clock_mono_us() + kind->time_s * US_PER_S;
	c->row.attempts++;
	c->row.pid = c->pid;
	c->row.started_us = clock_now_us();
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

static void child_ended(struct child *c, int status)
{
	char bytes[4096];
	ssize_t n;

	while (c->fd >= 0 && (n = read(c->fd, bytes, sizeof(bytes))) > 0)
		heard_bytes(c, bytes, (size_t)n);
	close_pipe(c);
	c->row.ended_us = clock_now_us();
	c->row.pid = 0;
	c->ended = c->dirty = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		snprintf(c->row.state, sizeof(c->row.state), "done");
		c->row.progress = 1;
		c->row.error[0] = '\0';
	} else {
		snprintf(c->row.state, sizeof(c->row.state),
			 c->row.cancel_requested ? "cancelled" : "failed");
		if (!c->row.error[0] && WIFSIGNALED(status))
			snprintf(c->row.error, sizeof(c->row.error),
				 "it ended by signal %d; its limits are memory and CPU time",
				 WTERMSIG(status));
		else if (!c->row.error[0])
			snprintf(c->row.error, sizeof(c->row.error), "it ended with exit code %d",
				 WEXITSTATUS(status));
	}
	log_info("job", c->row.correlation_id, "job %lld (%s): running -> %s %s",
		 (long long)c->row.id, c->row.kind, c->row.state, c->row.error);
}

/* ---- the loop's side ---- */

int runner_new(struct event_base *base, struct db *db, const char *program, struct runner **out,
	       struct err *e)
{
	struct runner *r;
	ssize_t n;
	char *slash;
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	rc = job_rows_recover_tx(db, JOB_ATTEMPTS, clock_now_us(), e);
	if (rc) {
		db_rollback(db);
		return rc;
	}
	rc = db_commit(db, e);
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

static int look_at(struct child *c, struct db *db, struct err *e)
{
	struct job_row now;
	int rc = job_row_get(db, c->row.id, &now, e);

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

		if (!c->used || c->ended)
			continue;
		if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
			child_ended(c, status);
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
		buf_free(&c->line);
		memset(c, 0, sizeof(*c));
		c->fd = -1;
	}
}
