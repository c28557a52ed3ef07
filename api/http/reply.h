/*
 * reply.h - turns a finished request into an HTTP answer.
 *
 * {"success":false,"error":{"code","message","fields":[{"field","message"}]},
 *  "correlation_id","timestamp"}
 */
#ifndef API_HTTP_REPLY_H
#define API_HTTP_REPLY_H

#include "common/err.h"

struct request;

/* Sends r's answer: what its handler wrote (rc 0), or the error form; logs 5xx. */
void reply_send(struct request *r, int rc, struct err *e);

/* The HTTP status and the code word that an error of ours becomes. */
int reply_status(int rc);
const char *reply_code(int rc);
/* The code word of an HTTP status that evhttp itself chose. */
const char *reply_http_code(int http);
const char *reply_http_message(int http);
/* "Bad Request": what a status line says. */
const char *reply_phrase(int http);

struct buf;
/* The error form, for r or (r NULL) for a request that was not even read. */
struct reply_error {
	int http;
	const char *code, *message, *correlation_id;
	const char *status;			/* NULL or "": left out */
	const struct field_errors *fields;	/* NULL: none */
};
void reply_error_form(const struct reply_error *x, struct buf *out);

#endif
