#include "worker/engine/engine_internal.h"

#include <stdlib.h>

#define SIGNAL_REPEAT_US INT64_C(60000000)

const struct reporter *engine_reporter(const struct engine *e) { return &e->args.reporter; }
const struct risk_limits *engine_limits(const struct engine *e) { return &e->args.limits; }
struct venue *engine_venue(const struct engine *e) { return e->args.venue; }
int64_t engine_take_order_id(struct engine *e) { return e->args.first_order_id++; }
int64_t engine_take_leg_id(struct engine *e) { return e->args.first_leg_id++; }
int64_t engine_take_fill_id(struct engine *e) { return e->args.first_fill_id++; }
int64_t engine_take_signal_id(struct engine *e) { return e->args.first_signal_id++; }
int64_t engine_next_fill_id(const struct engine *e) { return e->args.first_fill_id; }
int64_t engine_open_all(const struct engine *e) { return e->open_all; }
void engine_count_open(struct engine *e, int change) { e->open_all += change; }
int64_t engine_drift(const struct engine *e) { return e->drift_us; }
bool engine_is_disk_full(const struct engine *e) { return e->disk_full; }
int64_t engine_behind_us(const struct engine *e) { return e->behind_us; }
int64_t engine_target(const struct engine *e) { return e->target_us; }
int64_t engine_equity_interval(const struct engine *e) { return e->args.equity_interval_us; }
int64_t engine_signal_repeat(const struct engine *e) { return e->args.signal_repeat_us; }

void engine_due(struct engine *e, const struct bot *b)
{
	e->dues[b->index] = b->due_us;
	if (b->due_us < e->due_us)
		e->due_us = b->due_us;
}

struct engine *engine_new(const struct engine_args *a)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->args = *a;
	if (!e->args.signal_repeat_us)
		e->args.signal_repeat_us = SIGNAL_REPEAT_US;
	e->due_us = NEVER;
	e->close_us = NEVER;
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->bots_n; i++)
		bot_free(e->bots[i]);
	for (size_t i = 0; i < e->markets_n; i++)
		market_free(e->markets[i]);
	free(e->bots);
	free(e->dues);
	free(e->markets);
	free(e);
}

static void on_update(void *ctx, const struct venue_update *u)
{
	struct bot *b = engine_find_bot(ctx, u->bot_id);

	if (b)
		bot_on_update(b, u);
}

struct venue_sink engine_venue_sink(struct engine *e)
{
	return (struct venue_sink){ .ctx = e, .update = on_update };
}

void engine_set_venue(struct engine *e, struct venue *v)
{
	e->args.venue = v;
}

void engine_resume_at(struct engine *e, int64_t now_us)
{
	e->now_us = now_us;
}

int64_t engine_now(const struct engine *e)
{
	return e->now_us;
}

static void fire_bots(struct engine *e, int64_t at_us)
{
	e->due_us = e->history ? NEVER : e->close_us;
	for (size_t i = 0; i < e->bots_n; i++) {
		if (e->dues[i] <= at_us)
			bot_timer(e->bots[i], at_us);
		if (e->dues[i] < e->due_us)
			e->due_us = e->dues[i];
	}
}

/*
 * At one time: the venue's fills first, then the candles, then the bots' deadlines. (Not
 * inline: it would cost registers of engine_advance, which each event goes through.)
 */
__attribute__((noinline)) static void fire(struct engine *e, int64_t at_us, int64_t until_us)
{
	if (e->close_us <= at_us && !e->history)
		markets_close(e, at_us, until_us, true);
	fire_bots(e, at_us);
}

void engine_advance(struct engine *e, int64_t now_us)
{
	struct venue *v = e->args.venue;

	if (e->now_us == 0 || now_us - e->now_us > ENGINE_GAP_US)
		e->now_us = now_us;
	e->target_us = now_us + e->behind_us;
	for (;;) {
		int64_t venue_due = v->ops->next_due(v);
		int64_t due = venue_due <= e->due_us ? venue_due : e->due_us;

		if (due > now_us)
			break;
		if (due < e->now_us)
			due = e->now_us; /* time never goes back */
		e->now_us = due;
		if (venue_due <= e->due_us)
			v->ops->advance(v, due);
		else
			fire(e, due, now_us);
	}
	if (now_us > e->now_us)
		e->now_us = now_us;
}

void engine_behind(struct engine *e, int64_t behind_us)
{
	e->behind_us = behind_us > 0 ? behind_us : 0;
}

int64_t engine_next_due(const struct engine *e)
{
	int64_t venue_due = e->args.venue->ops->next_due(e->args.venue);

	return venue_due < e->due_us ? venue_due : e->due_us;
}

void engine_report(struct engine *e, int64_t now_us, int64_t max_age_us, size_t most)
{
	size_t from = most < e->bots_n && e->report_at < e->bots_n ? e->report_at : 0;

	for (size_t i = 0; i < e->bots_n; i++) {
		size_t at = from + i < e->bots_n ? from + i : from + i - e->bots_n;
		struct bot *b = e->bots[at];
		bool old = b->moved || now_us - b->reported_us >= max_age_us;

		if (!b->dirty && !(old && most > 0))
			continue;
		if (!b->dirty) {
			most--;
			e->report_at = at + 1;
		}
		bot_report(b, now_us);
	}
}

void engine_signals_end(struct engine *e)
{
	for (size_t i = 0; i < e->bots_n; i++)
		bot_signal_ends(e->bots[i]);
}
