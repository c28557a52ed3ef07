/*
 * send_limit.h - at most n sends within a sliding window of time.
 */
#ifndef WORKER_NOTIFY_SEND_LIMIT_H
#define WORKER_NOTIFY_SEND_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#define SEND_LIMIT_MAX 30

struct send_limit {
	size_t n;			/* at most SEND_LIMIT_MAX sends, 0: no limit */
	int64_t window_us;		/* within this time */
	int64_t at_us[SEND_LIMIT_MAX];	/* ring of the newest */
	size_t used;			/* ever */
};

/* When the next one may go: now_us, or later. */
int64_t send_limit_next(const struct send_limit *p, int64_t now_us);
void send_limit_add(struct send_limit *p, int64_t now_us);

#endif
