#include "api/openapi/openapi.h"

#include "api/openapi/components.h"
#include "api/openapi/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define BASE "/api/v1"

static const char ABOUT[] =
	"Everything that the dashboard can do, and more. `" BASE "` and `/api` are the same"
	" tree.\n\n"
	"**Token**: `Authorization: Bearer <token>`; the first start writes an admin token to"
	" `DATA_DIR/api_token`. `x-role` says the least role that may call a route: a viewer"
	" reads, a trader also commands and changes, an admin also handles tokens.\n\n"
	"**Lists** are newest first; `limit` and `cursor` page through them.\n\n"
	"**Times** are RFC 3339 UTC with microseconds. Prices, quantities and amounts are exact"
	" decimals.\n\n"
	"**HEAD** works wherever GET does; **OPTIONS** says what a path can do; any other method"
	" is answered with 405 and `Allow`.";

/* The groups of routes (struct route_group). */
static const struct {
	const char *name, *help;
} tag_names[] = {
	{ "Status", "What a bot is doing." },
	{ "Commands", "Start, stop, pause, resume, emergency stop." },
	{ "Health", "Is everything well, and with which figures?" },
	{ "Bots", "Create, name and delete bots." },
	{ "Settings", "What a bot trades, and how." },
	{ "Orders", "Trades, open and closed, and the decisions behind them." },
	{ "Statistics", "What the trades brought." },
	{ "Positions", "What is held now." },
	{ "Simulation", "The paper account." },
	{ "Series", "Equity and candles, for charts." },
	{ "Models", "The models that bots ask." },
	{ "Jobs", "Backtests, trainings, downloads." },
	{ "Live", "Log lines, and changes as they happen." },
	{ "Access", "API tokens, and who did what." },
	{ "Pages", "The dashboard and this description." },
};

/* The ":name"s of paths. */
static const struct {
	const char *name, *type, *help;
} path_values[] = {
	{ "id", "id", "Number of the row." },
	{ "order", "id", "Number of the order." },
	{ "botId", "id", "bots.id." },
	{ "symbol", "text", "Such as BTCUSDT." },
	{ "file", "text", "Name of a file, such as app.js." },
};

void openapi_path(const struct route *r, char out[OPENAPI_PATH_MAX])
{
	size_t n = 0;
	bool in = false;

	for (const char *p = r->root ? "" : BASE; *p; p++)
		out[n++] = *p;
	for (const char *p = r->path; *p && n < OPENAPI_PATH_MAX - 3; p++) {
		if (in && *p == '/') {
			out[n++] = '}';
			in = false;
		}
		in = in || *p == ':';
		out[n++] = *p;
		if (*p == ':')
			out[n - 1] = '{';
	}
	if (in)
		out[n++] = '}';
	out[n] = '\0';
}

void openapi_operation_id(const struct route *r, char out[OPENAPI_ID_MAX])
{
	size_t n = 0;
	bool capital = false;

	for (const char *p = route_method_name(r->method); *p; p++)
		out[n++] = (char)tolower((unsigned char)*p);
	if (!strcmp(r->path, "/"))
		n += (size_t)snprintf(out + n, OPENAPI_ID_MAX - n, "Root");
	for (const char *p = r->path; *p && n < OPENAPI_ID_MAX - 3; p++) {
		if (*p == ':') {
			out[n++] = 'B';
			out[n++] = 'y';
		}
		if (!isalnum((unsigned char)*p)) {
			capital = true;
			continue;
		}
		out[n++] = capital ? (char)toupper((unsigned char)*p) : *p;
		capital = false;
	}
	out[n] = '\0';
}

static void path_parameter(struct json *j, const char *name, const char *type, const char *help)
{
	json_object(j, NULL);
	json_string(j, "name", name);
	json_string(j, "in", "path");
	json_bool(j, "required", true);
	json_string(j, "description", help);
	openapi_type_schema(j, "schema", type, NULL);
	json_object_end(j);
}

