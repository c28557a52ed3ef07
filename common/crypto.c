#include "common/crypto.h"

#include "common/buf.h"
#include "common/file.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHA256_BYTES 32
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define SEALED_PREFIX "v1:"
#define KEY_FILE_MAX 4096

static const char BASE64_CHARS[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void to_hex(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

void crypto_sha256_hex(const void *data, size_t len, char out[SHA256_HEX_MAX])
{
	unsigned char md[SHA256_BYTES];

	ASSERT(EVP_Digest(data, len, md, NULL, EVP_sha256(), NULL) == 1);
	to_hex(md, sizeof(md), out);
}

void crypto_hmac_sha256_hex(const char *key, const void *data, size_t len, char out[SHA256_HEX_MAX])
{
	unsigned char md[SHA256_BYTES];

	ASSERT(HMAC(EVP_sha256(), key, (int)strlen(key), data, len, md, NULL) != NULL);
	to_hex(md, sizeof(md), out);
}

int crypto_sha256_file(const char *path, char out[SHA256_HEX_MAX], struct err *e)
{
	struct sha256 *h = sha256_new();
	char *chunk = xcalloc(1, 65536);
	int fd, rc = 0;
	ssize_t n = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, chunk, 65536)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sha256_add(h, chunk, (size_t)n);
	}
	if (fd < 0 || n < 0)
		rc = file_error(e, "read", path);
	else
		sha256_hex(h, out);
	if (fd >= 0)
		close(fd);
	free(chunk);
	sha256_free(h);
	return rc;
}

struct sha256 *sha256_new(void)
{
	struct sha256 *h = xcalloc(1, sizeof(*h));

