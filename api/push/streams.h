/*
 * streams.h - all live connections: their number, a tick once a second, and their end.
 *
 *	streams (all)  -->  stream (one connection)  -->  look (when, and what is new)
 */
#ifndef API_PUSH_STREAMS_H
#define API_PUSH_STREAMS_H

#include "api/push/stream.h"

struct streams;

struct streams *streams_new(struct app *a);
/* Closes every client's stream (the loop runs once more for that) and frees all. */
void streams_free(struct streams *all);

/*
 * Answers r by taking over its connection (r->taken) and subscribes the client when "desired"
 * has topics. Errors, all before an answer began: 503 (too many live connections, or the
 * server is stopping), and errors of the database.
 */
MUST_CHECK int streams_open(struct request *r, enum stream_kind kind,
			    const struct push_op *desired, struct err *e);

#endif
