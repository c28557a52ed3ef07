/*
 * stream.h - one live connection: a request's connection, taken over from evhttp
 * for a WebSocket or for server-sent events.
 *
 *	OPEN --close frame sent--> CLOSING --the peer's--> ENDING --its end--> gone
 *	  \----------------- SSE, or the peer closed ------^
 *	  \-- cut, slow, silent: gone at once           (2 s at most in each)
 */
#ifndef API_PUSH_STREAM_H
#define API_PUSH_STREAM_H

#include "api/http/request.h"
#include "api/push/push_op.h"
#include "api/push/streams.h"

#define STREAM_PING_US INT64_C(20000000)	/* between two pings */
#define STREAM_SILENT_US INT64_C(60000000)	/* a WebSocket without a sign of life is cut */
#define STREAM_END_US INT64_C(2000000)		/* for the peer's part of an end */
#define STREAM_SEND_BYTES (128 * 1024)		/* the kernel's send buffer */

enum stream_kind { STREAM_WS, STREAM_SSE };

struct stream;

/*
 * Answers r by taking its connection over (r->taken), and subscribes it when desired has
 * topics. Errors, before anything was answered: ERR_LIMIT as 503 (too many live
 * connections), and what the database says.
 */
MUST_CHECK int stream_open(struct request *r, enum stream_kind kind, const struct push_op *desired,
			   struct err *e);
/* Says goodbye (WebSocket: with this code and reason) and ends. */
void stream_close(struct stream *s, int ws_code, const char *reason);
/* Once a second: pings, silence, deadlines, and whether its token still is one. */
void stream_tick(struct stream *s, int64_t now_mono_us);
/* Sends it a snapshot of each of its topics: the database is another one. */
void stream_renew(struct stream *s);
/* Frees it with its connection. Not from its own callbacks. */
void stream_free(struct stream *s);

/* For streams.c: the list of all, and whether it only waits to be freed. */
struct stream_list { struct stream *prev, *next; };
struct stream_list *stream_list(struct stream *s);
bool stream_gone(const struct stream *s);

#endif
