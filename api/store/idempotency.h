/*
 * idempotency.h - table idempotency_keys: which requests with an Idempotency-Key were carried
 * out in the last IDEMPOTENCY_LASTS_US, and what was answered.
 */
#ifndef API_STORE_IDEMPOTENCY_H
#define API_STORE_IDEMPOTENCY_H

#include "common/buf.h"
#include "common/crypto.h"
#include "common/db/db.h"

#include <stdint.h>

#define IDEMPOTENCY_LASTS_US (24 * 3600 * INT64_C(1000000))
#define IDEMPOTENCY_KEY_MAX 80

struct idempotency_row {
	int64_t token_id;		/* api_tokens.id: each token has keys of its own */
	char key[IDEMPOTENCY_KEY_MAX];
	char request[SHA256_HEX_MAX];	/* of method, route, path, query and body */
	int64_t command_id;		/* 0: it is no command */
	int http;			/* of the answer; 0: not kept */
	char location[80], etag[80];	/* headers of the answer; "" none */
	int64_t created_us;		/* UTC */
};

/*
 * Reads the row of token_id and key into row and its answer (JSON) into answer (NULL: not
 * wanted). ERR_NOT_FOUND without a message: there is none younger than IDEMPOTENCY_LASTS_US.
 */
MUST_CHECK int store_idempotency_get(struct db *db, int64_t now_us, struct idempotency_row *row,
				     struct buf *answer, struct err *e);
/* Adds the row, or replaces the one of this token and key; removes what is too old. */
MUST_CHECK int store_idempotency_put_tx(struct db *db, const struct idempotency_row *row,
					const char *answer, struct err *e);
/*
 * What the bot (0: all bots) is doing, in capitals; "" when there is no such bot, or when the
 * bots differ.
 */
MUST_CHECK int store_idempotency_status(struct db *db, int64_t bot_id, char out[16],
					struct err *e);

#endif
