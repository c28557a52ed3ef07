/*
 * audit.h - who did what: one row of audit_log per request that could change
 * something, refused ones included. Secrets never get there: bodies are not stored.
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

struct request;

/* After the answer is on its way; GET, HEAD and OPTIONS leave no row. */
void audit_write(const struct request *r, const char *error);

#endif
