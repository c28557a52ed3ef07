/*
 * The reader works in three steps: one pass over the text refuses what is not RFC 8259,
 * cJSON builds the tree, and a walk over the tree refuses duplicate keys.
 */
#include "common/json.h"
#include "common/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CJSON_NUMBER_MAX 63	/* cJSON cuts a longer number */
#define DOUBLE_TEXT_MAX 32

struct scan {
	const char *text, *p, *end;
	struct buf rewritten;	/* with what cJSON can't take replaced; empty: nothing was */
	uint64_t objects;	/* bit d: the container at depth d is an object */
	int depth;
	struct err *e;
};

static int refuse(struct scan *s, const char *what)
{
	size_t line = 1, column = 1;

	for (const char *p = s->text; p < s->p; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	return err_set(s->e, ERR_INVALID, "not valid JSON at line %zu, column %zu: %s", line,
		       column, what);
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

/* Replaces text by another of the same length, so that positions stay valid. */
static void rewrite(struct scan *s, const char *from, size_t len, const char *with)
{
	char *to;

	if (!s->rewritten.len)
		buf_add(&s->rewritten, s->text, (size_t)(s->end - s->text));
	to = s->rewritten.data + (from - s->text);
	memset(to, ' ', len);
	while (*with)
		*to++ = *with++;
}

/* The four hex digits after \u, or -1. */
static int hex4(const struct scan *s, const char *p)
{
	int v = 0;

	if (s->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* At the u of an escape. */
static int scan_unicode_escape(struct scan *s)
{
	int v = hex4(s, s->p + 1), low;

	if (v < 0)
		return refuse(s, "\\u needs four hexadecimal digits");
	if (v >= 0xdc00 && v <= 0xdfff)
		return refuse(s, "a low surrogate without the high one before it");
	if (v == 0) /* a C string would end here */
		rewrite(s, s->p, 5, "ufffd");
	s->p += 5;
	if (v < 0xd800 || v > 0xdbff)
		return 0;
	low = at(s, '\\') && s->end - s->p > 1 && s->p[1] == 'u' ? hex4(s, s->p + 2) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(s, "a high surrogate without the low one after it");
	s->p += 6;
	return 0;
}

static int scan_string(struct scan *s)
{
	size_t n;

	for (s->p++; s->p < s->end;) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			s->p++;
			return 0;
		}
		if (c < 0x20)
			return refuse(s, "a control character in a string must be escaped");
		if (c == '\\') {
			s->p++;
			if (at(s, 'u')) {
				if (scan_unicode_escape(s))
					return ERR_INVALID;
				continue;
			}
			if (s->p == s->end || !*s->p || !strchr("\"\\/bfnrt", *s->p))
				return refuse(s, "an escape that JSON does not have");
			s->p++;
			continue;
		}
		n = utf8_len(s->p, (size_t)(s->end - s->p));
		if (!n)
			return refuse(s, "bytes that are not UTF-8");
		s->p += n;
	}
	return refuse(s, "the string has no end");
}

static bool skip_digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

/* The syntax was checked: is the number a finite double, and short enough for cJSON? */
static int check_size(struct scan *s, const char *start)
{
	size_t len = (size_t)(s->p - start);
	struct buf token = { 0 };
	char text[DOUBLE_TEXT_MAX];
	double v;

	buf_add(&token, start, len);
	v = strtod(buf_text(&token), NULL);
	buf_free(&token);
	if (!isfinite(v)) {
		s->p = start;
		return refuse(s, "a number too large for a double");
	}
	if (len > CJSON_NUMBER_MAX) {
		snprintf(text, sizeof(text), "%.17g", v);
		rewrite(s, start, len, text);
	}
	return 0;
}

static int scan_number(struct scan *s)
{
	const char *start = s->p;
	bool exponent = false;

	if (at(s, '-'))
		s->p++;
	if (at(s, '0'))
		s->p++;
	else if (!skip_digits(s))
		return refuse(s, "a value was expected");
	if (at(s, '.')) {
		s->p++;
		if (!skip_digits(s))
			return refuse(s, "a digit was expected after the point");
	}
	if (at(s, 'e') || at(s, 'E')) {
		exponent = true;
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		if (!skip_digits(s))
			return refuse(s, "a digit was expected in the exponent");
	}
	if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		return refuse(s, "a number must not begin with 0");
	if (exponent || s->p - start > CJSON_NUMBER_MAX)
		return check_size(s, start);
	return 0;
}

static int scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return refuse(s, "a value was expected");
	s->p += n;
	return 0;
}

/* A value that holds no others. */
static int scan_scalar(struct scan *s)
{
	if (s->p == s->end)
		return refuse(s, "the text ends where a value was expected");
	switch (*s->p) {
	case '"': return scan_string(s);
	case 't': return scan_word(s, "true");
	case 'f': return scan_word(s, "false");
	case 'n': return scan_word(s, "null");
	default: return scan_number(s);
	}
}

static bool in_object(const struct scan *s)
{
	return s->depth > 0 && (s->objects >> s->depth & 1);
}

/* "key": up to where its value begins. */
static int scan_key(struct scan *s)
{
	skip_blanks(s);
	if (!at(s, '"'))
		return refuse(s, "a key in double quotes was expected");
	if (scan_string(s))
		return ERR_INVALID;
	skip_blanks(s);
	if (!at(s, ':'))
		return refuse(s, "':' was expected after the key");
	s->p++;
	return 0;
}

/* At [ or {: go in. *empty when it closes at once; then it is closed. */
static int scan_open(struct scan *s, bool *empty)
{
	bool object = *s->p == '{';

	if (s->depth == JSON_DEPTH_MAX)
		return refuse(s, "nested too deeply (32 levels at most)");
	s->depth++;
	s->objects &= ~(UINT64_C(1) << s->depth);
	s->objects |= (uint64_t)object << s->depth;
	s->p++;
	skip_blanks(s);
	*empty = at(s, object ? '}' : ']');
	if (*empty) {
		s->p++;
		s->depth--;
		return 0;
	}
	return object ? scan_key(s) : 0;
}

/* After a value: close what closes here. *more when a value follows. */
static int scan_after(struct scan *s, bool *more)
{
	*more = false;
	while (s->depth > 0) {
		skip_blanks(s);
		if (at(s, ',')) {
			s->p++;
			*more = true;
			return in_object(s) ? scan_key(s) : 0;
		}
		if (!at(s, in_object(s) ? '}' : ']'))
			return refuse(s,
				      in_object(s) ? "',' or '}' was expected"
						   : "',' or ']' was expected");
		s->p++;
		s->depth--;
	}
	return 0;
}

static int scan_text(struct scan *s)
{
	bool more = true, empty = false;

	while (more) {
		skip_blanks(s);
		if (at(s, '[') || at(s, '{')) {
			if (scan_open(s, &empty))
				return ERR_INVALID;
			if (!empty)
				continue;
		} else if (scan_scalar(s)) {
			return ERR_INVALID;
		}
		if (scan_after(s, &more))
			return ERR_INVALID;
	}
	skip_blanks(s);
	return s->p == s->end ? 0 : refuse(s, "the value has ended, but the text goes on");
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int refuse_duplicates(const cJSON *object, struct err *e)
{
	size_t n = (size_t)cJSON_GetArraySize(object), i = 0;
	const char **keys;
	const cJSON *m;
	int rc = 0;

	if (n < 2)
		return 0;
	keys = xcalloc(n, sizeof(*keys));
	cJSON_ArrayForEach (m, object)
		keys[i++] = m->string;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (i = 1; i < n && !rc; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			rc = err_set(e, ERR_INVALID,
				     "not valid JSON: the key \"%.60s\" is there twice", keys[i]);
	free(keys);
	return rc;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static int check_keys(const cJSON *node, struct err *e)
{
	const cJSON *m;
	int rc = 0;

	if (cJSON_IsObject(node))
		rc = refuse_duplicates(node, e);
	cJSON_ArrayForEach (m, node)
		if (!rc && m->child)
			rc = check_keys(m, e);
	return rc;
}

int json_read(const char *text, size_t len, cJSON **out, struct err *e)
{
	struct scan s = { .text = text, .p = text, .end = text + len, .e = e };
	cJSON *tree = NULL;
	int rc;

	rc = scan_text(&s);
	if (rc)
		goto out;
	tree = cJSON_ParseWithLength(s.rewritten.len ? s.rewritten.data : text, len);
	ASSERT(tree != NULL); /* out of memory: the syntax is right */
	rc = check_keys(tree, e);
	if (rc)
		goto out;
	*out = tree;
	tree = NULL;
out:
	cJSON_Delete(tree);
	buf_free(&s.rewritten);
	return rc;
}
