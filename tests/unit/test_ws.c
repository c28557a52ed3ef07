/* The WebSocket protocol without a socket: handshake, good frames and bad ones. */
#include "api/push/ws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct evbuffer *in, *out;
static struct ws *w;
static char heard[8192];	/* messages, each with a '|' behind it */
static size_t heard_len;
static bool fills;		/* each message is answered with a lot */
static const char zeros[4096];

static void text_cb(void *ctx, const char *msg, size_t len)
{
	assert_ptr_equal(ctx, &w);
	assert_true(len <= WS_MESSAGE_MAX && heard_len + len + 2 < sizeof(heard));
	memcpy(heard + heard_len, msg, len);
	heard_len += len;
	heard[heard_len++] = '|';
	heard[heard_len] = '\0';
	if (fills)
		evbuffer_add(out, zeros, sizeof(zeros));
}

static int setup(void **state)
{
	(void)state;
	in = evbuffer_new();
	out = evbuffer_new();
	w = ws_new(in, out, text_cb, &w);
	heard_len = 0;
	heard[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ws_free(w);
	evbuffer_free(in);
	evbuffer_free(out);
	return 0;
}

/* A client's frame: first byte, payload, mask on or off. */
static void frame(int first, const void *data, size_t len, bool masked)
{
	static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	const unsigned char *p = data;
	unsigned char head[4] = { (unsigned char)first };
	size_t n = 2;

	if (len < 126) {
		head[1] = (unsigned char)len;
	} else {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		n = 4;
	}
	if (masked)
		head[1] |= 0x80;
	evbuffer_add(in, head, n);
	if (masked)
		evbuffer_add(in, mask, 4);
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = masked ? p[i] ^ mask[i % 4] : p[i];

		evbuffer_add(in, &byte, 1);
	}
}

static void text(int first, const char *s)
{
	frame(first, s, strlen(s), true);
}

/* The next frame that was sent; its payload as text. Returns its first byte, 0: none. */
static int sent(char *payload, size_t *len)
{
	unsigned char head[2];

	payload[0] = '\0';
	*len = 0;
	if (evbuffer_remove(out, head, 2) != 2)
		return 0;
	assert_true(head[1] < 126); /* not masked, and short */
	*len = head[1];
	assert_int_equal(evbuffer_remove(out, payload, *len), *len);
	payload[*len] = '\0';
	return head[0];
}

static void expect_close(int code)
{
	char payload[128];
	size_t len;

	assert_int_equal(sent(payload, &len), 0x88);
	assert_true(len >= 2);
	assert_int_equal((unsigned char)payload[0] << 8 | (unsigned char)payload[1], code);
	assert_int_equal(ws_code_sent(w), code);
	assert_int_equal(sent(payload, &len), 0);
	assert_false(ws_open(w));
	assert_true(ws_over(w));
}

