/* A new master key: all secrets sealed again, at any moment interrupted, never lost. */
#include "common/fault.h"
#include "common/file.h"
#include "common/registry/configs.h"
#include "common/registry/rotate_key.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOTS 5
#define NOW INT64_C(1770000000000000)

static struct db *db;
static struct master_key first;
static struct err e;

/* One as long as it may be, of one bot there is none. */
static void secrets_of(int64_t id, struct bot_secrets *s)
{
	char text[BOT_SECRET_LENGTH_MAX + 1] = "";

	snprintf(text, sizeof(text), "key of %d", (int)id);
	bot_secret_set(s, BOT_API_KEY, text);
	snprintf(text, sizeof(text), "telegram of %d", (int)id);
	bot_secret_set(s, BOT_TELEGRAM_TOKEN, text);
	memset(text, 's', sizeof(text) - 1);
	text[id == 3 ? 0 : sizeof(text) - 1] = '\0';
	bot_secret_set(s, BOT_SECRET_KEY, text);
}

static int save(int64_t id, int64_t expect, const struct bot_secrets *s)
{
	const struct config_change change = {
		.bot_id = id, .expect = expect, .secrets = s, .by = "test", .now_us = NOW,
	};
	struct bot_config c;

	bot_config_defaults(&c);
	return store_config_save_tx(db, &first, &change, &c, &e);
}

static int add_bots(void)
{
	static const char SQL_BOT[] =
		"INSERT INTO bots(id, name, created_us, updated_us) "
		"VALUES (?1, 'bot ' || ?1, 1, 1)";
	int rc = db_begin(db, &e);

	for (int64_t id = 2; id <= BOTS && !rc; id++) {
		struct bot_secrets secrets = { 0 };
		struct stmt *s;

		rc = db_stmt(db, SQL_BOT, &s, &e);
		if (rc)
			break;
		stmt_bind_int(s, 1, id);
		rc = stmt_run(s, &e);
		secrets_of(id, &secrets);
		if (!rc)
			rc = save(id, 0, &secrets);
		bot_secrets_wipe(&secrets);
	}
	return rc ? rc : db_commit(db, &e);
}

static int setup(void **state)
{
	unsetenv("FAULT_COMMIT");
	unsetenv("FAULT_WRITE");
	fault_restart();
	memset(&e, 0, sizeof(e));
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, &e))
		return -1;
	db_close(db); /* a tool does not make the tables */
	db = NULL;
	if (db_open(scratch_path("app.db"), DB_TOOL, &db, &e) ||
	    master_key_load(scratch_path("master.key"), &first, &e) || add_bots()) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	unsetenv("FAULT_COMMIT");
	unsetenv("FAULT_WRITE");
	fault_restart();
	return scratch_teardown(state);
}

/* All secrets open with k and are what they were. */
static void expect_secrets(const struct master_key *k)
{
	for (int64_t id = 2; id <= BOTS; id++) {
		struct bot_secrets want = { 0 }, s = { 0 };
		struct bot_config c;

		if (store_config_load(db, k, id, &c, &s, &e))
			fail_msg("%s", e.msg);
		secrets_of(id, &want);
		for (int i = 0; i < BOT_SECRETS; i++)
			assert_string_equal(bot_secret(&s, (enum bot_secret)i),
					    bot_secret(&want, (enum bot_secret)i));
		bot_secrets_wipe(&want);
		bot_secrets_wipe(&s);
	}
}

/* As a program that has just started would read it: no memory of another file. */
static struct master_key now_key(void)
{
	struct master_key k;

	assert_int_equal(master_key_read(scratch_path("master.key"), &k, &e), 0);
	k.path[0] = '\0';
	return k;
}

