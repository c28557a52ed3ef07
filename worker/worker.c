#include "worker/worker.h"

#include "common/checkpoint.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/db.h"
#include "common/file.h"
#include "common/log.h"
#include "common/store_commands.h"
#include "common/store_logs.h"
#include "common/supervisor.h"
#include "common/watch.h"
#include "worker/backup/schedule.h"
#include "worker/bootstrap.h"
#include "worker/commands.h"
#include "worker/feed_choice.h"
#include "worker/job/runner.h"
#include "worker/loop_times.h"
#include "worker/notify/notifier.h"
#include "worker/predictors.h"
#include "worker/report/fanout.h"
#include "worker/report/log_report.h"
#include "worker/report/stdout_report.h"
#include "worker/roster.h"
#include "worker/session.h"
#include "worker/store/outbox.h"
#include "worker/store/store_orders.h"
#include "worker/store/store_sim.h"
#include "worker/store/store_worker.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TICK_US INT64_C(50000)		/* the longest wait between two turns */
#define FRAMES_AT_ONCE 4		/* between two looks at the turn's limits */
#define TURN_BUDGET_US INT64_C(4000)	/* of market data per turn; a loop never blocks 5 ms */
#define TURN_ROWS 200			/* to write, that end a turn's market data: a ms or two */
#define FIGURE_ROWS 64			/* of bots whose figures moved, per turn */
#define SLOW_TURN_US INT64_C(50000)
#define BEAT_US US_PER_S
#define ROW_MAX_AGE_US US_PER_S		/* bot_state rows are never older than this */
#define LOCK_WAIT_US (3 * US_PER_S)
#define LAST_MESSAGES_US (2 * US_PER_S)	/* for them when we end */
#define RETRY_US INT64_C(250000)	/* between tries of a commit that failed */

struct worker {
	const struct config *config;
	struct db *db;
	struct checkpoint *checkpoint;
	struct master_key key;
	int lock_fd;
	struct feed_choice *feed;
	struct store_logs *logs;
	struct outbox *outbox;
	struct fanout fanout;
	struct session *session;
	struct predictors *predictors;
	struct roster *roster;
	struct commands *commands;
	struct runner *runner;
	struct notifier *notifier;
	struct schedule schedule;	/* of backups */
	struct watch *watch;
	struct event_base *base;
	struct event *turn_event, *watch_event, *term_event, *int_event;
	struct heartbeat beat;
	struct supervisor supervisor;
	struct loop_times times;
	int64_t data_version;
	int64_t beat_due_us;
	struct clock_steady clock;	/* what the loop calls wall clock; deadlines need one */
	bool clock_told;		/* that the machine's clock was set back */
	int64_t committed_us;
	bool db_changed;		/* somebody else wrote: look at commands and configs */
	bool commit_failed;		/* the newest commit did not go through */
	bool feed_ended;
	bool ending;			/* only messages go on */
	struct feed_position position;
	uint64_t events_seen;
};

/* ---- time ---- */

/* The machine's clock may be set back under us; nothing may wait for it to catch up. */
static int64_t wall_clock(struct worker *w)
{
	int64_t real_us = clock_now_us();
	int64_t wall_us = clock_steady_us(&w->clock, real_us, clock_mono_us());
	bool back = wall_us - real_us > US_PER_S;

	if (back && !w->clock_told)
		log_warn("worker", NULL, "the clock was set back by %lld s: times of this worker "
			 "stay ahead by that until it is restarted",
			 (long long)((wall_us - real_us) / US_PER_S));
	w->clock_told = back;
	return wall_us;
}

/* What the engine calls now: the clock, or the recording when that alone makes time. */
static int64_t engine_time(const struct worker *w, int64_t wall_us)
{
	int64_t newest = engine_now(session_engine(w->session));

	if (feed_choice_unpaced(w->feed) && newest)
		return newest;
	return wall_us > newest ? wall_us : newest;
}

/* ---- market data ---- */

