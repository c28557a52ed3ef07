#include "common/config_value.h"

#include "common/number.h"
#include "common/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASK "********"

static void *field(struct config *c, const struct config_key *k)
{
	return (char *)c + k->offset;
}

static const void *const_field(const struct config *c, const struct config_key *k)
{
	return (const char *)c + k->offset;
}

/* The index of text in "a,b|c" (0, 0, 1), or -1. *word: the first spelling of that choice. */
static int choice_of(const char *choices, const char *text, const char **word, size_t *len)
{
	int index = 0;

	*word = choices;
	for (const char *p = choices; *p;) {
		size_t n = strcspn(p, ",|");

		if (n == strlen(text) && strncasecmp(p, text, n) == 0) {
			*len = strcspn(*word, ",|");
			return index;
		}
		p += n;
		if (*p == '|') {
			index++;
			*word = p + 1;
		}
		p += *p != '\0';
	}
	return -1;
}

static void put_choice(const char *choices, int index, struct buf *out)
{
	for (; index > 0; index--)
		choices += strcspn(choices, "|") + 1;
	buf_add(out, choices, strcspn(choices, ",|"));
}

/* "a,b|c" as "a (or b), c" */
static void put_choices(const char *choices, struct buf *out)
{
	bool open = false;

	for (const char *p = choices; *p; p++) {
		if (*p == ',') {
			buf_puts(out, open ? ", " : " (or ");
			open = true;
		} else if (*p == '|') {
			buf_puts(out, open ? "), " : ", ");
			open = false;
		} else {
			buf_putc(out, *p);
		}
	}
	if (open)
		buf_putc(out, ')');
}

static bool set_int(const struct config_key *k, const char *text, int64_t *out)
{
	return number_int(text, (int64_t)k->min, (int64_t)k->max, out);
}

static bool set_real(const struct config_key *k, const char *text, double *out)
{
	char *end;
	double v;

	if (k->choices && strcasecmp(text, k->choices) == 0) {
		*out = k->word;
		return true;
	}
	if (strspn(text, "-+.0123456789eE") != strlen(text))
		return false;
	v = strtod(text, &end);
	if (end == text || *end || !isfinite(v) || v < k->min || v > k->max)
		return false;
	*out = v;
	return true;
}

static bool set_bool(const char *text, bool *out)
{
	const char *word;
	size_t len;
	int i = choice_of("false,0,no,off|true,1,yes,on", text, &word, &len);

	if (i < 0)
		return false;
	*out = i == 1;
	return true;
}

/* Enums of the struct are unsigned int to the compilers that we build with. */
static bool set_enum(const struct config_key *k, const char *text, void *out)
{
	const char *word;
	size_t len;
	int i = choice_of(k->choices, text, &word, &len);
	unsigned v = (unsigned)i;

	ASSERT(k->size == sizeof(v));
	if (i < 0)
		return false;
	memcpy(out, &v, sizeof(v));
	return true;
}

static bool is_clean(const char *text)
{
	size_t left = strlen(text), n;

	for (; left > 0; text += n, left -= n) {
		n = utf8_len(text, left);
		if (!n || iscntrl((unsigned char)*text))
			return false;
	}
	return true;
}

static bool set_text(const struct config_key *k, const char *text, char *out)
{
	size_t len = strlen(text);

	if (k->choices && choice_of(k->choices, text, &text, &len) < 0)
		return false;
	if (len >= k->size || !is_clean(text))
		return false;
	snprintf(out, k->size, "%.*s", (int)len, text);
	return true;
}

/* Expands "~/" to the home folder, because in a .env file no shell does it. */
static bool set_path(const struct config_key *k, const char *text, char *out)
{
	const char *home = getenv("HOME");
	struct buf path = { 0 };
	bool ok;

	if (strncmp(text, "~/", 2) == 0 && home) {
		buf_puts(&path, home);
		text++;
	}
	buf_puts(&path, text);
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.data[--path.len] = '\0';
	ok = set_text(k, buf_text(&path), out);
	buf_free(&path);
	return ok;
}

