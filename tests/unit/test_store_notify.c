/* The outbox' tables: order, results, what makes room, and what is pruned. */
#include "worker/store/notify.h"

#include "common/clock.h"
#include "common/registry/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1770000000000000)
#define DAY (86400 * US_PER_S)

static struct db *db;
static struct err e;
static const struct lane_key chat = { CHANNEL_TELEGRAM, 0, "100" };
static const struct lane_key group = { CHANNEL_TELEGRAM, 2, "-100" };
static const struct lane_key hook = { CHANNEL_WEBHOOK, 0, "" };

static int setup(void **state)
{
	(void)state;
	return db_open(":memory:", DB_WORKER, &db, &e) || db_exec(db, "BEGIN", &e);
}

static int teardown(void **state)
{
	(void)state;
	db_rollback(db);
	db_close(db);
	return 0;
}

static void add(const struct lane_key *lane, const char *text)
{
	struct note n = { .lane = *lane, .kind = "status", .text = text, .markup = "",
			  .silent = true, .bot_id = 3, .created_us = NOW };

	assert_int_equal(store_note_add_tx(db, &n, &e), 0);
}

struct heard {
	char text[400];
	int64_t ids[64];
	size_t n, max;
};

static bool hear(void *ctx, const struct note *n)
{
	struct heard *h = ctx;
	size_t used = strlen(h->text);

	assert_true(n->silent && n->bot_id == 3 && n->created_us == NOW);
	assert_string_equal(n->kind, "status");
	h->ids[h->n++] = n->id;
	snprintf(h->text + used, sizeof(h->text) - used, "%s ", n->text);
	return !h->max || h->n < h->max;
}

static struct heard queued(const struct lane_key *lane, size_t max)
{
	struct heard h = { .max = max };

	assert_int_equal(store_notes_next(db, lane, 50, hear, &h, &e), 0);
	return h;
}

/* sql: a literal, for statements are cached by address. */
static int64_t number(const char *sql)
{
	struct stmt *s;
	int64_t n;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	n = stmt_int(s, 0);
	stmt_done(s);
	return n;
}

static void count_lane(void *ctx, const struct lane_key *lane)
{
	int *n = ctx;

	*n += lane_same(lane, &chat) ? 1 : lane_same(lane, &group) ? 10 : 100;
}

static void lanes_are_apart_and_in_order(void **state)
{
	int lanes = 0;
	int64_t n;

	(void)state;
	add(&chat, "a");
	add(&group, "x");
	add(&chat, "b");
	add(&hook, "{}");
	add(&chat, "c");
	assert_string_equal(queued(&chat, 0).text, "a b c ");
	assert_string_equal(queued(&chat, 2).text, "a b ");
	assert_string_equal(queued(&group, 0).text, "x ");
	assert_string_equal(queued(&hook, 0).text, "{} ");
	assert_int_equal(store_lanes_queued(db, count_lane, &lanes, &e), 0);
	assert_int_equal(lanes, 111);
	assert_int_equal(store_notes_queued(db, &n, &e), 0);
	assert_int_equal(n, 5);
}

static struct note_result result(const struct lane_key *lane, int64_t first, int64_t last,
				 enum note_end end)
{
	struct note_result r = { .lane = *lane, .first = first, .last = last, .end = end,
				 .at_us = NOW + 5 };

	snprintf(r.error, sizeof(r.error), "%s", end == NOTE_DELIVERED ? "" : "why");
	return r;
}

static void results_are_of_their_lane_only(void **state)
{
	struct note_result r;
	struct heard h;

	(void)state;
	add(&chat, "a");
	add(&group, "x");
	add(&chat, "b");
	add(&chat, "c");
	h = queued(&chat, 0);
	r = result(&chat, h.ids[0], h.ids[1], NOTE_TRIED);
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	assert_string_equal(queued(&chat, 0).text, "a b c ");
	r.end = NOTE_DELIVERED;
	r.error[0] = '\0';
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	assert_string_equal(queued(&chat, 0).text, "c ");
	assert_string_equal(queued(&group, 0).text, "x ");
	r = result(&chat, h.ids[2], h.ids[2], NOTE_FAILED);
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	assert_string_equal(queued(&chat, 0).text, "");
	assert_int_equal(number("SELECT delivered * 100 + failed * 10 + retries FROM "
				"notification_lanes WHERE target = '100'"), 211);
	assert_int_equal(number("SELECT count(*) FROM notification_lanes"), 1);
	assert_int_equal(number("SELECT attempts FROM notifications WHERE text = 'a'"), 2);
	assert_int_equal(number("SELECT done_us FROM notifications WHERE text = 'a'"), NOW + 5);
	assert_int_equal(number("SELECT state = 'failed' AND error = 'why' FROM notifications "
				"WHERE text = 'c'"), 1);
}

