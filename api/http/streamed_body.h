/*
 * streamed_body.h - requests whose handler begins before their body has come: uploads, and
 * bodies that are too large and whose sender asks first (Expect: 100-continue). evhttp
 * would let the latter wait for an answer until its connection is cut.
 *
 * evhttp 2.1 keeps a body in memory until it is complete, and offers no hook before.
 * So the head of a request for a route with BODY_UPLOAD is held back until all of it
 * is there; then its Content-Length is made 0, evhttp calls the handler at once, and
 * the handler takes the body from the connection, piece by piece.
 *
 *	bytes -> streamed_body_input (holds the head) -> evhttp -> handler
 *	      -> streamed_body_read: data, data, .. end          <-'
 *
 * A request that is not plainly such a one (no single Content-Length, chunked, odd line
 * ends, behind another request in one packet) is left to evhttp and to the limit of
 * all bodies.
 */
#ifndef API_HTTP_STREAMED_BODY_H
#define API_HTTP_STREAMED_BODY_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct streamed_body_reader {
	void (*data)(void *ctx, const char *data, size_t len);
	/* cut: the connection is gone, the request has none any more. Called once. */
	void (*end)(void *ctx, bool cut);
	void *ctx;
};

struct streamed_body {	/* embedded in a connection; zeroed before streamed_body_init */
	struct bufferevent *bev;
	int64_t body_max;	/* a larger one that is asked for is not waited for */
	bool fresh;		/* the next byte begins a request */
	bool expects;		/* the sender waits for 100 Continue */
	int64_t unread;		/* bytes of the body that evhttp does not know of */
	struct streamed_body_reader reader;
	/* evhttp's */
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *arg;
};

void streamed_body_init(struct streamed_body *x, struct bufferevent *bev, int64_t body_max);
/* Between two requests: what comes next is a head, unless something is there already. */
void streamed_body_begin(struct streamed_body *x);
/* Bytes have been added to the input; before evhttp sees them. */
void streamed_body_input(struct streamed_body *x);
/* The rest of the body is read in later turns of the loop; then "end". */
void streamed_body_read(struct streamed_body *x, const struct streamed_body_reader *reader);
/* No more: what is left stays unread, and "end" is not called. */
void streamed_body_stop(struct streamed_body *x);

#endif
