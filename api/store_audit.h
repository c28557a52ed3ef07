/*
 * store_audit.h - table audit_log.
 */
#ifndef API_STORE_AUDIT_H
#define API_STORE_AUDIT_H

#include "api/rows.h"
#include "common/db.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_audit_columns[];

struct audit_row {
	int64_t at_us;
	const char *actor, *address, *correlation_id, *detail;
	char action[160];	/* "POST /bots/:id/start" */
	char target[64];	/* "7" */
	int status;		/* HTTP */
};

/* In its own transaction. */
MUST_CHECK int store_audit_add(struct db *db, const struct audit_row *row, struct err *e);
/* Newest first; actor NULL: everybody's. */
MUST_CHECK int store_audit_list(struct db *db, const char *actor, const struct page *p,
				struct json *j, struct err *e);

#endif
