#include "api/view/status_json.h"

#include "api/store/rows.h"
#include "common/clock.h"
#include "common/registry/bot_config.h"
#include "common/registry/bot_json.h"
#include "common/registry/market_clock.h"
#include "common/span.h"

#include <string.h>

void worker_json(struct json *j, const struct worker_look *w)
{
	const struct heartbeat *h = &w->beat;

	json_object(j, "worker");
	json_string(j, "status", worker_state_name(w->state));
	if (w->state != WORKER_NEVER) {
		json_int(j, "last_beat_age_ms", w->age_us / US_PER_MS);
		json_int(j, "pid", h->pid);
		json_string(j, "version", h->version);
		json_string(j, "market_data", h->market_data);
		/* When no worker runs, its last word about the feed is not true any more. */
		json_string(j, "feed_state", w->state == WORKER_RUNNING ? h->feed_state : NULL);
		json_string(j, "feed_message", h->feed_message[0] ? h->feed_message : NULL);
		json_string(j, "blocked_by", w->blocked[0] ? w->blocked : NULL);
	} else {
		json_null(j, "last_beat_age_ms");
	}
	json_object_end(j);
}

/* While no worker runs nothing else does, so the uptime ends at the last beat. */
static int64_t uptime_us(const struct bot_view *b, int64_t now_us)
{
	int64_t until = b->worker.state == WORKER_RUNNING ? now_us : b->worker.beat.beat_us;

	return until > b->start_us ? until - b->start_us : 0;
}

static void times_json(struct json *j, const struct bot_view *b, int64_t now_us)
{
	char text[SPAN_TEXT_MAX];
	int64_t up;

	if (!b->start_us || !strcmp(b->status, "STOPPED")) {
		json_null(j, "uptime");
		json_null(j, "uptime_seconds");
		json_null(j, "start_time");
		return;
	}
	up = uptime_us(b, now_us);
	json_string(j, "uptime", span_units(up / US_PER_S, 4, "", text));
	json_double(j, "uptime_seconds", (double)(up / US_PER_MS) / 1000);
	json_time(j, "start_time", b->start_us);
}

void worth_json(struct json *j, const struct bot_view *b)
{
	if (b->mode[0])
		json_money(j, "equity", b->equity);
	else
		json_null(j, "equity");
	if (price_sign(b->last_price) > 0)
		json_price(j, "last_price", b->last_price);
	else
		json_null(j, "last_price");
}

static void number_or_null(struct json *j, const char *key, int64_t v)
{
	if (v)
		json_int(j, key, v);
	else
		json_null(j, key);
}

/* May take up to one candle longer, if the open candle began before the worker listened. */
static void warm_up_json(struct json *j, const struct bot_view *b)
{
	int64_t needed = bot_look_back_of(b->strategy, b->strategy_params);
	int64_t missing = needed - b->candles;

	json_object(j, "warm_up");
	json_int(j, "candles", b->candles);
	json_int(j, "needed", needed);
	if (b->worker.state == WORKER_RUNNING)
		json_int(j, "ready_in_seconds",
			 missing > 0 ? missing * bot_interval_s(b->interval) : 0);
	else
		json_null(j, "ready_in_seconds");
	json_object_end(j);
}

void status_json(struct json *j, const struct bot_view *b, int64_t now_us)
{
	const struct heartbeat *h = &b->worker.beat;
	const struct market_clock clock = { now_us, h->market_us, h->market_at_us };

	json_int(j, "bot_id", b->bot_id);
	lower_json(j, "status", b->status);
	json_string(j, "bot_status", b->status);
	json_time(j, "last_execution", market_clock_machine_us(&clock, b->last_execution_us));
	json_time(j, "market_time", h->market_us);
	times_json(j, b, now_us);
	json_string(j, "error", b->error[0] ? b->error : NULL);
	json_string(j, "mode", b->mode[0] ? b->mode : NULL);
	json_bool(j, "emergency", b->emergency != 0);
	json_object(j, "config_version");
	json_int(j, "wanted", b->config_wanted);
	json_int(j, "applied", b->config_applied);
	json_string(j, "error", b->config_error[0] ? b->config_error : NULL);
	json_object_end(j);
	json_object(j, "model");
	number_or_null(j, "wanted", b->model_wanted);
	number_or_null(j, "applied", b->model_id);
	json_string(j, "error", b->model_error[0] ? b->model_error : NULL);
	json_string(j, "warning", b->model_warning[0] ? b->model_warning : NULL);
	json_object_end(j);
	json_int(j, "pending_orders", b->pending_orders);
	json_int(j, "open_positions", b->open_positions);
	worth_json(j, b);
	warm_up_json(j, b);
	worker_json(j, &b->worker);
	json_time(j, "timestamp", now_us);
}

void commission_json(struct json *j, const struct config *cfg, bool futures)
{
	struct fees f;

	ASSERT(!fees_with(cfg->sim_commission, futures, &f));
	json_object(j, "commission");
	json_double(j, "maker", (double)f.maker_e8 / (double)RATE_ONE);
	json_double(j, "taker", (double)f.taker_e8 / (double)RATE_ONE);
	json_string(j, "source", cfg->sim_commission < 0 ? fees_source(futures) :
		    "SIMULATION_COMMISSION");
	json_object_end(j);
}
