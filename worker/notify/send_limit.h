/*
 * send_limit.h - at most n sends within a sliding window of time.
 */
#ifndef WORKER_NOTIFY_SEND_LIMIT_H
#define WORKER_NOTIFY_SEND_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#define PACE_MAX 30

struct pace {
	size_t n;			/* at most PACE_MAX sends, 0: no limit */
	int64_t window_us;		/* within this time */
	int64_t at_us[PACE_MAX];	/* ring of the newest */
	size_t used;			/* ever */
};

/* When the next one may go: now_us, or later. */
int64_t pace_next(const struct pace *p, int64_t now_us);
void pace_add(struct pace *p, int64_t now_us);

#endif
