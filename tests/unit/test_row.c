/* A table's columns write a struct and read it back: each type, a new row and a known one. */
#include "common/db/db.h"
#include "common/db/row.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

enum colour { RED, GREEN };

static const char *colour_name(enum colour c)
{
	return c == RED ? "red" : "green";
}

static int colour_parse(const char *name, enum colour *out)
{
	*out = strcmp(name, "green") == 0 ? GREEN : RED;
	return strcmp(name, "green") == 0 || strcmp(name, "red") == 0 ? 0 : ERR_INVALID;
}
ROW_WORDS(colour, enum colour);

struct thing {
	int64_t id, when_us, never_us;
	int n;
	bool yes;
	double ratio;
	char name[8];
	struct price price, no_price;
	struct qty qty;
	struct money money;
	enum colour colour;
	int64_t first, unread;
};

static void put_double(struct stmt *s, int index, const void *row)
{
	stmt_bind_int(s, index, 2 * ((const struct thing *)row)->n);
}

#define T(type, member, ...) ROW(struct thing, type, member, __VA_ARGS__)

static const struct row_column columns[] = {
	T(ROW_INT, id, .use = ROW_KEY),
	{ .name = "mode", .type = ROW_GIVEN },
	T(ROW_TIME, when_us), T(ROW_TIME, never_us), T(ROW_INT32, n), T(ROW_BOOL, yes),
	T(ROW_REAL, ratio), T(ROW_TEXT, name), T(ROW_PRICE, price), T(ROW_NO_PRICE, no_price),
	T(ROW_QTY, qty), T(ROW_MONEY, money),
	T(ROW_WORD, colour, .words = &words_of_colour),
	T(ROW_INT, first, .use = ROW_ONCE),
	T(ROW_INT, unread, .use = ROW_UNREAD),
	{ .name = "twice", .type = ROW_PUT, .put = put_double },
	{ .name = "changes", .type = ROW_GIVEN, .insert = "?1 - ?1", .update = "changes + 1" },
};
static const struct row_table things = {
	.name = "things", .columns = columns, .n = sizeof(columns) / sizeof(columns[0]),
	.where = "?1 < 100",
};
ROW_SQL(save_thing, things, NULL);
ROW_SQL(one_thing, things, "WHERE id = ?1");
static const char SQL_TABLE[] =
	"CREATE TABLE things(id INTEGER PRIMARY KEY, mode TEXT, when_us INTEGER,"
	" never_us INTEGER, n INTEGER, yes INTEGER, ratio REAL, name TEXT, price REAL,"
	" no_price REAL, qty REAL, money REAL, colour TEXT, first INTEGER, unread INTEGER,"
	" twice INTEGER, changes INTEGER) STRICT";

static struct db *db;
static struct err e;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_TOOL, &db, &e))
		return -1;
	return db_exec(db, SQL_TABLE, &e);
}

static int teardown(void **state)
{
	db_close(db);
	return scratch_teardown(state);
}

static void save(const struct thing *t, const char *mode)
{
	struct stmt *s;

	assert_int_equal(row_save(db, &save_thing, t, &s, &e), 0);
	stmt_bind_text(s, 2, mode);
	if (stmt_run(s, &e))
		fail_msg("%s", e.msg);
}

static bool load(struct thing *t)
{
	struct stmt *s;
	bool ok;

	memset(t, 0, sizeof(*t));
	assert_int_equal(row_select(db, &one_thing, &s, &e), 0);
	stmt_bind_int(s, 1, 7);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	ok = row_read(s, &things, t);
	stmt_done(s);
	return ok;
}

