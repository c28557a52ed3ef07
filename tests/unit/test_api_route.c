#include "api/http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct route_match find(enum evhttp_cmd_type method, const char *path)
{
	struct route_match m;

	route_find(method, path, &m);
	return m;
}

static void both_trees(void **state)
{
	(void)state;
	const struct route_match a = find(EVHTTP_REQ_GET, "/api/v1/status");
	const struct route_match b = find(EVHTTP_REQ_GET, "/api/status");

	assert_non_null(a.route);
	assert_ptr_equal(a.route, b.route);
	assert_string_equal(a.route->path, "/status");
	assert_null(find(EVHTTP_REQ_GET, "/v1/status").route);
	assert_null(find(EVHTTP_REQ_GET, "/api/v2/status").route);
	assert_null(find(EVHTTP_REQ_GET, "/api/v1/status/").route);
	assert_null(find(EVHTTP_REQ_GET, "/api/v1/statu").route);
	assert_null(find(EVHTTP_REQ_GET, "/api/v1/statuss").route);
	assert_null(find(EVHTTP_REQ_GET, "/api/v1/").route);
}

/* Every entry is found by its own path, with its values, under both bases. */
static void every_route_is_reachable(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		char path[256];
		size_t len;

		len = (size_t)snprintf(path, sizeof(path), "%s", r->root ? "" : "/api/v1");
		for (const char *p = r->path; *p; p++) {
			if (*p != ':') {
				path[len++] = *p;
				continue;
			}
			len += (size_t)snprintf(path + len, sizeof(path) - len, "77");
			p += strcspn(p, "/") - 1;
		}
		path[len] = '\0';
		const struct route_match m = find(r->method, path);

		if (m.route != r)
			fail_msg("%s %s finds %s", route_method_name(r->method), path,
				 m.route ? m.route->path : "nothing");
		for (size_t k = 0; k < m.n; k++)
			assert_string_equal(m.values[k], "77");
	}
}

static void no_route_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		for (size_t k = i + 1; k < route_count(); k++)
			assert_false(route_at(i)->method == route_at(k)->method &&
				     route_at(i)->root == route_at(k)->root &&
				     !strcmp(route_at(i)->path, route_at(k)->path));
	}
}

static void values_of_the_path(void **state)
{
	(void)state;
	const struct route_match m =
		find(EVHTTP_REQ_POST, "/api/trading/bots/12/orders/345/confirm");

	assert_non_null(m.route);
	assert_string_equal(route_value(&m, "id"), "12");
	assert_string_equal(route_value(&m, "order"), "345");
	assert_null(route_value(&m, "bot"));
	assert_null(route_value(&m, "orde"));
	assert_null(find(EVHTTP_REQ_GET, "/api/v1/bots//events").route);
}

static void a_value_has_an_end(void **state)
{
	char path[128];

	(void)state;
	memset(path, '7', sizeof(path));
	memcpy(path, "/api/v1/bots/", 13);
	path[13 + ROUTE_VALUE_MAX - 1] = '\0';
	assert_non_null(find(EVHTTP_REQ_GET, path).route);
	path[13 + ROUTE_VALUE_MAX - 1] = '7';
	path[13 + ROUTE_VALUE_MAX] = '\0';
	assert_null(find(EVHTTP_REQ_GET, path).route);
}

/* "upload" is no model's number and "emergency-stop" no bot's, in any order of the table. */
static void literals_win(void **state)
{
	(void)state;
	assert_string_equal(find(EVHTTP_REQ_POST, "/api/v1/models/upload").route->path,
			    "/models/upload");
	assert_string_equal(find(EVHTTP_REQ_POST, "/api/v1/bots/emergency-stop").route->path,
			    "/bots/emergency-stop");
	assert_string_equal(find(EVHTTP_REQ_GET, "/api/v1/training/schedule").route->path,
			    "/training/schedule");
	assert_string_equal(find(EVHTTP_REQ_GET, "/api/v1/training/7").route->path,
			    "/training/:id");
}

static void allowed_methods(void **state)
{
	struct route_match m = find(EVHTTP_REQ_PATCH, "/api/v1/bots/1");
	char text[96];

	(void)state;
	assert_null(m.route);
	route_allow(m.allowed, text, sizeof(text));
	assert_string_equal(text, "GET, HEAD, PUT, DELETE, OPTIONS");
	m = find(EVHTTP_REQ_GET, "/api/v1/bot/start");
	assert_null(m.route);
	route_allow(m.allowed, text, sizeof(text));
	assert_string_equal(text, "POST, OPTIONS");
	assert_int_equal(find(EVHTTP_REQ_GET, "/api/v1/nothing").allowed, 0);
	assert_ptr_equal(find(EVHTTP_REQ_HEAD, "/api/v1/bots").route,
			 find(EVHTTP_REQ_GET, "/api/v1/bots").route);
	assert_null(find(EVHTTP_REQ_HEAD, "/api/v1/bot/start").route);
}

/* Who may do what is decided in the table: only these need no token. */
static void public_routes(void **state)
{
	static const char *const open[] = { "/health", "/status/health",
					    "/openapi.json", "/docs", "/", "/:file" };

	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		bool listed = false;

		for (size_t k = 0; k < sizeof(open) / sizeof(open[0]); k++)
			listed = listed || !strcmp(open[k], route_at(i)->path);
		assert_int_equal(route_at(i)->role == ROLE_NONE, listed);
		if (route_at(i)->method != EVHTTP_REQ_GET)
			assert_true(route_at(i)->role >= ROLE_TRADER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_trees),
		cmocka_unit_test(every_route_is_reachable),
		cmocka_unit_test(no_route_twice),
		cmocka_unit_test(values_of_the_path),
		cmocka_unit_test(a_value_has_an_end),
		cmocka_unit_test(literals_win),
		cmocka_unit_test(allowed_methods),
		cmocka_unit_test(public_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
