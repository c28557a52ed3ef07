/* API tokens and the audit log. */
#include "api/http/audit.h"
#include "api/routes/table.h"
#include "api/store/audit.h"
#include "common/clock.h"
#include "common/registry/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int handle_tokens_list(struct request *r, struct err *e)
{
	struct token *list = NULL;
	size_t n = 0;
	int rc = store_tokens_load(r->db, &list, &n, e);

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

static int handle_tokens_post(struct request *r, struct err *e)
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
	rc = store_token_add(r->db, &t, &t.id, e);
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

static int handle_tokens_delete(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	if (!rc)
		rc = store_token_revoke(r->db, id, clock_now_us(), e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "revoked", id);
	return 0;
}

static int handle_audit(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	if (!audit_flush(r->app->audit))
		return err_set(e, ERR_BUSY, "the newest rows are not written yet");
	return rc ? rc : store_audit_list(r->db, request_query(r, "actor"), &p, &r->json, e);
}

/* ---- the routes ---- */

static const struct param q_audit[] = {
	PAGE,
	{ .name = "actor", .type = PARAM_TEXT, .min = 1, .max = 63, .help = "name of a token" }, END
};

static const struct param b_token[] = {
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 63,
	  .help = "unique among usable tokens" },
	{ .name = "role", .type = PARAM_CHOICE, .required = true, .choices = "viewer|trader|admin",
	  .help = "what it may do" },
	{ .name = "expires_in_s", .type = PARAM_INT, .min = 1, .max = 1e10,
	  .help = "s until it ends, never unless given" },
	END
};

#define TOKEN_FIELDS \
	F("id", "id"), { "name", "text", "Whose it is." }, \
	{ "role", "viewer|trader|admin", "What it may do." }, \
	{ "usable", "bool", "Neither revoked nor expired." }, F("created", "time"), \
	{ "expires", "time?", "Null: never." }, { "revoked", "time?", "Null: it was not." }, \
	{ "last_used", "time?", "To the minute." }

static const struct part parts[] = {
	OBJECT("Token", "An API token without its secret.",
	       TOKEN_FIELDS),
	LIST_OF("TokenList", "tokens", "Token", "All tokens, newest first."),
	OBJECT("TokenCreated", "A new token.",
	       OK, TOKEN_FIELDS, { "token", "text", "The secret: shown this once." }),
	OBJECT("TokenRevoked", "It opens nothing any more.",
	       OK, { "revoked", "id", "Its number." }),
	ROWS("AuditRow", "Who did what.", store_audit_columns,
	     HELP("actor", "Name of the token."), HELP("action", "Method and path."),
	     HELP("target", "Which one."), HELP("detail", "Why it failed, when it did."),
	     HELP("status", "HTTP status."), HELP("address", "Where it came from.")),
	PAGE_OF("AuditList", "audit", "AuditRow", "Newest first."),
};

static const struct route rows[] = {
	{ R(GET, "/tokens"), A, DO(tokens_list, "API tokens, without their secrets"),
	  ONE("TokenList") },
	{ R(POST, "/tokens"), A, DO(tokens_post, "Create a token; the answer alone shows it"),
	  .body = b_token, .gives = { { 201, "TokenCreated" } },
	  .says = CHANGE | SAYS_LOCATION,
	  .example = "{\"name\":\"phone\",\"role\":\"viewer\"}" },
	{ R(DELETE, "/tokens/:id"), A, DO(tokens_delete, "Revoke a token"), ONE("TokenRevoked"),
	  .says = CHANGE },
	{ R(GET, "/audit"), A, DO(audit, "Who did what"), .query = q_audit, ONE("AuditList") },
};
const struct route_group tokens_routes = { "Access", ROWS_OF(rows), ROWS_OF(parts) };
