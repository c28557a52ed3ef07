#include "worker/job/runner.h"

#include "common/child.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "worker/job/job.h"
#include "worker/store/jobs.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_AT_ONCE 2			/* the machine is the trader's first */
#define BACKUP_LANE 1			/* a backup does not wait for a training of days */
#define KILL_AFTER_US (5 * US_PER_S)	/* between SIGTERM and SIGKILL */
#define JOB_NICE 10
#define LEFT_MAX 16			/* jobs that an earlier worker left, looked at */

struct run {				/* of a job */
	bool used, dirty, ended;
	bool odd;			/* it said what nobody understands: logged once */
	bool bad_result;		/* what it gave is no JSON object */
	struct job_row row;
	const struct job_kind *kind;
	struct child child;
	struct event *readable;
	struct buf line;
};

#define NO_RUN ((struct run){ .child = CHILD_NONE })

struct runner {
	struct event_base *base;
	char program[1024];
	runner_ended *on_end;
	void *ctx;
	struct run runs[JOBS_AT_ONCE];
};

/* ---- what a child tells ---- */

static void heard_progress(struct run *c, const char *text)
{
	char *rest;
	double v = strtod(text, &rest);

	/* Also for NaN, which the row could not hold. */
	c->row.progress = v >= 0 && v <= 1 ? v : v > 1 ? 1 : 0;
	snprintf(c->row.message, sizeof(c->row.message), "%s", *rest ? rest + 1 : "");
}

static void heard_result(struct run *c, const char *text)
{
	cJSON *v = NULL;

	c->bad_result = strlen(text) >= sizeof(c->row.result) ||
			json_read(text, strlen(text), &v, NULL) || !cJSON_IsObject(v);
	snprintf(c->row.result, sizeof(c->row.result), "%s", c->bad_result ? "" : text);
	cJSON_Delete(v);
}

static void heard(struct run *c, const char *line)
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
		log_about(LOG_WARN, "job", c->row.correlation_id,
			  &(struct log_context){ .job_id = c->row.id },
			  "job %lld sent an unknown line: %.80s", (long long)c->row.id, line);
	}
}

/* A line that is too long is cut; a result that is cut does not count. */
static void heard_bytes(struct run *c, const char *bytes, size_t n)
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

static void stop_listening(struct run *c)
{
	if (c->readable)
		event_free(c->readable);
	c->readable = NULL;
	child_close(&c->child);
}

static void readable_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct run *c = ctx;
	char bytes[4096];
	ssize_t n = child_read(&c->child, bytes, sizeof(bytes));

	(void)fd;
	(void)what;
	if (n > 0)
		heard_bytes(c, bytes, (size_t)n);
	else if (n < 0)
		stop_listening(c);
}

/* ---- start ---- */

static void refuse(struct run *c, const char *why)
{
	snprintf(c->row.state, sizeof(c->row.state), "failed");
	snprintf(c->row.error, sizeof(c->row.error), "%s", why);
	c->row.ended_us = clock_now_us();
	c->row.pid = 0;
	c->dirty = c->ended = true;
	log_about(LOG_WARN, "job", c->row.correlation_id,
		  &(struct log_context){ .job_id = c->row.id }, "job %lld (%s) failed: %s",
		  (long long)c->row.id, c->row.kind, why);
}

static int start_child(const struct runner *r, struct run *c, struct err *e)
{
	char number[24];
	const char *const argv[] = { r->program, "job-run", number, NULL };
	const struct child_plan plan = {
		.program = r->program,
		.argv = argv,
		.in = -1,
		.out = JOB_FD,
		.nice = JOB_NICE,
		.memory_mb = c->kind->memory_mb,
		.cpu_s = c->kind->time_s,
		.wall_us = c->kind->time_s * US_PER_S,
		.grace_us = KILL_AFTER_US,
	};

	snprintf(number, sizeof(number), "%lld", (long long)c->row.id);
	return child_start(&c->child, &plan, e);
}

static void start(struct runner *r, struct run *c)
{
	struct err e = { 0 };

	c->used = c->dirty = true;
	c->kind = job_kind_find(c->row.kind);
	if (!c->kind) {
		refuse(c, "this program has no such job");
		return;
	}
	if (start_child(r, c, &e)) {
		refuse(c, e.msg);
		return;
	}
	c->readable = event_new(r->base, c->child.fd, EV_READ | EV_PERSIST, readable_cb, c);
	event_add(c->readable, NULL);
	c->row.attempts++;
	c->row.pid = c->child.pid;
	c->row.started_us = clock_now_us();
	c->row.progress = 0;
	c->row.error[0] = '\0';
	snprintf(c->row.state, sizeof(c->row.state), "running");
	log_about(LOG_INFO, "job", c->row.correlation_id,
		  &(struct log_context){ .job_id = c->row.id },
		  "job %lld (%s): queued -> running, pid %d", (long long)c->row.id, c->row.kind,
		  (int)c->child.pid);
}

