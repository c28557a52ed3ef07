#include "worker/notify/telegram_text.h"

#include "common/utf8.h"

#include <string.h>

#define CUT "..."

static const char *entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	}
	return NULL;
}

/* The next character as HTML into piece; returns its bytes in text. */
static size_t next_piece(const char *text, char piece[8])
{
	size_t n = utf8_len(text, strlen(text) < 4 ? strlen(text) : 4);
	const char *e = entity(*text);

	if (e) {
		memcpy(piece, e, strlen(e) + 1);
		return 1;
	}
	if (n == 0 || (n == 1 && (unsigned char)*text < ' ' && *text != '\n' && *text != '\t')) {
		memcpy(piece, "?", 2); /* no UTF-8, or a control character */
		return 1;
	}
	memcpy(piece, text, n);
	piece[n] = '\0';
	return n;
}

/* Bytes of text that fit into room as HTML. */
static size_t escape_upto(struct buf *out, const char *text, size_t len, size_t room)
{
	char piece[8];
	size_t at = 0;

	while (at < len) {
		size_t n = next_piece(text + at, piece);

		if (strlen(piece) > room)
			break;
		room -= strlen(piece);
		buf_puts(out, piece);
		at += n;
	}
	return at;
}

static size_t escaped_len(const char *text, size_t len)
{
	char piece[8];
	size_t total = 0;

	for (size_t at = 0; at < len; at += next_piece(text + at, piece), total += strlen(piece))
		;
	return total;
}

static void escape_n(struct buf *out, const char *text, size_t len, size_t room)
{
	if (escaped_len(text, len) <= room) {
		(void)escape_upto(out, text, len, room);
		return;
	}
	(void)escape_upto(out, text, len, room > strlen(CUT) ? room - strlen(CUT) : 0);
	buf_puts(out, CUT);
}

void telegram_escape(struct buf *out, const char *text, size_t room)
{
	escape_n(out, text, strlen(text), room);
}

void telegram_message(struct buf *out, const char *prefix, const char *text)
{
	size_t begun = out->len, head = strcspn(text, "\n");

	buf_puts(out, prefix);
	buf_puts(out, "<b>");
	escape_n(out, text, head, TELEGRAM_PAGE_MAX / 2);
	buf_puts(out, "</b>");
	if (text[head]) {
		buf_putc(out, '\n');
		telegram_escape(out, text + head + 1, TELEGRAM_PAGE_MAX - (out->len - begun));
	}
}

const char *telegram_page(struct buf *out, const char *text)
{
	size_t room = TELEGRAM_PAGE_MAX - strlen("<pre></pre>"), used = 0;

	buf_puts(out, "<pre>");
	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t need = escaped_len(text, len) + (used > 0);

		if (used > 0 && need > room - used)
			break;
		if (need > room) {
			text += escape_upto(out, text, len, room);
			break;
		}
		if (used > 0)
			buf_putc(out, '\n');
		(void)escape_upto(out, text, len, need);
		used += need;
		text += len + (text[len] == '\n');
	}
	buf_puts(out, "</pre>");
	return text;
}
