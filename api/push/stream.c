#include "api/push/stream.h"

#include "api/app_db.h"
#include "api/http/auth.h"
#include "api/http/conn.h"
#include "api/push/output.h"
#include "api/push/sse.h"
#include "api/push/ws.h"
#include "api/store/bots.h"
#include "common/clock.h"
#include "common/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SHARED_FROM 1024	/* bytes; less is cheaper to copy than to share */
#define SHARED_COST 256		/* bytes of libevent's for one that is shared */
#define SSE_MOST 64		/* bytes around an event's text */

enum stream_state { STREAM_OPEN, STREAM_CLOSING, STREAM_ENDING, STREAM_GONE };

struct stream {
	struct stream_set *set;
	struct stream *prev, *next;
	struct evhttp_connection *evcon;
	struct bufferevent *bev;	/* of evcon */
	struct ws *ws;			/* NULL: server-sent events */
	struct push_client *client;	/* NULL once it ends */
	enum stream_state state;
	bool more_snapshots;		/* the one being sent is not the last */
	bool shut;			/* our direction is closed */
	int64_t token_id;
	int64_t pinged_us, heard_us, ending_us;	/* monotonic */
	char correlation_id[CORRELATION_ID_MAX];
};

static struct evbuffer *output(const struct stream *s)
{
	return bufferevent_get_output(s->bev);
}

static void gone(struct stream *s, const char *why)
{
	if (s->state == STREAM_GONE)
		return;
	log_debug("push", s->correlation_id, "stream ends: %s", why);
	s->state = STREAM_GONE;
	push_client_free(s->client);
	s->client = NULL;
	bufferevent_disable(s->bev, EV_READ | EV_WRITE);
	event_active(s->set->reap, EV_TIMEOUT, 0);
}

/* Sends what is written, then closes our direction and waits for the peer to close its own. */
static void shut_when_sent(struct stream *s)
{
	if (s->state != STREAM_ENDING || s->shut || evbuffer_get_length(output(s)))
		return;
	s->shut = true;
	shutdown(bufferevent_getfd(s->bev), SHUT_WR);
}

static void end(struct stream *s)
{
	if (s->state >= STREAM_ENDING)
		return;
	s->state = STREAM_ENDING;
	s->ending_us = clock_mono_us();
	push_client_free(s->client);
	s->client = NULL;
	shut_when_sent(s);
}

void stream_close(struct stream *s, int ws_code, const char *reason)
{
	if (s->state != STREAM_OPEN)
		return;
	if (!s->ws) {
		end(s);
		return;
	}
	ws_close(s->ws, (enum ws_code)ws_code, reason);
	s->state = STREAM_CLOSING;
	s->ending_us = clock_mono_us();
	push_client_free(s->client);
	s->client = NULL;
	if (ws_over(s->ws))
		end(s);
}

static void unref_cb(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	push_message_unref(arg);
}

/* Returns the bytes of memory that it takes beside the message. */
static size_t add_part(struct evbuffer *out, struct push_message *m, const char *data, size_t len)
{
	if (len < SHARED_FROM) {
		output_add(out, data, len);
		return len;
	}
	ASSERT(evbuffer_add_reference(out, data, len, unref_cb, push_message_ref(m)) == 0);
	return SHARED_COST;
}

static size_t send_cb(void *ctx, struct push_message *m)
{
	struct stream *s = ctx;
	const char *text;
	size_t len, own;

	if (s->state != STREAM_OPEN)
		return 0;
	if (s->ws)
		return add_part(output(s), m, m->frame.data, m->frame.len);
	text = push_message_text(m, &len);
	/* Only the last snapshot has an id, so a client that missed one gets all again. */
	sse_begin(output(s), s->more_snapshots ? 0 : m->seq);
	own = add_part(output(s), m, text, len);
	sse_end(output(s));
	return own + SSE_MOST;
}

static size_t pending_cb(void *ctx)
{
	return evbuffer_get_length(output(ctx));
}

static void drop_cb(void *ctx)
{
	struct stream *s = ctx;

	log_info("push", s->correlation_id, "a slow reader is dropped: %zu bytes wait for it",
		 pending_cb(s));
	s->state = STREAM_GONE;		/* its client is freed with it: the hub is using it */
	bufferevent_disable(s->bev, EV_READ | EV_WRITE);
	event_active(s->set->reap, EV_TIMEOUT, 0);
}

static const struct push_link link_of_stream = {
	.send = send_cb, .pending = pending_cb, .drop = drop_cb,
};

