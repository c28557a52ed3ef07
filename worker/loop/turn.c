#include "worker/loop/loop_internal.h"

#include "common/clock.h"
#include "common/log.h"

#include <event2/event.h>
#include <signal.h>

#define FRAMES_AT_ONCE 4		/* between two looks at the turn's limits */
#define TURN_BUDGET_US INT64_C(4000)	/* of market data per turn; a loop never blocks 5 ms */
#define SLOW_TURN_US INT64_C(50000)
#define CATCH_UP_MOST_US (86400 * US_PER_S)	/* of market data that was not read in time */
#define RETRY_US INT64_C(250000)	/* between tries of a commit that failed */

int64_t worker_clock(struct worker *w)
{
	int64_t real_us = clock_now_us();
	int64_t wall_us = clock_steady_us(&w->clock, real_us, clock_boot_us());
	bool back = wall_us - real_us > US_PER_S;

	if (back && !w->clock_told)
		log_warn("worker", NULL, "the clock was set back by %lld s: times of this worker "
			 "stay ahead by that until it is restarted",
			 (long long)((wall_us - real_us) / US_PER_S));
	w->clock_told = back;
	return wall_us;
}

int64_t worker_time(const struct worker *w, int64_t wall_us)
{
	int64_t newest = engine_now(session_engine(w->session));

	if (feed_choice_own_time(w->feed) && newest)
		return newest;
	wall_us = feed_choice_market_us(w->feed, wall_us - w->behind_us);
	return wall_us > newest ? wall_us : newest;
}

void worker_schedule(struct worker *w, int64_t in_us)
{
	struct timeval tv = { in_us / US_PER_S, in_us % US_PER_S };

	event_add(w->turn_event, &tv);
}

/* The feed whose next event is the earliest; *others_us: the time of the other feeds' earliest. */
static struct feed *first_due(const struct worker *w, int64_t *others_us)
{
	struct feed *first = NULL, *f;

	*others_us = INT64_MAX;
	for (size_t i = 0; (f = feed_choice_feed(w->feed, i)) != NULL; i++) {
		if (!first || f->next_us < first->next_us) {
			*others_us = first ? first->next_us : INT64_MAX;
			first = f;
		} else if (f->next_us < *others_us) {
			*others_us = f->next_us;
		}
	}
	return first;
}

/* Hands on some frames of one feed, up to a time. */
static void poll(struct worker *w, struct feed *f, int64_t until_us, int64_t wall_us)
{
	struct err e = { 0 };
	uint64_t frames = f->stats.frames;
	int rc = f->ops->poll(f, until_us, FRAMES_AT_ONCE, &f->next_us, &e);
	bool was_failed = f->failed, ended = rc == ERR_END || f->next_us == INT64_MAX;

	if (f->stats.frames > frames)
		f->heard_us = wall_us;
	f->failed = rc != 0 && !ended;
	if (ended) {
		if (!w->feed_ended) {
			log_info("feed", NULL, "the recording has ended");
			engine_signals_end(session_engine(w->session));
		}
		w->feed_ended = true;
		f->next_us = INT64_MAX;
	} else if (rc) {
		worker_feed_failed(w, &e);
		f->next_us = wall_us + US_PER_S;
	} else {
		if (was_failed)
			worker_feed_back(w, wall_us);
		drift_note(&w->drift, &f->stats);
	}
}

/*
 * A feed begins with history from before our start, which only warms up (WARM_NEW). Until
 * it is read, only commands move the engine's time.
 */
static bool in_history(const struct worker *w, const struct feed *f)
{
	return !feed_choice_unpaced(w->feed) && f->next_us < w->acts_from_us;
}

/*
 * How far a feed is behind the clock. After the process stood still (a suspend), the events
 * that came due meanwhile are handed on first, in order and with their own times.
 */
static int64_t lag(const struct worker *w, const struct feed *f, int64_t wall_us)
{
	int64_t lag_us = wall_us - f->next_us;

	return feed_choice_unpaced(w->feed) || in_history(w, f) || lag_us < 0 ? 0 : lag_us;
}

/* Skips to now when a feed is so far behind that catching up is not worth it. */
static void skip_if_late(const struct worker *w, struct feed *f, int64_t wall_us)
{
	int64_t lag_us = lag(w, f, wall_us);

	if (lag_us <= CATCH_UP_MOST_US)
		return;
	log_warn("feed", NULL, "nothing was read for %lld s by the clock: market data goes on from "
		 "now, its windows start anew", (long long)(lag_us / US_PER_S));
	f->ops->skip(f, wall_us);
	f->next_us = wall_us;
}

/* Hands on due events of all feeds, the earliest first. Returns when more is due. */
static int64_t pull_feeds(struct worker *w, int64_t wall_us)
{
	int64_t until_us = clock_mono_us() + TURN_BUDGET_US, others_us;
	struct engine *engine = session_engine(w->session);
	struct feed *f = first_due(w, &others_us);

	while (f && f->next_us <= wall_us) {
		skip_if_late(w, f, wall_us);
		engine_behind(engine, lag(w, f, wall_us));
		poll(w, f, others_us > f->next_us && others_us < wall_us ? others_us : wall_us,
		     wall_us);
		f = first_due(w, &others_us);
		if (clock_mono_us() >= until_us || outbox_rows(w->outbox) >= TURN_ROWS)
			break;
	}
	w->behind_us = f ? lag(w, f, wall_us) : 0;
	engine_behind(engine, w->behind_us);
	if (!feed_choice_unpaced(w->feed) && !(f && in_history(w, f)))
		engine_advance(engine, worker_time(w, wall_us));
	return f ? f->next_us : INT64_MAX;
}

