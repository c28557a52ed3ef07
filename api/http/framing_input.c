#include "api/http/framing_input.h"

#include <event2/buffer.h>

/* What follows the place "at", in one piece of memory; 0 at the end. */
static size_t piece_at(struct evbuffer *in, size_t at, char **bytes)
{
	struct evbuffer_ptr from;
	struct evbuffer_iovec piece;

	if (at >= evbuffer_get_length(in) || evbuffer_ptr_set(in, &from, at, EVBUFFER_PTR_SET) ||
	    evbuffer_peek(in, -1, &from, &piece, 1) < 1)
		return 0;
	*bytes = piece.iov_base;
	return piece.iov_len;
}

/*
 * Makes lines from "at" on that evhttp refuses wherever they stand: no request line, no header,
 * no chunk's size. Some are added, because the sender may wait for an answer now.
 */
static void spoil(struct evbuffer *in, size_t at, bool tls)
{
	static const char LINES[] = "!\n!\n!\n";
	size_t n, odd = 0;
	char *bytes;

	while ((n = piece_at(in, at, &bytes)) > 0) {
		for (size_t i = 0; i < n; i++, odd ^= 1)
			bytes[i] = LINES[odd];
		at += n;
	}
	/* The end of the input is frozen for all but the bufferevent, if it is one without TLS. */
	evbuffer_unfreeze(in, 0);
	evbuffer_add(in, LINES + odd, sizeof(LINES) - 1 - odd);
	if (!tls)
		evbuffer_freeze(in, 0);
}

void framing_input_scan(struct framing *f, struct evbuffer *in, size_t at, bool tls)
{
	size_t before = f->before, n;
	char *bytes;

	while (!f->fault && f->state != FRAMING_DONE && (n = piece_at(in, at, &bytes)) > 0)
		at += framing_scan(f, bytes, n);
	if (f->fault)
		spoil(in, at - f->line, tls);
	else if (f->before > before)
		evbuffer_drain(in, f->before - before); /* calls the callback of the input */
}
