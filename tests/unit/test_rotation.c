/* Which backups stay, by hand-made and by random histories; names. */
#include "common/clock.h"
#include "tests/unit/scratch.h"
#include "worker/backup/rotation.h"
#include "worker/backup/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOUR (INT64_C(3600) * US_PER_S)
#define DAY (24 * HOUR)

static int64_t at(const char *text)
{
	int64_t us;

	assert_int_equal(clock_parse(text, &us), 0);
	return us;
}

/* The kept ones as a row of + and -. */
static void check(const struct rotation_rule *rule, const char *const *when, size_t n,
		  const char *expected)
{
	int64_t us[64] = { 0 };
	bool keep[64];
	char found[65] = "";

	for (size_t i = 0; i < n; i++)
		us[i] = at(when[i]);
	rotation_choose(rule, us, n, keep);
	for (size_t i = 0; i < n; i++)
		found[i] = keep[i] ? '+' : '-';
	assert_string_equal(found, expected);
}

static void newest_days_and_weeks(void **state)
{
	static const char *const when[] = {
		"2026-07-25T03:00:00Z", "2026-07-25T02:00:00Z",	/* a Saturday */
		"2026-07-24T23:59:59Z", "2026-07-24T00:00:00Z",
		"2026-07-20T00:00:00Z",				/* Monday of that week */
		"2026-07-19T23:59:59Z", "2026-07-13T00:00:00Z",	/* the week before */
		"2026-06-01T12:00:00Z",
	};
	const size_t n = sizeof(when) / sizeof(when[0]);

	(void)state;
	check(&(struct rotation_rule){ 1, 0, 0 }, when, n, "+-------");
	check(&(struct rotation_rule){ 3, 0, 0 }, when, n, "+++-----");
	check(&(struct rotation_rule){ 100, 0, 0 }, when, n, "++++++++");
	check(&(struct rotation_rule){ 1, 3, 0 }, when, n, "+-+-+---");
	check(&(struct rotation_rule){ 1, 0, 2 }, when, n, "+----+--");
	check(&(struct rotation_rule){ 1, 0, 3 }, when, n, "+----+-+");
	check(&(struct rotation_rule){ 2, 2, 2 }, when, n, "+++--+--");
	check(&(struct rotation_rule){ 2, 2, 2 }, when, 0, "");
}

/* Rotated after each of a year's six-hourly backups: how many stay, and how far back. */
static void a_year(void **state)
{
	struct rotation_rule rule = { 4, 7, 8 };
	int64_t us[64], now = at("2026-01-01T00:00:00Z");
	bool keep[64];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 4 * 365; i++, now += 6 * HOUR) {
		size_t left = 0;

		memmove(us + 1, us, n * sizeof(us[0]));
		us[0] = now;
		n++;
		rotation_choose(&rule, us, n, keep);
		assert_true(keep[0]);
		for (size_t k = 0; k < n; k++)
			if (keep[k])
				us[left++] = us[k];
		n = left;
		assert_true(n <= 4 + 7 + 8);
	}
	assert_true(n >= 4 + 7);
	assert_true(now - us[n - 1] >= 6 * 7 * DAY); /* this week is one of the eight */
}

static void names(void **state)
{
	static const char *const bad[] = {
		"trading-bot-20260725T030000Z.tar.gz.part", "x-20260725T030000Z.tar.gz",
		"trading-bot-20261325T030000Z.tar.gz", "trading-bot-20260725030000Z.tar.gz",
		"trading-bot-20260725T030000Z-.tar.gz", "trading-bot-20260725T030000Z-a.tar.gz",
		"trading-bot-.tar.gz", "", "trading-bot-2026072xT030000Z.tar.gz",
	};
	int64_t us = 0, now = at("2026-07-25T03:00:00.5Z");
	char path[256];
	FILE *f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(rotation_parse(bad[i], &us));
	for (int i = 0; i < 12; i++) {	/* twelve in one second */
		rotation_name(scratch_folder, now, path, sizeof(path));
		assert_true(rotation_parse(strrchr(path, '/') + 1, &us));
		assert_true(us == at("2026-07-25T03:00:00Z"));
		f = fopen(path, "wx");
		assert_non_null(f);
		fclose(f);
	}
	assert_non_null(strstr(path, "trading-bot-20260725T030000Z-11.tar.gz"));
}

static void bounded_in_sum(void **state)
{
	const int64_t bytes[] = { 50, 10, 10, 40, 5 };
	bool keep[5];

	(void)state;
	memset(keep, true, sizeof(keep));
	rotation_bound(115, bytes, 5, keep);
	assert_true(keep[0] && keep[1] && keep[2] && keep[3] && keep[4]);
	rotation_bound(114, bytes, 5, keep);
	assert_true(keep[0] && keep[1] && keep[2] && keep[3] && !keep[4]);
	/* what is older than one that has no room goes as well */
	memset(keep, true, sizeof(keep));
	rotation_bound(75, bytes, 5, keep);
	assert_true(keep[0] && keep[1] && keep[2] && !keep[3] && !keep[4]);
	/* the newest stays, whatever its size; those that the rules drop take no room */
	memset(keep, true, sizeof(keep));
	rotation_bound(20, bytes, 5, keep);
	assert_true(keep[0] && !keep[1] && !keep[2] && !keep[3] && !keep[4]);
	memset(keep, true, sizeof(keep));
	keep[1] = keep[2] = false;
	rotation_bound(90, bytes, 5, keep);
	assert_true(keep[0] && !keep[1] && !keep[2] && keep[3] && !keep[4]);
}

