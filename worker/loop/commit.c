#include "worker/loop/loop_internal.h"

#include "common/log.h"
#include "common/registry/markets.h"
#include "worker/store/worker.h"

#include <string.h>

#define FIGURE_ROWS 64			/* of bots whose figures moved, per turn */
#define BEAT_US US_PER_S
#define ROW_MAX_AGE_US US_PER_S		/* bot_state rows are never older than this */

static int write_position(struct worker *w, int64_t wall_us, struct err *e)
{
	const char *source = feed_choice_resumes(w->feed);
	struct feed *f = feed_choice_feed(w->feed, 0);
	struct feed_position p;
	int rc;

	if (!source || !f)
		return 0;
	f->ops->position(f, &p);
	if (memcmp(&p, &w->position, sizeof(p)) == 0)
		return 0;
	rc = store_position_tx(w->db, source, &p, engine_now(session_engine(w->session)), wall_us,
			       e);
	if (rc == 0)
		w->position = p;
	return rc;
}

static size_t markets_n(const struct worker *w)
{
	size_t n = 0;

	while (feed_choice_market(w->feed, n))
		n++;
	return n;
}

/* Writes all markets when there are new ones; at the start also none, to delete the old ones. */
static int write_markets(struct worker *w, int64_t wall_us, struct err *e)
{
	size_t n = markets_n(w);
	int rc = 0;

	if (w->beaten && n == w->markets)
		return 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct symbol_info info = *feed_choice_market(w->feed, i);

		rc = fees_with(w->config->sim_commission, info.futures, &info.fees);
		if (rc == 0)
			rc = store_market_put_tx(w->db, &info, wall_us, e);
	}
	return rc ? rc : store_markets_trim_tx(w->db, wall_us, e);
}

static int write_all_tx(struct worker *w, bool beat, int64_t wall_us, bool *queued, struct err *e)
{
	int rc = outbox_flush_tx(w->outbox, w->db, wall_us, e);

	if (rc == 0)
		rc = commands_write_tx(w->commands, w->db, e);
	if (rc == 0)
		rc = runner_write_tx(w->runner, w->db, e);
	if (rc == 0)
		rc = notifier_write_tx(w->notifier, w->db, wall_us, worker_ages_clock(w, wall_us),
				       e);
	if (rc == 0)
		rc = write_position(w, wall_us, e);
	if (rc == 0)
		rc = store_logs_flush_tx(w->logs, w->db, e);
	if (rc == 0 && beat)
		rc = write_markets(w, wall_us, e);
	if (rc == 0 && beat)
		rc = store_heartbeat_tx(w->db, &w->beat, e);
	if (rc == 0 && beat)
		rc = clock_watch_sync_tx(w->db, &w->clock_watch, e);
	if (rc == 0 && beat)
		rc = schedule_run_tx(&w->schedule, w->db, wall_us, queued, e);
	if (rc == 0 && beat && !*queued)
		rc = schedule_run_tx(&w->scrubs, w->db, wall_us, queued, e);
	if (rc == 0 && beat)
		rc = store_machine_file_tx(w->db, &w->file, wall_us, e);
	return rc;
}

static bool position_moved(const struct worker *w)
{
	return feed_choice_resumes(w->feed) && session_events(w->session) != w->events_seen;
}

/*
 * How many rows with only changed figures to write in this turn. A replay at "max" resumes at
 * its last commit, so it must write all of them: a bot decides by them. In other modes the
 * market goes on during a restart, so a figure of a second ago is good enough.
 */
static size_t figure_rows(const struct worker *w)
{
	return feed_choice_resumes(w->feed) ? SIZE_MAX : FIGURE_ROWS;
}

/* Is there something that this turn must write? */
static bool commit_due(const struct worker *w, int64_t wall_us)
{
	if (commands_pending(w->commands) || runner_pending(w->runner) ||
	    notifier_pending(w->notifier) || position_moved(w) || !outbox_can_wait(w->outbox))
		return true;
	if (outbox_rows(w->outbox) >= TURN_ROWS)
		return true;
	return !outbox_empty(w->outbox) && wall_us - w->committed_us >= WORKER_TICK_US;
}

