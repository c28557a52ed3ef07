/* Log lines, tokens and the audit log. */
#include "api/http/audit.h"
#include "api/http/auth.h"
#include "api/routes/handlers.h"
#include "api/store/audit.h"
#include "common/clock.h"
#include "common/registry/logs.h"
#include "common/registry/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void log_row_json(struct json *j, const struct log_row *row)
{
	json_object(j, NULL);
	json_int(j, "id", row->id);
	json_time(j, "at", row->at_us);
	json_string(j, "level", log_level_name(row->level));
	json_string(j, "service", row->service);
	json_string(j, "logger", row->logger);
	json_string(j, "correlation_id", row->correlation_id[0] ? row->correlation_id : NULL);
	json_string(j, "message", row->message);
	json_object_end(j);
}

int handle_logs(struct request *r, struct err *e)
{
	struct log_filter f = {
		.correlation_id = request_query(r, "correlation_id"),
		.service = request_query(r, "service"),
	};
	const char *level = request_query(r, "level");
	struct log_row *rows;
	struct page p = { 0 };
	char cursor[24];
	size_t n = 0;
	int rc;

	rc = request_page(r, &p, e);
	if (!rc && level && log_level_parse(level, &f.min_level))
		rc = err_set(e, ERR_INVALID, "level %s is not known", level);
	if (rc)
		return rc;
	f.before_id = p.before == INT64_MAX ? 0 : p.before;
	rows = xcalloc((size_t)p.limit + 1, sizeof(*rows));
	rc = store_logs_read(r->app->db, &f, rows, (size_t)p.limit + 1, &n, e);
	if (!rc) {
		json_array(&r->json, "logs");
		for (size_t i = 0; i < n && i < (size_t)p.limit; i++)
			log_row_json(&r->json, &rows[i]);
		json_array_end(&r->json);
		snprintf(cursor, sizeof(cursor), "%lld",
			 n > (size_t)p.limit ? (long long)rows[p.limit - 1].id : 0LL);
		json_string(&r->json, "next_cursor", n > (size_t)p.limit ? cursor : NULL);
	}
	free(rows);
	return rc;
}

static void token_members(struct json *j, const struct token *t)
{
	json_int(j, "id", t->id);
	json_string(j, "name", t->name);
	json_string(j, "role", t->role);
	json_bool(j, "usable", token_usable(t, clock_now_us()));
	json_time(j, "created", t->created_us);
	json_time(j, "expires", t->expires_us);
	json_time(j, "revoked", t->revoked_us);
	json_time(j, "last_used", t->last_used_us);
}

int handle_tokens_list(struct request *r, struct err *e)
{
	struct token *list = NULL;
	size_t n = 0;
	int rc = store_tokens_load(r->app->db, &list, &n, e);

	if (rc)
		return rc;
	json_array(&r->json, "tokens");
	for (size_t i = n; i-- > 0;) {
		json_object(&r->json, NULL);
		token_members(&r->json, &list[i]);
		json_object_end(&r->json);
	}
	json_array_end(&r->json);
	free(list);
	return 0;
}

int handle_tokens_post(struct request *r, struct err *e)
{
	int64_t lifetime = request_int(r, "expires_in_s", 0);
	struct token t = { .created_us = clock_now_us() };
	char text[48], link[64];
	int rc;

	snprintf(t.name, sizeof(t.name), "%s", request_text(r, "name", ""));
	snprintf(t.role, sizeof(t.role), "%s", request_text(r, "role", ""));
	if (lifetime)
		t.expires_us = t.created_us + lifetime * US_PER_S;
	crypto_token(text);
	crypto_sha256_hex(text, strlen(text), t.hash);
	rc = store_token_add(r->app->db, &t, &t.id, e);
	if (!rc) {
		json_bool(&r->json, "success", true);
		token_members(&r->json, &t);
		json_string(&r->json, "token", text);
		snprintf(link, sizeof(link), "/api/v1/tokens/%lld", (long long)t.id);
		request_add_header(r, "Location", link);
		r->code = 201;
	}
	crypto_wipe(text, sizeof(text));
	return rc;
}

int handle_tokens_delete(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	if (!rc)
		rc = store_token_revoke(r->app->db, id, clock_now_us(), e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "revoked", id);
	return 0;
}

int handle_audit(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	if (!audit_flush(r->app->audit))
		return err_set(e, ERR_BUSY, "the newest rows are not written yet");
	return rc ? rc : store_audit_list(r->app->db, request_query(r, "actor"), &p, &r->json, e);
}
