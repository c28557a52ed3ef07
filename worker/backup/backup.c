#include "worker/backup/backup.h"

#include "common/clock.h"
#include "common/db/backup.h"
#include "common/db/migrate.h"
#include "common/fault.h"
#include "common/file.h"
#include "worker/backup/new_file.h"
#include "worker/backup/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_MAX (BACKUP_FILE_MAX + 32)
#define SPARE_BYTES (INT64_C(16) << 20)	/* that a backup leaves free for the bot */
#define COPY_SHARE 0.4			/* of the progress: copy, look, pack, read back */
#define PACK_SHARE 0.7

struct making {
	const struct backup_args *args;
	char file[BACKUP_FILE_MAX];
	char copy[PART_MAX];		/* the database's */
	char part[PART_MAX];		/* the archive before its end */
	int lock_fd;				/* of BACKUP_DIR; -1 none */
	struct manifest manifest;
	struct backup_models models, missing;
};

static bool tell(const struct backup_args *a, double done, const char *what)
{
	return !a->progress || a->progress(a->ctx, done, what);
}

static bool copied(void *ctx, double done)
{
	const struct making *m = ctx;

	fault_step();
	return tell(m->args, done * COPY_SHARE, "copying the database");
}

static int ended(struct err *e)
{
	return err_set(e, ERR_CONFLICT, "the backup was ended before it was complete");
}

static bool is_plain_name(const char *file)
{
	size_t n = strlen(file);

	return n > 3 && strcmp(file + n - 3, ".db") == 0;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

/* ---- making ---- */

/* Locks BACKUP_DIR for this backup and removes unfinished files of killed ones. */
static int take_folder(struct making *m, struct err *e)
{
	const char *dir = m->args->config->backup_dir;
	char name[PART_MAX];
	int rc = file_mkdirs(dir, e);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "%s/.lock", dir);
	m->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (m->lock_fd < 0)
		return file_error(e, "write", name);
	if (flock(m->lock_fd, LOCK_EX | LOCK_NB))
		return err_set(e, ERR_BUSY, "another backup into %s is being made: wait for it",
			       dir);
	rotation_clean(dir);
	rotation_name(dir, clock_now_us(), m->file, sizeof(m->file));
	return 0;
}

static int take_file(struct making *m, struct err *e)
{
	const char *file = m->args->file;

	if (strlen(file) >= sizeof(m->file))
		return err_set(e, ERR_INVALID, "the path is too long: %.200s", file);
	snprintf(m->file, sizeof(m->file), "%s", file);
	return new_file_check(m->args->config, file, m->args->force, e);
}

/* In BACKUP_DIR the name shows that a leftover is ours; elsewhere no file is ours to replace. */
static int choose_names(struct making *m, struct err *e)
{
	char copy[PART_MAX], part[PART_MAX], id[24] = "";
	int rc = m->args->file ? take_file(m, e) : take_folder(m, e);

	if (rc)
		return rc;
	if (m->args->file)
		snprintf(id, sizeof(id), ".%d", (int)getpid());
	snprintf(copy, sizeof(copy), "%.1100s%s.db.part", m->file, id);
	snprintf(part, sizeof(part), "%.1100s%s.part", m->file, id);
	if (access(copy, F_OK) == 0 || access(part, F_OK) == 0)
		return err_set(e, ERR_CONFLICT, "%.400s exists already: remove it", part);
	memcpy(m->copy, copy, sizeof(copy));
	memcpy(m->part, part, sizeof(part));
	return 0;
}

static int check_room(const struct making *m, struct err *e)
{
	const struct config *c = m->args->config;
	char folder[BACKUP_FILE_MAX];
	char *slash;
	long long free_bytes;
	int64_t want = size_of(c->db_path) + SPARE_BYTES;

	snprintf(folder, sizeof(folder), "%s", m->file);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	if (access(slash ? folder : ".", W_OK))
		return file_error(e, "write into", folder);
	free_bytes = file_free_bytes(slash ? folder : ".");
	if (free_bytes < 0 || free_bytes >= want)
		return 0;	/* what can't be asked is found out by writing */
	return err_set(e, ERR_FULL, "no backup: it needs %lld MB in %s and %lld MB are free; free "
		       "some space or set BACKUP_DIR to another disk", (long long)(want >> 20),
		       slash ? folder : ".", free_bytes >> 20);
}

static int copy_database(struct making *m, struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(m->args->config->db_path, DB_READ, &db, e);

	m->manifest.made_us = clock_now_us();
	if (rc == 0)
		rc = db_backup_steps(db, m->copy, copied, m, e);
	db_close(db);
	return rc;
}

