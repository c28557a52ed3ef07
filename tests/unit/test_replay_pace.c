/* Replays: when each line comes, again and again, and from the middle. */
#include "tests/unit/replay_heard.h"

static void looping(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 10);
	struct heard once = play_all(path, 100, NULL), h = { 0 };
	struct replay_args a = { .files = path, .loop = true };
	struct feed *f = open_replay(&a, &h);
	struct feed_position at;
	struct feed_stats stats;
	int64_t length_us = once.now_us - once.first_us, frames;

	(void)state;
	play(f, 10, 1);
	for (frames = 10; h.gaps == 0 && frames < 100000; frames++)
		play(f, 1, 1);
	assert_true(h.now_us == once.now_us + S);
	f->ops->position(f, &at);
	assert_true(at.loop == 1 && at.frame == 1 && at.offset_us == length_us + S);
	assert_int_equal(h.invalid, 1);
	play(f, (size_t)(2 * frames), 7);
	stats = f->stats;
	assert_true(h.gaps == 3 && h.invalid == 3 && h.valid == 3);
	assert_int_equal(stats.book_gaps, 0);
	f->ops->free(f);
	heard_free(&h);
	heard_free(&once);
}

/* What was played before a cut warms up, what comes after it is heard as if uncut. */
static void resumed(const char *path, bool loop, size_t cut, size_t all)
{
	struct heard uncut = { 0 }, before = { 0 }, after = { 0 };
	struct replay_args a = { .files = path, .loop = loop };
	struct feed *f = open_replay(&a, &uncut);
	size_t at;

	play(f, cut, 50);
	at = uncut.text.len;
	f->ops->position(f, &a.resume);
	play(f, all - cut, 50);
	f->ops->free(f);
	after.before = &before;
	f = open_replay(&a, &after);
	play(f, all - cut, 50);
	f->ops->free(f);
	assert_string_equal(buf_text(&after.text), buf_text(&uncut.text) + at);
	if (a.resume.loop == 0)
		assert_memory_equal(buf_text(&before.text), buf_text(&uncut.text), at);
	else
		assert_true(before.invalid == 1 && before.gaps == (a.resume.frame > 0));
	heard_free(&uncut);
	heard_free(&before);
	heard_free(&after);
}

static void resume_anywhere(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 3);
	struct feed_stats stats;
	struct heard h = play_all(path, 100, &stats);
	struct replay_args a = { .files = path, .resume = { .frame = (int64_t)stats.frames + 1 } };
	struct feed_sink sink = { 0 };
	struct feed *f = NULL;
	struct err e = { 0 };

	(void)state;
	for (size_t cut = 0; cut <= stats.frames; cut += 11)
		resumed(path, false, cut, stats.frames);
	resumed(path, false, stats.frames, stats.frames);
	for (size_t cut = 0; cut < 3 * stats.frames; cut += 37)
		resumed(path, true, cut, 3 * stats.frames);
	assert_int_equal(replay_open(&a, &sink, &f, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "it is not the same recording"));
	heard_free(&h);
}

static int64_t poll_at(struct feed *f, int64_t now_us)
{
	int64_t next_us = 0;
	struct err e = { 0 };

	do {
		if (f->ops->poll(f, now_us, 10, &next_us, &e))
			fail_msg("%s", e.msg);
	} while (next_us <= now_us);
	return next_us;
}

static void paced(const char *path, double speed)
{
	const int64_t wall = INT64_C(1900000000000000);
	struct replay_args a = { .files = path, .speed = speed };
	struct heard h = { 0 };
	struct feed *f = open_replay(&a, &h);
	int64_t next_us = poll_at(f, wall);
	size_t steps = 0;

	assert_true(h.first_us == wall);
	for (; next_us != INT64_MAX; steps++) {
		int64_t ahead = (int64_t)((double)(next_us - wall) * speed);

		assert_true(h.now_us <= wall + ahead);
		next_us = poll_at(f, next_us);
		assert_in_range(h.now_us - (wall + ahead) + 10, 0, 20);
	}
	assert_true(steps > 20 && h.now_us > wall + 4 * S && h.now_us < wall + 6 * S);
	f->ops->free(f);
	heard_free(&h);
}

static void pace_and_speed(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 5);

	(void)state;
	paced(path, 1);
	paced(path, 10);
	paced(path, 0.25);
}

static void warm_up(void **state)
{
	const int64_t wall = INT64_C(1900000000000000);
	const char *path = recorded("a.gz", "BTCUSDT", 0, 8);
	struct replay_args a = { .files = path, .speed = 1, .warm_up_s = 5 };
	struct heard h = { 0 };
	struct feed *f = open_replay(&a, &h);
	int64_t next_us = poll_at(f, wall);

	(void)state;
	assert_true(h.first_us == wall - 5 * S);
	assert_true(h.now_us <= wall && h.now_us > wall - S);
	assert_true(next_us > wall && next_us < wall + S);
	f->ops->free(f);
	heard_free(&h);
}

/* A silence of minutes: a gap. Full speed keeps recorded times, a paced replay goes on at once. */
static void hole(void **state)
{
	char files[512];
	struct heard h;
	struct replay_args a = { .files = files, .speed = 1 };
	struct feed *f;
	int64_t next_us, wall = INT64_C(1900000000000000);

	(void)state;
	snprintf(files, sizeof(files), "%s %s", recorded("a.gz", "BTCUSDT", 0, 3),
		 recorded("b.gz", "BTCUSDT", 100, 103));
	h = play_all(files, 10, NULL);
	assert_true(h.gaps == 1 && h.invalid == 1 && h.valid == 1);
	assert_true(h.now_us - h.first_us > 100 * S);
	heard_free(&h);
	h = (struct heard){ 0 };
	f = open_replay(&a, &h);
	for (next_us = wall; next_us != INT64_MAX;)
		next_us = poll_at(f, next_us);
	assert_int_equal(h.gaps, 1);
	assert_true(h.now_us - wall < 8 * S);
	f->ops->free(f);
	heard_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLAY_TEST(looping), REPLAY_TEST(resume_anywhere), REPLAY_TEST(pace_and_speed),
		REPLAY_TEST(warm_up), REPLAY_TEST(hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
