/* The hub: who gets what, what can be resumed, and what becomes of slow readers. */
#include "api/push/push.h"
#include "api/push/push_op.h"
#include "api/push/push_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define FIRST 1000

/* A client that notes what it is sent; "unread" is what its output would hold. */
struct ear {
	struct push_client *client;
	int64_t seqs[64];
	size_t n;
	size_t unread;
	int drops;
	struct push_message *last;
};

static struct push *hub;

static size_t send_cb(void *ctx, struct push_message *m)
{
	struct ear *e = ctx;

	assert_true(e->n < 64);
	e->seqs[e->n++] = m->seq;
	e->unread += m->frame.len;
	push_message_ref(m);
	push_message_unref(e->last);
	e->last = m;
	return 10;
}

static size_t pending_cb(void *ctx)
{
	return ((struct ear *)ctx)->unread;
}

static void drop_cb(void *ctx)
{
	((struct ear *)ctx)->drops++;
}

static const struct push_link ear_link = {
	.send = send_cb, .pending = pending_cb, .drop = drop_cb,
};

static void ear_open(struct ear *e, unsigned topics, int64_t bot)
{
	memset(e, 0, sizeof(*e));
	e->client = push_client_new(hub, &ear_link, e);
	if (topics)
		push_listen(e->client, topics, bot);
}

static void ear_close(struct ear *e)
{
	push_client_free(e->client);
	push_message_unref(e->last);
	memset(e, 0, sizeof(*e));
}

static void take_all(struct ear *e)
{
	e->unread = 0;
	push_drained(e->client);
}

static int setup(void **state)
{
	static const struct push_limits limits = {
		.ring_messages = 4, .ring_bytes = 4000, .pending_bytes = 1000,
		.total_bytes = 1 << 20,
	};

	(void)state;
	hub = push_new(FIRST, &limits);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	push_free(hub);
	return 0;
}

static void topic_names(void **state)
{
	enum push_topic t;

	(void)state;
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		const char *name = push_topic_name((enum push_topic)i);

		assert_true(push_topic_parse(name, strlen(name), &t));
		assert_int_equal(t, i);
		assert_false(push_topic_parse(name, strlen(name) - 1, &t));
	}
	assert_false(push_topic_parse("", 0, &t));
	assert_false(push_topic_parse("Status", 6, &t));
	assert_false(push_topic_parse("status ", 7, &t));
}

static void message_form(void **state)
{
	struct ear a;
	const cJSON *v;
	cJSON *json;
	const char *text;
	size_t len;

	(void)state;
	ear_open(&a, PUSH_BIT(PUSH_ORDER), 0);
	push_publish(hub, PUSH_ORDER, 7, "{\"id\":3}");
	text = push_message_text(a.last, &len);
	json = cJSON_ParseWithLength(text, len);
	assert_non_null(json);
	assert_int_equal(cJSON_GetObjectItem(json, "seq")->valuedouble, FIRST + 1);
	assert_string_equal(cJSON_GetObjectItem(json, "topic")->valuestring, "order");
	assert_string_equal(cJSON_GetObjectItem(json, "type")->valuestring, "change");
	v = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "data"), "id");
	assert_int_equal(v->valueint, 3);
	assert_non_null(cJSON_GetObjectItem(json, "timestamp"));
	assert_int_equal(cJSON_GetArraySize(json), 5);
	cJSON_Delete(json);
	/* One frame: final, text, not masked, and its length. */
	assert_int_equal((unsigned char)a.last->frame.data[0], 0x81);
	assert_int_equal((unsigned char)a.last->frame.data[1], len);
	assert_int_equal(a.last->frame.len, len + 2);
	ear_close(&a);
}

