#include "common/json.h"

#include "common/clock.h"
#include "common/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_TEXT_MAX 32
#define INT_TEXT_MAX 24

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void escape_control(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"': buf_puts(out, "\\\""); break;
	case '\\': buf_puts(out, "\\\\"); break;
	case '\b': buf_puts(out, "\\b"); break;
	case '\f': buf_puts(out, "\\f"); break;
	case '\n': buf_puts(out, "\\n"); break;
	case '\r': buf_puts(out, "\\r"); break;
	case '\t': buf_puts(out, "\\t"); break;
	default: buf_printf(out, "\\u%04x", c); break;
	}
}

void json_escape(struct buf *out, const char *text)
{
	const char *end = text + strlen(text), *run = text;

	while (text < end) {
		unsigned char c = (unsigned char)*text;
		size_t n = 1;

		if (is_plain(c) || (c >= 0x80 && (n = utf8_len(text, (size_t)(end - text))))) {
			text += n;
			continue;
		}
		buf_add(out, run, (size_t)(text - run));
		if (c >= 0x80)
			buf_puts(out, "\xef\xbf\xbd");
		else
			escape_control(out, c);
		run = ++text;
	}
	buf_add(out, run, (size_t)(text - run));
}

#define BYTES(c) (UINT64_C(0x0101010101010101) * (c))
/* Not 0: one of the 8 bytes is 0. */
#define ZERO_IN(w) (((w) - BYTES(1)) & ~(w) & BYTES(0x80))

/* How many bytes at the begin are plain for sure: 8 are looked at together. */
static size_t plain_bytes(const char *text, size_t len)
{
	size_t n = 0;
	uint64_t w;

	for (; len - n >= sizeof(w); n += sizeof(w)) {
		memcpy(&w, text + n, sizeof(w));
		if ((w & BYTES(0x80)) | ((w - BYTES(0x20)) & ~w & BYTES(0x80)) |
		    ZERO_IN(w ^ BYTES('"')) | ZERO_IN(w ^ BYTES('\\')))
			break;
	}
	while (n < len && is_plain((unsigned char)text[n]))
		n++;
	return n;
}

/*
 * The usual text has nothing to escape: it goes in as it is, with what stands before and after
 * it, in one piece. (Lists have thousands of keys and words.)
 */
static void put_quoted(struct buf *out, bool comma, const char *text, bool colon)
{
	size_t len = strlen(text), plain = plain_bytes(text, len), n = 0;
	char *p = buf_room(out, len + 4);

	if (comma)
		p[n++] = ',';
	p[n++] = '"';
	memcpy(p + n, text, plain);
	n += plain;
	if (plain < len) {
		buf_wrote(out, n);
		json_escape(out, text + plain);
		p = buf_room(out, 2);
		n = 0;
	}
	p[n++] = '"';
	if (colon)
		p[n++] = ':';
	buf_wrote(out, n);
}

/* Writes what comes before every value: a comma, and the key. */
static void lead(struct json *j, const char *key)
{
	if (key)
		put_quoted(j->out, j->comma, key, true);
	else if (j->comma)
		buf_putc(j->out, ',');
	j->comma = true;
}

static void put_uint(struct buf *out, uint64_t u, bool negative)
{
	char tmp[INT_TEXT_MAX];
	char *p = tmp + sizeof(tmp);

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (negative)
		*--p = '-';
	buf_add(out, p, (size_t)(tmp + sizeof(tmp) - p));
}

/*
 * The usual case, without printf, because lists have hundreds of numbers: v is n / 10^8 with
 * at most 15 digits. Then only one n fits, and its text without trailing zeros is the
 * shortest that reads back as v.
 */
static bool put_short_decimal(struct buf *out, double v)
{
	double n = round(v * 1e8);
	char tmp[MONEY_TEXT_MAX];

	if (!(fabs(n) < 1e15) || n / 1e8 != v || (v == 0 && signbit(v)))
		return false;
	buf_puts(out, money_text(money_of_units((int64_t)n), tmp));
	return true;
}

static void put_double(struct buf *out, double v)
{
	char tmp[DOUBLE_TEXT_MAX];

	if (put_short_decimal(out, v))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(tmp, sizeof(tmp), "%.*g", digits, v);
		if (strtod(tmp, NULL) == v)
			break;
	}
	buf_puts(out, tmp);
}

void json_object(struct json *j, const char *key)
{
	lead(j, key);
	buf_putc(j->out, '{');
	j->comma = false;
}

void json_object_end(struct json *j)
{
	buf_putc(j->out, '}');
	j->comma = true;
}

void json_array(struct json *j, const char *key)
{
	lead(j, key);
	buf_putc(j->out, '[');
	j->comma = false;
}

void json_array_end(struct json *j)
{
	buf_putc(j->out, ']');
	j->comma = true;
}

void json_string(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	if (value)
		put_quoted(j->out, false, value, false);
	else
		buf_puts(j->out, "null");
}

void json_int(struct json *j, const char *key, int64_t value)
{
	lead(j, key);
	put_uint(j->out, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void json_double(struct json *j, const char *key, double value)
{
	lead(j, key);
	if (isfinite(value))
		put_double(j->out, value);
	else
		buf_puts(j->out, "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	buf_puts(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	lead(j, key);
	buf_puts(j->out, "null");
}

void json_price(struct json *j, const char *key, struct price v)
{
	char tmp[MONEY_TEXT_MAX];

	lead(j, key);
	buf_puts(j->out, price_text(v, tmp));
}

void json_qty(struct json *j, const char *key, struct qty v)
{
	char tmp[MONEY_TEXT_MAX];

	lead(j, key);
	buf_puts(j->out, qty_text(v, tmp));
}

void json_money(struct json *j, const char *key, struct money v)
{
	char tmp[MONEY_TEXT_MAX];

	lead(j, key);
	buf_puts(j->out, money_text(v, tmp));
}

void json_time(struct json *j, const char *key, int64_t us)
{
	char tmp[CLOCK_TEXT_MAX];

	if (us)
		json_string(j, key, clock_text(us, tmp));
	else
		json_null(j, key);
}

void json_raw(struct json *j, const char *key, const char *json_text)
{
	lead(j, key);
	buf_puts(j->out, json_text && *json_text ? json_text : "null");
}
