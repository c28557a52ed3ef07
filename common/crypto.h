/*
 * crypto.h - hashes, random bytes and comparisons, by OpenSSL.
 */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX_MAX 65
#define CORRELATION_ID_MAX 65	/* 64 characters and a NUL */

/* 64 lower-case hex digits and a NUL into out. */
void crypto_sha256_hex(const void *data, size_t len, char out[SHA256_HEX_MAX]);
MUST_CHECK int crypto_sha256_file(const char *path, char out[SHA256_HEX_MAX], struct err *e);

/* HMAC-SHA256 (RFC 2104) as 64 lower-case hex digits and a NUL. */
void crypto_hmac_sha256_hex(const char *key, const void *data, size_t len,
			    char out[SHA256_HEX_MAX]);

struct sha256;			/* for data that comes in pieces */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_hex(struct sha256 *h, char out[SHA256_HEX_MAX]);	/* once, at the end */
void sha256_again(struct sha256 *h);	/* starts over: cheaper than sha256_new */
void sha256_free(struct sha256 *h);

void crypto_random(void *out, size_t len);	/* aborts when the kernel has none */
/* "tb_" and 43 characters of base64url (256 random bits). */
void crypto_token(char out[48]);
/* Are the texts equal? Takes a time that depends on the lengths only. */
bool crypto_equal(const char *a, const char *b);
void crypto_wipe(void *p, size_t len);

/* A fresh correlation id: "c-" and 16 hex digits. */
void correlation_id_new(char out[CORRELATION_ID_MAX]);
/* 1..64 of [A-Za-z0-9._:-]. */
bool correlation_id_ok(const char *id);

/*
 * Secrets at rest: AES-256-GCM with a random 96-bit nonce. The sealed form is
 * "v1:" and base64 of nonce, ciphertext and tag. "aad" (such as "bot 7 api_key") is
 * authenticated with it, so that a sealed text that was moved to another row does not open.
 */
#define MASTER_KEY_PATH_MAX 1024
struct master_key {
	unsigned char bytes[32];
	char path[MASTER_KEY_PATH_MAX];	/* of its file; "" none */
	uint64_t file[3];		/* device, inode, time of the last write */
};
#define SEALED_MAX(plain_len) ((((plain_len) + 28) + 2) / 3 * 4 + 4)
/*
 * Reads 64 hex digits from the file; makes the file (0600) when it is missing. Logs a
 * warning when other users can read or write the file.
 */
MUST_CHECK int master_key_load(const char *path, struct master_key *out, struct err *e);
/*
 * The key that is valid now: k, or the content of its file when that file was replaced since
 * k was read, because a rotation (rotate_key.h) puts a new key there. A missing file: k.
 */
MUST_CHECK int master_key_current(const struct master_key *k, struct master_key *out,
				  struct err *e);
/* Reads a key file that must be there. */
MUST_CHECK int master_key_read(const char *path, struct master_key *out, struct err *e);
/* Writes a new random key to the file and replaces what it held. */
MUST_CHECK int master_key_make(const char *path, struct err *e);
/* The file beside "path" that holds the next key while a rotation runs or was interrupted. */
const char *master_key_next_path(const char *path, char out[MASTER_KEY_PATH_MAX + 8]);
/* "" seals to "". size must be SEALED_MAX(strlen(plain)) or more, else ERR_RANGE. */
MUST_CHECK int crypto_seal(const struct master_key *k, const char *aad, const char *plain,
			   char *out, size_t size, struct err *e);
/* ERR_CORRUPT when the key, the aad or the text is not the one it was sealed with. */
MUST_CHECK int crypto_open(const struct master_key *k, const char *aad, const char *sealed,
			   char *out, size_t size, struct err *e);

#endif
