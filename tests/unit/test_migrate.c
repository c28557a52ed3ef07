#include "common/db/backup.h"
#include "common/db/check.h"
#include "common/db/migrate.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#define OK_1 { 1, "0001_first", "CREATE TABLE a(id INTEGER PRIMARY KEY, t TEXT) STRICT;\n" \
	"INSERT INTO a(t) VALUES ('one');" }
#define OK_2 { 2, "0002_second", "ALTER TABLE a ADD COLUMN n INTEGER; UPDATE a SET n = 5;" }

static const struct migration good[] = {
	OK_1, OK_2,
	/* A rebuilt table that another refers to: needs foreign keys to rest. */
	{ 3, "0003_third", "CREATE TABLE b(a_id INTEGER REFERENCES a(id)) STRICT;"
		"INSERT INTO b VALUES (1); CREATE TABLE c(id INTEGER PRIMARY KEY, t TEXT) STRICT;"
		"INSERT INTO c SELECT id, t FROM a; DROP TABLE a; ALTER TABLE c RENAME TO a;" },
};
static const struct migration failing[] = {
	OK_1, OK_2, { 3, "0003_bad", "DELETE FROM a; CREATE TABLE a(x);" },
};
static const struct migration dangling[] = {
	OK_1, OK_2,
	{ 3, "0003_dangling", "CREATE TABLE b(a_id INTEGER REFERENCES a(id)) STRICT;"
		"INSERT INTO b VALUES (9)" },
};

static struct err e;

/* A connection in WAL mode that did not run the program's own schema. */
static struct db *open_raw(const char *name)
{
	struct db *db = NULL;

	memset(&e, 0, sizeof(e));
	if (db_open(scratch_path(name), DB_TOOL, &db, &e) ||
	    db_exec(db, "PRAGMA journal_mode = WAL", &e))
		fail_msg("%s", e.msg);
	return db;
}

static int64_t ask(struct db *db, const char *sql)
{
	struct stmt *s;
	int64_t v;

	if (db_stmt(db, sql, &s, &e))
		return -1;
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

static bool exists(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

static const char SQL_ROWS[] = "SELECT count(*) FROM a";
static const char SQL_SUM_N[] = "SELECT sum(n) FROM a";
static const char SQL_FK[] = "PRAGMA foreign_keys";

static void test_steps(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 1, &e), 0);
	assert_int_equal(db_schema_version(db), 1);
	assert_false(exists("app.db.v0.bak")); /* there was nothing to keep */
	assert_int_equal(migrate_run(db, good, 1, &e), 0);
	assert_int_equal(ask(db, SQL_ROWS), 1);
	assert_int_equal(migrate_run(db, good, 3, &e), 0);
	assert_int_equal(db_schema_version(db), 3);
	/* Who goes back goes to what ran before, not to a version in between. */
	assert_true(exists("app.db.v1.bak") && !exists("app.db.v2.bak"));
	assert_int_equal(ask(db, SQL_ROWS), 1);
	assert_int_equal(ask(db, SQL_FK), 1);
	assert_false(db_in_transaction(db));
	db_close(db);
}

/* A new file is made in one go: no half of it is seen, or kept as a copy. */
static void test_new_file(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 3, &e), 0);
	assert_int_equal(db_schema_version(db), 3);
	assert_int_equal(ask(db, SQL_ROWS), 1);
	assert_false(exists("app.db.v1.bak") || exists("app.db.v2.bak"));
	db_close(db);
}

/* The copy is the file as it was before the step. */
static void test_backup(void **state)
{
	struct db *db = open_raw("app.db"), *copy;

	(void)state;
	assert_int_equal(migrate_run(db, good, 1, &e), 0);
	assert_int_equal(db_exec(db, "INSERT INTO a(t) VALUES ('two')", &e), 0);
	assert_int_equal(migrate_run(db, good, 2, &e), 0);
	copy = open_raw("app.db.v1.bak");
	assert_int_equal(db_schema_version(copy), 1);
	assert_int_equal(ask(copy, SQL_ROWS), 2);
	assert_int_equal(ask(copy, SQL_SUM_N), -1); /* no such column yet */
	assert_int_equal(db_check(copy, &e), 0);
	/* It can be used in place of the file. */
	assert_int_equal(migrate_run(copy, good, 3, &e), 0);
	assert_int_equal(ask(copy, SQL_ROWS), 2);
	db_close(copy);
	db_close(db);
}