/* Checks the copy as a single file without a -wal file. */
static int look_at_copy(const char *path, struct manifest *m, struct backup_models *models,
			struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(path, DB_ALONE, &db, e);

	if (rc == 0)
		rc = db_exec(db, "PRAGMA journal_mode = DELETE", e);
	if (rc == 0)
		rc = migrate_version(db, &m->schema_version, e);
	if (rc == 0)
		rc = store_backup_check(db, e);
	if (rc == 0)
		rc = store_backup_rows(db, &m->rows, e);
	if (rc == 0 && models)
		rc = store_backup_models(db, models, e);
	db_close(db);
	return rc;
}

static int list_file(struct manifest *m, const char *name, const char *path, struct err *e)
{
	struct manifest_file f = { .bytes = size_of(path) };
	int rc = crypto_sha256_file(path, f.sha256, e);

	if (rc)
		return rc;
	snprintf(f.name, sizeof(f.name), "%s", name);
	*manifest_add(m) = f;
	return 0;
}

static const char *in_data_dir(const struct making *m, const char *name, char out[PART_MAX])
{
	snprintf(out, PART_MAX, "%.1024s/%.100s", m->args->config->data_dir, name);
	return out;
}

/* Where the programs put model files, and a file. */
static bool is_model_file(const struct making *m, const char *name, char path[PART_MAX])
{
	struct stat st;

	return strncmp(name, "models/", 7) == 0 && archive_name_ok(name) &&
	       stat(in_data_dir(m, name, path), &st) == 0 && S_ISREG(st.st_mode);
}

/* Lists the models' files. One that is missing is noted and does not stop the backup. */
static int list_models(struct making *m, struct err *e)
{
	char path[PART_MAX];
	int rc = 0;

	for (size_t i = 0; i < m->models.n && !rc; i++) {
		const struct backup_model *model = &m->models.list[i];

		if (manifest_find(&m->manifest, model->path))
			continue;
		if (is_model_file(m, model->path, path)) {
			rc = list_file(&m->manifest, model->path, path, e);
			continue;
		}
		m->missing.list = xrealloc(m->missing.list,
					   (m->missing.n + 1) * sizeof(*m->missing.list));
		m->missing.list[m->missing.n++] = *model;
	}
	return rc;
}

static int pack(struct making *m, struct err *e)
{
	struct manifest *list = &m->manifest;
	struct archive_writer *w = NULL;
	struct buf text = { 0 };
	char path[PART_MAX];
	int rc = archive_create(m->part, list->made_us, &w, e);

	if (rc)
		return rc;
	manifest_write(list, &m->missing, &text);
	rc = archive_add(w, MANIFEST_NAME, &text, e);
	buf_free(&text);
	for (size_t i = 0; i < list->files_n && !rc; i++) {
		const struct manifest_file *f = &list->files[i];
		double share = (PACK_SHARE - COPY_SHARE) * (double)i / (double)list->files_n;

		if (!tell(m->args, COPY_SHARE + share, "packing"))
			rc = ended(e);
		else
			rc = archive_add_file(w, f->name, i ? in_data_dir(m, f->name, path)
							    : m->copy, f->bytes, f->sha256, e);
	}
	if (rc)
		archive_abandon(w);
	else
		rc = archive_finish(w, e);
	return rc;
}

/* ---- reading ---- */

static int read_manifest(struct archive_reader *r, struct manifest *m, struct err *e)
{
	struct archive_entry entry;
	struct buf text = { 0 };
	char chunk[4096];
	size_t n = 0;
	int rc = archive_next(r, &entry, e);

	if (rc == ERR_END || (!rc && strcmp(entry.name, MANIFEST_NAME) != 0))
		return err_set(e, ERR_CORRUPT, "this is no backup of trading-bot: it does not "
			       "begin with a " MANIFEST_NAME);
	if (!rc && entry.bytes > MANIFEST_BYTES_MAX)
		return err_set(e, ERR_CORRUPT, "the backup's " MANIFEST_NAME " is too long");
	while (!rc && !(rc = archive_read(r, chunk, sizeof(chunk), &n, e)) && n > 0)
		buf_add(&text, chunk, n);
	if (!rc)
		rc = manifest_read(&text, m, e);
	buf_free(&text);
	return rc;
}