static void path_parameters(struct json *j, const struct route *r)
{
	for (const char *p = strchr(r->path, ':'); p; p = strchr(p + 1, ':')) {
		size_t len = strcspn(p + 1, "/");

		for (size_t i = 0; i < sizeof(path_values) / sizeof(path_values[0]); i++) {
			const char *name = path_values[i].name;

			if (strlen(name) == len && !strncmp(name, p + 1, len))
				path_parameter(j, name, path_values[i].type, path_values[i].help);
		}
	}
}

static void parameters(struct json *j, const struct route *r)
{
	json_array(j, "parameters");
	path_parameters(j, r);
	for (const struct param *p = r->query; p && p->name; p++) {
		json_object(j, NULL);
		json_string(j, "name", p->name);
		json_string(j, "in", "query");
		json_bool(j, "required", p->required);
		json_string(j, "description", p->help);
		openapi_param_schema(j, "schema", p);
		json_object_end(j);
	}
	if (r->method == EVHTTP_REQ_GET && r->says & SAYS_ETAG)
		openapi_put_ref(j, NULL, "parameters", "If-None-Match");
	if (r->says & SAYS_IF_MATCH)
		openapi_put_ref(j, NULL, "parameters", "If-Match");
	if (r->says & SAYS_RESUME)
		openapi_put_ref(j, NULL, "parameters", "Last-Event-ID");
	if (r->says & SAYS_IDEMPOTENT)
		openapi_put_ref(j, NULL, "parameters", "Idempotency-Key");
	openapi_put_ref(j, NULL, "parameters", "X-Correlation-Id");
	json_array_end(j);
}

static bool needs_body(const struct route *r)
{
	for (const struct param *p = r->body; p && p->name; p++) {
		if (p->required)
			return true;
	}
	return r->body_kind == BODY_CONFIG;
}

