/*
 * A client's side of a WebSocket, as bytes. The first byte says how the others are cut
 * into reads. Whatever comes: all of it is taken, messages keep their bound and are
 * read as operations, what goes out are whole frames without a mask, and after a close
 * nothing more.
 */
#include "api/push/push_op.h"
#include "api/push/ws.h"
#include "tests/fuzz/fuzz.h"

#include <event2/buffer.h>

struct peer {
	struct ws *ws;
	size_t said;
};

static void text_cb(void *ctx, const char *msg, size_t len)
{
	struct peer *p = ctx;
	struct push_op op;

	ASSERT(msg && len <= WS_MESSAGE_MAX);
	ASSERT(ws_open(p->ws));
	if (push_op_read(msg, len, &op, NULL) == 0) {
		ASSERT(op.kind == PUSH_PING || op.topics);
		ASSERT((op.topics & ~PUSH_ALL) == 0 && op.bot_id >= 0 && op.last_seq >= -1);
		ws_text(p->ws, "{\"type\":\"pong\"}", 15);
	}
	p->said++;
}

/* Whole frames, final, without a mask; the last one may be a close. */
static void check_output(struct evbuffer *out)
{
	size_t len = evbuffer_get_length(out), at = 0;
	const unsigned char *p = evbuffer_pullup(out, -1);
	bool closed = false;

	while (at < len) {
		ASSERT(!closed && len - at >= 2);
		ASSERT(p[at] == 0x81 || p[at] == 0x88 || p[at] == 0x8a);
		ASSERT(p[at + 1] < 126);
		closed = p[at] == 0x88;
		at += 2u + p[at + 1];
	}
	ASSERT(at == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
	struct peer p = { 0 };
	size_t step = size ? data[0] : 0, at = 1;

	ASSERT(in && out);
	p.ws = ws_new(in, out, text_cb, &p);
	while (at < size) {
		size_t n = step && step < size - at ? step : size - at;

		evbuffer_add(in, data + at, n);
		ws_read(p.ws);
		ASSERT(evbuffer_get_length(in) == 0);
		at += n;
	}
	ASSERT(p.said <= WS_FRAMES_PER_S);
	ASSERT(ws_open(p.ws) || ws_over(p.ws));
	check_output(out);
	ws_free(p.ws);
	evbuffer_free(in);
	evbuffer_free(out);
	return 0;
}
