#include "api/pending/helper.h"

#include "api/pending/room.h"
#include "common/child.h"
#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROGRAM "trading-bot"
#define ARGS_MAX 8

struct helper {
	struct guest guest;
	struct helpers *all;
	struct child child;
	struct event *readable;
	struct buf out;
	void (*done)(void *ctx, int status, const struct buf *out, struct err *e);
	void *ctx;
};

struct helpers {
	struct room room;
	struct event_base *base;
	char program[1024];
};

static void helper_free(struct helper *h)
{
	if (h->readable)
		event_free(h->readable);
	child_stop(&h->child);
	buf_free(&h->out);
	free(h);
}

static int verdict(const struct child *c, struct err *e)
{
	if (c->lost)
		return err_set(e, ERR_IO, "the child process is lost: nobody can say how it ended");
	if (child_exit_code(c) >= 0 && !c->killed)
		return child_exit_code(c);
	return err_set(e, ERR_LIMIT, "the child process ended by signal %d: it has %d s and %d MB",
		       child_signal(c) ? child_signal(c) : SIGKILL, HELPER_TIME_S,
		       HELPER_MEMORY_MB);
}

static void stop_reading(struct helper *h)
{
	if (h->readable)
		event_free(h->readable);
	h->readable = NULL;
}

/* It may have ended with its last words in the pipe. */
static void read_rest(struct helper *h)
{
	stop_reading(h);
	child_drain(&h->child, &h->out);
}

/* It has ended. Its deadline is minded in here as well. */
static bool come(struct room *room, struct guest *g, int *rc, struct err *e)
{
	struct helper *h = (struct helper *)g;
	bool ended = child_look(&h->child, clock_mono_us());

	(void)room;
	if (ended)
		read_rest(h);
	*rc = ended ? verdict(&h->child, e) : room_stopping(e);
	return ended;
}

static void end(struct guest *g, int rc, struct err *e)
{
	struct helper *h = (struct helper *)g;

	child_stop(&h->child);
	h->done(h->ctx, rc, &h->out, e);
	helper_free(h);
}

static const struct reason reason = {
	.soon_us = 5000, .later_us = 5000, .come = come, .end = end,
};

static void on_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct helper *h = arg;
	char bytes[16384];
	ssize_t n = child_read(&h->child, bytes, sizeof(bytes));

	(void)fd;
	(void)what;
	if (n > 0)
		buf_add(&h->out, bytes, (size_t)n);
	if (n >= 0)
		return;
	stop_reading(h);
	room_wake(&h->all->room);
}

struct helpers *helpers_new(struct event_base *base, const char *program)
{
	struct helpers *all = xcalloc(1, sizeof(*all));
	ssize_t n = readlink("/proc/self/exe", all->program, sizeof(all->program) - 32);
	char *slash;

	all->base = base;
	room_init(&all->room, base, &reason);
	all->program[n > 0 ? n : 0] = '\0';
	slash = strrchr(all->program, '/');
	if (slash)
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	if (program)
		snprintf(all->program, sizeof(all->program), "%s", program);
	return all;
}

/* The input as a file in memory: nothing has to be pumped. */
static int open_input(const struct helper_args *a, struct err *e)
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

static int launch(struct helper *h, const struct helper_args *a, struct err *e)
{
	const char *argv[ARGS_MAX + 2] = { h->all->program };
	struct child_plan plan = {
		.program = h->all->program,
		.argv = argv,
		.out = STDOUT_FILENO,
		.bare = true,
		.memory_mb = HELPER_MEMORY_MB,
		.cpu_s = HELPER_TIME_S,
		.wall_us = HELPER_TIME_S * US_PER_S,
		.most = HELPER_OUTPUT_MAX,
	};
	int rc;

	for (size_t i = 0; i < ARGS_MAX && a->argv[i]; i++)
		argv[i + 1] = a->argv[i];
	plan.in = open_input(a, e);
	if (plan.in < 0)
		return ERR_IO;
	rc = child_start(&h->child, &plan, e);
	close(plan.in);
	return rc;
}

int helper_run(struct helpers *all, const struct helper_args *args, struct err *e)
{
	struct helper *h;
	int rc;

	if (all->room.n >= HELPERS_MAX)
		return err_set(e, ERR_UNAVAILABLE, "%d models are being checked already: try "
			       "again in a few seconds", HELPERS_MAX);
	if (access(all->program, X_OK))
		return err_set(e, ERR_UNAVAILABLE, "the program %s is needed for this: %s",
			       all->program, strerror(errno));
	h = xcalloc(1, sizeof(*h));
	*h = (struct helper){ .all = all, .child = CHILD_NONE, .done = args->done,
			      .ctx = args->ctx };
	rc = launch(h, args, e);
	if (rc) {
		helper_free(h);
		return rc;
	}
	h->readable = event_new(all->base, h->child.fd, EV_READ | EV_PERSIST, on_readable_cb, h);
	ASSERT(h->readable != NULL);
	event_add(h->readable, NULL);
	room_enter(&all->room, &h->guest, args->r, ROOM_NO_LIMIT);
	return 0;
}

void helpers_free(struct helpers *all)
{
	if (!all)
		return;
	room_fini(&all->room);
	free(all);
}
