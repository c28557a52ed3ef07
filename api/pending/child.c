#include "api/pending/child.h"

#include "common/clock.h"
#include "common/limits.h"
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "trading-bot"
#define REAP_US 5000		/* between closing its stdout and its end */

struct child {
	struct children *all;
	pid_t pid;
	int fd;				/* read end of its stdout; -1 closed */
	struct event *readable, *timer;
	int64_t deadline_us;		/* monotonic */
	struct buf out;
	bool killed;			/* by us: a limit */
	void (*done)(void *ctx, int status, const struct buf *out, struct err *e);
	void *ctx;
	struct child *next;
};

struct children {
	struct event_base *base;
	char program[1024];
	struct child *first;
	size_t n;
};

struct children *children_new(struct event_base *base, const char *program)
{
	struct children *all = xcalloc(1, sizeof(*all));
	ssize_t n = readlink("/proc/self/exe", all->program, sizeof(all->program) - 32);
	char *slash;

	all->base = base;
	all->program[n > 0 ? n : 0] = '\0';
	slash = strrchr(all->program, '/');
	if (slash)
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	if (program)
		snprintf(all->program, sizeof(all->program), "%s", program);
	return all;
}

static void child_free(struct child *c)
{
	if (c->readable)
		event_free(c->readable);
	if (c->timer)
		event_free(c->timer);
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->out);
	free(c);
}

static void unlink_child(struct child *c)
{
	struct child **at = &c->all->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->all->n--;
}

static int verdict(const struct child *c, int wstatus, struct err *e)
{
	if (WIFEXITED(wstatus) && !c->killed)
		return WEXITSTATUS(wstatus);
	return err_set(e, ERR_LIMIT, "the child process ended by signal %d: it has %d s and %d MB",
		       WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : SIGKILL, CHILD_TIME_S,
		       CHILD_MEMORY_MB);
}

/* When the child has ended: tells, frees, true. */
static bool reap(struct child *c)
{
	struct err e = { 0 };
	int wstatus = 0, status;
	pid_t pid = waitpid(c->pid, &wstatus, WNOHANG);

	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	unlink_child(c);
	status = pid < 0 ? err_set(&e, ERR_IO, "the child process is lost: %s", strerror(errno))
			 : verdict(c, wstatus, &e);
	c->done(c->ctx, status, &c->out, &e);
	child_free(c);
	return true;
}

static void end_by_force(struct child *c)
{
	c->killed = true;
	kill(c->pid, SIGKILL);
}

static void arm(struct child *c, int64_t us)
{
	const struct timeval tv = { us / US_PER_S, us % US_PER_S };

	event_add(c->timer, &tv);
}

static void on_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (clock_mono_us() >= c->deadline_us)
		end_by_force(c);
	if (!reap(c))
		arm(c, REAP_US);
}

static void stop_reading(struct child *c)
{
	event_free(c->readable);
	c->readable = NULL;
	close(c->fd);
	c->fd = -1;
	if (!reap(c))
		arm(c, REAP_US);
}

static void on_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && c->out.len + (size_t)n <= CHILD_OUTPUT_MAX) {
		buf_add(&c->out, bytes, (size_t)n);
		return;
	}
	if (n > 0)
		end_by_force(c);
	stop_reading(c);
}

/* Between fork and exec: nothing that takes a lock. */
_Noreturn static void become(const char *program, char *const argv[], int in, int out,
			     pid_t parent)
{
	char *const nothing[] = { NULL }; /* our environment may hold keys */

	process_child_signals();
	limits_set(parent, CHILD_MEMORY_MB, CHILD_TIME_S);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	(void)close_range(3, ~0U, 0);
	execve(program, argv, nothing);
	_exit(127);
}

/* The input as a file in memory: nothing has to be pumped. */
static int open_input(const struct child_args *a, struct err *e)
{
	int fd = a->input ? memfd_create("rows", MFD_CLOEXEC)
			  : open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && a->input && done < a->input_len) {
		ssize_t n = write(fd, a->input + done, a->input_len - done);

		if (n < 0) {
			close(fd);
			fd = -1;
		} else {
			done += (size_t)n;
		}
	}
	if (fd < 0 || (a->input && lseek(fd, 0, SEEK_SET) < 0)) {
		err_set(e, ERR_IO, "no input for a child process: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int launch(struct child *c, const struct child_args *a, struct err *e)
{
	char *argv[10] = { c->all->program };
	pid_t self = getpid();
	int in, out[2];

	for (size_t i = 0; i < 8 && a->argv[i]; i++)
		memcpy(&argv[i + 1], &a->argv[i], sizeof(argv[0]));
	in = open_input(a, e);
	if (in < 0)
		return ERR_IO;
	if (pipe2(out, O_CLOEXEC)) {
		close(in);
		return err_set(e, ERR_IO, "no pipe for a child process: %s", strerror(errno));
	}
	c->pid = fork();
	if (c->pid == 0)
		become(c->all->program, argv, in, out[1], self);
	close(in);
	close(out[1]);
	c->fd = out[0];
	/* Ours only: a helper that writes faster than we read waits. */
	(void)evutil_make_socket_nonblocking(c->fd);
	if (c->pid < 0)
		return err_set(e, ERR_IO, "no child process: %s", strerror(errno));
	return 0;
}

int child_run(struct children *all, const struct child_args *args, struct err *e)
{
	struct child *c;
	int rc;

	if (all->n >= CHILDREN_MAX)
		return err_set(e, ERR_UNAVAILABLE, "%d models are being checked already: try "
			       "again in a few seconds", CHILDREN_MAX);
	if (access(all->program, X_OK))
		return err_set(e, ERR_UNAVAILABLE, "the program %s is needed for this: %s",
			       all->program, strerror(errno));
	c = xcalloc(1, sizeof(*c));
	c->all = all;
	c->fd = -1;
	c->done = args->done;
	c->ctx = args->ctx;
	rc = launch(c, args, e);
	if (rc) {
		child_free(c);
		return rc;
	}
	c->deadline_us = clock_mono_us() + CHILD_TIME_S * US_PER_S;
	c->readable = event_new(all->base, c->fd, EV_READ | EV_PERSIST, on_readable_cb, c);
	c->timer = event_new(all->base, -1, 0, on_timer_cb, c);
	ASSERT(c->readable && c->timer);
	event_add(c->readable, NULL);
	arm(c, CHILD_TIME_S * US_PER_S);
	c->next = all->first;
	all->first = c;
	all->n++;
	return 0;
}

void children_free(struct children *all)
{
	struct err e = { 0 };
	struct child *next;

	if (!all)
		return;
	for (struct child *c = all->first; c; c = next) {
		next = c->next;
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		c->done(c->ctx, err_set(&e, ERR_UNAVAILABLE, "the API is stopping"), &c->out, &e);
		child_free(c);
	}
	free(all);
}