static void feed_failed(struct worker *w, const struct err *e)
{
	if (strcmp(w->beat.feed_state, "failed") == 0)
		return;
	snprintf(w->beat.feed_state, sizeof(w->beat.feed_state), "failed");
	snprintf(w->beat.feed_message, sizeof(w->beat.feed_message), "%.255s", e->msg);
	log_error("feed", NULL, "%s", e->msg);
	notifier_feed(w->notifier, w->beat.feed_state, w->beat.feed_message);
}

/* Pull one feed for its share of the turn. Returns when it wants to be asked again. */
static int64_t pull(struct worker *w, struct feed *f, int64_t wall_us)
{
	int64_t until_us = clock_mono_us() + TURN_BUDGET_US;
	int64_t next_us = wall_us;
	struct err e = { 0 };

	do {
		int rc = f->ops->poll(f, wall_us, FRAMES_AT_ONCE, &next_us, &e);

		if (rc == ERR_END || next_us == INT64_MAX) {
			if (!w->feed_ended)
				log_info("feed", NULL, "the recording has ended");
			w->feed_ended = true;
			return INT64_MAX;
		}
		if (rc) {
			feed_failed(w, &e);
			return wall_us + US_PER_S;
		}
	} while (next_us <= wall_us && clock_mono_us() < until_us &&
		 outbox_rows(w->outbox) < TURN_ROWS);
	return next_us;
}

static int64_t pull_feeds(struct worker *w, int64_t wall_us)
{
	int64_t next_us = INT64_MAX;
	struct feed *f;

	for (size_t i = 0; (f = feed_choice_feed(w->feed, i)) != NULL; i++) {
		int64_t at = pull(w, f, wall_us);

		next_us = at < next_us ? at : next_us;
	}
	if (!feed_choice_unpaced(w->feed))
		engine_advance(session_engine(w->session), wall_us);
	return next_us;
}

/* ---- the database's wishes ---- */

static void look_at_database(struct worker *w, int64_t wall_us)
{
	int64_t version = db_data_version(w->db);
	struct err e = { 0 };

	if (version == w->data_version && !w->db_changed && !roster_waits(w->roster))
		return;
	w->data_version = version;
	w->db_changed = false;
	/* Who is told about a command's effect must be known before it. */
	if (roster_refresh(w->roster, w->db, engine_time(w, wall_us), &e) ||
	    notifier_refresh(w->notifier, w->db, w->roster, &e) ||
	    commands_run(w->commands, w->db, clock_now_us(), engine_time(w, wall_us), &e) ||
	    runner_look(w->runner, w->db, &e)) {
		w->db_changed = true;	/* look again next turn */
		log_warn("loop", NULL, "could not read commands and configs: %s", e.msg);
	}
}

/* ---- the one transaction ---- */

static int64_t resident_bytes(void)
{
	struct buf text = { 0 };
	long long pages = 0;
	char *rest;

	if (file_read("/proc/self/statm", 4096, &text, NULL) == 0) {
		(void)strtoll(buf_text(&text), &rest, 10);	/* all, then resident */
		pages = strtoll(rest, NULL, 10);
	}
	buf_free(&text);
	return pages * sysconf(_SC_PAGESIZE);
}

static void fill_heartbeat(struct worker *w, int64_t wall_us)
{
	struct heartbeat *h = &w->beat;
	struct feed *f = feed_choice_feed(w->feed, 0);

	h->beat_us = clock_now_us(); /* who looks at it compares with the same clock */
	h->loop_p50_us = loop_times_quantile(&w->times, 0.5);
	h->loop_p99_us = loop_times_quantile(&w->times, 0.99);
	h->events = (int64_t)session_events(w->session);
	h->rss_bytes = resident_bytes();
	if (!f)
		return;
	if (f->stats.decode_errors > (uint64_t)h->decode_errors)
		log_warn("feed", NULL, "%llu frames refused so far; the newest: %s",
			 (unsigned long long)f->stats.decode_errors, f->stats.last_error);
	h->decode_errors = (int64_t)f->stats.decode_errors;
	h->clock_drift_ms = f->stats.clock_drift_us / 1000;
	h->feed_age_ms = f->stats.last_now_us ? (wall_us - f->stats.last_now_us) / 1000 : 0;
	if (h->feed_age_ms < 0 || feed_choice_unpaced(w->feed))
		h->feed_age_ms = 0;
	if (strcmp(h->feed_state, "failed") == 0)
		return;
	snprintf(h->feed_state, sizeof(h->feed_state), "%s",
		 w->feed_ended ? "ended" :
		 w->config->stale_feed_ms && h->feed_age_ms > w->config->stale_feed_ms ? "stale" :
		 "live");
	notifier_feed(w->notifier, h->feed_state, h->feed_message);
}

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

