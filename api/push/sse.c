#include "api/push/sse.h"

#include <event2/buffer.h>

void sse_head(struct evbuffer *out, const char *correlation_id)
{
	evbuffer_add_printf(out,
			    "HTTP/1.1 200 OK\r\n"
			    "Content-Type: text/event-stream\r\n"
			    "Cache-Control: no-store\r\n"
			    "X-Accel-Buffering: no\r\n"
			    "X-Content-Type-Options: nosniff\r\n"
			    "X-Correlation-Id: %s\r\n"
			    "Connection: close\r\n\r\n"
			    "retry: %d\n\n", correlation_id, SSE_RETRY_MS);
}

void sse_begin(struct evbuffer *out, int64_t id)
{
	if (id)
		evbuffer_add_printf(out, "id: %lld\n", (long long)id);
	evbuffer_add(out, "data: ", 6);
}

void sse_end(struct evbuffer *out)
{
	evbuffer_add(out, "\n\n", 2);
}

void sse_ping(struct evbuffer *out)
{
	evbuffer_add_printf(out, ": ping\n\n");
}
