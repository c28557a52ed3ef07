#include "worker/loop/loop_internal.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

/* A replay at "max" makes its own time, in steps of what one look takes. */
#define RECORDED_STEP_MOST_US (86400 * US_PER_S)

static void tell_jump(struct worker *w)
{
	const struct clock_watch *c = &w->clock_watch;
	char now[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX], text[300];

	clock_text(c->seen_us, now);
	clock_text(c->settles_us, until);
	snprintf(text, sizeof(text), "the machine's clock went %s by %lld s at once, to %s: no old "
		 "rows are deleted until %s, unless \"trading-bot clock accept\" says before that "
		 "it is right", c->jump_us < 0 ? "back" : "ahead",
		 (long long)((c->jump_us < 0 ? -c->jump_us : c->jump_us) / US_PER_S), now, until);
	log_warn("clock", NULL, "%s", text);
	notifier_tell(w->notifier, NOTIFY_WARNING, text);
}

static void tell_pause(const struct worker *w)
{
	char until[CLOCK_TEXT_MAX];

	log_info("clock", NULL, "no worker ran for long, by the clock: no old rows are deleted "
		 "until %s", clock_text(w->clock_watch.settles_us, until));
}

void worker_ages_look(struct worker *w)
{
	enum clock_news news = clock_watch_look(&w->clock_watch, clock_now_us(), clock_boot_us(),
						CLOCK_STEP_MOST_US);

	if (news == CLOCK_JUMPED)
		tell_jump(w);
	else if (news == CLOCK_PAUSED)
		tell_pause(w);
	else if (news == CLOCK_SETTLED)
		log_info("clock", NULL, "the machine's clock is settled: old rows are deleted");
	if (feed_choice_unpaced(w->feed))
		(void)clock_watch_look(&w->recorded_watch, engine_now(session_engine(w->session)),
				       clock_boot_us(), RECORDED_STEP_MOST_US);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t worker_ages_clock(const struct worker *w, int64_t wall_us)
{
	return clock_watch_age_base(&w->clock_watch, least(wall_us, w->clock_watch.seen_us));
}

int64_t worker_ages_engine(const struct worker *w, int64_t wall_us)
{
	int64_t clock_us = worker_ages_clock(w, wall_us);
	int64_t engine_us = engine_now(session_engine(w->session));

	if (!clock_us || !feed_choice_unpaced(w->feed))
		return clock_us;
	return clock_watch_age_base(&w->recorded_watch, engine_us);
}