static void topics_and_bots(void **state)
{
	struct ear all, one, none;

	(void)state;
	ear_open(&all, PUSH_ALL, 0);
	ear_open(&one, PUSH_BIT(PUSH_ORDER) | PUSH_BIT(PUSH_LOG), 2);
	ear_open(&none, 0, 0);
	assert_int_equal(push_clients(hub), 3);
	assert_int_equal(push_wanted(hub), PUSH_ALL);
	push_publish(hub, PUSH_ORDER, 1, "1");
	push_publish(hub, PUSH_ORDER, 2, "2");
	push_publish(hub, PUSH_STATUS, 2, "3");
	push_publish(hub, PUSH_LOG, 0, "4");
	assert_int_equal(all.n, 4);
	assert_int_equal(one.n, 2);
	assert_int_equal(one.seqs[0], FIRST + 2);
	assert_int_equal(one.seqs[1], FIRST + 4);
	assert_int_equal(none.n, 0);
	push_unlisten(one.client, PUSH_BIT(PUSH_LOG));
	push_publish(hub, PUSH_LOG, 0, "5");
	assert_int_equal(one.n, 2);
	/* Again, with another bot: that one counts. */
	push_listen(one.client, PUSH_BIT(PUSH_ORDER), 1);
	push_publish(hub, PUSH_ORDER, 1, "6");
	push_publish(hub, PUSH_ORDER, 2, "7");
	assert_int_equal(one.n, 3);
	ear_close(&all);
	assert_int_equal(push_wanted(hub), PUSH_BIT(PUSH_ORDER));
	ear_close(&one);
	ear_close(&none);
	assert_int_equal(push_clients(hub), 0);
}

static void publish(int n)
{
	for (int i = 0; i < n; i++)
		push_publish(hub, PUSH_ORDER, 1, "0");
}

static void resume_from_the_ring(void **state)
{
	struct ear a;

	(void)state;
	publish(6); /* the ring holds 4: FIRST + 3 to FIRST + 6 */
	ear_open(&a, PUSH_BIT(PUSH_ORDER), 0);
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 1));
	assert_int_equal(a.n, 0);
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 2));
	assert_int_equal(a.n, 4);
	assert_int_equal(a.seqs[0], FIRST + 3);
	assert_int_equal(a.seqs[3], FIRST + 6);
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 6));
	assert_int_equal(a.n, 4);
	/* A number from the future, or of a program that was set back. */
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 7));
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), 0));
	/* Only what is asked for, and only the bot that is listened to. */
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_LOG), FIRST + 2));
	assert_int_equal(a.n, 4);
	push_listen(a.client, PUSH_BIT(PUSH_ORDER), 9);
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 2));
	assert_int_equal(a.n, 4);
	ear_close(&a);
}

static void resume_an_empty_hub(void **state)
{
	struct ear a;

	(void)state;
	ear_open(&a, PUSH_ALL, 0);
	assert_true(push_resume(a.client, PUSH_ALL, FIRST));
	assert_false(push_resume(a.client, PUSH_ALL, FIRST - 1));
	assert_int_equal(a.n, 0);
	ear_close(&a);
}

static void a_break_ends_what_can_be_resumed(void **state)
{
	struct ear a;
	int64_t seen;

	(void)state;
	publish(2);
	seen = push_seq(hub);
	push_break(hub, PUSH_ORDER);
	ear_open(&a, PUSH_ALL, 0);
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), seen));
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER) | PUSH_BIT(PUSH_LOG), seen));
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_LOG), seen));
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), push_seq(hub)));
	publish(1);
	assert_int_equal(a.n, 1);
	assert_true(a.seqs[0] > seen + 1);
	ear_close(&a);
}

static void the_ring_has_a_size_in_bytes(void **state)
{
	char big[3002], huge[5002];
	struct ear a;

	(void)state;
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memset(huge, '1', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	ear_open(&a, 0, 0);
	publish(2);
	push_publish(hub, PUSH_ORDER, 1, big);
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST));
	push_publish(hub, PUSH_ORDER, 1, big); /* the ones before make room */
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 2));
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 3));
	push_publish(hub, PUSH_ORDER, 1, huge); /* larger than the ring */
	assert_false(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 4));
	assert_true(push_resume(a.client, PUSH_BIT(PUSH_ORDER), FIRST + 5));
	ear_close(&a);
}

