#include "api/routes/table.h"
#include "api/view/status_cache.h"
#include "api/view/status_json.h"
#include "common/clock.h"

/* The bot of the path; the default bot 1 where the path names none. */
static int bot_of_path(struct request *r, int64_t *id, struct err *e)
{
	if (!request_path_value(r, "id")) {
		*id = 1;
		return 0;
	}
	return request_id(r, "id", id, e);
}

static int handle_status(struct request *r, struct err *e)
{
	struct status_key key = {
		.data_version = r->app->data_version,
		.writes = r->app->writes,
		.mono_us = r->begin_us,
	};
	const struct buf *body;
	struct bot_view b;
	int64_t now_us = clock_now_us();
	int rc;

	rc = bot_of_path(r, &key.bot_id, e);
	if (rc)
		return rc;
	body = status_cache_get(r->app->status, &key);
	if (body) {
		buf_clear(&r->out);
		buf_add(&r->out, body->data, body->len);
		return 0;
	}
	rc = bot_view_get(r->db, key.bot_id, now_us, &b, e);
	if (rc)
		return rc;
	status_json(&r->json, &b, now_us);
	status_cache_put(r->app->status, &key, &r->out);
	return 0;
}

/* ---- the routes ---- */

static const struct part parts[] = {
	OBJECT("Status", "What a bot is doing.",
	       F("bot_id", "id"), { "status", BOT_STATE, "What it is doing." },
	       { "bot_status", BOT_STATE_CAPITALS, "The same in capitals." },
	       F("last_execution", "time?"),
	       { "market_time", "time?",
		 "Now, of a market with a time of its own (a recording, not at REPLAY_SPEED=1): "
		 "times of its orders, candles and decisions are by it; null: the machine's." },
	       { "uptime", "text?", "Such as 2m 45s; null while it is stopped." },
	       F("uptime_seconds", "number?"), F("start_time", "time?"),
	       { "error", "text?", "Why it is in state error." }, { "mode", MODE "?", NULL },
	       { "emergency", "bool", "From an emergency stop to the next start." },
	       F("config_version", "ConfigVersions"), F("model", "AppliedModel"),
	       F("pending_orders", "count"), F("open_positions", "count"),
	       F("equity", "amount?"), F("last_price", "amount?"),
	       { "warm_up", "WarmUp", "How far its window of candles is filled." },
	       F("worker", "Worker"), NOW),
	OBJECT("WarmUp", "A strategy decides on a full window of closed candles.",
	       { "candles", "count", "In the window now." },
	       { "needed", "count", "For a decision." },
	       { "ready_in_seconds", "count?",
		 "Of the market's time, at most a candle more; null: no worker runs." }),
	OBJECT("ConfigVersions", "Which settings are wanted and in use.",
	       { "wanted", "count", "The newest version." },
	       { "applied", "count", "The one in use." },
	       { "error", "text?", "Why the newest is not in use." }),
	OBJECT("AppliedModel", "Which model is wanted and in use.",
	       { "wanted", "id?", "The assigned one, models.id." },
	       { "applied", "id?", "The one in use." },
	       { "error", "text?", "Why the assigned one is not in use." },
	       { "warning", "text?", "What its users should know of it." }),
	OBJECT("Worker", "The worker's sign of life.",
	       { "status", "running|blocked|stopped|away|never|unknown",
		 "blocked: it runs, but can't store anything; away: no sign of life; never: none "
		 "yet." },
	       F("last_beat_age_ms", "int?"), { "pid", "id-", "Process id." },
	       F("version", "text-"), { "market_data", "text-", "The feed in use." },
	       F("feed_state", "text?-"),
	       { "feed_message", "text?-", "Why the feed is not live." },
	       { "blocked_by", "text?-", "What keeps it from storing, and what to do." }),
};

static const struct route rows[] = {
	{ R(GET, "/status"), V, DO(status, "Status of the default bot"), ONE("Status") },
	{ R(GET, "/bots/:id/status"), V, DO(status, "Status of a bot"), ONE("Status") },
};
const struct route_group status_routes = { "Status", ROWS_OF(rows), ROWS_OF(parts) };
