#include "worker/notify/delivery.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 65536
#define RETRY_AFTER_MAX_S 3600
#define DROP_LOG_US (60 * US_PER_S)
#define NEVER INT64_MAX

enum lane_state { LANE_IDLE, LANE_WAITING, LANE_SENT, LANE_TOLD };

struct lane {
	struct delivery *owner;
	struct lane_key key;
	enum lane_state state;
	int64_t due_us;			/* monotonic: not before */
	int64_t failures;		/* in a row */
	int64_t alone_upto;		/* rows up to this id go one by one */
	struct send_limit each, slow;
	struct http_call *call;
	size_t rows;			/* of the message under way */
	struct note_result result;
	int64_t dropped;		/* since they were last logged */
	int64_t drop_logged_us;		/* monotonic */
};

struct account {
	enum channel channel;
	int64_t id;
	struct send_limit limit;
};

struct delivery {
	struct delivery_args args;
	struct http_client *client;
	size_t lanes_n, accounts_n;
	struct lane **lanes;		/* never removed: as many as there are places */
	struct account *accounts;
};

struct delivery *delivery_new(const struct delivery_args *a)
{
	struct delivery *d = xcalloc(1, sizeof(*d));

	d->args = *a;
	return d;
}

void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->lanes_n; i++) {
		http_cancel(d->lanes[i]->call);
		free(d->lanes[i]);
	}
	free(d->lanes);
	free(d->accounts);
	free(d);
}

/* ---- lanes ---- */

static const struct sender *sender_of(const struct lane *l)
{
	return &l->owner->args.senders[l->key.channel];
}

static struct account *account_of(struct delivery *d, const struct lane_key *key)
{
	struct account *a;

	for (size_t i = 0; i < d->accounts_n; i++)
		if (d->accounts[i].channel == key->channel && d->accounts[i].id == key->account)
			return &d->accounts[i];
	d->accounts = xrealloc(d->accounts, (d->accounts_n + 1) * sizeof(d->accounts[0]));
	a = &d->accounts[d->accounts_n++];
	*a = (struct account){ .channel = key->channel, .id = key->account };
	return a;
}

static struct lane *lane_of(struct delivery *d, const struct lane_key *key)
{
	const struct sender *s = &d->args.senders[key->channel];
	struct account *account = account_of(d, key);
	struct lane *l;

	for (size_t i = 0; i < d->lanes_n; i++)
		if (lane_same(&d->lanes[i]->key, key))
			return d->lanes[i];
	l = xcalloc(1, sizeof(*l));
	l->owner = d;
	l->key = *key;
	if (s->paces)
		s->paces(s->ctx, key, &l->each, &l->slow, &account->limit);
	d->lanes = xrealloc(d->lanes, (d->lanes_n + 1) * sizeof(d->lanes[0]));
	d->lanes[d->lanes_n++] = l;
	return l;
}

static void lane_wants(struct lane *l)
{
	if (l->state == LANE_IDLE)
		l->state = LANE_WAITING; /* else it looks again anyway */
}

/* "telegram chat -100123": what the log calls a lane. */
static const char *lane_name(const struct lane *l, char out[LANE_TARGET_MAX + 64])
{
	if (l->key.channel == CHANNEL_WEBHOOK)
		snprintf(out, LANE_TARGET_MAX + 64, "webhook");
	else if (l->key.account)
		snprintf(out, LANE_TARGET_MAX + 64, "telegram chat %s (token of bot %lld)",
			 l->key.target, (long long)l->key.account);
	else
		snprintf(out, LANE_TARGET_MAX + 64, "telegram chat %s", l->key.target);
	return out;
}

/* ---- answers ---- */

int64_t delivery_backoff(int64_t failures)
{
	int64_t us = US_PER_S;

	while (--failures > 0 && us < DELIVERY_BACKOFF_MAX_US)
		us *= 2;
	return us < DELIVERY_BACKOFF_MAX_US ? us : DELIVERY_BACKOFF_MAX_US;
}

int64_t delivery_retry_after(const struct http_answer *a)
{
	char text[32], *end;
	long long s;

	if (!http_answer_header(a, "Retry-After", text, sizeof(text)))
		return 0;
	s = strtoll(text, &end, 10);	/* the form with a date is not used by what we know */
	if (end == text || *end || s <= 0)
		return 0;
	return (s < RETRY_AFTER_MAX_S ? s : RETRY_AFTER_MAX_S) * US_PER_S;
}

