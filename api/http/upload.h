/*
 * upload.h - a multipart form whose file is written to disk while it arrives.
 *
 *	upload_begin -> pieces (streamed_body.h) -> multipart.h -> DATA_DIR/models/.upload-<random>
 *	             -> complete and valid: "received" -> upload_end (answer)
 *	             -> invalid: the rest is read and dropped, then the answer
 *	             -> connection cut: no trace is left
 *
 * The temporary file is removed in every case; the next start removes one that a killed
 * process left.
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
 * Parks r and reads its form; r->route->body lists the form's fields. "received" is called
 * once, when the form is complete and passes that list; it, or work that it starts, must call
 * upload_end. An error (413, 415, 503) leaves the body unread.
 */
MUST_CHECK int upload_begin(struct request *r, void (*received)(struct upload *u),
			    struct err *e);
/*
 * Answers (as upload_refuse if the body was not read to its end), removes the file if it is
 * still there under its first name, frees u.
 */
void upload_end(struct upload *u, int rc, struct err *e);

struct request *upload_request(const struct upload *u);
const char *upload_path(const struct upload *u);
const char *upload_sha256(const struct upload *u);
int64_t upload_bytes(const struct upload *u);
/* A text of the form; NULL: not given. */
const char *upload_text(const struct upload *u, const char *name);

/* Has r a body that was not read? */
bool upload_unread(const struct request *r);
/* Answers r, whose body was not read, at once, and ends the connection (conn_linger). */
void upload_refuse(struct request *r, int rc, const struct err *e);

#endif