static int write_all_tx(struct worker *w, bool beat, int64_t wall_us, bool *queued, struct err *e)
{
	int rc = outbox_flush_tx(w->outbox, w->db, wall_us, e);

	if (rc == 0)
		rc = commands_write_tx(w->commands, w->db, e);
	if (rc == 0)
		rc = runner_write_tx(w->runner, w->db, e);
	if (rc == 0)
		rc = notifier_write_tx(w->notifier, w->db, wall_us, e);
	if (rc == 0)
		rc = write_position(w, wall_us, e);
	if (rc == 0)
		rc = store_logs_flush_tx(w->logs, w->db, e);
	if (rc == 0 && beat)
		rc = store_heartbeat_tx(w->db, &w->beat, e);
	if (rc == 0 && beat)
		rc = schedule_run_tx(&w->schedule, w->db, wall_us, queued, e);
	return rc;
}

static bool position_moved(const struct worker *w)
{
	return feed_choice_resumes(w->feed) && session_events(w->session) != w->events_seen;
}

/*
 * A replay goes on from its commit: each turn's rows and its place go together, and
 * everything that a bot decides by is in them. Elsewhere the market went on meanwhile.
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
	return !outbox_empty(w->outbox) && wall_us - w->committed_us >= TICK_US;
}

/*
 * Real money waits for the disk at each commit: its orders leave after it. On paper
 * nothing leaves; a power cut may take the newest second (the heartbeat waits), but
 * nothing that somebody was told: an answer to a command, a job's end.
 */
static bool commit_waits(const struct worker *w, bool beat)
{
	return beat || w->config->trading_mode == MODE_LIVE || commands_pending(w->commands) ||
	       runner_pending(w->runner);
}

/* Everything since the last commit, or nothing. What fails stays and is tried again. */
static void commit(struct worker *w, int64_t wall_us, bool force)
{
	struct feed_position before = w->position;
	bool queued = false;
	bool beat = force || wall_us >= w->beat_due_us;
	struct err e = { 0 };
	int rc;

	if (!w->commit_failed) /* what waits is enough: a full disk may last for days */
		engine_report(session_engine(w->session), engine_time(w, wall_us), ROW_MAX_AGE_US,
			      figure_rows(w));
	if (!beat && !commit_due(w, wall_us))
		return;
	if (beat)
		fill_heartbeat(w, wall_us);
	db_set_durable(w->db, commit_waits(w, beat));
	rc = db_begin(w->db, &e);
	if (rc == 0) {
		rc = write_all_tx(w, beat, wall_us, &queued, &e);
		if (rc == 0)
			rc = db_commit(w->db, &e);
		else
			db_rollback(w->db);
	}
	if (rc) {
		if (!w->commit_failed)
			log_error("loop", NULL, "trading waits: the database takes no writes: %s",
				  e.msg);
		w->commit_failed = true;
		w->position = before;
		return;
	}
	if (w->commit_failed)
		log_info("loop", NULL, "the database takes writes again; nothing was lost");
	w->commit_failed = false;
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
	if (beat)
		w->beat_due_us = wall_us + BEAT_US;
	session_venue(w->session)->ops->flush(session_venue(w->session));
}

/* ---- the loop ---- */

