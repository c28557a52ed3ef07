/*
 * frame_decode and the scanner under it: what they take, the strict JSON reader takes,
 * and what a decoded frame holds can be used.
 */
#include "common/json.h"
#include "tests/fuzz/fuzz.h"
#include "worker/feed/frame.h"
#include "worker/feed/scan.h"

static bool scans(const char *bytes, size_t size)
{
	enum scan_kind kind;
	struct scan_token t;
	struct scan s;

	scan_init(&s, bytes, size);
	while ((kind = scan_next(&s, &t)) != SCAN_END && kind != SCAN_ERROR) {
		ASSERT(t.text >= bytes && t.text + t.len <= bytes + size);
		ASSERT(scan_offset(&s) <= size);
	}
	ASSERT((kind == SCAN_ERROR) == (s.error != NULL));
	return kind == SCAN_END;
}

static void check_frame(const struct frame *f)
{
	ASSERT(frame_kind_name(f->kind)[0]);
	ASSERT(memchr(f->symbol, '\0', sizeof(f->symbol)) != NULL);
	ASSERT(f->event_us >= 0);
	ASSERT(f->bids.n <= f->bids.cap && f->asks.n <= f->asks.cap);
	if (f->kind == FRAME_TRADE || f->kind == FRAME_AGG_TRADE)
		ASSERT(f->symbol[0] && f->trade.time_us >= 0);
	if (f->kind == FRAME_TOP || f->kind == FRAME_DEPTH)
		ASSERT(f->symbol[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame f;
	static bool ready;
	char *bytes = fuzz_bytes(data, size);
	struct err e = { 0 };
	cJSON *json = NULL;
	bool scanned;

	if (!ready)
		frame_init(&f);
	ready = true;
	scanned = scans(bytes, size);
	if (frame_decode(bytes, size, &f, &e)) {
		ASSERT(e.code == ERR_INVALID && e.msg[0]);
	} else {
		ASSERT(scanned);
		check_frame(&f);
	}
	/* The strict reader refuses more (duplicate keys, lone surrogates, huge numbers). */
	if (!json_read(bytes, size, &json, NULL))
		ASSERT(scanned);
	cJSON_Delete(json);
	free(bytes);
	return 0;
}
