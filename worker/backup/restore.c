#include "worker/backup/restore.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/db/db.h"
#include "common/fault.h"
#include "common/file.h"
#include "common/log.h"
#include "common/registry/audit.h"
#include "worker/backup/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_BYTES_FROM 0x40000000	/* where SQLite's own locks are in the file */
#define LOCK_BYTES 512

struct restoring {
	const struct config *config;
	const char *file;
	char fresh[RESTORE_PATH_MAX];	/* the unpacked database */
	struct backup_since since;	/* from the database that is replaced */
	struct restore_result result;
};

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Tests SQLite's own locks, which a sqlite3 shell takes; works on a damaged file too. */
static int check_unused(const char *path, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTES_FROM,
			      .l_len = LOCK_BYTES };
	int rc = 0, fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : file_error(e, "write", path);
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		if (lock.l_pid > 0)
			rc = err_set(e, ERR_BUSY, "process %d has %s open (a sqlite3 shell?): end "
				     "it first", (int)lock.l_pid, path);
		else
			rc = err_set(e, ERR_BUSY, "another program has %s open: end it first",
				     path);
	}
	close(fd);
	return rc;
}

static int settle_tx(struct restoring *r, struct db *db, int64_t made_us, struct err *e)
{
	struct audit_row row = { .at_us = clock_now_us(), .actor = "command line",
				 .action = "restore" };
	char when[CLOCK_TEXT_MAX];
	int rc = store_backup_settle_tx(db, made_us, row.at_us, &r->since, &r->result.settled, e);

	snprintf(row.detail, sizeof(row.detail), "%s: %.300s", clock_text(made_us, when), r->file);
	return rc ? rc : store_audit_add_tx(db, &row, e);
}

static int settle(struct restoring *r, struct err *e)
{
	int64_t made_us = r->result.checked.manifest.made_us;
	struct db *db = NULL;
	struct stat st;
	int rc = db_open_existing(r->fresh, DB_ALONE, &db, e);

	/* A plain copy does not say when it was made. */
	if (!made_us && stat(r->file, &st) == 0)
		made_us = (int64_t)st.st_mtime * US_PER_S;
	if (rc == 0)
		rc = db_begin(db, e);
	if (rc == 0) {
		rc = settle_tx(r, db, made_us, e);
		rc = db_end(db, rc, e);
	}
	db_close(db);
	return rc;
}

/*
 * Makes the old database a single file, because its -wal file would be read as the new
 * database's log. A database that can't be opened any more is kept as it is.
 */
static int fold_old(struct restoring *r, struct err *e)
{
	const char *path = r->config->db_path;
	struct err why = { 0 };
	struct db *db = NULL;
	int rc = db_open_existing(path, DB_ALONE, &db, &why);

	if (rc == 0)
		rc = db_exec(db, "PRAGMA journal_mode = DELETE", &why);
	if (rc == 0 && store_backup_since(db, &r->since, &why)) {
		log_warn("restore", NULL,
			 "changes since the backup can't be read from the old database: %s",
			 why.msg);
		memset(&r->since, 0, sizeof(r->since));
	}
	db_close(db);
	if (rc == ERR_CORRUPT || rc == ERR_INVALID) {
		log_warn("restore", NULL, "the old database is kept as it is: %s", why.msg);
		return 0;
	}
	if (rc && e)
		*e = why;
	return rc;
}

/* Moves a file beside the old database along with it, so that the new database never sees it. */
static int move_beside(const struct restoring *r, const char *ending, struct err *e)
{
	char from[RESTORE_PATH_MAX + 16], to[RESTORE_PATH_MAX + 16];

	snprintf(from, sizeof(from), "%s%s", r->config->db_path, ending);
	snprintf(to, sizeof(to), "%s%s", r->result.kept, ending);
	if (!exists(from) || rename(from, to) == 0)
		return 0;
	return file_error(e, "move", from);
}

