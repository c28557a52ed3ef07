/* The API's description says what the route table says, and nothing else. */
#include "api/http/route.h"
#include "api/openapi/components.h"
#include "api/openapi/openapi.h"
#include "api/openapi/parts.h"
#include "api/openapi/schema.h"
#include "api/openapi/words.h"
#include "api/store/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buf text;
static cJSON *doc;

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	openapi_write(&text);
	if (!json_read(text.data, text.len, &doc, &e))
		return 0;
	fprintf(stderr, "the description is no JSON: %s\n", e.msg);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(doc);
	buf_free(&text);
	return 0;
}

static const cJSON *get(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!v)
		fail_msg("there is no %s in %.200s", key, o && o->string ? o->string : "it");
	return v;
}

static const char *get_text(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(get(o, key));
}

static bool has(const cJSON *array, const char *value)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, array) {
		if (cJSON_IsString(v) && !strcmp(v->valuestring, value))
			return true;
	}
	return false;
}

static const cJSON *operation(const struct route *r)
{
	char path[OPENAPI_PATH_MAX], method[8];
	size_t i;

	openapi_path(r, path);
	snprintf(method, sizeof(method), "%s", route_method_name(r->method));
	for (i = 0; method[i]; i++)
		method[i] = (char)(method[i] | 0x20);
	return get(get(get(doc, "paths"), path), method);
}

static void it_is_openapi_3_1(void **state)
{
	(void)state;
	assert_string_equal(get_text(doc, "openapi"), "3.1.0");
	assert_string_equal(get_text(get(doc, "info"), "version"), VERSION);
}

static void every_route_and_nothing_else(void **state)
{
	const cJSON *path;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const cJSON *op = operation(route_at(i));

		assert_string_equal(get_text(op, "summary"), route_at(i)->summary);
		assert_string_equal(get_text(op, "x-role"), role_name(route_at(i)->role));
		assert_int_equal(cJSON_GetArraySize(get(op, "security")),
				 (route_at(i)->role != ROLE_NONE) + route_at(i)->metrics);
	}
	cJSON_ArrayForEach(path, get(doc, "paths"))
		n += (size_t)cJSON_GetArraySize(path);
	assert_int_equal(n, route_count());
}

static void paths_are_written_with_braces(void **state)
{
	const struct route r = { .path = "/trading/bots/:id/orders/:order/confirm" };
	char path[OPENAPI_PATH_MAX];

	(void)state;
	openapi_path(&r, path);
	assert_string_equal(path, "/api/v1/trading/bots/{id}/orders/{order}/confirm");
	openapi_path(&(struct route){ .path = "/:file", .root = true }, path);
	assert_string_equal(path, "/{file}");
}

static void operation_ids_are_unique(void **state)
{
	char a[OPENAPI_ID_MAX], b[OPENAPI_ID_MAX];

	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		openapi_operation_id(route_at(i), a);
		assert_string_equal(get_text(operation(route_at(i)), "operationId"), a);
		for (size_t k = 0; k < i; k++) {
			openapi_operation_id(route_at(k), b);
			assert_string_not_equal(a, b);
		}
	}
	openapi_operation_id(&(struct route){ .method = EVHTTP_REQ_GET,
					      .path = "/bots/:id/emergency-stop" }, a);
	assert_string_equal(a, "getBotsByIdEmergencyStop");
}

static void every_tag_is_described(void **state)
{
	bool used[32] = { false };
	const cJSON *tags = get(doc, "tags");

	(void)state;
	for (const struct route_group *const *g = route_groups; *g; g++) {
		const char *tag = (*g)->tag;
		int k = 0;

		while (k < cJSON_GetArraySize(tags) &&
		       strcmp(get_text(cJSON_GetArrayItem(tags, k), "name"), tag) != 0)
			k++;
		if (k == cJSON_GetArraySize(tags))
			fail_msg("%s has the unknown tag %s", (*g)->rows->path, tag);
		used[k] = true;
	}
	for (int k = 0; k < cJSON_GetArraySize(tags); k++)
		assert_true(used[k]);
}

