/*
 * store_audit.h - table audit_log.
 */
#ifndef API_STORE_AUDIT_H
#define API_STORE_AUDIT_H

#include "api/rows.h"
#include "common/crypto.h"
#include "common/db.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_audit_columns[];

struct audit_row {
	int64_t at_us;
	char actor[64], address[64], correlation_id[CORRELATION_ID_MAX];
	char detail[480];	/* why it was refused */
	char action[160];	/* "POST /bots/:id/start" */
	char target[64];	/* "7" */
	int status;		/* HTTP */
};

/* All of them, in a transaction of their own. */
MUST_CHECK int store_audit_add(struct db *db, const struct audit_row *rows, size_t n,
			       struct err *e);
/* Newest first; actor NULL: everybody's. */
MUST_CHECK int store_audit_list(struct db *db, const char *actor, const struct page *p,
				struct json *j, struct err *e);

#endif
