#include "api/http/conn.h"

#include "api/http/framing_input.h"
#include "api/http/http_error.h"
#include "api/http/proxy.h"
#include "api/http/streamed_body.h"
#include "api/http/tls.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TELL_EVERY_S 60
#define FILE_PIECE 65536	/* bytes of a file in the output, at least while there are more */

struct conn {
	struct conns *owner;
	struct bufferevent *bev;
	struct event *adopt;		/* runs once, right after the accept */
	struct event *page;		/* replaces evhttp's own page */
	int fd;				/* -1 until adopted */
	struct in6_addr address;	/* of the other side; IPv4 in its mapped form */
	int64_t since_us;		/* monotonic: begin of the current wait */
	bool busy;			/* a complete request is being worked on */
	bool ours;			/* the output is our answer */
	int file;			/* the rest of it; -1 none */
	int64_t file_at, file_end;
	struct framing framing;		/* of the request that is read */
	struct streamed_body streamed;
	void (*closed)(void *ctx);	/* of who took it over; NULL: it is HTTP */
	void *closed_ctx;
	struct conn *prev, *next;
};

static void on_output_cb(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg);
static void on_input_cb(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg);

struct conns {
	struct event_base *base;
	struct evhttp *http;
	const struct config *cfg;
	struct tls *tls;
	const struct proxies *proxies;
	struct evconnlistener *listener;
	struct conn *first;
	struct conn **by_fd;
	size_t by_fd_len;
	size_t open;
	struct conns_counts counts;
	int64_t told_us;		/* monotonic, of the last line about that; 0 never */
	int64_t accept_told_us;		/* the same, about accept() */
	bool paused;
	struct conns *next;		/* of those with a listener */
};

/* An accept error names the listener only, and evhttp keeps its argument for itself. */
static struct conns *listening;

/* Takes connections again after a pause, when there is room for one. */
static void resume(struct conns *all)
{
	if (!all->paused || all->open >= (size_t)all->cfg->api_max_connections)
		return;
	all->paused = false;
	if (all->listener)
		evconnlistener_enable(all->listener);
}

static void conn_unlink(struct conn *c)
{
	struct conns *all = c->owner;

	if (all->first == c)
		all->first = c->next;
	else
		c->prev->next = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->fd >= 0 && (size_t)c->fd < all->by_fd_len && all->by_fd[c->fd] == c)
		all->by_fd[c->fd] = NULL;
	all->open--;
	resume(all);
	event_free(c->adopt);
	event_free(c->page);
	if (c->file >= 0)
		close(c->file);
	free(c);
}

static void on_close_cb(struct evhttp_connection *evcon, void *arg)
{
	struct conn *c = arg;

	(void)evcon;
	evbuffer_remove_cb(bufferevent_get_output(c->bev), on_output_cb, c);
	evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input_cb, c);
	if (c->closed)
		c->closed(c->closed_ctx);
	conn_unlink(c);
}

static void remember_fd(struct conns *all, struct conn *c)
{
	size_t want = (size_t)c->fd + 1;

	if (want > all->by_fd_len) {
		want = want < 64 ? 64 : want * 2;
		all->by_fd = xrealloc(all->by_fd, want * sizeof(struct conn *));
		memset(all->by_fd + all->by_fd_len, 0,
		       (want - all->by_fd_len) * sizeof(struct conn *));
		all->by_fd_len = want;
	}
	all->by_fd[c->fd] = c;
}

/*
 * After its first write a bufferevent keeps its output "frozen", so that nobody can remove
 * bytes from the front; this unfreezes it. A bufferevent with TLS is never frozen.
 */
static struct evbuffer *output_open(struct conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	evbuffer_unfreeze(out, 1);
	return out;
}

static void output_shut(struct conn *c)
{
	if (!c->owner->tls)
		evbuffer_freeze(bufferevent_get_output(c->bev), 1);
}

/* "HTTP/1.1 413 ..." -> 413; 0 when it is no status line. */
static int status_of(struct evbuffer *out)
{
	char line[32] = "";
	ev_ssize_t n = evbuffer_copyout(out, line, sizeof(line) - 1);
	const char *blank = strchr(line, ' ');

	/* The version is the caller's, and may be a strange one. */
	if (n < 12 || strncmp(line, "HTTP/", 5) != 0 || !blank)
		return 0;
	return (int)strtol(blank, NULL, 10);
}

