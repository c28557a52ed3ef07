#include "api/pending/idempotency.h"

#include "api/app_db.h"
#include "api/store/idempotency.h"
#include "api/store/rows.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/text.h"

#include <ctype.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct idempotency {
	struct idempotency_row row;
	bool replayed;
};

static void add_part(struct sha256 *h, const char *text)
{
	sha256_add(h, text, strlen(text) + 1);
}

/* The same for /api and /api/v1, and however the body is spaced. */
static void digest(const struct request *r, char out[SHA256_HEX_MAX])
{
	char *body = r->body ? cJSON_PrintUnformatted(r->body) : NULL;
	struct sha256 *h = sha256_new();
	const struct evkeyval *kv;

	add_part(h, route_method_name(r->method));
	add_part(h, r->route->path);
	for (size_t i = 0; i < r->match.n; i++)
		add_part(h, r->match.values[i]);
	TAILQ_FOREACH(kv, &r->query, next) {
		add_part(h, kv->key);
		add_part(h, kv->value);
	}
	add_part(h, body ? body : "{}");
	sha256_hex(h, out);
	sha256_free(h);
	cJSON_free(body);
}

static void keep_answer(struct request *r);

int idempotency_take(struct request *r, struct err *e)
{
	const char *key = request_header(r, "Idempotency-Key");
	struct idempotency *x;

	if (!key || !(r->route->says & SAYS_IDEMPOTENT))
		return 0;
	if (!*key || strlen(key) >= IDEMPOTENCY_KEY_MAX || !text_visible(key))
		return request_error(r, e, 400, "bad_header",
				     "Idempotency-Key must have 1 to %d characters of ASCII",
				     IDEMPOTENCY_KEY_MAX - 1);
	x = xcalloc(1, sizeof(*x));
	x->row.token_id = r->who.token_id;
	snprintf(x->row.key, sizeof(x->row.key), "%s", key);
	digest(r, x->row.request);
	x->row.created_us = clock_now_us();
	r->idempotency = x;
	return 0;
}

bool idempotency_replayed(const struct request *r)
{
	return r->idempotency && r->idempotency->replayed;
}

/* 1: the key stands for this request, found is its row; 0: it is new. */
static int look(struct db *db, const struct request *r, struct idempotency_row *found,
		struct buf *answer, struct err *e)
{
	const struct idempotency_row *mine = &r->idempotency->row;
	int rc;

	*found = *mine;
	rc = store_idempotency_get(db, mine->created_us, found, answer, e);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (!strcmp(found->request, mine->request))
		return 1;
	return err_set(e, ERR_CONFLICT, "the Idempotency-Key %s stands for another request of "
		       "this token: use a new key", mine->key);
}

/* ---- the answers of a repeat ---- */

void idempotency_members(struct request *r, int64_t answered_us)
{
	json_bool(&r->json, "replayed", true);
	json_time(&r->json, "answered", answered_us);
}

void idempotency_status(const struct request *r, int64_t bot_id, char out[16])
{
	struct db *db = r->app->database->db;

	out[0] = '\0';
	if (!db || store_idempotency_status(db, bot_id, out, NULL))
		out[0] = '\0';
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* As cJSON_Print would, but that rounds numbers to 15 digits. */
static void put_value(struct json *j, const char *key, const cJSON *v)
{
	const cJSON *m;

	if (cJSON_IsObject(v)) {
		json_object(j, key);
		cJSON_ArrayForEach(m, v)
			put_value(j, m->string, m);
		json_object_end(j);
	} else if (cJSON_IsArray(v)) {
		json_array(j, key);
		cJSON_ArrayForEach(m, v)
			put_value(j, NULL, m);
		json_array_end(j);
	} else if (cJSON_IsNumber(v)) {
		json_double(j, key, v->valuedouble);
	} else if (cJSON_IsBool(v)) {
		json_bool(j, key, cJSON_IsTrue(v));
	} else {
		json_string(j, key, cJSON_GetStringValue(v));
	}
}

/* A bot in an old answer shows what it is doing now. */
static void put_member(struct request *r, const cJSON *root, const cJSON *v)
{
	const cJSON *capitals = cJSON_GetObjectItemCaseSensitive(root, "bot_status");
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "id");
	bool small = !strcmp(v->string, "status");
	char status[16] = "";

	if (capitals && cJSON_IsNumber(id) && (small || v == capitals))
		idempotency_status(r, (int64_t)id->valuedouble, status);
	for (char *p = status; *p && !small; p++)
		*p = (char)toupper((unsigned char)*p);
	if (status[0])
		json_string(&r->json, v->string, status);
	else
		put_value(&r->json, v->string, v);
}

