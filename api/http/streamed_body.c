#include "api/http/streamed_body.h"

#include "api/http/route.h"

#include <ctype.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define HEAD_MAX 16384		/* a longer one is evhttp's to refuse */
#define PATH_MAX_BYTES 64

void streamed_body_init(struct streamed_body *x, struct bufferevent *bev, int64_t body_max)
{
	x->bev = bev;
	x->body_max = body_max;
	streamed_body_begin(x);
}

void streamed_body_begin(struct streamed_body *x)
{
	x->unread = 0;
	x->expects = x->gave_up = false;
	x->fresh = evbuffer_get_length(bufferevent_get_input(x->bev)) == 0;
}

/* May this be a POST, PUT or PATCH? */
static bool may_have_body(struct evbuffer *in)
{
	char first = ' ';

	return evbuffer_copyout(in, &first, 1) == 1 && first == 'P';
}

static bool is_upload(const char *line)
{
	char path[PATH_MAX_BYTES];
	struct route_match m;
	size_t n;

	if (strncmp(line, "POST ", 5) != 0)
		return false;
	line += strlen("POST ");
	n = strcspn(line, " ?\r");
	if (n >= sizeof(path) || line[n] == '\r') /* a line without a version */
		return false;
	memcpy(path, line, n);
	path[n] = '\0';
	route_find(EVHTTP_REQ_POST, path, &m);
	return m.route && m.route->body_kind == BODY_UPLOAD;
}

static bool has_name(const char *line, const char *name)
{
	return !strncasecmp(line, name, strlen(name));
}

/* Where the digits of the only Content-Length are; NULL when the length is not plain. */
static char *find_length(char *line, bool *expects)
{
	char *digits = NULL;

	for (line = strstr(line, "\r\n") + 2; *line != '\r'; line = strstr(line, "\r\n") + 2) {
		if (*line == ' ' || *line == '\t' || has_name(line, "Transfer-Encoding"))
			return NULL;
		if (has_name(line, "Expect:"))
			*expects = true;
		if (!has_name(line, "Content-Length"))
			continue;
		if (digits || line[14] != ':')
			return NULL;
		digits = line + 15 + strspn(line + 15, " \t");
		size_t n = strspn(digits, "0123456789");

		if (n == 0 || digits[n] != '\r')
			return NULL;
	}
	return digits;
}

/* Has the head another line end than CRLF? Then evhttp may see another head than we do. */
static bool odd(const char *head, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!head[i] || (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')))
			return true;
	}
	return false;
}

/* The whole head is at the front of the input, in one piece. */
static void look_at(struct streamed_body *x, const char *held, size_t len, unsigned char *wire)
{
	bool expects = false;
	char *head, *digits;
	int64_t n;

	if (odd(held, len))
		return;
	head = strndup(held, len);
	digits = head ? find_length(head, &expects) : NULL;
	n = digits ? strtoll(digits, NULL, 10) : 0;	/* INT64_MAX: it is larger */
	if (digits && (is_upload(head) || n > x->body_max)) {
		x->unread = n;
		x->expects = expects;
		if (x->unread > 0)
			memset(wire + (digits - head), '0', strspn(digits, "0123456789"));
	}
	free(head);
}

static void give_back(struct streamed_body *x)
{
	bufferevent_setcb(x->bev, x->read_cb, x->write_cb, x->event_cb, x->arg);
}

static void on_head_cb(struct bufferevent *bev, void *arg)
{
	struct streamed_body *x = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	size_t len = end.pos < 0 ? 0 : (size_t)end.pos + 4;

	if (!len && !x->gave_up && may_have_body(in) && evbuffer_get_length(in) <= HEAD_MAX)
		return;
	if (len && len <= HEAD_MAX && !x->gave_up) {
		unsigned char *wire = evbuffer_pullup(in, (ev_ssize_t)len);

		look_at(x, (const char *)wire, len, wire);
	}
	give_back(x);
	x->read_cb(bev, x->arg); /* may free the connection, and x */
}

static void on_head_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct streamed_body *x = arg;

	give_back(x);
	x->event_cb(bev, what, x->arg);
}

static void keep_callbacks(struct streamed_body *x)
{
	bufferevent_getcb(x->bev, &x->read_cb, &x->write_cb, &x->event_cb, &x->arg);
}

void streamed_body_input(struct streamed_body *x)
{
	if (!x->fresh)
		return;
	x->fresh = false;
	if (!may_have_body(bufferevent_get_input(x->bev)))
		return;
	keep_callbacks(x);
	if (!x->read_cb || !x->event_cb)
		return;
	bufferevent_setcb(x->bev, on_head_cb, x->write_cb, on_head_event_cb, x);
}

void streamed_body_give_up(struct streamed_body *x)
{
	x->gave_up = true;
}

/* Leaves the connection in the state that evhttp gives one whose request is worked on. */
void streamed_body_stop(struct streamed_body *x)
{
	bufferevent_disable(x->bev, EV_READ);
	bufferevent_setcb(x->bev, NULL, NULL, x->event_cb, x->arg);
}

static void on_body_cb(struct bufferevent *bev, void *arg)
{
	struct streamed_body *x = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_iovec piece;
	bool wanted = true;

	while (wanted && x->unread > 0 && evbuffer_peek(in, -1, NULL, &piece, 1) > 0) {
		size_t n = piece.iov_len < (size_t)x->unread ? piece.iov_len : (size_t)x->unread;

		wanted = x->reader.data(x->reader.ctx, piece.iov_base, n);
		evbuffer_drain(in, n);
		x->unread -= (int64_t)n;
	}
	if (wanted && x->unread > 0)
		return;
	streamed_body_stop(x);
	x->reader.end(x->reader.ctx, false);
}

static void on_body_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct streamed_body *x = arg;
	struct streamed_body_reader reader = x->reader;

	if (what & BEV_EVENT_CONNECTED)
		return;
	streamed_body_stop(x);
	x->event_cb(bev, what, x->arg); /* frees the connection, and x */
	reader.end(reader.ctx, true);
}

void streamed_body_read(struct streamed_body *x, const struct streamed_body_reader *reader)
{
	x->reader = *reader;
	keep_callbacks(x);
	/* evhttp's write callback would take our 100 Continue for the whole answer. */
	bufferevent_setcb(x->bev, on_body_cb, NULL, on_body_event_cb, x);
	if (x->expects)
		bufferevent_write(x->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	bufferevent_enable(x->bev, EV_READ | EV_WRITE);
	bufferevent_trigger(x->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

/* The answer is written, or was already. */
static void on_lingering_sent_cb(struct bufferevent *bev, void *arg)
{
	const struct streamed_body *x = arg;

	if (x->half_close && bufferevent_getfd(bev) >= 0)
		shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void on_lingering_input_cb(struct bufferevent *bev, void *arg)
{
	struct streamed_body *x = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	x->unread -= (int64_t)evbuffer_get_length(in);
	evbuffer_drain(in, evbuffer_get_length(in));
	if (x->unread > 0 || evbuffer_get_length(bufferevent_get_output(bev)))
		return;
	give_back(x);
	x->write_cb(bev, x->arg); /* as if it were written now: ends the connection, and x */
}

void streamed_body_linger(struct streamed_body *x, bool half_close)
{
	keep_callbacks(x);
	if (!x->write_cb || !x->event_cb)
		return;
	x->half_close = half_close;
	bufferevent_setcb(x->bev, on_lingering_input_cb, on_lingering_sent_cb, on_head_event_cb, x);
	bufferevent_enable(x->bev, EV_READ | EV_WRITE);
	bufferevent_trigger(x->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}
