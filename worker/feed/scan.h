/*
 * scan.h - a strict pull scanner for JSON (RFC 8259) over a slice of bytes.
 *
 * It is made for the path to a decision: it allocates, copies and converts nothing. Tokens
 * are slices of the input, and numbers stay text, so that a 64-bit id never passes through a
 * double. Invalid JSON gives SCAN_ERROR: unpaired brackets, a trailing comma, a control
 * character in a string, bytes that are not UTF-8, text after the value.
 *
 *   scan_init(&s, bytes, len);
 *   while ((kind = scan_next(&s, &t)) != SCAN_END && kind != SCAN_ERROR)
 *           ...
 */
#ifndef WORKER_FEED_SCAN_H
#define WORKER_FEED_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_DEPTH_MAX 63	/* containers inside each other; market data has 4 */

enum scan_kind {
	SCAN_OBJECT, SCAN_OBJECT_END, SCAN_ARRAY, SCAN_ARRAY_END,
	SCAN_KEY, SCAN_STRING, SCAN_NUMBER, SCAN_TRUE, SCAN_FALSE, SCAN_NULL,
	SCAN_END,	/* the value is complete and nothing follows it */
	SCAN_ERROR	/* s->error says what is wrong, s->p where; the scan is over */
};

struct scan_token {
	const char *text;	/* in the input; strings without their quotes, escapes as written */
	size_t len;
	enum scan_kind kind;
};

struct scan {
	const char *p, *end, *begin;
	uint64_t objects;	/* bit d: the container at depth d is an object */
	unsigned int depth;
	int wants;		/* private: what may come next */
	const char *error;	/* static text, NULL while all is well */
};

/* The bytes are borrowed for as long as tokens are used. */
void scan_init(struct scan *s, const char *bytes, size_t len);
/* The next token; its kind is returned and in t->kind. After END or ERROR: the same again. */
enum scan_kind scan_next(struct scan *s, struct scan_token *t);
/* Skips the value whose first token was the newest one. False after an error. */
bool scan_skip(struct scan *s, const struct scan_token *first);
/* Bytes from the start to where the scan stands (for messages). */
size_t scan_offset(const struct scan *s);

/* Is the token's text exactly this? No case folding, no unescaping. */
bool scan_is(const struct scan_token *t, const char *text);
/* A number token without fraction or exponent that fits; false otherwise. */
bool scan_int64(const struct scan_token *t, int64_t *out);

#endif
