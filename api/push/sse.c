#include "api/push/sse.h"

#include "api/push/output.h"

#include <event2/buffer.h>
#include <stdio.h>

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
	char text[40];
	int n = id ? snprintf(text, sizeof(text), "id: %lld\ndata: ", (long long)id) :
		snprintf(text, sizeof(text), "data: ");

	output_add(out, text, (size_t)n);
}

void sse_end(struct evbuffer *out)
{
	output_add(out, "\n\n", 2);
}

void sse_ping(struct evbuffer *out)
{
	output_add(out, ": ping\n\n", 8);
}