	h->ctx = EVP_MD_CTX_new();
	ASSERT(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
	return h;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	ASSERT(EVP_DigestUpdate(h->ctx, data, len) == 1);
}

void sha256_hex(struct sha256 *h, char out[SHA256_HEX_MAX])
{
	unsigned char md[SHA256_BYTES];

	ASSERT(EVP_DigestFinal_ex(h->ctx, md, NULL) == 1);
	to_hex(md, sizeof(md), out);
}

/* NULL keeps the algorithm: OpenSSL 3 would look it up by name each time. */
void sha256_again(struct sha256 *h)
{
	ASSERT(EVP_DigestInit_ex(h->ctx, NULL, NULL) == 1);
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void crypto_random(void *out, size_t len)
{
	ASSERT(len <= INT32_MAX && RAND_bytes(out, (int)len) == 1);
}

void crypto_token(char out[48])
{
	unsigned char random[32];
	char text[45];

	crypto_random(random, sizeof(random));
	EVP_EncodeBlock((unsigned char *)text, random, sizeof(random));
	text[43] = '\0'; /* the padding */
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	snprintf(out, 48, "tb_%s", text);
	crypto_wipe(random, sizeof(random));
	crypto_wipe(text, sizeof(text));
}

bool crypto_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

void correlation_id_new(char out[CORRELATION_ID_MAX])
{
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];

	crypto_random(random, sizeof(random));
	to_hex(random, sizeof(random), hex);
	snprintf(out, CORRELATION_ID_MAX, "c-%s", hex);
}

bool correlation_id_ok(const char *id)
{
	size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

	return n > 0 && n < CORRELATION_ID_MAX && !id[n];
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads 64 hex digits, which blanks or newlines may follow, into out. */
static bool parse_key(const char *text, struct master_key *out)
{
	for (size_t i = 0; i < sizeof(out->bytes); i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		out->bytes[i] = (unsigned char)(high * 16 + low);
	}
	text += 2 * sizeof(out->bytes);
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int make_folder_of(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct buf folder = { 0 };
	int rc;

	if (!slash || slash == path)
		return 0;
	buf_add(&folder, path, (size_t)(slash - path));
	rc = file_mkdirs(buf_text(&folder), e);
	buf_free(&folder);
	return rc;
}

int master_key_make(const char *path, struct err *e)
{
	unsigned char random[32];
	char hex[SHA256_HEX_MAX + 1];
	int rc;

	crypto_random(random, sizeof(random));
	to_hex(random, sizeof(random), hex);
	hex[64] = '\n';
	rc = file_write(path, hex, 65, 0600, e);
	crypto_wipe(random, sizeof(random));
	crypto_wipe(hex, sizeof(hex));
	return rc;
}

/*
 * Both programs may do this at once. Each writes a whole file beside "path" and links it to
 * that name; link() lets exactly one of them win, and both then read the key from the file.
 * Some file systems have no links (FAT): there the last rename wins.
 */
static int make_once(const char *path, struct err *e)
{
	struct buf beside = { 0 };
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];
	int rc;

	crypto_random(random, sizeof(random));
	to_hex(random, sizeof(random), hex);
	buf_printf(&beside, "%s.new-%s", path, hex);
	rc = make_folder_of(path, e);
	if (!rc)
		rc = master_key_make(buf_text(&beside), e);
	if (!rc && link(buf_text(&beside), path) && errno != EEXIST &&
	    rename(buf_text(&beside), path))
		rc = file_error(e, "make the master key file", path);
	(void)unlink(buf_text(&beside));
	file_sync_folder(path);
	buf_free(&beside);
	return rc;
}

/* Device, inode and time of the last write: a rename or a write changes one. No file: zeros. */
static bool identify(const char *path, uint64_t file[3])
{
	struct stat st;
	bool found = stat(path, &st) == 0;

	file[0] = found ? (uint64_t)st.st_dev : 0;
	file[1] = found ? (uint64_t)st.st_ino : 0;
	file[2] = found ? (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000000) +
			  (uint64_t)st.st_mtim.tv_nsec : 0;
	return found;
}

int master_key_read(const char *path, struct master_key *out, struct err *e)
{
	struct master_key k = { 0 };
	struct buf text = { 0 };
	int rc = 0;

	if (strlen(path) >= sizeof(k.path))
		return err_set(e, ERR_INVALID, "the path %.100s... of the master key is too long",
			       path);
	snprintf(k.path, sizeof(k.path), "%s", path);
	/* Before reading, because a file that changes meanwhile must be read again later. */
	identify(path, k.file);
	rc = file_read(path, KEY_FILE_MAX, &text, e);
	if (rc)
		goto out;
	if (!parse_key(buf_text(&text), &k))
		rc = err_set(e, ERR_CORRUPT,
			     "master key file %s must hold 64 hex digits; put the "
			     "right file back from a backup, or remove it to begin with a new key "
			     "(stored exchange keys must then be entered again)",
			     path);
	else
		*out = k;
out:
	if (text.data)
		crypto_wipe(text.data, text.cap);
	crypto_wipe(&k, sizeof(k));
	buf_free(&text);
	return rc;
}

/* Only a warning, because inside a container everybody can read the mounted secrets. */
static void warn_about_mode(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warn("key", NULL, "the master key %s can be used by others (mode %03o), who "
			 "can then open the stored exchange keys: chmod 600 it", path,
			 (unsigned)(st.st_mode & 0777));
}

int master_key_load(const char *path, struct master_key *out, struct err *e)
{
	int rc = master_key_read(path, out, e);

	if (rc == 0)
		warn_about_mode(path);
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = make_once(path, e);
	return rc ? rc : master_key_read(path, out, e);
}

int master_key_current(const struct master_key *k, struct master_key *out, struct err *e)
{
	uint64_t file[3];

	if (!k->path[0] || !identify(k->path, file) || !memcmp(file, k->file, sizeof(file))) {
		*out = *k;
		return 0;
	}
	return master_key_read(k->path, out, e);
}

const char *master_key_next_path(const char *path, char out[MASTER_KEY_PATH_MAX + 8])
{
	snprintf(out, MASTER_KEY_PATH_MAX + 8, "%s.new", path);
	return out;
}

/* out: nonce, ciphertext, tag */
static void encrypt(const struct master_key *k, const char *aad, const char *plain, int len,
		    unsigned char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *text = out + NONCE_BYTES;
	int n;

	crypto_random(out, NONCE_BYTES);
	ASSERT(c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->bytes, out) == 1);
	ASSERT(EVP_EncryptUpdate(c, NULL, &n, (const unsigned char *)aad, (int)strlen(aad)) == 1);
	ASSERT(EVP_EncryptUpdate(c, text, &n, (const unsigned char *)plain, len) == 1);
	ASSERT(EVP_EncryptFinal_ex(c, text + len, &n) == 1);
	ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, text + len) == 1);
	EVP_CIPHER_CTX_free(c);
}

