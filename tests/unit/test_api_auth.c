#include "api/http/auth.h"

#include "api/app_db.h"
#include "common/clock.h"
#include "common/db/start.h"
#include "common/file.h"
#include "common/log.h"
#include "common/registry/tokens.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct config cfg;
static struct app app;
static struct app_db database;

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	log_init("test", LOG_ERROR);
	log_set_fd(-1);
	config_defaults(&cfg);
	snprintf(cfg.data_dir, sizeof(cfg.data_dir), "%s", scratch_folder);
	snprintf(cfg.db_path, sizeof(cfg.db_path), "%s/app.db", scratch_folder);
	memset(&app, 0, sizeof(app));
	memset(&database, 0, sizeof(database));
	app.cfg = &cfg;
	app.database = &database;
	app.auth = auth_new();
	return db_start(&cfg, false, NULL) || app_db_open(&app, NULL);
}

static int teardown(void **state)
{
	app_db_close(&app);
	auth_free(app.auth);
	return scratch_teardown(state);
}

static bool identify(const char *header, struct identity *who)
{
	memset(who, 0, sizeof(*who));
	return auth_identify(app.auth, header, clock_now_us(), who);
}

static bool opens(const char *token)
{
	char header[AUTH_TOKEN_MAX + 16];
	struct identity who;

	snprintf(header, sizeof(header), "Bearer %s", token);
	return identify(header, &who);
}

static void must_setup(char out[AUTH_TOKEN_MAX], bool *made)
{
	struct err e = { 0 };

	if (auth_setup(&app, out, made, &e))
		fail_msg("auth_setup: %s", e.msg);
}

static void hosts(void **state)
{
	(void)state;
	assert_true(auth_host_ok(NULL, "127.0.0.1", ""));
	assert_true(auth_host_ok("localhost", "127.0.0.1", ""));
	assert_true(auth_host_ok("LocalHost:1337", "127.0.0.1", ""));
	assert_true(auth_host_ok("127.0.0.1:1337", "127.0.0.1", ""));
	assert_true(auth_host_ok("192.168.1.7", "127.0.0.1", ""));
	assert_true(auth_host_ok("[::1]:1337", "127.0.0.1", ""));
	assert_true(auth_host_ok("bot.lan", "bot.lan", ""));
	assert_true(auth_host_ok("bot.example.org", "127.0.0.1", "x.org, bot.example.org"));
	assert_true(auth_host_ok("BOT.example.org:443", "127.0.0.1", "bot.example.org"));
	assert_false(auth_host_ok("evil.example.org", "127.0.0.1", "bot.example.org"));
	assert_false(auth_host_ok("example.org", "127.0.0.1", "bot.example.org"));
	assert_false(auth_host_ok("localhost.evil.org", "127.0.0.1", ""));
	assert_false(auth_host_ok("127.0.0.1.evil.org", "127.0.0.1", ""));
	assert_false(auth_host_ok("", "127.0.0.1", ""));
	assert_false(auth_host_ok("[::1", "127.0.0.1", ""));
	assert_false(auth_host_ok(":1337", "127.0.0.1", ""));
	assert_false(auth_host_ok("[bot]:1337", "127.0.0.1", "bot"));
	assert_false(auth_host_ok("[::1]evil.org", "127.0.0.1", ""));
	assert_false(auth_host_ok("[::1]:13x", "127.0.0.1", ""));
	assert_false(auth_host_ok("localhost:evil.org", "127.0.0.1", ""));
}

static void origins(void **state)
{
	(void)state;
	assert_true(auth_origin_ok(NULL, "localhost:1337"));
	assert_true(auth_origin_ok("http://localhost:1337", "localhost:1337"));
	assert_true(auth_origin_ok("https://bot.example.org", "bot.example.org"));
	assert_false(auth_origin_ok("http://localhost:8080", "localhost:1337"));
	assert_false(auth_origin_ok("http://evil.org", "localhost:1337"));
	assert_false(auth_origin_ok("null", "localhost:1337"));
	assert_false(auth_origin_ok("http://localhost:1337", NULL));
}