static void the_oldest_make_room(void **state)
{
	int64_t dropped, untold;
	struct note_result r;
	struct heard h;
	char text[8];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add(&chat, text);
	}
	add(&group, "x");
	assert_int_equal(store_notes_trim_tx(db, &chat, 10, 0, NOW, &dropped, &e), 0);
	assert_int_equal(dropped, 0);
	assert_int_equal(store_lane_untold(db, &chat, &untold, &e), 0);
	assert_int_equal(untold, 0);
	h = queued(&chat, 0);
	/* the first two are under way */
	assert_int_equal(store_notes_trim_tx(db, &chat, 4, h.ids[1], NOW, &dropped, &e), 0);
	assert_int_equal(dropped, 4);
	assert_string_equal(queued(&chat, 0).text, "0 1 6 7 8 9 ");
	assert_string_equal(queued(&group, 0).text, "x ");
	assert_int_equal(store_lane_untold(db, &chat, &untold, &e), 0);
	assert_int_equal(untold, 4);
	r = result(&chat, h.ids[0], h.ids[1], NOTE_DELIVERED);
	r.told = 4;
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	assert_int_equal(store_lane_untold(db, &chat, &untold, &e), 0);
	assert_int_equal(untold, 0);
	assert_int_equal(number("SELECT dropped FROM notification_lanes"), 4);
}

static void old_rows_go(void **state)
{
	struct note_result r;
	struct heard h;
	bool since;

	(void)state;
	add(&chat, "a");
	add(&chat, "b");
	add(&chat, "c");
	h = queued(&chat, 0);
	r = result(&chat, h.ids[0], h.ids[0], NOTE_DELIVERED);
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	r = result(&chat, h.ids[1], h.ids[1], NOTE_FAILED);
	assert_int_equal(store_note_result_tx(db, &r, &e), 0);
	assert_int_equal(store_notes_prune_tx(db, NOW + 6 * DAY, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM notifications"), 3);
	assert_int_equal(store_notes_prune_tx(db, NOW + 8 * DAY, &e), 0);
	assert_int_equal(number("SELECT group_concat(text, '') = 'bc' FROM notifications"), 1);
	assert_int_equal(store_notes_prune_tx(db, NOW + 365 * DAY, &e), 0);
	assert_int_equal(number("SELECT group_concat(text, '') = 'c' FROM notifications"), 1);
	assert_int_equal(store_note_since(db, "status", NOW, &since, &e), 0);
	assert_true(since);
	assert_int_equal(store_note_since(db, "status", NOW + 1, &since, &e), 0);
	assert_false(since);
	assert_int_equal(store_note_since(db, "summary", NOW, &since, &e), 0);
	assert_false(since);
}

static void offsets(void **state)
{
	int64_t next = -1;

	(void)state;
	assert_int_equal(store_offset_get(db, 4711, 0, &next, &e), 0);
	assert_int_equal(next, 0);
	assert_int_equal(store_offset_tx(db, 4711, 900, NOW, &e), 0);
	assert_int_equal(store_offset_tx(db, 4712, 5, NOW, &e), 0);
	assert_int_equal(store_offset_tx(db, 4711, 901, NOW, &e), 0);
	assert_int_equal(store_offset_get(db, 4711, NOW - 1, &next, &e), 0);
	assert_int_equal(next, 901);
	/* too old: Telegram may have begun to count anew */
	assert_int_equal(store_offset_get(db, 4711, NOW + 1, &next, &e), 0);
	assert_int_equal(next, 0);
}

/* The worker's own commands: a key that was there is no error, and no second command. */
static void commands_by_chat(void **state)
{
	struct command c = { .kind = "pause", .bot_id = 1, .requested_by = "telegram:5",
			     .idempotency_key = "tg:0:1:2:1", .created_us = NOW }, got;
	int64_t id = 0, again = -1;

	(void)state;
	assert_int_equal(store_command_add_tx(db, &c, &id, &e), 0);
	assert_true(id > 0);
	assert_int_equal(store_command_add_tx(db, &c, &again, &e), 0);
	assert_int_equal(again, 0);
	snprintf(c.kind, sizeof(c.kind), "stop");
	assert_int_equal(store_command_add_tx(db, &c, &again, &e), 0);
	assert_int_equal(again, 0);
	assert_int_equal(store_command_get(db, id, &got, &e), 0);
	assert_string_equal(got.kind, "pause");
	assert_string_equal(got.requested_by, "telegram:5");
}

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(lanes_are_apart_and_in_order),
		WITH_DB(results_are_of_their_lane_only),
		WITH_DB(the_oldest_make_room),
		WITH_DB(old_rows_go),
		WITH_DB(offsets),
		WITH_DB(commands_by_chat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
