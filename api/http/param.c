#include "api/http/param.h"

#include "common/clock.h"
#include "common/number.h"
#include "common/registry/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool param_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	if (!len || strchr(text, '|'))
		return false;
	for (const char *p = choices; p; p = strchr(p, '|')) {
		if (*p == '|')
			p++;
		if (!strncmp(p, text, len) && (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}

static const struct param *find(const struct param *list, const char *name)
{
	for (const struct param *p = list; p && p->name; p++) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static bool is_ascii(const char *v)
{
	while (*v && !(*v & 0x80))
		v++;
	return !*v;
}

static void check_chars(const struct param *p, const char *v, struct field_errors *f)
{
	const char *why = text_fault(v, p->min == 0);
	size_t len = strlen(v);

	if ((double)len < p->min || (double)len > p->max)
		field_error(f, p->name, "must have %.0f to %.0f characters%s", p->min, p->max,
			    is_ascii(v) ? "" : " (those beyond ASCII count as 2 to 4)");
	else if (why)
		field_error(f, p->name, "%s", why);
}

/* "a|b|c" for people: "a, b, c" */
static void check_choice(const struct param *p, const char *v, struct field_errors *f)
{
	char list[120];
	size_t n = 0;

	if (param_choice(p->choices, v))
		return;
	for (const char *c = p->choices; *c && n + 3 < sizeof(list); c++) {
		list[n++] = *c == '|' ? ',' : *c;
		if (*c == '|')
			list[n++] = ' ';
	}
	list[n] = '\0';
	field_error(f, p->name, "must be one of %s", list);
}

static void check_text(const struct param *p, const char *v, struct field_errors *f)
{
	int64_t us;

	switch (p->type) {
	case PARAM_TEXT:
		check_chars(p, v, f);
		break;
	case PARAM_CHOICE:
		check_choice(p, v, f);
		break;
	case PARAM_TIME:
		if (clock_parse(v, &us))
			field_error(f, p->name, "must be a time such as 2026-01-31T08:15:30Z "
				    "or a day such as 2026-01-31");
		break;
	case PARAM_DAY:
		if (strlen(v) != 10 || clock_parse(v, &us))
			field_error(f, p->name, "must be a day such as 2026-01-31");
		break;
	case PARAM_INT:
	case PARAM_NUMBER:
	case PARAM_AMOUNT:
	case PARAM_BOOL:
	case PARAM_OBJECT:
	case PARAM_LIST:
	case PARAM_FILE:
		break;
	}
}

static void check_number(const struct param *p, double v, struct field_errors *f)
{
	if (!isfinite(v) || v < p->min || v > p->max)
		field_error(f, p->name, p->type == PARAM_INT ? "must be %.0f to %.0f"
							     : "must be %.15g to %.15g",
			    p->min, p->max);
	else if (p->type == PARAM_INT && v != floor(v))
		field_error(f, p->name, "must be a whole number");
}

static void check_amount(const struct param *p, double v, struct field_errors *f)
{
	const size_t before = f->n;
	struct money m;

	check_number(p, v, f);
	if (f->n == before && !money_from_real(v, &m) && !money_units(m) && (v < 0 || v > 0))
		field_error(f, p->name, "must have at most 8 decimals: it would become 0");
}

static void check_member(const struct param *p, const cJSON *v, struct field_errors *f)
{
	if (cJSON_IsNull(v) && p->nullable)
		return;
	switch (p->type) {
	case PARAM_TEXT:
	case PARAM_TIME:
	case PARAM_DAY:
	case PARAM_CHOICE:
		if (cJSON_IsString(v))
			check_text(p, v->valuestring, f);
		else
			field_error(f, p->name, "must be a string");
		break;
	case PARAM_INT:
	case PARAM_NUMBER:
	case PARAM_AMOUNT:
		if (!cJSON_IsNumber(v)) {
			field_error(f, p->name, "must be a number");
			break;
		}
		if (p->type == PARAM_AMOUNT)
			check_amount(p, v->valuedouble, f);
		else
			check_number(p, v->valuedouble, f);
		break;
	case PARAM_BOOL:
		if (!cJSON_IsBool(v))
			field_error(f, p->name, "must be true or false");
		break;
	case PARAM_OBJECT:
		if (!cJSON_IsObject(v))
			field_error(f, p->name, "must be an object");
		break;
	case PARAM_LIST:
		if (!cJSON_IsArray(v))
			field_error(f, p->name, "must be a list");
		break;
	case PARAM_FILE:
		break;
	}
}

int param_check_body(const struct param *list, const cJSON *body, struct field_errors *f)
{
	const cJSON *v;

	if (body && !cJSON_IsObject(body)) {
		field_error(f, "body", "must be a JSON object");
		return ERR_INVALID;
	}
	for (v = body ? body->child : NULL; v; v = v->next) {
		const struct param *p = find(list, v->string);

		if (p)
			check_member(p, v, f);
		else
			field_error(f, v->string, "is not known here");
	}
	for (const struct param *p = list; p && p->name; p++) {
		v = body ? cJSON_GetObjectItemCaseSensitive(body, p->name) : NULL;
		if (p->required && !v)
			field_error(f, p->name, "is required");
	}
	return f->n ? ERR_INVALID : 0;
}

static void check_query_value(const struct param *p, const char *v, struct field_errors *f)
{
	int64_t n;
	double d;
	char *end;

	switch (p->type) {
	case PARAM_INT:
		if (!number_int(v, (int64_t)p->min, (int64_t)p->max, &n))
			field_error(f, p->name, "must be a whole number from %.0f to %.0f",
				    p->min, p->max);
		break;
	case PARAM_NUMBER:
	case PARAM_AMOUNT:
		d = strtod(v, &end);
		if (end == v || *end)
			field_error(f, p->name, "must be a number");
		else
			check_number(p, d, f);
		break;
	case PARAM_BOOL:
		if (strcmp(v, "true") != 0 && strcmp(v, "false") != 0)
			field_error(f, p->name, "must be true or false");
		break;
	case PARAM_TEXT:
	case PARAM_TIME:
	case PARAM_DAY:
	case PARAM_CHOICE:
		check_text(p, v, f);
		break;
	case PARAM_OBJECT:
	case PARAM_LIST:
	case PARAM_FILE:
		break;
	}
}

static bool given_before(const struct evkeyvalq *query, const struct evkeyval *until)
{
	const struct evkeyval *kv;

	TAILQ_FOREACH(kv, query, next) {
		if (kv == until)
			return false;
		if (!strcmp(kv->key, until->key))
			return true;
	}
	return false;
}

int param_check_query(const struct param *list, const struct evkeyvalq *query,
		      struct field_errors *f)
{
	const struct evkeyval *kv;

	TAILQ_FOREACH(kv, query, next) {
		const struct param *p = find(list, kv->key);

		if (!p)
			field_error(f, kv->key, "is not known here");
		else if (given_before(query, kv))
			field_error(f, kv->key, "is given twice");
		else
			check_query_value(p, kv->value, f);
	}
	for (const struct param *p = list; p && p->name; p++) {
		bool found = false;

		TAILQ_FOREACH(kv, query, next)
			found = found || !strcmp(kv->key, p->name);
		if (p->required && !found)
			field_error(f, p->name, "is required");
	}
	return f->n ? ERR_INVALID : 0;
}