static void replace_page_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *out = output_open(c);
	char cid[CORRELATION_ID_MAX];
	struct buf body = { 0 };
	int http = status_of(out);
	/* evhttp takes a fault among the chunks for a body that is too large. */
	const char *fault = http == 400 || http == 413 ? c->framing.fault : NULL;

	(void)fd;
	(void)what;
	if (http >= 400) /* not 100 Continue */
		evbuffer_drain(out, evbuffer_get_length(out));
	output_shut(c);
	if (http < 400)
		return;
	if (fault)
		http = 400;
	c->owner->counts.malformed++;
	correlation_id_new(cid);
	http_error_form(&(struct http_error){
		.http = http,
		.code = http_error_code(http),
		.message = fault ? fault : http_error_message(http),
		.correlation_id = cid,
	}, &body);
	log_info("http", cid, "refused before it was read: %d %s%s%s", http, http_error_code(http),
		 fault ? ": " : "", fault ? fault : "");
	c->ours = true;
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
			    "Content-Length: %zu\r\nX-Correlation-Id: %s\r\n"
			    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%s",
			    http, http_error_phrase(http), body.len, cid, buf_text(&body));
	buf_free(&body);
}

static void end_file(struct conn *c)
{
	close(c->file);
	c->file = -1;
}

/*
 * Reads the file into the output. evbuffer_add_file() would map it; with TLS, a file that is
 * cut short or can't be read would then kill the process (SIGBUS).
 */
static void feed_file(struct conn *c, struct evbuffer *out)
{
	char piece[FILE_PIECE];

	while (c->file >= 0 && evbuffer_get_length(out) < FILE_PIECE) {
		int64_t left = c->file_end - c->file_at;
		ssize_t n = pread(c->file, piece, left < FILE_PIECE ? (size_t)left : FILE_PIECE,
				  c->file_at);

		if (n <= 0) {
			log_warn("http", NULL, "a file can't be sent to its end: %s",
				 n ? strerror(errno) : "it has become shorter");
			end_file(c);
			shutdown(c->fd, SHUT_RDWR);
			return;
		}
		c->file_at += n;
		if (c->file_at == c->file_end)
			end_file(c);
		evbuffer_add(out, piece, (size_t)n); /* calls on_output_cb */
	}
}

static void on_output_cb(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *c = arg;

	if (c->file >= 0)
		feed_file(c, out);
	if (c->ours || !info->n_added)
		return;
	/* Later in this turn, because evhttp is still filling the output; nothing is sent yet. */
	event_active(c->page, EV_TIMEOUT, 0);
}

/* Scans the input from "at" on, before evhttp sees it. A fault comes back to on_input_cb. */
static void scan_input(struct conn *c, struct evbuffer *in, size_t at)
{
	framing_input_scan(&c->framing, in, at, c->owner->tls != NULL);
}

static void on_input_cb(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *c = arg;

	if (!info->n_added || c->closed)
		return;
	if (!c->framing.fault)
		scan_input(c, in, evbuffer_get_length(in) - info->n_added);
	if (c->framing.fault)
		streamed_body_give_up(&c->streamed);
	if (c->framing.state != FRAMING_BEGIN)
		streamed_body_input(&c->streamed);
}

static struct in6_addr peer_of(int fd)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	struct in6_addr out = { 0 };

	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		return out;
	if (peer.ss_family == AF_INET6) {
		out = ((struct sockaddr_in6 *)&peer)->sin6_addr;
	} else if (peer.ss_family == AF_INET) {
		out.s6_addr[10] = out.s6_addr[11] = 0xff;
		memcpy(out.s6_addr + 12, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	}
	return out;
}