/*
 * Must this commit be on the disk when it returns? With real money always, because orders are
 * sent after it. In paper trading a power cut may lose the newest second (each heartbeat is
 * durable), but never something that somebody was told: an answer to a command, a job's end.
 */
static bool commit_waits(const struct worker *w, bool beat)
{
	return beat || w->config->trading_mode == MODE_LIVE || commands_pending(w->commands) ||
	       runner_pending(w->runner);
}

static int try_commit(struct worker *w, bool beat, int64_t wall_us, bool *queued, struct err *e)
{
	int rc = db_begin(w->db, e);

	*queued = false;
	if (rc)
		return rc;
	rc = write_all_tx(w, beat, wall_us, queued, e);
	return db_end(w->db, rc, e);
}

/* The commit succeeded: forgets the written rows and looks at what they may have changed. */
static void committed(struct worker *w, bool beat, bool queued, int64_t wall_us)
{
	if (w->commit_failed)
		log_info("loop", NULL, "the database takes writes again; nothing was lost");
	w->commit_failed = false;
	worker_stop_committed(w);
	w->committed_us = wall_us;
	w->events_seen = session_events(w->session);
	outbox_clear(w->outbox);
	commands_clear(w->commands);
	if (commands_more(w->commands))
		w->db_changed = true; /* the others' turn */
	if (notifier_clear(w->notifier))
		w->db_changed = true;
	if (runner_pending(w->runner)) {
		runner_clear(w->runner);
		w->db_changed = true; /* the next queued job may start */
	}
	w->db_changed = w->db_changed || queued;
	if (beat) {
		w->beaten = true;
		w->markets = markets_n(w);
		w->beat_due_us = wall_us + BEAT_US;
	}
	session_venue(w->session)->ops->flush(session_venue(w->session));
}

static void not_committed(struct worker *w, const struct err *why)
{
	if (!w->commit_failed)
		log_error("loop", NULL, "trading waits: the database takes no writes: %s",
			  why->msg);
	w->commit_failed = true;
	if (w->stop_told)	/* an emergency stop waits for no disk */
		session_venue(w->session)->ops->flush(session_venue(w->session));
}

/* Commits; on a full disk once more after removing the reserve. A failure changes nothing. */
static int commit(struct worker *w, bool beat, int64_t wall_us, bool *queued, struct err *e)
{
	struct feed_position before = w->position;
	int rc = try_commit(w, beat, wall_us, queued, e);

	if (rc == ERR_FULL && worker_reserve_give(w)) {
		w->position = before;
		rc = try_commit(w, beat, wall_us, queued, e);
	}
	if (rc)
		w->position = before;
	return rc;
}

void worker_commit(struct worker *w, int64_t wall_us, bool force)
{
	bool queued = false;
	bool beat = force || wall_us >= w->beat_due_us;
	struct err e = { 0 };
	int rc;

	if (worker_lost(w))
		return;
	if (!w->commit_failed) /* what waits is enough: a full disk may last for days */
		engine_report(session_engine(w->session), worker_time(w, wall_us), ROW_MAX_AGE_US,
			      figure_rows(w));
	if (!beat && !commit_due(w, wall_us))
		return;
	if (beat) {
		worker_beat_fill(w, wall_us);
		worker_ages_look(w);
		worker_file_look(w);
		worker_reserve_look(w);
	}
	outbox_now(w->outbox, worker_ages_clock(w, wall_us), worker_ages_engine(w, wall_us));
	db_set_durable(w->db, commit_waits(w, beat));
	rc = commit(w, beat, wall_us, &queued, &e);
	if (w->lost.code)
		return;
	if (rc)
		not_committed(w, &e);
	else
		committed(w, beat, queued, wall_us);
}
