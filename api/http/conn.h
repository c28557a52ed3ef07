/*
 * conn.h - limits of the accepted connections: their number, their time, and evhttp's own
 * error pages on them.
 *
 * evhttp 2.1 has no hook for a new connection, a slow request or its own error page, so this
 * module watches the bufferevent of each connection.
 *
 *  - More than API_MAX_CONNECTIONS: the listener pauses until one ends.
 *  - No descriptor left for one more: the listener pauses until a connection ends, or a second.
 *  - More than API_MAX_PER_ADDRESS from one address: closed before it is read.
 *  - A request that is not complete, or an answer that is not read, after API_TIMEOUT_S:
 *    the connection is cut. (evhttp's own timeouts start again with each byte, so a client
 *    that sends one byte at a time would never be cut.)
 *  - An error page that evhttp writes (400, 413, 417) becomes our error form.
 *  - A request whose framing is doubtful (framing.h) is refused with 400.
 */
#ifndef API_HTTP_CONN_H
#define API_HTTP_CONN_H

#include "common/config.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct conns;

struct tls;
struct proxies;
/*
 * tls (NULL: plain HTTP) and proxies are borrowed and must outlive the connections. A trusted
 * proxy may have more than API_MAX_PER_ADDRESS connections, because it forwards many callers.
 */
struct conns *conns_new(struct event_base *base, struct evhttp *http, const struct config *cfg,
			struct tls *tls, const struct proxies *proxies);
void conns_free(struct conns *c);	/* after evhttp_free, which ends the connections */
/* The listener to pause; borrowed. NULL: it is about to be freed. */
struct evconnlistener;
void conns_set_listener(struct conns *c, struct evconnlistener *l);
/* Called once a second: cuts the connections that are too slow, ends a pause that may end. */
void conns_sweep(struct conns *all);
size_t conns_open(const struct conns *c);
/* Is there an answer that its client has not read yet? */
bool conns_unsent(const struct conns *c);
struct conns_counts {		/* since the start */
	uint64_t refused;	/* closed at once: their address held API_MAX_PER_ADDRESS */
	uint64_t cut;		/* after API_TIMEOUT_S */
	uint64_t malformed;	/* answered by evhttp's own error page */
};
const struct conns_counts *conns_counts(const struct conns *c);	/* borrowed */

/* The connection that a request came on; borrowed until it ends. May be NULL. */
struct conn *conn_of(struct conns *all, struct evhttp_request *ev);
/* A request is complete: no time limit runs while it is worked on. */
void conn_busy(struct conn *c);
/* The request goes on receiving, with API_TIMEOUT_S from now on. */
void conn_receiving(struct conn *c);
struct streamed_body;
/*
 * The answer that was just given ends the connection, and the request's body was not read: sees
 * to it that its sender can read the answer (streamed_body_linger).
 */
void conn_linger(struct conn *c);
/* The body that is read past evhttp (streamed_body.h); borrowed. NULL for NULL. */
struct streamed_body *conn_streamed_body(struct conn *c);
/*
 * The connection is no longer HTTP (live push), so these limits end for it. "closed" is
 * called when evhttp frees it.
 */
void conn_take(struct conn *c, void (*closed)(void *ctx), void *ctx);
/* The next output is our answer, not evhttp's own error page. */
void conn_answering(struct conn *c, struct evhttp_request *ev);
/*
 * Sends the first "bytes" bytes of an open file after the answer's head, read piece by piece
 * as the client reads them. If the file has become shorter the connection ends.
 */
void conn_send_file(struct conn *c, int take_file, int64_t bytes);
/*
 * The answer is complete: writes to the socket now what it takes, without another turn of
 * the loop.
 */
void conn_answered(struct conn *c);

#endif