static void what_is_in_the_folder(void **state)
{
	static const char *const made[] = {
		"trading-bot-20260725T030000Z.tar.gz", "trading-bot-20260725T030000Z-10.tar.gz",
		"trading-bot-20260725T030000Z-9.tar.gz", "trading-bot-20260101T000000Z.tar.gz",
		"mine.tar.gz", "trading-bot-20260725T030000Z.tar.gz.part",
		"trading-bot-20260725T030000Z.tar.gz.db.part-journal",
	};
	struct rotation_file *list = NULL;
	struct config c = { .backup_keep = 2 };
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		FILE *f = fopen(scratch_path(made[i]), "wx");

		assert_non_null(f);
		fclose(f);
	}
	assert_int_equal(rotation_list(scratch_folder, &list, &n, &e), 0);
	assert_int_equal(n, 4);
	assert_string_equal(list[0].name, made[1]);
	assert_string_equal(list[1].name, made[2]);
	assert_string_equal(list[2].name, made[0]);
	assert_string_equal(list[3].name, made[3]);
	free(list);
	snprintf(c.backup_dir, sizeof(c.backup_dir), "%s", scratch_folder);
	assert_int_equal(rotation_remove(&c, "a/made"), 2);
	assert_int_equal(access(scratch_path(made[1]), F_OK), 0);
	assert_int_equal(access(scratch_path(made[0]), F_OK), -1);
	assert_int_equal(access(scratch_path("mine.tar.gz"), F_OK), 0);
	rotation_clean(scratch_folder);
	assert_int_equal(access(scratch_path(made[5]), F_OK), -1);
	assert_int_equal(access(scratch_path(made[6]), F_OK), -1);
	assert_int_equal(access(scratch_path("mine.tar.gz"), F_OK), 0);
	assert_int_equal(rotation_list(scratch_path("none"), &list, &n, &e), 0);
	assert_int_equal(n, 0);
}

/* BACKUP_MAX_BYTES bounds the files that are there: the oldest go, the newest and the one just
 * made stay. */
static void files_are_bounded_in_sum(void **state)
{
	static const char *const made[] = {
		"trading-bot-20260705T000000Z.tar.gz", "trading-bot-20260704T000000Z.tar.gz",
		"trading-bot-20260703T000000Z.tar.gz", "trading-bot-20260702T000000Z.tar.gz",
		"trading-bot-20260701T000000Z.tar.gz",
	};
	struct config c = { .backup_keep = 9, .backup_max_bytes = 2500 };

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		FILE *f = fopen(scratch_path(made[i]), "wx");

		assert_non_null(f);
		for (int n = 0; n < 1000; n++)
			assert_int_equal(fputc('x', f), 'x');
		fclose(f);
	}
	snprintf(c.backup_dir, sizeof(c.backup_dir), "%s", scratch_folder);
	assert_int_equal(rotation_remove(&c, made[4]), 2);
	assert_int_equal(access(scratch_path(made[0]), F_OK), 0);
	assert_int_equal(access(scratch_path(made[1]), F_OK), 0);
	assert_int_equal(access(scratch_path(made[2]), F_OK), -1);
	assert_int_equal(access(scratch_path(made[3]), F_OK), -1);
	assert_int_equal(access(scratch_path(made[4]), F_OK), 0);
	c.backup_max_bytes = 1;
	assert_int_equal(rotation_remove(&c, made[0]), 2);
	assert_int_equal(access(scratch_path(made[0]), F_OK), 0);
}

static void when_one_is_due(void **state)
{
	struct job_newest none = { 0 }, done = { 1, "done", 5 * HOUR, 6 * HOUR };
	struct job_newest failed = { 2, "failed", 5 * HOUR, 6 * HOUR };
	struct job_newest running = { 3, "running", 5 * HOUR, 0 };

	(void)state;
	assert_true(schedule_due(DAY, &none, 77) == 77);
	assert_true(schedule_due(DAY, &done, 77) == 30 * HOUR);
	assert_true(schedule_due(DAY, &failed, 77) == 6 * HOUR + HOUR / 4);
	assert_true(schedule_due(60 * US_PER_S, &failed, 77) == 6 * HOUR + 60 * US_PER_S);
	assert_true(schedule_due(DAY, &running, 77) == INT64_MAX);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_days_and_weeks),
		cmocka_unit_test(a_year),
		WITH_FOLDER(names),
		cmocka_unit_test(bounded_in_sum),
		WITH_FOLDER(what_is_in_the_folder),
		WITH_FOLDER(files_are_bounded_in_sum),
		cmocka_unit_test(when_one_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