/* Reads every file of the manifest in its order, and refuses others. */
static int read_files(struct archive_reader *r, const struct manifest *m, const char *database,
		      struct err *e)
{
	struct archive_entry entry;
	char sha256[SHA256_HEX_MAX];
	size_t n = 0;
	int rc;

	while (!(rc = archive_next(r, &entry, e))) {
		const struct manifest_file *f = n < m->files_n ? &m->files[n] : NULL;

		if (!f || strcmp(f->name, entry.name) != 0 || f->bytes != entry.bytes)
			return err_set(e, ERR_CORRUPT, "the backup's files are not those of its "
				       MANIFEST_NAME " (%s)", entry.name);
		rc = archive_extract(r, n == 0 ? database : NULL, sha256, e);
		if (rc)
			return rc;
		if (strcmp(sha256, f->sha256) != 0)
			return err_set(e, ERR_CORRUPT, "%s in the backup is damaged (its SHA-256 "
				       "is another one)", f->name);
		n++;
	}
	if (rc == ERR_END)
		rc = n == m->files_n ? 0 : err_set(e, ERR_CORRUPT, "the backup lacks %s",
						   m->files[n].name);
	return rc;
}

static int read_archive(const char *file, const char *database, struct manifest *m, struct err *e)
{
	struct archive_reader *r = NULL;
	int rc = archive_open(file, &r, e);

	if (rc)
		return rc;
	rc = read_manifest(r, m, e);
	if (!rc)
		rc = read_files(r, m, database, e);
	archive_close(r);
	return rc;
}

static bool is_database(const char *file)
{
	char magic[16] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	     memcmp(magic, "SQLite format 3", sizeof(magic)) == 0;
	close(fd);
	return is;
}

/* Copies a plain database file, with the -wal file that may be beside it. */
static int copy_plain(const char *file, const char *database, struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(file, DB_ALONE, &db, e);

	if (rc == 0)
		rc = db_backup(db, database, e);
	db_close(db);
	return rc;
}

static int compare(const struct manifest *said, const struct manifest *found, struct err *e)
{
	if (said->schema_version != found->schema_version)
		return err_set(e, ERR_CORRUPT, "the backup's database has schema version %d and "
			       "its " MANIFEST_NAME " says %d", found->schema_version,
			       said->schema_version);
	for (size_t i = 0; i < found->rows.n; i++)
		for (size_t k = 0; k < said->rows.n; k++)
			if (strcmp(found->rows.tables[i].table, said->rows.tables[k].table) == 0 &&
			    found->rows.tables[i].rows != said->rows.tables[k].rows)
				return err_set(e, ERR_CORRUPT, "table %s has %lld rows and the "
					       MANIFEST_NAME " says %lld",
					       found->rows.tables[i].table,
					       (long long)found->rows.tables[i].rows,
					       (long long)said->rows.tables[k].rows);
	return 0;
}

/* A database file and what SQLite may have left beside it. */
static void remove_database(const char *path)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	char name[PART_MAX];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
}

int backup_check(const char *file, const char *database, struct backup_checked *out,
		 struct err *e)
{
	struct backup_checked c = { .bytes = size_of(file) };
	struct manifest found = { 0 };
	int rc;

	remove_database(database);
	if (access(file, R_OK))
		return file_error(e, "read", file);
	c.plain = is_database(file);
	rc = c.plain ? copy_plain(file, database, e)
		     : read_archive(file, database, &c.manifest, e);
	if (!rc)
		rc = look_at_copy(database, &found, NULL, e);
	if (!rc && c.plain)
		c.manifest = found;
	else if (!rc)
		rc = compare(&c.manifest, &found, e);
	if (rc) {
		remove_database(database);
		manifest_free(&c.manifest);
		return rc;
	}
	*out = c;
	return 0;
}

/* Reads the backup back in the same way as a restore does. */
static int read_back(struct making *m, struct err *e)
{
	struct manifest found = { 0 };
	int rc;

	if (!tell(m->args, PACK_SHARE, "reading it back"))
		return ended(e);
	rc = read_archive(m->part, NULL, &found, e);
	manifest_free(&found);
	return rc;
}

static int make_archive(struct making *m, struct err *e)
{
	int rc;

	if (!tell(m->args, COPY_SHARE, "looking at every page"))
		return ended(e);
	snprintf(m->manifest.program, sizeof(m->manifest.program), "trading-bot %s", VERSION);
	manifest_key_name(m->args->config->master_key_file, m->manifest.key_name);
	rc = look_at_copy(m->copy, &m->manifest, &m->models, e);
	if (!rc)
		rc = list_file(&m->manifest, MANIFEST_DATABASE, m->copy, e);
	if (!rc)
		rc = list_models(m, e);
	fault_step();
	if (!rc)
		rc = pack(m, e);
	fault_step();
	return rc ? rc : read_back(m, e);
}

