/*
 * ws.h - the WebSocket protocol (RFC 6455) of one connection, without its socket.
 *
 *	in  --> ws_read --> text messages (callback)
 *	            \-----> pong, close --> out
 *	ws_text, ws_ping, ws_close -------> out
 *
 * A peer's fault ends the connection with the RFC's code: 1002 or none for the protocol (also
 * an unmasked frame), 1003 for binary, 1007 for text that is not UTF-8, 1008 for too many
 * frames, 1009 for a message that is too large.
 */
#ifndef API_PUSH_WS_H
#define API_PUSH_WS_H

#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define WS_MESSAGE_MAX 4096	/* bytes of a client's message, all fragments */
#define WS_UNREAD_MOST (16 * 1024)	/* bytes of output, beyond which nothing is asked */
#define WS_FRAGMENTS_MAX 16	/* that a message may come in */
#define WS_FRAMES_PER_S 50	/* more than that from a client is a flood */
#define WS_ACCEPT_MAX 29
#define WS_PROTOCOL "tradingbot.v1"	/* the subprotocol we speak */

enum ws_code {
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_UNSUPPORTED = 1003,
	WS_POLICY = 1008,
	WS_INTERNAL = 1011
};

struct evbuffer;
struct ws;

/* Sec-WebSocket-Key: base64 of 16 bytes. */
bool ws_key_ok(const char *key);
/* Sec-WebSocket-Accept: base64(SHA-1(key + the RFC's GUID)). */
void ws_accept_key(const char *key, char out[WS_ACCEPT_MAX]);
/* Is item in the comma list of a header (NULL: no), in any case? */
bool ws_list_has(const char *list, const char *item);
/*
 * Browsers can't set Authorization on a WebSocket: the token comes as the
 * subprotocol "bearer.<token>". Writes "Bearer <token>"; false: there is none.
 */
bool ws_bearer(const char *protocols, char *out, size_t size);

/* Appends a text frame as a server sends it: the same bytes for every client. */
void ws_encode(struct buf *out, const char *text, size_t len);

/* in and out are borrowed for w's life. "text" is called from ws_read. */
struct ws *ws_new(struct evbuffer *in, struct evbuffer *out,
		  void (*text)(void *ctx, const char *msg, size_t len), void *ctx);
void ws_free(struct ws *w);
/*
 * Takes what came in, until the client has more than WS_UNREAD_MOST bytes unread: what it asks
 * for then is answered when it has read, or one that only asks would fill the memory.
 */
void ws_read(struct ws *w);
/* The last ws_read left something, and must be called again when "out" is shorter. */
bool ws_waits(const struct ws *w);
/* Nothing is sent once a close was. */
void ws_text(struct ws *w, const char *text, size_t len);
void ws_ping(struct ws *w);
/* Only the first close counts. reason: at most 120 bytes. */
void ws_close(struct ws *w, enum ws_code code, const char *reason);
/* Once a second: the client may send WS_FRAMES_PER_S frames again. */
void ws_tick(struct ws *w);
/* No close has been sent or received. */
bool ws_open(const struct ws *w);
/* The last byte is in "out": the connection may end when it was sent. */
bool ws_over(const struct ws *w);
/* The code of the close that we sent; 0 none. */
int ws_code_sent(const struct ws *w);	/* (tests) */

#endif
