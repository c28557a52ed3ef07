/* The state machine: every status and event, as DESIGN section 5 says in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/trade/bot_state.h"

static const char *const STATUSES[BOT_STATUSES] = { "STOPPED", "RUNNING", "PAUSED", "ERROR" };
static const char *const EVENTS[BOT_EVENTS] = {
	"start", "stop", "pause", "resume", "emergency-stop", "failure",
};

/* "" refused. The rules: asking for the status a bot has succeeds; start clears ERROR. */
static const struct {
	const char *from, *event, *to;
} TABLE[] = {
	{ "STOPPED", "start", "RUNNING" },
	{ "STOPPED", "stop", "STOPPED" },
	{ "STOPPED", "pause", "" },
	{ "STOPPED", "resume", "" },
	{ "STOPPED", "emergency-stop", "STOPPED" },
	{ "STOPPED", "failure", "STOPPED" },
	{ "RUNNING", "start", "RUNNING" },
	{ "RUNNING", "stop", "STOPPED" },
	{ "RUNNING", "pause", "PAUSED" },
	{ "RUNNING", "resume", "RUNNING" },
	{ "RUNNING", "emergency-stop", "STOPPED" },
	{ "RUNNING", "failure", "ERROR" },
	{ "PAUSED", "start", "RUNNING" },
	{ "PAUSED", "stop", "STOPPED" },
	{ "PAUSED", "pause", "PAUSED" },
	{ "PAUSED", "resume", "RUNNING" },
	{ "PAUSED", "emergency-stop", "STOPPED" },
	{ "PAUSED", "failure", "ERROR" },
	{ "ERROR", "start", "RUNNING" },
	{ "ERROR", "stop", "STOPPED" },
	{ "ERROR", "pause", "" },
	{ "ERROR", "resume", "" },
	{ "ERROR", "emergency-stop", "STOPPED" },
	{ "ERROR", "failure", "ERROR" },
};

static enum bot_status status_of(const char *name)
{
	enum bot_status s = BOT_STOPPED;

	assert_int_equal(bot_status_parse(name, &s), 0);
	return s;
}

static enum bot_event event_of(const char *name)
{
	int i = 0;

	while (strcmp(bot_event_name((enum bot_event)i), name) != 0)
		assert_true(++i < BOT_EVENTS);
	return (enum bot_event)i;
}

static void every_pair(void **state)
{
	(void)state;
	assert_int_equal(sizeof(TABLE) / sizeof(TABLE[0]), BOT_STATUSES * BOT_EVENTS);
	for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++) {
		enum bot_status from = status_of(TABLE[i].from), to = (enum bot_status)99;
		struct err e = { 0 };
		int rc = bot_state_next(from, event_of(TABLE[i].event), &to, &e);

		if (TABLE[i].to[0] == '\0') {
			assert_int_equal(rc, ERR_CONFLICT);
			assert_int_equal(to, 99); /* untouched */
			assert_non_null(strstr(e.msg, TABLE[i].from));
			assert_non_null(strstr(e.msg, TABLE[i].event));
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(bot_status_name(to), TABLE[i].to);
	}
}

static void names_are_pinned(void **state)
{
	enum bot_status s;

	(void)state;
	for (int i = 0; i < BOT_STATUSES; i++) {
		assert_string_equal(bot_status_name((enum bot_status)i), STATUSES[i]);
		assert_int_equal(status_of(STATUSES[i]), i);
	}
	for (int i = 0; i < BOT_EVENTS; i++)
		assert_string_equal(bot_event_name((enum bot_event)i), EVENTS[i]);
	assert_int_equal(bot_status_parse("running", &s), ERR_INVALID);
	assert_int_equal(bot_status_parse("", &s), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(names_are_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
