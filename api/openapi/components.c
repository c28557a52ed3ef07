/* What the paths refer to: errors, headers, parameters, and all objects. */
#include "api/openapi/components.h"

#include "api/openapi/parts.h"
#include "api/openapi/schema.h"

#include <stdio.h>
#include <string.h>

#define EXAMPLE_ID "c-5f0c2a7e91b44d03"

const struct openapi_error openapi_errors[] = {
	{ 400, OPENAPI_ALWAYS, "BadRequest", "bad_query",
	  "It can't be read: its query, a header, its JSON.", NULL },
	{ 401, OPENAPI_WITH_TOKEN, "Unauthorized", "unauthorized",
	  "No token, or one that is not valid.", "WWW-Authenticate" },
	{ 403, OPENAPI_ALWAYS, "Forbidden", "forbidden",
	  "The token's role is not enough, or the Host or Origin is not allowed.", NULL },
	{ 404, OPENAPI_WITH_ROW, "NotFound", "not_found",
	  "There is no such row.", NULL },
	{ 405, OPENAPI_NEVER, "MethodNotAllowed", "method_not_allowed",
	  "The path has other methods.", "Allow" },
	{ 409, OPENAPI_WITH_CONFLICT, "Conflict", "conflict",
	  "Not possible in the current state.", NULL },
	{ 413, OPENAPI_ALWAYS, "TooLarge", "too_large",
	  "The body, path or head is too large.", NULL },
	{ 415, OPENAPI_WITH_BODY, "UnsupportedMediaType", "unsupported_media_type",
	  "The body is not JSON.", NULL },
	{ 422, OPENAPI_WITH_MEMBERS, "Invalid", "invalid_fields",
	  "Well-formed, but not acceptable.", NULL },
	{ 426, OPENAPI_WITH_UPGRADE, "UpgradeRequired", "upgrade_required",
	  "Only a WebSocket handshake of version 13 is answered here.", "Sec-WebSocket-Version" },
	{ 429, OPENAPI_ALWAYS, "RateLimited", "rate_limited",
	  "Too many requests.", "Retry-After" },
	{ 500, OPENAPI_ALWAYS, "Internal", "internal",
	  "A mistake of ours; the log has it under the correlation id.", NULL },
	{ 501, OPENAPI_LATER, "NotImplemented", "not_implemented",
	  "This version can't do that yet.", NULL },
	{ 503, OPENAPI_WITH_DB, "Unavailable", "database_unavailable",
	  "The database or the worker is away for now.", "Retry-After" },
};
const size_t openapi_errors_count = sizeof(openapi_errors) / sizeof(openapi_errors[0]);

static const struct {
	const char *name, *type, *help, *example;
} headers[] = {
	{ "X-Correlation-Id", "text", "Ties answers, logs, commands and orders together.",
	  "\"" EXAMPLE_ID "\"" },
	{ "Location", "text", "Where it is, or its answer will be.", "\"/api/v1/commands/17\"" },
	{ "ETag", "text", "The version, for If-Match.", "\"\\\"3\\\"\"" },
	{ "Retry-After", "count", "Seconds to wait.", "1" },
	{ "Allow", "text", "The methods that there are.", "\"GET, HEAD, OPTIONS\"" },
	{ "Sec-WebSocket-Version", "text", "The version that is spoken here.", "\"13\"" },
	{ "WWW-Authenticate", "text", "How to say who you are.",
	  "\"Bearer realm=\\\"trading-bot\\\"\"" },
};
#define HEADERS (sizeof(headers) / sizeof(headers[0]))

void openapi_put_ref(struct json *j, const char *key, const char *kind, const char *name)
{
	char ref[120];

	snprintf(ref, sizeof(ref), "#/components/%s/%s", kind, name);
	json_object(j, key);
	json_string(j, "$ref", ref);
	json_object_end(j);
}

static bool takes_body(const struct route *r)
{
	return r->method == EVHTTP_REQ_POST || r->method == EVHTTP_REQ_PUT;
}

/* An unknown symbol is no error, because its list is just empty. */
static bool names_row(const char *path)
{
	return strstr(path, ":id") || strstr(path, ":order") || strstr(path, ":botId");
}

