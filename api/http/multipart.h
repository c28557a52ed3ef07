/*
 * multipart.h - reads multipart/form-data piece by piece (RFC 7578, RFC 2046).
 *
 *	--boundary CRLF headers CRLF CRLF data CRLF --boundary ... --boundary--
 *
 * Feed it pieces of any size; it calls the handler for each part in order. It keeps only the
 * headers of the current part and bytes that may be the beginning of a boundary.
 */
#ifndef API_HTTP_MULTIPART_H
#define API_HTTP_MULTIPART_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 71	/* 70 characters and a NUL */
#define MULTIPART_HEADERS_MAX 4096	/* bytes, of one part */
#define MULTIPART_PARTS_MAX 16
#define MULTIPART_NAME_MAX 64

/* The boundary in a Content-Type; ERR_INVALID when there is none. */
MUST_CHECK int multipart_boundary(const char *content_type, char out[MULTIPART_BOUNDARY_MAX],
				  struct err *e);

/* Each returns 0, or an error with e that ends the reading. */
struct multipart_handler {
	int (*begin)(void *ctx, const char *name, bool file, struct err *e);
	int (*data)(void *ctx, const char *data, size_t len, struct err *e);	/* len > 0 */
	int (*end)(void *ctx, struct err *e);
};

struct multipart;

/* handler and ctx are borrowed. */
struct multipart *multipart_new(const char *boundary, const struct multipart_handler *handler,
				void *ctx);
void multipart_free(struct multipart *m);
/*
 * ERR_INVALID (not multipart), ERR_LIMIT (too many parts, too long headers), or the handler's
 * error. After an error only multipart_free may be called.
 */
MUST_CHECK int multipart_feed(struct multipart *m, const char *data, size_t len, struct err *e);
/* Call it at the body's end: ERR_INVALID when the last boundary has not come. */
MUST_CHECK int multipart_finish(struct multipart *m, struct err *e);

#endif