/* Copies of two versions stay, whatever else is in the folder. */
static void test_old_copies_go(void **state)
{
	static const char *const others[] = {
		"app.db.v1.bak.keep", "app.db.vx.bak", "app.db.before-restore-1", "xapp.db.v0.bak",
	};
	struct migration list[5] = { OK_1 };
	char name[32];
	struct db *db = open_raw("app.db");

	(void)state;
	for (size_t i = 0; i < 4; i++)
		fclose(fopen(scratch_path(others[i]), "w"));
	for (unsigned v = 2; v <= 5; v++)
		list[v - 1] = (struct migration){ v, "step", "UPDATE a SET t = 'x'" };
	assert_int_equal(migrate_run(db, list, 1, &e), 0);
	for (unsigned v = 2; v <= 5; v++) {
		assert_int_equal(migrate_run(db, list, v, &e), 0);
		for (unsigned old = 1; old < v; old++) {
			snprintf(name, sizeof(name), "app.db.v%u.bak", old);
			assert_int_equal(exists(name), old + 2 >= v);
		}
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(exists(others[i]));
	db_close(db);
}

static void check_failure(const struct migration *list, const char *part, int code)
{
	struct db *db = open_raw("app.db");

	assert_int_equal(migrate_run(db, list, 3, &e), code);
	assert_non_null(strstr(e.msg, part));
	assert_non_null(strstr(e.msg, "is unchanged"));
	assert_int_equal(db_schema_version(db), 2);
	assert_int_equal(ask(db, SQL_ROWS), 1);
	assert_int_equal(ask(db, SQL_SUM_N), 5);
	assert_int_equal(ask(db, SQL_FK), 1);
	assert_false(db_in_transaction(db));
	db_close(db);
}

static void test_failing_step(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 2, &e), 0);
	db_close(db);
	check_failure(failing, "0003_bad", ERR_INVALID);
	check_failure(failing, "0003_bad", ERR_INVALID);
	check_failure(dangling, "0003_dangling", ERR_CORRUPT);
	/* The repaired program goes on from there. */
	db = open_raw("app.db");
	assert_int_equal(migrate_run(db, good, 3, &e), 0);
	assert_int_equal(db_schema_version(db), 3);
	db_close(db);
}

static void test_newer(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 3, &e), 0);
	assert_int_equal(migrate_run(db, good, 2, &e), ERR_NEWER);
	assert_non_null(strstr(e.msg, "has schema version 3 and this program knows 2"));
	assert_non_null(strstr(e.msg, "app.db.v2.bak"));
	assert_int_equal(db_schema_version(db), 3);
	db_close(db);
}

static void test_other_program(void **state)
{
	static const char *const made_by[] = {
		"CREATE TABLE contacts(name)",
		"PRAGMA user_version = 1; CREATE TABLE contacts(name)",
		"PRAGMA application_id = 7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(made_by) / sizeof(made_by[0]); i++) {
		char name[32];
		struct db *db;

		snprintf(name, sizeof(name), "other%zu.db", i);
		db = open_raw(name);
		assert_int_equal(db_exec(db, made_by[i], &e), 0);
		assert_int_equal(migrate_run(db, good, 3, &e), ERR_CORRUPT);
		assert_non_null(strstr(e.msg, "another program"));
		db_close(db);
	}
}

/* No copy, no change. */
static void test_backup_impossible(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 1, &e), 0);
	/* A folder stands where the copy is written first. */
	assert_int_equal(mkdir(scratch_path("app.db.v1.bak.part"), 0700), 0);
	assert_int_equal(migrate_run(db, good, 2, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "no schema change without a copy"));
	assert_int_equal(db_schema_version(db), 1);
	db_close(db);
}

/* ---- several processes at once ---- */

#define PROCESSES 6
static int gate[2];

static int wait_and_migrate(void *arg)
{
	struct db *db;
	char go;
	int rc;

	(void)arg;
	close(gate[1]);
	if (read(gate[0], &go, 1) != 0) /* all start when the parent closes its end */
		return 100;
	if (db_open(scratch_path("app.db"), DB_TOOL, &db, &e) ||
	    db_exec(db, "PRAGMA journal_mode = WAL", &e))
		return 1;
	rc = migrate_run(db, good, 3, &e);
	db_close(db);
	return -rc;
}

static int wait_and_open(void *arg)
{
	struct db *db;
	char go;
	int rc;

	(void)arg;
	close(gate[1]);
	if (read(gate[0], &go, 1) != 0)
		return 100;
	rc = db_open(scratch_path("new/app.db"), getpid() % 2 ? DB_API : DB_WORKER, &db, &e);
	if (rc)
		fprintf(stderr, "%s\n", e.msg);
	else
		db_close(db);
	return -rc;
}

static void run_together(int (*work)(void *))
{
	pid_t pids[PROCESSES];

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(work(NULL));
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

static void test_at_once(void **state)
{
	struct db *db = open_raw("app.db");

	(void)state;
	assert_int_equal(migrate_run(db, good, 1, &e), 0);
	db_close(db);
	run_together(wait_and_migrate);
	db = open_raw("app.db");
	assert_int_equal(db_schema_version(db), 3);
	assert_int_equal(ask(db, SQL_ROWS), 1);
	db_close(db);
}

/* Both programs' very first start, on a folder that is not there. */
static void test_first_start_at_once(void **state)
{
	static const char SQL_BOTS[] = "SELECT count(*) FROM bots";
	struct db *db;

	(void)state;
	for (int round = 0; round < 5; round++) {
		run_together(wait_and_open);
		assert_int_equal(db_open(scratch_path("new/app.db"), DB_WORKER, &db, &e), 0);
		assert_int_equal(ask(db, SQL_BOTS), 1);
		assert_int_equal(db_check(db, &e), 0);
		db_close(db);
		unlink(scratch_path("new/app.db"));
		rmdir(scratch_path("new"));
	}
}

static void test_embedded(void **state)
{
	(void)state;
	assert_true(migrations_count >= 1);
	for (unsigned i = 0; i < migrations_count; i++)
		assert_int_equal(migrations[i].version, i + 1);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_steps),
		WITH_FOLDER(test_new_file),
		WITH_FOLDER(test_backup),
		WITH_FOLDER(test_old_copies_go),
		WITH_FOLDER(test_failing_step),
		WITH_FOLDER(test_newer),
		WITH_FOLDER(test_other_program),
		WITH_FOLDER(test_backup_impossible),
		WITH_FOLDER(test_at_once),
		WITH_FOLDER(test_first_start_at_once),
		cmocka_unit_test(test_embedded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
