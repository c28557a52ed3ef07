/*
 * "METHOD path?query" against the route table, and a body against the route's
 * parameters: every value that passed its check can be used.
 */
#include "api/http/param.h"
#include "api/http/route.h"
#include "api/store/rows.h"
#include "common/clock.h"
#include "common/number.h"
#include "tests/fuzz/fuzz.h"

#include <event2/http.h>

static void use(const struct param *p, const char *value)
{
	int64_t n;

	switch (p->type) {
	case PARAM_INT:
		ASSERT(number_int(value, (int64_t)p->min, (int64_t)p->max, &n));
		break;
	case PARAM_TIME:
	case PARAM_DAY:
		ASSERT(clock_parse(value, &n) == 0);
		break;
	case PARAM_TEXT:
		ASSERT((double)strlen(value) >= p->min && (double)strlen(value) <= p->max);
		break;
	case PARAM_CHOICE:
		ASSERT(param_choice(p->choices, value));
		break;
	case PARAM_BOOL:
	case PARAM_NUMBER:
	case PARAM_AMOUNT:
	case PARAM_OBJECT:
	case PARAM_LIST:
	case PARAM_FILE:
		break;
	}
}

static void check_query(const struct route *r, const char *text)
{
	struct evkeyvalq query = TAILQ_HEAD_INITIALIZER(query);
	struct field_errors f = { 0 };
	struct evkeyval *kv;
	struct page page = { 0 };

	if (evhttp_parse_query_str(text, &query))
		return;
	if (param_check_query(r->query, &query, &f)) {
		ASSERT(f.n > 0);
	} else {
		TAILQ_FOREACH(kv, &query, next) {
			const struct param *p = r->query;

			while (strcmp(p->name, kv->key) != 0)
				p++; /* an unknown one has not passed */
			use(p, kv->value);
			(void)page_cursor(kv->value, &page);
		}
	}
	evhttp_clear_headers(&query);
}

static void check_path(enum evhttp_cmd_type method, const char *path, const char *query,
		       const char *body)
{
	struct route_match m;
	struct field_errors f = { 0 };
	char allow[96];
	cJSON *json = NULL;

	route_find(method, path, &m);
	route_allow(m.allowed, allow, sizeof(allow));
	ASSERT((m.allowed != 0) == (allow[0] != '\0'));
	if (!m.route)
		return;
	ASSERT(m.allowed & (unsigned)m.route->method);
	for (const char *p = strchr(m.route->path, ':'); p; p = strchr(p + 1, ':')) {
		char name[64];

		memcpy(name, p + 1, strcspn(p + 1, "/"));
		name[strcspn(p + 1, "/")] = '\0';
		ASSERT(route_value(&m, name) != NULL);
	}
	check_query(m.route, query);
	if (json_read(body, strlen(body), &json, NULL))
		return;
	if (m.route->body_kind == BODY_PARAMS && param_check_body(m.route->body, json, &f))
		ASSERT(f.n > 0);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum evhttp_cmd_type methods[] = {
		EVHTTP_REQ_GET, EVHTTP_REQ_POST, EVHTTP_REQ_PUT, EVHTTP_REQ_DELETE,
	};
	char *text = fuzz_text(data, size), *path, *query, *body;

	if (size > 2 && size < 65536) {
		path = text + 1;
		body = path + strcspn(path, "\n");
		if (*body)
			*body++ = '\0';
		query = path + strcspn(path, "?");
		if (*query)
			*query++ = '\0';
		check_path(methods[text[0] & 3], path, query, body);
	}
	free(text);
	return 0;
}
