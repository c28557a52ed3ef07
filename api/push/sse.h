/*
 * sse.h - server-sent events: the text form of a stream (WHATWG HTML, 9.2).
 *
 *	retry: 2000
 *
 *	id: 17
 *	data: {"seq":17,...}
 *
 *	: ping
 */
#ifndef API_PUSH_SSE_H
#define API_PUSH_SSE_H

#include <stdbool.h>
#include <stdint.h>

#define SSE_RETRY_MS 2000

struct evbuffer;

/* The whole response head; the stream ends with the connection. */
void sse_head(struct evbuffer *out, const char *correlation_id);
/* The text before and after an event's data. id 0: the event gets no id. */
void sse_begin(struct evbuffer *out, int64_t id);
void sse_end(struct evbuffer *out);
/* A comment line, so that proxies don't close a quiet connection and dead ones are noticed. */
void sse_ping(struct evbuffer *out);

#endif
