#include "worker/backup/schedule.h"

#include "common/clock.h"

#include <string.h>

#define FIRST_US (120 * US_PER_S)	/* what just started has better things to do */
#define AGAIN_US (900 * US_PER_S)	/* after one that failed */
#define LOOK_US (10 * US_PER_S)

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void schedule_init(struct schedule *s, const char *kind, double interval_s, int64_t now_us)
{
	s->kind = kind;
	s->interval_us = (int64_t)(interval_s * (double)US_PER_S);
	s->look_us = now_us + least(s->interval_us, FIRST_US);
}

int64_t schedule_due(int64_t interval_us, const struct job_newest *newest, int64_t started_us)
{
	if (newest->id == 0)
		return started_us;
	if (strcmp(newest->state, "queued") == 0 || strcmp(newest->state, "running") == 0)
		return INT64_MAX;
	if (strcmp(newest->state, "done") == 0)
		return newest->ended_us + interval_us;
	return newest->ended_us + least(interval_us, AGAIN_US);
}

int schedule_run_tx(struct schedule *s, struct db *db, int64_t now_us, bool *queued,
		    struct err *e)
{
	struct job_newest newest;
	int64_t id;
	int rc;

	*queued = false;
	if (!s->interval_us || now_us < s->look_us)
		return 0;
	rc = job_row_newest(db, s->kind, &newest, e);
	/* A clock that was set back must not delay the next one. */
	if (!rc && newest.ended_us > now_us)
		newest.ended_us = now_us - s->interval_us;
	if (!rc && now_us >= schedule_due(s->interval_us, &newest, s->look_us)) {
		rc = job_row_insert_tx(db, s->kind, "{}", "schedule", now_us, &id, e);
		*queued = rc == 0;
	}
	if (!rc)
		s->look_us = now_us + least(LOOK_US, s->interval_us);
	return rc;
}
