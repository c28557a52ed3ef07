/* Whose request is it? Forwarded addresses, true and made up. */
#include "api/http/proxy.h"

#include <event2/http.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <cmocka.h>

static struct proxies p;

static void trust(const char *list)
{
	struct err e = { 0 };

	if (proxies_parse(list, &p, &e))
		fail_msg("%s", e.msg);
}

/* lines: X-Forwarded-For headers with "|" between them; NULL none. */
static void check(const char *peer, const char *lines, const char *expected)
{
	char copy[2048], out[INET6_ADDRSTRLEN], *rest = copy, *line;
	struct evkeyvalq headers;

	TAILQ_INIT(&headers);
	evhttp_add_header(&headers, "Host", "bot.example.org");
	evhttp_add_header(&headers, "X-Real-IP", "198.51.100.66");
	evhttp_add_header(&headers, "Forwarded", "for=198.51.100.66");
	snprintf(copy, sizeof(copy), "%s", lines ? lines : "");
	while (lines && (line = strsep(&rest, "|")) != NULL)
		evhttp_add_header(&headers, "x-forwarded-for", line);
	proxies_caller(&p, peer, &headers, out);
	evhttp_clear_headers(&headers);
	if (strcmp(out, expected) != 0)
		fail_msg("%s with \"%s\" is %s, not %s", peer, lines ? lines : "", out, expected);
}

static void nobody_is_trusted_as_installed(void **state)
{
	(void)state;
	trust("");
	assert_int_equal(p.n, 0);
	check("203.0.113.9", "1.2.3.4", "203.0.113.9");
	check("127.0.0.1", "1.2.3.4", "127.0.0.1");
	check("::1", "1.2.3.4", "::1");
}

static void the_last_stranger_is_the_caller(void **state)
{
	(void)state;
	trust("10.0.0.0/8, 127.0.0.1 fd00::/8");
	check("10.1.2.3", "203.0.113.9", "203.0.113.9");
	check("10.1.2.3", "1.2.3.4, 203.0.113.9", "203.0.113.9");	/* 1.2.3.4: claimed */
	check("10.1.2.3", "1.2.3.4,203.0.113.9 , 10.9.9.9", "203.0.113.9");
	check("10.1.2.3", "203.0.113.9, 10.9.9.9|10.8.8.8", "203.0.113.9");
	check("10.1.2.3", "1.2.3.4|203.0.113.9", "203.0.113.9");
	check("127.0.0.1", "2001:db8::9", "2001:db8::9");
	check("fd00::5", "2001:DB8:0::9", "2001:db8::9");	/* one text for one address */
	check("::ffff:10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9");
	check("10.1.2.3", NULL, "10.1.2.3");
	check("10.1.2.3", "10.4.4.4, 10.5.5.5", "10.4.4.4");		/* all inside */
}

static void strangers_are_not_believed(void **state)
{
	(void)state;
	trust("10.0.0.2");
	check("203.0.113.9", "1.2.3.4", "203.0.113.9");
	check("203.0.113.9", "10.0.0.2", "203.0.113.9");
	check("10.0.0.3", "1.2.3.4", "10.0.0.3");
	check("127.0.0.1", "1.2.3.4", "127.0.0.1");
}

static void what_is_no_address_ends_the_way(void **state)
{
	static const char *const odd[] = {
		"", ",", " , ", "unknown", "203.0.113.9:80", "[2001:db8::9]", "203.0.113",
		"203.0.113.9.1", "0x7f000001", "for=1.2.3.4", "1.2.3.4\t1.2.3.4", "1.2.3.4, x",
		"1.2.3.4,", "999.1.1.1", "-",
		"1111111111111111111111111111111111111111111111111111111111111111111.2.3.4",
	};

	(void)state;
	trust("10.0.0.0/8");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		check("10.0.0.2", odd[i], "10.0.0.2");
	check("10.0.0.2", "1.2.3.4, junk, 10.0.0.7", "10.0.0.7");
	check("/run/socket", "1.2.3.4", "/run/socket");
}

static void many_headers(void **state)
{
	char lines[2048] = "";

	(void)state;
	trust("10.0.0.0/8");
	for (int i = 0; i < 30; i++)
		snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s1.2.3.%d",
			 i ? "|" : "", i);
	check("10.0.0.2", lines, "1.2.3.29");
}

static void networks(void **state)
{
	static const char *const bad[] = {
		"10.0.0.0/33", "fd00::/129", "10.0.0/8", "x", "10.0.0.1/", "10.0.0.1/x", "/8",
		"10.0.0.1/8x", "10.0.0.1/-1", "10.0.0.1/+8", "localhost", "10.0.0.1;10.0.0.2",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444/128",
	};
	struct err e = { 0 };
	char many[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(proxies_parse(bad[i], &p, &e), ERR_INVALID);
		assert_non_null(strstr(e.msg, "API_TRUSTED_PROXIES"));
	}
	trust("192.168.4.0/22");
	check("192.168.7.255", "1.2.3.4", "1.2.3.4");
	check("192.168.8.0", "1.2.3.4", "192.168.8.0");
	check("192.168.3.255", "1.2.3.4", "192.168.3.255");
	trust("0.0.0.0/0");
	check("8.8.8.8", "1.2.3.4", "1.2.3.4");
	check("2001:db8::1", "1.2.3.4", "2001:db8::1");	/* not all of IPv6 */
	trust("::/0");
	check("2001:db8::1", "2001:db8::2", "2001:db8::2");
	for (int i = 0; i < PROXIES_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "10.0.0.%d ", i);
	trust(many);
	assert_int_equal(p.n, PROXIES_MAX);
	snprintf(many + strlen(many), sizeof(many) - strlen(many), "10.0.0.99");
	assert_int_equal(proxies_parse(many, &p, &e), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_trusted_as_installed),
		cmocka_unit_test(the_last_stranger_is_the_caller),
		cmocka_unit_test(strangers_are_not_believed),
		cmocka_unit_test(what_is_no_address_ends_the_way),
		cmocka_unit_test(many_headers),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
