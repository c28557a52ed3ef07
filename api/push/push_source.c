#include "api/push/push_source.h"

#include "api/push/push_rows.h"
#include "common/clock.h"
#include "common/log.h"

#include <stdlib.h>

#define SNAPSHOT_KEPT_US INT64_C(1000000)	/* it holds ages and uptimes */

/* The rows of a snapshot as JSON, so that those of one bot can be picked. */
struct snapshot {
	bool valid;
	int64_t made_us;		/* monotonic */
	struct buf text;		/* the rows, one after the other */
	struct snapshot_row { int64_t bot_id; size_t at, len; } *rows;
	size_t n, cap;
	struct push_message *message;	/* of all bots; NULL until asked for */
};

struct topic {
	struct push_seen seen;
	int64_t after[2];	/* largest numbers seen */
	int64_t told_to;	/* the id that the last look ended with; the next goes on there */
	struct snapshot snapshot;
};

struct push_source {
	struct push *push;
	unsigned followed;
	struct topic topics[PUSH_TOPICS];
	struct push_rows rows, changed, gone;	/* of the look at hand */
	struct buf json;
};

static const char *const keys[PUSH_TOPICS] = {
	[PUSH_STATUS] = "bots",		[PUSH_PRICE] = "prices",
	[PUSH_ORDER] = "orders",	[PUSH_POSITION] = "positions",
	[PUSH_SIGNAL] = "signals",	[PUSH_STATS] = "stats",
	[PUSH_JOB] = "jobs",		[PUSH_LOG] = "logs",
};

/* Signals and log lines are only ever added; other rows also change. */
static bool only_grows(enum push_topic t)
{
	return t == PUSH_SIGNAL || t == PUSH_LOG;
}

static bool has_numbers(enum push_topic t)
{
	return only_grows(t) || t == PUSH_ORDER || t == PUSH_JOB;
}

struct push_source *push_source_new(struct push *p)
{
	struct push_source *s = xcalloc(1, sizeof(*s));

	s->push = p;
	return s;
}

static void snapshot_drop(struct snapshot *s)
{
	push_message_unref(s->message);
	s->message = NULL;
	s->valid = false;
}

void push_source_free(struct push_source *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		push_seen_free(&s->topics[i].seen);
		snapshot_drop(&s->topics[i].snapshot);
		buf_free(&s->topics[i].snapshot.text);
		free(s->topics[i].snapshot.rows);
	}
	push_rows_free(&s->rows);
	push_rows_free(&s->changed);
	push_rows_free(&s->gone);
	buf_free(&s->json);
	free(s);
}

unsigned push_source_topics(const struct push_source *s)
{
	return s->followed;
}

static void remember_numbers(struct topic *x, enum push_topic t, const struct push_row *rows,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t id = rows[i].id;
		int64_t *after = &x->after[t == PUSH_ORDER ? id % 2 : 0];

		if (t == PUSH_ORDER)
			id /= 2;
		if (id > *after)
			*after = id;
	}
}

/* Reads the topic's rows; fills changed and gone. */
static int compare(struct push_source *s, struct db *db, enum push_topic t, struct err *e)
{
	struct topic *x = &s->topics[t];
	struct store_push_look look = {
		.now_us = clock_now_us(),
		.after = { x->after[0], x->after[1] },
		.limit = PUSH_ROWS_MAX,
	};
	int rc;

	push_rows_clear(&s->rows);
	push_rows_clear(&s->changed);
	push_rows_clear(&s->gone);
	rc = store_push_rows(db, t, &look, &s->rows, e);
	if (rc)
		return rc;
	push_seen_begin(&x->seen);
	for (size_t i = 0; i < s->rows.n; i++)
		push_seen_row(&x->seen, &s->rows.list[i], &s->changed, &s->gone);
	push_seen_end(&x->seen, &s->gone);
	return 0;
}

int push_source_follow(struct push_source *s, struct db *db, unsigned topics, struct err *e)
{
	int rc = 0;

	topics &= ~s->followed & PUSH_ALL;
	for (unsigned i = 0; i < PUSH_TOPICS && !rc; i++) {
		enum push_topic t = (enum push_topic)i;

		if (!(topics & PUSH_BIT(t)))
			continue;
		if (has_numbers(t))
			rc = store_push_last(db, t, s->topics[t].after, e);
		if (!rc)
			rc = compare(s, db, t, e);
		if (rc)
			break;
		s->followed |= PUSH_BIT(t);
		push_break(s->push, t);
		snapshot_drop(&s->topics[t].snapshot);
	}
	return rc;
}

void push_source_forget(struct push_source *s, unsigned topics)
{
	topics &= s->followed;
	s->followed &= ~topics;
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (!(topics & PUSH_BIT(i)))
			continue;
		push_seen_free(&s->topics[i].seen);
		s->topics[i].seen = (struct push_seen){ 0 };
		s->topics[i].told_to = 0;
		snapshot_drop(&s->topics[i].snapshot);
		push_break(s->push, (enum push_topic)i);
	}
}

