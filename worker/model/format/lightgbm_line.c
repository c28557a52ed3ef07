#include "worker/model/format/lightgbm_line.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 40		/* characters; the writer needs 24 */
#define SIZE_LIMIT 9007199254740992.0	/* 2^53: whole numbers below it are exact */

bool lightgbm_line_next(struct lightgbm_lines *in, struct lightgbm_line *out)
{
	const char *end, *equals;

	if (in->at == in->end)
		return false;
	end = memchr(in->at, '\n', (size_t)(in->end - in->at));
	*out = (struct lightgbm_line){ .text = in->at, .number = ++in->number };
	out->len = (size_t)((end ? end : in->end) - in->at);
	in->at = end ? end + 1 : in->end;
	if (out->len && out->text[out->len - 1] == '\r')
		out->len--;
	equals = memchr(out->text, '=', out->len);
	out->key_len = equals ? (size_t)(equals - out->text) : out->len;
	if (equals) {
		out->value = equals + 1;
		out->value_len = out->len - out->key_len - 1;
	}
	return true;
}

bool lightgbm_line_is(const struct lightgbm_line *l, const char *text)
{
	return l->len == strlen(text) && memcmp(l->text, text, l->len) == 0;
}

bool lightgbm_line_starts(const struct lightgbm_line *l, const char *text)
{
	return l->len >= strlen(text) && memcmp(l->text, text, strlen(text)) == 0;
}

bool lightgbm_key_is(const struct lightgbm_line *l, const char *key)
{
	return l->key_len == strlen(key) && memcmp(l->text, key, l->key_len) == 0;
}

int lightgbm_damaged(struct lightgbm_lines *in, size_t line, const char *what)
{
	return err_set(in->e, ERR_CORRUPT, "the file is damaged at line %zu: %s", line, what);
}

bool lightgbm_part(const char **text, size_t *len, char sep, const char **part, size_t *part_len)
{
	const char *at;

	if (!*text)
		return false;
	at = memchr(*text, sep, *len);
	*part = *text;
	*part_len = at ? (size_t)(at - *text) : *len;
	*len -= at ? *part_len + 1 : *part_len;
	*text = at ? at + 1 : NULL;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* inf, -inf, nan, -nan, as the writer prints what is no finite number. */
static bool is_no_finite(const char *text, size_t len)
{
	if (len == 4 && *text == '-') {
		text++;
		len--;
	}
	return len == 3 && (memcmp(text, "inf", 3) == 0 || memcmp(text, "nan", 3) == 0);
}

static bool read_whole(const char *text, size_t len, double *out)
{
	size_t i = len && *text == '-' ? 1 : 0;
	double v = 0;

	if (i == len || len > NUMBER_MAX)
		return false;
	for (; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		v = v * 10 + (text[i] - '0');
	}
	if (*text == '-' && v == 0)
		return false;
	*out = *text == '-' ? -v : v;
	return v < SIZE_LIMIT;
}

/*
 * strtod rounds correctly, as the writer's 17 digits need. The text is copied because strtod
 * takes more than numbers of this format: blanks, '+', hexadecimal, "infinity".
 */
static bool read_real(const char *text, size_t len, double *out)
{
	char copy[NUMBER_MAX + 1], *end;
	size_t sign = len && *text == '-' ? 1 : 0;

	if (len <= sign || len > NUMBER_MAX || !is_digit(text[sign]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]) && !memchr("+-.eE", text[i], 5))
			return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = strtod(copy, &end);
	return *end == '\0';
}

bool lightgbm_number(const char *text, size_t len, enum lightgbm_kind kind, double *out)
{
	switch (kind) {
	case LIGHTGBM_REAL:
		return read_real(text, len, out) && isfinite(*out);
	case LIGHTGBM_WHOLE:
		return read_whole(text, len, out) && *out >= INT32_MIN && *out <= INT32_MAX;
	case LIGHTGBM_WORD:
		return read_whole(text, len, out) && *out >= 0 && *out <= UINT32_MAX;
	case LIGHTGBM_SIZE:
		return read_whole(text, len, out) && *out >= 0;
	case LIGHTGBM_ANY:
		*out = 0;
		return is_no_finite(text, len) || read_real(text, len, out);
	}
	return false;
}

static void list_add(struct lightgbm_list *l, double v)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->v = xrealloc(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = v;
}

int lightgbm_list_read(struct lightgbm_lines *in, const struct lightgbm_line *l,
		       enum lightgbm_kind kind, struct lightgbm_list *out)
{
	const char *rest = l->value_len ? l->value : NULL, *part;
	size_t len = l->value_len, part_len;
	double v;

	out->n = 0;
	while (lightgbm_part(&rest, &len, ' ', &part, &part_len)) {
		if (!lightgbm_number(part, part_len, kind, &v))
			return err_set(in->e, ERR_CORRUPT,
				       "the file is damaged at line %zu: value %zu of %.*s is "
				       "\"%.*s\", which can't stand there", l->number, out->n,
				       (int)(l->key_len < 30 ? l->key_len : 30), l->text,
				       (int)(part_len < 30 ? part_len : 30), part);
		list_add(out, v);
	}
	return 0;
}
