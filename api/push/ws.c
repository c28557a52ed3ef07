#include "api/push/ws.h"

#include "api/push/output.h"

#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wslay/wslay.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LEN 24
#define BEARER "bearer."
#define PIECE 128		/* bytes that are handled before the output is looked at again */

struct ws {
	struct evbuffer *in, *out;
	void (*text)(void *ctx, const char *msg, size_t len);
	void *ctx;
	wslay_event_context_ptr wslay;
	int frames_left;	/* that the client may send in this second */
	int fragments;		/* of the message at hand: also empty ones take memory */
	bool failed;		/* wslay gave up */
};

bool ws_key_ok(const char *key)
{
	unsigned char raw[KEY_LEN];

	if (!key || strlen(key) != KEY_LEN || strcmp(key + KEY_LEN - 2, "==") != 0)
		return false;
	if (memchr(key, '=', KEY_LEN - 2))
		return false;
	return EVP_DecodeBlock(raw, (const unsigned char *)key, KEY_LEN) > 0;
}

void ws_accept_key(const char *key, char out[WS_ACCEPT_MAX])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[128];
	int len = snprintf(text, sizeof(text), "%s%s", key, GUID);

	ASSERT(len > 0 && (size_t)len < sizeof(text));
	ASSERT(EVP_Digest(text, (size_t)len, hash, NULL, EVP_sha1(), NULL) == 1);
	EVP_EncodeBlock((unsigned char *)out, hash, 20);
}

/* The next item of a comma list, without blanks; NULL at the end. */
static const char *list_next(const char **at, size_t *len)
{
	const char *p = *at + strspn(*at, ", \t");

	*len = strcspn(p, ",");
	*at = p + *len;
	while (*len && (p[*len - 1] == ' ' || p[*len - 1] == '\t'))
		--*len;
	return *len ? p : NULL;
}

bool ws_list_has(const char *list, const char *item)
{
	size_t want = strlen(item), len;
	const char *p;

	while (list && (p = list_next(&list, &len))) {
		if (len == want && !strncasecmp(p, item, len))
			return true;
	}
	return false;
}

bool ws_bearer(const char *protocols, char *out, size_t size)
{
	const size_t skip = sizeof(BEARER) - 1;
	const char *p;
	size_t len;

	while (protocols && (p = list_next(&protocols, &len))) {
		if (len <= skip || strncmp(p, BEARER, skip) != 0)
			continue;
		if (len - skip + sizeof("Bearer ") > size)
			return false;
		snprintf(out, size, "Bearer %.*s", (int)(len - skip), p + skip);
		return true;
	}
	return false;
}

static ssize_t encode_cb(const uint8_t *data, size_t len, int flags, void *arg)
{
	(void)flags;
	buf_add(arg, data, len);
	return (ssize_t)len;
}

void ws_encode(struct buf *out, const char *text, size_t len)
{
	static const struct wslay_frame_callbacks cb = { .send_callback = encode_cb };
	struct wslay_frame_iocb io = {
		.fin = 1,
		.opcode = WSLAY_TEXT_FRAME,
		.payload_length = len,
		.data = (const uint8_t *)text,
		.data_length = len,
	};
	wslay_frame_context_ptr frame;

	ASSERT(wslay_frame_context_init(&frame, &cb, out) == 0);
	ASSERT(wslay_frame_send(frame, &io) == (ssize_t)len);
	wslay_frame_context_free(frame);
}

static ssize_t recv_cb(wslay_event_context_ptr wslay, uint8_t *data, size_t len, int flags,
		       void *arg)
{
	struct ws *w = arg;
	int n = 0;

	(void)flags;
	/* In small pieces, because wslay handles all that it was given. */
	if (evbuffer_get_length(w->out) <= WS_UNREAD_MOST)
		n = evbuffer_remove(w->in, data, len < PIECE ? len : PIECE);
	if (n > 0)
		return n;
	wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
	return -1;
}

static ssize_t send_cb(wslay_event_context_ptr wslay, const uint8_t *data, size_t len, int flags,
		       void *arg)
{
	struct ws *w = arg;

	(void)wslay;
	(void)flags;
	output_add(w->out, data, len);
	return (ssize_t)len;
}

