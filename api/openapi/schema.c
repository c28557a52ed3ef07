#include "api/openapi/schema.h"

#include "api/http/route.h"
#include "api/openapi/parts.h"
#include "api/openapi/words.h"
#include "api/store/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define REF "#/components/schemas/"
#define EXAMPLE_TIME "2026-01-31T08:15:30.123456Z"
#define EXAMPLE_DAY "2026-01-31"

/* A type word taken apart. */
struct type {
	char base[160];
	bool null, missing;
	bool list, choice, part;
};

static struct type take_apart(const char *word)
{
	struct type t = { 0 };
	size_t len = strlen(word);

	ASSERT(len > 0 && len < sizeof(t.base));
	t.missing = word[len - 1] == '-';
	len -= t.missing;
	t.null = word[len - 1] == '?';
	len -= t.null;
	t.list = word[0] == '[';
	memcpy(t.base, word + t.list, len - 2 * (size_t)t.list);
	t.choice = !t.list && strchr(t.base, '|');
	t.part = !t.list && !t.choice && isupper((unsigned char)t.base[0]);
	return t;
}

/* The words of the simple types. */
static const struct simple {
	const char *word, *type, *format;
	double min;
	bool has_min;
	const char *example;
} simple_types[] = {
	{ "int", "integer", "int64", 0, false, "3" },
	{ "count", "integer", "int64", 0, true, "3" },
	{ "id", "integer", "int64", 1, true, "1" },
	{ "number", "number", NULL, 0, false, "0.5" },
	{ "amount", "number", NULL, 0, false, "12.5" },
	{ "bool", "boolean", NULL, 0, false, "true" },
	{ "false", "boolean", NULL, 0, false, "false" },
	{ "text", "string", NULL, 0, false, "\"text\"" },
	{ "time", "string", "date-time", 0, false, "\"" EXAMPLE_TIME "\"" },
	{ "day", "string", "date", 0, false, "\"" EXAMPLE_DAY "\"" },
	{ "binary", "string", "binary", 0, false, "\"(bytes)\"" },
	{ "object", "object", NULL, 0, false, "{}" },
	{ "any", NULL, NULL, 0, false, "null" },
};

static const struct simple *simple_find(const char *word)
{
	const size_t n = sizeof(simple_types) / sizeof(simple_types[0]);
	size_t i = 0;

	while (i < n && strcmp(simple_types[i].word, word) != 0)
		i++;
	ASSERT(i < n); /* no such type word */
	return &simple_types[i];
}

void openapi_put_type(struct json *j, const char *type, bool null)
{
	if (!null) {
		json_string(j, "type", type);
		return;
	}
	json_array(j, "type");
	json_string(j, NULL, type);
	json_string(j, NULL, "null");
	json_array_end(j);
}

void openapi_put_choices(struct json *j, const char *choices, bool null)
{
	char one[80];
	size_t len;

	openapi_put_type(j, "string", null);
	json_array(j, "enum");
	for (const char *p = choices; *p; p += len + (p[len] == '|')) {
		len = strcspn(p, "|");
		snprintf(one, sizeof(one), "%.*s", (int)len, p);
		json_string(j, NULL, one);
	}
	if (null)
		json_null(j, NULL);
	json_array_end(j);
}

static void put_ref(struct json *j, const char *part, bool null)
{
	char ref[200];

	snprintf(ref, sizeof(ref), REF "%s", part);
	if (!null) {
		json_string(j, "$ref", ref);
		return;
	}
	json_array(j, "anyOf");
	json_object(j, NULL);
	json_string(j, "$ref", ref);
	json_object_end(j);
	json_object(j, NULL);
	json_string(j, "type", "null");
	json_object_end(j);
	json_array_end(j);
}

static void put_simple(struct json *j, const char *word, bool null)
{
	const struct simple *s = simple_find(word);

	if (s->type)
		openapi_put_type(j, s->type, null);
	if (s->format)
		json_string(j, "format", s->format);
	if (!strcmp(word, "false"))
		json_bool(j, "const", false);
	if (s->has_min)
		json_double(j, "minimum", s->min);
	/* Without it some generators make a type of it that has no members. */
	if (s->type && !strcmp(s->type, "object"))
		json_bool(j, "additionalProperties", true);
}

void openapi_type_schema(struct json *j, const char *key, const char *type, const char *help)
{
	struct type t = take_apart(type);

	json_object(j, key);
	if (t.list) {
		openapi_put_type(j, "array", t.null);
		openapi_type_schema(j, "items", t.base, NULL);
	} else if (t.choice) {
		openapi_put_choices(j, t.base, t.null);
	} else if (t.part) {
		put_ref(j, t.base, t.null);
	} else {
		put_simple(j, t.base, t.null);
	}
	if (help && *help)
		json_string(j, "description", help);
	json_object_end(j);
}

/* NULL: nothing is said about it. */
static const struct openapi_word *openapi_word_find(const char *name)
{
	for (size_t i = 0; i < openapi_words_count; i++) {
		if (!strcmp(openapi_words[i].name, name))
			return &openapi_words[i];
	}
	return NULL;
}

static const char *column_word(enum column_type type)
{
	switch (type) {
	case COL_INT: return "int";
	case COL_BOOL: return "bool";
	case COL_REAL: return "number";
	case COL_PRICE:
	case COL_QTY:
	case COL_MONEY: return "amount";
	case COL_TEXT:
	case COL_LOWER: return "text";
	case COL_NULLTEXT: return "text?";
	case COL_TIME: return "time";
	case COL_NULLINT: return "id?";
	case COL_JSON: return "any";
	case COL_MEANING: return "object?";
	case COL_HIDDEN: return "";
	}
	return "";
}