/* in: nonce, len bytes, tag. False when the tag is not theirs. */
static bool decrypt(const struct master_key *k, const char *aad, unsigned char *in, int len,
		    char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *text = in + NONCE_BYTES;
	bool ok;
	int n;

	ASSERT(c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->bytes, in) == 1);
	ASSERT(EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)aad, (int)strlen(aad)) == 1);
	ok = EVP_DecryptUpdate(c, (unsigned char *)out, &n, text, len) == 1 &&
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, text + len) == 1 &&
		EVP_DecryptFinal_ex(c, (unsigned char *)out + len, &n) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

int crypto_seal(const struct master_key *k, const char *aad, const char *plain, char *out,
		size_t size, struct err *e)
{
	size_t len = strlen(plain), packed = NONCE_BYTES + len + TAG_BYTES;
	unsigned char *raw;

	if (len > INT32_MAX / 4 || size < (len ? SEALED_MAX(len) : 1))
		return err_set(e, ERR_RANGE, "a secret of %zu characters is too long to be kept",
			       len);
	if (!len) {
		out[0] = '\0';
		return 0;
	}
	raw = xcalloc(1, packed);
	encrypt(k, aad, plain, (int)len, raw);
	memcpy(out, SEALED_PREFIX, strlen(SEALED_PREFIX));
	EVP_EncodeBlock((unsigned char *)out + strlen(SEALED_PREFIX), raw, (int)packed);
	free(raw);
	return 0;
}

/* Bytes that the base64 text stands for, or 0 when it is not one. *raw is the caller's. */
static size_t decode_base64(const char *text, unsigned char **raw)
{
	size_t chars = strspn(text, BASE64_CHARS), pad = strspn(text + chars, "=");
	size_t len = chars + pad;

	*raw = NULL;
	if (text[len] || pad > 2 || len % 4 || len > INT32_MAX / 2)
		return 0;
	*raw = xcalloc(1, len + 1);
	if (EVP_DecodeBlock(*raw, (const unsigned char *)text, (int)len) < 0)
		return 0;
	return len / 4 * 3 - pad;
}

int crypto_open(const struct master_key *k, const char *aad, const char *sealed, char *out,
		size_t size, struct err *e)
{
	size_t prefix = strlen(SEALED_PREFIX), n = 0, len;
	unsigned char *raw = NULL;
	char *plain = NULL;
	int rc = 0;

	if (strncmp(sealed, SEALED_PREFIX, prefix) == 0)
		n = decode_base64(sealed + prefix, &raw);
	len = *sealed && n > NONCE_BYTES + TAG_BYTES ? n - NONCE_BYTES - TAG_BYTES : 0;
	if (*sealed && !len) {
		rc = err_set(e, ERR_CORRUPT, "the stored secret (%s) is damaged; enter it again",
			     aad);
		goto out;
	}
	if (size < len + 1) {
		rc = err_set(e, ERR_RANGE, "the stored secret (%s) is longer than %zu characters",
			     aad, size);
		goto out;
	}
	plain = xcalloc(1, len + 1);
	if (len && !decrypt(k, aad, raw, (int)len, plain)) {
		rc = err_set(e, ERR_CORRUPT,
			     "the stored secret (%s) does not open with this "
			     "master key; use the key file it was stored with, or enter it again",
			     aad);
		goto out;
	}
	memcpy(out, plain, len + 1);
out:
	if (plain)
		crypto_wipe(plain, len + 1);
	free(plain);
	free(raw);
	return rc;
}