/* If its address has more than API_MAX_PER_ADDRESS connections, closes this one unread. */
static bool over_share(struct conns *all, struct conn *c)
{
	int64_t limit = all->cfg->api_max_per_address, now = clock_mono_us();
	char text[INET6_ADDRSTRLEN] = "?";
	int64_t n = 0;

	if (!limit || proxies_trust(all->proxies, &c->address))
		return false;
	for (const struct conn *other = all->first; other; other = other->next)
		n += !memcmp(&other->address, &c->address, sizeof(c->address));
	if (n <= limit)
		return false;
	all->counts.refused++;
	if (!all->told_us || now - all->told_us > TELL_EVERY_S * US_PER_S) {
		all->told_us = now;
		inet_ntop(AF_INET6, &c->address, text, sizeof(text));
		log_warn("http", NULL,
			 "%s has %lld connections (API_MAX_PER_ADDRESS): further ones are "
			 "closed; %llu so far",
			 text, (long long)limit, (unsigned long long)all->counts.refused);
	}
	return true;
}

/*
 * Finds evhttp's connection through the bufferevent's callback argument (libevent 2.1.12,
 * evhttp_connection_base_bufferevent_new), because evhttp offers no other way before the first
 * request is complete. A connection that is gone already has no callbacks.
 */
static void adopt_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	void *evcon = NULL;

	(void)fd;
	(void)what;
	bufferevent_getcb(c->bev, NULL, NULL, NULL, &evcon);
	bufferevent_decref(c->bev);
	if (!evcon) {
		conn_unlink(c);
		return;
	}
	ASSERT(evhttp_connection_get_bufferevent(evcon) == c->bev);
	evhttp_connection_set_closecb(evcon, on_close_cb, c);
	c->fd = bufferevent_getfd(c->bev);
	remember_fd(c->owner, c);
	c->address = peer_of(c->fd);
	if (over_share(c->owner, c))
		shutdown(c->fd, SHUT_RDWR);
	evbuffer_add_cb(bufferevent_get_output(c->bev), on_output_cb, c);
	evbuffer_add_cb(bufferevent_get_input(c->bev), on_input_cb, c);
	streamed_body_init(&c->streamed, c->bev, c->owner->cfg->api_max_body_bytes);
	scan_input(c, bufferevent_get_input(c->bev), 0);
}

static struct bufferevent *accept_cb(struct event_base *base, void *arg)
{
	struct conns *all = arg;
	struct bufferevent *bev = all->tls ? tls_bufferevent(all->tls, base)
					   : bufferevent_socket_new(base, -1, 0);
	struct conn *c;

	/* With NULL evhttp would make its own bufferevent, unwatched and without TLS. */
	ASSERT(bev != NULL);
	c = xcalloc(1, sizeof(*c));
	c->owner = all;
	c->bev = bev;
	c->fd = c->file = -1;
	c->since_us = clock_mono_us();
	c->adopt = event_new(base, -1, 0, adopt_cb, c);
	c->page = event_new(base, -1, 0, replace_page_cb, c);
	ASSERT(c->adopt && c->page);
	c->next = all->first;
	if (c->next)
		c->next->prev = c;
	all->first = c;
	if (++all->open >= (size_t)all->cfg->api_max_connections && all->listener) {
		evconnlistener_disable(all->listener);
		if (!all->paused)
			log_warn("http", NULL,
				 "%zu connections are open (API_MAX_CONNECTIONS): new ones wait",
				 all->open);
		all->paused = true;
	}
	bufferevent_incref(bev);
	event_active(c->adopt, EV_TIMEOUT, 0);
	return bev;
}

struct conns *conns_new(struct event_base *base, struct evhttp *http, const struct config *cfg,
			struct tls *tls, const struct proxies *proxies)
{
	struct conns *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->http = http;
	c->cfg = cfg;
	c->tls = tls;
	c->proxies = proxies;
	evhttp_set_bevcb(http, accept_cb, c);
	return c;
}

void conns_free(struct conns *c)
{
	if (!c)
		return;
	for (struct conn *n, *i = c->first; i; i = n) { /* accepted in the last turn */
		n = i->next;
		bufferevent_decref(i->bev);
		conn_unlink(i);
	}
	free(c->by_fd);
	free(c);
}

/*
 * Without a free descriptor accept() fails, the connection stays in the queue, and the loop
 * would ask again at once and for ever.
 */
