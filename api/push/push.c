#include "api/push/push.h"

#include "api/push/ws.h"
#include "common/clock.h"
#include "common/json.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[PUSH_TOPICS] = {
	[PUSH_STATUS] = "status",	[PUSH_PRICE] = "price",
	[PUSH_ORDER] = "order",		[PUSH_POSITION] = "position",
	[PUSH_SIGNAL] = "signal",	[PUSH_STATS] = "stats",
	[PUSH_JOB] = "job",		[PUSH_LOG] = "log",
};

/* Messages may live longer than the hub: in an output that libevent frees later. */
struct push_memory {
	size_t bytes;
	size_t refs;			/* the hub and its messages */
};

struct push_client {
	struct push *owner;
	const struct push_link *link;
	void *ctx;
	unsigned topics;
	int64_t bot_id[PUSH_TOPICS];
	size_t snapshot_bytes;	/* sent since its output was empty */
	size_t change_bytes;	/* sent since the last sweep */
	size_t own_bytes;	/* that its output takes beside the messages */
	bool dropped;
	struct push_client *prev, *next;
};

struct push {
	struct push_limits limits;
	struct push_memory *memory;
	size_t own_bytes;		/* of all clients */
	int64_t seq;
	int64_t since[PUSH_TOPICS];	/* changes after this one are all known */
	struct push_message **ring;	/* oldest at "first" */
	size_t first, n, bytes;
	int64_t forgotten;		/* seq of the newest that left the ring */
	struct push_client *clients;
	size_t n_clients;
	uint64_t dropped;
};

const char *push_topic_name(enum push_topic t)
{
	return names[t];
}

bool push_topic_parse(const char *name, size_t len, enum push_topic *out)
{
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (strlen(names[i]) == len && !strncmp(names[i], name, len)) {
			*out = (enum push_topic)i;
			return true;
		}
	}
	return false;
}

struct push_message *push_message_ref(struct push_message *m)
{
	m->refs++;
	return m;
}

static void memory_unref(struct push_memory *m)
{
	if (--m->refs == 0)
		free(m);
}

void push_message_unref(struct push_message *m)
{
	if (!m || --m->refs)
		return;
	m->memory->bytes -= m->frame.len;
	memory_unref(m->memory);
	buf_free(&m->frame);
	free(m);
}

const char *push_message_text(const struct push_message *m, size_t *len)
{
	*len = m->frame.len - m->text_at;
	return m->frame.data + m->text_at;
}

static struct push_message *message_new(struct push *p, enum push_topic t, int64_t bot_id,
					const char *type, const char *data)
{
	struct push_message *m = xcalloc(1, sizeof(*m));
	struct buf text = { 0 };
	struct json j = { .out = &text };

	json_object(&j, NULL);
	json_int(&j, "seq", p->seq);
	json_string(&j, "topic", names[t]);
	json_string(&j, "type", type);
	json_raw(&j, "data", data);
	json_time(&j, "timestamp", clock_now_us());
	json_object_end(&j);
	m->refs = 1;
	m->seq = p->seq;
	m->topic = t;
	m->bot_id = bot_id;
	ws_encode(&m->frame, text.data, text.len);
	buf_shrink(&m->frame);
	m->text_at = m->frame.len - text.len;
	m->memory = p->memory;
	m->memory->refs++;
	m->memory->bytes += m->frame.len;
	buf_free(&text);
	return m;
}

struct push *push_new(int64_t first_seq, const struct push_limits *l)
{
	struct push *p = xcalloc(1, sizeof(*p));

	ASSERT(l->ring_messages > 0);
	p->limits = *l;
	p->memory = xcalloc(1, sizeof(*p->memory));
	p->memory->refs = 1;
	p->seq = p->forgotten = first_seq;
	for (unsigned i = 0; i < PUSH_TOPICS; i++)
		p->since[i] = first_seq;
	p->ring = xcalloc(l->ring_messages, sizeof(struct push_message *));
	return p;
}

static void ring_forget(struct push *p)
{
	struct push_message *m = p->ring[p->first];

	p->first = (p->first + 1) % p->limits.ring_messages;
	p->n--;
	p->bytes -= m->frame.len;
	p->forgotten = m->seq;
	push_message_unref(m);
}

void push_free(struct push *p)
{
	if (!p)
		return;
	ASSERT(!p->clients);
	while (p->n)
		ring_forget(p);
	free(p->ring);
	memory_unref(p->memory);
	free(p);
}

size_t push_memory(const struct push *p)
{
	return p->memory->bytes + p->own_bytes;
}

int64_t push_seq(const struct push *p)
{
	return p->seq;
}

size_t push_clients(const struct push *p)
{
	return p->n_clients;
}

unsigned push_wanted(const struct push *p)
{
	unsigned wanted = 0;

	for (const struct push_client *c = p->clients; c; c = c->next)
		wanted |= c->topics;
	return wanted;
}

uint64_t push_dropped(const struct push *p)
{
	return p->dropped;
}

/* Takes the reference. One that is larger than the whole ring is not kept. */
static void ring_keep(struct push *p, struct push_message *take_m)
{
	while (p->n && (p->n == p->limits.ring_messages ||
			p->bytes + take_m->frame.len > p->limits.ring_bytes))
		ring_forget(p);
	if (take_m->frame.len > p->limits.ring_bytes) {
		p->forgotten = take_m->seq;
		push_message_unref(take_m);
		return;
	}
	p->ring[(p->first + p->n++) % p->limits.ring_messages] = take_m;
	p->bytes += take_m->frame.len;
}

