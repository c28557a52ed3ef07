/* docs/DATABASE.md and the comments in schema/ against the database itself. */
#include "common/db/migrate.h"
#include "common/db/policy.h"
#include "common/file.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define DOC "docs/DATABASE.md"

static struct buf doc;
static struct db *db;
static struct err e;

static int setup(void **state)
{
	(void)state;
	if (file_read(DOC, 1 << 20, &doc, &e) || db_open(":memory:", DB_WORKER, &db, &e)) {
		print_error("%s (run from the project's folder)\n", e.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&doc);
	db_close(db);
	return 0;
}

/* "| `name` | written by | holds |": the second cell into owner; false without such a line. */
static bool owner_in_doc(const char *table, char *owner, size_t size)
{
	char head[80];
	const char *line, *end;

	snprintf(head, sizeof(head), "\n| `%s` | ", table);
	line = strstr(doc.data, head);
	if (!line)
		return false;
	line += strlen(head);
	end = strstr(line, " |");
	snprintf(owner, size, "%.*s", (int)(end - line), line);
	return true;
}

static void check_owner(const char *table, const char *owner)
{
	static const struct { enum db_role role; const char *word; } roles[] = {
		{ DB_API, "api" }, { DB_CLI, "cli" },
	};

	for (size_t i = 0; i < 2; i++) {
		enum db_role role = roles[i].role;
		bool may = db_policy_write(role, DB_INSERT, table, NULL) ||
			   db_policy_write(role, DB_UPDATE, table, "answer") ||
			   db_policy_write(role, DB_UPDATE, table, "accepted_us");

		if (may != (strstr(owner, roles[i].word) != NULL))
			fail_msg("%s: may the %s write it? %s says \"%s\"", table, roles[i].word,
				 DOC, owner);
	}
}

static void test_every_table_is_listed(void **state)
{
	static const char SQL[] =
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
	char owner[100];
	struct stmt *s;
	int n = 0;

	(void)state;
	assert_int_equal(db_stmt(db, SQL, &s, &e), 0);
	for (; stmt_step(s, &e) == STMT_ROW; n++) {
		if (!owner_in_doc(stmt_text(s, 0), owner, sizeof(owner)))
			fail_msg("table %s has no line in " DOC, stmt_text(s, 0));
		check_owner(stmt_text(s, 0), owner);
	}
	assert_true(n > 25);
	for (const char *p = doc.data; (p = strstr(p, "\n| `")); p++)
		n--;
	if (n)
		fail_msg("%d more tables in " DOC " than in the schema", -n);
}

/* Runs what stands between "```sql" and "```". */
static void test_queries_run(void **state)
{
	int n = 0;

	(void)state;
	for (const char *p = doc.data; (p = strstr(p, "\n```sql\n")); n++) {
		const char *end = strstr(p + 8, "\n```");
		char *sql;

		assert_non_null(end);
		sql = strndup(p + 8, (size_t)(end - p - 8));
		assert_non_null(sql);
		if (db_exec(db, sql, &e))
			fail_msg("%s\n%s", e.msg, sql);
		free(sql);
		p = end;
	}
	assert_true(n >= 8);
}

static void check_column(const char *line, const char *end, const char *table)
{
	char name[64], type[16];
	const char *comment = memmem(line, (size_t)(end - line), "-- ", 3);

	if (sscanf(line, "\t%63[a-z0-9_] %15[A-Z]", name, type) != 2)
		return;
	if (strcmp(type, "INTEGER") != 0 && strcmp(type, "REAL") != 0)
		return;
	if (!comment || end - comment < 4)
		fail_msg("numeric column %s.%s has no unit comment", table, name);
}

/* Each line of a CREATE TABLE; above it stands who writes the table. */
static void check_schema(const char *sql)
{
	char table[64] = "", before[256] = "";

	for (const char *line = sql; *line;) {
		const char *end = strchrnul(line, '\n');

		if (sscanf(line, "CREATE TABLE %63[a-z_]", table) == 1) {
			if (!strstr(before, " by: "))
				fail_msg("no comment says who writes %s", table);
		} else if (*line == ')') {
			table[0] = '\0';
		} else if (table[0]) {
			check_column(line, end, table);
		}
		if (*line != '-')
			before[0] = '\0';
		else if (!before[0])
			snprintf(before, sizeof(before), "%.*s", (int)(end - line), line);
		line = *end ? end + 1 : end;
	}
}

static void test_schema_comments(void **state)
{
	(void)state;
	for (unsigned i = 0; i < migrations_count; i++)
		check_schema(migrations[i].sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_is_listed),
		cmocka_unit_test(test_queries_run),
		cmocka_unit_test(test_schema_comments),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
