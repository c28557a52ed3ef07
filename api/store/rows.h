/*
 * rows.h - writes rows of the database as JSON by a table of columns, and pages of them.
 *
 * A statement must have its columns in the table's order. The keys are the column names;
 * times lose their "_us".
 */
#ifndef API_STORE_ROWS_H
#define API_STORE_ROWS_H

#include "common/db/db.h"
#include "common/json.h"

#include <stdbool.h>
#include <stdint.h>

enum column_type {
	COL_INT,
	COL_BOOL,	/* 0 or 1 */
	COL_REAL,
	COL_PRICE, COL_QTY, COL_MONEY,	/* as amount_json */
	COL_TEXT,	/* as it is */
	COL_LOWER,	/* lower case: "RUNNING" -> "running" */
	COL_NULLTEXT,	/* "" becomes null */
	COL_TIME,	/* us -> RFC 3339; NULL and 0 become null */
	COL_NULLINT,	/* 0 becomes null: references such as model_id */
	COL_JSON,	/* as raw_json */
	COL_MEANING,	/* a bot's settings as JSON: their fractions in words */
	COL_HIDDEN	/* for the cursor only; key is "" */
};

struct column {
	const char *key;	/* NULL ends the table */
	enum column_type type;
};

/*
 * A part of a list, newest first. A row's place in the list is its first column (an id, or a
 * time in us) or, if that is not unique, its first two columns.
 */
struct page {
	int64_t limit;			/* rows at most */
	int64_t before, before2;	/* only rows whose place is less; INT64_MAX: all */
	bool pair;			/* the place is two columns */
	uint32_t list;			/* which list: in its cursors; 0: not said */
};

#define PAGE_LIMIT 50
#define PAGE_LIMIT_MAX 500

/* Binds "before" and the number of rows to read (one more, to know whether there are more). */
void page_bind(struct stmt *s, int before_index, int limit_index, const struct page *p);
/* As page_bind, for a place of two columns. */
void page_bind_pair(struct stmt *s, int before_index, int before2_index, int limit_index,
		    const struct page *p);
/*
 * "123" or "123.4", in front of it "<hex of the list>-": as page_next wrote it. false when it is
 * neither, or of another list than p's. Without a list's number it is taken for p's.
 */
bool page_cursor(const char *text, struct page *p);
#define PAGE_CURSOR_MAX 64
/* The cursor behind the row of this place (last2: of a pair). */
void page_next(const struct page *p, int64_t last, int64_t last2, char out[PAGE_CURSOR_MAX]);

/*
 * Writes a price, quantity or amount of money from a REAL, exact to 8 decimals. A sum over
 * many rows that is too large for that is written as a plain double.
 */
void amount_json(struct json *j, const char *key, double v);

/* Writes text in lower case: "RUNNING" -> "running". NULL becomes null. */
void lower_json(struct json *j, const char *key, const char *text);

/*
 * Writes a column that holds JSON text. Text that is not JSON becomes {"text": ...}, because
 * people also write rows and the answer must stay valid JSON. NULL becomes null.
 */
void raw_json(struct json *j, const char *key, const char *text);

/* The members of one row, into an object that the caller opened. */
void row_members(struct json *j, struct stmt *s, const struct column *cols);
/*
 * "key": [ {row}, ... ], "next_cursor": the place of the last row shown, or null
 * when there are no more.
 */
MUST_CHECK int rows_page(struct json *j, const char *key, struct stmt *s,
			 const struct column *cols, const struct page *p, struct err *e);
/*
 * The same of several statements with the same columns, each newest first: their rows go into
 * one list. SQLite would sort them once more, with all their columns.
 */
MUST_CHECK int rows_pages(struct json *j, const char *key, struct stmt *const *list, size_t n,
			  const struct column *cols, const struct page *p, struct err *e);
/* "key": [ {row}, ... ], all of them. */
MUST_CHECK int rows_all(struct json *j, const char *key, struct stmt *s,
			const struct column *cols, struct err *e);
/* The members of the only row; ERR_NOT_FOUND with "what id" when there is none. */
MUST_CHECK int rows_one(struct json *j, struct stmt *s, const struct column *cols,
			const char *what, int64_t id, struct err *e);

#endif