static bool set_secret(const struct config_key *k, const char *text, char *out)
{
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p))
			return false;
	return set_text(k, text, out);
}

static bool set_any(const struct config_key *k, const char *text, void *out)
{
	switch (k->type) {
	case CONFIG_TEXT: return set_text(k, text, out);
	case CONFIG_PATH: return set_path(k, text, out);
	case CONFIG_INT: return set_int(k, text, out);
	case CONFIG_REAL: return set_real(k, text, out);
	case CONFIG_BOOL: return set_bool(text, out);
	case CONFIG_ENUM: return set_enum(k, text, out);
	case CONFIG_SECRET: return set_secret(k, text, out);
	}
	return false;
}

int config_value_set(struct config *c, const struct config_key *k, const char *text,
		     const char *where, struct err *e)
{
	struct buf allowed = { 0 };

	if (set_any(k, text, field(c, k)))
		return 0;
	config_allowed(k, &allowed);
	if (k->type == CONFIG_SECRET)
		err_set(e, ERR_INVALID, "%s (from %s) can't be used: allowed is %s", k->name, where,
			buf_text(&allowed));
	else
		err_set(e, ERR_INVALID, "%s=%.100s (from %s) can't be used: allowed is %s", k->name,
			text, where, buf_text(&allowed));
	buf_free(&allowed);
	return ERR_INVALID;
}

void config_value_text(const struct config *c, const struct config_key *k, struct buf *out)
{
	const void *v = const_field(c, k);
	unsigned index;
	int64_t i;
	double d;

	switch (k->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH: buf_puts(out, v); break;
	case CONFIG_SECRET: buf_puts(out, *(const char *)v ? MASK : ""); break;
	case CONFIG_INT:
		memcpy(&i, v, sizeof(i));
		buf_printf(out, "%" PRId64, i);
		break;
	case CONFIG_REAL:
		memcpy(&d, v, sizeof(d));
		if (k->choices && d == k->word)
			buf_puts(out, k->choices);
		else
			buf_printf(out, "%.15g", d);
		break;
	case CONFIG_BOOL: buf_puts(out, *(const bool *)v ? "true" : "false"); break;
	case CONFIG_ENUM:
		memcpy(&index, v, sizeof(index));
		put_choice(k->choices, (int)index, out);
		break;
	}
}

void config_allowed(const struct config_key *k, struct buf *out)
{
	switch (k->type) {
	case CONFIG_TEXT:
		if (k->choices)
			put_choices(k->choices, out);
		else
			buf_printf(out, "up to %zu characters", k->size - 1);
		break;
	case CONFIG_PATH: buf_printf(out, "a path of up to %zu characters", k->size - 1); break;
	case CONFIG_SECRET:
		buf_printf(out, "up to %zu letters, digits and signs, without blanks", k->size - 1);
		break;
	case CONFIG_INT:
		buf_printf(out, "%" PRId64 " to %" PRId64, (int64_t)k->min, (int64_t)k->max);
		break;
	case CONFIG_REAL:
		buf_printf(out, "%.15g to %.15g", k->min, k->max);
		if (k->choices)
			buf_printf(out, ", or %s", k->choices);
		break;
	case CONFIG_BOOL: buf_puts(out, "true or false"); break;
	case CONFIG_ENUM: put_choices(k->choices, out); break;
	}
}

const char *config_type_name(enum config_type type)
{
	switch (type) {
	case CONFIG_TEXT: return "text";
	case CONFIG_PATH: return "path";
	case CONFIG_INT: return "whole number";
	case CONFIG_REAL: return "number";
	case CONFIG_BOOL: return "true/false";
	case CONFIG_ENUM: return "choice";
	case CONFIG_SECRET: return "secret";
	}
	return "";
}
