/* SHA-256 vectors: FIPS 180-4 examples (NIST "SHA256.pdf") and the NESSIE million a's. */
#include "common/crypto.h"
#include "common/file.h"
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char TWO_BLOCKS[] = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
static const char EMPTY[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char MILLION[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
static const char TWO_BLOCKS_TEXT[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static int set_up(void **state)
{
	return scratch_setup(state) || chdir(scratch_folder);
}

static int tear_down(void **state)
{
	return chdir("/") || scratch_teardown(state);
}

static void sha256_vectors(void **state)
{
	char hex[SHA256_HEX_MAX];
	struct sha256 *h = sha256_new();
	struct err e = { 0 };

	(void)state;
	crypto_sha256_hex("abc", 3, hex);
	assert_string_equal(hex, ABC);
	crypto_sha256_hex("", 0, hex);
	assert_string_equal(hex, EMPTY);
	crypto_sha256_hex(TWO_BLOCKS_TEXT, strlen(TWO_BLOCKS_TEXT), hex);
	assert_string_equal(hex, TWO_BLOCKS);
	for (int i = 0; i < 100000; i++)
		sha256_add(h, "aaaaaaaaaa", 10);
	sha256_hex(h, hex);
	assert_string_equal(hex, MILLION);
	for (int i = 0; i < 2; i++) {
		sha256_again(h);
		sha256_add(h, "abc", 3);
		sha256_hex(h, hex);
		assert_string_equal(hex, ABC);
	}
	sha256_free(h);
	sha256_free(NULL);
	assert_int_equal(file_write("abc", "abc", 3, 0600, &e), 0);
	assert_int_equal(crypto_sha256_file("abc", hex, &e), 0);
	assert_string_equal(hex, ABC);
	assert_int_equal(crypto_sha256_file("missing", hex, &e), ERR_NOT_FOUND);
	assert_int_equal(crypto_sha256_file(".", hex, &e), ERR_IO);
	assert_string_equal(hex, ABC);
}

static void tokens_differ(void **state)
{
	char a[48], b[48];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		crypto_token(a);
		crypto_token(b);
		assert_int_equal(strlen(a), 46);
		assert_int_equal(strncmp(a, "tb_", 3), 0);
		assert_int_equal(strspn(a + 3,
					"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789-_"),
				 43);
		assert_string_not_equal(a, b);
		assert_true(crypto_equal(a, a));
		assert_false(crypto_equal(a, b));
	}
	assert_true(crypto_equal("", ""));
	assert_false(crypto_equal("a", ""));
	assert_false(crypto_equal("ab", "abc"));
}

static void correlation_ids(void **state)
{
	char a[CORRELATION_ID_MAX], b[CORRELATION_ID_MAX], longest[66];

	(void)state;
	correlation_id_new(a);
	correlation_id_new(b);
	assert_int_equal(strlen(a), 18);
	assert_true(correlation_id_ok(a));
	assert_string_not_equal(a, b);
	memset(longest, 'x', 65);
	longest[65] = '\0';
	assert_false(correlation_id_ok(longest));
	longest[64] = '\0';
	assert_true(correlation_id_ok(longest));
	assert_true(correlation_id_ok("A-z.0_9:x"));
	assert_false(correlation_id_ok(""));
	assert_false(correlation_id_ok("a b"));
	assert_false(correlation_id_ok("a\n"));
	assert_false(correlation_id_ok("\xc3\xa4"));
	assert_false(correlation_id_ok("a\"b"));
}

static void wipes(void **state)
{
	char secret[8] = "secret";

	(void)state;
	crypto_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
}

static void sealed_opens(void **state)
{
	struct master_key k, other;
	char plain[200], sealed[SEALED_MAX(199)], again[SEALED_MAX(199)], out[200];
	struct err e = { 0 };

	(void)state;
	crypto_random(&k, sizeof(k));
	crypto_random(&other, sizeof(other));
	for (size_t n = 1; n < sizeof(plain); n++) {
		memset(plain, 'p', n);
		plain[n] = '\0';
		assert_int_equal(crypto_seal(&k, "bot 7 api_key", plain, sealed, SEALED_MAX(n), &e),
				 0);
		assert_true(strlen(sealed) < SEALED_MAX(n));
		assert_null(strstr(sealed, "pppp"));
		assert_int_equal(crypto_seal(&k, "bot 7 api_key", plain, again, sizeof(again), &e),
				 0);
		assert_string_not_equal(sealed, again);
		assert_int_equal(crypto_open(&k, "bot 7 api_key", sealed, out, n + 1, &e), 0);
		assert_string_equal(out, plain);
		assert_int_equal(crypto_open(&k, "bot 7 api_key", sealed, out, n, &e), ERR_RANGE);
		assert_int_equal(crypto_open(&k, "bot 8 api_key", sealed, out, 200, &e),
				 ERR_CORRUPT);
		assert_int_equal(crypto_open(&other, "bot 7 api_key", sealed, out, 200, &e),
				 ERR_CORRUPT);
		assert_string_equal(out, plain);
		assert_int_equal(crypto_seal(&k, "x", plain, again, SEALED_MAX(n) - 1, &e),
				 ERR_RANGE);
	}
	assert_int_equal(crypto_seal(&k, "x", "", sealed, 1, &e), 0);
	assert_string_equal(sealed, "");
	assert_int_equal(crypto_open(&k, "x", "", out, 1, &e), 0);
	assert_string_equal(out, "");
}

/* Each character changed, and each cut. */
static void damaged_does_not_open(void **state)
{
	struct master_key k;
	char sealed[SEALED_MAX(20)], bad[SEALED_MAX(20)], out[32] = "untouched";
	struct err e = { 0 };

	(void)state;
	crypto_random(&k, sizeof(k));
	assert_int_equal(crypto_seal(&k, "x", "12345678901234567890", sealed, sizeof(sealed), &e),
			 0);
	for (size_t i = 0; i < strlen(sealed); i++) {
		memcpy(bad, sealed, sizeof(bad));
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_equal(crypto_open(&k, "x", bad, out, sizeof(out), &e), ERR_CORRUPT);
		bad[i] = '\n';
		assert_int_equal(crypto_open(&k, "x", bad, out, sizeof(out), &e), ERR_CORRUPT);
		bad[i] = '\0';
		if (i > 0)
			assert_int_equal(crypto_open(&k, "x", bad, out, sizeof(out), &e),
					 ERR_CORRUPT);
	}
	assert_int_equal(crypto_open(&k, "x", "plain text", out, sizeof(out), &e), ERR_CORRUPT);
	assert_int_equal(crypto_open(&k, "x", "v1:====", out, sizeof(out), &e), ERR_CORRUPT);
	assert_string_equal(out, "untouched");
	assert_non_null(strstr(e.msg, "damaged"));
}

static void key_file_is_made_once(void **state)
{
	struct master_key a, b;
	struct stat st;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(master_key_load("new/folder/master.key", &a, &e), 0);
	assert_int_equal(stat("new/folder/master.key", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(master_key_load("new/folder/master.key", &b, &e), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(master_key_load("other.key", &b, &e), 0);
	assert_memory_not_equal(&a, &b, sizeof(a));
}

static int is_of_race(const struct dirent *d)
{
	return strncmp(d->d_name, "race.key", 8) == 0;
}

/* Many start at once: all of them must hold the same key. */
static void key_file_race(void **state)
{
	enum { N = 12 };
	struct dirent **names = NULL;
	struct master_key k, first;
	int fds[2];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < N; i++)
		if (fork() == 0) {
			int rc = master_key_load("race.key", &k, &e);

			_exit(rc || write(fds[1], &k, sizeof(k)) != sizeof(k));
		}
	for (int i = 0, status; i < N; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read(fds[0], &first, sizeof(first)), sizeof(first));
	for (int i = 1; i < N; i++) {
		assert_int_equal(read(fds[0], &k, sizeof(k)), sizeof(k));
		assert_memory_equal(k.bytes, first.bytes, sizeof(k.bytes));
	}
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(scandir(".", &names, is_of_race, NULL), 1); /* nothing is left beside it */
	free(names[0]);
	free(names);
}

static void key_file_must_be_one(void **state)
{
	static const char good[] =
		"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
	struct master_key k;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_write("k", good, 64, 0600, &e), 0);
	assert_int_equal(master_key_load("k", &k, &e), 0);
	assert_int_equal(k.bytes[31], 0xff);
	assert_int_equal(file_write("k", good, 63, 0600, &e), 0);
	assert_int_equal(master_key_load("k", &k, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "64 hex digits"));
	assert_int_equal(file_write("k", "", 0, 0600, &e), 0);
	assert_int_equal(master_key_load("k", &k, &e), ERR_CORRUPT);
	assert_int_equal(file_write("k", good, 65, 0600, &e), 0); /* with its NUL */
	assert_int_equal(master_key_load("k", &k, &e), 0);
	assert_int_equal(mkdir("folder.key", 0700), 0);
	assert_int_equal(master_key_load("folder.key", &k, &e), ERR_IO);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void hmac_sha256(void **state)
{
	static const struct { const char *key, *data, *want; } cases[] = {
		{ "\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v", "Hi There",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", "what do ya want for nothing?",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	};
	char key[132], hex[SHA256_HEX_MAX];
	const char *long_key = "Test Using Larger Than Block-Size Key - Hash Key First";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		crypto_hmac_sha256_hex(cases[i].key, cases[i].data, strlen(cases[i].data), hex);
		assert_string_equal(hex, cases[i].want);
	}
	memset(key, '\xaa', 131);
	key[131] = '\0';
	crypto_hmac_sha256_hex(key, long_key, strlen(long_key), hex);
	assert_string_equal(hex,
			    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_sha256),
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(tokens_differ),
		cmocka_unit_test(correlation_ids),
		cmocka_unit_test(wipes),
		cmocka_unit_test(sealed_opens),
		cmocka_unit_test(damaged_does_not_open),
		cmocka_unit_test(key_file_is_made_once),
		cmocka_unit_test(key_file_race),
		cmocka_unit_test(key_file_must_be_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