static void schedule(struct worker *w, int64_t in_us)
{
	struct timeval tv = { in_us / US_PER_S, in_us % US_PER_S };

	event_add(w->turn_event, &tv);
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
	int64_t wall_us = wall_clock(w);
	int64_t wait_us = TICK_US;
	int64_t took_us;

	/* While commits fail nothing new is taken in: memory must not run ahead of the file. */
	if (w->commit_failed) {
		wait_us = RETRY_US;
	} else {
		int64_t next_us = pull_feeds(w, wall_us);
		int64_t due_us = engine_next_due(session_engine(w->session));

		if (!feed_choice_unpaced(w->feed) && due_us < next_us)
			next_us = due_us;
		if (next_us - wall_us < wait_us)
			wait_us = next_us > wall_us ? next_us - wall_us : 0;
		look_at_database(w, wall_us);
		runner_tick(w->runner, clock_mono_us());
		wait_us = send_messages(w, wall_us, wait_us);
	}
	commit(w, wall_us, false);
	took_us = clock_mono_us() - start_us;
	loop_times_add(&w->times, took_us, start_us);
	w->beat.turns++;
	supervisor_alive(&w->supervisor, start_us);
	if (took_us > SLOW_TURN_US)
		log_warn("loop", NULL, "turn took %lld ms", (long long)(took_us / 1000));
	schedule(w, wait_us);
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
	/* Our own commits wake us too: only a changed data_version is news. */
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

static void wake(void *ctx)
{
	schedule(ctx, 0);
}

/* A backup that failed in the night is nothing to find out when it is needed. */
static void job_ended_cb(void *ctx, const struct job_row *row)
{
	struct worker *w = ctx;
	struct reporter r = fanout_reporter(&w->fanout);
	char text[640];

	if (strcmp(row->kind, "backup") != 0 || strcmp(row->state, "failed") != 0)
		return;
	snprintf(text, sizeof(text), "the backup failed: %s", row->error);
	r.notice(r.ctx, 0, row->correlation_id, text);
}

static int loop_open(struct worker *w, struct err *e)
{
	int rc = watch_open(w->config->db_path, &w->watch, e);

	if (rc)
		return rc;
	w->base = event_base_new();
	if (!w->base)
		return err_set(e, ERR_IO, "no event loop from the operating system");
	w->turn_event = evtimer_new(w->base, turn_cb, w);
	w->watch_event = event_new(w->base, watch_fd(w->watch), EV_READ | EV_PERSIST, watch_cb, w);
	w->term_event = evsignal_new(w->base, SIGTERM, signal_cb, w);
	w->int_event = evsignal_new(w->base, SIGINT, signal_cb, w);
	event_add(w->watch_event, NULL);
	event_add(w->term_event, NULL);
	event_add(w->int_event, NULL);
	rc = notifier_open(w->notifier, w->base, e);
	if (!rc)
		rc = runner_new(w->base, w->db, NULL, &w->runner, e);
	if (!rc)
		runner_on_end(w->runner, job_ended_cb, w);
	return rc;
}

/* ---- start ---- */

/* The lock's file holds the pid of who has it. */
static int locked_by_other(const struct worker *w, const char *path, struct err *e)
{
	struct buf pid = { 0 };
	int rc;

	if (file_read(path, 64, &pid, NULL))
		buf_puts(&pid, "unknown");
	rc = err_set(e, ERR_BUSY, "another trading-bot-worker (pid %.*s) runs on %s; stop it first",
		     (int)strcspn(buf_text(&pid), "\n"), buf_text(&pid), w->config->db_path);
	buf_free(&pid);
	return rc;
}

static int write_pid(struct worker *w, const char *path, struct err *e)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(w->lock_fd, 0) || write(w->lock_fd, text, (size_t)n) != n)
		return err_set(e, ERR_IO, "can't write %s; is the disk full?", path);
	return 0;
}