/* A later route answers 501 and no success; any other one has its entry and a success. */
static void every_route_says_what_it_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		const cJSON *answers = get(operation(r), "responses"), *v;
		int successes = 0;

		cJSON_ArrayForEach(v, answers)
			successes += v->string[0] < '3';
		if (!r->later && !r->gives[0].code)
			fail_msg("%s %s: its row does not say what it gives",
				 route_method_name(r->method), r->path);
		assert_int_equal(r->handler == NULL, r->later);
		assert_int_equal(successes > 0, !r->later);
		assert_int_equal(cJSON_HasObjectItem(answers, "501"), r->later);
		assert_int_equal(cJSON_HasObjectItem(answers, "401"), r->role != ROLE_NONE);
		get(answers, "403");
		get(answers, "429");
		get(answers, "500");
	}
}

static void every_parameter_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		const cJSON *list = get(operation(r), "parameters"), *v;
		int n = 0, wanted = 0;

		for (const struct param *p = r->query; p && p->name; p++, wanted++) {
			cJSON_ArrayForEach(v, list) {
				const cJSON *name = cJSON_GetObjectItemCaseSensitive(v, "name");

				if (!name || strcmp(name->valuestring, p->name) != 0)
					continue;
				n++;
				assert_string_equal(get_text(v, "in"), "query");
				assert_string_equal(get_text(v, "description"), p->help);
				assert_int_equal(cJSON_IsTrue(get(v, "required")), p->required);
			}
		}
		assert_int_equal(n, wanted);
		for (const char *c = strchr(r->path, ':'); c; c = strchr(c + 1, ':'), wanted++) {
			v = cJSON_GetArrayItem(list, wanted - n);
			assert_string_equal(get_text(v, "in"), "path");
			assert_memory_equal(c + 1, get_text(v, "name"), strcspn(c + 1, "/"));
		}
	}
}

/* Members as the table has them, and an example that the API itself would take. */
static void check_body(const struct route *r, const cJSON *content)
{
	const cJSON *schema = get(content, "schema"), *example = get(content, "example");
	struct field_errors f = { 0 };
	struct bot_config c;

	if (r->body_kind == BODY_CONFIG) {
		bot_config_defaults(&c);
		assert_int_equal(bot_config_apply(&c, example, &f), 0);
		return;
	}
	for (const struct param *p = r->body; p->name; p++) {
		const cJSON *member = get(get(schema, "properties"), p->name);

		assert_string_equal(get_text(member, "description"), p->help);
		assert_int_equal(has(get(schema, "required"), p->name), p->required);
		/* Without it a generated client has a type that takes nothing. */
		if ((p->type == PARAM_OBJECT || p->type == PARAM_LIST) &&
		    strcmp(p->name, "config") != 0)
			assert_non_null(p->holds);
	}
	if (param_check_body(r->body, example, &f))
		fail_msg("%s: the example of its body: %s %s", r->path, f.list[0].field,
			 f.list[0].message);
}

static void every_body_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		const cJSON *body = cJSON_GetObjectItemCaseSensitive(operation(r), "requestBody");

		if (!r->body && r->body_kind == BODY_PARAMS)
			assert_null(body);
		else if (!r->later)
			check_body(r, get(get(body, "content"),
					  r->body_kind == BODY_UPLOAD ? "multipart/form-data"
								      : "application/json"));
	}
}

static void check_refs(const cJSON *o)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, o) {
		if (!v->string || strcmp(v->string, "$ref") != 0 || !cJSON_IsString(v)) {
			check_refs(v);
			continue;
		}
		char part[80];
		const cJSON *at = doc;
		const char *p = v->valuestring;

		assert_memory_equal(p, "#/", 2);
		for (p += 2; *p; p += *p == '/') {
			size_t len = strcspn(p, "/");

			snprintf(part, sizeof(part), "%.*s", (int)len, p);
			at = get(at, part);
			p += len;
		}
	}
}

static void every_reference_leads_somewhere(void **state)
{
	(void)state;
	check_refs(doc);
}

/* A remark must be about a column that there is; a field of its own must have a type. */
static bool has_column(const struct column *c, const char *name)
{
	for (; c && c->key; c++) {
		if (!strcmp(c->key, name))
			return true;
	}
	return false;
}