static void on_accept_error_cb(struct evconnlistener *l, void *arg)
{
	int os = errno;
	int64_t now = clock_mono_us();
	struct conns *c = listening;

	(void)arg;
	while (c && c->listener != l)
		c = c->next;
	if (!c)
		return;
	evconnlistener_disable(l);
	c->paused = true;
	if (c->accept_told_us && now - c->accept_told_us <= TELL_EVERY_S * US_PER_S)
		return;
	c->accept_told_us = now;
	log_warn("http", NULL, "a connection can't be taken: %s (%zu are open); new ones wait",
		 strerror(os), c->open);
}

void conns_set_listener(struct conns *c, struct evconnlistener *l)
{
	struct conns **at = &listening;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	c->listener = l;
	if (!l)
		return;
	c->next = listening;
	listening = c;
	evconnlistener_set_error_cb(l, on_accept_error_cb);
}

size_t conns_open(const struct conns *c)
{
	return c->open;
}

bool conns_unsent(const struct conns *all)
{
	for (const struct conn *c = all->first; c; c = c->next) {
		if (c->fd >= 0 && evbuffer_get_length(bufferevent_get_output(c->bev)))
			return true;
	}
	return false;
}

const struct conns_counts *conns_counts(const struct conns *c)
{
	return &c->counts;
}

void conns_sweep(struct conns *all)
{
	int64_t now = clock_mono_us();

	for (struct conn *c = all->first; c; c = c->next) {
		if (c->busy || c->fd < 0 || now - c->since_us <= all->cfg->api_timeout_s * US_PER_S)
			continue;
		/* evhttp sees the end of the stream and frees all that belongs to it. */
		all->counts.cut++;
		c->busy = true;
		shutdown(c->fd, SHUT_RDWR);
	}
	resume(all);
}

struct conn *conn_of(struct conns *all, struct evhttp_request *ev)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(ev);
	int fd = evcon ? bufferevent_getfd(evhttp_connection_get_bufferevent(evcon)) : -1;

	return fd >= 0 && (size_t)fd < all->by_fd_len ? all->by_fd[fd] : NULL;
}

void conn_busy(struct conn *c)
{
	if (c)
		c->busy = true;
}

void conn_receiving(struct conn *c)
{
	c->busy = false;
	c->since_us = clock_mono_us();
}

struct streamed_body *conn_streamed_body(struct conn *c)
{
	return c ? &c->streamed : NULL;
}

void conn_linger(struct conn *c)
{
	streamed_body_linger(&c->streamed, !c->owner->tls);
}

void conn_take(struct conn *c, void (*closed)(void *ctx), void *ctx)
{
	c->busy = c->ours = true;
	c->closed = closed;
	c->closed_ctx = ctx;
}

static void on_sent_cb(struct evhttp_request *ev, void *arg)
{
	struct conn *c = arg;

	(void)ev;
	c->ours = false;
	c->since_us = clock_mono_us();
	streamed_body_begin(&c->streamed);
	framing_begin(&c->framing);
	if (!c->closed)
		scan_input(c, bufferevent_get_input(c->bev), 0);
}

void conn_answering(struct conn *c, struct evhttp_request *ev)
{
	if (!c)
		return;
	c->busy = false;
	c->ours = true;
	c->since_us = clock_mono_us();
	evhttp_request_set_on_complete_cb(ev, on_sent_cb, c);
}

void conn_send_file(struct conn *c, int take_file, int64_t bytes)
{
	if (!c) {
		close(take_file);
		return;
	}
	c->file = take_file;
	c->file_at = 0;
	c->file_end = bytes;
	feed_file(c, bufferevent_get_output(c->bev));
}

/*
 * A bufferevent writes when epoll says that it may, which costs system calls and a turn of
 * the loop. This writes at once. When all was written it triggers the callback that the write
 * event would have called; else that event writes the rest. Not with TLS, where a write is
 * more than a write to the socket.
 */
void conn_answered(struct conn *c)
{
	struct evbuffer *out;

	if (!c || c->owner->tls)
		return;
	out = output_open(c);
	evbuffer_write(out, c->fd);
	output_shut(c);
	if (evbuffer_get_length(out) == 0)
		bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}
