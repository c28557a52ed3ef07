/* Metrics of both programs in Prometheus' text form: the API's own, and the database's. */
#include "api/http/conn.h"
#include "api/http/tls.h"
#include "api/http/traffic.h"
#include "api/pending/wait.h"
#include "api/routes/table.h"
#include "api/store/counts.h"
#include "api/store/metrics.h"
#include "api/view/metrics.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/registry/heartbeat.h"
#include "common/registry/machine.h"
#include "common/registry/market_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOT_STATUSES "STOPPED|RUNNING|PAUSED|ERROR"
#define FEED_STATES "connecting|live|stale|ended|failed"

/* The database's figures, read before writing, because a family's samples must be together. */
struct look {
	bool ok;			/* it answered */
	struct store_counts counts;
	struct bot_metrics *bots;
	size_t n;
	int64_t jobs[JOB_STATES_N];
	struct backup_metrics backups;
	struct notify_metrics notify;
	struct worker_look worker;
	struct machine_clock clock;
	struct machine_file file;
	struct market_clock market;
};

static double seconds(int64_t us)
{
	return (double)us / US_PER_S;
}

static int look(struct db *db, struct look *l, struct err *e)
{
	int rc = store_counts_get(db, &l->counts, e);
	char day[CLOCK_TEXT_MAX];

	if (!rc)
		rc = store_metrics_backups(db, &l->backups, e);
	if (!rc)
		rc = store_metrics_notify(db, &l->notify, e);
	if (!rc)
		rc = store_metrics_jobs(db, l->jobs, e);
	if (!rc)
		rc = market_clock_get(db, clock_now_us(), &l->market, e);
	if (!rc)
		rc = store_metrics_bots(db, clock_day(market_clock_now_us(&l->market), day),
					&l->bots, &l->n, e);
	if (!rc)
		rc = store_machine_clock(db, &l->clock, e);
	if (!rc)
		rc = store_machine_file(db, &l->file, e);
	return rc ? rc : heartbeat_look(db, clock_now_us(), &l->worker, e);
}

static double resident_bytes(void)
{
	struct buf text = { 0 };
	unsigned long pages = 0;
	char *rest;

	if (!file_read("/proc/self/statm", 256, &text, NULL)) {
		strtoul(buf_text(&text), &rest, 10);
		pages = strtoul(rest, NULL, 10);
	}
	buf_free(&text);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / US_PER_S;
}

static void api_metrics(const struct app *a, struct buf *out)
{
	const struct conns_counts *c = conns_counts(a->conns);

	metrics_family(out, METRIC_API_INFO);
	metrics_sample(out, METRIC_API_INFO, 1, (const char *const[]){ VERSION });
	metrics_single(out, METRIC_API_START_TIME, seconds(a->started_us));
	traffic_metrics(a->traffic, out);
	metrics_single(out, METRIC_API_CONNECTIONS, (double)conns_open(a->conns));
	metrics_single(out, METRIC_API_CONNECTIONS_REFUSED, (double)c->refused);
	metrics_single(out, METRIC_API_CONNECTIONS_CUT, (double)c->cut);
	metrics_single(out, METRIC_API_MALFORMED, (double)c->malformed);
	metrics_single(out, METRIC_API_WAITING, (double)wait_pending(a->wait));
	metrics_single(out, METRIC_API_MEMORY, resident_bytes());
	metrics_single(out, METRIC_API_CPU, cpu_seconds());
	metrics_family(out, METRIC_API_CERT_EXPIRY);
	if (a->tls)
		metrics_sample(out, METRIC_API_CERT_EXPIRY, (double)tls_not_after_s(a->tls), NULL);
}