/* One row as a JSON object in s->json. */
static int row_json(struct push_source *s, struct db *db, enum push_topic t, int64_t id,
		    struct err *e)
{
	struct json j = { .out = &s->json };
	int rc;

	buf_clear(&s->json);
	json_object(&j, NULL);
	rc = store_push_json(db, t, id, clock_now_us(), &j, e);
	json_object_end(&j);
	return rc;
}

/* A row that is gone (the next look sees that) or can't be shown must not stop the others. */
static bool can_be_left_out(enum push_topic t, const struct push_row *row, int rc,
			    const struct err *e)
{
	if (rc == ERR_RANGE || rc == ERR_INVALID)
		log_warn("push", NULL, "%s %lld is left out: %s", push_topic_name(t),
			 (long long)row->id, e->msg);
	return rc == ERR_RANGE || rc == ERR_INVALID || rc == ERR_NOT_FOUND;
}

static int publish_row(struct push_source *s, struct db *db, enum push_topic t,
		       const struct push_row *row, struct err *e)
{
	int rc = row_json(s, db, t, row->id, e);

	if (can_be_left_out(t, row, rc, e))
		return 0;
	if (!rc)
		push_publish(s->push, t, row->bot_id, buf_text(&s->json));
	return rc;
}

/* {"<key>": id, "bot_id": bot, "<what>": true} */
static void publish_end(struct push_source *s, enum push_topic t, const char *key,
			const struct push_row *row, const char *what)
{
	struct json j = { .out = &s->json };

	buf_clear(&s->json);
	json_object(&j, NULL);
	if (key)
		json_int(&j, key, row->id);
	json_int(&j, "bot_id", row->bot_id);
	json_bool(&j, what, true);
	json_object_end(&j);
	push_publish(s->push, t, row->bot_id, buf_text(&s->json));
}

static int publish_gone(struct push_source *s, struct db *db, enum push_topic t,
			const struct push_row *row, struct err *e)
{
	switch (t) {
	case PUSH_STATUS:
		publish_end(s, t, NULL, row, "deleted");
		return 0;
	case PUSH_POSITION:
		publish_end(s, t, "order", row, "closed");
		return 0;
	case PUSH_ORDER: /* closed, ended: as it is now */
	case PUSH_JOB:
		return publish_row(s, db, t, row, e);
	case PUSH_PRICE:
	case PUSH_SIGNAL:
	case PUSH_STATS:
	case PUSH_LOG:
	case PUSH_TOPICS:
		break;
	}
	return 0;
}

/*
 * Publishes at most PUSH_ROWS_MAX changed rows, starting at the id where the last look ended,
 * because rows that change all the time must not keep the others from being published.
 */
static int publish_changed(struct push_source *s, struct db *db, enum push_topic t, size_t *told,
			   struct err *e)
{
	struct topic *x = &s->topics[t];
	const struct push_rows *c = &s->changed;
	size_t first = 0;
	int rc = 0;

	while (first < c->n && c->list[first].id <= x->told_to)
		first++;
	*told = 0;
	while (*told < c->n && *told < PUSH_ROWS_MAX && !rc) {
		const struct push_row *row = &c->list[(first + *told) % c->n];

		rc = publish_row(s, db, t, row, e);
		if (rc)
			break;
		x->told_to = row->id;
		++*told;
	}
	for (size_t i = *told; i < c->n && !only_grows(t); i++)
		push_seen_untold(&x->seen, c->list[(first + i) % c->n].id);
	return rc;
}

/* Publishes the rows that compare found; the next look finds the unpublished ones again. */
static int look_topic(struct push_source *s, struct db *db, enum push_topic t, bool *more,
		      struct err *e)
{
	struct topic *x = &s->topics[t];
	int rc = compare(s, db, t, e);
	size_t told = 0;

	if (rc)
		return rc;
	if (s->changed.n || s->gone.n)
		snapshot_drop(&x->snapshot);
	for (size_t i = 0; i < s->gone.n && !rc; i++)
		rc = publish_gone(s, db, t, &s->gone.list[i], e);
	if (!rc)
		rc = publish_changed(s, db, t, &told, e);
	if (told == PUSH_ROWS_MAX)
		*more = true;
	if (only_grows(t))
		remember_numbers(x, t, s->changed.list, told);
	else if (rc)
		push_seen_undo(&x->seen);
	else if (has_numbers(t))
		remember_numbers(x, t, s->rows.list, s->rows.n);
	return rc;
}

int push_source_look(struct push_source *s, struct db *db, unsigned topics, bool *more,
		     unsigned *left, struct err *e)
{
	int64_t until_us = clock_mono_us() + PUSH_LOOK_US;
	int rc = 0;

	*more = false;
	*left = topics & s->followed;
	/* One transaction, so that all topics show the same moment and locks are taken once. */
	rc = db_exec(db, "BEGIN", e);
	if (rc) {
		*left = 0;
		return rc;
	}
	for (unsigned i = 0; i < PUSH_TOPICS && *left; i++) {
		int bad = 0;

		if (*left & PUSH_BIT(i))
			bad = look_topic(s, db, (enum push_topic)i, more, e);
		*left &= ~PUSH_BIT(i);
		if (bad && !rc)
			rc = bad;
		if (clock_mono_us() >= until_us)
			break;
	}
	db_rollback(db);
	return rc;
}

