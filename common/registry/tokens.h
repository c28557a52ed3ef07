/*
 * tokens.h - table api_tokens: who may call the API. Only hashes are kept.
 */
#ifndef COMMON_REGISTRY_TOKENS_H
#define COMMON_REGISTRY_TOKENS_H

#include "common/crypto.h"
#include "common/db/db.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_NAME_MAX 64
#define TOKEN_ENVIRONMENT "environment"		/* the row of API_TOKEN */
#define TOKEN_FIRST_START "first start"

struct token {
	int64_t id;
	char name[TOKEN_NAME_MAX];
	char role[8];			/* viewer, trader, admin */
	char hash[SHA256_HEX_MAX];	/* SHA-256 of the token, hex */
	int64_t created_us;
	int64_t expires_us;		/* 0 never */
	int64_t revoked_us;		/* 0 not */
	int64_t last_used_us;		/* 0 never */
};

/* Neither revoked nor expired. */
bool token_usable(const struct token *t, int64_t now_us);

/* All rows, oldest first, into *out (free it) and *n. */
MUST_CHECK int store_tokens_load(struct db *db, struct token **out, size_t *n, struct err *e);
/*
 * Adds a row from name, role, hash, created_us and expires_us in its own transaction. Replaces
 * a revoked or expired row of that name. ERR_CONFLICT: a usable row has the name, or the name
 * is reserved (it means something other than a token).
 */
MUST_CHECK int store_token_add(struct db *db, const struct token *t, int64_t *id, struct err *e);
/* As store_token_add, inside the caller's transaction. */
MUST_CHECK int store_token_add_tx(struct db *db, const struct token *t, int64_t *id,
				  struct err *e);
/* As store_token_add, but the row of that name is replaced, whatever it is. */
MUST_CHECK int store_token_put(struct db *db, const struct token *t, int64_t *id, struct err *e);
/*
 * ERR_NOT_FOUND: no such row; revoking twice is no error. ERR_CONFLICT: it is the last usable
 * admin token, without which nobody could make another.
 */
MUST_CHECK int store_token_revoke(struct db *db, int64_t id, int64_t now_us, struct err *e);
MUST_CHECK int store_token_revoke_tx(struct db *db, int64_t id, int64_t now_us, struct err *e);
/* Stores last_used_us of several tokens in one transaction. */
MUST_CHECK int store_tokens_touch(struct db *db, const struct token *list, size_t n, struct err *e);

#endif
