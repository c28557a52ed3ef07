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
#include "api/push/look.h"
#include "api/push/push_op.h"

#define STREAM_PING_US INT64_C(20000000)	/* between two pings */
#define STREAM_SILENT_US INT64_C(60000000)	/* a WebSocket without a sign of life is cut */
#define STREAM_END_US INT64_C(2000000)		/* for the peer's part of an end */
#define STREAM_SEND_BYTES (128 * 1024)		/* the kernel's send buffer */

enum stream_kind { STREAM_WS, STREAM_SSE };

struct stream;

/* Those that are open, embedded in struct streams. A stream adds and removes itself. */
struct stream_set {
	struct app *app;
	struct look *look;
	struct stream *first;
	size_t n;
	struct event *reap;	/* made active: some are gone and wait for stream_reap */
};

/*
 * Answers r by taking over its connection c (r->taken). If "desired" has topics it then calls
 * look_ready and subscribes the client.
 */
struct conn;
void stream_open(struct stream_set *in, struct request *r, struct conn *c, enum stream_kind kind,
		 const struct push_op *desired);
/* Closes the stream; a WebSocket first sends a close frame with this code and reason. */
void stream_close(struct stream *s, int ws_code, const char *reason);
/* Called once a second: pings, silence, deadlines, and whether the token is still usable. */
void stream_tick(struct stream *s, int64_t now_mono_us);
/* Sends a snapshot of each of its topics, because the database is another file. */
void stream_renew(struct stream *s);
/* Frees the stream and its connection. Must not be called from the stream's own callbacks. */
void stream_free(struct stream *s);
/* Frees the streams that are gone. Called by the event "reap", never from their callbacks. */
void stream_reap(struct stream_set *set);
/* The one after s; NULL: the last. */
struct stream *stream_next(const struct stream *s);

#endif
