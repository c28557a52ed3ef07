/*
 * framing.h - where the parts of one HTTP/1.1 request end: a scanner over its bytes, in front of
 * evhttp, because evhttp 2.1 takes framing that another program reads differently (request
 * smuggling) and refuses framing that RFC 9112 allows.
 *
 *   empty lines -> request line -> headers -> [chunk line -> data]* -> trailers -> end
 *
 * Refused: a NUL or a CR without LF outside of a body's data (RFC 9112, 2.2; RFC 9110, 5.5); a
 * chunk's size that is not 1 to 16 hexadecimal digits (7.1), such as "0x2", "+2", "2 "; a chunk
 * line, or a chunk's data, that does not end with CRLF; more than FRAMING_EXTENSIONS_MAX bytes of
 * chunk extensions, or FRAMING_EMPTY_MAX bytes of empty lines before the request.
 *
 * Rewritten in place: chunk extensions become blanks, which evhttp takes there (7.1.1: they must
 * be ignored). The names of trailers become "xxx", because evhttp would add them to the headers,
 * and a proxy may not have looked at them (7.1.2: they may be discarded).
 *
 * How the bytes are cut into pieces makes no difference.
 */
#ifndef API_HTTP_FRAMING_H
#define API_HTTP_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_EXTENSIONS_MAX 4096	/* bytes in one request */
#define FRAMING_EMPTY_MAX 16

enum framing_state {
	FRAMING_BEGIN,		/* no byte of the request line was there yet */
	FRAMING_LINE,		/* in a line of which nothing more is of interest */
	FRAMING_LINE_BEGIN,	/* a header comes, or the empty line */
	FRAMING_NAME,		/* in a name that may be Transfer-Encoding */
	FRAMING_CODING,		/* in the value of Transfer-Encoding */
	FRAMING_SIZE,		/* in the digits of a chunk's size */
	FRAMING_BLANK,		/* behind them, before the ";" of an extension */
	FRAMING_EXTENSION,
	FRAMING_DATA,
	FRAMING_DATA_END,	/* the CRLF behind a chunk's data comes */
	FRAMING_TRAILER_BEGIN,	/* a trailer comes, or the empty line */
	FRAMING_TRAILER_NAME,
	FRAMING_TRAILER,	/* in its value */
	FRAMING_DONE		/* also: a body of a known length begins */
};

struct framing {		/* zeroed: before a request */
	enum framing_state state;
	const char *fault;	/* what is wrong, for a person; NULL nothing. Static */
	size_t before;		/* bytes of empty lines before the request line */
	size_t line;		/* bytes of the line that is not complete */
	bool cr;		/* the last byte was a CR */
	bool chunked;
	uint8_t at;		/* letters of a name or a coding that fit so far */
	uint8_t digits;		/* of a chunk's size */
	uint64_t left;		/* the size; then the data that is still to come */
	size_t extensions;	/* bytes */
};

/* The next byte begins a request. */
void framing_begin(struct framing *f);
/*
 * Scans the next n bytes of the connection. Returns how many of them are in order: n, or with
 * f->fault the place of the byte at fault. Behind the end of the request or of its head (if the
 * body has a known length) nothing is looked at.
 */
size_t framing_scan(struct framing *f, char *bytes, size_t n);

#endif
