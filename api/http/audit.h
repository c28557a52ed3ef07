/*
 * audit.h - who did what: one row of audit_log per request that could change
 * something, and per refused one (401, 403) of any kind. Secrets never get there:
 * bodies are not stored.
 *
 *	answer queued -> audit_add -> next turn of the loop: answers leave, rows are written
 *
 * The rows of one turn are one transaction, and no caller waits for it.
 */
#ifndef API_HTTP_AUDIT_H
#define API_HTTP_AUDIT_H

#include "api/app.h"

#include <stdbool.h>
#include <stdint.h>

struct audit;
struct request;

#define AUDIT_STRANGER "-"		/* the actor of a request without a usable token */
/* Strangers must not be able to fill the disk: more refusals are only counted. */
#define AUDIT_DENIED_PER_HOUR 100

struct audit *audit_new(struct app *app);
/* Writes what waits first. */
void audit_free(struct audit *a);
/* error: "" or what was wrong. */
void audit_add(const struct request *r, const char *error);
/*
 * Writes what waits, now; a failure is logged and the rows go on waiting. false: another
 * program has held the database for a moment, and it is tried again soon.
 */
bool audit_flush(struct audit *a);

#endif
