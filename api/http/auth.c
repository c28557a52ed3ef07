#include "api/http/auth.h"

#include "api/app_db.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/registry/tokens.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct auth {
	struct token *list;
	size_t n;
	int64_t data_version;	/* of the database when list was read; -1 never */
	uint64_t writes;	/* app->writes then */
	struct sha256 *hash;	/* of the token of a request */
	bool used;		/* some last_used_us is newer than the database's */
};

struct auth *auth_new(void)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	a->data_version = -1;
	a->hash = sha256_new();
	return a;
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	sha256_free(a->hash);
	free(a->list);
	free(a);
}

static void keep_last_used(const struct auth *a, struct token *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < a->n; k++) {
			if (a->list[k].id == list[i].id &&
			    a->list[k].last_used_us > list[i].last_used_us)
				list[i].last_used_us = a->list[k].last_used_us;
		}
	}
}

/* Reads api_tokens; on failure the old list stays in use. */
static int auth_load(struct auth *a, struct db *db, struct err *e)
{
	struct token *list = NULL;
	size_t n = 0;
	int rc;

	rc = store_tokens_load(db, &list, &n, e);
	if (rc)
		return rc;
	keep_last_used(a, list, n);
	free(a->list);
	a->list = list;
	a->n = n;
	return 0;
}

void auth_refresh(struct auth *a, struct app *app)
{
	struct err e = { 0 };
	int64_t version;

	if (!app->database->db)
		return;
	version = app_data_version(app);
	if (version < 0 || (version == a->data_version && app->writes == a->writes))
		return;
	if (auth_load(a, app->database->db, &e)) {
		log_warn("auth", NULL, "tokens not read again: %s", e.msg);
		return;
	}
	a->data_version = version;
	a->writes = app->writes;
}

bool auth_identify(struct auth *a, const char *header, int64_t now_us, struct identity *out)
{
	char hash[SHA256_HEX_MAX];
	struct token *found = NULL;
	const char *text;

	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return false;
	text = header + 7;
	text += strspn(text, " ");
	if (!*text || strlen(text) >= AUTH_TOKEN_MAX)
		return false;
	sha256_again(a->hash);
	sha256_add(a->hash, text, strlen(text));
	sha256_hex(a->hash, hash);
	for (size_t i = 0; i < a->n; i++) {
		if (crypto_equal(a->list[i].hash, hash))
			found = &a->list[i];
	}
	if (!found || !token_usable(found, now_us))
		return false;
	out->token_id = found->id;
	memcpy(out->name, found->name, sizeof(out->name));
	out->role = role_parse(found->role);
	found->last_used_us = now_us;
	a->used = true;
	return true;
}

bool auth_alive(const struct auth *a, int64_t token_id, int64_t now_us)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->list[i].id == token_id)
			return token_usable(&a->list[i], now_us);
	}
	return false;
}

void auth_flush(struct auth *a, struct db *db)
{
	struct err e = { 0 };

	if (!a->used || !db)
		return;
	if (store_tokens_touch(db, a->list, a->n, &e))
		log_debug("auth", NULL, "last use of tokens not stored: %s", e.msg);
	else
		a->used = false;
}

/* "" or ":" and digits. */
static bool is_port(const char *text)
{
	return !*text || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

static bool is_v6(const char *name)
{
	unsigned char addr[16];

	return inet_pton(AF_INET6, name, addr) == 1;
}

static bool is_ip(const char *name)
{
	unsigned char addr[4];

	return inet_pton(AF_INET, name, addr) == 1 || is_v6(name);
}

/* "name:port", "[v6]:port", "name" -> the name; false when it is none of these. */
static bool host_name(const char *host, char *out, size_t size)
{
	const char *end;
	size_t len;

	if (host[0] == '[') {
		end = strchr(host, ']');
		if (!end)
			return false;
		host++;
	} else {
		end = host + strcspn(host, ":");
	}
	len = (size_t)(end - host);
	if (!len || len >= size || !is_port(end + (*end == ']')))
		return false;
	memcpy(out, host, len);
	out[len] = '\0';
	return *end != ']' || is_v6(out);
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, " ,");

		if (n == len && !strncasecmp(list, name, len))
			return true;
		list += n;
		list += strspn(list, " ,");
	}
	return false;
}

bool auth_host_ok(const char *host, const char *bind, const char *allowed)
{
	char name[256];

	if (!host)
		return true; /* HTTP/1.0 without it: no browser does that */
	if (!host_name(host, name, sizeof(name)))
		return false;
	return !strcasecmp(name, "localhost") || is_ip(name) || !strcasecmp(name, bind) ||
	       listed(allowed, name);
}

