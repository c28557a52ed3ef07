/*
 * conn.h - the accepted connections: how many, how long, and what evhttp itself
 * answers on them.
 *
 * evhttp 2.1 offers no hook for a new connection, a slow request or its own error
 * page; this module stands at the bufferevent of each connection instead.
 *
 *  - More than API_MAX_CONNECTIONS: the listener pauses until one ends.
 *  - More than API_MAX_PER_ADDRESS from one address: closed before it is read.
 *  - A request that is not complete, or an answer not taken, after API_TIMEOUT_S:
 *    the connection is cut (evhttp's own timeouts only see silence, not dripping).
 *  - An error page that evhttp writes (400, 413, 417) becomes our error form.
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
 * tls NULL: plain HTTP; borrowed, outlives the connections. proxies, likewise: may hold
 * more than API_MAX_PER_ADDRESS, for they speak for many.
 */
struct conns *conns_new(struct event_base *base, struct evhttp *http, const struct config *cfg,
			struct tls *tls, const struct proxies *proxies);
void conns_free(struct conns *c);	/* after evhttp_free, which ends the connections */
/* The listener to pause; borrowed. */
struct evconnlistener;
void conns_set_listener(struct conns *c, struct evconnlistener *l);
/* Once a second: cut what is too slow. */
void conns_sweep(struct conns *all);
size_t conns_open(const struct conns *c);
/* Does an answer wait to be taken by its client? */
bool conns_unsent(const struct conns *c);
struct conns_counts {		/* since the start */
	uint64_t refused;	/* closed at once: their address held API_MAX_PER_ADDRESS */
	uint64_t cut;		/* after API_TIMEOUT_S */
	uint64_t malformed;	/* answered by evhttp's own error page */
};
const struct conns_counts *conns_counts(const struct conns *c);	/* borrowed */

/* The connection that a request came on; borrowed until it ends. May be NULL. */
struct conn *conn_of(struct conns *all, struct evhttp_request *ev);
/* A request is complete: it may take its time now. */
void conn_busy(struct conn *c);
/* It goes on receiving, and has API_TIMEOUT_S from now on. */
void conn_receiving(struct conn *c);
struct streamed_body;
/* Its body that evhttp does not know of; borrowed. NULL for NULL. */
struct streamed_body *conn_streamed_body(struct conn *c);
/*
 * The connection is no longer HTTP: it is left alone from now on. "closed" is called
 * when evhttp frees it.
 */
void conn_take(struct conn *c, void (*closed)(void *ctx), void *ctx);
/* What is written next is our answer, not evhttp's page. */
void conn_answering(struct conn *c, struct evhttp_request *ev);
/*
 * Behind the head of the answer: the first "bytes" bytes of an open file, read piece by
 * piece as the client takes them. A file that has become shorter ends the connection.
 */
void conn_send_file(struct conn *c, int take_file, int64_t bytes);
/*
 * The answer is complete: what the socket takes of it goes out now, without waiting
 * for the loop to ask whether it may.
 */
void conn_answered(struct conn *c);

#endif
