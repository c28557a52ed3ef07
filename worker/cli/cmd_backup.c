/*
 * backup: makes a backup now, lists the backups, or verifies one.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/db/migrate.h"
#include "common/file.h"
#include "worker/backup/backup.h"
#include "worker/backup/new_file.h"
#include "worker/backup/rotation.h"
#include "worker/cli/cli.h"
#include "worker/store/backup.h"
#include "worker/store/jobs.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
	"Usage: trading-bot backup [FILE]       into BACKUP_DIR, or FILE; FILE.db: database alone\n"
	"       trading-bot backup --force FILE also over a file that is there\n"
	"       trading-bot backup list         what is in BACKUP_DIR\n"
	"       trading-bot backup verify FILE  is it whole and sound?\n"
	"       trading-bot backup try FILE     the same, and would this version's migration go "
	"through on it?\n";

static int failed(const struct err *e)
{
	fprintf(stderr, "trading-bot: %s\n", e->msg);
	return 1;
}

/* Opens the database without migrating it, because this may be the backup before an upgrade. */
static int open_for_note(const struct config *c, struct db **out, struct err *e)
{
	struct db *db = NULL;
	int version, rc = cli_db_open(c, DB_READ, &db, e);

	if (rc)
		return rc;
	version = db_schema_version(db);
	db_close(db);
	if (version != (int)migrations_count)
		return err_set(e, ERR_CONFLICT, "it has schema version %d, of an older program",
			       version);
	return cli_db_open(c, DB_CLI, out, e);
}

/* Adds a row for the metrics and the list of jobs; the backup is as good without it. */
static void note(const struct config *c, struct job_row *row, const struct backup_made *made,
		 const struct err *why)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	snprintf(row->kind, sizeof(row->kind), "backup");
	snprintf(row->state, sizeof(row->state), made ? "done" : "failed");
	snprintf(row->error, sizeof(row->error), "%s", made ? "" : why->msg);
	row->ended_us = clock_now_us();
	json_object(&j, NULL);
	if (made)
		backup_report(made, &j);
	json_object_end(&j);
	snprintf(row->result, sizeof(row->result), "%s", buf_text(&text));
	buf_free(&text);
	rc = open_for_note(c, &db, &e);
	if (rc == 0)
		rc = db_begin(db, &e);
	if (rc == 0) {
		rc = job_row_note_tx(db, row, "command line", &e);
		rc = db_end(db, rc, &e);
	}
	db_close(db);
	if (rc)
		fprintf(stderr, "trading-bot: not noted in the database: %s\n", e.msg);
}

static int make(const struct config *c, const char *file, bool force)
{
	struct backup_args args = { .config = c, .file = file, .force = force };
	struct job_row row = { .started_us = clock_now_us() };
	struct backup_made made;
	struct err e = { 0 };

	if (access(c->db_path, R_OK)) {
		(void)file_error(&e, "read", c->db_path);
		return failed(&e);
	}
	if (file && new_file_check(c, file, force, &e))
		return failed(&e);	/* nothing to note: no backup has failed */
	if (backup_make(&args, &made, &e)) {
		note(c, &row, NULL, &e);
		return failed(&e);
	}
	note(c, &row, &made, NULL);
	printf("backup of %s: %s, %lld bytes, %zu model files\n", c->db_path, made.file,
	       (long long)made.bytes, made.models);
	if (made.missing)
		printf("%zu registered models have no file and are not in it\n", made.missing);
	if (made.removed)
		printf("%zu old backups removed\n", made.removed);
	puts("Not in it: the master key, the API token's file and .env. Keep master.key "
	     "elsewhere.");
	return 0;
}

static int list(const struct config *c)
{
	struct rotation_file *files = NULL;
	char when[CLOCK_TEXT_MAX];
	struct err e = { 0 };
	size_t n = 0;

	if (rotation_list(c->backup_dir, &files, &n, &e))
		return failed(&e);
	for (size_t i = 0; i < n; i++)
		printf("%s  %12lld bytes  %s/%s\n", clock_text(files[i].us, when),
		       (long long)files[i].bytes, c->backup_dir, files[i].name);
	printf("%zu backups in %s\n", n, c->backup_dir);
	free(files);
	return 0;
}

