#include "common/supervisor.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int listener = -1;

static int close_listener(void **state)
{
	(void)state;
	if (listener >= 0)
		close(listener);
	listener = -1;
	clearenv();
	return 0;
}

/* A socket as systemd has it; name begins with '@' for one without a file. */
static void listen_at(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(name);

	memcpy(a.sun_path, name, n);
	if (*name == '@')
		a.sun_path[0] = '\0';
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void heard(const char *wanted)
{
	char text[64] = "";

	if (!wanted) {
		assert_int_equal(recv(listener, text, sizeof(text) - 1, 0), -1);
		return;
	}
	assert_int_equal(recv(listener, text, sizeof(text) - 1, 0), (int)strlen(wanted));
	assert_string_equal(text, wanted);
}

static void story(void)
{
	struct supervisor s;

	setenv("WATCHDOG_USEC", "30000000", 1);
	supervisor_init(&s);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	supervisor_ready(&s);
	heard("READY=1");
	supervisor_alive(&s, 1000000);
	heard("WATCHDOG=1");
	supervisor_alive(&s, 10999999);
	heard(NULL);
	supervisor_alive(&s, 11000000);
	heard("WATCHDOG=1");
	supervisor_stopping(&s);
	heard("STOPPING=1");
}

static void a_socket_with_a_file(void **state)
{
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%.80s/notify", scratch_folder);
	listen_at(path);
	story();
}

static void a_socket_without_a_file(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@trading-bot-test-%d", (int)getpid());
	listen_at(name);
	story();
}

static void a_watchdog_for_somebody_else(void **state)
{
	struct supervisor s;
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@trading-bot-test-%d", (int)getpid());
	listen_at(name);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	supervisor_init(&s);
	supervisor_alive(&s, 1000000);
	heard(NULL);
	supervisor_ready(&s);
	heard("READY=1");
}

static void nobody_listens(void **state)
{
	static const char *const names[] = { "", "/", "relative", "/no/such/socket" };
	struct supervisor s;

	(void)state;
	setenv("WATCHDOG_USEC", "often", 1);
	supervisor_init(&s);
	assert_int_equal(s.every_us, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		supervisor_init(&s);
		supervisor_ready(&s);
		supervisor_alive(&s, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_socket_with_a_file, close_listener),
		cmocka_unit_test_teardown(a_socket_without_a_file, close_listener),
		cmocka_unit_test_teardown(a_watchdog_for_somebody_else, close_listener),
		cmocka_unit_test_teardown(nobody_listens, close_listener),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