static int lock_database(struct worker *w, struct err *e)
{
	char path[CONFIG_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s.worker", w->config->db_path);
	w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (w->lock_fd < 0)
		return err_set(
			e, errno == EACCES || errno == EROFS ? ERR_READONLY : ERR_IO,
			"can't open %s: %s; the data directory must be writable by this user", path,
			strerror(errno));
	/* A worker that is just ending gets a moment. */
	for (int64_t until_us = clock_mono_us() + LOCK_WAIT_US;;) {
		if (flock(w->lock_fd, LOCK_EX | LOCK_NB) == 0)
			return write_pid(w, path, e);
		if (clock_mono_us() >= until_us)
			break;
		usleep(20000);
	}
	return locked_by_other(w, path, e);
}

static int restore_order(void *ctx, const struct order *o, struct err *e)
{
	struct worker *w = ctx;

	struct err why = { 0 };

	(void)e;
	if (engine_order_restore(session_engine(w->session), o, &why))
		log_error("worker", o->correlation_id,
			  "order %lld stays as it is in the database: %s", (long long)o->id,
			  why.msg);
	return 0;
}

/*
 * A replay at "max" makes its own time: the first frame says when it begins. (What
 * the frame holds is lost on markets that no bot has asked for yet; the next one
 * comes at once.)
 */
static int first_moment(struct worker *w, int64_t *now_us, struct err *e)
{
	struct feed *f = feed_choice_feed(w->feed, 0);
	int64_t next_us;
	int rc = f->ops->poll(f, *now_us, 1, &next_us, e);

	if (rc)
		return rc;
	*now_us = f->stats.last_now_us;
	engine_resume_at(session_engine(w->session), *now_us);
	return 0;
}

static int open_feed(struct worker *w, int64_t now_us, const struct feed_position *resume,
		     struct err *e)
{
	struct feed_sink sink = session_sink(w->session);
	struct feed_sink warm = session_warm_sink(w->session);

	return feed_choice_open(w->feed, now_us, &sink, &warm, resume, e);
}

/* Bots up, open orders and the paper venue as they were, feed where it was. */
static int restore(struct worker *w, struct err *e)
{
	const char *source = feed_choice_resumes(w->feed);
	int64_t now_us = wall_clock(w);
	bool resumes = source &&
		store_position_get(w->db, source, &w->position, &now_us, NULL) == 0;
	bool fresh = source && !resumes;
	int rc = store_sim_restore(w->db, session_venue(w->session), e);

	if (resumes)
		engine_resume_at(session_engine(w->session), now_us);
	else if (!source)
		session_act_from(w->session, now_us);
	if (rc == 0 && fresh)
		rc = open_feed(w, now_us, NULL, e);
	if (rc == 0 && fresh)
		rc = first_moment(w, &now_us, e);
	if (rc == 0)
		rc = roster_refresh(w->roster, w->db, now_us, e);
	if (rc == 0)
		rc = notifier_refresh(w->notifier, w->db, w->roster, e);
	if (rc == 0)
		rc = store_open_orders(w->db, restore_order, w, e);
	if (rc == 0 && !fresh)
		rc = open_feed(w, now_us, resumes ? &w->position : NULL, e);
	if (rc)
		return rc;
	session_warm_end(w->session);
	engine_reconcile(session_engine(w->session), now_us);
	return 0;
}

static int make_session(struct worker *w, struct err *e)
{
	struct session_args a = { .config = w->config, .reporter = fanout_reporter(&w->fanout) };
	struct next_ids ids;
	int rc = store_next_ids(w->db, &ids, e);

	if (rc)
		return rc;
	a.sim_store = outbox_sim_store(w->outbox);
	a.first_order_id = ids.order;
	a.first_leg_id = ids.leg;
	a.first_fill_id = ids.fill;
	a.first_signal_id = ids.signal;
	return session_new(&a, &w->session, e);
}

static int choose_symbol(void *ctx, const struct bot_config *config, struct symbol_info *out,
			 struct err *e)
{
	struct worker *w = ctx;

	return feed_choice_symbol(w->feed, config, out, e);
}

static void heartbeat_begin(struct worker *w)
{
	struct heartbeat *h = &w->beat;
	char id[CORRELATION_ID_MAX];

	correlation_id_new(id);
	h->pid = getpid();
	snprintf(h->boot_id, sizeof(h->boot_id), "%.39s", id);
	snprintf(h->version, sizeof(h->version), "%s", VERSION);
	h->started_us = clock_now_us();
	snprintf(h->trading_mode, sizeof(h->trading_mode), "%s",
		 w->config->trading_mode == MODE_LIVE ? "live" : "simulation");
	snprintf(h->market_data, sizeof(h->market_data), "%s", feed_choice_name(w->feed));
	snprintf(h->feed_state, sizeof(h->feed_state), "connecting");
	snprintf(h->feed_message, sizeof(h->feed_message), "%s", feed_choice_message(w->feed));
}

static int open_database(struct worker *w, const struct worker_args *a, struct err *e)
{
	int rc = file_mkdirs(w->config->data_dir, e);

	w->logs = store_logs_new("trading-bot-worker");
	log_set_sink(store_logs_sink, w->logs);
	if (rc == 0)
		rc = lock_database(w, e);
	if (rc == 0)
		rc = db_open(w->config->db_path, DB_WORKER, &w->db, e);
	if (rc == 0)
		rc = checkpoint_begin(w->db, &w->checkpoint, e);
	if (rc == 0)
		rc = master_key_load(w->config->master_key_file, &w->key, e);
	if (rc == 0)
		rc = feed_choice_new(w->config, &w->feed, e);
	if (rc == 0)
		rc = bootstrap(w->db, w->config, &w->key, w->feed, e);
	if (rc == 0 && a->only_bot)
		rc = bootstrap_bot(w->db, &w->key, a->only_bot, a->symbol, a->config_json, e);
	return rc;
}

static void answered(void *ctx, const struct command *c, const struct command_answer *a)
{
	struct worker *w = ctx;

	notifier_answered(w->notifier, c, a->status, a->message);
}

static int assemble(struct worker *w, const struct worker_args *a, struct err *e)
{
	struct roster_args roster = {
		.key = &w->key, .only_bot = a->only_bot, .wait_for_models = true,
		.symbol = choose_symbol, .ctx = w,
	};
	struct notifier_args notifier = { .config = w->config, .wake = wake, .ctx = w };
	struct reporter reporter;
	int rc = notifier_new(&notifier, &w->notifier, e);

	if (rc)
		return rc;
	w->outbox = outbox_new(w->config->trading_mode == MODE_LIVE ? "live" : "simulation", "sim");
	outbox_keep(w->outbox, w->config->keep_details_days, w->config->keep_orders_days,
		    w->config->keep_audit_days);
	reporter = outbox_reporter(w->outbox);
	fanout_add(&w->fanout, &reporter);
	reporter = log_reporter();
	fanout_add(&w->fanout, &reporter);
	reporter = stdout_reporter();
	if (w->config->report_stdout)
		fanout_add(&w->fanout, &reporter);
	reporter = notifier_reporter(w->notifier);
	fanout_add(&w->fanout, &reporter);
	rc = make_session(w, e);
	if (rc)
		return rc;
	w->predictors = predictors_new(w->config->data_dir);
	roster.session = w->session;
	roster.predictors = w->predictors;
	roster.reporter = fanout_reporter(&w->fanout);
	w->roster = roster_new(&roster);
	w->commands = commands_new(w->session, w->roster, w->config->trading_mode,
				   a->only_bot);
	commands_on_answer(w->commands, answered, w);
	heartbeat_begin(w);
	schedule_init(&w->schedule, w->config, w->beat.started_us);
	return 0;
}

static void worker_free(struct worker *w)
{
	struct event *events[] = { w->turn_event, w->watch_event, w->term_event, w->int_event };

	log_set_sink(NULL, NULL);
	runner_free(w->runner);
	notifier_free(w->notifier);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	if (w->base)
		event_base_free(w->base);
	watch_close(w->watch);
	feed_choice_free(w->feed);
	commands_free(w->commands);
	roster_free(w->roster);
	session_free(w->session);
	predictors_free(w->predictors);
	outbox_free(w->outbox);
	store_logs_free(w->logs);
	checkpoint_end(w->checkpoint);
	db_close(w->db);
	crypto_wipe(&w->key, sizeof(w->key));
	if (w->lock_fd >= 0)
		close(w->lock_fd);
}

/* What can be delivered at once is; the rest waits for the next worker. */
static void last_messages(struct worker *w)
{
	int64_t until_us = clock_mono_us() + LAST_MESSAGES_US, next_us;
	struct err e = { 0 };

	w->ending = true;
	while (!w->commit_failed && !notifier_idle(w->notifier) && clock_mono_us() < until_us) {
		if (notifier_turn(w->notifier, w->db, clock_now_us(), clock_mono_us(), &next_us,
				  &e))
			return;
		if (notifier_pending(w->notifier))
			commit(w, clock_now_us(), false);
		schedule(w, TICK_US); /* an answer wakes us earlier */
		event_base_dispatch(w->base);
	}
}

/* The last commit of all: state stored, and a heartbeat that says we ended on purpose. */
static void end(struct worker *w)
{
	int64_t now_us = wall_clock(w);

	supervisor_stopping(&w->supervisor);
	runner_stop(w->runner, now_us);
	w->beat.stopped_us = clock_now_us();
	snprintf(w->beat.feed_state, sizeof(w->beat.feed_state), "failed");
	snprintf(w->beat.feed_message, sizeof(w->beat.feed_message), "the worker was stopped");
	notifier_hush(w->notifier);
	notifier_tell(w->notifier, NOTIFY_STARTUP,
		      "Worker ended\nresting orders and positions are kept");
	commit(w, now_us, true);
	last_messages(w);
	log_info("worker", NULL, "ended; resting orders and positions are kept");
	if (!w->commit_failed)
		commit(w, now_us, true); /* the line above */
}

/* Until the loop listens: every state on disk is a good one to end at. */
static void end_at_once(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

/* Before our first heartbeat: what is there is that of the run before. */
static void tell_start(struct worker *w)
{
	struct heartbeat before;
	bool killed = store_heartbeat_get(w->db, &before, NULL) == 0 && !before.stopped_us;
	char text[500];

	snprintf(text, sizeof(text), "Worker started%s\nversion %s, %s, market data %s%s%s",
		 killed ? ", the run before did not end by itself" : "", VERSION,
		 w->beat.trading_mode, w->beat.market_data, w->beat.feed_message[0] ? ": " : "",
		 w->beat.feed_message);
	notifier_tell(w->notifier, NOTIFY_STARTUP, text);
}

int worker_run(const struct worker_args *a, struct err *e)
{
	struct worker w = { .config = a->config, .lock_fd = -1 };
	int rc;

	if (a->config->trading_mode == MODE_LIVE)
		return err_set(e, ERR_UNAVAILABLE, "live trading is not in this version yet; set "
			       "TRADING_MODE=simulation");
	supervisor_init(&w.supervisor);
	signal(SIGTERM, end_at_once);
	signal(SIGINT, end_at_once);
	rc = open_database(&w, a, e);

	if (rc == 0)
		rc = assemble(&w, a, e);
	if (rc == 0)
		rc = restore(&w, e);
	if (rc == 0)
		rc = loop_open(&w, e);
	if (rc)
		goto out;
	log_info("worker", NULL, "version %s, %s, %s, market data %s%s%s, database %s", VERSION,
		 w.config->environment, w.beat.trading_mode, w.beat.market_data,
		 w.beat.feed_message[0] ? ": " : "", w.beat.feed_message, w.config->db_path);
	tell_start(&w);
	roster_started(w.roster);
	w.db_changed = true; /* commands that waited for us come first */
	look_at_database(&w, wall_clock(&w));
	commit(&w, wall_clock(&w), true);
	supervisor_ready(&w.supervisor);
	schedule(&w, 0);
	event_base_dispatch(w.base);
	end(&w);
out:
	worker_free(&w);
	return rc;
}