static void frame_cb(wslay_event_context_ptr wslay,
		     const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
	struct ws *w = arg;

	(void)wslay;
	if (!wslay_is_ctrl_frame(frame->opcode))
		w->fragments = frame->fin ? 0 : w->fragments + 1;
	if (w->frames_left-- <= 0 || w->fragments > WS_FRAGMENTS_MAX) {
		ws_close(w, WS_POLICY, "too many frames");
		wslay_event_shutdown_read(w->wslay);
	}
}

static void message_cb(wslay_event_context_ptr wslay,
		       const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct ws *w = arg;

	(void)wslay;
	if (!ws_open(w))
		return;
	if (m->opcode == WSLAY_TEXT_FRAME) {
		w->text(w->ctx, m->msg_length ? (const char *)m->msg : "", m->msg_length);
	} else if (m->opcode == WSLAY_BINARY_FRAME) {
		ws_close(w, WS_UNSUPPORTED, "only text is understood");
		wslay_event_shutdown_read(w->wslay);
	}
}

struct ws *ws_new(struct evbuffer *in, struct evbuffer *out,
		  void (*text)(void *ctx, const char *msg, size_t len), void *ctx)
{
	static const struct wslay_event_callbacks cb = {
		.recv_callback = recv_cb,
		.send_callback = send_cb,
		.on_frame_recv_start_callback = frame_cb,
		.on_msg_recv_callback = message_cb,
	};
	struct ws *w = xcalloc(1, sizeof(*w));

	w->in = in;
	w->out = out;
	w->text = text;
	w->ctx = ctx;
	w->frames_left = WS_FRAMES_PER_S;
	ASSERT(wslay_event_context_server_init(&w->wslay, &cb, w) == 0);
	wslay_event_config_set_max_recv_msg_length(w->wslay, WS_MESSAGE_MAX);
	return w;
}

void ws_free(struct ws *w)
{
	if (!w)
		return;
	wslay_event_context_free(w->wslay);
	free(w);
}

static void flush(struct ws *w)
{
	if (wslay_event_send(w->wslay))
		w->failed = true;
}

bool ws_waits(const struct ws *w)
{
	return evbuffer_get_length(w->in) > 0 && evbuffer_get_length(w->out) > WS_UNREAD_MOST;
}

void ws_read(struct ws *w)
{
	/* One call may leave bytes: it stops at the end of its own buffer. */
	while (evbuffer_get_length(w->in) && !ws_waits(w) && !w->failed &&
	       wslay_event_get_read_enabled(w->wslay)) {
		if (wslay_event_recv(w->wslay))
			w->failed = true;
		flush(w);
	}
	/* After a close nothing counts. */
	if (!wslay_event_get_read_enabled(w->wslay))
		evbuffer_drain(w->in, evbuffer_get_length(w->in));
}

void ws_text(struct ws *w, const char *text, size_t len)
{
	struct buf frame = { 0 };

	if (!ws_open(w))
		return;
	ws_encode(&frame, text, len);
	output_add(w->out, frame.data, frame.len);
	buf_free(&frame);
}

void ws_ping(struct ws *w)
{
	static const struct wslay_event_msg ping = { .opcode = WSLAY_PING };

	if (!ws_open(w))
		return;
	ASSERT(wslay_event_queue_msg(w->wslay, &ping) == 0);
	flush(w);
}

void ws_close(struct ws *w, enum ws_code code, const char *reason)
{
	if (!ws_open(w))
		return;
	ASSERT(wslay_event_queue_close(w->wslay, (uint16_t)code, (const uint8_t *)reason,
				       strlen(reason)) == 0);
	flush(w);
}

void ws_tick(struct ws *w)
{
	w->frames_left = WS_FRAMES_PER_S;
}

bool ws_open(const struct ws *w)
{
	return !w->failed && wslay_event_get_write_enabled(w->wslay) &&
	       !wslay_event_get_close_received(w->wslay) && !wslay_event_get_close_sent(w->wslay);
}

bool ws_over(const struct ws *w)
{
	return w->failed ||
	       (wslay_event_get_close_sent(w->wslay) &&
		(wslay_event_get_close_received(w->wslay) ||
		 !wslay_event_get_read_enabled(w->wslay)));
}

int ws_code_sent(const struct ws *w)
{
	return wslay_event_get_close_sent(w->wslay) ?
		       wslay_event_get_status_code_sent(w->wslay) : 0;
}
