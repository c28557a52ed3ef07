/*
 * logs.h - table logs: the newest log lines of both programs.
 *
 * A bounded ring for the live log view; stderr has all lines. Lines wait in memory and are
 * written together, once per loop turn:
 *
 *	log_set_sink(store_logs_sink, logs);	every log_write adds a line
 *	store_logs_flush(logs, db, &e);		once per turn, or by a timer
 *
 * Not once per line, because each flush is a commit: an fsync, and a wake-up of the other
 * program.
 */
#ifndef COMMON_REGISTRY_LOGS_H
#define COMMON_REGISTRY_LOGS_H

#include "common/crypto.h"
#include "common/db/db.h"
#include "common/log.h"

#define STORE_LOGS_ROWS 5000		/* kept in the table */
#define STORE_LOGS_WAITING 256		/* kept in memory between two flushes */

struct log_row {
	int64_t id;			/* order of arrival */
	int64_t at_us;
	enum log_level level;
	char service[32];
	char logger[32];
	char correlation_id[CORRELATION_ID_MAX];
	char message[1024];		/* longer ones are cut */
};

struct store_logs;

/* service is copied. */
struct store_logs *store_logs_new(const char *service);
void store_logs_free(struct store_logs *l);
/*
 * For log_set_sink, with ctx the struct store_logs; may be called from any thread. Drops lines
 * of LOG_AUDIT and LOG_SIGNAL. When STORE_LOGS_WAITING lines wait already, counts and drops the
 * line.
 */
void store_logs_sink(void *ctx, const struct log_record *rec);
/*
 * Writes the waiting lines in a transaction of its own and prunes the table. Without waiting
 * lines it begins no transaction. After a failure the lines go on waiting; the caller must not
 * log the failure at each turn.
 */
MUST_CHECK int store_logs_flush(struct store_logs *l, struct db *db, struct err *e);
/* The same inside the caller's transaction; a later rollback loses these lines. */
MUST_CHECK int store_logs_flush_tx(struct store_logs *l, struct db *db, struct err *e);

struct log_filter {			/* zeroed: everything */
	enum log_level min_level;
	const char *correlation_id;	/* NULL or "": any */
	const char *service;		/* NULL or "": any */
	int64_t after_id;		/* only newer ones: a live view */
	int64_t before_id;		/* only older ones: the next page; 0 none */
};

/* The newest rows that pass, newest first; at most max, *n says how many. */
MUST_CHECK int store_logs_read(struct db *db, const struct log_filter *f, struct log_row *out,
			       size_t max, size_t *n, struct err *e);

#endif
