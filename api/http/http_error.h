/*
 * http_error.h - what an HTTP status says, and the form in which each error is told:
 *
 * {"success":false,"error":{"code","message","fields":[{"field","message"}]},
 *  "correlation_id","timestamp"}
 */
#ifndef API_HTTP_HTTP_ERROR_H
#define API_HTTP_HTTP_ERROR_H

#include "common/buf.h"

#include <stdint.h>

struct field_errors;

/* "Bad Request": what a status line says. */
const char *http_error_phrase(int http);
/* The code word and the sentence of an HTTP status that evhttp itself chose. */
const char *http_error_code(int http);
const char *http_error_message(int http);

struct http_error {
	int http;
	const char *code, *message, *correlation_id;
	const char *status;			/* NULL or "": left out */
	const struct field_errors *fields;	/* NULL: none */
	int64_t replayed_us;			/* told before, at this time; 0 not */
};
/* Appends the form. */
void http_error_form(const struct http_error *x, struct buf *out);

#endif
