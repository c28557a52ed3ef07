/* docs/API.md and the route table say the same: routes, roles, parameters. */
#include "api/http/route.h"
#include "common/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOC "docs/API.md"

static struct buf doc;

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (!file_read(DOC, 1 << 20, &doc, &e))
		return 0;
	fprintf(stderr, "run from the project's folder: %s\n", e.msg);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&doc);
	return 0;
}

/* A copy of the section "### METHOD path" up to the next heading; NULL: none. */
static char *section(const struct route *r)
{
	char head[160];
	const char *begin, *end;

	snprintf(head, sizeof(head), "\n### %s %s\n", route_method_name(r->method), r->path);
	begin = strstr(buf_text(&doc), head);
	if (!begin)
		return NULL;
	begin += strlen(head);
	end = strstr(begin, "\n##");
	return end ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

static void check_params(const struct route *r, const char *text, const struct param *list)
{
	for (const struct param *p = list; p && p->name; p++) {
		char row[64];

		snprintf(row, sizeof(row), "\n| `%s` |", p->name);
		if (!strstr(text, row))
			fail_msg(DOC ": %s %s has no row for %s", route_method_name(r->method),
				 r->path, p->name);
		if (p->help && !strstr(text, p->help))
			fail_msg(DOC ": %s %s: %s is explained in other words than the table's",
				 route_method_name(r->method), r->path, p->name);
	}
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static size_t params(const struct param *list)
{
	size_t n = 0;

	while (list && list[n].name)
		n++;
	return n;
}

static void every_route_is_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		char *text = section(r);
		char role[64];

		if (!text)
			fail_msg(DOC ": there is no section ### %s %s",
				 route_method_name(r->method), r->path);
		snprintf(role, sizeof(role), "Role: %s. ", role_name(r->role));
		if (!strstr(text, role) || !strstr(text, r->summary))
			fail_msg(DOC ": %s %s must say \"%s\" and \"%s\"",
				 route_method_name(r->method), r->path, role, r->summary);
		if (!strstr(text, "\ncurl "))
			fail_msg(DOC ": %s %s has no curl example", route_method_name(r->method),
				 r->path);
		assert_int_equal(strstr(text, "501") != NULL, r->later);
		check_params(r, text, r->query);
		check_params(r, text, r->body);
		assert_int_equal(count(text, "\n| `"), params(r->query) + params(r->body));
		free(text);
	}
}

static void every_section_is_a_route(void **state)
{
	(void)state;
	assert_int_equal(count(buf_text(&doc), "\n### "), route_count());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_documented),
		cmocka_unit_test(every_section_is_a_route),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
