/*
 * upload.h - a multipart form whose file goes to disk while it comes.
 *
 *	upload_begin -> pieces (streamed_body.h) -> multipart.h -> DATA_DIR/models/.upload-<random>
 *	             -> all there and right: "received" -> upload_end (answer)
 *	             -> wrong: the rest is read and dropped, then the answer
 *	             -> connection cut: as if it had not been
 *
 * Whatever happens, the temporary file is gone at the end; what a killed process
 * left is removed at the next start.
 */
#ifndef API_HTTP_UPLOAD_H
#define API_HTTP_UPLOAD_H

#include "api/http/request.h"

#include <stdbool.h>
#include <stdint.h>

#define UPLOADS_MAX 8		/* under way at once */
#define UPLOAD_SPARE 65536	/* bytes of a form around its file */

struct uploads;
struct upload;

struct uploads *uploads_new(struct app *a);
/* Ends those under way with 503. */
void uploads_free(struct uploads *all);

/*
 * Parks r and reads its form, r->route->body says of what. received: called once, when
 * all is there and passes the route's table; it, or what it starts, calls upload_end.
 * An error (413, 415, 503) leaves the body unread.
 */
MUST_CHECK int upload_begin(struct request *r, void (*received)(struct upload *u),
			    struct err *e);
/* Answers, removes the file if it is still there under its first name, frees u. */
void upload_end(struct upload *u, int rc, struct err *e);

struct request *upload_request(const struct upload *u);
const char *upload_path(const struct upload *u);
const char *upload_sha256(const struct upload *u);
int64_t upload_bytes(const struct upload *u);
/* A text of the form; NULL: not given. */
const char *upload_text(const struct upload *u, const char *name);

/* Is there a body of r that nobody has read? */
bool upload_unread(const struct request *r);
/* Reads and drops it, so that its sender reads the answer: error rc with e. Parks r. */
void upload_refuse(struct request *r, int rc, const struct err *e);

#endif