static int replay(struct request *r, const struct idempotency_row *row, const struct buf *answer,
		  struct err *e)
{
	cJSON *root = NULL;
	const cJSON *v;

	if (!row->http || json_read(buf_text(answer), answer->len, &root, NULL))
		return err_set(e, ERR_CONFLICT, "this request was carried out, but its answer was "
			       "not kept: look at what it changed");
	cJSON_ArrayForEach(v, root) {
		if (!strcmp(v->string, "correlation_id"))
			json_string(&r->json, v->string, r->correlation_id);
		else if (!strcmp(v->string, "timestamp"))
			json_time(&r->json, v->string, clock_now_us());
		else
			put_member(r, root, v);
	}
	cJSON_Delete(root);
	idempotency_members(r, row->created_us);
	r->code = row->http;
	if (row->location[0])
		request_add_header(r, "Location", row->location);
	if (row->etag[0])
		request_add_header(r, "ETag", row->etag);
	return 1;
}

/* ---- storing them ---- */

static int store_key(void *ctx, struct db *db, struct err *e)
{
	const struct request *r = ctx;

	return store_idempotency_put_tx(db, &r->idempotency->row, "", e);
}

int idempotency_before(struct request *r, struct err *e)
{
	struct idempotency_row found;
	struct buf answer = { 0 };
	int rc;

	if (!r->idempotency || r->route->says & SAYS_COMMAND || !r->db)
		return 0;
	rc = look(r->db, r, &found, &answer, e);
	if (rc == 1) {
		r->idempotency->replayed = true;
		rc = replay(r, &found, &answer, e);
	} else if (rc == 0) {
		r->complete = keep_answer;
		db_on_commit(r->db, store_key, r);
	}
	buf_free(&answer);
	return rc;
}

void idempotency_after(struct request *r)
{
	if (r->idempotency && r->db)
		db_on_commit(r->db, NULL, NULL);
}

static void copy_header(const struct request *r, const char *name, char out[80])
{
	const char *v = evhttp_find_header(evhttp_request_get_output_headers(r->ev), name);

	snprintf(out, 80, "%s", v ? v : "");
}

/* The secret of a new token is shown once, and is stored nowhere. */
static char *text_of_answer(struct request *r)
{
	static const char before[] = "\"token\":\"";
	char *text = xstrdup(buf_text(&r->out)), *secret = strstr(text, before);

	if (secret) {
		secret += sizeof(before) - 1;
		memset(secret, '*', strcspn(secret, "\""));
	}
	return text;
}

static void keep_answer(struct request *r)
{
	struct db *db = r->app->database->db;
	struct idempotency_row *row = &r->idempotency->row;
	struct err e = { 0 };
	char *text;
	int rc;

	if (r->code >= 500 || r->code == 429 || !db)
		return;
	text = text_of_answer(r);
	row->http = r->code;
	copy_header(r, "Location", row->location);
	copy_header(r, "ETag", row->etag);
	rc = db_begin(db, &e);
	if (!rc)
		rc = db_end(db, store_idempotency_put_tx(db, row, text, &e), &e);
	if (rc)
		log_warn("http", r->correlation_id, "the answer is not kept for a repeat with its "
			 "Idempotency-Key: %s", e.msg);
	free(text);
}

int idempotency_queue_tx(struct db *db, struct request *r, struct command *c, struct err *e)
{
	struct idempotency_row found;
	int rc = 0;

	if (r && r->idempotency)
		rc = look(db, r, &found, NULL, e);
	if (rc == 1) {
		r->idempotency->replayed = true;
		c->id = found.command_id;
		return 0;
	}
	if (!rc)
		rc = store_command_queue_tx(db, c, &c->id, e);
	if (!rc && r && r->idempotency) {
		r->idempotency->row.command_id = c->id;
		rc = store_idempotency_put_tx(db, &r->idempotency->row, "", e);
	}
	return rc;
}