/* RFC 6455, section 1.3. */
static void accept_key(void **state)
{
	char text_out[WS_ACCEPT_MAX];

	(void)state;
	ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", text_out);
	assert_string_equal(text_out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_true(ws_key_ok("dGhlIHNhbXBsZSBub25jZQ=="));
	assert_false(ws_key_ok(NULL));
	assert_false(ws_key_ok(""));
	assert_false(ws_key_ok("dGhlIHNhbXBsZSBub25jZQ="));
	assert_false(ws_key_ok("dGhlIHNhbXBsZSBub25jZQQ="));
	assert_false(ws_key_ok("dGhlIHNhbXBsZSBub25j\"Q=="));
	assert_false(ws_key_ok("dGhlIHNhbXBs=SBub25jZQ=="));
}

static void header_lists(void **state)
{
	char bearer[32];

	(void)state;
	assert_true(ws_list_has("keep-alive, Upgrade", "upgrade"));
	assert_true(ws_list_has("Upgrade", "upgrade"));
	assert_true(ws_list_has(" ,\tx , UPGRADE\t,", "upgrade"));
	assert_false(ws_list_has("upgrades", "upgrade"));
	assert_false(ws_list_has("up grade", "upgrade"));
	assert_false(ws_list_has("", "upgrade"));
	assert_false(ws_list_has(NULL, "upgrade"));
	assert_true(ws_bearer("tradingbot.v1, bearer.tb_abc", bearer, sizeof(bearer)));
	assert_string_equal(bearer, "Bearer tb_abc");
	assert_true(ws_bearer("bearer.x ,tradingbot.v1", bearer, sizeof(bearer)));
	assert_string_equal(bearer, "Bearer x");
	assert_false(ws_bearer("tradingbot.v1, bearer.", bearer, sizeof(bearer)));
	assert_false(ws_bearer("tradingbot.v1", bearer, sizeof(bearer)));
	assert_false(ws_bearer(NULL, bearer, sizeof(bearer)));
	/* "Bearer " and 24 characters fill it, with the NUL; one more does not fit. */
	assert_true(ws_bearer("bearer.123456789012345678901234", bearer, sizeof(bearer)));
	assert_int_equal(strlen(bearer), 31);
	assert_false(ws_bearer("bearer.1234567890123456789012345", bearer, sizeof(bearer)));
}

static void encoded_lengths(void **state)
{
	static const struct { size_t len, head; unsigned char second; } sizes[] = {
		{ 0, 2, 0 },	   { 125, 2, 125 },	 { 126, 4, 126 },
		{ 65535, 4, 126 }, { 65536, 10, 127 },
	};
	char *data = calloc(1, 65536);

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf b = { 0 };

		ws_encode(&b, data, sizes[i].len);
		assert_int_equal(b.len, sizes[i].len + sizes[i].head);
		assert_int_equal((unsigned char)b.data[0], 0x81);
		assert_int_equal((unsigned char)b.data[1], sizes[i].second);
		if (sizes[i].second == 126)
			assert_int_equal((unsigned char)b.data[2] << 8 | (unsigned char)b.data[3],
					 sizes[i].len);
		buf_free(&b);
	}
	free(data);
}

static void messages(void **state)
{
	char payload[128];
	size_t len;

	(void)state;
	text(0x81, "Hello");
	text(0x81, "");
	text(0x81, "gr\xc3\xbc\xc3\x9f dich");
	ws_read(w);
	assert_string_equal(heard, "Hello||gr\xc3\xbc\xc3\x9f dich|");
	assert_true(ws_open(w));
	assert_int_equal(evbuffer_get_length(in), 0);
	ws_text(w, "answer", 6);
	assert_int_equal(sent(payload, &len), 0x81);
	assert_string_equal(payload, "answer");
}

static void fragments(void **state)
{
	char payload[128];
	size_t len;

	(void)state;
	text(0x01, "Hel");
	text(0x00, "l");
	text(0x89, "between"); /* control frames may stand between */
	ws_read(w);
	assert_string_equal(heard, "");
	text(0x80, "o");
	ws_read(w);
	assert_string_equal(heard, "Hello|");
	assert_int_equal(sent(payload, &len), 0x8a);
	assert_string_equal(payload, "between");
}

/* What comes in pieces, whatever the pieces, is what comes at once. */
static void byte_by_byte(void **state)
{
	struct evbuffer *all = evbuffer_new();
	char byte;

	(void)state;
	text(0x01, "one ");
	text(0x80, "message");
	text(0x89, "");
	text(0x81, "another");
	evbuffer_add_buffer(all, in);
	while (evbuffer_remove(all, &byte, 1) == 1) {
		evbuffer_add(in, &byte, 1);
		ws_read(w);
	}
	assert_string_equal(heard, "one message|another|");
	evbuffer_free(all);
}

/* More than the library's own buffer of 4096 bytes at once. */
static void many_at_once(void **state)
{
	char line[301];

	(void)state;
	memset(line, 'x', 300);
	line[300] = '\0';
	for (int i = 0; i < 20; i++)
		text(0x81, line);
	ws_read(w);
	assert_int_equal(heard_len, 20 * 301);
	assert_int_equal(evbuffer_get_length(in), 0);
}