static int send_snapshots(struct stream *s, unsigned topics, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < PUSH_TOPICS && !rc; i++) {
		enum push_topic t = (enum push_topic)i;
		struct push_message *m = NULL;

		if (!(topics & PUSH_BIT(t)))
			continue;
		s->more_snapshots = (topics & PUSH_ALL) >> (i + 1) != 0;
		rc = look_snapshot(s->set->look, t, push_filter(s->client, t), &m, e);
		if (!rc)
			push_send_snapshot(s->client, m);
		push_message_unref(m);
	}
	s->more_snapshots = false;
	return rc;
}

static void say(struct stream *s, const char *type, bool topics, const bool *resumed)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };

	if (!s->ws)
		return;
	json_object(&j, NULL);
	json_string(&j, "type", type);
	if (topics)
		push_op_topics_json(&j, "topics", push_topics(s->client));
	if (resumed) {
		json_bool(&j, "resumed", *resumed);
		json_int(&j, "seq", push_seq(look_push(s->set->look)));
	}
	json_time(&j, "timestamp", clock_now_us());
	json_object_end(&j);
	ws_text(s->ws, text.data, text.len);
	buf_free(&text);
}

static void say_error(struct stream *s, const struct err *e)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };

	json_object(&j, NULL);
	json_string(&j, "type", "error");
	json_object(&j, "error");
	json_string(&j, "code", err_name(e->code));
	json_string(&j, "message", e->msg);
	json_object_end(&j);
	json_time(&j, "timestamp", clock_now_us());
	json_object_end(&j);
	ws_text(s->ws, text.data, text.len);
	buf_free(&text);
}

/* After look_ready. A failure leaves the topics as they were. */
static int subscribe(struct stream *s, const struct push_op *op, struct err *e)
{
	bool resumed = false;
	int rc = 0;

	if (!push_ready(s->client))
		return 0;
	push_listen(s->client, op->topics, op->bot_id);
	if (op->last_seq >= 0)
		resumed = push_resume(s->client, op->topics, op->last_seq);
	if (!resumed)
		rc = send_snapshots(s, op->topics, e);
	if (rc)
		push_unlisten(s->client, op->topics);
	else
		say(s, "subscribed", true, &resumed);
	return rc;
}

static int obey(struct stream *s, const struct push_op *op, struct err *e)
{
	int rc = 0;

	switch (op->kind) {
	case PUSH_SUBSCRIBE:
		rc = look_ready(s->set->look, op->topics, e);
		if (s->state != STREAM_OPEN)
			return 0;
		if (!rc && op->bot_id)
			rc = store_bots_exists(s->set->app->database->db, op->bot_id, e);
		return rc ? rc : subscribe(s, op, e);
	case PUSH_UNSUBSCRIBE:
		push_unlisten(s->client, op->topics);
		say(s, "unsubscribed", true, NULL);
		return 0;
	case PUSH_PING:
		say(s, "pong", false, NULL);
		return 0;
	}
	return 0;
}

static void on_text_cb(void *ctx, const char *msg, size_t len)
{
	struct stream *s = ctx;
	struct push_op op;
	struct err e = { 0 };
	int rc;

	if (s->state != STREAM_OPEN)
		return;
	rc = push_op_read(msg, len, &op, &e);
	if (!rc)
		rc = obey(s, &op, &e);
	if (rc)
		say_error(s, &e);
}

/* Ends a client that only sends and never reads, because our output must stay bounded. */
static bool reads_its_answers(struct stream *s)
{
	return s->state != STREAM_OPEN || push_ready(s->client);
}

static void on_read_cb(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	s->heard_us = clock_mono_us();
	if (!s->ws || s->state >= STREAM_ENDING) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	ws_read(s->ws);
	if (s->state == STREAM_GONE || !reads_its_answers(s))
		return;
	if (ws_over(s->ws))
		end(s);
	else if (ws_waits(s->ws))
		bufferevent_disable(bev, EV_READ);
}

/* Little of its output is left: what it asked for meanwhile may be answered. */
static void on_sent_cb(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	if (evbuffer_get_length(output(s)) == 0 && s->client)
		push_drained(s->client);
	shut_when_sent(s);
	if (s->ws && s->state < STREAM_GONE && !(bufferevent_get_enabled(bev) & EV_READ)) {
		bufferevent_enable(bev, EV_READ);
		on_read_cb(bev, s);
	}
}

static void on_event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	gone(arg, what & BEV_EVENT_TIMEOUT ? "its output is not taken" : "closed by the peer");
}

/* evhttp frees the connection, because of stream_free or at the end of the server. */
static void on_closed_cb(void *ctx)
{
	struct stream *s = ctx;

	push_client_free(s->client);
	ws_free(s->ws);
	if (s->prev)
		s->prev->next = s->next;
	else
		s->set->first = s->next;
	if (s->next)
		s->next->prev = s->prev;
	s->set->n--;
	free(s);
}

