#include "api/http/request.h"

#include "api/app_db.h"
#include "common/clock.h"
#include "common/number.h"

#include <ctype.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SPARE_BYTES 65536	/* a larger answer's room is given back */

/*
 * A correlation id must be new but need not be secret. The sequence SplitMix64 (G. Steele and
 * others, "Fast splittable pseudorandom number generators", 2014), begun at a random place,
 * does not repeat within 2^64 numbers and is cheap.
 */
static void next_correlation_id(struct app *a, char out[CORRELATION_ID_MAX])
{
	static const char hex[] = "0123456789abcdef";
	uint64_t z = a->correlation_seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	memcpy(out, "c-", 2);
	for (unsigned i = 0; i < 16; i++)
		out[2 + i] = hex[(z >> (60 - 4 * i)) & 15];
	out[18] = '\0';
}

static void take_correlation_id(struct request *r)
{
	const char *given = request_header(r, "X-Correlation-Id");

	if (given && correlation_id_ok(given))
		snprintf(r->correlation_id, sizeof(r->correlation_id), "%s", given);
	else
		next_correlation_id(r->app, r->correlation_id);
}

/* Reuses the request that ended last, with the memory of its answer, or makes a new one. */
static struct request *take_spare(struct app *a)
{
	struct request *r = a->spare;
	struct buf room;

	if (!r)
		return xcalloc(1, sizeof(*r));
	a->spare = NULL;
	room = r->out;
	buf_clear(&room);
	*r = (struct request){ .out = room };
	return r;
}

struct request *request_new(struct app *a, struct evhttp_request *ev)
{
	struct request *r = take_spare(a);

	r->app = a;
	r->db = a->database->db;
	r->ev = ev;
	r->method = evhttp_request_get_command(ev);
	r->code = 200;
	r->begin_us = clock_mono_us();
	r->json.out = &r->out;
	TAILQ_INIT(&r->query);
	if (ev->remote_host && a->proxies.n)
		proxies_caller(&a->proxies, ev->remote_host, evhttp_request_get_input_headers(ev),
			       r->address);
	else if (ev->remote_host)
		strncpy(r->address, ev->remote_host, sizeof(r->address) - 1);
	take_correlation_id(r);
	return r;
}

void request_free(struct request *r)
{
	evhttp_clear_headers(&r->query);
	if (r->has_file)
		close(r->file);
	cJSON_Delete(r->body);
	free(r->fields);
	free(r->idempotency);
	if (!r->app->spare && r->out.cap <= SPARE_BYTES) {
		r->app->spare = r;
		return;
	}
	buf_free(&r->out);
	free(r);
}

void request_free_spare(struct app *a)
{
	if (a->spare)
		buf_free(&a->spare->out);
	free(a->spare);
	a->spare = NULL;
}

void request_begin_answer(struct request *r)
{
	buf_clear(&r->out);
	r->json = (struct json){ .out = &r->out };
	json_object(&r->json, NULL);
	r->code = 200;
	r->content_type = r->file_policy = NULL;
	r->error_http = 0;
	r->error_code = NULL;
	r->error_status[0] = '\0';
	r->command_id = r->replayed_us = 0;
	free(r->fields);
	r->fields = NULL;
	evhttp_clear_headers(evhttp_request_get_output_headers(r->ev));
}

int request_error(struct request *r, struct err *e, int http, const char *code,
		  const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->error_http = http;
	r->error_code = code;
	return err_set(e, ERR_DENIED, "%s", text);
}

struct field_errors *request_fields(struct request *r)
{
	if (!r->fields)
		r->fields = xcalloc(1, sizeof(*r->fields));
	return r->fields;
}

int request_fields_check(struct request *r, int http, struct err *e)
{
	if (!r->fields || !r->fields->n)
		return 0;
	return request_error(r, e, http, http == 400 ? "bad_query" : "invalid_fields",
			     "%s: %s", r->fields->list[0].field, r->fields->list[0].message);
}

const char *request_header(const struct request *r, const char *name)
{
	const struct evkeyval *kv;

	TAILQ_FOREACH(kv, evhttp_request_get_input_headers(r->ev), next) {
		if (!strcasecmp(kv->key, name))
			return kv->value;
	}
	return NULL;
}

void request_add_header(struct request *r, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(r->ev), name, value);
}

void request_add_header_int(struct request *r, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	request_add_header(r, name, text);
}

void request_etag(struct request *r, int64_t version)
{
	char text[32];

	snprintf(text, sizeof(text), "\"%lld\"", (long long)version);
	request_add_header(r, "ETag", text);
}

