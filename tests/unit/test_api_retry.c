/* Writes that find the database locked: their order, their number, what is kept of a try. */
#include "api/pending/retry.h"
#include "tests/unit/api_client.h"

#define LINE 5		/* writes that wait in a row */

static struct api a;

static int setup(void **state)
{
	int rc = scratch_setup(state);

	api_start(&a, NULL);
	return rc;
}

static void many(struct config *cfg)
{
	cfg->api_max_connections = 2 * RETRY_MAX;
	cfg->api_max_per_address = 0;
}

static int setup_many(void **state)
{
	int rc = scratch_setup(state);

	api_start(&a, many);
	return rc;
}

static int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

/* Sends a new bot's request on a connection of its own and sees that it has arrived. */
static int post_bot(int number)
{
	struct buf out = { 0 };
	int fd = api_connect(&a);
	char body[32];

	snprintf(body, sizeof(body), "{\"name\":\"bot %03d\"}", number);
	api_write_head(&a, &out, "POST", "/api/v1/bots");
	buf_printf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		   strlen(body), body);
	assert_true(api_send(fd, out.data, out.len));
	buf_free(&out);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	return fd;
}

static void first_come_first_served(void **state)
{
	struct db *db = api_db(&a);
	double last = 0;
	int fds[LINE];

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	for (int i = 0; i < LINE; i++)
		fds[i] = post_bot(i);
	db_rollback(db);
	for (int i = 0; i < LINE; i++) {
		struct answer r = api_read(fds[i], false);

		assert_int_equal(r.status, 201);
		assert_non_null(answer_header(&r, "Location"));
		assert_true(answer_number(&r, "id") > last);
		last = answer_number(&r, "id");
		answer_free(&r);
		close(fds[i]);
	}
	db_close(db);
}

/* An answer that is no "busy" comes as ever, also from the end of the line. */
static void what_is_wrong_is_said_after_the_wait(void **state)
{
	struct db *db = api_db(&a);
	struct buf out = { 0 };
	struct answer r;
	int fd, first;

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	first = post_bot(1);
	fd = api_connect(&a);
	api_write_head(&a, &out, "DELETE", "/api/v1/bots/77");
	buf_puts(&out, "\r\n");
	assert_true(api_send(fd, out.data, out.len));
	buf_free(&out);
	db_rollback(db);
	r = api_read(fd, false);
	assert_int_equal(r.status, 404);
	assert_string_equal(answer_text(&r, "error.code"), "not_found");
	answer_free(&r);
	r = api_read(first, false);
	assert_int_equal(r.status, 201);
	answer_free(&r);
	close(fd);
	close(first);
	db_close(db);
}

static void the_line_has_an_end(void **state)
{
	struct db *db = api_db(&a);
	int fds[RETRY_MAX];
	struct answer r;

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	for (int i = 0; i < RETRY_MAX; i++)
		fds[i] = post_bot(i);
	r = api_call(&a, "POST", "/api/v1/bots", "{\"name\":\"too many\"}");
	assert_int_equal(r.status, 503);
	/* On a slow machine the line may have ended before: then it waited as well. */
	assert_true(!strcmp(answer_text(&r, "error.code"), "busy") ||
		    !strcmp(answer_text(&r, "error.code"), "database_unavailable"));
	answer_free(&r);
	for (int i = 0; i < RETRY_MAX; i++)
		close(fds[i]);
	db_rollback(db);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_come_first_served, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said_after_the_wait, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_line_has_an_end, setup_many, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
