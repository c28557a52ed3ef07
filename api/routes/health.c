#include "api/http/conn.h"
#include "api/pending/wait.h"
#include "api/routes/table.h"
#include "api/store/data.h"
#include "api/store/counts.h"
#include "api/view/status_json.h"
#include "common/clock.h"
#include "common/db/reserve.h"
#include "common/file.h"
#include "common/registry/machine.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <openssl/crypto.h>

/* What the health answers are made of. */
struct health {
	bool database;			/* it answers */
	bool worker;			/* it runs */
	bool feed;			/* live market data */
	bool full;			/* the database's disk: nothing can be stored */
	int64_t database_us;		/* how long it took */
	struct worker_look seen;
	struct store_counts counts;
	struct machine_clock clock;
	struct machine_file file;
};

static void look(const struct app *a, struct db *db, struct health *h)
{
	int64_t begin = clock_mono_us();
	struct err e = { 0 };

	memset(h, 0, sizeof(*h));
	h->full = reserve_disk_full(a->cfg->db_path);
	if (!db)
		return;
	if (heartbeat_look(db, clock_now_us(), &h->seen, &e) ||
	    store_counts_get(db, &h->counts, &e) || store_machine_clock(db, &h->clock, &e) ||
	    store_machine_file(db, &h->file, &e))
		return;
	h->database = true;
	h->database_us = clock_mono_us() - begin;
	h->worker = h->seen.state == WORKER_RUNNING;
	h->feed = h->worker && !strcmp(h->seen.beat.feed_state, "live");
}

static bool clock_jumped(const struct health *h)
{
	return h->clock.settles_us && h->clock.jump_us;
}

static const char *verdict(const struct health *h)
{
	if (!h->database || h->file.damaged_us || h->full)
		return "unhealthy";
	return h->worker && h->feed && !clock_jumped(h) && !h->file.failing_us ? "healthy" :
	       "degraded";
}

static const char *database_state(const struct health *h)
{
	return h->database && !h->file.damaged_us && !h->full ? "healthy" : "unhealthy";
}

static double ms(int64_t us)
{
	return (double)us / 1000;
}

static int handle_health(struct request *r, struct err *e)
{
	int64_t now = clock_now_us();
	struct json *j = &r->json;
	struct health h;

	(void)e;
	look(r->app, r->db, &h);
	json_string(j, "status", verdict(&h));
	json_object(j, "api_server");
	json_string(j, "status", "healthy");
	json_double(j, "response_time_ms", ms(clock_mono_us() - r->begin_us));
	json_object_end(j);
	json_object(j, "database");
	json_string(j, "status", database_state(&h));
	json_object_end(j);
	json_object(j, "worker");
	json_string(j, "status", h.database ? worker_state_name(h.seen.state) : "unknown");
	if (h.seen.state != WORKER_NEVER)
		json_int(j, "last_beat_age_ms", h.seen.age_us / US_PER_MS);
	else
		json_null(j, "last_beat_age_ms");
	json_string(j, "feed_state", h.worker ? h.seen.beat.feed_state : NULL);
	json_object_end(j);
	json_time(j, "timestamp", now);
	if (!h.database)
		r->code = 503;
	return 0;
}

static const char *mode_text(const struct config *cfg)
{
	return cfg->trading_mode == MODE_LIVE ? "live" : "simulation";
}