/* ---- end ---- */

static void tell_to_end(struct run *c, const char *why)
{
	if (c->child.kill_us || c->ended)
		return;
	child_end(&c->child);
	snprintf(c->row.error, sizeof(c->row.error), "%s", why);
}

static void say_why(struct run *c)
{
	char *out = c->row.error, text[CHILD_TEXT_MAX];
	const size_t size = sizeof(c->row.error);

	if (out[0])
		return;
	if (child_signal(&c->child))
		snprintf(out, size,
			 "its process was ended by %s: it may have %lld MB of memory "
			 "and %lld s of processor time", child_text(&c->child, text),
			 (long long)c->kind->memory_mb, (long long)c->kind->time_s);
	else if (child_exit_code(&c->child))
		snprintf(out, size, "its process ended with %s", child_text(&c->child, text));
	else
		snprintf(out, size, "its result is no JSON object of at most %d bytes",
			 JOB_LINE_MAX - 3);
}

static void run_ended(struct run *c)
{
	bool good = child_exit_code(&c->child) == 0;
	char bytes[4096];
	ssize_t n;

	while (c->child.fd >= 0 && (n = child_read(&c->child, bytes, sizeof(bytes))) > 0)
		heard_bytes(c, bytes, (size_t)n);
	stop_listening(c);
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
		say_why(c);
	}
	log_about(LOG_INFO, "job", c->row.correlation_id,
		  &(struct log_context){ .job_id = c->row.id },
		  "job %lld (%s): running -> %s %s", (long long)c->row.id, c->row.kind,
		  c->row.state, c->row.error);
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
	for (size_t i = 0; i < JOBS_AT_ONCE; i++)
		r->runs[i] = NO_RUN;
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
		struct run *c = &r->runs[i];

		child_stop(&c->child);
		stop_listening(c);
		buf_free(&c->line);
	}
	free(r);
}

void runner_on_end(struct runner *r, runner_ended *cb, void *ctx)
{
	r->on_end = cb;
	r->ctx = ctx;
}

static int look_at(struct run *c, struct db *db, struct err *e)
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
		struct run *c = &r->runs[i];

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
		struct run *c = &r->runs[i];

		if (!c->used || c->ended)
			continue;
		if (!child_look(&c->child, now_us)) {
			if (c->child.late && !c->row.error[0])
				snprintf(c->row.error, sizeof(c->row.error),
					 "it took longer than its time limit");
			continue;
		}
		if (c->child.lost) {	/* SIGCHLD is ignored */
			stop_listening(c);
			refuse(c, "its process is gone, how it ended is not known");
		} else {
			run_ended(c);
		}
	}
}

bool runner_pending(const struct runner *r)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++)
		if (r->runs[i].dirty)
			return true;
	return false;
}

int runner_write_tx(struct runner *r, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < JOBS_AT_ONCE; i++)
		if (r->runs[i].dirty)
			rc = job_row_put_tx(db, &r->runs[i].row, e);
	return rc;
}

void runner_clear(struct runner *r)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct run *c = &r->runs[i];

		c->dirty = false;
		if (!c->ended)
			continue;
		if (r->on_end)
			r->on_end(r->ctx, &c->row);
		buf_free(&c->line);
		*c = NO_RUN;
	}
}

void runner_stop(struct runner *r, int64_t now_us)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
		struct run *c = &r->runs[i];
		bool cancelled = c->row.cancel_requested;

		if (!c->used || c->ended)
			continue;
		child_stop(&c->child);
		stop_listening(c);
		c->row.pid = 0;
		c->row.attempts--;
		c->row.ended_us = cancelled ? now_us : 0;
		snprintf(c->row.state, sizeof(c->row.state), cancelled ? "cancelled" : "queued");
		snprintf(c->row.message, sizeof(c->row.message), "%s",
			 cancelled ? c->row.message : "queued again: the worker was stopped");
		c->ended = c->dirty = true;
		log_about(LOG_INFO, "job", c->row.correlation_id,
			  &(struct log_context){ .job_id = c->row.id },
			  "job %lld (%s): running -> %s, the worker ends", (long long)c->row.id,
			  c->row.kind, c->row.state);
	}
}