static void every_member_is_described(void **state)
{
	const struct part *p;

	(void)state;
	for (size_t i = 0; (p = openapi_part_at(i)) != NULL; i++) {
		struct openapi_member m = { 0 };

		while (openapi_member_next(p, &m)) {
			if (!*m.help && m.type[0] != '[' && (m.type[0] < 'A' || m.type[0] > 'Z') &&
			    !strchr(m.type, '|'))
				fail_msg("%s.%s is not described", p->name, m.name);
		}
		for (const struct part_field *f = p->fields; f && f->name; f++) {
			if ((!f->type || f->type[0] == '?') && !has_column(p->columns, f->name))
				fail_msg("%s.%s is a remark about no column", p->name, f->name);
		}
	}
}

static void every_object_is_used(void **state)
{
	const cJSON *schema;
	char ref[120];

	(void)state;
	cJSON_ArrayForEach(schema, get(get(doc, "components"), "schemas")) {
		snprintf(ref, sizeof(ref), "\"$ref\":\"#/components/schemas/%s\"",
			 schema->string);
		if (!strstr(buf_text(&text), ref))
			fail_msg("nothing refers to the object %s", schema->string);
	}
}

static void every_word_is_used(void **state)
{
	const struct part *p;

	(void)state;
	for (size_t i = 0; i < openapi_words_count; i++) {
		bool used = false;

		assert_true(i == 0 || openapi_words[i].name[0] >= openapi_words[i - 1].name[0]);
		for (size_t k = 0; (p = openapi_part_at(k)) != NULL && !used; k++) {
			struct openapi_member m = { 0 };

			while (!used && openapi_member_next(p, &m))
				used = !strcmp(m.name, openapi_words[i].name);
		}
		if (!used)
			fail_msg("no object has a member %s", openapi_words[i].name);
	}
}

static void settings_have_ranges_and_defaults(void **state)
{
	const cJSON *schemas = get(get(doc, "components"), "schemas");
	const cJSON *shown = get(schemas, "BotConfig"), *change = get(schemas, "BotConfigChange");

	(void)state;
	assert_int_equal(cJSON_GetArraySize(get(shown, "properties")), bot_keys_count);
	assert_int_equal(cJSON_GetArraySize(get(shown, "required")), bot_keys_count);
	assert_int_equal(cJSON_GetArraySize(get(change, "required")), 0);
	assert_true(cJSON_IsFalse(get(change, "additionalProperties")));
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];
		const cJSON *s = get(get(shown, "properties"), k->name);
		cJSON *def = NULL;

		assert_int_equal(json_read(k->def, strlen(k->def), &def, NULL), 0);
		assert_true(cJSON_Compare(get(s, "default"), def, true));
		cJSON_Delete(def);
		get(get(change, "properties"), k->name);
		if (k->type != BOT_INT && k->type != BOT_REAL)
			continue;
		assert_true(get(s, "minimum")->valuedouble == k->min);
		assert_true(get(s, "maximum")->valuedouble == k->max);
	}
}

/* Each strategy's parameters, from the table that checks them. */
static void parameters_of_strategies(void **state)
{
	const cJSON *schemas = get(get(doc, "components"), "schemas"), *all, *fast;
	int n = 0;

	(void)state;
	all = get(get(get(get(schemas, "BotConfig"), "properties"), "strategy_params"), "anyOf");
	for (; strategy_specs[n]; n++) {
		const struct strategy_spec *s = strategy_specs[n];
		const cJSON *one = cJSON_GetArrayItem(all, n);

		assert_string_equal(get(one, "title")->valuestring, s->name);
		assert_int_equal(cJSON_GetArraySize(get(one, "properties")), s->params_n);
		assert_true(cJSON_IsFalse(get(one, "additionalProperties")));
	}
	assert_int_equal(cJSON_GetArraySize(all), n);
	fast = get(get(cJSON_GetArrayItem(all, 1), "properties"), "fast");
	assert_string_equal(get(fast, "type")->valuestring, "integer");
	assert_true(get(fast, "minimum")->valuedouble == 1);
	assert_true(get(fast, "maximum")->valuedouble == 999);
	assert_true(get(fast, "default")->valuedouble == 12);
	assert_string_equal(get(fast, "description")->valuestring,
			    strategy_spec_ema_cross.params[EMA_FAST].help);
	all = get(get(get(get(schemas, "BotConfigChange"), "properties"), "strategy_params"),
		  "properties");
	for (size_t i = 0; strategy_specs[i]; i++) {
		for (size_t k = 0; k < strategy_specs[i]->params_n; k++)
			get(all, strategy_specs[i]->params[k].name);
	}
	fast = get(all, "fast");
	assert_int_equal(cJSON_GetArraySize(get(fast, "type")), 2);	/* null: the default */
}

