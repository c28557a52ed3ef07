#include "common/registry/worker_blocked.h"

#include "common/config.h"
#include "common/db/hold.h"
#include "common/file.h"

#include <stdio.h>
#include <string.h>

#define FULL_BYTES (256 * 1024)		/* less is as good as none */

static int64_t room(const char *db_path)
{
	char folder[CONFIG_PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", db_path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	return file_free_bytes(slash ? folder : ".");
}

int64_t worker_blocked(const char *db_path, int64_t beat_pid, char text[WORKER_BLOCKED_TEXT])
{
	int64_t pid = db_hold_worker(db_path), left;

	text[0] = '\0';
	if (!pid || pid != beat_pid)
		return 0;
	left = room(db_path);
	snprintf(text, WORKER_BLOCKED_TEXT, "%s", left >= 0 && left < FULL_BYTES
		 ? "its disk is full: free some space"
		 : "the database is locked by another program (an open sqlite3 shell?), or it "
		   "hangs or just starts: its log says which");
	return pid;
}