static void snapshot_add(struct snapshot *x, int64_t bot_id, const struct buf *json)
{
	if (x->n == x->cap) {
		x->cap = x->cap ? x->cap * 2 : 32;
		x->rows = xrealloc(x->rows, x->cap * sizeof(*x->rows));
	}
	x->rows[x->n++] = (struct snapshot_row){
		.bot_id = bot_id, .at = x->text.len, .len = json->len,
	};
	buf_add(&x->text, json->data, json->len);
}

/* The rows that a snapshot shows, into s->rows. */
static int snapshot_ids(struct push_source *s, struct db *db, enum push_topic t, int64_t bot_id,
			struct err *e)
{
	struct store_push_look look = {
		.now_us = clock_now_us(), .after = { INT64_MAX, INT64_MAX },
	};

	push_rows_clear(&s->rows);
	if (t == PUSH_SIGNAL)
		return store_push_newest(db, t, bot_id, PUSH_SNAPSHOT_SIGNALS, &s->rows, e);
	if (t == PUSH_LOG)
		return store_push_newest(db, t, bot_id, PUSH_SNAPSHOT_LOGS, &s->rows, e);
	if (t == PUSH_JOB)
		return store_push_newest(db, t, bot_id, PUSH_SNAPSHOT_JOBS, &s->rows, e);
	return store_push_rows(db, t, &look, &s->rows, e);
}

/*
 * For topics whose rows are only added, a snapshot leaves out rows newer than the last look,
 * because they will come as changes.
 */
static bool already_looked_at(const struct push_source *s, enum push_topic t, int64_t id)
{
	return !only_grows(t) || id <= s->topics[t].after[0];
}

static int snapshot_fill(struct push_source *s, struct db *db, enum push_topic t, int64_t bot_id,
			 struct snapshot *x, struct err *e)
{
	int rc = db_exec(db, "BEGIN", e);

	if (rc)
		return rc;
	rc = snapshot_ids(s, db, t, bot_id, e);
	buf_clear(&x->text);
	x->n = 0;
	for (size_t i = 0; i < s->rows.n && !rc; i++) {
		if (!already_looked_at(s, t, s->rows.list[i].id))
			continue;
		rc = row_json(s, db, t, s->rows.list[i].id, e);
		if (can_be_left_out(t, &s->rows.list[i], rc, e))
			rc = 0;
		else if (!rc)
			snapshot_add(x, s->rows.list[i].bot_id, &s->json);
	}
	db_rollback(db);
	x->made_us = clock_mono_us();
	x->valid = !rc;
	return rc;
}

static struct push_message *snapshot_message(struct push_source *s, enum push_topic t,
					     int64_t bot_id, const struct snapshot *x)
{
	bool first = true;

	buf_clear(&s->json);
	buf_printf(&s->json, "{\"%s\":[", keys[t]);
	for (size_t i = 0; i < x->n; i++) {
		const struct snapshot_row *row = &x->rows[i];

		if (bot_id && row->bot_id && row->bot_id != bot_id)
			continue;
		if (!first)
			buf_putc(&s->json, ',');
		first = false;
		buf_add(&s->json, x->text.data + row->at, row->len);
	}
	buf_puts(&s->json, "]}");
	return push_snapshot(s->push, t, bot_id, buf_text(&s->json));
}

/* Made for each call, because the newest signals of one bot may not be among the newest of all. */
static int signals_of_bot(struct push_source *s, struct db *db, int64_t bot_id,
			  struct push_message **out, struct err *e)
{
	struct snapshot x = { 0 };
	int rc = snapshot_fill(s, db, PUSH_SIGNAL, bot_id, &x, e);

	if (!rc)
		*out = snapshot_message(s, PUSH_SIGNAL, bot_id, &x);
	buf_free(&x.text);
	free(x.rows);
	return rc;
}

int push_source_snapshot(struct push_source *s, struct db *db, enum push_topic t, int64_t bot_id,
			 struct push_message **out, struct err *e)
{
	struct snapshot *x = &s->topics[t].snapshot;

	if (t == PUSH_SIGNAL && bot_id)
		return signals_of_bot(s, db, bot_id, out, e);
	if (!x->valid || clock_mono_us() - x->made_us > SNAPSHOT_KEPT_US) {
		int rc;

		snapshot_drop(x);
		rc = snapshot_fill(s, db, t, 0, x, e);
		if (rc)
			return rc;
	}
	if (bot_id) {
		*out = snapshot_message(s, t, bot_id, x);
		return 0;
	}
	/* The shared message carries the seq of its making; later changes were of other topics. */
	if (x->message && x->message->seq != push_seq(s->push)) {
		push_message_unref(x->message);
		x->message = NULL;
	}
	if (!x->message)
		x->message = snapshot_message(s, t, 0, x);
	*out = push_message_ref(x->message);
	return 0;
}