static int handle_status_health(struct request *r, struct err *e)
{
	struct json *j = &r->json;
	struct health h;

	(void)e;
	look(r->app, r->db, &h);
	json_string(j, "status", verdict(&h));
	json_time(j, "timestamp", clock_now_us());
	json_string(j, "version", VERSION);
	json_double(j, "uptime", ms((clock_mono_us() - r->app->started_mono_us) / 1000));
	json_bool(j, "database_connected", h.database);
	json_bool(j, "exchange_connected", h.feed);
	json_bool(j, "simulation_running", h.worker && h.counts.running > 0 &&
		  r->app->cfg->trading_mode == MODE_SIMULATION);
	json_string(j, "trading_mode", mode_text(r->app->cfg));
	if (!h.database)
		r->code = 503;
	return 0;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

static const char *database_message(const struct app *a, const struct health *h)
{
	if (app_db_trouble(a)[0])
		return app_db_trouble(a);
	if (h->file.damaged_us)
		return h->file.damage;
	if (h->full)
		return "its disk is full: free some space";
	return h->file.failing[0] ? h->file.failing : NULL;
}

static void database_json(struct request *r, const struct health *h)
{
	const struct config *cfg = r->app->cfg;
	struct json *j = &r->json;
	char wal[CONFIG_PATH_MAX + 8];

	snprintf(wal, sizeof(wal), "%s-wal", cfg->db_path);
	json_object(j, "database");
	json_string(j, "status", database_state(h));
	json_string(j, "message", database_message(r->app, h));
	json_double(j, "latency_ms", ms(h->database_us));
	json_int(j, "size_bytes", size_of(cfg->db_path));
	json_int(j, "wal_bytes", size_of(wal));
	json_int(j, "disk_free_bytes", file_free_bytes(cfg->data_dir));
	json_bool(j, "reserve", reserve_there(cfg->db_path));
	json_int(j, "checkpoints", h->file.checkpoints);
	json_int(j, "checkpoint_failures", h->file.checkpoint_failures);
	json_time(j, "checkpoints_fail_since", h->file.failing_us);
	json_time(j, "scrubbed", h->file.scrubbed_us);
	json_time(j, "damaged", h->file.damaged_us);
	json_object_end(j);
}

static void clock_json(struct json *j, const struct health *h)
{
	json_object(j, "clock");
	json_string(j, "state", clock_jumped(h) ? "in_doubt" : "settled");
	json_int(j, "jump_ms", h->clock.jump_us / US_PER_MS);
	json_int(j, "jumps", h->clock.jumps);
	json_time(j, "settles", h->clock.settles_us);
	json_object_end(j);
}

static int worker_part_json(struct request *r, const struct health *h, struct err *e)
{
	const struct heartbeat *b = &h->seen.beat;
	struct json *j = &r->json;
	int rc;

	worker_json(j, &h->seen);
	json_object(j, "worker_loop");
	json_int(j, "p50_us", b->loop_p50_us);
	json_int(j, "p99_us", b->loop_p99_us);
	json_int(j, "turns", b->turns);
	json_int(j, "rss_bytes", b->rss_bytes);
	json_time(j, "started", b->started_us);
	json_object_end(j);
	json_object(j, "feed");
	json_string(j, "source", b->market_data[0] ? b->market_data : NULL);
	json_string(j, "state", h->worker ? b->feed_state : NULL);
	json_string(j, "message", b->feed_message[0] ? b->feed_message : NULL);
	json_int(j, "age_ms", b->feed_age_ms);
	json_int(j, "events", b->events);
	json_int(j, "decode_errors", b->decode_errors);
	json_int(j, "trades_refused", b->trades_refused);
	json_int(j, "trades_late", b->trades_late);
	json_int(j, "trades_repeated", b->trades_repeated);
	json_int(j, "gaps", b->feed_gaps);
	json_int(j, "book_breaks", b->book_breaks);
	json_string(j, "problem", b->feed_problem[0] ? b->feed_problem : NULL);
	json_int(j, "clock_drift_ms", b->clock_drift_ms);
	rc = h->database ? store_data_feed(r->db, clock_now_us(), j, e) : 0;
	json_object_end(j);
	return rc;
}

static int handle_health_detailed(struct request *r, struct err *e)
{
	struct json *j = &r->json;
	struct health h;
	int rc;

	look(r->app, r->db, &h);
	json_string(j, "status", verdict(&h));
	json_object(j, "api_server");
	json_string(j, "status", "healthy");
	json_double(j, "uptime_seconds", ms((clock_mono_us() - r->app->started_mono_us) / 1000));
	json_int(j, "connections", (int64_t)conns_open(r->app->conns));
	json_int(j, "requests", (int64_t)r->app->requests);
	json_int(j, "errors", (int64_t)r->app->errors);
	json_int(j, "waiting_commands", (int64_t)wait_pending(r->app->wait));
	json_double(j, "response_time_ms", ms(clock_mono_us() - r->begin_us));
	json_object_end(j);
	database_json(r, &h);
	clock_json(j, &h);
	rc = worker_part_json(r, &h, e);
	if (rc)
		return rc;
	json_object(j, "queues");
	json_int(j, "commands", h.counts.queued_commands);
	json_int(j, "jobs", h.counts.open_jobs);
	json_int(j, "notifications", h.counts.notifications);
	json_object_end(j);
	json_object(j, "bots");
	json_int(j, "count", h.counts.bots);
	json_int(j, "running", h.counts.running);
	json_int(j, "open_positions", h.counts.open_positions);
	json_object_end(j);
	json_time(j, "timestamp", clock_now_us());
	if (!h.database)
		r->code = 503;
	return 0;
}

static int handle_info(struct request *r, struct err *e)
{
	const struct config *cfg = r->app->cfg;
	struct json *j = &r->json;
	struct utsname u;

	(void)e;
	json_string(j, "name", "trading-bot-api");
	json_string(j, "version", VERSION);
	json_int(j, "schema_version", r->db ? db_schema_version(r->db) : 0);
	json_object(j, "libraries");
	json_string(j, "sqlite", db_library_version());
	json_string(j, "libevent", event_get_version());
	json_string(j, "openssl", OpenSSL_version(OPENSSL_VERSION));
	json_string(j, "cjson", cJSON_Version());
	json_object_end(j);
	json_string(j, "compiler", __VERSION__);
	if (!uname(&u)) {
		json_object(j, "platform");
		json_string(j, "system", u.sysname);
		json_string(j, "release", u.release);
		json_string(j, "machine", u.machine);
		json_object_end(j);
	}
	json_object(j, "limits");
	json_int(j, "rate_limit_per_s", cfg->api_rate_limit);
	json_int(j, "max_body_bytes", cfg->api_max_body_bytes);
	json_int(j, "model_max_bytes", cfg->model_max_bytes);
	json_int(j, "timeout_s", cfg->api_timeout_s);
	json_int(j, "max_connections", cfg->api_max_connections);
	json_int(j, "max_per_address", cfg->api_max_per_address);
	json_int(j, "command_wait_ms", cfg->command_wait_ms);
	json_object_end(j);
	json_string(j, "trading_mode", mode_text(cfg));
	json_string(j, "environment", cfg->environment);
	json_time(j, "started", r->app->started_us);
	json_time(j, "timestamp", clock_now_us());
	return 0;
}

/* ---- the routes ---- */

#define VERDICT "healthy|degraded|unhealthy"

static const struct part parts[] = {
	OBJECT("Health", "Is everything well?",
	       F("status", VERDICT), F("api_server", "ApiShort"),
	       F("database", "DatabaseShort"), F("worker", "Worker"), NOW),
	OBJECT("ApiShort", "The API itself.",
	       F("status", "healthy|unhealthy"), F("response_time_ms", "number")),
	OBJECT("DatabaseShort", "Whether the database answers, is whole and has room.",
	       F("status", "healthy|unhealthy")),
	OBJECT("FlatHealth", "Health in one flat object.",
	       F("status", VERDICT), NOW, F("version", "text"),
	       { "uptime", "number", "Seconds since the API started." },
	       { "database_connected", "bool", "It answers." },
	       { "exchange_connected", "bool", "Market data is live." },
	       { "simulation_running", "bool", "A bot trades paper money now." },
	       F("trading_mode", MODE)),
	OBJECT("DetailedHealth", "Each part with its figures.",
	       F("status", VERDICT), F("api_server", "ApiHealth"),
	       F("database", "DatabaseHealth"), F("clock", "Clock"), F("worker", "Worker"),
	       F("worker_loop", "WorkerLoop"), F("feed", "Feed"), F("queues", "Queues"),
	       F("bots", "BotCounts"), NOW),
	OBJECT("ApiHealth", "The API itself.",
	       F("status", "healthy|unhealthy"), F("uptime_seconds", "number"),
	       { "connections", "count", "Open now." },
	       { "requests", "count", "Answered since the start." },
	       { "errors", "count", "Of these with a 5xx." },
	       { "waiting_commands", "count", "Requests that wait for the worker." },
	       F("response_time_ms", "number")),
	OBJECT("DatabaseHealth", "The database file.",
	       F("status", "healthy|unhealthy"),
	       { "message", "text?", "Why it is unavailable, damaged, full, or its -wal file "
				     "grows." },
	       { "latency_ms", "number", "Of the questions behind this answer." },
	       F("size_bytes", "count"), { "wal_bytes", "count", "Of the file beside it." },
	       { "disk_free_bytes", "int", "Of DATA_DIR's file system." },
	       { "reserve", "bool", "There is the reserve that a full disk gives up." },
	       { "checkpoints", "count",
		 "Moves of pages from the -wal file, since the worker's start." },
	       { "checkpoint_failures", "count", "Of these, those that failed." },
	       { "checkpoints_fail_since", "time?", "Since when none succeeds; null: they do." },
	       { "scrubbed", "time?", "When every page was last looked at; null: never." },
	       { "damaged", "time?", "When damage was found; null: none." }),
	OBJECT("Clock", "The machine's clock, as the worker sees it.",
	       { "state", "settled|in_doubt", "in_doubt: it jumped, nothing is deleted by age." },
	       { "jump_ms", "int", "How far it jumped; 0: settled." },
	       { "jumps", "count", "Noticed so far." },
	       { "settles", "time?", "Until then nothing is deleted; null: settled." }),
	OBJECT("WorkerLoop", "The worker's event loop.",
	       { "p50_us", "count", "Microseconds of a turn, median." },
	       { "p99_us", "count", "Microseconds of a turn, 99 of 100 take less." },
	       { "turns", "count", "Since the start." },
	       { "rss_bytes", "count", "Resident memory." }, F("started", "time?")),
	OBJECT("Feed", "Market data.",
	       { "source", "text?", "synthetic, replay, binance." },
	       { "state", "text?",
		 "connecting, live, stale, ended, failed; null without a worker." },
	       F("message", "text?"), { "age_ms", "int", "Since the last event." },
	       { "events", "count", "Since the start." },
	       { "decode_errors", "count", "Frames refused since the start." },
	       { "trades_refused", "count", "Of these, trades stamped after they came." },
	       { "trades_late", "count", "That came after their candle was closed." },
	       { "trades_repeated", "count", "That had come before; each counts once." },
	       { "gaps", "count", "Times that trades were missing: windows start anew." },
	       { "book_breaks", "count", "Times that the order book was out of step." },
	       { "problem", "text?", "The newest refused frame or gap." },
	       { "clock_drift_ms", "int", "Our clock minus the exchange's." },
	       { "symbols", "[FeedSymbol]-", "What the bots are set to." }),
	ROWS("FeedSymbol", "How old the market data of a symbol is.", store_data_feed_columns,
	     { "source", "?", "Where it comes from; null before the first worker." },
	     { "last_candle", "?", "Newest closed candle in which something traded." },
	     { "age_ms", "?", "Since the end of that candle." }),
	OBJECT("Queues", "What waits.",
	       { "commands", "count", "Not answered." }, { "jobs", "count", "Not ended." },
	       { "notifications", "count", "Not delivered." }),
	OBJECT("BotCounts", "The bots in figures.",
	       F("count", "count"), F("running", "count"), F("open_positions", "count")),
	OBJECT("Info", "Versions, platform and limits.",
	       { "name", "text", "Of the program." }, F("version", "text"),
	       { "schema_version", "count", "Of the database." }, F("libraries", "Libraries"),
	       { "compiler", "text", "That it was built with." }, F("platform", "Platform-"),
	       F("limits", "Limits"), F("trading_mode", MODE),
	       { "environment", "production|staging|development", "Its label (ENVIRONMENT)." },
	       F("started", "time"), NOW),
	OBJECT("Libraries", "Versions of the libraries in use.",
	       { "sqlite", "text", "Version." }, { "libevent", "text", "Version." },
	       { "openssl", "text", "Version." }, { "cjson", "text", "Version." }),
	OBJECT("Platform", "The operating system.",
	       { "system", "text", "Such as Linux." }, { "release", "text", "Of the kernel." },
	       { "machine", "text", "Such as x86_64." }),
	OBJECT("Limits", "What the API allows.",
	       { "rate_limit_per_s", "count", "Requests/s of one caller; 0: no limit." },
	       { "max_body_bytes", "count", "Of a request." },
	       { "model_max_bytes", "count", "Of a model's file." },
	       { "timeout_s", "count", "For a request to be complete." },
	       { "max_connections", "count", "Open at once." },
	       { "max_per_address", "count", "Open at once from one address; 0: no limit." },
	       { "command_wait_ms", "count", "Then a command is answered with 202." }),
};

/* The answer is the same when the database does not answer; its status tells. */
#define HEALTH(t) .gives = { { 200, t }, { 503, t } }

static const struct route rows[] = {
	{ R(GET, "/health"), .no_db = true, DO(health, "Whether everything is well"),
	  HEALTH("Health") },
	{ R(GET, "/status/health"), .no_db = true,
	  DO(status_health, "Health of the service in one flat object"), HEALTH("FlatHealth") },
	{ R(GET, "/status/health/detailed"), V, .no_db = true,
	  DO(health_detailed, "Health of each part, with figures"), HEALTH("DetailedHealth") },
	{ R(GET, "/status/info"), V, .no_db = true, DO(info, "Versions, platform and limits"),
	  ONE("Info") },
};
const struct route_group health_routes = { "Health", ROWS_OF(rows), ROWS_OF(parts) };