static void first_start(void **state)
{
	char token[AUTH_TOKEN_MAX], again[AUTH_TOKEN_MAX];
	struct buf file = { 0 };
	struct identity who;
	struct stat st;
	bool made;

	(void)state;
	must_setup(token, &made);
	assert_true(made);
	assert_int_equal(strlen(token), 46);
	assert_int_equal(file_read(scratch_path("api_token"), 200, &file, NULL), 0);
	assert_string_equal(buf_text(&file), token);
	assert_int_equal(stat(scratch_path("api_token"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_free(&file);
	char header[AUTH_TOKEN_MAX + 16];

	snprintf(header, sizeof(header), "bearer   %s", token);
	assert_true(identify(header, &who));
	assert_int_equal(who.role, ROLE_ADMIN);
	assert_string_equal(who.name, TOKEN_FIRST_START);
	must_setup(again, &made);
	assert_false(made);
	assert_string_equal(again, token);
}

/* Nothing but the hash is in the database. */
static void no_token_in_the_database(void **state)
{
	char token[AUTH_TOKEN_MAX];
	struct buf file = { 0 };
	bool made;

	(void)state;
	must_setup(token, &made);
	app_db_close(&app);
	assert_int_equal(file_read(cfg.db_path, 1 << 24, &file, NULL), 0);
	assert_null(memmem(file.data, file.len, token, strlen(token)));
	buf_free(&file);
}

static void wrong_headers(void **state)
{
	static const char *const wrong[] = {
		"Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz",
		"tb_secret_of_the_environment",
		"Bearer tb_secret_of_the_environmen", "Bearer tb_secret_of_the_environment2",
	};
	char token[AUTH_TOKEN_MAX], header[4096] = "Bearer ";
	struct identity who;
	bool made;

	(void)state;
	snprintf(cfg.api_token, sizeof(cfg.api_token), "tb_secret_of_the_environment");
	must_setup(token, &made);
	assert_false(made);
	assert_true(opens(cfg.api_token));
	assert_false(identify(NULL, &who));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(identify(wrong[i], &who));
	memset(header + 7, 'a', 4000);
	assert_false(identify(header, &who));
}

/* The environment's token is replaced by another, and gone when it is not set any more. */
static void environment_token(void **state)
{
	char token[AUTH_TOKEN_MAX];
	bool made;

	(void)state;
	snprintf(cfg.api_token, sizeof(cfg.api_token), "first-secret");
	must_setup(token, &made);
	assert_true(opens("first-secret"));
	snprintf(cfg.api_token, sizeof(cfg.api_token), "second-secret");
	must_setup(token, &made);
	assert_false(opens("first-secret"));
	assert_true(opens("second-secret"));
	cfg.api_token[0] = '\0';
	must_setup(token, &made);
	assert_true(made);
	assert_false(opens("second-secret"));
	assert_true(opens(token));
	/* The first start's own token may also be given by the environment. */
	snprintf(cfg.api_token, sizeof(cfg.api_token), "%.100s", token);
	must_setup(token, &made);
	assert_true(opens(token));
}

static void token_file(void **state)
{
	char token[AUTH_TOKEN_MAX];
	struct err e = { 0 };
	bool made;

	(void)state;
	snprintf(cfg.api_token_file, sizeof(cfg.api_token_file), "%s", scratch_path("secret"));
	assert_int_not_equal(auth_setup(&app, token, &made, &e), 0);
	assert_non_null(strstr(e.msg, "API_TOKEN_FILE"));
	assert_int_equal(file_write(cfg.api_token_file, "\n", 1, 0600, NULL), 0);
	assert_int_equal(auth_setup(&app, token, &made, &e), ERR_INVALID);
	assert_int_equal(file_write(cfg.api_token_file, "from-a-file\n", 12, 0600, NULL), 0);
	must_setup(token, &made);
	assert_true(opens("from-a-file"));
	/* The rules of API_TOKEN: nothing is cut at a blank, a tab or a NUL. */
	static const char *const bad[] = { "correct horse", "correct\thorse\n", "correct \n",
					   " correct", ("corr\xe9" "ct") };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(file_write(cfg.api_token_file, bad[i], strlen(bad[i]), 0600, NULL),
				 0);
		assert_int_equal(auth_setup(&app, token, &made, &e), ERR_INVALID);
		assert_non_null(strstr(e.msg, "without blanks"));
		assert_null(strstr(e.msg, "corr"));
		assert_false(opens("correct"));
	}
	assert_int_equal(file_write(cfg.api_token_file, "correct\0horse", 13, 0600, NULL), 0);
	assert_int_equal(auth_setup(&app, token, &made, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "NUL"));
	assert_int_equal(file_write(cfg.api_token_file, "its-first\r\nline "
							"only", 20, 0600, NULL), 0);
	must_setup(token, &made);
	assert_true(opens("its-first"));
}

static void expiry_and_revocation(void **state)
{
	struct token t = { .name = "phone", .role = "viewer", .created_us = clock_now_us() };
	char admin[AUTH_TOKEN_MAX];
	struct err e = { 0 };
	struct identity who;
	int64_t id = 0, admin_id;
	bool made;

	(void)state;
	must_setup(admin, &made);
	crypto_sha256_hex("phone-secret", 12, t.hash);
	t.expires_us = t.created_us + 10 * US_PER_S;
	assert_int_equal(store_token_add(app.database->db, &t, &id, &e), 0);
	assert_int_equal(store_token_add(app.database->db, &t, &id, &e), ERR_CONFLICT);
	app.writes++;
	auth_refresh(app.auth, &app);
	assert_true(identify("Bearer phone-secret", &who));
	assert_int_equal(who.role, ROLE_VIEWER);
	assert_false(auth_identify(app.auth, "Bearer phone-secret", t.expires_us, &who));
	assert_int_equal(store_token_revoke(app.database->db, id, clock_now_us(), &e), 0);
	assert_int_equal(store_token_revoke(app.database->db, id, clock_now_us(), &e), 0);
	app.writes++;
	auth_refresh(app.auth, &app);
	assert_false(identify("Bearer phone-secret", &who));
	/* Its name is free again; the last admin stays. */
	crypto_sha256_hex("phone-two", 9, t.hash);
	assert_int_equal(store_token_add(app.database->db, &t, &id, &e), 0);
	assert_true(opens(admin));
	admin_id = 1;
	assert_int_equal(store_token_revoke(app.database->db, admin_id, clock_now_us(), &e),
			 ERR_CONFLICT);
	assert_int_equal(store_token_revoke(app.database->db, 999, clock_now_us(), &e),
			 ERR_NOT_FOUND);
}

/* "trading-bot token create" writes through its own connection. */
static void another_process_adds_one(void **state)
{
	struct token t = { .name = "cli", .role = "trader", .created_us = clock_now_us() };
	struct db *other = NULL;
	struct identity who;
	int64_t id;

	(void)state;
	auth_refresh(app.auth, &app);
	crypto_sha256_hex("cli-secret", 10, t.hash);
	assert_int_equal(db_open(cfg.db_path, DB_CLI, &other, NULL), 0);
	assert_int_equal(store_token_add(other, &t, &id, NULL), 0);
	assert_false(identify("Bearer cli-secret", &who));
	auth_refresh(app.auth, &app);
	assert_true(identify("Bearer cli-secret", &who));
	auth_flush(app.auth, app.database->db);
	struct token *list = NULL;
	size_t n = 0;

	assert_int_equal(store_tokens_load(other, &list, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_true(list[0].last_used_us > 0);
	free(list);
	db_close(other);
}

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(origins),
		WITH_DB(first_start),
		WITH_DB(no_token_in_the_database),
		WITH_DB(wrong_headers),
		WITH_DB(environment_token),
		WITH_DB(token_file),
		WITH_DB(expiry_and_revocation),
		WITH_DB(another_process_adds_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
