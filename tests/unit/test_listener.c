/* The API's port: what is refused, and whether the message says what to do. */
#include "api/http/listener.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct {
	struct event_base *base;
	struct evhttp *http;
	struct config cfg;
} t;

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	config_defaults(&t.cfg);
	t.cfg.api_port = 0;
	t.base = event_base_new();
	t.http = evhttp_new(t.base);
	return t.http ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evhttp_free(t.http);
	event_base_free(t.base);
	return 0;
}

static int open_on(const char *address, int port, struct err *e)
{
	struct evconnlistener *l = NULL;
	int given = 0, rc;

	snprintf(t.cfg.api_bind, sizeof(t.cfg.api_bind), "%s", address);
	t.cfg.api_port = port;
	rc = listener_open(t.http, &t.cfg, &l, &given, e);
	if (rc)
		return rc;
	assert_non_null(l);
	return given;
}

static void refused(const char *address, int port, int code, const char *why)
{
	struct err e = { 0 };

	assert_int_equal(open_on(address, port, &e), code);
	if (!strstr(e.msg, why))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, why);
	if (code == ERR_INVALID || port == 0)
		assert_null(strstr(e.msg, "another program"));
}

static void addresses(void **state)
{
	struct err e = { 0 };
	int port;

	(void)state;
	port = open_on("127.0.0.1", 0, &e);
	assert_in_range(port, 1, 65535);
	refused("127.0.0.1", port, ERR_IO, "another program uses the port: end it, or set "
					   "API_PORT");
	refused("192.0.2.1", 0, ERR_IO, "no network interface of this machine has that address");
	refused("127.0.0.300", 0, ERR_INVALID, "API_BIND=127.0.0.300 is no address");
	refused("127.0.0.1:8080", 0, ERR_INVALID, "is no address");
	refused("[::1", 0, ERR_INVALID, "is no address");
}

static void room(void **state)
{
	struct err e = { 0 };

	(void)state;
	t.cfg.api_max_connections = 512;
	assert_int_equal(listener_room(&t.cfg, 512 + LISTENER_SPARE_FILES, &e), 0);
	assert_int_equal(listener_room(&t.cfg, 511 + LISTENER_SPARE_FILES, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "API_MAX_CONNECTIONS=512 needs 576 open files"));
	assert_non_null(strstr(e.msg, "set it to 511 or less"));
	assert_int_equal(listener_room(&t.cfg, 3, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "set it to 1 or less"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
