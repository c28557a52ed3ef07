#include "worker/loop/clock_drift.h"

void drift_note(struct drift *d, const struct feed_stats *s)
{
	if (!s->last_now_us)
		return;
	if (!d->seen || s->clock_drift_us < d->least_us)
		d->least_us = s->clock_drift_us;
	d->seen = true;
}

bool drift_take(struct drift *d, int64_t *us)
{
	if (!d->seen)
		return false;
	*us = d->least_us;
	d->seen = false;
	return true;
}