static void a_slow_reader_is_dropped(void **state)
{
	struct ear slow, fast;

	(void)state;
	ear_open(&slow, PUSH_ALL, 0);
	ear_open(&fast, PUSH_ALL, 0);
	for (int i = 0; i < 30; i++) {
		push_sweep(hub);
		publish(1);
		take_all(&fast);
	}
	assert_int_equal(slow.drops, 1);
	assert_int_equal(fast.drops, 0);
	assert_int_equal(fast.n, 30);
	assert_true(slow.n < 30);
	/* Bounded: the limit, and the message that went over it. */
	assert_true(slow.unread <= 1000 + slow.last->frame.len);
	assert_int_equal(push_dropped(hub), 1);
	/* It is over for good. */
	take_all(&slow);
	push_listen(slow.client, PUSH_ALL, 0);
	assert_false(push_ready(slow.client));
	push_sweep(hub);
	publish(1);
	assert_int_equal(slow.drops, 1);
	ear_close(&slow);
	ear_close(&fast);
}

/* Many changes at once are no fault of the reader; not taking them until the next look is. */
/* Each of many readers may hold a snapshot of its own: together they have a bound as well. */
static void all_readers_together(void **state)
{
	static const struct push_limits limits = {
		.ring_messages = 4, .ring_bytes = 1, .pending_bytes = 1 << 20,
		.total_bytes = 40000,
	};
	struct push *kept = hub;
	struct push_message *m;
	struct ear ears[12];
	char json[2003], most[4003];
	int drops = 0;

	(void)state;
	memset(json, 'x', sizeof(json) - 1);
	memset(most, 'x', sizeof(most) - 1);
	json[0] = json[2001] = most[0] = most[4001] = '"';
	json[2002] = most[4002] = '\0';
	hub = push_new(FIRST, &limits);
	for (int i = 0; i < 12; i++) {
		ear_open(&ears[i], PUSH_ALL, 0);
		assert_true(push_ready(ears[i].client));
		m = push_snapshot(hub, PUSH_LOG, 0, i == 0 ? most : json);
		push_send_snapshot(ears[i].client, m);
		push_message_unref(m); /* the ear holds it */
	}
	assert_true(push_memory(hub) > 26000 && push_memory(hub) < 30000);
	push_sweep(hub);
	assert_int_equal(push_dropped(hub), 0);
	for (int i = 0; i < 12; i++) { /* and one more for each: too much together */
		push_message_unref(ears[i].last);
		ears[i].last = push_snapshot(hub, PUSH_LOG, 0, most);
	}
	assert_true(push_memory(hub) > 40000);
	push_sweep(hub);
	for (int i = 0; i < 12; i++)
		drops += ears[i].drops;
	assert_int_equal(ears[0].drops, 1); /* who has most unread goes first, and only so many */
	assert_true(drops >= 2 && drops < 8);
	for (int i = 0; i < 12; i++)
		ear_close(&ears[i]);
	assert_int_equal(push_memory(hub), 0);
	push_free(hub);
	hub = kept;
}

/* A message may outlive the hub: an output is freed later. */
static void a_message_outlives_the_hub(void **state)
{
	static const struct push_limits limits = { .ring_messages = 1, .ring_bytes = 1000 };
	struct push *other = push_new(FIRST, &limits);
	struct push_message *m = push_snapshot(other, PUSH_LOG, 0, "1");

	(void)state;
	push_free(other);
	push_message_unref(m);
}

static void a_burst_is_not_slowness(void **state)
{
	struct ear quick, slow;

	(void)state;
	ear_open(&quick, PUSH_ALL, 0);
	ear_open(&slow, PUSH_ALL, 0);
	push_sweep(hub);
	publish(40);
	assert_true(quick.unread > 2000);
	assert_true(push_ready(quick.client));
	take_all(&quick);
	push_sweep(hub);
	publish(1);
	assert_int_equal(quick.drops, 0);
	assert_int_equal(quick.n, 41);
	assert_int_equal(slow.drops, 1);
	assert_int_equal(slow.n, 40);
	ear_close(&quick);
	ear_close(&slow);
}

