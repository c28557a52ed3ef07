/*
 * The route table. A new route needs an entry here, a handler in handlers.h, a section in
 * docs/API.md (test_api_docs compares them) and its answer in answers.c (test_openapi looks
 * for it).
 */
#include "api/routes/handlers.h"

#define GET EVHTTP_REQ_GET
#define POST EVHTTP_REQ_POST
#define PUT EVHTTP_REQ_PUT
#define DELETE EVHTTP_REQ_DELETE

#define END { .name = NULL }
#define PAGE \
	{ .name = "limit", .type = PARAM_INT, .min = 1, .max = PAGE_LIMIT_MAX, \
	  .help = "rows at most, 50 unless given" }, \
	{ .name = "cursor", .type = PARAM_TEXT, .min = 1, .max = 44, \
	  .help = "next_cursor of the answer before" }
#define BOT_ID \
	{ .name = "bot_id", .type = PARAM_INT, .min = 1, .max = 1e15, .help = "bots.id" }
#define SYMBOL(req) \
	{ .name = "symbol", .type = PARAM_TEXT, .required = req, .min = 1, .max = SYMBOL_MAX - 1, \
	  .help = "such as BTCUSDT" }
#define FROM_TO \
	{ .name = "from", .type = PARAM_TIME, .help = "first moment, inclusive" }, \
	{ .name = "to", .type = PARAM_TIME, .help = "last moment, exclusive" }
#define AMOUNT(n, req, low, text) \
	{ .name = n, .type = PARAM_NUMBER, .required = req, .nullable = true, .min = low, \
	  .max = 9e7, .help = text }
#define COUNT(n, text) \
	{ .name = n, .type = PARAM_INT, .min = 0, .max = 1e9, .help = text }

static const struct param q_page[] = { PAGE, END };
static const struct param q_bot[] = { BOT_ID, END };
static const struct param q_bot_page[] = { BOT_ID, PAGE, END };
static const struct param q_models[] = { SYMBOL(false), PAGE, END };
static const struct param q_history[] = {
	FROM_TO, SYMBOL(false), PAGE,
	{ .name = "reason", .type = PARAM_TEXT, .min = 1, .max = 40, .help = "close_reason" }, END
};
static const struct param q_signals[] = {
	PAGE,
	{ .name = "taken", .type = PARAM_BOOL, .help = "only entries, or only refusals" },
	{ .name = "rule", .type = PARAM_TEXT, .min = 1, .max = 40, .help = "which rule decided" },
	END
};
static const struct param q_pnl[] = {
	{ .name = "by", .type = PARAM_CHOICE, .choices = "day|week|month|symbol|reason",
	  .help = "what a row stands for, day unless given" },
	FROM_TO, END
};
static const struct param q_equity[] = { BOT_ID, FROM_TO, PAGE, END };
static const struct param q_candles[] = {
	SYMBOL(true),
	{ .name = "interval", .type = PARAM_CHOICE, .choices = "1s|1m|5m|15m|1h|4h|1d",
	  .help = "candle length, 1s unless given" },
	{ .name = "source", .type = PARAM_CHOICE,
	  .choices = "binance|binance_futures|synthetic|synthetic_futures|replay|replay_futures",
	  .help = "where they come from; the source of the newest unless given" },
	FROM_TO, PAGE, END
};
static const struct param q_jobs[] = {
	PAGE,
	{ .name = "state", .type = PARAM_CHOICE, .choices = "queued|running|done|failed|cancelled",
	  .help = "only these" },
	END
};
static const struct param q_logs[] = {
	PAGE,
	{ .name = "level", .type = PARAM_CHOICE, .choices = "debug|info|warning|error",
	  .help = "the least level, debug unless given" },
	{ .name = "service", .type = PARAM_TEXT, .min = 1, .max = 40,
	  .help = "trading-bot-api or trading-bot-worker" },
	{ .name = "correlation_id", .type = PARAM_TEXT, .min = 1, .max = 64,
	  .help = "lines of one request" },
	END
};
static const struct param q_audit[] = {
	PAGE,
	{ .name = "actor", .type = PARAM_TEXT, .min = 1, .max = 63, .help = "name of a token" }, END
};

