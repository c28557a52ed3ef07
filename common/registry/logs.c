#include "common/registry/logs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_logs {
	pthread_mutex_t lock;		/* a helper thread may log while the loop flushes */
	char service[32];
	struct log_row rows[STORE_LOGS_WAITING];
	size_t n;
	size_t dropped;			/* since the last flush */
	int64_t dropped_us;		/* when the newest of them came */
};

static const char SQL_INSERT[] =
	"INSERT INTO logs(at_us, level, service, logger, correlation_id, message) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
/* Numbers have no holes (AUTOINCREMENT), so a range of them is a count. */
static const char SQL_PRUNE[] = "DELETE FROM logs WHERE id <= (SELECT max(id) FROM logs) - ?1";
static const char SQL_READ[] =
	"SELECT id, at_us, level, service, logger, correlation_id, message FROM logs "
	"WHERE id > ?1 AND id < ?2 AND level >= ?3 AND (?4 IS NULL OR correlation_id = ?4) "
	"AND (?5 IS NULL OR service = ?5) ORDER BY id DESC LIMIT ?6";

struct store_logs *store_logs_new(const char *service)
{
	struct store_logs *l = xcalloc(1, sizeof(*l));

	ASSERT(pthread_mutex_init(&l->lock, NULL) == 0);
	snprintf(l->service, sizeof(l->service), "%s", service);
	return l;
}

void store_logs_free(struct store_logs *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* Cut to fit, never inside a UTF-8 character. */
static void copy_text(char *dst, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);

	if (text[n])
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	memcpy(dst, text, n);
	dst[n] = '\0';
}

void store_logs_sink(void *ctx, const struct log_record *rec)
{
	struct store_logs *l = ctx;
	struct log_row *row;

	if (!strcmp(rec->logger, LOG_AUDIT) || !strcmp(rec->logger, LOG_SIGNAL))
		return;
	pthread_mutex_lock(&l->lock);
	if (l->n < STORE_LOGS_WAITING) {
		row = &l->rows[l->n++];
		row->at_us = rec->time_us;
		row->level = rec->level;
		copy_text(row->logger, sizeof(row->logger), rec->logger);
		copy_text(row->correlation_id, sizeof(row->correlation_id), rec->correlation_id);
		copy_text(row->message, sizeof(row->message), rec->message);
	} else {
		l->dropped++;
		l->dropped_us = rec->time_us;
	}
	pthread_mutex_unlock(&l->lock);
}

static int insert_tx(struct db *db, const char *service, const struct log_row *row, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_INSERT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, row->at_us);
	stmt_bind_int(s, 2, row->level);
	stmt_bind_text(s, 3, service);
	stmt_bind_text(s, 4, row->logger);
	stmt_bind_text(s, 5, row->correlation_id);
	stmt_bind_text(s, 6, row->message);
	return stmt_run(s, e);
}

static int insert_dropped_tx(struct db *db, const struct store_logs *l, struct err *e)
{
	struct log_row row = { .at_us = l->dropped_us, .level = LOG_WARN, .logger = "log" };

	snprintf(row.message, sizeof(row.message), "%zu lines are missing here: more than %d came "
		 "in one turn", l->dropped, STORE_LOGS_WAITING);
	return insert_tx(db, l->service, &row, e);
}

static int prune_tx(struct db *db, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PRUNE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, STORE_LOGS_ROWS);
	return stmt_run(s, e);
}

/* The lock is held. */
static int write_tx(const struct store_logs *l, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && !rc; i++)
		rc = insert_tx(db, l->service, &l->rows[i], e);
	if (!rc && l->dropped)
		rc = insert_dropped_tx(db, l, e);
	return rc ? rc : prune_tx(db, e);
}

static void forget(struct store_logs *l)
{
	l->n = 0;
	l->dropped = 0;
}

int store_logs_flush_tx(struct store_logs *l, struct db *db, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	if (l->n > 0 && !(rc = write_tx(l, db, e)))
		forget(l);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int store_logs_flush(struct store_logs *l, struct db *db, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	if (l->n == 0 || (rc = db_begin(db, e)))
		goto out;
	rc = write_tx(l, db, e);
	rc = db_end(db, rc, e);
	if (!rc)
		forget(l);
out:
	pthread_mutex_unlock(&l->lock);
	return rc;
}

static void read_row(struct stmt *s, struct log_row *row)
{
	int64_t level = stmt_int(s, 2);

	row->id = stmt_int(s, 0);
	row->at_us = stmt_int(s, 1);
	row->level = level < LOG_DEBUG || level > LOG_ERROR ? LOG_ERROR : (enum log_level)level;
	stmt_copy(s, 3, row->service, sizeof(row->service));
	stmt_copy(s, 4, row->logger, sizeof(row->logger));
	stmt_copy(s, 5, row->correlation_id, sizeof(row->correlation_id));
	stmt_copy(s, 6, row->message, sizeof(row->message));
}

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

int store_logs_read(struct db *db, const struct log_filter *f, struct log_row *out, size_t max,
		    size_t *n, struct err *e)
{
	struct stmt *s;
	size_t found = 0;
	int rc = db_stmt(db, SQL_READ, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, f->after_id);
	stmt_bind_int(s, 2, f->before_id ? f->before_id : INT64_MAX);
	stmt_bind_int(s, 3, f->min_level);
	stmt_bind_text(s, 4, text_or_null(f->correlation_id));
	stmt_bind_text(s, 5, text_or_null(f->service));
	stmt_bind_int(s, 6, (int64_t)max);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		read_row(s, &out[found++]);
	stmt_done(s);
	if (!rc)
		*n = found;
	return rc;
}
