#include "worker/cli/stop_by_signal.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/db_hold.h"
#include "common/file.h"
#include "common/stop_mark.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#define WAIT_US (10 * US_PER_S)
#define LOOK_MS 20
#define COMM "trading-bot-wor"		/* the kernel keeps 15 bytes of a name */

/*
 * The lock tells the worker's number as the worker sees it. In a container that is another
 * process of ours, or none: a program that does not know the signal would be killed by it.
 */
static bool is_worker(int64_t pid)
{
	struct buf name = { 0 };
	char path[64];
	bool is;

	snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
	is = file_read(path, 64, &name, NULL) == 0 &&
	     strncmp(buf_text(&name), COMM, strlen(COMM)) == 0;
	buf_free(&name);
	return is;
}

static bool wait_until_told(const char *path)
{
	int64_t until_us = clock_mono_us() + WAIT_US;

	while (stop_mark_get(path) == STOP_MARK_ASKED) {
		if (clock_mono_us() >= until_us)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

/*
 * Under another name of the file (a hard link) the worker would never look: nobody hears a stop
 * that is asked for there, until a start under that name, long after.
 */
static int keep(const char *path, int64_t pid, struct err *e)
{
	struct stat st;

	if (pid && stat(path, &st) == 0 && st.st_nlink > 1 && !stop_mark_there(path))
		return err_set(e, ERR_CONFLICT, "the worker (pid %lld) has the database open by "
			       "another name than %s", (long long)pid, path);
	return stop_mark_set(path, STOP_MARK_ASKED, e);
}

int stop_by_signal(const char *path, const char *why)
{
	struct err e = { 0 };
	int64_t pid = db_hold_worker(path);
	bool kept = keep(path, pid, &e) == 0;
	bool sent = pid && is_worker(pid) && kill((pid_t)pid, SIGUSR1) == 0;

	fprintf(stderr, "trading-bot: the database takes no command: %s\n", why);
	if (kept && pid && wait_until_told(path)) {
		printf("all bots: the worker (pid %lld) was told by %s: everything is being "
		       "cancelled and closed; it is stored as soon as the database takes writes\n",
		       (long long)pid, sent ? "signal" : "its stop file");
		return 0;
	}
	if (kept && !pid) {
		printf("all bots: no worker runs; the emergency stop is kept in %s.stop and is the "
		       "first thing that it does when it starts\n", path);
		return 0;
	}
	if (sent) {
		printf("all bots: the signal was sent to the worker (pid %lld); its log says what "
		       "it did\n", (long long)pid);
		return kept ? 1 : 0;
	}
	fprintf(stderr, "trading-bot: no bot was told: %s. Send the worker SIGUSR1 yourself "
		"(pkill -USR1 trading-bot-wor; in a container docker kill -s USR1 "
		"trading-bot-worker)\n",
		kept ? "the worker did not look at its stop file within 10 s" : e.msg);
	return 1;
}