/* RFC 9110, 13.1.1 and 13.1.2: "*", or a list of which one must be the same. */
static bool etag_listed(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);

	if (!strcmp(list, "*"))
		return true;
	while (*list) {
		list += strspn(list, " \t,");
		if (weak && !strncmp(list, "W/\"", 3))	/* a proxy that compressed it */
			list += 2;
		if (!strncmp(list, etag, len) && strchr(" \t,", list[len]))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool request_not_modified(const struct request *r)
{
	const char *etag = evhttp_find_header(evhttp_request_get_output_headers(r->ev), "ETag");
	const char *given = etag ? request_header(r, "If-None-Match") : NULL;

	return given && r->code == 200 &&
	       (r->method == EVHTTP_REQ_GET || r->method == EVHTTP_REQ_HEAD) &&
	       etag_listed(given, etag, true);
}

int request_if_match(struct request *r, int64_t version, struct err *e)
{
	const char *given = request_header(r, "If-Match");
	char text[32];

	snprintf(text, sizeof(text), "\"%lld\"", (long long)version);
	if (!given || etag_listed(given, text, false))
		return 0;
	return request_error(r, e, 409, "conflict",
			     "If-Match is %s, but the current version is %s: read it again and "
			     "repeat your change",
			     given, text);
}

/* "application/json", with or without parameters. */
static bool is_json(const char *type)
{
	return !strncasecmp(type, "application/json", 16) &&
	       (type[16] == '\0' || type[16] == ';' || type[16] == ' ');
}

/* "curl -d" without -H always sends this type, so a JSON body is accepted with it. */
static bool is_curl_json(const char *type, const char *body, size_t len)
{
	size_t i = 0;

	if (strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
		return false;
	while (i < len && isspace((unsigned char)body[i]))
		i++;
	return i < len && body[i] == '{';
}

int request_read_body(struct request *r, struct err *e)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->ev);
	size_t len = evbuffer_get_length(in);
	const char *type = request_header(r, "Content-Type");
	const char *coding = request_header(r, "Content-Encoding");
	const char *text;
	struct err why = { 0 };

	if (!len)
		return 0;
	if (len > (size_t)r->app->cfg->api_max_body_bytes)
		return request_error(r, e, 413, "too_large",
				     "the body has %zu bytes, %lld are allowed", len,
				     (long long)r->app->cfg->api_max_body_bytes);
	text = (const char *)evbuffer_pullup(in, -1);
	ASSERT(text != NULL);
	if (coding && strcasecmp(coding, "identity") != 0)
		return request_error(r, e, 415, "unsupported_media_type",
				     "Content-Encoding is %s: send the body as it is", coding);
	if (!type || (!is_json(type) && !is_curl_json(type, text, len)))
		return request_error(r, e, 415, "unsupported_media_type",
				     "Content-Type is %s, it must be application/json",
				     type ? type : "missing");
	if (json_read(text, len, &r->body, &why))
		return request_error(r, e, 400, "malformed_json", "%s", why.msg);
	return 0;
}

const char *request_path_value(const struct request *r, const char *name)
{
	return route_value(&r->match, name);
}

int request_id(struct request *r, const char *name, int64_t *id, struct err *e)
{
	const char *text = request_path_value(r, name);

	if (!text || !number_int(text, 1, INT64_MAX, id))
		return err_set(e, ERR_NOT_FOUND, "%s is no number of a row", text ? text : name);
	return 0;
}

const char *request_query(const struct request *r, const char *name)
{
	const struct evkeyval *kv;

	TAILQ_FOREACH(kv, &r->query, next) {
		if (!strcmp(kv->key, name))
			return kv->value;
	}
	return NULL;
}

const char *request_query_symbol(struct request *r, const char *name)
{
	struct evkeyval *kv;

	TAILQ_FOREACH(kv, &r->query, next) {
		if (strcmp(kv->key, name) != 0)
			continue;
		for (char *p = kv->value; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		return kv->value;
	}
	return NULL;
}

int64_t request_query_int(const struct request *r, const char *name, int64_t def)
{
	const char *text = request_query(r, name);
	int64_t v;

	return text && number_int(text, INT64_MIN, INT64_MAX, &v) ? v : def;
}

int64_t request_query_time(const struct request *r, const char *name, int64_t def)
{
	const char *text = request_query(r, name);
	int64_t v;

	return text && !clock_parse(text, &v) ? v : def;
}

const cJSON *request_member(const struct request *r, const char *name)
{
	const cJSON *v = r->body ? cJSON_GetObjectItemCaseSensitive(r->body, name) : NULL;

	return v && !cJSON_IsNull(v) ? v : NULL;
}

const char *request_text(const struct request *r, const char *name, const char *def)
{
	const cJSON *v = request_member(r, name);

	return v && cJSON_IsString(v) ? v->valuestring : def;
}

int64_t request_int(const struct request *r, const char *name, int64_t def)
{
	const cJSON *v = request_member(r, name);

	return v && cJSON_IsNumber(v) ? (int64_t)v->valuedouble : def;
}

bool request_bool(const struct request *r, const char *name, bool def)
{
	const cJSON *v = request_member(r, name);

	return v ? cJSON_IsTrue(v) : def;
}