static void a_snapshot_may_be_larger_than_the_limit(void **state)
{
	char big[3002];
	struct push_message *m;
	struct ear a;

	(void)state;
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ear_open(&a, PUSH_ALL, 0);
	publish(1);
	take_all(&a);
	m = push_snapshot(hub, PUSH_ORDER, 0, big);
	assert_int_equal(m->seq, FIRST + 1);
	assert_true(push_ready(a.client));
	push_send_snapshot(a.client, m);
	push_message_unref(m);
	publish(2);
	push_sweep(hub);
	assert_int_equal(a.drops, 0);
	assert_int_equal(a.n, 4);
	/* But not one after the other while it reads nothing. */
	assert_true(push_ready(a.client));
	push_send_snapshot(a.client, a.last);
	for (int i = 0; i < 3 && push_ready(a.client); i++) {
		m = push_snapshot(hub, PUSH_ORDER, 0, big);
		push_send_snapshot(a.client, m);
		push_message_unref(m);
	}
	assert_int_equal(a.drops, 1);
	assert_true(a.unread < 2 * 4000);
	ear_close(&a);
}

static void snapshots_count_until_they_are_taken(void **state)
{
	char big[3002];
	struct push_message *m;
	struct ear a;

	(void)state;
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ear_open(&a, PUSH_ALL, 0);
	m = push_snapshot(hub, PUSH_ORDER, 0, big);
	push_send_snapshot(a.client, m);
	take_all(&a);
	push_message_unref(m);
	for (int i = 0; i < 20 && !a.drops; i++) {
		publish(1);
		push_sweep(hub);
	}
	assert_int_equal(a.drops, 1);
	assert_true(a.unread < 1500);
	ear_close(&a);
}

static void expect_op(const char *text, enum push_op_kind kind, unsigned topics, int64_t bot,
		      int64_t last)
{
	struct push_op op;
	struct err e = { 0 };

	if (push_op_read(text, strlen(text), &op, &e))
		fail_msg("%s: %s", text, e.msg);
	assert_int_equal(op.kind, kind);
	assert_int_equal(op.topics, topics);
	assert_int_equal(op.bot_id, bot);
	assert_int_equal(op.last_seq, last);
}

static void what_clients_may_say(void **state)
{
	static const char *const bad[] = {
		"", "x", "[]", "7", "\"ping\"", "null", "{}", "{\"op\":7}", "{\"op\":\"dance\"}",
		"{\"op\":\"subscribe\"}", "{\"op\":\"subscribe\",\"topics\":[]}",
		"{\"op\":\"subscribe\",\"topics\":\"order\"}",
		"{\"op\":\"subscribe\",\"topics\":[1]}",
		"{\"op\":\"subscribe\",\"topics\":[\"orders\"]}",
		"{\"op\":\"subscribe\",\"topics\":[\"\"]}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"bot\":0}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"bot\":1.5}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"bot\":\"1\"}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"bot\":1e300}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"last_event_id\":-1}",
		"{\"op\":\"subscribe\",\"topics\":[\"order\"],\"from\":1}",
		"{\"op\":\"unsubscribe\",\"topics\":[\"order\"],\"bot\":1}",
		"{\"op\":\"ping\",\"topics\":[\"order\"]}",
		"{\"op\":\"ping\"}{\"op\":\"ping\"}", "{\"op\":\"ping\",\"op\":\"ping\"}",
	};
	struct push_op op = { .topics = 77 };
	struct err e = { 0 };

	(void)state;
	expect_op("{\"op\":\"ping\"}", PUSH_PING, 0, 0, -1);
	expect_op("{\"op\":\"subscribe\",\"topics\":[\"order\",\"log\"]}", PUSH_SUBSCRIBE,
		  PUSH_BIT(PUSH_ORDER) | PUSH_BIT(PUSH_LOG), 0, -1);
	expect_op("{\"topics\":[\"all\"],\"bot\":3,\"last_event_id\":1795275149782999,"
		  "\"op\":\"subscribe\"}", PUSH_SUBSCRIBE, PUSH_ALL, 3, 1795275149782999);
	expect_op("{\"op\":\"unsubscribe\",\"topics\":[\"all\"]}", PUSH_UNSUBSCRIBE, PUSH_ALL, 0,
		  -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (push_op_read(bad[i], strlen(bad[i]), &op, &e) != ERR_INVALID || !e.msg[0])
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(op.topics, 77);
	}
}

