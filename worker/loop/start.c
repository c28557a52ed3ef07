#include "worker/loop/loop_internal.h"

#include "common/clock.h"
#include "common/db/start.h"
#include "common/file.h"
#include "common/log.h"
#include "worker/loop/first_start.h"
#include "worker/report/log_report.h"
#include "worker/report/stdout_report.h"
#include "worker/store/installation.h"
#include "worker/store/orders.h"
#include "worker/store/sim.h"
#include "worker/store/worker.h"
#include "worker/venue/sim/sim.h"

#include <stdio.h>
#include <string.h>

/*
 * With --bot-id all other bots must be flat, because the paper venue would fill their orders
 * and no bot would book the fills or watch the stops.
 */
static int others_flat(struct db *db, int64_t only_bot, struct err *e)
{
	char others[120];
	int rc = store_open_others(db, only_bot, others, sizeof(others), e);

	if (rc || !others[0])
		return rc;
	return err_set(e, ERR_CONFLICT, "--bot-id %lld: other bots have open orders or positions, "
		       "which nobody would watch (bots: %s). Start the worker without --bot-id, or "
		       "let it close them first (trading-bot stop BOT-ID --close)",
		       (long long)only_bot, others);
}

static int open_database(struct worker *w, const struct worker_args *a, struct err *e)
{
	int rc;

	w->logs = store_logs_new("trading-bot-worker");
	log_set_sink(store_logs_sink, w->logs);
	rc = db_start(w->config, a->new_database, e);
	if (rc == 0)
		rc = file_mkdirs(w->config->data_dir, e);
	if (rc == 0)
		rc = worker_lock(w->config->db_path, &w->lock, e);
	if (rc == 0)
		rc = db_open_existing(w->config->db_path, DB_WORKER, &w->db, e);
	if (rc == 0)
		rc = worker_claim(w, e);
	if (rc == 0 && a->only_bot)
		rc = others_flat(w->db, a->only_bot, e);
	if (rc == 0)
		rc = checkpoint_begin(w->db, &w->checkpoint, e);
	if (rc == 0)
		rc = master_key_load(w->config->master_key_file, &w->key, e);
	if (rc == 0)
		rc = feed_choice_new(w->config, &w->feed, e);
	if (rc == 0)
		rc = bootstrap(w->db, w->config, &w->key, w->feed, e);
	if (rc == 0 && a->only_bot)
		rc = bootstrap_bot(w->db, &w->key, a->only_bot, a->symbol, a->config_json,
				   a->confirm_wide, e);
	return rc;
}

/* News of an account that its bot does not trade any more. */
static void stray(void *ctx, const char *venue, const struct venue_update *u)
{
	(void)ctx;
	log_error("venue", NULL, "%s tells of order %s, whose bot %lld trades elsewhere now: it is "
		  "in no book; look at that account", venue, u->client_order_id,
		  (long long)u->bot_id);
}

/* What the rows of each venue's accounts say; paper's are named already. */
static void name_accounts(struct worker *w, const struct venue_maker *makers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < makers[i].accounts_n; k++)
			if (makers[i].accounts[k])
				outbox_account(w->outbox, makers[i].accounts[k], makers[i].mode,
					       makers[i].name);
}

static int make_session(struct worker *w, struct err *e)
{
	struct session_args a = { .config = w->config, .reporter = fanout_reporter(&w->fanout) };
	struct next_ids ids;
	struct sim_store rows = outbox_sim_store(w->outbox);
	struct sim_recipe paper;
	struct venue_maker makers[1];
	char installation[INSTALLATION_MAX];
	int rc = store_next_ids(w->db, &ids, e);

	if (rc == 0)
		rc = store_installation(w->db, clock_now_us(), installation, e);
	if (rc == 0)
		rc = sim_recipe_init(&paper, w->config, &rows, e);
	if (rc)
		return rc;
	makers[0] = sim_maker(&paper);
	a.venues = makers;
	a.venues_n = 1;
	name_accounts(w, makers, a.venues_n);
	a.market_data = feed_choice_name(w->feed);
	a.stray = stray;
	/* A recording trades paper alone, and must give the same rows wherever it is played. */
	a.installation = feed_choice_recorded(w->feed) ? NULL : installation;
	a.first_order_id = ids.order;
	a.first_leg_id = ids.leg;
	a.first_fill_id = ids.fill;
	a.first_signal_id = ids.signal;
	rc = session_new(&a, &w->session, e);
	w->paper = paper.made;
	return rc;
}

static int choose_symbol(void *ctx, const struct bot_config *config, struct symbol_info *out,
			 struct err *e)
{
	struct worker *w = ctx;

	return feed_choice_symbol(w->feed, config, out, e);
}

static void answered(void *ctx, const struct command *c, const struct command_answer *a)
{
	struct worker *w = ctx;

	notifier_answered(w->notifier, c, a);
}

static void wake(void *ctx)
{
	worker_schedule(ctx, 0);
}

