#include "api/view/metrics.h"

#include "common/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNTER(n, l, h) { "tradingbot_" n, METRIC_COUNTER, l, h }
#define GAUGE(n, l, h) { "tradingbot_" n, METRIC_GAUGE, l, h }
#define HISTOGRAM(n, l, h) { "tradingbot_" n, METRIC_HISTOGRAM, l, h }

/* clang-format off */
const struct metric metrics[] = {
	[METRIC_API_INFO] = GAUGE("api_info", "version",
		"Always 1; says which version of the API runs."),
	[METRIC_API_START_TIME] = GAUGE("api_start_time_seconds", "",
		"When the API started, seconds since 1970."),
	[METRIC_API_REQUESTS] = COUNTER("api_requests_total", "route method status",
		"Answered requests; the route is its pattern, \"none\" when there is no such "
		"route."),
	[METRIC_API_DURATION] = HISTOGRAM("api_request_duration_seconds", "kind",
		"From the complete request to its answer, seconds; read: GET, HEAD and OPTIONS, "
		"write: the others, which include waiting for the worker."),
	[METRIC_API_CONNECTIONS] = GAUGE("api_connections", "",
		"Open connections."),
	[METRIC_API_CONNECTIONS_REFUSED] = COUNTER("api_connections_refused_total", "",
		"Connections closed at once, above API_MAX_PER_ADDRESS."),
	[METRIC_API_CONNECTIONS_CUT] = COUNTER("api_connections_cut_total", "",
		"Connections ended after API_TIMEOUT_S: idle, or too slow to send or to read."),
	[METRIC_API_MALFORMED] = COUNTER("api_malformed_requests_total", "",
		"Requests refused before they could be read as HTTP."),
	[METRIC_API_RATE_LIMITED] = COUNTER("api_rate_limited_total", "",
		"Requests answered with 429."),
	[METRIC_API_AUTH_FAILURES] = COUNTER("api_auth_failures_total", "reason",
		"Refused callers: no_token, bad_token, role, host, origin."),
	[METRIC_API_WAITING] = GAUGE("api_waiting_commands", "",
		"Requests that wait for the worker's answer to their command."),
	[METRIC_API_MEMORY] = GAUGE("api_resident_memory_bytes", "",
		"Resident memory of the API, bytes."),
	[METRIC_API_CPU] = COUNTER("api_cpu_seconds_total", "",
		"Processor time of the API, user and system, seconds."),
	[METRIC_API_CERT_EXPIRY] = GAUGE("api_certificate_expiry_timestamp_seconds", "",
		"When the certificate in use ends, seconds since 1970; nothing without TLS."),

	[METRIC_WORKER_UP] = GAUGE("worker_up", "",
		"1 while the worker's heartbeat is fresh, else 0."),
	[METRIC_WORKER_INFO] = GAUGE("worker_info", "version mode market_data",
		"Always 1; says which worker wrote the last heartbeat: version, simulation or "
		"live, feed."),
	[METRIC_WORKER_START_TIME] = GAUGE("worker_start_time_seconds", "",
		"When the worker started, seconds since 1970."),
	[METRIC_WORKER_BEAT_AGE] = GAUGE("worker_heartbeat_age_seconds", "",
		"Since the worker's last heartbeat, seconds."),
	[METRIC_WORKER_LOOP] = GAUGE("worker_loop_duration_seconds", "percentile",
		"A turn of the worker's loop, seconds: 50 (median) and 99 of 100 are shorter."),
	[METRIC_WORKER_TURNS] = COUNTER("worker_loop_turns_total", "",
		"Turns of the worker's loop since its start."),
	[METRIC_WORKER_EVENTS] = COUNTER("worker_market_events_total", "",
		"Market events since the worker's start."),
	[METRIC_WORKER_DECODE_ERRORS] = COUNTER("worker_decode_errors_total", "",
		"Market data frames refused since the worker's start."),
	[METRIC_WORKER_MEMORY] = GAUGE("worker_resident_memory_bytes", "",
		"Resident memory of the worker, bytes."),

	[METRIC_FEED_STATE] = GAUGE("feed_state", "state",
		"1 for the state that the market data feed is in, else 0; no 1 without a worker."),
	[METRIC_FEED_AGE] = GAUGE("feed_age_seconds", "",
		"Since the last market event, seconds, as of the last heartbeat."),
	[METRIC_FEED_LATE] = COUNTER("feed_trades_late_total", "",
		"Trades that came after their candle was closed, since the worker's start."),
	[METRIC_FEED_REPEATED] = COUNTER("feed_trades_repeated_total", "",
		"Trades that had come before and were not counted again, since the worker's "
		"start."),
	[METRIC_FEED_REFUSED] = COUNTER("feed_trades_refused_total", "",
		"Trades stamped after they came, since the worker's start; part of "
		"tradingbot_worker_decode_errors_total."),
	[METRIC_FEED_GAPS] = COUNTER("feed_gaps_total", "",
		"Times that trades or frames were missing and windows started anew, since the "
		"worker's start."),
	[METRIC_FEED_BOOK_BREAKS] = COUNTER("feed_book_breaks_total", "",
		"Times that the local order book was out of step, since the worker's start."),
	[METRIC_CLOCK_DRIFT] = GAUGE("clock_drift_seconds", "",
		"Our clock minus the exchange's, seconds."),

	[METRIC_CLOCK_DOUBT] = GAUGE("clock_in_doubt", "",
		"1 while the machine's clock has jumped and is not settled: nothing is deleted "
		"by age; else 0."),
	[METRIC_CLOCK_JUMPS] = COUNTER("clock_jumps_total", "",
		"Jumps of the machine's clock that the worker noticed."),

	[METRIC_BOT_INFO] = GAUGE("bot_info", "bot name symbol strategy exchange mode",
		"Always 1; what bot trades."),
	[METRIC_BOT_STATUS] = GAUGE("bot_status", "bot status",
		"1 for the status that the bot is in, else 0."),
	[METRIC_BOT_EQUITY] = GAUGE("bot_equity_quote", "bot",
		"Equity with open positions at the last price, quote asset."),
	[METRIC_BOT_DRAWDOWN] = GAUGE("bot_drawdown_ratio", "bot",
		"How far equity is under its peak, 0 to 1."),
	[METRIC_BOT_NET] = GAUGE("bot_realized_net_quote", "bot",
		"Net result of all closed trades, after fees, quote asset."),
	[METRIC_BOT_DAY_LOSS] = GAUGE("bot_day_loss_ratio", "bot",
		"How far equity is under the first of this UTC day, 0 to 1."),
	[METRIC_BOT_POSITIONS] = GAUGE("bot_open_positions", "bot",
		"Open positions."),
	[METRIC_BOT_UNPROTECTED] = GAUGE("bot_positions_without_stop", "bot",
		"Open positions that no order with a stop price at the exchange protects; for "
		"moments this is usual."),
	[METRIC_BOT_PENDING] = GAUGE("bot_pending_orders", "bot",
		"Entries that wait for their fill."),
	[METRIC_BOT_TRADES] = COUNTER("bot_trades_total", "bot",
		"Closed trades."),
	[METRIC_BOT_WINS] = COUNTER("bot_wins_total", "bot",
		"Closed trades with a profit."),
	[METRIC_BOT_LOSSES] = COUNTER("bot_losses_total", "bot",
		"Closed trades with a loss."),
	[METRIC_BOT_FEES] = COUNTER("bot_fees_quote_total", "bot",
		"Fees of closed trades, quote asset."),
	[METRIC_BOT_EXECUTION] = GAUGE("bot_last_execution_timestamp_seconds", "bot",
		"When the bot was last stepped, seconds since 1970; 0 never."),

	[METRIC_RISK_LIMIT] = GAUGE("risk_limit_ratio", "rule",
		"MAX_DAILY_LOSS and MAX_DRAWDOWN as ratios: daily_loss, drawdown; 0 off."),

	[METRIC_JOBS] = GAUGE("jobs", "state",
		"Backtests, trainings and downloads by state."),
	[METRIC_COMMANDS_QUEUED] = GAUGE("commands_queued", "",
		"Commands that the worker has not answered."),
	[METRIC_NOTIFICATIONS_QUEUED] = GAUGE("notifications_queued", "",
		"Notifications that are not delivered."),
	[METRIC_NOTIFICATIONS_AGE] = GAUGE("notifications_oldest_age_seconds", "",
		"How long the oldest of them has waited, seconds; 0 none waits."),
	[METRIC_NOTIFICATIONS] = COUNTER("notifications_total", "channel result",
		"What became of notifications: delivered, failed (refused by the other side), "
		"dropped (had to make room), retried (tries without success)."),

	[METRIC_BACKUP_TIME] = GAUGE("backup_last_success_timestamp_seconds", "",
		"When the newest good backup was finished, seconds since 1970; 0 never."),
	[METRIC_BACKUP_SIZE] = GAUGE("backup_size_bytes", "",
		"The newest good backup, bytes."),
	[METRIC_BACKUP_DURATION] = GAUGE("backup_duration_seconds", "",
		"What it took to make and check it, seconds."),
	[METRIC_BACKUP_FAILURES] = COUNTER("backup_failures_total", "",
		"Backups that failed, as long as this database has been there."),
	[METRIC_BACKUP_INTERVAL] = GAUGE("backup_interval_seconds", "",
		"BACKUP_INTERVAL, seconds; 0 none by the clock."),

	[METRIC_DB_UP] = GAUGE("database_up", "",
		"1 while the database answers, else 0; then nothing is said about worker, bots "
		"and jobs."),
	[METRIC_DB_SIZE] = GAUGE("database_size_bytes", "",
		"The database file, bytes."),
	[METRIC_DB_WAL_SIZE] = GAUGE("database_wal_size_bytes", "",
		"The write-ahead log beside it, bytes."),
	[METRIC_DB_CHECKPOINTS] = COUNTER("database_checkpoints_total", "result",
		"Moves of pages from the write-ahead log into the database since the worker's "
		"start: ok, failed."),
	[METRIC_DB_CHECKPOINTS_FAIL] = GAUGE("database_checkpoints_failing", "",
		"1 while pages can't be moved and the write-ahead log grows, else 0."),
	[METRIC_DB_SCRUBBED] = GAUGE("database_scrub_timestamp_seconds", "",
		"When every page of the database was last looked at and found sound, seconds since "
		"1970; 0 never."),
	[METRIC_DB_DAMAGED] = GAUGE("database_damaged", "",
		"1 when the look at every page has found damage, else 0."),
	[METRIC_DB_SCHEMA] = GAUGE("database_schema_version", "",
		"Number of the last migration."),
	[METRIC_DISK_FREE] = GAUGE("data_free_bytes", "",
		"Free space where DATA_DIR is, bytes."),
};
/* clang-format on */

