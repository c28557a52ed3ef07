/*
 * audit.h - table audit_log as a list. Rows are added by common/registry/audit.h.
 */
#ifndef API_STORE_AUDIT_H
#define API_STORE_AUDIT_H

#include "api/store/rows.h"
#include "common/db/db.h"

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_audit_columns[];

/* Newest first; actor NULL: everybody's. */
MUST_CHECK int store_audit_list(struct db *db, const char *actor, const struct page *p,
				struct json *j, struct err *e);

#endif
