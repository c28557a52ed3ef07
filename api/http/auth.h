/*
 * auth.h - who is asking: Bearer tokens, and the Host and Origin checks that keep
 * other web pages out (DNS rebinding, cross-site posts).
 *
 * The usable tokens are kept in memory as hashes and read again when another
 * process changed the database (trading-bot token create) or we did.
 */
#ifndef API_HTTP_AUTH_H
#define API_HTTP_AUTH_H

#include "api/http/request.h"

struct auth;

struct auth *auth_new(void);
void auth_free(struct auth *a);
/* Reads again when the database moved. A failure is left to the request that needs it. */
void auth_refresh(struct auth *a, struct app *app);
/* The holder of "Bearer <token>" (header may be NULL). false: nobody. */
bool auth_identify(struct auth *a, const char *header, int64_t now_us, struct identity *out);
/* Is this still a usable token? For connections that outlive their request. */
bool auth_alive(const struct auth *a, int64_t token_id, int64_t now_us);
/* Writes api_tokens.last_used_us; called now and then. */
void auth_flush(struct auth *a, struct db *db);

/*
 * May a request with this Host header be answered? localhost, IP addresses, the
 * bind address, and the names in API_ALLOWED_HOSTS (separated by blanks or commas).
 */
bool auth_host_ok(const char *host, const char *bind, const char *allowed);
/* An Origin header is fine when it is the page that Host serves. NULL: no browser. */
bool auth_origin_ok(const char *origin, const char *host);

/*
 * The admin token that a start needs: API_TOKEN or API_TOKEN_FILE, else the one of
 * DATA_DIR/api_token, which is made at the first start. *made tells that it is new;
 * out is "" when it is not known here (only its hash is stored).
 */
#define AUTH_TOKEN_MAX 256
MUST_CHECK int auth_setup(struct app *app, char out[AUTH_TOKEN_MAX], bool *made, struct err *e);

#endif
