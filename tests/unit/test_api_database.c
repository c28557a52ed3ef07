/* The server without its database: locked, lost, replaced, or none at the start. */
#include "tests/unit/api_client.h"

#include "common/registry/tokens.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

static struct api a;

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, NULL);
	return 0;
}

static int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

/* Somebody holds the write lock: reads go on, writes say so, and it passes. */
static void locked_database(void **state)
{
	struct db *db = api_db(&a);
	struct answer r;

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	r = api_call(&a, "POST", "/api/v1/bots", "{\"name\":\"waits\"}");
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "database_unavailable");
	assert_non_null(answer_header(&r, "Retry-After"));
	answer_free(&r);
	db_rollback(db);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"waits\"}", 201, NULL);
	db_close(db);
}

static bool health_is(const char *status)
{
	struct answer r = api_call(&a, "GET", "/api/v1/health", NULL);
	bool yes = !strcmp(answer_text(&r, "status"), status);

	answer_free(&r);
	return yes;
}

static void wait_for_health(const char *status)
{
	int64_t begin = clock_mono_us();

	while (!health_is(status)) {
		if (clock_mono_us() - begin > API_ANSWER_S * US_PER_S)
			fail_msg("health never becomes %s", status);
		usleep(20000);
	}
}

/* The file is moved away under a running server, and comes back. */
static void lost_database(void **state)
{
	char away[CONFIG_PATH_MAX + 8];

	(void)state;
	snprintf(away, sizeof(away), "%s.away", a.cfg.db_path);
	api_expect(&a, "GET", "/api/v1/bots", NULL, 200, NULL);
	assert_int_equal(rename(a.cfg.db_path, away), 0);
	wait_for_health("unhealthy");
	api_expect(&a, "GET", "/api/v1/health", NULL, 503, NULL);
	api_expect(&a, "GET", "/api/v1/bots", NULL, 503, "database_unavailable");
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 503, "database_unavailable");
	api_expect(&a, "GET", "/", NULL, 200, NULL);
	assert_int_equal(rename(away, a.cfg.db_path), 0);
	wait_for_health("degraded");
	api_expect(&a, "GET", "/api/v1/bots", NULL, 200, NULL);
}

/* Nobody makes an empty one in its place, least of all the thread that opens for itself. */
static void lost_database_is_not_made_anew(void **state)
{
	char away[CONFIG_PATH_MAX + 8];
	struct stat st;

	(void)state;
	snprintf(away, sizeof(away), "%s.away", a.cfg.db_path);
	assert_int_equal(rename(a.cfg.db_path, away), 0);
	api_expect(&a, "GET", "/api/v1/trading/bots/1/stats", NULL, 503, "database_unavailable");
	assert_int_not_equal(stat(a.cfg.db_path, &st), 0);
	wait_for_health("unhealthy");
	api_expect(&a, "GET", "/metrics", NULL, 200, NULL);
	assert_int_not_equal(stat(a.cfg.db_path, &st), 0);
	assert_int_equal(rename(away, a.cfg.db_path), 0);
	wait_for_health("degraded");
	api_expect(&a, "GET", "/api/v1/trading/bots/1/stats", NULL, 200, NULL);
}

static void start_fails(const char *word)
{
	struct server *s = NULL;
	struct err e = { 0 };
	struct config cfg;

	api_config(&cfg);
	assert_int_not_equal(server_open(&cfg, &s, &e), 0);
	assert_null(s);
	if (!strstr(e.msg, word))
		fail_msg("\"%s\" should say %s", e.msg, word);
}

static void starts_that_fail(void **state)
{
	struct config cfg;
	struct db *db = NULL;
	FILE *f;

	(void)state;
	log_init("test_api", LOG_DEBUG);
	log_set_fd(-1);
	f = fopen(scratch_path("app.db"), "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database\n", f);
	fclose(f);
	start_fails("app.db");
	assert_int_equal(unlink(scratch_path("app.db")), 0);
	api_config(&cfg);
	assert_int_equal(db_open(cfg.db_path, DB_WORKER, &db, NULL), 0);
	api_sql(db, "PRAGMA user_version = 999");
	db_close(db);
	start_fails("newer");
	assert_int_equal(unlink(scratch_path("app.db")), 0);
	assert_int_equal(mkdir(scratch_path("app.db"), 0700), 0);
	start_fails("app.db");
}

static void port_in_use(void **state)
{
	struct server *s = NULL;
	struct err e = { 0 };
	struct config cfg = a.cfg;

	(void)state;
	cfg.api_port = a.port;
	assert_int_equal(server_open(&cfg, &s, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "API_PORT"));
}

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(locked_database, setup),
		WITH(lost_database, setup),
		WITH(lost_database_is_not_made_anew, setup),
		WITH(port_in_use, setup),
		cmocka_unit_test_setup_teardown(starts_that_fail, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
