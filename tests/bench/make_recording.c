/*
 * A recording of the built-in market, as long as asked for:
 *	make_recording SECONDS [SEED [SYMBOL]] >FILE.gz
 * For replays that need hours of market; the real recordings are minutes.
 */
#include "worker/feed/synthetic_frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define START_US INT64_C(1754006400000000)	/* 2025-08-01 */
#define US_PER_S INT64_C(1000000)

static void record(gzFile out, const char *symbol, uint64_t seed, int64_t end_us)
{
	struct synthetic_market *m = synthetic_market_new(symbol, false, seed, START_US);
	const struct synthetic_event *e;
	struct buf text = { 0 };
	int64_t ns = 0;

	while ((e = synthetic_market_peek(m))->time_us < end_us) {
		int64_t received = (e->time_us + SYNTHETIC_LATENCY_US) * 1000;

		ns = received > ns ? received : ns + 1;	/* no two lines at once */
		synthetic_frame_write(m, &text);
		if (gzprintf(out, "%" PRId64 " ", ns) <= 0 ||
		    gzwrite(out, text.data, (unsigned)text.len) <= 0 || gzputc(out, '\n') < 0)
			die("make_recording: can't write; is the disk full?");
		synthetic_market_take(m);
	}
	buf_free(&text);
	synthetic_market_free(m);
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	gzFile out;

	if (seconds < 1 || isatty(STDOUT_FILENO))
		die("usage: make_recording SECONDS [SEED [SYMBOL]] >FILE.gz");
	out = gzdopen(dup(STDOUT_FILENO), "wb1");
	ASSERT(out != NULL);
	record(out, argc > 3 ? argv[3] : "BTCUSDT", seed, START_US + seconds * US_PER_S);
	if (gzclose(out) != Z_OK)
		die("make_recording: can't write; is the disk full?");
	return 0;
}
