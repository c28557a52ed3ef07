/*
 * audit.h - who did what: one row of audit_log for each request that could change something,
 * and for each refused one (401, 403). Bodies are not stored, so no secret gets there.
 *
 *	answer queued -> audit_add -> next turn of the loop: answers leave, rows are written
 *
 * All rows of one turn are written in one transaction, and no caller waits for it.
 */
#ifndef API_HTTP_AUDIT_H
#define API_HTTP_AUDIT_H

#include "api/app.h"

#include <stdbool.h>
#include <stdint.h>

struct audit;
struct request;

#define AUDIT_STRANGER "-"		/* the actor of a request without a usable token */
/* Further refusals of an hour are only counted, because strangers must not fill the disk. */
#define AUDIT_DENIED_PER_HOUR 100

struct audit *audit_new(struct app *app);
/* Writes the waiting rows first. */
void audit_free(struct audit *a);
/* error: the error's message, "" none. */
void audit_add(const struct request *r, const char *error);
/*
 * Writes the waiting rows now; a failure is logged and the rows go on waiting. false: another
 * program holds the database for a moment, and audit.c tries again soon.
 */
bool audit_flush(struct audit *a);

#endif