static int make_plain(struct making *m, struct err *e)
{
	int rc = look_at_copy(m->copy, &m->manifest, NULL, e);

	if (!rc && rename(m->copy, m->part))
		rc = file_error(e, "write", m->part);
	return rc;
}

static int make(struct making *m, struct err *e)
{
	int rc = choose_names(m, e);

	if (!rc)
		rc = check_room(m, e);
	if (!rc)
		rc = copy_database(m, e);
	fault_step();
	if (!rc)
		rc = is_plain_name(m->file) ? make_plain(m, e) : make_archive(m, e);
	fault_step();
	return rc ? rc : new_file_place(m->part, m->file, m->args->force, e);
}

int backup_make(const struct backup_args *a, struct backup_made *out, struct err *e)
{
	struct making m = { .args = a, .lock_fd = -1 };
	int64_t start_us = clock_mono_us();
	struct backup_made made = { 0 };
	int rc = make(&m, e);

	if (m.copy[0])
		remove_database(m.copy);
	if (!rc) {
		memcpy(made.file, m.file, sizeof(made.file));
		made.bytes = size_of(m.file);
		made.database_bytes = m.manifest.files_n ? m.manifest.files[0].bytes : made.bytes;
		made.models = m.manifest.files_n ? m.manifest.files_n - 1 : 0;
		made.missing = m.missing.n;
		if (!a->file)
			made.removed = rotation_remove(a->config, m.file);
		made.took_us = clock_mono_us() - start_us;
		*out = made;
	} else if (m.part[0]) {
		(void)unlink(m.part);
	}
	manifest_free(&m.manifest);
	free(m.models.list);
	free(m.missing.list);
	if (m.lock_fd >= 0)
		close(m.lock_fd);
	return rc;
}

void backup_report(const struct backup_made *made, struct json *j)
{
	json_string(j, "file", made->file);
	json_int(j, "bytes", made->bytes);
	json_int(j, "database_bytes", made->database_bytes);
	json_double(j, "took_s", (double)made->took_us / (double)US_PER_S);
	json_int(j, "models", (int64_t)made->models);
	json_int(j, "models_missing", (int64_t)made->missing);
	json_int(j, "old_removed", (int64_t)made->removed);
}

/* ---- models ---- */

/* Writes beside the model's name first, so that a file with a model's name is complete. */
static int extract_model(struct archive_reader *r, const struct manifest_file *f,
			 const char *data_dir, size_t *n, struct err *e)
{
	char path[PART_MAX], part[PART_MAX + 8], sha256[SHA256_HEX_MAX];
	int rc;

	snprintf(path, sizeof(path), "%.1024s/%s", data_dir, f->name);
	if (size_of(path) == f->bytes && crypto_sha256_file(path, sha256, NULL) == 0 &&
	    strcmp(sha256, f->sha256) == 0)
		return 0;
	snprintf(part, sizeof(part), "%s.part", path);
	rc = archive_extract(r, part, sha256, e);
	if (!rc && strcmp(sha256, f->sha256) != 0)
		rc = err_set(e, ERR_CORRUPT, "%s in the backup is damaged", f->name);
	if (!rc && rename(part, path))
		rc = file_error(e, "write", path);
	if (rc)
		(void)unlink(part);
	else
		file_sync_folder(path);
	*n += !rc;
	return rc;
}

int backup_extract_models(const char *file, const char *data_dir, size_t *n, struct err *e)
{
	struct archive_reader *r = NULL;
	struct manifest m = { 0 };
	struct archive_entry entry;
	char folder[PART_MAX];
	size_t written = 0;
	int rc = archive_open(file, &r, e);

	if (rc)
		return rc;
	snprintf(folder, sizeof(folder), "%.1024s/models", data_dir);
	rc = read_manifest(r, &m, e);
	if (!rc)
		rc = file_mkdirs(folder, e);
	while (!rc && !(rc = archive_next(r, &entry, e))) {
		const struct manifest_file *f = manifest_find(&m, entry.name);

		if (f && strncmp(entry.name, "models/", 7) == 0)
			rc = extract_model(r, f, data_dir, &written, e);
	}
	if (rc == ERR_END) {
		*n = written;
		rc = 0;
	}
	manifest_free(&m);
	archive_close(r);
	return rc;
}
