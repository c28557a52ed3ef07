/*
 * recording.h - a recording on disk: gzip, one frame a line.
 *
 *   1723161254087891268 {"stream":"btcusdt@bookTicker","data":{...}}
 *
 * is the local receive time in ns, a blank, and the exact JSON received.
 *
 * One wrong receive time must not spoil the lines behind it. When a time jumps by more than
 * RECORDING_JUMP_US, the following line decides:
 *
 *	jumps ahead, the next line goes on from there	a pause: the time is kept
 *	jumps ahead, the next line is back		wrong: the line is refused
 *	jumps back, the next line goes on as before	wrong: the line is refused
 *	jumps back, the next line is back too		the recorder's clock was set back
 *
 * In the last case this and all later lines are moved so that they follow the line before.
 */
#ifndef WORKER_FEED_RECORDING_H
#define WORKER_FEED_RECORDING_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDING_JUMP_US INT64_C(2000000)
#define RECORDING_ALONE_US INT64_C(3600000000)	/* a jump that no line follows is wrong beyond it */

struct recording;

struct recording_line {
	int64_t number;		/* from 1 */
	int64_t time_us;	/* received, UTC */
	const char *json;	/* borrowed until the next call; no NUL */
	size_t len;
	bool set_back;		/* the recorder's clock was set back before this line */
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

/*
 * Looks at the n-th line (from 1) after the one that recording_next gave last. False: there
 * is none, it is broken, or it is too far ahead. *head: the bytes of the last line, which may
 * have moved.
 */
bool recording_ahead(struct recording *r, size_t n, struct recording_line *out,
		     const char **head);

const char *recording_path(const struct recording *r);

#endif