/* Who asks and never reads is not asked on: the rest waits, and comes when he has read. */
static void asks_and_never_reads(void **state)
{
	static const char unread[WS_UNREAD_MOST];
	size_t handled;

	(void)state;
	for (int i = 0; i < 40; i++)
		text(0x81, "{\"op\":\"ping\"}");
	evbuffer_add(out, unread, sizeof(unread));
	ws_tick(w);
	ws_read(w);
	assert_int_equal(heard_len, 40 * 14);	/* no more unread than that: all are taken */
	assert_false(ws_waits(w));
	evbuffer_add(out, "x", 1);
	for (int i = 0; i < 40; i++)
		text(0x81, "{\"op\":\"ping\"}");
	ws_tick(w);
	ws_read(w);
	assert_int_equal(heard_len, 40 * 14);
	assert_true(ws_waits(w));
	evbuffer_drain(out, 1);
	ws_tick(w);
	ws_read(w);
	assert_int_equal(heard_len, 80 * 14);
	/* In between: the first answers fill the output. */
	fills = true;
	for (int i = 0; i < 40; i++)
		text(0x81, "{\"op\":\"ping\"}");
	handled = heard_len;
	ws_tick(w);
	ws_read(w);
	fills = false;
	assert_true(ws_waits(w));
	assert_in_range(heard_len - handled, 14, 14 * 10);
	evbuffer_drain(out, evbuffer_get_length(out));
	ws_tick(w);
	ws_read(w);
	assert_int_equal(heard_len, 120 * 14);
}

static void ping_and_pong(void **state)
{
	char payload[128];
	size_t len;

	(void)state;
	text(0x89, "are you there?");
	text(0x8a, "a pong that nobody asked for");
	ws_read(w);
	assert_int_equal(sent(payload, &len), 0x8a);
	assert_string_equal(payload, "are you there?");
	assert_int_equal(sent(payload, &len), 0);
	ws_ping(w);
	assert_int_equal(sent(payload, &len), 0x89);
	assert_true(ws_open(w));
}

static void the_client_closes(void **state)
{
	(void)state;
	frame(0x88, "\x03\xe8\x62ye", 5, true);
	text(0x81, "too late");
	ws_read(w);
	expect_close(1000);
	assert_string_equal(heard, "");
	assert_int_equal(evbuffer_get_length(in), 0);
	/* After that nothing goes out any more. */
	ws_text(w, "x", 1);
	ws_ping(w);
	ws_close(w, WS_GOING_AWAY, "");
	assert_int_equal(evbuffer_get_length(out), 0);
}

static void a_close_without_a_code(void **state)
{
	char payload[128];
	size_t len;

	(void)state;
	frame(0x88, "", 0, true);
	ws_read(w);
	assert_int_equal(sent(payload, &len), 0x88);
	assert_true(ws_over(w));
}

static void we_close(void **state)
{
	char payload[128];
	size_t len;

	(void)state;
	ws_close(w, WS_GOING_AWAY, "the server stops");
	assert_int_equal(sent(payload, &len), 0x88);
	assert_string_equal(payload + 2, "the server stops");
	assert_int_equal(ws_code_sent(w), 1001);
	assert_false(ws_open(w));
	assert_false(ws_over(w)); /* the client's close is still to come */
	text(0x81, "not read any more");
	frame(0x88, "\x03\xe9", 2, true);
	ws_read(w);
	assert_true(ws_over(w));
	assert_string_equal(heard, "");
	assert_int_equal(evbuffer_get_length(out), 0);
}

static void unmasked(void **state)
{
	(void)state;
	frame(0x81, "Hello", 5, false);
	ws_read(w);
	expect_close(1002);
	assert_string_equal(heard, "");
}

static void oversized(void **state)
{
	static char big[WS_MESSAGE_MAX + 1];

	(void)state;
	memset(big, 'x', sizeof(big));
	frame(0x81, big, WS_MESSAGE_MAX, true);
	ws_read(w);
	assert_int_equal(heard_len, WS_MESSAGE_MAX + 1);
	heard_len = 0;
	frame(0x81, big, sizeof(big), true);
	ws_read(w);
	expect_close(1009);
	assert_int_equal(heard_len, 0);
}

/* No single frame is too large, but the message is. */
static void oversized_in_fragments(void **state)
{
	static char part[1025];

	(void)state;
	memset(part, 'x', sizeof(part) - 1);
	text(0x01, part);
	for (int i = 0; i < 4; i++)
		text(0x00, part);
	ws_read(w);
	expect_close(1009);
	assert_int_equal(heard_len, 0);
}