static const struct part_field *field_find(const struct part_field *list, const char *name)
{
	for (; list && list->name; list++) {
		if (!strcmp(list->name, name))
			return list;
	}
	return NULL;
}

static bool column_has(const struct column *c, const char *name)
{
	for (; c && c->key; c++) {
		if (!strcmp(c->key, name))
			return true;
	}
	return false;
}

static void fill(struct openapi_member *m, const char *name, const char *column,
		 const struct part_field *f)
{
	const struct openapi_word *w = openapi_word_find(name);
	const char *type = f && f->type ? f->type : "";

	m->name = name;
	m->help = f && f->help ? f->help : w ? w->help : "";
	if (*type && *type != '?')
		column = "";
	snprintf(m->type, sizeof(m->type), "%s%s", column, type);
}

static size_t columns_count(const struct column *c)
{
	size_t n = 0;

	while (c && c[n].key)
		n++;
	return n;
}

static const struct part_field of_repeat[] = {
	{ "replayed", "bool-",
	  "True: a request with the same Idempotency-Key was answered so before; nothing was done "
	  "now, and a bot's status is that of now." },
	{ "answered", "time-", "Of a repeat: when the first answer was given." },
	{ NULL, NULL, NULL },
};

/* Does a route that takes an Idempotency-Key answer with part p? */
static bool may_repeat(const struct part *p)
{
	if (!strcmp(p->name, "Error"))
		return true;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		for (size_t k = 0; k < ROUTE_GIVES_MAX && r->gives[k].code; k++) {
			if (r->says & SAYS_IDEMPOTENT && !strcmp(r->gives[k].type, p->name))
				return true;
		}
	}
	return false;
}

/* The i-th of list that is not a remark about a column; NULL after the last. */
static const struct part_field *own_field(const struct part *p, size_t i)
{
	const size_t repeats = sizeof(of_repeat) / sizeof(of_repeat[0]) - 1;

	for (const struct part_field *f = p->fields; f && f->name; f++) {
		if (!column_has(p->columns, f->name) && i-- == 0)
			return f;
	}
	for (const struct part_field *f = p->more; f && f->name; f++) {
		if (i-- == 0)
			return f;
	}
	return i < repeats && may_repeat(p) ? &of_repeat[i] : NULL;
}

bool openapi_member_next(const struct part *p, struct openapi_member *m)
{
	size_t n = columns_count(p->columns);
	const struct part_field *f;

	while (m->at < n && p->columns[m->at].type == COL_HIDDEN)
		m->at++;
	if (m->at < n) {
		const struct column *c = &p->columns[m->at++];

		fill(m, c->key, column_word(c->type), field_find(p->fields, c->key));
		return true;
	}
	f = own_field(p, m->at - n);
	if (!f)
		return false;
	m->at++;
	fill(m, f->name, "", f);
	m->of_repeat = f >= of_repeat && f < of_repeat + sizeof(of_repeat) / sizeof(of_repeat[0]);
	return true;
}

static void part_example(struct json *j, const char *key, const struct part *p);

static void config_example(struct json *j, const char *key)
{
	struct bot_config c;

	bot_config_defaults(&c);
	json_object(j, key);
	bot_config_json(&c, j);
	json_object_end(j);
}

/* A word's example may be of another type than this member, which has the same name. */
static bool fits(const char *example, const struct simple *s)
{
	const char *is = *example == '"' ? "string" : isalpha((unsigned char)*example) ? "boolean"
									       : "number";

	if (!strcmp(s->word, "false"))
		return false;
	if (s->type && !strcmp(s->type, "integer"))
		return !strcmp(is, "number") && !strchr(example, '.');
	return s->type && !strcmp(s->type, is) && !s->format;
}

static void type_example(struct json *j, const char *key, const char *type, const char *name)
{
	const struct openapi_word *w = name ? openapi_word_find(name) : NULL;
	struct type t = take_apart(type);
	const struct simple *s;
	char text[200];

	if (t.list) {
		json_array(j, key);
		type_example(j, NULL, t.base, NULL);
		json_array_end(j);
	} else if (t.choice) {
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(t.base, "|"), t.base);
		json_string(j, key, text);
	} else if (t.part) {
		const struct part *p = openapi_part_find(t.base);

		if (p)
			part_example(j, key, p);
		else
			config_example(j, key);
	} else {
		s = simple_find(t.base);
		json_raw(j, key, w && w->example && fits(w->example, s) ? w->example : s->example);
	}
}

static void part_example(struct json *j, const char *key, const struct part *p)
{
	struct openapi_member m = { 0 };

	json_object(j, key);
	while (openapi_member_next(p, &m)) {
		if (!m.of_repeat)
			type_example(j, m.name, m.type, m.name);
	}
	json_object_end(j);
}

void openapi_part_schema(struct json *j, const struct part *p)
{
	struct openapi_member m = { 0 };

	json_object(j, p->name);
	json_string(j, "description", p->help);
	json_string(j, "type", "object");
	json_object(j, "properties");
	while (openapi_member_next(p, &m))
		openapi_type_schema(j, m.name, m.type, m.help);
	json_object_end(j);
	json_array(j, "required");
	for (m = (struct openapi_member){ 0 }; openapi_member_next(p, &m);) {
		if (!take_apart(m.type).missing)
			json_string(j, NULL, m.name);
	}
	json_array_end(j);
	json_array(j, "examples");
	part_example(j, NULL, p);
	json_array_end(j);
	json_object_end(j);
}
