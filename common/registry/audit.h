/*
 * audit.h - table audit_log: who changed what, through the API or by hand.
 */
#ifndef COMMON_REGISTRY_AUDIT_H
#define COMMON_REGISTRY_AUDIT_H

#include "common/crypto.h"
#include "common/db/db.h"

#include <stddef.h>
#include <stdint.h>

struct audit_row {
	int64_t at_us;
	char actor[64], address[64], correlation_id[CORRELATION_ID_MAX];
	char detail[480];	/* why it was refused; what was done by hand */
	char action[160];	/* "POST /bots/:id/start", "token create" */
	char target[64];	/* "7" */
	int status;		/* HTTP; 0: it did not come that way */
};

MUST_CHECK int store_audit_add_tx(struct db *db, const struct audit_row *row, struct err *e);
/* Adds all rows in a transaction of its own. */
MUST_CHECK int store_audit_add(struct db *db, const struct audit_row *rows, size_t n,
			       struct err *e);

#endif