static int64_t number(const char *text)
{
	struct stmt *s;
	int64_t v;

	if (db_stmt(db, text, &s, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

/* With no byte that memset has not set, because all are compared. */
static void fill(struct thing *t)
{
	memset(t, 0, sizeof(*t));
	t->id = 7;
	t->when_us = INT64_C(1770000000000000);
	t->n = -3;
	t->yes = true;
	t->ratio = 0.1;
	memcpy(t->name, "seven77", 8);
	assert_int_equal(price_parse("50000.01", &t->price), 0);
	assert_int_equal(qty_parse("0.00000001", &t->qty), 0);
	assert_int_equal(money_parse("-12.5", &t->money), 0);
	t->colour = GREEN;
	t->first = 1;
}

static void every_type_comes_back(void **state)
{
	struct thing t, back;

	(void)state;
	fill(&t);
	t.unread = 9;
	save(&t, "paper");
	assert_true(load(&back));
	t.unread = 0;
	assert_memory_equal(&t, &back, sizeof(t));
	assert_int_equal(number("SELECT never_us IS NULL AND no_price IS NULL AND mode = 'paper'"
				" AND colour = 'green' AND unread = 9 AND twice = -6"
				" AND changes = 0 FROM things"), 1);
}

static void a_known_row_is_updated(void **state)
{
	struct thing t, back;

	(void)state;
	fill(&t);
	save(&t, "paper");
	t.first = 2;
	t.n = 4;
	t.colour = RED;
	save(&t, "live");
	assert_true(load(&back));
	assert_int_equal(back.n, 4);
	assert_int_equal(back.colour, RED);
	assert_int_equal(back.first, 1);
	assert_int_equal(number("SELECT count(*) + sum(changes) FROM things"), 2);
	t.id = 100;	/* where does not hold */
	save(&t, "live");
	assert_int_equal(number("SELECT count(*) FROM things"), 1);
}

static void a_word_of_another(void **state)
{
	struct thing t, back;

	(void)state;
	fill(&t);
	save(&t, "paper");
	assert_int_equal(db_exec(db, "UPDATE things SET colour = 'blue'", &e), 0);
	assert_false(load(&back));
	assert_int_equal(back.first, 1);	/* the rest is there, for the sentence */
	assert_int_equal(db_exec(db, "UPDATE things SET colour = NULL", &e), 0);
	assert_false(load(&back));
}

/* Also "things" of before it had the last columns can be read. */
static const struct row_column old_columns[] = {
	T(ROW_INT, id), T(ROW_INT, first, .since = 3), T(ROW_TEXT, name),
};
static const struct row_table old_things = ROW_TABLE("old_things", old_columns);
ROW_SQL(old_thing, old_things, "WHERE id = ?1");

static int64_t first_of_old(void)
{
	struct thing t = { .first = -1 };
	struct stmt *s;

	assert_int_equal(row_select(db, &old_thing, &s, &e), 0);
	stmt_bind_int(s, 1, 7);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	assert_true(row_read(s, &old_things, &t));
	stmt_done(s);
	assert_int_equal(t.id, 7);
	assert_string_equal(t.name, "x");
	return t.first;
}

static void an_older_file(void **state)
{
	(void)state;
	assert_int_equal(db_exec(db, "PRAGMA user_version = 2;"
				 " CREATE TABLE old_things(id INTEGER, name TEXT) STRICT;"
				 " INSERT INTO old_things VALUES (7, 'x')", &e), 0);
	assert_int_equal(first_of_old(), 0);
	assert_int_equal(db_exec(db, "ALTER TABLE old_things ADD COLUMN first INTEGER;"
				 " UPDATE old_things SET first = 5;"
				 " PRAGMA user_version = 3", &e), 0);
	assert_int_equal(first_of_old(), 5);
}

static void count_statement(void *ctx, const char *text)
{
	assert_non_null(strstr(text, "things"));
	*(int *)ctx += 1;
}

static void statements_are_listed(void **state)
{
	int n = 0;

	(void)state;
	row_statements(2, count_statement, &n);
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_type_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_known_row_is_updated, setup, teardown),
		cmocka_unit_test_setup_teardown(a_word_of_another, setup, teardown),
		cmocka_unit_test_setup_teardown(an_older_file, setup, teardown),
		cmocka_unit_test(statements_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