static void request_body(struct json *j, const struct route *r)
{
	if (!r->body && r->body_kind != BODY_CONFIG)
		return;
	json_object(j, "requestBody");
	json_bool(j, "required", needs_body(r));
	json_object(j, "content");
	json_object(j, r->body_kind == BODY_UPLOAD ? "multipart/form-data" : "application/json");
	if (r->says & SAYS_CHECKS)
		openapi_type_schema(j, "schema", "object", "BotConfigChange, or what may be one.");
	else if (r->body_kind == BODY_CONFIG)
		openapi_put_ref(j, "schema", "schemas", "BotConfigChange");
	else
		openapi_body_schema(j, "schema", r->body);
	if (r->example)
		json_raw(j, "example", r->example);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

static const char *success_text(int code)
{
	switch (code) {
	case 101: return "The connection is a WebSocket now.";
	case 201: return "Made.";
	case 202: return "Accepted.";
	case 503: return "The database does not answer.";
	default: return "Done.";
	}
}

static void answer(struct json *j, const struct route *r, int code, const char *type)
{
	char key[8];

	snprintf(key, sizeof(key), "%d", code);
	json_object(j, key);
	json_string(j, "description", success_text(code));
	if (!type) {
		json_object_end(j);
		return;
	}
	json_object(j, "headers");
	openapi_put_ref(j, "X-Correlation-Id", "headers", "X-Correlation-Id");
	if (r->says & SAYS_ETAG)
		openapi_put_ref(j, "ETag", "headers", "ETag");
	if (r->says & SAYS_LOCATION && (code == 201 || code == 202))
		openapi_put_ref(j, "Location", "headers", "Location");
	json_object_end(j);
	json_object(j, "content");
	json_object(j, r->media ? r->media : "application/json");
	openapi_type_schema(j, "schema", type, NULL);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

static bool gives(const struct route *r, int code)
{
	for (size_t i = 0; i < ROUTE_GIVES_MAX && r->gives[i].code; i++) {
		if (r->gives[i].code == code)
			return true;
	}
	return false;
}

/* In the order of their numbers: what succeeds first, what fails after it. */
static void responses(struct json *j, const struct route *r)
{
	char key[8];

	json_object(j, "responses");
	for (size_t i = 0; i < ROUTE_GIVES_MAX && r->gives[i].code; i++)
		answer(j, r, r->gives[i].code, r->gives[i].type);
	if (r->method == EVHTTP_REQ_GET && r->says & SAYS_ETAG) {
		json_object(j, "304");
		json_string(j, "description", "What the caller has (If-None-Match) is up to date.");
		json_object_end(j);
	}
	for (size_t i = 0; i < openapi_errors_count; i++) {
		const struct openapi_error *e = &openapi_errors[i];

		if (gives(r, e->http) || !openapi_error_can(e, r))
			continue;
		snprintf(key, sizeof(key), "%d", e->http);
		openapi_put_ref(j, key, "responses", e->name);
	}
	json_object_end(j);
}

static void operation(struct json *j, const struct route *r, const char *tag)
{
	char text[OPENAPI_ID_MAX];
	size_t n = 0;

	for (const char *p = route_method_name(r->method); *p; p++)
		text[n++] = (char)tolower((unsigned char)*p);
	text[n] = '\0';
	json_object(j, text);
	openapi_operation_id(r, text);
	json_string(j, "operationId", text);
	json_array(j, "tags");
	json_string(j, NULL, tag);
	json_array_end(j);
	json_string(j, "summary", r->summary);
	if (r->later)
		json_string(j, "description", "This version can't do that yet: it answers 501.");
	json_string(j, "x-role", role_name(r->role));
	json_array(j, "security");
	if (r->role != ROLE_NONE)
		json_raw(j, NULL, "{\"bearer\":[]}");
	if (r->metrics) /* METRICS_PUBLIC */
		json_raw(j, NULL, "{}");
	json_array_end(j);
	parameters(j, r);
	request_body(j, r);
	responses(j, r);
	json_object_end(j);
}

static bool same_path(const struct route *a, const struct route *b)
{
	return a->root == b->root && !strcmp(a->path, b->path);
}

static bool seen_before(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (same_path(route_at(i), route_at(n)))
			return true;
	}
	return false;
}

/* All methods of a path, whichever group has them. */
static void path_item(struct json *j, const struct route *first)
{
	char path[OPENAPI_PATH_MAX];

	openapi_path(first, path);
	json_object(j, path);
	for (const struct route_group *const *g = route_groups; *g; g++) {
		for (const struct route *r = (*g)->rows; r < (*g)->rows + (*g)->n; r++) {
			if (same_path(r, first))
				operation(j, r, (*g)->tag);
		}
	}
	json_object_end(j);
}

static void paths(struct json *j)
{
	json_object(j, "paths");
	for (size_t i = 0; i < route_count(); i++) {
		if (!seen_before(i))
			path_item(j, route_at(i));
	}
	json_object_end(j);
}

static void info(struct json *j)
{
	json_object(j, "info");
	json_string(j, "title", "Trading bot");
	json_string(j, "version", VERSION);
	json_string(j, "description", ABOUT);
	json_object(j, "license");
	json_string(j, "name", "MIT");
	json_string(j, "identifier", "MIT");
	json_object_end(j);
	json_object_end(j);
}

void openapi_write(struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "openapi", "3.1.0");
	info(&j);
	json_raw(&j, "servers", "[{\"url\":\"/\",\"description\":\"This server.\"}]");
	json_array(&j, "tags");
	for (size_t i = 0; i < sizeof(tag_names) / sizeof(tag_names[0]); i++) {
		json_object(&j, NULL);
		json_string(&j, "name", tag_names[i].name);
		json_string(&j, "description", tag_names[i].help);
		json_object_end(&j);
	}
	json_array_end(&j);
	paths(&j);
	openapi_components(&j);
	json_object_end(&j);
}