static void delivered(struct lane *l)
{
	char name[LANE_TARGET_MAX + 64];

	if (l->failures)
		log_info("notify", NULL, "%s: delivered again after %lld tries",
			 lane_name(l, name), (long long)l->failures);
	l->failures = 0;
	l->result.end = NOTE_DELIVERED;
}

static void try_later(struct lane *l, const struct verdict *v)
{
	int64_t wait_us = v->wait_us ? v->wait_us : delivery_backoff(l->failures + 1);
	char name[LANE_TARGET_MAX + 64];

	if (l->failures++ == 0)
		log_warn("notify", NULL, "%s: not delivered, trying again: %s", lane_name(l, name),
			 v->error);
	l->due_us = clock_mono_us() + wait_us;
	l->result.end = NOTE_TRIED;
	l->result.told = 0;
}

/* A single refused message fails; joined ones are tried alone, because the bad one is unknown. */
static void refused(struct lane *l, const struct verdict *v)
{
	char name[LANE_TARGET_MAX + 64];

	l->result.told = 0;
	if (l->rows > 1) {
		l->alone_upto = l->result.last;
		l->result.end = NOTE_TRIED;
		return;
	}
	log_warn("notify", NULL, "%s: message %lld is given up: %s", lane_name(l, name),
		 (long long)l->result.first, v->error);
	l->result.end = NOTE_FAILED;
}

static void settle(struct lane *l, const struct verdict *v)
{
	l->state = LANE_TOLD;
	l->result.at_us = clock_now_us();
	snprintf(l->result.error, sizeof(l->result.error), "%s", v->error);
	switch (v->outcome) {
	case OUTCOME_DELIVERED: delivered(l); break;
	case OUTCOME_RETRY: try_later(l, v); break;
	case OUTCOME_REFUSED: refused(l, v); break;
	}
}

static void answered(void *ctx, const struct http_answer *a)
{
	struct lane *l = ctx;
	struct verdict v = { .outcome = OUTCOME_RETRY };

	l->call = NULL;
	sender_of(l)->judge(sender_of(l)->ctx, &l->key, a, &v);
	settle(l, &v);
	l->owner->args.wake(l->owner->args.wake_ctx);
}

/* ---- sending ---- */

struct batch {
	struct lane *lane;
	size_t n;
	struct note notes[DELIVERY_BATCH_MAX];
};

static bool collect(void *ctx, const struct note *n)
{
	struct batch *b = ctx;
	struct note *copy = &b->notes[b->n];

	if (b->n > 0 && n->id <= b->lane->alone_upto)
		return false;
	*copy = *n;
	copy->kind = xstrdup(n->kind);
	copy->text = xstrdup(n->text);
	copy->markup = xstrdup(n->markup);
	b->n++;
	return n->id > b->lane->alone_upto && b->n < DELIVERY_BATCH_MAX;
}

static void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free((char *)b->notes[i].kind);
		free((char *)b->notes[i].text);
		free((char *)b->notes[i].markup);
	}
}

static void post_free(struct post *p)
{
	buf_free(&p->url);
	buf_free(&p->body);
	for (size_t i = 0; i < p->headers_n; i++)
		buf_free(&p->headers[i]);
}

static void send_post(struct lane *l, const struct post *p)
{
	const char *headers[DELIVERY_HEADERS_MAX + 1] = { NULL };
	struct http_request r = {
		.method = "POST", .url = buf_text(&p->url), .headers = headers,
		.body = buf_text(&p->body), .body_len = p->body.len,
		.timeout_ms = sender_of(l)->timeout_ms, .max_bytes = ANSWER_MAX,
		.done = answered, .ctx = l,
	};

	for (size_t i = 0; i < p->headers_n; i++)
		headers[i] = buf_text(&p->headers[i]);
	l->call = http_send(l->owner->client, &r);
	l->state = LANE_SENT;
}

static void send_batch(struct lane *l, const struct batch *b, int64_t untold, int64_t mono_us)
{
	const struct sender *s = sender_of(l);
	struct post post = { .rows = 0 };
	struct err e = { 0 };
	int rc = s->prepare ? s->prepare(s->ctx, b->notes, b->n, untold, &post, &e)
			    : err_set(&e, ERR_NOT_FOUND, "the %s is switched off",
				      channel_name(l->key.channel));

	l->rows = rc == 0 ? post.rows : rc == ERR_INVALID ? 1 : b->n;
	l->result = (struct note_result){ .lane = l->key, .first = b->notes[0].id,
					  .last = b->notes[l->rows - 1].id, .told = untold };
	if (rc) {
		struct verdict v = { .outcome = OUTCOME_REFUSED };

		/* Without an address or token, nothing that waits in this lane can be sent. */
		snprintf(v.error, sizeof(v.error), "%.255s", e.msg);
		l->rows = 1;
		settle(l, &v);
	} else {
		send_limit_add(&l->each, mono_us);
		send_limit_add(&l->slow, mono_us);
		send_limit_add(&account_of(l->owner, &l->key)->limit, mono_us);
		send_post(l, &post);
	}
	post_free(&post);
}

