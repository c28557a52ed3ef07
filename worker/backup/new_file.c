#include "worker/backup/new_file.h"

#include "common/crypto.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE (PATH_MAX + 320)

/* Resolves the folder and keeps the last part as it is; false: no such folder. */
static bool full_name(const char *file, char out[NAME_SIZE])
{
	const char *slash = strrchr(file, '/'), *last = slash ? slash + 1 : file;
	char folder[NAME_SIZE], real[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - file) : 1,
		 slash ? file : ".");
	if (!realpath(slash == file ? "/" : folder, real))
		return false;
	snprintf(out, NAME_SIZE, "%s/%.255s", strcmp(real, "/") == 0 ? "" : real, last);
	return true;
}

/* Resolves the whole path, also a symbolic link at its end. */
static bool true_name(const char *file, char out[NAME_SIZE])
{
	char real[PATH_MAX];

	return full_name(realpath(file, real) ? real : file, out);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static bool is_file(const char *file, const char *protected)
{
	char a[NAME_SIZE], b[NAME_SIZE];

	if (!protected[0])
		return false;
	return same_file(file, protected) ||
	       (true_name(file, a) && true_name(protected, b) && strcmp(a, b) == 0);
}

/* Is it the database or a name that SQLite or the programs use beside it, existing or not? */
static bool is_database(const struct config *c, const char *file)
{
	static const char *const endings[] = {
		"", "-wal", "-shm", "-journal", ".lock", ".worker", ".new", ".restoring",
	};
	char real[NAME_SIZE], name[NAME_SIZE + 16];

	if (!true_name(c->db_path, real))
		return false;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", real, endings[i]);
		if (is_file(file, name))
			return true;
		snprintf(name, sizeof(name), "%.1100s%s", c->db_path, endings[i]);
		if (is_file(file, name))
			return true;
	}
	return false;
}

static bool is_key(const struct config *c, const char *file)
{
	char next[MASTER_KEY_PATH_MAX + 8];

	return is_file(file, c->master_key_file) ||
	       is_file(file, master_key_next_path(c->master_key_file, next));
}

static bool in_folder(const char *file, const char *folder)
{
	char name[NAME_SIZE], real[PATH_MAX];
	size_t n;

	if (!true_name(file, name) || !realpath(folder, real))
		return false;
	n = strlen(real);
	return strncmp(name, real, n) == 0 && name[n] == '/';
}

static bool is_setting(const struct config *c, const char *file)
{
	char token[CONFIG_PATH_MAX + 16];

	snprintf(token, sizeof(token), "%s/api_token", c->data_dir);
	return is_file(file, token) || is_file(file, c->api_token_file) ||
	       is_file(file, c->api_tls_cert) || is_file(file, c->api_tls_key) ||
	       is_file(file, ".env");
}

static const char *protected_as(const struct config *c, const char *file)
{
	char models[CONFIG_PATH_MAX + 16];

	snprintf(models, sizeof(models), "%s/models", c->data_dir);
	if (is_database(c, file))
		return "belongs to the bot's database";
	if (is_key(c, file))
		return "is the master key";
	if (in_folder(file, models))
		return "is where the models are";
	return is_setting(c, file) ? "is one of the bot's settings" : NULL;
}

/* The kernel gives a write lease only when nobody else has the file open. */
static bool is_open(const char *file)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool open_elsewhere;

	if (fd < 0)
		return false;
	open_elsewhere = fcntl(fd, F_SETLEASE, F_WRLCK) && errno == EAGAIN;
	close(fd);
	return open_elsewhere;
}

static int check_log(const char *file, struct err *e)
{
	static const char *const endings[] = { "-wal", "-journal" };
	char name[NAME_SIZE];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%.4300s%s", file, endings[i]);
		if (lstat(name, &st) == 0)
			return err_set(e, ERR_CONFLICT, "%.200s exists: it is the log of a "
				       "database %.200s and would be read as the new file's log. "
				       "Choose another name", name, file);
	}
	return 0;
}

static int check_existing(const char *file, bool force, struct err *e)
{
	struct stat st;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is no plain file: choose another name", file);
	if (!force)
		return err_set(e, ERR_CONFLICT, "%s exists already: choose another name, or say "
			       "--force to replace it", file);
	if (is_open(file))
		return err_set(e, ERR_BUSY, "%s is open in a running program, and is not replaced",
			       file);
	return 0;
}

int new_file_check(const struct config *c, const char *file, bool force, struct err *e)
{
	char name[NAME_SIZE];
	const char *why;
	struct stat st;

	if (!full_name(file, name))
		return file_error(e, "write", file);
	why = protected_as(c, file);
	if (why)
		return err_set(e, ERR_DENIED, "%s %s: no other file is ever written there. Choose "
			       "another name", file, why);
	if (lstat(file, &st) == 0) {
		int rc = check_existing(file, force, e);

		if (rc)
			return rc;
	}
	return check_log(file, e);
}

int new_file_place(const char *part, const char *file, bool force, struct err *e)
{
	int rc = renameat2(AT_FDCWD, part, AT_FDCWD, file, force ? 0 : RENAME_NOREPLACE);

	/* A file system without that: a second name fails as well where one is. */
	if (rc && (errno == EINVAL || errno == ENOSYS)) {
		rc = force ? rename(part, file) : link(part, file);
		if (!rc && !force)
			(void)unlink(part);
	}
	if (rc && errno == EEXIST)
		return err_set(e, ERR_CONFLICT, "%s exists by now: choose another name, or say "
			       "--force to replace it", file);
	if (rc)
		return file_error(e, "write", file);
	file_sync_folder(file);
	return 0;
}