static void fragments_without_end(void **state)
{
	(void)state;
	text(0x01, "");
	for (int i = 1; i < WS_FRAGMENTS_MAX; i++)
		text(0x00, "");
	ws_read(w);
	assert_true(ws_open(w));
	text(0x00, "");
	ws_read(w);
	expect_close(1008);
}

/* A header that promises 2^63-1 bytes is refused with the first of them. */
static void a_huge_promise(void **state)
{
	(void)state;
	evbuffer_add(in, "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmaskx", 15);
	ws_read(w);
	expect_close(1009);
}

static void binary(void **state)
{
	(void)state;
	frame(0x82, "\0\1", 2, true);
	ws_read(w);
	expect_close(1003);
	assert_string_equal(heard, "");
}

static void not_utf8(void **state)
{
	(void)state;
	frame(0x81, "\xc3\x28", 2, true);
	ws_read(w);
	expect_close(1007);
	assert_string_equal(heard, "");
}

static void protocol_errors(void **state)
{
	static const struct { const char *bytes; size_t len; } bad[] = {
		{ "\xc1\x80mask", 6 },		/* reserved bit */
		{ "\x83\x80mask", 6 },		/* reserved opcode */
		{ "\x8b\x80mask", 6 },		/* reserved control opcode */
		{ "\x80\x80mask", 6 },		/* continuation of nothing */
		{ "\x09\x80mask", 6 },		/* a ping in fragments */
		{ "\x89\xfe\x00\x7emask", 8 },	/* a ping of 126 bytes */
		{ "\x81\xfe\x00\x05mask", 8 },	/* a length that needs no 16 bits */
		{ "\x01\x80mask\x01\x80mask", 12 },	/* a message inside a message */
		{ "\x88\x81\0\0\0\0\x03", 7 },	/* half a close code */
		{ "\x88\x82\0\0\0\0\x03\xec", 8 },	/* 1004: not for the wire */
		{ "\x88\x82\0\0\0\0\x00\x01", 8 },	/* 1: no close code */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		evbuffer_add(in, bad[i].bytes, bad[i].len);
		ws_read(w);
		/* 1005: the library ended it without a code. */
		if ((ws_code_sent(w) != 1002 && ws_code_sent(w) != 1005) || !ws_over(w))
			fail_msg("case %zu: code %d", i, ws_code_sent(w));
		assert_string_equal(heard, "");
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

/* Deterministic garbage: no crash, no message too long, and the end comes or it waits. */
static void garbage(void **state)
{
	uint32_t seed = 1;

	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 400; i++) {
			unsigned char byte;

			seed = seed * 1664525 + 1013904223;
			byte = (unsigned char)(seed >> 24);
			evbuffer_add(in, &byte, 1);
			if (seed % 7 == 0)
				ws_read(w);
			heard_len = 0;
		}
		ws_read(w);
		assert_int_equal(evbuffer_get_length(in), 0);
		if (!ws_open(w))
			assert_true(ws_over(w));
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static void a_flood_of_frames(void **state)
{
	(void)state;
	for (int i = 0; i < WS_FRAMES_PER_S; i++)
		text(0x8a, "");
	ws_read(w);
	assert_true(ws_open(w));
	ws_tick(w); /* a second later it may send as many */
	for (int i = 0; i < WS_FRAMES_PER_S; i++)
		text(0x8a, "");
	ws_read(w);
	assert_true(ws_open(w));
	text(0x81, "one too many");
	text(0x81, "and another");
	ws_read(w);
	expect_close(1008);
	assert_string_equal(heard, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_key),
		cmocka_unit_test(header_lists),
		cmocka_unit_test(encoded_lengths),
		TEST(messages),
		TEST(fragments),
		TEST(byte_by_byte),
		TEST(many_at_once),
		TEST(asks_and_never_reads),
		TEST(ping_and_pong),
		TEST(the_client_closes),
		TEST(a_close_without_a_code),
		TEST(we_close),
		TEST(unmasked),
		TEST(oversized),
		TEST(oversized_in_fragments),
		TEST(fragments_without_end),
		TEST(a_huge_promise),
		TEST(binary),
		TEST(not_utf8),
		TEST(protocol_errors),
		TEST(garbage),
		TEST(a_flood_of_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