static void topic_lists(void **state)
{
	unsigned topics = 0;

	(void)state;
	assert_int_equal(push_op_topics("status,price", &topics, NULL), 0);
	assert_int_equal(topics, PUSH_BIT(PUSH_STATUS) | PUSH_BIT(PUSH_PRICE));
	assert_int_equal(push_op_topics("all", &topics, NULL), 0);
	assert_int_equal(topics, PUSH_ALL);
	assert_int_equal(push_op_topics("", &topics, NULL), ERR_INVALID);
	assert_int_equal(push_op_topics(",", &topics, NULL), ERR_INVALID);
	assert_int_equal(push_op_topics("status,,price", &topics, NULL), ERR_INVALID);
	assert_int_equal(push_op_topics("status, price", &topics, NULL), ERR_INVALID);
	assert_int_equal(push_op_topics("allx", &topics, NULL), ERR_INVALID);
}

struct look { struct push_rows changed, gone; };

static struct look look(struct push_seen *s, const struct push_row *rows, size_t n)
{
	struct look out = { 0 };

	push_seen_begin(s);
	for (size_t i = 0; i < n; i++)
		push_seen_row(s, &rows[i], &out.changed, &out.gone);
	push_seen_end(s, &out.gone);
	return out;
}

static void look_free(struct look *l)
{
	push_rows_free(&l->changed);
	push_rows_free(&l->gone);
}

static void seen_rows(void **state)
{
	struct push_row rows[] = { { 1, 1, false, 10 }, { 3, 1, false, 30 }, { 5, 2, false, 50 } };
	struct push_seen s = { 0 };
	struct look l;

	(void)state;
	l = look(&s, rows, 3);
	assert_int_equal(l.changed.n, 3);
	assert_int_equal(l.gone.n, 0);
	look_free(&l);
	l = look(&s, rows, 3);
	assert_int_equal(l.changed.n + l.gone.n, 0);
	look_free(&l);
	rows[1].mark++;
	l = look(&s, rows + 1, 1); /* first and last are gone, the middle one changed */
	assert_int_equal(l.changed.n, 1);
	assert_int_equal(l.changed.list[0].id, 3);
	assert_int_equal(l.gone.n, 2);
	assert_int_equal(l.gone.list[0].id, 1);
	assert_int_equal(l.gone.list[1].id, 5);
	look_free(&l);
	rows[1].over = true; /* over: told once, not missed */
	l = look(&s, rows + 1, 1);
	assert_int_equal(l.changed.n, 1);
	look_free(&l);
	l = look(&s, NULL, 0);
	assert_int_equal(l.changed.n + l.gone.n, 0);
	look_free(&l);
	push_seen_free(&s);
}

static void undone_looks_are_forgotten(void **state)
{
	struct push_row rows[] = { { 1, 1, false, 10 }, { 2, 1, false, 20 } };
	struct push_rows changed = { 0 }, gone = { 0 };
	struct push_seen s = { 0 };
	struct look l = look(&s, rows, 1);

	(void)state;
	look_free(&l);
	push_seen_begin(&s);
	push_seen_row(&s, &rows[1], &changed, &gone);
	push_seen_undo(&s);
	assert_int_equal(changed.n, 1);
	assert_int_equal(gone.n, 1);
	l = look(&s, rows, 2);
	assert_int_equal(l.changed.n, 1);
	assert_int_equal(l.changed.list[0].id, 2);
	assert_int_equal(l.gone.n, 0);
	look_free(&l);
	push_rows_free(&changed);
	push_rows_free(&gone);
	push_seen_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topic_names),
		cmocka_unit_test_setup_teardown(message_form, setup, teardown),
		cmocka_unit_test_setup_teardown(topics_and_bots, setup, teardown),
		cmocka_unit_test_setup_teardown(resume_from_the_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(resume_an_empty_hub, setup, teardown),
		cmocka_unit_test_setup_teardown(a_break_ends_what_can_be_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_ring_has_a_size_in_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_reader_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_burst_is_not_slowness, setup, teardown),
		cmocka_unit_test_setup_teardown(all_readers_together, setup, teardown),
		cmocka_unit_test(a_message_outlives_the_hub),
		cmocka_unit_test_setup_teardown(a_snapshot_may_be_larger_than_the_limit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(snapshots_count_until_they_are_taken, setup,
						teardown),
		cmocka_unit_test(what_clients_may_say),
		cmocka_unit_test(topic_lists),
		cmocka_unit_test(seen_rows),
		cmocka_unit_test(undone_looks_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