static void worker_metrics(const struct look *l, struct buf *out)
{
	static const char *const fifty[] = { "50" }, *const ninety_nine[] = { "99" };
	const struct heartbeat *b = &l->worker.beat;
	bool up = l->worker.state == WORKER_RUNNING;

	metrics_single(out, METRIC_WORKER_UP, up);
	if (l->worker.state == WORKER_NEVER)
		return;
	metrics_family(out, METRIC_WORKER_INFO);
	metrics_sample(out, METRIC_WORKER_INFO, 1,
		       (const char *const[]){ b->version, b->trading_mode, b->market_data });
	metrics_single(out, METRIC_WORKER_START_TIME, seconds(b->started_us));
	metrics_single(out, METRIC_WORKER_BEAT_AGE, seconds(l->worker.age_us));
	metrics_family(out, METRIC_WORKER_LOOP);
	metrics_sample(out, METRIC_WORKER_LOOP, seconds(b->loop_p50_us), fifty);
	metrics_sample(out, METRIC_WORKER_LOOP, seconds(b->loop_p99_us), ninety_nine);
	metrics_single(out, METRIC_WORKER_TURNS, (double)b->turns);
	metrics_single(out, METRIC_WORKER_EVENTS, (double)b->events);
	metrics_single(out, METRIC_WORKER_DECODE_ERRORS, (double)b->decode_errors);
	metrics_single(out, METRIC_WORKER_MEMORY, (double)b->rss_bytes);
	metrics_family(out, METRIC_FEED_STATE);
	metrics_state(out, METRIC_FEED_STATE, NULL, FEED_STATES, up ? b->feed_state : "");
	metrics_single(out, METRIC_FEED_AGE, (double)b->feed_age_ms / 1000);
	metrics_single(out, METRIC_FEED_LATE, (double)b->trades_late);
	metrics_single(out, METRIC_FEED_REPEATED, (double)b->trades_repeated);
	metrics_single(out, METRIC_FEED_REFUSED, (double)b->trades_refused);
	metrics_single(out, METRIC_FEED_GAPS, (double)b->feed_gaps);
	metrics_single(out, METRIC_FEED_BOOK_BREAKS, (double)b->book_breaks);
	metrics_single(out, METRIC_CLOCK_DRIFT, (double)b->clock_drift_ms / 1000);
	metrics_single(out, METRIC_CLOCK_DOUBT, l->clock.settles_us && l->clock.jump_us);
	metrics_single(out, METRIC_CLOCK_JUMPS, (double)l->clock.jumps);
}

/* How far equity is under "from", as a ratio. */
static double under(const struct bot_metrics *b, double from)
{
	return from > 0 && b->equity < from ? (from - b->equity) / from : 0;
}

/* Families with one figure per bot. */
static double bot_figure(const struct look *l, const struct bot_metrics *b, enum metric_id id)
{
#define FIGURE(which, value) \
	if (id == (which)) \
		return value
	FIGURE(METRIC_BOT_EQUITY, b->equity);
	FIGURE(METRIC_BOT_DRAWDOWN, under(b, b->peak_equity));
	FIGURE(METRIC_BOT_DAY_LOSS, under(b, b->day_equity));
	FIGURE(METRIC_BOT_NET, b->net);
	FIGURE(METRIC_BOT_POSITIONS, (double)b->open_positions);
	FIGURE(METRIC_BOT_UNPROTECTED, (double)b->without_stop);
	FIGURE(METRIC_BOT_PENDING, (double)b->pending_orders);
	FIGURE(METRIC_BOT_TRADES, (double)b->trades);
	FIGURE(METRIC_BOT_WINS, (double)b->wins);
	FIGURE(METRIC_BOT_LOSSES, (double)b->losses);
	FIGURE(METRIC_BOT_FEES, b->fees);
#undef FIGURE
	ASSERT(id == METRIC_BOT_EXECUTION);
	return seconds(market_clock_machine_us(&l->market, b->last_execution_us));
}

static void bots_metrics(const struct look *l, struct buf *out)
{
	metrics_family(out, METRIC_BOT_INFO);
	for (const struct bot_metrics *b = l->bots; b < l->bots + l->n; b++)
		metrics_sample(out, METRIC_BOT_INFO, 1,
			       (const char *const[]){ b->id, b->name, b->symbol, b->strategy,
						      b->exchange, b->mode });
	metrics_family(out, METRIC_BOT_STATUS);
	for (const struct bot_metrics *b = l->bots; b < l->bots + l->n; b++)
		metrics_state(out, METRIC_BOT_STATUS, b->id, BOT_STATUSES, b->status);
	for (enum metric_id id = METRIC_BOT_EQUITY; id <= METRIC_BOT_EXECUTION; id++) {
		metrics_family(out, id);
		for (const struct bot_metrics *b = l->bots; b < l->bots + l->n; b++)
			metrics_sample(out, id, bot_figure(l, b, id),
				       (const char *const[]){ b->id });
	}
}

static void limit_metrics(const struct config *c, struct buf *out)
{
	static const char *const daily[] = { "daily_loss" }, *const drawdown[] = { "drawdown" };

	metrics_family(out, METRIC_RISK_LIMIT);
	metrics_sample(out, METRIC_RISK_LIMIT, c->max_daily_loss_pct / 100, daily);
	metrics_sample(out, METRIC_RISK_LIMIT, c->max_drawdown_pct / 100, drawdown);
}

static void notify_metrics(const struct notify_metrics *m, struct buf *out)
{
	static const char *const channels[] = { "telegram", "webhook" };
	static const char *const results[] = { "delivered", "failed", "dropped", "retried" };
	double age_s = m->oldest_us ? seconds(clock_now_us() - m->oldest_us) : 0;

	metrics_single(out, METRIC_NOTIFICATIONS_AGE, age_s > 0 ? age_s : 0);
	metrics_family(out, METRIC_NOTIFICATIONS);
	for (size_t c = 0; c < NOTIFY_CHANNELS_N; c++)
		for (size_t i = 0; i < NOTIFY_RESULTS_N; i++)
			metrics_sample(out, METRIC_NOTIFICATIONS, (double)m->n[c][i],
				       (const char *const[]){ channels[c], results[i] });
}

