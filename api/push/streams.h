/*
 * streams.h - all live connections: how many, once a second, and their end.
 *
 *	streams (all)  -->  stream (one connection)  -->  look (when, and what is new)
 */
#ifndef API_PUSH_STREAMS_H
#define API_PUSH_STREAMS_H

#include "api/push/stream.h"

struct streams;

struct streams *streams_new(struct app *a);
/* Says goodbye to every client (the loop runs once more for that) and frees all. */
void streams_free(struct streams *all);

/*
 * Answers r by taking its connection over (r->taken), and subscribes it when desired has
 * topics. Errors, before anything was answered: 503 (too many live connections, or the
 * server is stopping), and what the database says.
 */
MUST_CHECK int streams_open(struct request *r, enum stream_kind kind,
			    const struct push_op *desired, struct err *e);

#endif
