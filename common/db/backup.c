#include "common/db/backup.h"

#include "common/db/internal.h"
#include "common/fault.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKUP_PATH_MAX 1200
#define COPY_PAGES 1024			/* between two looks at who waits for a copy */
#define BUSY_MS 2000

struct copy {
	db_copy_step *step;
	void *ctx;
	bool ended;		/* by step */
};

/* The read transaction fixes what the copy sees, however long the copy takes. */
static int copy_pages(sqlite3 *from, sqlite3 *to, struct copy *c)
{
	sqlite3_backup *b;
	int rc = sqlite3_exec(from, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL);

	if (rc)
		return rc;
	b = sqlite3_backup_init(to, "main", from, "main");
	if (!b)
		return sqlite3_extended_errcode(to);
	do {
		fault_sql();
		rc = sqlite3_backup_step(b, COPY_PAGES);
		if (c->step && (rc == SQLITE_OK || rc == SQLITE_DONE)) {
			double all = sqlite3_backup_pagecount(b);

			c->ended = !c->step(c->ctx, all > 0 ? 1 - sqlite3_backup_remaining(b) / all
							    : 1);
		}
	} while (rc == SQLITE_OK && !c->ended);
	return sqlite3_backup_finish(b);
}

/* Writes the new file "path" through a connection of its own, because db may be writing. */
static int copy_file(const struct db *db, const char *path, struct copy *c, struct err *e)
{
	struct db target = { .path = (char *)path };
	sqlite3 *source = NULL;
	int rc, fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return db_fail_access(&target, errno, e);
	close(fd);
	rc = sqlite3_open_v2(path, &target.lite, SQLITE_OPEN_READWRITE, NULL);
	if (!rc)
		rc = sqlite3_open_v2(db->path, &source, SQLITE_OPEN_READWRITE, NULL);
	if (!rc)
		sqlite3_busy_timeout(source, BUSY_MS);
	if (!rc)
		rc = copy_pages(source, target.lite, c);
	if (rc)
		rc = db_fail(&target, rc, NULL, e);
	else if (c->ended)
		rc = err_set(e, ERR_CONFLICT, "the copy to %s was ended", path);
	sqlite3_close(source);
	sqlite3_close(target.lite);
	return rc;
}

int db_backup(struct db *db, const char *path, struct err *e)
{
	return db_backup_steps(db, path, NULL, NULL, e);
}

int db_backup_steps(struct db *db, const char *path, db_copy_step *step, void *ctx, struct err *e)
{
	struct copy c = { .step = step, .ctx = ctx };
	char temporary[BACKUP_PATH_MAX];
	int rc, n = snprintf(temporary, sizeof(temporary) - 16, "%s.part", path);

	if (n < 0 || (size_t)n >= sizeof(temporary) - 16)
		return err_set(e, ERR_INVALID, "backup: the path is too long: %.200s", path);
	if (db_in_memory(db))
		return err_set(e, ERR_INVALID, "backup: a database in memory has no file");
	rc = copy_file(db, temporary, &c, e);
	fault_sql();
	if (!rc && rename(temporary, path) != 0)
		rc = err_set(e, ERR_IO, "backup: %s can't be renamed to %s: %s", temporary, path,
			     strerror(errno));
	if (!rc) {
		file_sync_folder(path);
		return 0;
	}
	unlink(temporary);
	/* On a full disk SQLite can't roll back, so its journal stays as well. */
	snprintf(temporary, sizeof(temporary), "%s.part-journal", path);
	unlink(temporary);
	return rc;
}
