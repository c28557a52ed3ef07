/*
 * row.h - wide tables: one list of columns writes a row from a struct and reads it back.
 *
 *	static const struct row_column columns[] = {
 *		ROW(struct trade, ROW_INT, id, .use = ROW_KEY),
 *		ROW(struct trade, ROW_PRICE, limit_price, .use = ROW_ONCE),
 *		ROW(struct trade, ROW_QTY, filled),
 *	};
 *	static const struct row_table trades = ROW_TABLE("trades", columns);
 *	ROW_SQL(save_trade, trades, NULL);
 *	ROW_SQL(open_trades, trades, "WHERE status != 'closed' ORDER BY id");
 *
 * A new column is a line here, a member of the struct and a step of the schema.
 */
#ifndef COMMON_DB_ROW_H
#define COMMON_DB_ROW_H

#include "common/buf.h"
#include "common/db/stmt.h"

#include <stdbool.h>
#include <stddef.h>

enum row_type {
	ROW_INT,	/* int64_t; ROW_INT32: int */
	ROW_INT32,
	ROW_BOOL,
	ROW_REAL,	/* double */
	ROW_TEXT,	/* char[size] */
	ROW_PRICE,	/* amounts are written as the nearest REAL: stmt_near_price and so on */
	ROW_QTY,
	ROW_MONEY,
	ROW_TIME,	/* int64_t of which 0 is NULL */
	ROW_NO_PRICE,	/* struct price of which 0 is NULL */
	ROW_WORD,	/* an enum by its name: words */
	ROW_PUT,	/* no member: put binds it; not read unless there is a get */
	ROW_GIVEN	/* no member: the caller binds it, or insert says it */
};

enum {
	ROW_KEY = 1,	/* part of the key: a row with it is updated; without any it must be new */
	ROW_ONCE = 2,	/* written with a new row, never changed */
	ROW_UNREAD = 4	/* row_select leaves it out, as all of ROW_PUT and ROW_GIVEN */
};

/* The names of an enum that is as large as an int. */
struct row_words {
	const char *(*name)(int value);
	bool (*parse)(const char *name, int *out);	/* false: it is none of them */
};
/* words_of_x: made of x_name(enum) and x_parse(name, &enum), which returns 0 or an error. */
#define ROW_WORDS(x, type) \
	static const char *word_of_##x(int v) { return x##_name((type)v); } \
	static bool value_of_##x(const char *name, int *out) \
	{ \
		type v; \
		bool ok = name && x##_parse(name, &v) == 0; \
 \
		if (ok) \
			*out = (int)v; \
		return ok; \
	} \
	_Static_assert(sizeof(type) == sizeof(int), #x); \
	static const struct row_words words_of_##x = { word_of_##x, value_of_##x }

struct row_column {
	const char *name;
	enum row_type type;
	size_t offset, size;		/* of the member; size of ROW_TEXT */
	unsigned use;			/* ROW_KEY | ROW_ONCE | ROW_UNREAD */
	int since;			/* version of the schema; an older file's is read as NULL */
	const struct row_words *words;
	void (*put)(struct stmt *s, int index, const void *row);	/* in place of its member */
	bool (*get)(struct stmt *s, int col, void *row);	/* of ROW_PUT; false: can't */
	const char *insert;		/* an expression in place of its value; NULL: none */
	const char *update;		/* the same when the row is there; NULL: as inserted */
};
#define ROW_MEMBER(row, kind, column, member, ...) \
	{ .name = column, .type = kind, .offset = offsetof(row, member), \
	  .size = sizeof(((row *)0)->member), __VA_ARGS__ }
#define ROW(row, kind, member, ...) ROW_MEMBER(row, kind, #member, member, __VA_ARGS__)

struct row_table {
	const char *name;
	const struct row_column *columns;
	size_t n;
	const char *where;		/* a new row only where this holds; NULL: always */
};
#define ROW_TABLE(table, list) \
	{ .name = table, .columns = list, .n = sizeof(list) / sizeof((list)[0]) }

/* A statement made of a table's columns, at its first use. */
struct row_sql {
	const struct row_table *table;
	const char *tail;		/* behind "FROM <table>"; NULL: it saves a row */
	int schema;			/* of the database that text fits, -1 none yet */
	struct buf text;
};
/* Defines one, and puts it into the list of row_statements. */
#define ROW_SQL(variable, rows, behind) \
	static struct row_sql variable = { &(rows), behind, -1, { 0 } }; \
	static struct row_sql *const listed_##variable \
		__attribute__((section("row_sql"), used)) = &variable

/*
 * Inserts a row, or updates the one with its key. Column i of the list is parameter i + 1;
 * ROW_GIVEN ones are the caller's to bind before stmt_run.
 */
MUST_CHECK int row_save(struct db *db, struct row_sql *q, const void *row, struct stmt **out,
			struct err *e);
/* The columns that are read, of the rows that the tail picks; its parameters are to be bound. */
MUST_CHECK int row_select(struct db *db, struct row_sql *q, struct stmt **out, struct err *e);
/* (tests) The text of each ROW_SQL of the program, for a database with this schema. */
void row_statements(int schema, void (*each)(void *ctx, const char *sql), void *ctx);
/*
 * The row that a statement of row_select stands on, into *row; other members stay as they are.
 * False: a word is none of its enum's, or a get can't read its column.
 */
MUST_CHECK bool row_read(struct stmt *s, const struct row_table *t, void *row);

#endif