bool openapi_error_can(const struct openapi_error *e, const struct route *r)
{
	const bool now = !r->later;

	switch (e->when) {
	case OPENAPI_ALWAYS: return true;
	case OPENAPI_WITH_TOKEN: return r->role != ROLE_NONE;
	case OPENAPI_WITH_ROW: return now && (names_row(r->path) || r->says & SAYS_NOT_FOUND);
	case OPENAPI_WITH_CONFLICT: return r->says & SAYS_CONFLICT;
	case OPENAPI_WITH_BODY: return now && takes_body(r);
	case OPENAPI_WITH_MEMBERS: return now && takes_body(r) && !(r->says & SAYS_CHECKS);
	case OPENAPI_WITH_UPGRADE: return r->says & SAYS_UPGRADE;
	case OPENAPI_WITH_DB: return now && (!r->no_db || r->says & SAYS_UNAVAILABLE);
	case OPENAPI_LATER: return r->later;
	case OPENAPI_NEVER: return false;
	}
	return false;
}

static void error_response(struct json *j, const struct openapi_error *e)
{
	json_object(j, e->name);
	json_string(j, "description", e->help);
	json_object(j, "headers");
	openapi_put_ref(j, "X-Correlation-Id", "headers", "X-Correlation-Id");
	if (e->header)
		openapi_put_ref(j, e->header, "headers", e->header);
	json_object_end(j);
	json_object(j, "content");
	json_object(j, "application/json");
	openapi_put_ref(j, "schema", "schemas", "Error");
	json_object(j, "example");
	json_bool(j, "success", false);
	json_object(j, "error");
	json_string(j, "code", e->code);
	json_string(j, "message", e->help);
	json_array(j, "fields");
	json_array_end(j);
	json_object_end(j);
	json_string(j, "correlation_id", EXAMPLE_ID);
	json_string(j, "timestamp", "2026-01-31T08:15:30.123456Z");
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

static void header_parameter(struct json *j, const char *name, const char *help, double min,
			     double max)
{
	json_object(j, name);
	json_string(j, "name", name);
	json_string(j, "in", "header");
	json_string(j, "description", help);
	json_object(j, "schema");
	json_string(j, "type", "string");
	json_double(j, "minLength", min);
	json_double(j, "maxLength", max);
	json_object_end(j);
	json_object_end(j);
}

void openapi_components(struct json *j)
{
	const struct part *p;

	json_object(j, "components");
	json_object(j, "securitySchemes");
	json_object(j, "bearer");
	json_string(j, "type", "http");
	json_string(j, "scheme", "bearer");
	json_string(j, "description", "An API token.");
	json_object_end(j);
	json_object_end(j);
	json_object(j, "parameters");
	header_parameter(j, "X-Correlation-Id",
			 "Letters, digits and . _ : -; made when it is not given.", 1, 64);
	header_parameter(j, "If-Match", "The ETag that the change is based on.", 1, 32);
	header_parameter(j, "If-None-Match", "The ETag of the answer that the caller has.", 1, 100);
	header_parameter(j, "Last-Event-ID", "The last event that was seen: go on after it.", 1,
			 20);
	header_parameter(j, "Idempotency-Key",
			 "A repeat within 24 hours does nothing and gets the first answer.", 1, 79);
	json_object_end(j);
	json_object(j, "headers");
	for (size_t i = 0; i < HEADERS; i++) {
		json_object(j, headers[i].name);
		json_string(j, "description", headers[i].help);
		openapi_type_schema(j, "schema", headers[i].type, NULL);
		json_raw(j, "example", headers[i].example);
		json_object_end(j);
	}
	json_object_end(j);
	json_object(j, "responses");
	for (size_t i = 0; i < openapi_errors_count; i++)
		error_response(j, &openapi_errors[i]);
	json_object_end(j);
	json_object(j, "schemas");
	for (size_t i = 0; (p = openapi_part_at(i)) != NULL; i++)
		openapi_part_schema(j, p);
	openapi_config_schemas(j);
	json_object_end(j);
	json_object_end(j);
}