/* The first "default" below o that is no member of its own; NULL: there is none. */
static const cJSON *default_below(const cJSON *o)
{
	const cJSON *v, *found = NULL;

	cJSON_ArrayForEach(v, o) {
		if (v->string && !strcmp(v->string, "default"))
			return o;
		if (!v->string || strcmp(v->string, "example") != 0)
			found = default_below(v);
		if (found)
			return found;
	}
	return NULL;
}

/* A generated client would send it: a setting that nobody asked to change. */
static void what_is_sent_has_no_defaults(void **state)
{
	const cJSON *schemas = get(get(doc, "components"), "schemas"), *found;

	(void)state;
	assert_non_null(default_below(get(schemas, "BotConfig")));
	found = default_below(get(schemas, "BotConfigChange"));
	if (found)
		fail_msg("BotConfigChange: %s has a default", found->string);
	for (size_t i = 0; i < route_count(); i++) {
		found = default_below(cJSON_GetObjectItemCaseSensitive(operation(route_at(i)),
								       "requestBody"));
		if (found)
			fail_msg("%s: %s has a default", route_at(i)->path, found->string);
	}
}

static void schema_of(const char *type, const char *wanted)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };

	openapi_type_schema(&j, NULL, type, NULL);
	assert_string_equal(buf_text(&out), wanted);
	buf_free(&out);
}

static void type_words(void **state)
{
	(void)state;
	schema_of("int", "{\"type\":\"integer\",\"format\":\"int64\"}");
	schema_of("count?", "{\"type\":[\"integer\",\"null\"],\"format\":\"int64\",\"minimum\":0}");
	schema_of("time-", "{\"type\":\"string\",\"format\":\"date-time\"}");
	schema_of("a|bc?-", "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",\"bc\",null]}");
	schema_of("Order", "{\"$ref\":\"#/components/schemas/Order\"}");
	schema_of("Order?", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Order\"},"
			    "{\"type\":\"null\"}]}");
	schema_of("[Order]", "{\"type\":\"array\",\"items\":"
			     "{\"$ref\":\"#/components/schemas/Order\"}}");
	schema_of("any", "{}");
}

static void param_words(void **state)
{
	static const struct {
		struct param p;
		const char *wanted;
	} rows[] = {
		{ { .name = "a", .type = PARAM_TEXT, .min = 1, .max = 9, .help = "h" },
		  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_INT, .min = 1, .max = 500, .help = "h" },
		  "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_NUMBER, .max = 1, .nullable = true, .help = "h" },
		  "{\"type\":[\"number\",\"null\"],\"minimum\":0,\"maximum\":1,"
		  "\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_BOOL, .help = "h" },
		  "{\"type\":\"boolean\",\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_DAY, .help = "h" },
		  "{\"type\":\"string\",\"format\":\"date\",\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_CHOICE, .choices = "x|yz", .help = "h" },
		  "{\"type\":\"string\",\"enum\":[\"x\",\"yz\"],\"description\":\"h\"}" },
		{ { .name = "a", .type = PARAM_OBJECT, .help = "h" },
		  "{\"type\":\"object\",\"description\":\"h\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		struct json j = { .out = &out };

		openapi_param_schema(&j, NULL, &rows[i].p);
		assert_string_equal(buf_text(&out), rows[i].wanted);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_openapi_3_1),
		cmocka_unit_test(every_route_and_nothing_else),
		cmocka_unit_test(paths_are_written_with_braces),
		cmocka_unit_test(operation_ids_are_unique),
		cmocka_unit_test(every_tag_is_described),
		cmocka_unit_test(every_route_says_what_it_answers),
		cmocka_unit_test(every_parameter_is_there),
		cmocka_unit_test(every_body_is_there),
		cmocka_unit_test(every_reference_leads_somewhere),
		cmocka_unit_test(every_member_is_described),
		cmocka_unit_test(every_object_is_used),
		cmocka_unit_test(every_word_is_used),
		cmocka_unit_test(settings_have_ranges_and_defaults),
		cmocka_unit_test(parameters_of_strategies),
		cmocka_unit_test(what_is_sent_has_no_defaults),
		cmocka_unit_test(type_words),
		cmocka_unit_test(param_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