bool auth_origin_ok(const char *origin, const char *host)
{
	if (!origin)
		return true;
	if (!strncasecmp(origin, "http://", 7))
		origin += 7;
	else if (!strncasecmp(origin, "https://", 8))
		origin += 8;
	else
		return false;
	return host && !strcasecmp(origin, host);
}

static int put_token(struct db *db, const char *name, const char *text, struct err *e)
{
	struct token t = { .created_us = clock_now_us(), .role = "admin" };
	int64_t id;

	snprintf(t.name, sizeof(t.name), "%s", name);
	crypto_sha256_hex(text, strlen(text), t.hash);
	return store_token_put(db, &t, &id, e);
}

/* API_TOKEN, or the first line of API_TOKEN_FILE; "" when neither is set. */
static int configured_token(const struct config *cfg, char out[AUTH_TOKEN_MAX], struct err *e)
{
	int rc;

	snprintf(out, AUTH_TOKEN_MAX, "%s", cfg->api_token);
	if (out[0] || !cfg->api_token_file[0])
		return 0;
	rc = config_secret_file("API_TOKEN", cfg->api_token_file, out, AUTH_TOKEN_MAX, e);
	if (!rc && !out[0])
		rc = err_set(e, ERR_INVALID, "%s is empty", cfg->api_token_file);
	if (rc)
		err_prefix(e, "API_TOKEN_FILE");
	return rc;
}

/* After API_TOKEN was removed from the environment, its row must not give access any more. */
static int revoke_environment(struct app *app, int64_t now, struct err *e)
{
	for (size_t i = 0; i < app->auth->n; i++) {
		const struct token *t = &app->auth->list[i];
		int64_t id;

		if (strcmp(t->name, TOKEN_ENVIRONMENT) != 0 || !token_usable(t, now))
			continue;
		struct token dead = *t;

		dead.expires_us = 1;
		return store_token_put(app->database->db, &dead, &id, e);
	}
	return 0;
}

static bool has_admin(const struct auth *a, int64_t now)
{
	for (size_t i = 0; i < a->n; i++) {
		if (role_parse(a->list[i].role) == ROLE_ADMIN && token_usable(&a->list[i], now))
			return true;
	}
	return false;
}

static enum role role_of(struct app *app, const char *token)
{
	char header[AUTH_TOKEN_MAX + 8];
	struct identity who = { 0 };

	snprintf(header, sizeof(header), "Bearer %s", token);
	auth_identify(app->auth, header, clock_now_us(), &who);
	crypto_wipe(header, sizeof(header));
	return who.role;
}

/* The configured token may be known already, such as the one of the first start. */
static int use_configured(struct app *app, const char *token, struct err *e)
{
	enum role role = role_of(app, token);
	int rc;

	if (role == ROLE_ADMIN)
		return 0;
	if (role != ROLE_NONE)
		return err_set(e, ERR_CONFLICT,
			       "API_TOKEN is already stored as a %s token: set another one",
			       role_name(role));
	rc = put_token(app->database->db, TOKEN_ENVIRONMENT, token, e);
	return rc ? rc : auth_load(app->auth, app->database->db, e);
}

/* The token in DATA_DIR/api_token, if it is usable; else "". */
static void read_own_file(struct app *app, const char *path, char out[AUTH_TOKEN_MAX])
{
	out[0] = '\0';
	if (config_secret_file("API_TOKEN", path, out, AUTH_TOKEN_MAX, NULL) ||
	    role_of(app, out) != ROLE_ADMIN)
		out[0] = '\0';
}

static int make_token(struct app *app, const char *path, char out[AUTH_TOKEN_MAX], struct err *e)
{
	char token[48];
	int rc;

	crypto_token(token);
	snprintf(out, AUTH_TOKEN_MAX, "%s", token);
	rc = file_write(path, token, strlen(token), 0600, e);
	if (!rc)
		rc = put_token(app->database->db, TOKEN_FIRST_START, token, e);
	crypto_wipe(token, sizeof(token));
	return rc;
}

int auth_setup(struct app *app, char out[AUTH_TOKEN_MAX], bool *made, struct err *e)
{
	char path[CONFIG_PATH_MAX + 16];
	int64_t now = clock_now_us();
	int rc;

	*made = false;
	snprintf(path, sizeof(path), "%s/api_token", app->cfg->data_dir);
	rc = configured_token(app->cfg, out, e);
	if (!rc)
		rc = auth_load(app->auth, app->database->db, e);
	if (!rc && out[0])
		return use_configured(app, out, e);
	if (!rc)
		rc = revoke_environment(app, now, e);
	if (!rc)
		rc = auth_load(app->auth, app->database->db, e);
	if (rc)
		return rc;
	if (has_admin(app->auth, now)) {
		read_own_file(app, path, out);
		return 0;
	}
	rc = make_token(app, path, out, e);
	if (rc)
		return rc;
	*made = true;
	return auth_load(app->auth, app->database->db, e);
}
