/*
 * push_client.h - a client of live push through a raw socket, for tests of the server.
 *
 *	struct live c = live_ws(&a, "/api/v1/ws", NULL);
 *	live_say(&c, "{\"op\":\"subscribe\",\"topics\":[\"order\"]}");
 *	live_expect(&c, "snapshot", "order", NULL);
 *	live_close(&c);
 */
#ifndef TESTS_UNIT_PUSH_CLIENT_H
#define TESTS_UNIT_PUSH_CLIENT_H

#include "tests/unit/api_client.h"

#define LIVE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define LIVE_UPGRADE \
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: " LIVE_KEY "\r\n"

struct live {
	int fd;
	bool ws;
	struct answer answer;	/* of the request */
	struct buf text;	/* the message at hand */
	int opcode;		/* of the frame at hand */
	int64_t id;		/* "id:" of the event at hand, 0 none */
	cJSON *json;		/* of the message at hand */
	int64_t seq;		/* of the newest change or "subscribed" */
};

static inline void live_close(struct live *c)
{
	close(c->fd);
	answer_free(&c->answer);
	buf_free(&c->text);
	cJSON_Delete(c->json);
	memset(c, 0, sizeof(*c));
}

/* headers: more lines, each with its end; NULL: none. */
static inline struct live live_open(const struct api *a, const char *path, const char *headers,
				    bool ws)
{
	struct live c = { .fd = api_connect(a), .ws = ws };
	struct buf out = { 0 };

	api_write_head(a, &out, "GET", path);
	buf_printf(&out, "%s%s\r\n", ws ? LIVE_UPGRADE : "", headers ? headers : "");
	api_send(c.fd, out.data, out.len);
	buf_free(&out);
	c.answer = api_read(c.fd, false);
	return c;
}

static inline struct live live_ws(const struct api *a, const char *path, const char *headers)
{
	struct live c = live_open(a, path, headers, true);

	if (c.answer.status != 101)
		fail_msg("%s -> %d %s", path, c.answer.status, buf_text(&c.answer.body));
	return c;
}

static inline struct live live_sse(const struct api *a, const char *path, const char *headers)
{
	struct live c = live_open(a, path, headers, false);

	if (c.answer.status != 200)
		fail_msg("%s -> %d %s", path, c.answer.status, buf_text(&c.answer.body));
	return c;
}

static inline void live_frame(struct live *c, int first, const void *data, size_t len)
{
	unsigned char head[8] = { (unsigned char)first, 0x80 | 126, (unsigned char)(len >> 8),
				  (unsigned char)len };
	size_t n = 8;

	if (len < 126) {	/* the mask is all zero: what is sent can be read */
		head[1] = (unsigned char)(0x80 | len);
		head[2] = head[3] = 0;
		n = 6;
	}
	api_send(c->fd, head, n);
	api_send(c->fd, data, len);
}

static inline void live_say(struct live *c, const char *text)
{
	live_frame(c, 0x81, text, strlen(text));
}

static inline bool live_bytes(struct live *c, void *out, size_t len)
{
	return len == 0 || recv(c->fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

static inline bool live_next_frame(struct live *c)
{
	unsigned char head[2], more[8];
	size_t len, bytes;
	char *data;

	if (!live_bytes(c, head, 2))
		return false;
	c->opcode = head[0];
	len = head[1];
	bytes = len == 127 ? 8 : len == 126 ? 2 : 0;
	if (!live_bytes(c, more, bytes))
		return false;
	for (size_t i = 0; i < bytes; i++)
		len = (i ? len << 8 : 0) | more[i];
	data = calloc(1, len + 1);
	assert_non_null(data);
	if (!live_bytes(c, data, len)) {
		free(data);
		return false;
	}
	buf_add(&c->text, data, len);
	free(data);
	return true;
}

/* The data of the next event; comments and "retry:" are passed over. */
static inline bool live_next_event(struct live *c)
{
	struct buf line = { 0 };
	char byte;

	c->id = 0;
	while (recv(c->fd, &byte, 1, 0) == 1) {
		if (byte != '\n') {
			buf_putc(&line, byte);
			continue;
		}
		if (!line.len && c->text.len)
			break;
		if (!strncmp(buf_text(&line), "id: ", 4))
			c->id = strtoll(line.data + 4, NULL, 10);
		if (!strncmp(buf_text(&line), "data: ", 6))
			buf_puts(&c->text, line.data + 6);
		buf_clear(&line);
	}
	buf_free(&line);
	return c->text.len > 0;
}

/* The next frame that is no ping; a slow test hears some, and answers them. */
static inline bool live_next_message(struct live *c)
{
	while (live_next_frame(c)) {
		if (c->opcode != 0x89)
			return true;
		live_frame(c, 0x8a, c->text.data, c->text.len);
		buf_clear(&c->text);
	}
	return false;
}

/* false: the connection ended. */
static inline bool live_next(struct live *c)
{
	buf_clear(&c->text);
	cJSON_Delete(c->json);
	c->json = NULL;
	if (!(c->ws ? live_next_message(c) : live_next_event(c)))
		return false;
	if (c->text.len && json_read(c->text.data, c->text.len, &c->json, NULL))
		c->json = NULL;
	return true;
}

static inline const char *live_member(const struct live *c, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(c->json, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

/* The next message is of this type and topic (NULL: none) and has this part (NULL: any). */
static inline void live_expect_at(struct live *c, const char *type, const char *topic,
				  const char *part, int line)
{
	if (!live_next(c))
		fail_msg("line %d: the connection ended", line);
	if (strcmp(live_member(c, "type"), type) != 0 ||
	    (topic && strcmp(live_member(c, "topic"), topic) != 0) ||
	    (part && !strstr(buf_text(&c->text), part)))
		fail_msg("line %d: %s", line, buf_text(&c->text));
	if (strcmp(type, "snapshot") != 0 && cJSON_GetObjectItem(c->json, "seq"))
		c->seq = (int64_t)cJSON_GetObjectItem(c->json, "seq")->valuedouble;
}
#define live_expect(c, type, topic, part) live_expect_at(c, type, topic, part, __LINE__)

/* A close frame with this code comes (after other messages), then the end. */
static inline void live_expect_close_at(struct live *c, int code, int line)
{
	while (live_next(c) && c->opcode != 0x88)
		;
	if (c->opcode != 0x88 || c->text.len < 2 ||
	    ((unsigned char)c->text.data[0] << 8 | (unsigned char)c->text.data[1]) != code)
		fail_msg("line %d: not closed with %d", line, code);
	live_frame(c, 0x88, c->text.data, 2);
	if (live_next(c))
		fail_msg("line %d: something comes after the close", line);
}
#define live_expect_close(c, code) live_expect_close_at(c, code, __LINE__)

#endif