static void backup_metrics(const struct look *l, const struct config *c, struct buf *out)
{
	metrics_single(out, METRIC_BACKUP_TIME, seconds(l->backups.done_us));
	metrics_single(out, METRIC_BACKUP_SIZE, l->backups.bytes);
	metrics_single(out, METRIC_BACKUP_DURATION, l->backups.took_s);
	metrics_single(out, METRIC_BACKUP_FAILURES, (double)l->backups.failures);
	metrics_single(out, METRIC_BACKUP_INTERVAL, c->backup_interval_s);
}

static void queue_metrics(const struct look *l, struct buf *out)
{
	static const char *const states[JOB_STATES_N] = { "queued", "running", "done", "failed",
							  "cancelled" };

	metrics_family(out, METRIC_JOBS);
	for (size_t i = 0; i < JOB_STATES_N; i++)
		metrics_sample(out, METRIC_JOBS, (double)l->jobs[i], &states[i]);
	metrics_single(out, METRIC_COMMANDS_QUEUED, (double)l->counts.queued_commands);
	metrics_single(out, METRIC_NOTIFICATIONS_QUEUED, (double)l->counts.notifications);
}

static double size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (double)st.st_size;
}

static void file_metrics(const struct machine_file *f, struct buf *out)
{
	static const char *const ok[] = { "ok" }, *const failed[] = { "failed" };

	metrics_family(out, METRIC_DB_CHECKPOINTS);
	metrics_sample(out, METRIC_DB_CHECKPOINTS,
		       (double)(f->checkpoints - f->checkpoint_failures), ok);
	metrics_sample(out, METRIC_DB_CHECKPOINTS, (double)f->checkpoint_failures, failed);
	metrics_single(out, METRIC_DB_CHECKPOINTS_FAIL, f->failing_us != 0);
	metrics_single(out, METRIC_DB_SCRUBBED, seconds(f->scrubbed_us));
	metrics_single(out, METRIC_DB_DAMAGED, f->damaged_us != 0);
}

static void database_metrics(struct request *r, const struct look *l)
{
	const struct config *cfg = r->app->cfg;
	char wal[CONFIG_PATH_MAX + 8];
	struct buf *out = &r->out;

	snprintf(wal, sizeof(wal), "%s-wal", cfg->db_path);
	metrics_single(out, METRIC_DB_UP, l->ok);
	metrics_single(out, METRIC_DB_SIZE, size_of(cfg->db_path));
	metrics_single(out, METRIC_DB_WAL_SIZE, size_of(wal));
	if (l->ok)
		file_metrics(&l->file, out);
	if (l->ok)
		metrics_single(out, METRIC_DB_SCHEMA, db_schema_version(r->db));
	metrics_single(out, METRIC_DISK_FREE, (double)file_free_bytes(cfg->data_dir));
}

/* The loop's own figures; the rest is read in a thread. */
static void prepare(struct request *r)
{
	buf_clear(&r->out);
	r->content_type = "text/plain; version=0.0.4; charset=utf-8";
	api_metrics(r->app, &r->out);
}

static int handle_metrics(struct request *r, struct err *e)
{
	struct err why = { 0 };
	struct look l = { 0 };

	(void)e;
	if (r->db) {
		l.ok = look(r->db, &l, &why) == 0;
		if (!l.ok)
			log_warn("metrics", r->correlation_id, "without the database: %s", why.msg);
	}
	database_metrics(r, &l);
	if (l.ok) {
		worker_metrics(&l, &r->out);
		bots_metrics(&l, &r->out);
		limit_metrics(r->app->cfg, &r->out);
		queue_metrics(&l, &r->out);
		notify_metrics(&l.notify, &r->out);
		backup_metrics(&l, r->app->cfg, &r->out);
	}
	free(l.bots);
	return 0;
}

/* ---- the routes ---- */

#define METRICS \
	.no_db = true, .slow = true, .prepare = prepare, \
	DO(metrics, "Metrics for Prometheus")

static const struct route rows[] = {
	{ R(GET, "/status/metrics"), V, METRICS, ONE("text"), .media = "text/plain" },
	{ R(GET, "/metrics"), V, .root = true, .metrics = true, METRICS, ONE("text"),
	  .media = "text/plain" },
};
const struct route_group metrics_routes = { "Health", ROWS_OF(rows), NULL, 0 };
