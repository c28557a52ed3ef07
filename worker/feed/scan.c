#include "worker/feed/scan.h"
#include "common/utf8.h"

#include <string.h>

enum wants {
	WANT_VALUE,		/* at the start, after ':' and after ',' in an array */
	WANT_VALUE_OR_END,	/* after '[' */
	WANT_KEY_OR_END,	/* after '{' */
	WANT_COMMA_OR_END,	/* after a value inside a container */
	WANT_NOTHING		/* after the outermost value */
};

/* Bytes that a string may hold as they are: ASCII without controls, '"' and '\'. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7f] = true,
};

static enum scan_kind fail(struct scan *s, struct scan_token *t, const char *what)
{
	if (!s->error)
		s->error = what;
	t->text = s->p;
	t->len = 0;
	return t->kind = SCAN_ERROR;
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool in_object(const struct scan *s)
{
	return s->depth > 0 && (s->objects >> s->depth & 1);
}

static void value_done(struct scan *s)
{
	s->wants = s->depth ? WANT_COMMA_OR_END : WANT_NOTHING;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of the escape at p (which is a backslash), 0 when it is none. */
static size_t escape_len(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] != 'u')
		return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
	if (end - p < 6)
		return 0;
	for (int i = 2; i < 6; i++)
		if (!is_hex(p[i]))
			return 0;
	return 6;
}

/* Passes a string, from its opening quote to behind its closing one. */
static enum scan_kind take_string(struct scan *s, struct scan_token *t, enum scan_kind kind)
{
	const char *p = s->p + 1, *end = s->end;
	size_t n;

	t->text = p;
	for (;;) {
		while (p < end && plain[(unsigned char)*p])
			p++;
		if (p == end)
			return fail(s, t, "a string does not end");
		if (*p == '"')
			break;
		if (*p == '\\')
			n = escape_len(p, end);
		else
			n = (unsigned char)*p < 0x20 ? 0 : utf8_len(p, (size_t)(end - p));
		if (n == 0) {
			s->p = p;
			return fail(s, t, *p == '\\' ? "an escape that JSON does not have" :
				    (unsigned char)*p < 0x20 ? "a control character in a string" :
				    "bytes that are not UTF-8");
		}
		p += n;
	}
	t->len = (size_t)(p - t->text);
	s->p = p + 1;
	return t->kind = kind;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* The end of the number at p, NULL when it is none. */
static const char *number_end(const char *p, const char *end)
{
	const char *from;

	if (p < end && *p == '-')
		p++;
	from = p;
	p = digits(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

static enum scan_kind take_number(struct scan *s, struct scan_token *t)
{
	const char *to = number_end(s->p, s->end);

	if (!to)
		return fail(s, t, "a number that JSON does not have");
	t->text = s->p;
	t->len = (size_t)(to - s->p);
	s->p = to;
	value_done(s);
	return t->kind = SCAN_NUMBER;
}

static enum scan_kind take_word(struct scan *s, struct scan_token *t, const char *word,
				enum scan_kind kind)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail(s, t, "a value was expected");
	t->text = s->p;
	t->len = len;
	s->p += len;
	value_done(s);
	return t->kind = kind;
}

static enum scan_kind open_container(struct scan *s, struct scan_token *t, bool object)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return fail(s, t, "too many containers inside each other");
	s->depth++;
	s->objects = (s->objects & ~(UINT64_C(1) << s->depth)) | (uint64_t)object << s->depth;
	s->wants = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	t->text = s->p++;
	t->len = 1;
	return t->kind = object ? SCAN_OBJECT : SCAN_ARRAY;
}

static enum scan_kind close_container(struct scan *s, struct scan_token *t)
{
	bool object = in_object(s);

	t->text = s->p++;
	t->len = 1;
	s->depth--;
	value_done(s);
	return t->kind = object ? SCAN_OBJECT_END : SCAN_ARRAY_END;
}

static enum scan_kind take_value(struct scan *s, struct scan_token *t)
{
	enum scan_kind kind;

	switch (*s->p) {
	case '"':
		kind = take_string(s, t, SCAN_STRING);
		if (kind == SCAN_STRING)
			value_done(s);
		return kind;
	case '{': return open_container(s, t, true);
	case '[': return open_container(s, t, false);
	case 't': return take_word(s, t, "true", SCAN_TRUE);
	case 'f': return take_word(s, t, "false", SCAN_FALSE);
	case 'n': return take_word(s, t, "null", SCAN_NULL);
	case '-':
	case '0' ... '9': return take_number(s, t);
	default: return fail(s, t, "a value was expected");
	}
}

/* A key and its colon. */
static enum scan_kind take_key(struct scan *s, struct scan_token *t)
{
	if (s->p == s->end || *s->p != '"')
		return fail(s, t, "a key was expected");
	if (take_string(s, t, SCAN_KEY) == SCAN_ERROR)
		return SCAN_ERROR;
	skip_blanks(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, t, "a ':' was expected");
	s->p++;
	s->wants = WANT_VALUE;
	return SCAN_KEY;
}

void scan_init(struct scan *s, const char *bytes, size_t len)
{
	*s = (struct scan){ .p = bytes, .begin = bytes, .end = bytes + len, .wants = WANT_VALUE };
}

enum scan_kind scan_next(struct scan *s, struct scan_token *t)
{
	if (s->error)
		return fail(s, t, s->error);
	skip_blanks(s);
	if (s->p == s->end) {
		if (s->wants != WANT_NOTHING)
			return fail(s, t, "the text ends too early");
		t->text = s->p;
		t->len = 0;
		return t->kind = SCAN_END;
	}
	switch ((enum wants)s->wants) {
	case WANT_VALUE:
		return take_value(s, t);
	case WANT_VALUE_OR_END:
		return *s->p == ']' ? close_container(s, t) : take_value(s, t);
	case WANT_KEY_OR_END:
		return *s->p == '}' ? close_container(s, t) : take_key(s, t);
	case WANT_COMMA_OR_END:
		if (*s->p == (in_object(s) ? '}' : ']'))
			return close_container(s, t);
		if (*s->p != ',')
			return fail(s, t, "a ',' or the container's end was expected");
		s->p++;
		skip_blanks(s);
		if (in_object(s))
			return take_key(s, t);
		if (s->p == s->end)
			return fail(s, t, "the text ends too early");
		return take_value(s, t);
	case WANT_NOTHING:
		break;
	}
	return fail(s, t, "the value has ended, but the text goes on");
}

bool scan_skip(struct scan *s, const struct scan_token *first)
{
	unsigned int depth = s->depth;
	struct scan_token t = *first;

	if (t.kind != SCAN_OBJECT && t.kind != SCAN_ARRAY)
		return t.kind != SCAN_ERROR;
	while (s->depth >= depth)
		if (scan_next(s, &t) == SCAN_ERROR)
			return false;
	return true;
}

size_t scan_offset(const struct scan *s)
{
	return (size_t)(s->p - s->begin);
}

bool scan_is(const struct scan_token *t, const char *text)
{
	size_t len = strlen(text);

	return t->len == len && memcmp(t->text, text, len) == 0;
}

bool scan_int64(const struct scan_token *t, int64_t *out)
{
	bool negative = t->len > 0 && t->text[0] == '-';
	int64_t v = 0;

	if (t->kind != SCAN_NUMBER || t->len == (size_t)negative)
		return false;
	for (size_t i = negative; i < t->len; i++) {
		int digit = t->text[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return false;
	}
	*out = v;
	return true;
}
