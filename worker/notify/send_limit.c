#include "worker/notify/send_limit.h"

int64_t send_limit_next(const struct send_limit *p, int64_t now_us)
{
	int64_t free_us;

	if (p->used < p->n || p->n == 0)
		return now_us;
	free_us = p->at_us[p->used % p->n] + p->window_us;	/* the oldest that counts */
	return free_us > now_us ? free_us : now_us;
}

void send_limit_add(struct send_limit *p, int64_t now_us)
{
	if (p->n)
		p->at_us[p->used++ % p->n] = now_us;
}