static int assemble(struct worker *w, const struct worker_args *a, struct err *e)
{
	struct bots_args bots = {
		.key = &w->key, .only_bot = a->only_bot, .wait_for_models = true,
		.symbol = choose_symbol, .ctx = w,
	};
	struct notifier_args notifier = { .config = w->config, .wake = wake, .ctx = w };
	struct reporter reporter;
	int rc = notifier_new(&notifier, &w->notifier, e);

	if (rc)
		return rc;
	w->outbox = outbox_new("simulation", "sim");
	outbox_keep(w->outbox, w->config);
	outbox_candles(w->outbox, feed_choice_made_by(w->feed));
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
	if (rc == 0)
		rc = clock_watch_load(w->db, &w->clock_watch, e);
	if (rc == 0)
		rc = store_machine_file(w->db, &w->file, e);
	w->file.failing_us = 0;	/* of the run before */
	w->file.failing[0] = '\0';
	if (rc)
		return rc;
	w->predictors = predictors_new(w->config->data_dir);
	bots.session = w->session;
	bots.predictors = w->predictors;
	bots.reporter = fanout_reporter(&w->fanout);
	w->bots = bots_new(&bots);
	w->commands = commands_new(w->session, w->bots, w->config->trading_mode,
				   a->only_bot);
	commands_on_answer(w->commands, answered, w);
	worker_beat_begin(w);
	schedule_init(&w->schedule, "backup", w->config->backup_interval_s, w->beat.started_us);
	schedule_init(&w->scrubs, "check", w->config->scrub_interval_s, w->beat.started_us);
	return 0;
}

static int restore_order(void *ctx, const struct order *o, struct err *e)
{
	struct worker *w = ctx;

	(void)e;
	if (w->only_bot && o->bot_id != w->only_bot)
		return 0; /* a remainder: it stays for the worker that runs its bot */
	bots_restore_order(w->bots, o);
	return 0;
}

/* A replay at "max" has its own time, which begins with its first frame. */
static void first_moment(struct worker *w, int64_t *now_us)
{
	struct feed *f = feed_choice_feed(w->feed, 0);

	*now_us = f->ops->first_us(f);
	engine_resume_at(session_engine(w->session), *now_us);
}

static int open_feed(struct worker *w, int64_t now_us, const struct feed_position *resume,
		     struct err *e)
{
	char source[MARKET_SOURCE_MAX];
	struct feed_sink sinks[2];

	for (int i = 0; i < 2; i++)
		sinks[i] = session_source_sink(
			w->session, market_source(feed_choice_name(w->feed), i, source));
	return feed_choice_open(w->feed, now_us, sinks, resume, e);
}

/* Starts the bots, restores open orders and the paper venue, and opens the feed where it was. */
static int restore(struct worker *w, struct err *e)
{
	const char *source = feed_choice_resumes(w->feed);
	int64_t now_us = worker_clock(w);
	bool resumes = source &&
		store_position_get(w->db, source, &w->position, &now_us, NULL) == 0;
	bool fresh = source && !resumes;
	int rc = store_sim_restore(w->db, w->paper, e);

	if (resumes)
		engine_resume_at(session_engine(w->session), now_us);
	else if (!source)
		session_act_from(w->session, w->acts_from_us = now_us);
	if (rc == 0 && fresh)
		rc = open_feed(w, now_us, NULL, e);
	if (rc == 0 && fresh)
		first_moment(w, &now_us);
	if (rc == 0)
		rc = bots_refresh(w->bots, w->db, now_us, e);
	if (rc == 0)
		rc = worker_warm(w, now_us, e);
	if (rc == 0)
		rc = worker_refresh_notifier(w, e);
	if (rc == 0)
		rc = store_open_orders(w->db, restore_order, w, e);
	if (rc == 0 && !fresh)
		rc = open_feed(w, now_us, resumes ? &w->position : NULL, e);
	if (rc)
		return rc;
	session_reconcile(w->session, now_us);
	return 0;
}

/* Sends a message when a backup failed, because nobody should learn it when he needs the backup. */
static void job_ended_cb(void *ctx, const struct job_row *row)
{
	struct worker *w = ctx;
	struct reporter r = fanout_reporter(&w->fanout);
	char text[640];

	worker_file_checked(w, row);
	if (strcmp(row->kind, "backup") != 0 || strcmp(row->state, "failed") != 0)
		return;
	snprintf(text, sizeof(text), "the backup failed: %s", row->error);
	r.notice(r.ctx, 0, row->correlation_id, text);
}

/* Called before our first heartbeat, so the row still shows the run before. */
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

int worker_start(struct worker *w, const struct worker_args *a, struct err *e)
{
	int rc = open_database(w, a, e);

	if (rc == 0)
		rc = assemble(w, a, e);
	if (rc == 0)
		rc = restore(w, e);
	if (rc == 0)
		rc = worker_loop_open(w, e);
	if (rc == 0)
		rc = notifier_open(w->notifier, w->base, e);
	if (rc == 0)
		rc = runner_new(w->base, w->db, NULL, &w->runner, e);
	if (rc)
		return rc;
	runner_on_end(w->runner, job_ended_cb, w);
	log_info("worker", NULL, "version %s, %s, %s, market data %s%s%s, database %s", VERSION,
		 w->config->environment, w->beat.trading_mode, w->beat.market_data,
		 w->beat.feed_message[0] ? ": " : "", w->beat.feed_message, w->config->db_path);
	tell_start(w);
	bots_started(w->bots);
	return 0;
}
