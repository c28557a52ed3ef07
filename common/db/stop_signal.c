#include "common/db/stop_signal.h"

#include "common/buf.h"
#include "common/db/hold.h"
#include "common/db/stop_mark.h"
#include "common/file.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#define COMM "trading-bot-wor"		/* the kernel keeps 15 bytes of a name */

/*
 * Checks that pid is a worker. The lock holds the worker's process id as the worker sees it;
 * in another container that id may belong to another process or to none, and SIGUSR1 would
 * kill a program that does not handle it.
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

/*
 * Writes the stop file, unless the worker has the database open by another name (a hard
 * link): the worker would not read this stop file, and a later start under this name would
 * carry out an old stop.
 */
static int keep(const char *path, int64_t pid, struct err *e)
{
	struct stat st;

	if (pid && stat(path, &st) == 0 && st.st_nlink > 1 && !stop_mark_there(path))
		return err_set(e, ERR_CONFLICT, "the worker (pid %lld) has the database open by "
			       "another name than %s", (long long)pid, path);
	return stop_mark_set(path, STOP_MARK_ASKED, e);
}

void stop_signal_ask(const char *path, struct stop_signal *out)
{
	memset(out, 0, sizeof(*out));
	out->pid = db_hold_worker(path);
	out->kept = keep(path, out->pid, &out->why) == 0;
	out->sent = out->pid && is_worker(out->pid) && kill((pid_t)out->pid, SIGUSR1) == 0;
}

bool stop_signal_told(const char *path)
{
	return stop_mark_get(path) != STOP_MARK_ASKED;
}

bool stop_signal_text(const struct stop_signal *s, const char *path, enum stop_heard heard,
		      char *out, size_t size)
{
	long long pid = s->pid;

	if (s->kept && pid && heard != STOP_IN_VAIN) {
		snprintf(out, size, "all bots: the worker (pid %lld) %s told by %s: everything is "
			 "being cancelled and closed; it is stored as soon as the database takes "
			 "writes", pid, heard == STOP_HEARD ? "was" : "is being",
			 s->sent ? "signal" : "its stop file");
		return true;
	}
	if (s->kept && !pid) {
		snprintf(out, size, "all bots: no worker runs; the emergency stop is kept in "
			 "%s.stop and is the first thing that it does when it starts", path);
		return true;
	}
	if (s->sent) {
		snprintf(out, size, "all bots: the signal was sent to the worker (pid %lld); its "
			 "log says what it did", pid);
		return !s->kept; /* it should have looked */
	}
	snprintf(out, size, "no bot was told: %s. Send the worker SIGUSR1 yourself (pkill -USR1 "
		 "trading-bot-wor; in a container docker kill -s USR1 trading-bot-worker)",
		 s->kept ? "the worker did not look at its stop file" : s->why.msg);
	return false;
}