static const struct param q_push[] = {
	{ .name = "topics", .type = PARAM_TEXT, .min = 1, .max = 100,
	  .help = "status, price, order, position, signal, stats, job, log or all, with commas" },
	{ .name = "bot", .type = PARAM_INT, .min = 1, .max = 1e15, .help = "only this bot's" },
	{ .name = "last_event_id", .type = PARAM_INT, .min = 0, .max = 9e15,
	  .help = "the last seq that was seen: go on after it" },
	END
};

static const struct param b_stop[] = {
	{ .name = "positions", .type = PARAM_CHOICE, .choices = "keep|close",
	  .help = "what happens to open positions, keep unless given" },
	END
};
static const struct param b_bot_new[] = {
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 100,
	  .help = "unique" },
	{ .name = "bot_type", .type = PARAM_CHOICE, .choices = "trading|external",
	  .help = "run by our worker, or reporting from outside; trading unless given" },
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "config", .type = PARAM_OBJECT, .help = "first settings, as in PUT config" },
	{ .name = "confirm_wide", .type = PARAM_BOOL,
	  .help = "true: a target or stop over 0.1 (10 %) is meant" },
	END
};
static const struct param b_bot[] = {
	{ .name = "name", .type = PARAM_TEXT, .min = 1, .max = 100, .help = "unique" },
	{ .name = "bot_type", .type = PARAM_CHOICE, .choices = "trading|external",
	  .help = "run by our worker, or reporting from outside" },
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	END
};
static const struct param b_rollback[] = {
	{ .name = "version", .type = PARAM_INT, .required = true, .min = 1, .max = 1e15,
	  .help = "a version of the history" },
	END
};
static const struct param b_order[] = {
	{ .name = "order_id", .type = PARAM_TEXT, .required = true, .min = 1, .max = 64,
	  .help = "the reporter's own number; an existing one is updated" },
	SYMBOL(false),
	{ .name = "side", .type = PARAM_CHOICE, .choices = "BUY|SELL", .help = "of the entry" },
	{ .name = "status", .type = PARAM_CHOICE, .choices = "pending|active|closed",
	  .help = "pending unless given" },
	AMOUNT("entry_price", false, 0, "quote per base"),
	AMOUNT("exit_price", false, 0, "quote per base"),
	AMOUNT("take_profit", false, 0, "quote per base"),
	AMOUNT("stop_loss", false, 0, "quote per base"),
	AMOUNT("quantity", false, 1e-8, "base asset"),
	AMOUNT("pnl", false, -9e7, "quote asset, after fees"),
	AMOUNT("fees", false, 0, "quote asset"),
	{ .name = "confidence", .type = PARAM_NUMBER, .nullable = true, .min = 0, .max = 1,
	  .help = "probability, 0 to 1" },
	{ .name = "close_reason", .type = PARAM_TEXT, .max = 40, .help = "why it was closed" },
	{ .name = "created", .type = PARAM_TIME, .help = "now unless given" },
	{ .name = "closed", .type = PARAM_TIME, .nullable = true,
	  .help = "now unless given, for a closed one" },
	END
};
static const struct param b_stats[] = {
	{ .name = "day", .type = PARAM_DAY, .help = "UTC day, today unless given" },
	COUNT("trades", "closed trades of the day"), COUNT("wins", "of them with a profit"),
	COUNT("losses", "of them with a loss"), AMOUNT("gross", false, -9e7, "quote asset"),
	AMOUNT("fees", false, 0, "quote asset"), AMOUNT("net", false, -9e7, "quote asset"),
	AMOUNT("volume", false, 0, "quote asset"), END
};
static const struct param b_close_all[] = { BOT_ID, END };
static const struct param b_sim_reset[] = {
	BOT_ID, { .name = "force", .type = PARAM_BOOL, .help = "also while the bot runs" }, END
};
static const struct param b_model[] = {
	{ .name = "name", .type = PARAM_TEXT, .min = 1, .max = 100, .help = "for people" },
	SYMBOL(false),
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "status", .type = PARAM_CHOICE, .choices = "ready|retired",
	  .help = "a retired model can't be assigned" },
	END
};
static const struct param b_upload[] = {
	{ .name = "model", .type = PARAM_FILE, .required = true,
	  .help = "XGBoost JSON, UBJ or binary, at most MODEL_MAX_BYTES" },
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 100,
	  .help = "for people" },
	SYMBOL(true),
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "features", .type = PARAM_TEXT, .min = 1, .max = 31,
	  .help = "the feature list it was trained on, features-1 unless given" },
	END
};
static const struct param b_predict[] = {
	{ .name = "rows", .type = PARAM_LIST,
	  .help = "1 to 100 lists of numbers, in the order of the model's feature_names; "
		  "null: missing" },
	{ .name = "features", .type = PARAM_OBJECT,
	  .help = "instead: one row as numbers by feature name; the others are missing" },
	END
};
static const struct param b_assign[] = {
	{ .name = "model_id", .type = PARAM_INT, .required = true, .min = 1, .max = 1e15,
	  .help = "models.id" },
	END
};
static const struct param b_token[] = {
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 63,
	  .help = "unique among usable tokens" },
	{ .name = "role", .type = PARAM_CHOICE, .required = true, .choices = "viewer|trader|admin",
	  .help = "what it may do" },
	{ .name = "expires_in_s", .type = PARAM_INT, .min = 1, .max = 1e10,
	  .help = "s until it ends, never unless given" },
	END
};