/* Gives the new file the name that the old one will have, then exchanges both names at once. */
static int exchange(struct restoring *r, struct err *e)
{
	const char *path = r->config->db_path, *kept = r->result.kept;

	fault_step();
	if (rename(r->fresh, kept))
		return file_error(e, "move", r->fresh);
	fault_step();
	if (renameat2(AT_FDCWD, kept, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS) {
		int rc = file_error(e, "replace", path);

		(void)unlink(kept);
		return rc;
	}
	/* No exchange here: links the old file to a second name, renames over the first. */
	if (rename(kept, r->fresh) || link(path, kept) || rename(r->fresh, path))
		return file_error(e, "replace", path);
	return 0;
}

/* Picks an unused name, because two restores may come in one second. */
static void choose_kept(struct restoring *r, const char *when)
{
	char *kept = r->result.kept;
	size_t size = sizeof(r->result.kept);

	snprintf(kept, size, "%s.before-restore-%s", r->config->db_path, when);
	for (int i = 1; exists(kept); i++)
		snprintf(kept, size, "%s.before-restore-%s-%d", r->config->db_path, when, i);
}

static int replace(struct restoring *r, struct err *e)
{
	const char *path = r->config->db_path;
	char when[ROTATION_STAMP_MAX];
	int rc;

	rotation_stamp(clock_now_us(), when);
	choose_kept(r, when);
	/* Also where the database is gone: SQLite would take its log for the new one's. */
	rc = move_beside(r, "-wal", e);
	if (!rc)
		rc = move_beside(r, "-shm", e);
	if (!rc)
		rc = move_beside(r, "-journal", e);
	if (!rc && !exists(path)) {
		r->result.kept[0] = '\0';
		rc = rename(r->fresh, path) ? file_error(e, "move", r->fresh) : 0;
	} else if (!rc) {
		rc = exchange(r, e);
	}
	if (!rc)
		file_sync_folder(path);
	return rc;
}

/* Checks that the file at DB_PATH is the one that was unpacked. */
static int check_again(const struct restoring *r, struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(r->config->db_path, DB_ALONE, &db, e);

	if (rc == 0)
		rc = store_backup_check(db, e);
	db_close(db);
	if (rc && e)
		err_prefix(e, "the restored database is not sound; the old one is %s",
			   r->result.kept[0] ? r->result.kept : "not there");
	return rc;
}

static void look_at_key(struct restoring *r)
{
	const char *sealed_with = r->result.checked.manifest.key_name;
	char here[KEY_NAME_MAX];

	manifest_key_name(r->config->master_key_file, here);
	r->result.other_key = sealed_with[0] && strcmp(sealed_with, here) != 0;
}

static int restore_locked(struct restoring *r, struct err *e)
{
	const char *path = r->config->db_path;
	int rc = check_unused(path, e);

	fault_step();
	if (!rc)
		rc = backup_check(r->file, r->fresh, &r->result.checked, e);
	fault_step();
	if (!rc && !r->result.checked.plain)
		rc = backup_extract_models(r->file, r->config->data_dir, &r->result.models, e);
	fault_step();
	if (!rc && exists(path))
		rc = fold_old(r, e);
	fault_step();
	if (!rc)
		rc = settle(r, e);
	fault_step();
	if (!rc)
		rc = replace(r, e);
	fault_step();
	if (rc) {
		(void)unlink(r->fresh);
		return rc;
	}
	look_at_key(r);
	return check_again(r, e);
}

static int run(const struct config *c, const char *file, struct restore_result *out,
	       struct err *e)
{
	struct restoring r = { .config = c, .file = file };
	bool folder_there = exists(c->data_dir);
	struct db_lock *lock = NULL;
	int rc;

	if (same_file(c->db_path, file))
		return err_set(e, ERR_INVALID, "%s is the database itself, not a backup of it",
			       file);
	if (access(file, R_OK))
		return file_error(e, "read", file);
	snprintf(r.fresh, sizeof(r.fresh), "%s.restoring", c->db_path);
	rc = file_mkdirs(c->data_dir, e);
	if (!rc)
		rc = db_lock(c->db_path, &lock, e);
	if (rc == ERR_BUSY && e)
		err_prefix(e, "nothing was changed: stop trading-bot-worker and trading-bot-api "
			   "first");
	if (!rc)
		rc = restore_locked(&r, e);
	if (rc && !exists(c->db_path))
		db_lock_undo(lock);
	else
		db_unlock(lock);
	if (rc && !folder_there)
		(void)rmdir(c->data_dir);	/* nothing was restored: as it was, without it */
	free(r.since.revoked);
	if (rc)
		manifest_free(&r.result.checked.manifest);
	else
		*out = r.result;
	return rc;
}

/* If DB_PATH is a symbolic link, replaces the file that it leads to; the link stays. */
int restore_run(const struct config *c, const char *file, struct restore_result *out,
		struct err *e)
{
	struct config *there = xcalloc(1, sizeof(*there));
	char *real = realpath(c->db_path, NULL);
	struct stat st;
	int rc;

	*there = *c;
	if (real && lstat(c->db_path, &st) == 0 && S_ISLNK(st.st_mode))
		snprintf(there->db_path, sizeof(there->db_path), "%s", real);
	rc = run(there, file, out, e);
	crypto_wipe(there, sizeof(*there));
	free(there);
	free(real);
	return rc;
}