static void describe(const char *file, const struct backup_checked *b)
{
	const struct manifest *m = &b->manifest;
	char when[CLOCK_TEXT_MAX];

	printf("%s is whole and sound%s\n", file,
	       b->plain ? ", as far as a file without checksums can tell" : "");
	if (b->plain)
		puts("  a plain database: its pages, references and ledger fit together. It has no "
		     "manifest, so nobody\n  can say when it was made, or whether a value or whole "
		     "rows were changed since. Models are not in it");
	else
		printf("  made %s by %s, %zu model files, %zu missing\n",
		       clock_text(m->made_us, when), m->program, m->files_n - 1, m->missing);
	printf("  schema version %d;", m->schema_version);
	for (size_t i = 0; i < m->rows.n; i++)
		if (m->rows.tables[i].rows)
			printf(" %s %lld", m->rows.tables[i].table,
			       (long long)m->rows.tables[i].rows);
	putchar('\n');
}

static char scratch[CONFIG_PATH_MAX + 32];	/* of verify; a signal must find it */

/* The unpacked database, and what a migration puts beside it. */
static void remove_scratch(void)
{
	char pattern[sizeof(scratch) + 4];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s*", scratch);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)unlink(found.gl_pathv[i]);
		globfree(&found);
	}
}

static void abandon(int number)
{
	(void)unlink(scratch);
	_exit(128 + number);
}

/* Migrates the copy as this version's first start would. */
static int migrate_scratch(int *version, struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(scratch, DB_WORKER, &db, e);

	if (rc == 0) {
		*version = db_schema_version(db);
		rc = store_backup_check(db, e);
	}
	db_close(db);
	return rc;
}

/* A folder with space for a database: beside the one in use, if there is one. */
static const char *scratch_folder(const struct config *c)
{
	const char *tmp = getenv("TMPDIR");

	if (access(c->data_dir, W_OK) == 0)
		return c->data_dir;
	return tmp && tmp[0] ? tmp : "/tmp";
}

static int verify(const struct config *c, const char *file, bool migrate)
{
	struct backup_checked checked;
	struct err e = { 0 };
	int version = 0, rc;

	snprintf(scratch, sizeof(scratch), "%s/.verify-%d.db", scratch_folder(c), (int)getpid());
	signal(SIGINT, abandon);
	signal(SIGTERM, abandon);
	rc = backup_check(file, scratch, &checked, &e);
	if (rc) {
		err_prefix(&e, "%s is no good", file);
		return failed(&e);
	}
	if (migrate)
		rc = migrate_scratch(&version, &e);
	remove_scratch();
	if (rc == 0)
		describe(file, &checked);
	if (rc == 0 && migrate)
		printf("  version " VERSION " can use it: schema version %d -> %d\n",
		       checked.manifest.schema_version, version);
	manifest_free(&checked.manifest);
	if (rc) {
		err_prefix(&e, "version " VERSION " can't use %s", file);
		return failed(&e);
	}
	return 0;
}

/* Takes the word out of the arguments; was it there? */
static bool take_force(int *argc, char **argv)
{
	int kept = 1, all = *argc;

	for (int i = 1; i < all; i++)
		if (strcmp(argv[i], "--force") != 0)
			argv[kept++] = argv[i];
	*argc = kept;
	return kept < all;
}

static int run(const struct config *c, int argc, char **argv)
{
	bool force = take_force(&argc, argv);

	if (argc == 1 && !force)
		return make(c, NULL, false);
	if (argc == 2 && !force && strcmp(argv[1], "list") == 0)
		return list(c);
	if (argc == 3 && !force && strcmp(argv[1], "verify") == 0)
		return verify(c, argv[2], false);
	if (argc == 3 && !force && strcmp(argv[1], "try") == 0)
		return verify(c, argv[2], true);
	if (argc == 2 && argv[1][0] != '-' && strcmp(argv[1], "verify") != 0 &&
	    strcmp(argv[1], "try") != 0)
		return make(c, argv[1], force);
	fputs(USAGE, stderr);
	return 2;
}

const struct cli_command cli_backup = {
	.name = "backup", .arguments = "[--force] [FILE] | list | verify | try FILE",
	.help = "copy database and models while they are in use", .run = run,
};
