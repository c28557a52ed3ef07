/*
 * audit.h - who did what: one row of audit_log per request that could change
 * something, and per refused one (401, 403) of any kind. Secrets never get there:
 * bodies are not stored.
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include <stdint.h>

struct request;

#define AUDIT_STRANGER "-"		/* the actor of a request without a usable token */
/* Strangers must not be able to fill the disk: more refusals are only counted. */
#define AUDIT_DENIED_PER_HOUR 100

struct audit_denied {			/* zero it */
	int64_t since_us;		/* wall clock: begin of the hour that rows counts */
	unsigned rows;
	uint64_t more;			/* refused since the last row, without a row */
};

/* After the answer is on its way. */
void audit_write(const struct request *r, const char *error);

#endif
