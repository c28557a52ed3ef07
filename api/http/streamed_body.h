/*
 * streamed_body.h - requests whose handler is called before their body has come: uploads, and
 * too large bodies, which evhttp would read to their last byte before it answers.
 *
 * evhttp 2.1 keeps a body in memory until it is complete and has no hook before that. So this
 * module holds back the head of a request for a route with BODY_UPLOAD until the whole head
 * has come, sets its Content-Length to 0, and lets evhttp call the handler at once; the
 * handler then reads the body from the connection, piece by piece.
 *
 *	bytes -> streamed_body_input (holds the head) -> evhttp -> handler
 *	      -> streamed_body_read: data, data, .. end          <-'
 *
 * A request in an unusual form (no single Content-Length, chunked, odd line ends, behind
 * another request in one packet) is left to evhttp and to the limit of all bodies.
 */
#ifndef API_HTTP_STREAMED_BODY_H
#define API_HTTP_STREAMED_BODY_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct streamed_body_reader {
	/* false: the rest is not wanted, "end" comes at once. */
	bool (*data)(void *ctx, const char *data, size_t len);
	/* cut: the connection is gone, the request has none any more. Called once. */
	void (*end)(void *ctx, bool cut);
	void *ctx;
};

struct streamed_body {	/* embedded in a connection; zeroed before streamed_body_init */
	struct bufferevent *bev;
	int64_t body_max;	/* a larger one that is asked for is not waited for */
	bool fresh;		/* the next byte begins a request */
	bool gave_up;		/* evhttp refuses the head as it is */
	bool expects;		/* the sender waits for 100 Continue */
	int64_t unread;		/* bytes of the body that evhttp does not know of */
	struct streamed_body_reader reader;
	bool half_close;
	/* evhttp's */
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *arg;
};

void streamed_body_init(struct streamed_body *x, struct bufferevent *bev, int64_t body_max);
/* Call it between two requests: the next byte begins a head, unless input is there already. */
void streamed_body_begin(struct streamed_body *x);
/* Call it when bytes were added to the input, before evhttp sees them. */
void streamed_body_input(struct streamed_body *x);
/* Call it when evhttp will refuse what is in the input: a head is not waited for any more. */
void streamed_body_give_up(struct streamed_body *x);
/* The rest of the body is read in later turns of the loop; then "end". */
void streamed_body_read(struct streamed_body *x, const struct streamed_body_reader *reader);
/*
 * After the answer of a request whose body was not read to its end, and that ends the
 * connection (RFC 9112, 9.6): when the answer is written no more is sent (half_close; not with
 * TLS), and what comes is dropped until the other side ends or conn.h's limit does. Closing at
 * once would reset the connection, and the sender might never read the answer.
 */
void streamed_body_linger(struct streamed_body *x, bool half_close);
/* Stops reading: the rest of the body stays unread, and "end" is not called. */
void streamed_body_stop(struct streamed_body *x);

#endif
