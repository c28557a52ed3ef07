#include "common/output.h"

#include "common/clock.h"
#include "common/err.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define LOW_ROOM (OUTPUT_ROOM / 2)	/* after a loss lines are taken again from here on */
#define EXIT_WAIT_US US_PER_S
#define FULL_WAIT_MS 200		/* for a descriptor that others made non-blocking */

struct line {
	struct line *next;
	unsigned long dropped;		/* it is the notice for so many; 0: no notice */
	size_t len;
	char text[];
};

struct output_lane {
	int fd;
	output_notice *notice;
	bool threaded;			/* else written at once: it can't block */
	bool ending, busy;		/* busy: the thread is writing */
	struct line *first, **last;
	size_t waiting;			/* bytes */
	bool losing;			/* since a line found no room, until LOW_ROOM */
	unsigned long dropped;
	pthread_t thread;
	pthread_cond_t changed;
};

/* Never held while something is written to a lane with a thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct output_lane *lanes[3];	/* by descriptor; 0 unused */

static void default_notice(struct buf *out, unsigned long dropped)
{
	buf_printf(out, "%lu lines were dropped: the reader was too slow\n", dropped);
}

/* ---- one write ---- */

/* May take as long as the reader likes. */
static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			(void)poll(&p, 1, FULL_WAIT_MS);
			continue;
		}
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- the queue; the caller has the lock ---- */

static void append(struct output_lane *l, const char *text, size_t len, unsigned long dropped)
{
	struct line *n = xcalloc(1, sizeof(*n) + len);

	n->len = len;
	n->dropped = dropped;
	memcpy(n->text, text, len);
	*l->last = n;
	l->last = &n->next;
	l->waiting += len;
}

static void append_notice(struct output_lane *l)
{
	struct buf b = { 0 };

	l->notice(&b, l->dropped);
	append(l, b.data, b.len, l->dropped);
	l->dropped = 0;
	buf_free(&b);
}

static struct line *take_first(struct output_lane *l)
{
	struct line *n = l->first;

	l->first = n->next;
	if (!l->first)
		l->last = &l->first;
	l->waiting -= n->len;
	return n;
}

static bool has_room(struct output_lane *l, size_t len)
{
	l->losing = l->waiting + len > (l->losing ? LOW_ROOM : OUTPUT_ROOM);
	return !l->losing;
}

/* Writes the oldest line without the lock. Returns whether it arrived. */
static bool write_first(struct output_lane *l)
{
	struct line *n = take_first(l);
	bool good;

	l->busy = true;
	pthread_mutex_unlock(&lock);
	good = write_all(l->fd, n->text, n->len);
	pthread_mutex_lock(&lock);
	l->busy = false;
	if (!good)
		l->dropped += n->dropped ? n->dropped : 1;
	free(n);
	return good;
}

static void *write_lines(void *ctx)
{
	struct output_lane *l = ctx;

	pthread_mutex_lock(&lock);
	while (!l->ending || l->first) {
		if (!l->first) {
			pthread_cond_wait(&l->changed, &lock);
			continue;
		}
		if (write_first(l) && !l->first && l->dropped)
			append_notice(l);
		if (!l->first)
			pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* ---- lanes ---- */

/* A regular file and /dev/null take everything at once. */
static bool can_block(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return false;
	return !S_ISREG(st.st_mode);
}

/* The new thread blocks all signals, because the thread that runs the loop handles them. */
static bool start_thread(struct output_lane *l)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&l->thread, NULL, write_lines, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

struct output_lane *output_lane_new(int fd, output_notice *fn)
{
	struct output_lane *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;

	l->fd = fd;
	l->notice = fn ? fn : default_notice;
	l->last = &l->first;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	l->threaded = can_block(fd) && start_thread(l);
	return l;
}

static void write_at_once(struct output_lane *l, const char *text, size_t len)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };

	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(l->fd, text, len) == (ssize_t)len)
		return;
	l->dropped++;
}

static void line_locked(struct output_lane *l, const char *text, size_t len)
{
	bool room = !l->threaded || has_room(l, len);

	if (l->dropped && room)
		append_notice(l);
	if (!l->threaded) {
		while (l->first) {
			struct line *n = take_first(l);

			write_at_once(l, n->text, n->len);
			if (l->dropped)
				l->dropped += n->dropped - 1;
			free(n);
		}
		write_at_once(l, text, len);
		return;
	}
	if (room)
		append(l, text, len, 0);
	else
		l->dropped++;
	pthread_cond_broadcast(&l->changed);
}

void output_lane_line(struct output_lane *l, const char *text, size_t len)
{
	pthread_mutex_lock(&lock);
	line_locked(l, text, len);
	pthread_mutex_unlock(&lock);
}

bool output_lane_flush(struct output_lane *l, int64_t wait_us)
{
	int64_t until_us = clock_mono_us() + wait_us;
	struct timespec until = { .tv_sec = until_us / US_PER_S,
				  .tv_nsec = until_us % US_PER_S * 1000 };
	bool done;

	pthread_mutex_lock(&lock);
	while (l->threaded && (l->first || l->busy))
		if (pthread_cond_timedwait(&l->changed, &lock, &until))
			break;
	done = !l->first && !l->busy;
	pthread_mutex_unlock(&lock);
	return done;
}

void output_lane_free(struct output_lane *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&lock);
	l->ending = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&lock);
	if (l->threaded)
		pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->changed);
	free(l);
}

/* ---- the two of this process ---- */

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* A fork must not copy a taken lock, because the child lacks the thread that would free it. */
static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	lanes[STDOUT_FILENO] = lanes[STDERR_FILENO] = NULL;
	pthread_mutex_init(&lock, NULL);
}

static void flush_at_exit(void)
{
	int64_t until_us = clock_mono_us() + EXIT_WAIT_US;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		int64_t left_us = until_us - clock_mono_us();

		if (lanes[fd])
			(void)output_lane_flush(lanes[fd], left_us > 0 ? left_us : 0);
	}
}

void output_start(void)
{
	if (lanes[STDERR_FILENO])
		return;
	pthread_atfork(before_fork, after_fork, in_child);
	lanes[STDERR_FILENO] = output_lane_new(STDERR_FILENO, NULL);
	lanes[STDOUT_FILENO] = same_file(STDOUT_FILENO, STDERR_FILENO)
				       ? lanes[STDERR_FILENO]
				       : output_lane_new(STDOUT_FILENO, NULL);
	atexit(flush_at_exit);
}

void output_on_dropped(int fd, output_notice *fn)
{
	pthread_mutex_lock(&lock);
	if (lanes[fd] && (fd == STDERR_FILENO || lanes[fd] != lanes[STDERR_FILENO]))
		lanes[fd]->notice = fn;
	pthread_mutex_unlock(&lock);
}

bool output_takes(int fd)
{
	return (fd == STDOUT_FILENO || fd == STDERR_FILENO) && lanes[fd];
}

void output_line(int fd, const char *text, size_t len)
{
	output_lane_line(lanes[fd], text, len);
}