const size_t metrics_count = sizeof(metrics) / sizeof(metrics[0]);

const char *metric_type_name(enum metric_type t)
{
	switch (t) {
	case METRIC_COUNTER: return "counter";
	case METRIC_GAUGE: return "gauge";
	case METRIC_HISTOGRAM: return "histogram";
	}
	return "untyped";
}

/* Backslash and line feed, in label values the quote too. */
static void put_escaped(struct buf *out, const char *text, bool quoted)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_puts(out, "\\n");
		else if (*text == '\\' || (quoted && *text == '"'))
			buf_printf(out, "\\%c", *text);
		else
			buf_putc(out, *text);
	}
}

static void put_value(struct buf *out, double v)
{
	struct json j = { .out = out };

	if (isnan(v))
		buf_puts(out, "NaN");
	else if (isinf(v))
		buf_puts(out, v < 0 ? "-Inf" : "+Inf");
	else
		json_double(&j, NULL, v);
}

/* name_suffix{label="value",extra} value */
static void put_sample(struct buf *out, enum metric_id id, const char *suffix,
		       const char *const *labels, const char *extra, double value)
{
	const char *name = metrics[id].labels;
	bool open = false;

	buf_printf(out, "%s%s", metrics[id].name, suffix);
	while (*name) {
		size_t n = strcspn(name, " ");

		buf_putc(out, open ? ',' : '{');
		open = true;
		buf_add(out, name, n);
		buf_puts(out, "=\"");
		put_escaped(out, *labels++, true);
		buf_putc(out, '"');
		name += n + (name[n] == ' ');
	}
	if (extra)
		buf_printf(out, "%c%s", open ? ',' : '{', extra);
	buf_puts(out, open || extra ? "} " : " ");
	put_value(out, value);
	buf_putc(out, '\n');
}

