#include "worker/loop/loop_internal.h"

#include "common/log.h"
#include "worker/session/supported.h"

#include <signal.h>
#include <unistd.h>

#define LAST_MESSAGES_US (2 * US_PER_S)	/* for them when we end */

static void worker_free(struct worker *w)
{
	log_set_sink(NULL, NULL);
	runner_free(w->runner);
	notifier_free(w->notifier);
	worker_loop_close(w);
	feed_choice_free(w->feed);
	commands_free(w->commands);
	bots_free(w->bots);
	session_free(w->session);
	predictors_free(w->predictors);
	outbox_free(w->outbox);
	store_logs_free(w->logs);
	checkpoint_end(w->checkpoint);
	db_close(w->db);
	crypto_wipe(&w->key, sizeof(w->key));
	worker_unlock(w->lock);
}

/* Delivers the messages that can be delivered at once; the next worker delivers the rest. */
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
			worker_commit(w, clock_now_us(), false);
		worker_schedule(w, WORKER_TICK_US); /* an answer wakes us earlier */
		worker_loop_run(w);
	}
}

/* The last commit: stores the state and a heartbeat that says that we ended on purpose. */
static void end(struct worker *w)
{
	int64_t now_us = worker_clock(w);

	worker_stop_look(w, now_us); /* one that came with the signal that ends us */
	supervisor_stopping(&w->supervisor);
	runner_stop(w->runner, now_us);
	engine_signals_end(session_engine(w->session));
	worker_beat_end(w);
	notifier_hush(w->notifier);
	notifier_tell(w->notifier, NOTIFY_STARTUP,
		      "Worker ended\nresting orders and positions are kept");
	worker_commit(w, now_us, true);
	last_messages(w);
	log_info("worker", NULL, "ended; resting orders and positions are kept");
	if (!w->commit_failed)
		worker_commit(w, now_us, true); /* the line above */
}

/* Writes and sends nothing any more; the supervisor starts us again on the file that is there. */
static int lost(const struct worker *w, struct err *e)
{
	return err_set(e, w->lost.code, "trading ends at once: %s. A new start goes on with "
		       "what is there", w->lost.msg);
}

/* Used until the loop handles signals: every state on the disk is safe to end at. */
static void end_at_once(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

int worker_run(const struct worker_args *a, struct err *e)
{
	struct worker w = { .config = a->config, .only_bot = a->only_bot };
	struct err why;
	int rc;

	rc = supported_mode(a->config, e);
	if (rc)
		return rc;
	supervisor_init(&w.supervisor);
	signal(SIGTERM, end_at_once);
	signal(SIGINT, end_at_once);
	rc = worker_start(&w, a, e);
	if (rc) {
		why = *e;
		err_set(e, rc, "could not run: %s", why.msg);
		goto out;
	}
	worker_stop_begin(&w);
	w.db_changed = true; /* commands that waited for us come first */
	worker_look(&w, worker_clock(&w));
	worker_commit(&w, worker_clock(&w), true);
	supervisor_ready(&w.supervisor);
	worker_schedule(&w, 0);
	if (!w.lost.code)
		worker_loop_run(&w);
	if (!w.lost.code)
		end(&w);
	if (w.lost.code)
		rc = lost(&w, e);
out:
	worker_free(&w);
	return rc;
}