void stream_free(struct stream *s)
{
	evhttp_connection_free(s->evcon);
}

void stream_reap(struct stream_set *set)
{
	struct stream *next;

	for (struct stream *s = set->first; s; s = next) {
		next = s->next;
		if (s->state == STREAM_GONE)
			stream_free(s);
	}
}

struct stream *stream_next(const struct stream *s)
{
	return s->next;
}

void stream_tick(struct stream *s, int64_t now_mono_us)
{
	if (s->state == STREAM_GONE)
		return;
	if (s->state != STREAM_OPEN) {
		if (now_mono_us - s->ending_us > STREAM_END_US)
			gone(s, "the peer does not end it");
		return;
	}
	if (!auth_alive(s->set->app->auth, s->token_id, clock_now_us())) {
		stream_close(s, WS_POLICY, "the token is not valid any more");
		return;
	}
	if (s->ws && now_mono_us - s->heard_us > STREAM_SILENT_US) {
		gone(s, "no sign of life");
		return;
	}
	if (s->ws)
		ws_tick(s->ws);
	if (now_mono_us - s->pinged_us < STREAM_PING_US)
		return;
	s->pinged_us = now_mono_us;
	if (s->ws)
		ws_ping(s->ws);
	else
		sse_ping(output(s));
}

void stream_renew(struct stream *s)
{
	struct err e = { 0 };

	if (s->state != STREAM_OPEN || !push_topics(s->client) || !push_ready(s->client))
		return;
	if (send_snapshots(s, push_topics(s->client), &e))
		stream_close(s, WS_INTERNAL, "the database can't be read");
}

static void upgrade_head(struct stream *s, struct request *r)
{
	bool ours = ws_list_has(request_header(r, "Sec-WebSocket-Protocol"), WS_PROTOCOL);
	char accept[WS_ACCEPT_MAX];

	ws_accept_key(request_header(r, "Sec-WebSocket-Key"), accept);
	evbuffer_add_printf(output(s),
			    "HTTP/1.1 101 Switching Protocols\r\n"
			    "Upgrade: websocket\r\n"
			    "Connection: Upgrade\r\n"
			    "Sec-WebSocket-Accept: %s\r\n%s"
			    "X-Correlation-Id: %s\r\n\r\n", accept,
			    ours ? "Sec-WebSocket-Protocol: " WS_PROTOCOL "\r\n" : "",
			    s->correlation_id);
}

/* Messages are small and must leave at once; the kernel's buffer is bounded as well. */
static void set_socket(struct stream *s)
{
	static const int on = 1, bytes = STREAM_SEND_BYTES;
	int fd = bufferevent_getfd(s->bev);

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)))
		log_debug("push", s->correlation_id, "socket options are not set");
}

static struct stream *take_over(struct stream_set *set, struct request *r, struct conn *c)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	const struct timeval patience = { r->app->cfg->api_timeout_s, 0 };

	s->set = set;
	s->evcon = evhttp_request_get_connection(r->ev);
	s->bev = evhttp_connection_get_bufferevent(s->evcon);
	s->token_id = r->who.token_id;
	s->pinged_us = s->heard_us = clock_mono_us();
	memcpy(s->correlation_id, r->correlation_id, sizeof(s->correlation_id));
	s->client = push_client_new(look_push(s->set->look), &link_of_stream, s);
	s->next = set->first;
	if (s->next)
		s->next->prev = s;
	set->first = s;
	set->n++;
	conn_take(c, on_closed_cb, s);
	r->taken = true;
	set_socket(s);
	bufferevent_setcb(s->bev, on_read_cb, on_sent_cb, on_event_cb, s);
	bufferevent_setwatermark(s->bev, EV_WRITE, WS_UNREAD_MOST / 2, 0);
	bufferevent_set_timeouts(s->bev, NULL, &patience);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	return s;
}

void stream_open(struct stream_set *in, struct request *r, struct conn *c, enum stream_kind kind,
		 const struct push_op *desired)
{
	struct stream *s = take_over(in, r, c);
	struct err e = { 0 };

	if (kind == STREAM_WS) {
		s->ws = ws_new(bufferevent_get_input(s->bev), output(s), on_text_cb, s);
		upgrade_head(s, r);
	} else {
		sse_head(output(s), s->correlation_id);
	}
	log_debug("push", s->correlation_id, "stream of %s from %s", r->who.name, r->address);
	if (desired->topics && subscribe(s, desired, &e)) {
		log_warn("push", s->correlation_id, "no snapshot: %s", e.msg);
		stream_close(s, WS_INTERNAL, "the database can't be read");
	}
	/* Frames may have come with the request. */
	if (evbuffer_get_length(bufferevent_get_input(s->bev)))
		bufferevent_trigger(s->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}