static int64_t free_at(const struct lane *l, int64_t mono_us)
{
	const struct send_limit *paces[] = { &l->each, &l->slow,
				       &account_of(l->owner, &l->key)->limit };
	int64_t at_us = l->due_us > mono_us ? l->due_us : mono_us;

	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++)
		at_us = send_limit_next(paces[i], at_us);
	return at_us;
}

static int serve(struct lane *l, struct db *db, int64_t mono_us, struct err *e)
{
	struct batch b = { .lane = l };
	int64_t untold = 0;
	int rc = store_notes_next(db, &l->key, DELIVERY_BATCH_MAX, collect, &b, e);

	if (rc == 0 && b.n == 0)
		l->state = LANE_IDLE;
	if (rc == 0 && b.n > 0)
		rc = store_lane_untold(db, &l->key, &untold, e);
	if (rc == 0 && b.n > 0)
		send_batch(l, &b, untold, mono_us);
	batch_free(&b);
	return rc;
}

int delivery_turn(struct delivery *d, struct db *db, int64_t mono_us, int64_t *next_us,
		  struct err *e)
{
	int rc = 0;

	*next_us = NEVER;
	if (!d->client)
		return 0;
	for (size_t i = 0; rc == 0 && i < d->lanes_n; i++) {
		struct lane *l = d->lanes[i];
		int64_t at_us;

		if (l->state != LANE_WAITING)
			continue;
		at_us = free_at(l, mono_us);
		if (at_us <= mono_us)
			rc = serve(l, db, mono_us, e);
		else if (at_us < *next_us)
			*next_us = at_us;
	}
	return rc;
}

/* ---- the table ---- */

static void found(void *ctx, const struct lane_key *key)
{
	lane_wants(lane_of(ctx, key));
}

void delivery_open(struct delivery *d, struct http_client *client)
{
	d->client = client;
}

int delivery_look(struct delivery *d, struct db *db, struct err *e)
{
	return store_lanes_queued(db, found, d, e);
}

static void log_dropped(struct lane *l)
{
	char name[LANE_TARGET_MAX + 64];
	int64_t mono_us = clock_mono_us();

	if (l->dropped == 0 || (l->drop_logged_us && mono_us - l->drop_logged_us < DROP_LOG_US))
		return;
	log_warn("notify", NULL, "%s: %lld old messages were dropped, more than %lld wait",
		 lane_name(l, name), (long long)l->dropped, (long long)l->owner->args.queue_max);
	l->dropped = 0;
	l->drop_logged_us = mono_us;
}

int delivery_add_tx(struct delivery *d, struct db *db, const struct note *n, struct err *e)
{
	struct lane *l = lane_of(d, &n->lane);
	int64_t under_way = l->state == LANE_SENT || l->state == LANE_TOLD ? l->result.last : 0;
	int64_t dropped = 0;
	int rc = store_note_add_tx(db, n, e);

	if (rc == 0)
		rc = store_notes_trim_tx(db, &l->key, d->args.queue_max, under_way, n->created_us,
					 &dropped, e);
	if (rc)
		return rc;
	l->dropped += dropped;
	log_dropped(l);
	lane_wants(l);
	return 0;
}

bool delivery_pending(const struct delivery *d)
{
	for (size_t i = 0; i < d->lanes_n; i++)
		if (d->lanes[i]->state == LANE_TOLD)
			return true;
	return false;
}

int delivery_write_tx(struct delivery *d, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->lanes_n; i++)
		if (d->lanes[i]->state == LANE_TOLD)
			rc = store_note_result_tx(db, &d->lanes[i]->result, e);
	return rc;
}

void delivery_clear(struct delivery *d)
{
	for (size_t i = 0; i < d->lanes_n; i++)
		if (d->lanes[i]->state == LANE_TOLD)
			d->lanes[i]->state = LANE_WAITING;
}

bool delivery_idle(const struct delivery *d)
{
	for (size_t i = 0; i < d->lanes_n; i++) {
		const struct lane *l = d->lanes[i];

		if (l->state == LANE_SENT || l->state == LANE_TOLD ||
		    (l->state == LANE_WAITING && l->failures == 0))
			return false;
	}
	return true;
}