static bool there(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

static void rotates_all(void **state)
{
	struct master_key old = first, next;
	struct rotation r;
	struct bot_config c;

	(void)state;
	if (store_rotate_key(db, scratch_path("master.key"), &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.secrets, 3 * (BOTS - 1) - 1);
	assert_int_equal(r.resealed, r.secrets);
	assert_false(r.resumed);
	assert_false(there("master.key.new"));
	next = now_key();
	assert_memory_not_equal(next.bytes, first.bytes, sizeof(next.bytes));
	expect_secrets(&next);
	expect_secrets(&first); /* it knows its file, and looks there */
	old.path[0] = '\0';
	assert_int_equal(store_config_load(db, &old, 2, &c, NULL, &e), ERR_CORRUPT);
	/* and once more */
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
	assert_int_equal(r.resealed, r.secrets);
	assert_int_equal(store_config_load(db, &next, 2, &c, NULL, &e), ERR_CORRUPT);
	expect_secrets(&first);
}

static void a_program_that_runs_seals_with_the_new_key(void **state)
{
	struct master_key fresh;
	struct bot_secrets s = { 0 };
	struct rotation r;
	struct bot_config c;

	(void)state;
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
	bot_secret_set(&s, BOT_API_KEY, "sealed later");
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(save(2, 1, &s), 0);
	assert_int_equal(db_commit(db, &e), 0);
	fresh = now_key();
	bot_secrets_wipe(&s);
	assert_int_equal(store_config_load(db, &fresh, 2, &c, &s, &e), 0);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "sealed later");
	bot_secrets_wipe(&s);
}

/* Stopped between commit and rename. */
static void half_rotated(void)
{
	struct rotation r;

	assert_int_equal(rename(scratch_path("master.key"), scratch_path("saved")), 0);
	assert_int_equal(master_key_make(scratch_path("master.key"), &e), 0);
	assert_int_equal(rename(scratch_path("master.key"), scratch_path("master.key.new")), 0);
	assert_int_equal(rename(scratch_path("saved"), scratch_path("master.key")), 0);
	assert_int_equal(link(scratch_path("master.key"), scratch_path("saved")), 0);
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
	assert_true(r.resumed);
	assert_int_equal(rename(scratch_path("master.key"), scratch_path("master.key.new")), 0);
	assert_int_equal(rename(scratch_path("saved"), scratch_path("master.key")), 0);
}

static void between_commit_and_rename(void **state)
{
	struct master_key k;
	struct rotation r;

	(void)state;
	half_rotated();
	assert_true(there("master.key.new"));
	expect_secrets(&first); /* opened with the key that is on its way */
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(save(2, 1, NULL), ERR_BUSY);
	assert_non_null(strstr(e.msg, "rotate-key"));
	db_rollback(db);
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
	assert_true(r.resumed);
	assert_int_equal(r.resealed, 0);
	assert_int_equal(r.secrets, 3 * (BOTS - 1) - 1);
	assert_false(there("master.key.new"));
	k = now_key();
	expect_secrets(&k);
}

static void a_foreign_secret_stops_it(void **state)
{
	struct rotation r;
	struct master_key k;

	(void)state;
	assert_int_equal(db_exec(db, "UPDATE trading_configs SET telegram_token = (SELECT api_key "
				 "FROM trading_configs WHERE bot_id = 5) WHERE bot_id = 4", &e), 0);
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "bot 4"));
	assert_non_null(strstr(e.msg, "telegram_token"));
	assert_false(there("master.key.new"));
	k = now_key();
	assert_memory_equal(k.bytes, first.bytes, sizeof(k.bytes));
	assert_int_equal(db_exec(db, "UPDATE trading_configs SET telegram_token = '' "
				 "WHERE bot_id = 4", &e), 0);
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
}

static void no_key_or_a_strange_file(void **state)
{
	struct rotation r;

	(void)state;
	assert_int_equal(store_rotate_key(db, scratch_path("none.key"), &r, &e), ERR_NOT_FOUND);
	assert_false(there("none.key"));
	assert_false(there("none.key.new"));
	assert_int_equal(file_write(scratch_path("master.key.new"), "x", 1, 0600, &e), 0);
	assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "master.key.new"));
	assert_true(there("master.key.new"));
	expect_secrets(&first);
}

#ifdef FAULTS
static int rotate_in_child(void *arg)
{
	struct db *own = NULL;
	struct rotation r;
	int rc;

	fault_restart();
	rc = db_open(scratch_path("app.db"), DB_TOOL, &own, NULL);
	if (!rc)
		rc = store_rotate_key(own, scratch_path("master.key"), &r, NULL);
	db_close(own);
	(void)arg;
	return rc ? 1 : 0;
}

static void killed_at_its_commit(void **state)
{
	static const char *const moments[] = { "1:before", "1:after" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct master_key k;
		struct rotation r;

		db_close(db);
		db = NULL;
		setenv("FAULT_COMMIT", moments[i], 1);
		assert_int_equal(scratch_child(rotate_in_child, NULL), -SIGKILL);
		unsetenv("FAULT_COMMIT");
		fault_restart();
		assert_int_equal(db_open(scratch_path("app.db"), DB_TOOL, &db, &e), 0);
		assert_true(there("master.key.new"));
		expect_secrets(&first);
		assert_int_equal(store_rotate_key(db, scratch_path("master.key"), &r, &e), 0);
		assert_true(r.resumed);
		assert_int_equal(r.resealed, i == 0 ? r.secrets : 0);
		k = now_key();
		expect_secrets(&k);
		assert_false(there("master.key.new"));
	}
}

static void every_write_fails_once(void **state)
{
	struct rotation r;
	char n[8];
	int failed = 0;

	(void)state;
	for (int i = 1;; i++) {
		struct master_key k;
		int rc;

		snprintf(n, sizeof(n), "%d", i);
		setenv("FAULT_WRITE", n, 1);
		fault_restart();
		rc = store_rotate_key(db, scratch_path("master.key"), &r, &e);
		unsetenv("FAULT_WRITE");
		fault_restart();
		k = now_key();
		expect_secrets(&k);
		assert_false(there("master.key.new"));
		if (!rc)
			break;
		failed++;
	}
	assert_int_equal(failed, 3 * (BOTS - 1) - 1);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rotates_all, setup, teardown),
		cmocka_unit_test_setup_teardown(a_program_that_runs_seals_with_the_new_key, setup,
						teardown),
		cmocka_unit_test_setup_teardown(between_commit_and_rename, setup, teardown),
		cmocka_unit_test_setup_teardown(a_foreign_secret_stops_it, setup, teardown),
		cmocka_unit_test_setup_teardown(no_key_or_a_strange_file, setup, teardown),
#ifdef FAULTS
		cmocka_unit_test_setup_teardown(killed_at_its_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(every_write_fails_once, setup, teardown),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