void metrics_family(struct buf *out, enum metric_id id)
{
	const struct metric *m = &metrics[id];

	buf_printf(out, "# HELP %s ", m->name);
	put_escaped(out, m->help, false);
	buf_printf(out, "\n# TYPE %s %s\n", m->name, metric_type_name(m->type));
}

void metrics_sample(struct buf *out, enum metric_id id, double value, const char *const *labels)
{
	put_sample(out, id, "", labels, NULL, value);
}

void metrics_single(struct buf *out, enum metric_id id, double value)
{
	metrics_family(out, id);
	metrics_sample(out, id, value, NULL);
}

void metrics_state(struct buf *out, enum metric_id id, const char *first, const char *states,
		   const char *holds)
{
	while (*states) {
		size_t n = strcspn(states, "|");
		char state[32];

		snprintf(state, sizeof(state), "%.*s", (int)n, states);
		metrics_sample(out, id, !strcmp(state, holds),
			       first ? (const char *const[]){ first, state }
				     : (const char *const[]){ state });
		states += n + (states[n] == '|');
	}
}

void metrics_histogram(struct buf *out, enum metric_id id, const struct metrics_histogram *h,
		       const char *const *labels)
{
	uint64_t total = 0;
	char le[40];

	for (size_t i = 0; i < h->n; i++) {
		total += h->counts[i];
		snprintf(le, sizeof(le), "le=\"%g\"", h->bounds[i]);
		put_sample(out, id, "_bucket", labels, le, (double)total);
	}
	total += h->counts[h->n];
	put_sample(out, id, "_bucket", labels, "le=\"+Inf\"", (double)total);
	put_sample(out, id, "_sum", labels, NULL, h->sum);
	put_sample(out, id, "_count", labels, NULL, (double)total);
}
