#include "common/db/row.h"

#include "common/db/db.h"

#include <pthread.h>

/* The linker makes them: begin and end of the list of all ROW_SQL. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern struct row_sql *const __start_row_sql[], *const __stop_row_sql[];

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;	/* of texts */
static struct former {
	struct buf text;
	struct former *next;
} *formers;

static bool is_read(const struct row_column *c)
{
	return c->get || (c->type != ROW_PUT && c->type != ROW_GIVEN && !(c->use & ROW_UNREAD));
}

/* "a, b": the columns that have one of these uses; use 0: all. */
static void put_names(struct buf *sql, const struct row_table *t, unsigned use)
{
	const char *between = "";

	for (size_t i = 0; i < t->n; i++) {
		if (use && !(t->columns[i].use & use))
			continue;
		buf_printf(sql, "%s%s", between, t->columns[i].name);
		between = ", ";
	}
}

static void put_updates(struct buf *sql, const struct row_table *t)
{
	const char *between = "";

	for (size_t i = 0; i < t->n; i++) {
		const struct row_column *c = &t->columns[i];

		if (c->use & (ROW_KEY | ROW_ONCE))
			continue;
		buf_printf(sql, "%s%s = ", between, c->name);
		if (c->update)
			buf_puts(sql, c->update);
		else
			buf_printf(sql, "excluded.%s", c->name);
		between = ", ";
	}
}

static void put_save(struct buf *sql, const struct row_table *t)
{
	unsigned keys = 0;

	buf_printf(sql, "INSERT INTO %s(", t->name);
	put_names(sql, t, 0);
	buf_puts(sql, t->where ? ") SELECT " : ") VALUES (");
	for (size_t i = 0; i < t->n; i++) {
		buf_puts(sql, i ? ", " : "");
		if (t->columns[i].insert)
			buf_puts(sql, t->columns[i].insert);
		else
			buf_printf(sql, "?%zu", i + 1);
	}
	if (t->where)
		buf_printf(sql, " WHERE %s", t->where);
	else
		buf_putc(sql, ')');
	for (size_t i = 0; i < t->n; i++)
		keys += t->columns[i].use & ROW_KEY;
	if (!keys)
		return;
	buf_puts(sql, " ON CONFLICT(");
	put_names(sql, t, ROW_KEY);
	buf_puts(sql, ") DO UPDATE SET ");
	put_updates(sql, t);
}

static void put_select(struct buf *sql, const struct row_table *t, const char *tail, int schema)
{
	const char *between = "SELECT ";

	for (size_t i = 0; i < t->n; i++) {
		const struct row_column *c = &t->columns[i];

		if (!is_read(c))
			continue;
		buf_printf(sql, "%s%s", between, c->since > schema ? "NULL" : c->name);
		between = ", ";
	}
	buf_printf(sql, " FROM %s %s", t->name, tail);
}

/* A former text is kept, because cached statements are known by its address. */
static void put_aside(struct row_sql *q)
{
	struct former *f;

	if (!q->text.len)
		return;
	f = xcalloc(1, sizeof(*f));
	*f = (struct former){ q->text, formers };
	formers = f;
	q->text = (struct buf){ 0 };
}

static const char *text_of(struct row_sql *q, int schema)
{
	pthread_mutex_lock(&making);
	if (q->schema != schema) {
		put_aside(q);
		if (q->tail)
			put_select(&q->text, q->table, q->tail, schema);
		else
			put_save(&q->text, q->table);
		q->schema = schema;
	}
	pthread_mutex_unlock(&making);
	return buf_text(&q->text);
}

void row_statements(int schema, void (*each)(void *ctx, const char *sql), void *ctx)
{
	for (struct row_sql *const *q = __start_row_sql; q < __stop_row_sql; q++)
		each(ctx, text_of(*q, schema));
}

static void bind_price(struct stmt *s, int index, struct price p)
{
	if (price_sign(p))
		stmt_near_price(s, index, p);
	else
		stmt_bind_null(s, index);
}

static void bind(struct stmt *s, int index, const struct row_column *c, const void *row)
{
	const void *m = (const char *)row + c->offset;

	if (c->put) {
		c->put(s, index, row);
		return;
	}
	switch (c->type) {
	case ROW_INT: stmt_bind_int(s, index, *(const int64_t *)m); break;
	case ROW_INT32: stmt_bind_int(s, index, *(const int *)m); break;
	case ROW_BOOL: stmt_bind_int(s, index, *(const bool *)m); break;
	case ROW_REAL: stmt_bind_double(s, index, *(const double *)m); break;
	case ROW_TEXT: stmt_bind_text(s, index, m); break;
	case ROW_PRICE: stmt_near_price(s, index, *(const struct price *)m); break;
	case ROW_QTY: stmt_near_qty(s, index, *(const struct qty *)m); break;
	case ROW_MONEY: stmt_near_money(s, index, *(const struct money *)m); break;
	case ROW_TIME: stmt_bind_nonzero(s, index, *(const int64_t *)m); break;
	case ROW_NO_PRICE: bind_price(s, index, *(const struct price *)m); break;
	case ROW_WORD: stmt_bind_text(s, index, c->words->name(*(const int *)m)); break;
	case ROW_PUT:
	case ROW_GIVEN: break;
	}
}

int row_save(struct db *db, struct row_sql *q, const void *row, struct stmt **out, struct err *e)
{
	const struct row_table *t = q->table;
	int rc = db_stmt(db, text_of(q, db_schema_version(db)), out, e);

	for (size_t i = 0; i < t->n && !rc; i++)
		bind(*out, (int)i + 1, &t->columns[i], row);
	return rc;
}

int row_select(struct db *db, struct row_sql *q, struct stmt **out, struct err *e)
{
	return db_stmt(db, text_of(q, db_schema_version(db)), out, e);
}

static bool read_column(struct stmt *s, int col, const struct row_column *c, void *row)
{
	void *m = (char *)row + c->offset;

	switch (c->type) {
	case ROW_INT:
	case ROW_TIME: *(int64_t *)m = stmt_int(s, col); break;
	case ROW_INT32: *(int *)m = (int)stmt_int(s, col); break;
	case ROW_BOOL: *(bool *)m = stmt_int(s, col) != 0; break;
	case ROW_REAL: *(double *)m = stmt_double(s, col); break;
	case ROW_TEXT: stmt_copy(s, col, m, c->size); break;
	case ROW_PRICE:
	case ROW_NO_PRICE: *(struct price *)m = stmt_price(s, col); break;
	case ROW_QTY: *(struct qty *)m = stmt_qty(s, col); break;
	case ROW_MONEY: *(struct money *)m = stmt_money(s, col); break;
	case ROW_WORD: return c->words->parse(stmt_text(s, col), m);
	case ROW_PUT: return c->get(s, col, row);
	case ROW_GIVEN: break;
	}
	return true;
}

bool row_read(struct stmt *s, const struct row_table *t, void *row)
{
	bool ok = true;
	int col = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_read(&t->columns[i]))
			ok = read_column(s, col++, &t->columns[i], row) && ok;
	return ok;
}