/* Stands in "later" entries; never called. */
static int handle_later(struct request *r, struct err *e);

#define V .role = ROLE_VIEWER
#define T .role = ROLE_TRADER
#define A .role = ROLE_ADMIN
#define R(m, p) .method = m, .path = p
#define DO(h, text) .handler = handle_##h, .summary = text
#define LATER(text) .handler = handle_later, .later = true, .summary = text
#define METRICS \
	.no_db = true, .slow = true, .prepare = metrics_prepare, \
	DO(metrics, "Metrics for Prometheus")
#define TRADING "/trading/bots/:id"

const struct route routes[] = {
	{ R(GET, "/status"), V, DO(status, "Status of the default bot") },
	{ R(GET, "/bots/:id/status"), V, DO(status, "Status of a bot") },

	{ R(POST, "/bot/start"), T, DO(bot_command, "Start the default bot"), .arg = "start" },
	{ R(POST, "/bot/stop"), T, DO(bot_command, "Stop the default bot"), .arg = "stop",
	  .body = b_stop },
	{ R(POST, "/bot/pause"), T, DO(bot_command, "Pause the default bot"), .arg = "pause" },
	{ R(POST, "/bot/resume"), T, DO(bot_command, "Resume the default bot"), .arg = "resume" },
	{ R(POST, "/bot/emergency-stop"), T,
	  DO(bot_command, "Cancel all orders and close all positions of the default bot"),
	  .arg = "emergency-stop" },
	{ R(POST, "/bots/:id/start"), T, DO(bot_command, "Start a bot"), .arg = "start" },
	{ R(POST, "/bots/:id/stop"), T, DO(bot_command, "Stop a bot"), .arg = "stop",
	  .body = b_stop },
	{ R(POST, "/bots/:id/pause"), T, DO(bot_command, "Pause a bot"), .arg = "pause" },
	{ R(POST, "/bots/:id/resume"), T, DO(bot_command, "Resume a bot"), .arg = "resume" },
	{ R(POST, "/bots/:id/emergency-stop"), T,
	  DO(bot_command, "Cancel all orders and close all positions of a bot"),
	  .arg = "emergency-stop" },
	{ R(POST, "/bots/emergency-stop"), T, .no_db = true,
	  DO(all_bots_command, "Cancel all orders and close all positions of every bot"),
	  .arg = "emergency-stop" },
	{ R(GET, "/commands/:id"), V, DO(command_get, "What became of a command") },

	{ R(GET, "/health"), .no_db = true, DO(health, "Whether everything is well") },
	{ R(GET, "/status/health"), .no_db = true,
	  DO(status_health, "Health of the service in one flat object") },
	{ R(GET, "/status/health/detailed"), V, .no_db = true,
	  DO(health_detailed, "Health of each part, with figures") },
	{ R(GET, "/status/info"), V, .no_db = true, DO(info, "Versions, platform and limits") },
	{ R(GET, "/status/metrics"), V, METRICS },
	{ R(GET, "/metrics"), V, .root = true, .metrics = true, METRICS },

	{ R(GET, "/bots"), V, DO(bots_list, "All bots"), .query = q_page },
	{ R(POST, "/bots"), T, DO(bots_post, "Create a bot"), .body = b_bot_new },
	{ R(GET, "/bots/:id"), V, DO(bots_get, "One bot") },
	{ R(PUT, "/bots/:id"), T, DO(bots_put, "Change a bot's name, type or description"),
	  .body = b_bot },
	{ R(DELETE, "/bots/:id"), T, DO(bots_delete, "Delete a bot that is stopped and flat") },
	{ R(GET, "/bots/:id/events"), V, DO(bots_events, "Status changes of a bot"),
	  .query = q_page },

	{ R(GET, TRADING "/config"), V, DO(config_get, "Settings of a bot, secrets masked") },
	{ R(PUT, TRADING "/config"), T, DO(config_put, "Change some settings of a bot"),
	  .body_kind = BODY_CONFIG },
	{ R(POST, TRADING "/config/validate"), T,
	  DO(config_validate, "Check settings without saving them"), .body_kind = BODY_CONFIG },
	{ R(GET, TRADING "/config/history"), V, DO(config_history, "All versions of the settings"),
	  .query = q_page },
	{ R(POST, TRADING "/config/rollback"), T,
	  DO(config_rollback, "Make an old version the new one"), .body = b_rollback },

	{ R(GET, TRADING "/orders"), V, DO(orders_active, "Pending and active orders"),
	  .query = q_page },
	{ R(GET, TRADING "/orders/history"), V, DO(orders_history, "Closed orders"),
	  .query = q_history, .slow = true },
	{ R(POST, TRADING "/orders"), T, DO(orders_report, "Report an order of an outside bot"),
	  .body = b_order },
	{ R(POST, TRADING "/orders/:order/confirm"), T,
	  DO(order_answer, "Let a held entry go to the exchange"), .arg = "confirm" },
	{ R(POST, TRADING "/orders/:order/reject"), T, DO(order_answer, "Drop a held entry"),
	  .arg = "reject" },

	{ R(GET, TRADING "/signals"), V, DO(signals, "Decisions and their reasons"),
	  .query = q_signals },

	{ R(GET, TRADING "/stats"), V, DO(stats, "Totals and ratios of a bot's closed trades"),
	  .slow = true },
	{ R(GET, TRADING "/stats/pnl"), V,
	  DO(stats_pnl, "Profit and loss per day, week, month, symbol or reason"), .query = q_pnl,
	  .slow = true },
	{ R(POST, TRADING "/stats/update"), T,
	  DO(stats_update, "Report a day's totals of an outside bot"), .body = b_stats },

	{ R(GET, "/positions"), V, DO(positions, "Open positions of all bots") },
	{ R(GET, TRADING "/positions"), V, DO(positions, "Open positions of a bot") },
	{ R(POST, "/positions/:order/close"), T,
	  DO(position_close, "Close one position at market") },
	{ R(POST, "/positions/close-all"), T,
	  DO(positions_close_all, "Close all positions at market"), .body = b_close_all },

	{ R(GET, "/simulation/status"), V, DO(simulation_status, "The paper account of a bot"),
	  .query = q_bot },
	{ R(GET, "/simulation/performance"), V,
	  DO(simulation_performance, "What the paper account made of its capital"),
	  .query = q_bot, .slow = true },
	{ R(GET, "/simulation/portfolio"), V,
	  DO(simulation_portfolio, "Balances of the paper account"), .query = q_bot },
	{ R(GET, "/simulation/ledger"), V, DO(simulation_ledger, "Bookings of the paper account"),
	  .query = q_bot_page },
	{ R(POST, "/simulation/reset"), T,
	  DO(simulation_reset, "Start over with the initial capital"), .body = b_sim_reset },

	{ R(GET, "/equity"), V, DO(equity, "Equity curve of a bot"), .query = q_equity },
	{ R(GET, "/data/candles"), V, DO(candles, "Candles of a symbol"), .query = q_candles },
	{ R(GET, "/markets"), V, DO(markets, "Markets of the worker and their rules") },
	{ R(GET, "/data"), V, DO(data, "Which candles are stored"), .slow = true },
	{ R(POST, "/data/download"), T, LATER("Download candles") },
	{ R(POST, "/data/import"), T, LATER("Import candles") },

	{ R(GET, "/models"), V, DO(models_list, "All models"), .query = q_models },
	{ R(GET, "/models/:id"), V, DO(models_get, "One model") },
	{ R(GET, "/models/symbol/:symbol"), V, DO(models_symbol, "Models of a symbol"),
	  .query = q_page },
	{ R(PUT, "/models/:id"), T, DO(models_put, "Change a model's description"),
	  .body = b_model },
	{ R(DELETE, "/models/:id"), T, DO(models_delete, "Delete a model that no bot uses") },
	{ R(PUT, "/models/assign/:botId"), T, DO(models_assign, "Assign a model to a bot"),
	  .body = b_assign },
	{ R(POST, "/models/upload"), T, DO(models_upload, "Upload a model"), .body = b_upload,
	  .body_kind = BODY_UPLOAD },
	{ R(GET, "/models/:id/download"), V, DO(models_download, "Download a model's file") },
	{ R(POST, "/models/:id/predict"), T, DO(models_predict, "Predict with a model"),
	  .body = b_predict },

	{ R(POST, "/backtests"), T, LATER("Start a backtest") },
	{ R(GET, "/backtests"), V, LATER("All backtests") },
	{ R(GET, "/backtests/:id"), V, LATER("One backtest") },
	{ R(GET, "/backtests/:id/report"), V, LATER("A backtest's report as a page") },
	{ R(GET, "/backtests/:id/trades"), V, LATER("A backtest's trades") },
	{ R(DELETE, "/backtests/:id"), T, LATER("Delete a backtest") },
	{ R(POST, "/training"), T, LATER("Start a training") },
	{ R(GET, "/training"), V, LATER("All trainings") },
	{ R(GET, "/training/:id"), V, LATER("One training") },
	{ R(DELETE, "/training/:id"), T, LATER("Delete a training") },
	{ R(GET, "/training/schedule"), V, LATER("When models are trained again") },
	{ R(PUT, "/training/schedule"), T, LATER("Change when models are trained again") },

	{ R(GET, "/jobs"), V, DO(jobs_list, "Backtests, trainings and downloads"),
	  .query = q_jobs },
	{ R(GET, "/jobs/:id"), V, DO(jobs_get, "One job") },
	{ R(DELETE, "/jobs/:id"), T, DO(jobs_cancel, "Cancel a job") },

	{ R(GET, "/logs"), V, DO(logs, "Recent log lines of both programs"), .query = q_logs },
	{ R(GET, "/events"), V, DO(events, "Changes as server-sent events"), .query = q_push },
	{ R(GET, "/ws"), V, DO(ws, "Changes over a WebSocket"), .query = q_push },

	{ R(GET, "/tokens"), A, DO(tokens_list, "API tokens, without their secrets") },
	{ R(POST, "/tokens"), A, DO(tokens_post, "Create a token; the answer alone shows it"),
	  .body = b_token },
	{ R(DELETE, "/tokens/:id"), A, DO(tokens_delete, "Revoke a token") },
	{ R(GET, "/audit"), A, DO(audit, "Who did what"), .query = q_audit },

	{ R(GET, "/openapi.json"), .no_db = true, DO(openapi, "This API as OpenAPI 3.1") },
	{ R(GET, "/docs"), .root = true, .no_db = true, DO(docs, "This API as a page") },
	{ R(GET, "/"), .root = true, .no_db = true, DO(page, "The dashboard") },
	{ R(GET, "/:file"), .root = true, .no_db = true, DO(page, "Files of the dashboard") },
};
const size_t routes_count = sizeof(routes) / sizeof(routes[0]);

static int handle_later(struct request *r, struct err *e)
{
	return request_error(r, e, 501, "not_implemented", "%s: not yet", r->route->summary);
}
