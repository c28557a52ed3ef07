#include "worker/engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGNAL_REPEAT_US INT64_C(60000000)

struct engine *engine_new(const struct engine_args *a)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->args = *a;
	e->all = (struct conditions){
		.limits = &e->args.limits, .equity_interval_us = a->equity_interval_us,
		.signal_repeat_us = a->signal_repeat_us ? a->signal_repeat_us : SIGNAL_REPEAT_US,
	};
	snprintf(e->all.installation, sizeof(e->all.installation), "%s",
		 a->installation ? a->installation : INSTALLATION_NONE);
	e->ids = (struct next_ids){ a->first_order_id, a->first_leg_id, a->first_fill_id,
				    a->first_signal_id };
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
	for (size_t i = 0; i < e->accounts_n; i++)
		free(e->accounts[i]);
	effects_fini(&e->effects);
	free(e->accounts);
	free(e->bots);
	free(e->dues);
	free(e->markets);
	free(e);
}

static void on_update(void *ctx, const struct venue_update *u)
{
	struct engine *e = ctx;
	struct bot *b = engine_find_bot(e, u->bot_id);
	struct step s;

	if (!b)
		return;
	s = engine_step(e, b, u->at_us);
	s.venue_us = u->venue_us;
	bot_on_update(&s, b, u);
	engine_step_done(e, b);
}

static void on_account(void *ctx, const struct account *a)
{
	*engine_account(ctx, a->bot_id) = *a;
}

static void on_answer(void *ctx, const struct venue_answer *a)
{
	struct engine *e = ctx;
	struct bot *b = engine_find_bot(e, a->query.bot_id);
	struct step s;

	if (a->query.kind == ASK_ACCOUNT && a->rc == 0)
		on_account(e, &a->account);
	if (!b)
		return;
	s = engine_step(e, b, a->at_us);
	bot_on_answer(&s, b, a);
	engine_step_done(e, b);
}

struct venue_sink engine_venue_sink(struct engine *e)
{
	return (struct venue_sink){ .ctx = e, .update = on_update, .answer = on_answer,
				    .account = on_account };
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

/* Runs the bots that are due, and finds the next deadline on the way. */
static void fire_bots(struct engine *e, int64_t at_us)
{
	e->due_us = e->warm == WARM_NEW ? NEVER : e->close_us;
	for (size_t i = 0; i < e->bots_n; i++) {
		if (e->dues[i] <= at_us) {
			struct step s = engine_step(e, e->bots[i], at_us);

			bot_timer(&s, e->bots[i]);
			engine_step_done(e, e->bots[i]);
		}
		if (e->dues[i] < e->due_us)
			e->due_us = e->dues[i];
	}
}

/*
 * What is due at at_us in the engine: first candles, because decisions are made on them, then
 * the bots' deadlines. Not inline, because that would cost registers in engine_advance, which
 * every event goes through.
 */
__attribute__((noinline)) static void fire(struct engine *e, int64_t at_us, int64_t until_us)
{
	if (e->close_us <= at_us && e->warm != WARM_NEW)
		markets_close(e, at_us, until_us, true);
	fire_bots(e, at_us);
}

/*
 * Fires the deadlines of venue and engine up to now_us in the order of time. At the same time
 * the venue goes first, because a fill that has happened must be known before a timeout decides
 * about the same order. Handlers set new deadlines, perhaps before now_us, so each round looks
 * for the earliest one anew. One that lies in the past fires at the engine's time, because
 * time never goes back.
 */
void engine_advance(struct engine *e, int64_t now_us)
{
	struct venue *v = e->args.venue;

	if (e->now_us == 0 || now_us - e->now_us > ENGINE_GAP_US)
		e->now_us = now_us;
	e->all.target_us = now_us + e->all.behind_us;
	for (;;) {
		int64_t venue_due = v->ops->next_due(v);
		int64_t due = venue_due <= e->due_us ? venue_due : e->due_us;

		if (due > now_us)
			break;
		if (due < e->now_us)
			due = e->now_us;
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
	e->all.behind_us = behind_us > 0 ? behind_us : 0;
}

int64_t engine_next_due(const struct engine *e)
{
	int64_t venue_due = e->args.venue->ops->next_due(e->args.venue);

	return venue_due < e->due_us ? venue_due : e->due_us;
}

void engine_report(struct engine *e, int64_t now_us, int64_t max_age_us, size_t most)
{
	const struct reporter *r = &e->args.reporter;
	size_t from = most < e->bots_n && e->report_at < e->bots_n ? e->report_at : 0;

	for (size_t i = 0; i < e->bots_n; i++) {
		size_t at = from + i < e->bots_n ? from + i : from + i - e->bots_n;
		struct bot *b = e->bots[at];
		struct bot_report row;
		bool old = b->moved || now_us - b->reported_us >= max_age_us;

		if (!b->dirty && !(old && most > 0))
			continue;
		if (!b->dirty) {
			most--;
			e->report_at = at + 1;
		}
		bot_report(b, now_us, &row);
		if (r->bot)
			r->bot(r->ctx, &row);
	}
}

void engine_signals_end(struct engine *e)
{
	for (size_t i = 0; i < e->bots_n; i++) {
		struct step s = engine_step(e, e->bots[i], e->now_us);

		bot_signal_ends(&s, e->bots[i]);
		engine_step_maybe(e, e->bots[i]);
	}
}
