/* libevent's own messages: JSON lines, and not more of them than a disk holds. */
#include "common/log/libevent.h"

#include "common/err.h"
#include "common/log.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int lines;
static char newest[256], logger[32];

static void note(void *ctx, const struct log_record *rec)
{
	(void)ctx;
	lines++;
	strncpy(newest, rec->message, sizeof(newest) - 1);
	strncpy(logger, rec->logger, sizeof(logger) - 1);
}

/* epoll refuses a descriptor that is closed, and libevent warns of it. */
static void provoke(struct event_base *base)
{
	struct event *ev;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	close(fds[1]);
	ev = event_new(base, fds[0], EV_READ, NULL, NULL);
	assert_non_null(ev);
	(void)event_add(ev, NULL);
	event_free(ev);
}

static void bounded(void **state)
{
	struct event_base *base;

	(void)state;
	log_set_fd(-1);
	log_set_sink(note, NULL);
	log_libevent_begin();
	base = event_base_new();
	provoke(base);
	assert_int_equal(lines, 1);
	assert_string_equal(logger, "libevent");
	assert_non_null(strstr(newest, "Bad file descriptor"));
	for (int i = 0; i < 1000; i++)
		provoke(base);
	assert_int_equal(lines, LOG_LIBEVENT_MOST);
	event_base_free(base);
	log_set_sink(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bounded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
