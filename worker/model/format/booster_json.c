#include "worker/model/format/booster_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct text {
	struct booster_reader *r;
	const char *begin, *p, *end;
};

static int damaged(const struct text *t, const char *what)
{
	return err_set(t->r->e, ERR_CORRUPT, "the JSON is damaged at byte %zu: %s",
		       (size_t)(t->p - t->begin), what);
}

static void skip_space(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\n' || *t->p == '\t' || *t->p == '\r'))
		t->p++;
}

/* At the opening quote. *s and *len: the inside, escapes as they stand. */
static int read_string(struct text *t, const char **s, size_t *len, bool *escaped)
{
	const char *p = t->p + 1;

	*escaped = false;
	for (; p < t->end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return damaged(t, "a control character in a string");
		if (*p == '\\') {
			*escaped = true;
			if (++p == t->end)
				break;
		}
	}
	if (p >= t->end)
		return damaged(t, "a string without end");
	*s = t->p + 1;
	*len = (size_t)(p - *s);
	t->p = p + 1;
	return 0;
}

static int read_number(struct text *t)
{
	size_t len = 0;
	char copy[64], *end;
	struct booster_number v;

	while (t->p + len < t->end && len < sizeof(copy) && strchr("+-.0123456789eE", t->p[len]) &&
	       t->p[len] != '\0')
		len++;
	if (len == 0 || len == sizeof(copy))
		return damaged(t, "a value was expected");
	memcpy(copy, t->p, len);
	copy[len] = '\0';
	v.whole = !strpbrk(copy, ".eE");
	v.i = v.whole ? strtoll(copy, &end, 10) : 0;
	if (!v.whole || end != copy + len)
		v.whole = false;
	v.f = strtof(copy, &end); /* nearest, as libxgboost reads it */
	if (end != copy + len)
		return damaged(t, "a number was expected");
	t->p += len;
	return booster_on_number(t->r, v);
}

static bool word(struct text *t, const char *w)
{
	size_t len = strlen(w);

	if ((size_t)(t->end - t->p) < len || memcmp(t->p, w, len) != 0)
		return false;
	t->p += len;
	return true;
}

static int read_value(struct text *t);

static int read_member(struct text *t)
{
	const char *key;
	size_t len;
	bool escaped;
	int err;

	skip_space(t);
	if (t->p == t->end || *t->p != '"')
		return damaged(t, "a key was expected");
	err = read_string(t, &key, &len, &escaped);
	if (err)
		return err;
	if (escaped)
		return damaged(t, "a key with an escape");
	skip_space(t);
	if (t->p == t->end || *t->p != ':')
		return damaged(t, "a colon was expected");
	t->p++;
	err = booster_on_key(t->r, key, len);
	return err ? err : read_value(t);
}

/* At the opening bracket; booster_on_begin limits the depth of this recursion. */
static int read_nest(struct text *t, bool array)
{
	char close = array ? ']' : '}';
	int err = booster_on_begin(t->r, array);
	bool first = true;

	t->p++;
	for (; !err; first = false) {
		skip_space(t);
		if (t->p == t->end)
			return damaged(t, "the end is missing");
		if (*t->p == close) {
			t->p++;
			return booster_on_end(t->r);
		}
		if (!first) {
			if (*t->p != ',')
				return damaged(t, "a comma was expected");
			t->p++;
		}
		err = array ? read_value(t) : read_member(t);
	}
	return err;
}

static int read_value(struct text *t)
{
	const char *s;
	size_t len;
	bool escaped;
	int err;

	skip_space(t);
	if (t->p == t->end)
		return damaged(t, "the end is missing");
	switch (*t->p) {
	case '{': return read_nest(t, false);
	case '[': return read_nest(t, true);
	case '"':
		err = read_string(t, &s, &len, &escaped);
		return err ? err : booster_on_string(t->r, s, len);
	default: break;
	}
	if (word(t, "true"))
		return booster_on_number(t->r, (struct booster_number){ true, 1, 1 });
	if (word(t, "false"))
		return booster_on_number(t->r, (struct booster_number){ true, 0, 0 });
	if (word(t, "null"))
		return 0;
	/* as XGBoost writes what is no number: thresholds of categories, say */
	if (word(t, "NaN"))
		return booster_on_number(t->r, (struct booster_number){ .f = (float)NAN });
	if (word(t, "Infinity"))
		return booster_on_number(t->r, (struct booster_number){ .f = INFINITY });
	if (word(t, "-Infinity"))
		return booster_on_number(t->r, (struct booster_number){ .f = -INFINITY });
	return read_number(t);
}

int booster_read_json(struct booster_reader *r, const char *data, size_t len)
{
	struct text t = { .r = r, .begin = data, .p = data, .end = data + len };
	int err = read_value(&t);

	if (err)
		return err;
	skip_space(&t);
	return t.p == t.end ? 0 : damaged(&t, "something follows the model");
}
