#include "api/http/framing.h"

#include <string.h>

#define DIGITS_MAX 16
#define NO_MATCH UINT8_MAX

static const char NAME[] = "transfer-encoding:";
static const char CODING[] = "chunked";

void framing_begin(struct framing *f)
{
	*f = (struct framing){ .state = FRAMING_BEGIN };
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | ' ') : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a hexadecimal digit; -1 for what is none. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool fail(struct framing *f, const char *fault)
{
	f->fault = fault;
	return false;
}

/* Goes on while the letters are those of "word". */
static void match(struct framing *f, const char *word, char c)
{
	if (f->at != NO_MATCH)
		f->at = lower(c) == word[f->at] ? (uint8_t)(f->at + 1) : NO_MATCH;
}

static void name_char(struct framing *f, char c)
{
	match(f, NAME, c);
	if (f->at == NO_MATCH) {
		f->state = FRAMING_LINE;
	} else if (!NAME[f->at]) {
		f->state = FRAMING_CODING;
		f->at = 0;
	}
}

/* A blank inside the word makes it another one, also for evhttp. */
static void coding_char(struct framing *f, char c)
{
	bool edge = f->at == 0 || f->at == sizeof(CODING) - 1;

	if (!edge || !is_blank(c))
		match(f, CODING, c);
}

static bool size_char(struct framing *f, char *c)
{
	int value = digit(*c);

	if (value >= 0 && f->digits < DIGITS_MAX) {
		f->left = f->left << 4 | (uint64_t)value;
		f->digits++;
		return true;
	}
	if (f->digits == 0 || (*c != ';' && !is_blank(*c)))
		return fail(f, "the size of a chunk is not 1 to 16 hexadecimal digits");
	f->state = *c == ';' ? FRAMING_EXTENSION : FRAMING_BLANK;
	*c = ' ';
	return true;
}

static bool extension_char(struct framing *f, char *c)
{
	if (f->state == FRAMING_BLANK && *c != ';' && !is_blank(*c))
		return fail(f, "the size of a chunk is not 1 to 16 hexadecimal digits");
	if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
		return fail(f, "a chunk's extension has a control character");
	if (++f->extensions > FRAMING_EXTENSIONS_MAX)
		return fail(f, "the chunk extensions have more than 4096 bytes");
	if (*c == ';')
		f->state = FRAMING_EXTENSION;
	*c = ' ';
	return true;
}

static void trailer_char(struct framing *f, char *c)
{
	if (f->state == FRAMING_TRAILER_BEGIN)
		f->state = is_blank(*c) ? FRAMING_TRAILER : FRAMING_TRAILER_NAME;
	if (f->state == FRAMING_TRAILER)
		return;
	if (*c == ':')
		f->state = FRAMING_TRAILER;
	else
		*c = 'x';
}

/* A byte of a line that is no CR, LF or NUL. */
static bool line_char(struct framing *f, char *c)
{
	switch (f->state) {
	case FRAMING_BEGIN: f->state = FRAMING_LINE; return true;
	case FRAMING_LINE_BEGIN:
		f->state = FRAMING_NAME;
		f->at = 0;
		name_char(f, *c);
		return true;
	case FRAMING_NAME: name_char(f, *c); return true;
	case FRAMING_CODING: coding_char(f, *c); return true;
	case FRAMING_SIZE: return size_char(f, c);
	case FRAMING_BLANK:
	case FRAMING_EXTENSION: return extension_char(f, c);
	case FRAMING_DATA_END: return fail(f, "a chunk is longer than its size");
	case FRAMING_TRAILER_BEGIN:
	case FRAMING_TRAILER_NAME:
	case FRAMING_TRAILER: trailer_char(f, c); return true;
	case FRAMING_LINE:
	case FRAMING_DATA:
	case FRAMING_DONE: return true;
	}
	return true;
}

static void begin_chunk(struct framing *f)
{
	f->state = FRAMING_SIZE;
	f->left = 0;
	f->digits = 0;
}

static bool end_size(struct framing *f)
{
	if (f->digits == 0 || f->state == FRAMING_BLANK)
		return fail(f, "the size of a chunk is not 1 to 16 hexadecimal digits");
	f->state = f->left ? FRAMING_DATA : FRAMING_TRAILER_BEGIN;
	return true;
}

/* RFC 9112, 2.2: a single LF may end a line of the head; in the chunks only CRLF does (7.1). */
static bool end_line(struct framing *f, bool crlf)
{
	switch (f->state) {
	case FRAMING_BEGIN:
		f->before += f->line + 1;
		return f->before <= FRAMING_EMPTY_MAX ||
		       fail(f, "too many empty lines stand before the request");
	case FRAMING_CODING:
		f->chunked |= f->at == sizeof(CODING) - 1;
		f->state = FRAMING_LINE_BEGIN;
		return true;
	case FRAMING_LINE:
	case FRAMING_NAME: f->state = FRAMING_LINE_BEGIN; return true;
	case FRAMING_LINE_BEGIN:
		f->state = FRAMING_DONE;
		if (f->chunked)
			begin_chunk(f);
		return true;
	case FRAMING_TRAILER_BEGIN: f->state = FRAMING_DONE; return true;
	case FRAMING_TRAILER_NAME:
	case FRAMING_TRAILER: f->state = FRAMING_TRAILER_BEGIN; return true;
	case FRAMING_SIZE:
	case FRAMING_BLANK:
	case FRAMING_EXTENSION:
		return crlf ? end_size(f) : fail(f, "the line of a chunk ends without CRLF");
	case FRAMING_DATA_END:
		if (crlf)
			begin_chunk(f);
		return crlf || fail(f, "a chunk's data ends without CRLF");
	case FRAMING_DATA:
	case FRAMING_DONE: return true;
	}
	return true;
}

/* One byte that is no chunk's data. */
static bool step(struct framing *f, char *c)
{
	bool cr = f->cr;

	if (*c == '\0')
		return fail(f, "a NUL stands in the head, the line of a chunk, or a trailer");
	if (cr && *c != '\n')
		return fail(f, "a CR without LF stands in the head, the line of a chunk, or a "
			       "trailer");
	f->cr = *c == '\r';
	if (*c == '\n') {
		if (!end_line(f, cr))
			return false;
		f->line = 0;
		return true;
	}
	if (!f->cr && !line_char(f, c))
		return false;
	f->line++;
	return true;
}

size_t framing_scan(struct framing *f, char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && !f->fault && f->state != FRAMING_DONE) {
		if (f->state == FRAMING_DATA) {
			size_t skip = f->left < n - i ? (size_t)f->left : n - i;

			f->left -= skip;
			i += skip;
			if (!f->left)
				f->state = FRAMING_DATA_END;
		} else if (!step(f, &bytes[i])) {
			return i;
		} else {
			i++;
		}
	}
	return f->fault ? i : n;
}
