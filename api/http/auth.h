/*
 * auth.h - who is asking: Bearer tokens, and the Host and Origin checks that keep
 * other web pages out (DNS rebinding, cross-site posts).
 *
 * Keeps the hashes of the usable tokens in memory and reads them again after the database
 * was changed by another process (trading-bot token create) or by us.
 */
#ifndef API_HTTP_AUTH_H
#define API_HTTP_AUTH_H

#include "api/http/request.h"

struct auth;

struct auth *auth_new(void);
void auth_free(struct auth *a);
/* Reads the tokens again if the database changed. A failure shows in the request that needs it. */
void auth_refresh(struct auth *a, struct app *app);
/* The holder of "Bearer <token>" (header may be NULL). false: nobody. */
bool auth_identify(struct auth *a, const char *header, int64_t now_us, struct identity *out);
/* Is this still a usable token? For connections that outlive their request. */
bool auth_alive(const struct auth *a, int64_t token_id, int64_t now_us);
/* Writes api_tokens.last_used_us; called from time to time. */
void auth_flush(struct auth *a, struct db *db);

/*
 * May a request with this Host header be answered? localhost, IP addresses, the
 * bind address, and the names in API_ALLOWED_HOSTS (separated by blanks or commas).
 */
bool auth_host_ok(const char *host, const char *bind, const char *allowed);
/* Does the Origin header name the host that Host names? NULL (not a browser) is accepted. */
bool auth_origin_ok(const char *origin, const char *host);

/*
 * Makes sure that an admin token exists: the one of API_TOKEN or API_TOKEN_FILE, else the one
 * in DATA_DIR/api_token, which the first start makes. *made: it was made now. out is "" when
 * only the token's hash is known.
 */
#define AUTH_TOKEN_MAX 256
MUST_CHECK int auth_setup(struct app *app, char out[AUTH_TOKEN_MAX], bool *made, struct err *e);

#endif