int worker_refresh_notifier(struct worker *w, struct err *e)
{
	size_t n;
	const int64_t *ids = bots_ids(w->bots, &n);

	notifier_begin(w->notifier);
	for (size_t i = 0; i < n; i++) {
		const struct bot_config *c = bots_config(w->bots, ids[i]);

		if (c)
			notifier_bot(w->notifier, ids[i], c, bots_secrets(w->bots, ids[i]));
	}
	return notifier_look(w->notifier, w->db, e);
}

void worker_look(struct worker *w, int64_t wall_us)
{
	int64_t version = db_data_version(w->db);
	struct err e = { 0 };

	if (version == w->data_version && !w->db_changed && !bots_waits(w->bots))
		return;
	w->data_version = version;
	w->db_changed = false;
	/* The routes of messages must be set before commands cause some. */
	if (bots_refresh(w->bots, w->db, worker_time(w, wall_us), &e) ||
	    worker_refresh_notifier(w, &e) ||
	    commands_run(w->commands, w->db, clock_now_us(), worker_time(w, wall_us), &e) ||
	    runner_look(w->runner, w->db, &e)) {
		w->db_changed = true;	/* look again next turn */
		log_warn("loop", NULL, "could not read commands and configs: %s", e.msg);
	}
}

/* Returns how long the next turn may wait. */
static int64_t send_messages(struct worker *w, int64_t wall_us, int64_t wait_us)
{
	int64_t mono_us = clock_mono_us(), next_us;
	struct err e = { 0 };

	if (notifier_turn(w->notifier, w->db, wall_us, mono_us, &next_us, &e)) {
		log_warn("loop", NULL, "could not read the messages that wait: %s", e.msg);
		return wait_us;
	}
	return next_us - mono_us < wait_us ? next_us - mono_us : wait_us;
}

static void turn(struct worker *w)
{
	int64_t start_us = clock_mono_us();
	int64_t wall_us = worker_clock(w);
	int64_t wait_us = WORKER_TICK_US;
	int64_t took_us;

	worker_stop_look(w, wall_us);
	/* While commits fail nothing new is read: memory must not run ahead of the file. */
	if (w->commit_failed) {
		wait_us = RETRY_US;
	} else {
		int64_t next_us = pull_feeds(w, wall_us);
		int64_t due_us = feed_choice_wall_us(w->feed,
						     engine_next_due(session_engine(w->session)));

		if (!feed_choice_own_time(w->feed) && due_us < next_us)
			next_us = due_us;
		if (next_us - wall_us < wait_us)
			wait_us = next_us > wall_us ? next_us - wall_us : 0;
		worker_look(w, wall_us);
		runner_tick(w->runner, clock_mono_us());
		wait_us = send_messages(w, wall_us, wait_us);
	}
	worker_commit(w, wall_us, false);
	took_us = clock_mono_us() - start_us;
	loop_times_add(&w->times, took_us, start_us);
	w->beat.turns++;
	supervisor_alive(&w->supervisor, start_us);
	if (took_us > SLOW_TURN_US)
		log_warn("loop", NULL, "turn took %lld ms", (long long)(took_us / 1000));
	worker_schedule(w, wait_us);
}

static void turn_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;

	(void)fd;
	(void)what;
	if (w->ending)
		event_base_loopbreak(w->base);
	else
		turn(w);
}

static void watch_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;

	(void)fd;
	(void)what;
	/* Our own commits wake us too; only a changed data_version means a commit of others. */
	if (watch_drain(w->watch) && !w->ending && db_data_version(w->db) != w->data_version) {
		event_del(w->turn_event);
		turn(w);
	}
}

static void signal_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;

	(void)what;
	log_info("worker", NULL, "signal %d: storing state and ending", (int)fd);
	event_base_loopbreak(w->base);
}

/* Without a watch each turn looks at the database, every 50 ms: slower, but no reason to stop. */
static void open_watch(struct worker *w)
{
	struct err e = { 0 };

	if (w->watch)
		return;
	if (watch_open(db_path(w->db), &w->watch, &e)) {
		w->watch = NULL;
		log_warn("worker", NULL, "the worker looks for commands only every %lld ms: %s",
			 (long long)(WORKER_TICK_US / US_PER_MS), e.msg);
		return;
	}
	w->watch_event = event_new(w->base, watch_fd(w->watch), EV_READ | EV_PERSIST, watch_cb, w);
	event_add(w->watch_event, NULL);
}

/* SIGHUP comes from a terminal that closes, and from people who use it to reload other programs. */
static void hangup_cb(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;

	(void)fd;
	(void)what;
	log_info("worker", NULL, "SIGHUP: bots, models and commands are looked at again; settings "
		 "of the environment need a restart");
	open_watch(w);
	w->db_changed = true;
}

int worker_loop_open(struct worker *w, struct err *e)
{
	w->base = event_base_new();
	if (!w->base)
		return err_set(e, ERR_IO, "no event loop from the operating system");
	w->turn_event = evtimer_new(w->base, turn_cb, w);
	w->term_event = evsignal_new(w->base, SIGTERM, signal_cb, w);
	w->int_event = evsignal_new(w->base, SIGINT, signal_cb, w);
	w->hup_event = evsignal_new(w->base, SIGHUP, hangup_cb, w);
	event_add(w->term_event, NULL);
	event_add(w->int_event, NULL);
	event_add(w->hup_event, NULL);
	open_watch(w);
	return 0;
}

void worker_loop_run(struct worker *w)
{
	event_base_dispatch(w->base);
}

void worker_loop_close(struct worker *w)
{
	struct event *events[] = { w->turn_event, w->watch_event, w->term_event, w->int_event,
				   w->hup_event };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	if (w->base)
		event_base_free(w->base);
	watch_close(w->watch);
}
