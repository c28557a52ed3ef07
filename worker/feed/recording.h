/*
 * recording.h - a recording on disk: gzip, one frame a line.
 *
 *   1723161254087891268 {"stream":"btcusdt@bookTicker","data":{...}}
 *
 * is the local receive time in ns, a blank, and the exact JSON received.
 */
#ifndef FEED_RECORDING_H
#define FEED_RECORDING_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

struct recording;

struct recording_line {
	int64_t number;		/* from 1 */
	int64_t time_us;	/* received, UTC */
	const char *json;	/* borrowed until the next call; no NUL */
	size_t len;
};

/* ERR_NOT_FOUND, ERR_IO, or ERR_CORRUPT when it is empty or no gzip; all name the file. */
MUST_CHECK int recording_open(const char *path, struct recording **out, struct err *e);
void recording_close(struct recording *r);

/*
 * The next line. ERR_INVALID: this line is broken (out->number is set), the next
 * may be fine. ERR_CORRUPT: the file is damaged or ends early, no more will come.
 * ERR_END: all lines have been read.
 */
MUST_CHECK int recording_next(struct recording *r, struct recording_line *out, struct err *e);

const char *recording_path(const struct recording *r);

#endif