static bool listens(const struct push_client *c, const struct push_message *m)
{
	int64_t bot = c->bot_id[m->topic];

	return (c->topics & PUSH_BIT(m->topic)) && (!bot || !m->bot_id || bot == m->bot_id);
}

static void drop(struct push_client *c)
{
	c->dropped = true;
	c->topics = 0;
	c->owner->dropped++;
	c->link->drop(c->ctx);
}

/* false: the client has too much unread output and is dropped. */
static bool keeps_up(struct push_client *c, size_t allowed)
{
	if (c->dropped)
		return false;
	if (c->link->pending(c->ctx) <= allowed)
		return true;
	drop(c);
	return false;
}

static struct push_client *slowest(const struct push *p, size_t *unread)
{
	struct push_client *most = NULL;

	*unread = 0;
	for (struct push_client *c = p->clients; c; c = c->next) {
		size_t bytes = c->dropped ? 0 : c->link->pending(c->ctx);

		if (bytes > *unread) {
			*unread = bytes;
			most = c;
		}
	}
	return most;
}

/* What a dropped client holds is free only later: it counts as free at once. */
static void make_room(struct push *p)
{
	size_t total = push_memory(p), unread;
	struct push_client *c;

	while (total > p->limits.total_bytes && (c = slowest(p, &unread)) != NULL) {
		drop(c);
		total -= unread < total ? unread : total;
	}
}

void push_sweep(struct push *p)
{
	for (struct push_client *c = p->clients; c; c = c->next) {
		if (keeps_up(c, p->limits.pending_bytes + c->snapshot_bytes))
			c->change_bytes = 0;
	}
	make_room(p);
}

static void send_to(struct push_client *c, struct push_message *m)
{
	size_t own = c->link->send(c->ctx, m);

	c->own_bytes += own;
	c->owner->own_bytes += own;
}

static void forget_own(struct push_client *c)
{
	c->owner->own_bytes -= c->own_bytes;
	c->own_bytes = 0;
}

/* Never drops the client, because it had no time yet to read the other messages of this look. */
static void offer(struct push_client *c, struct push_message *m)
{
	if (c->dropped || !listens(c, m))
		return;
	c->change_bytes += m->frame.len;
	send_to(c, m);
}

void push_publish(struct push *p, enum push_topic t, int64_t bot_id, const char *json)
{
	struct push_message *m;

	p->seq++;
	m = message_new(p, t, bot_id, "change", json);
	for (struct push_client *c = p->clients; c; c = c->next)
		offer(c, m);
	ring_keep(p, m);
}

void push_break(struct push *p, enum push_topic t)
{
	/* Takes its own seq, because a client that has seen the last change has not seen this. */
	p->since[t] = ++p->seq;
}

struct push_message *push_snapshot(struct push *p, enum push_topic t, int64_t bot_id,
				   const char *json)
{
	return message_new(p, t, bot_id, "snapshot", json);
}

struct push_client *push_client_new(struct push *p, const struct push_link *link, void *ctx)
{
	struct push_client *c = xcalloc(1, sizeof(*c));

	c->owner = p;
	c->link = link;
	c->ctx = ctx;
	c->next = p->clients;
	if (c->next)
		c->next->prev = c;
	p->clients = c;
	p->n_clients++;
	return c;
}

void push_client_free(struct push_client *c)
{
	if (!c)
		return;
	forget_own(c);
	if (c->prev)
		c->prev->next = c->next;
	else
		c->owner->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->owner->n_clients--;
	free(c);
}

void push_listen(struct push_client *c, unsigned topics, int64_t bot_id)
{
	if (c->dropped)
		return;
	c->topics |= topics & PUSH_ALL;
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (topics & PUSH_BIT(i))
			c->bot_id[i] = bot_id;
	}
}

void push_unlisten(struct push_client *c, unsigned topics)
{
	c->topics &= ~topics;
}

unsigned push_topics(const struct push_client *c)
{
	return c->topics;
}

int64_t push_filter(const struct push_client *c, enum push_topic t)
{
	return c->bot_id[t];
}

bool push_ready(struct push_client *c)
{
	struct push *p = c->owner;

	if (!keeps_up(c, p->limits.pending_bytes * PUSH_READY_LIMITS + c->change_bytes))
		return false;
	make_room(p);
	return !c->dropped;
}

void push_send_snapshot(struct push_client *c, struct push_message *m)
{
	if (c->dropped)
		return;
	c->snapshot_bytes += m->frame.len;
	send_to(c, m);
}

void push_drained(struct push_client *c)
{
	c->snapshot_bytes = 0;
	forget_own(c);
}

bool push_resume(struct push_client *c, unsigned topics, int64_t last_seq)
{
	struct push *p = c->owner;

	if (last_seq < p->forgotten || last_seq > p->seq)
		return false;
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if ((topics & PUSH_BIT(i)) && last_seq < p->since[i])
			return false;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct push_message *m = p->ring[(p->first + i) % p->limits.ring_messages];

		if (m->seq > last_seq && (topics & PUSH_BIT(m->topic)) && listens(c, m))
			push_send_snapshot(c, m);
	}
	return true;
}
