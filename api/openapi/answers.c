/* A new handler: its entry here (test_openapi looks for it). */
#include "api/openapi/answers.h"

#include "api/routes/handlers.h"

#define ONE(t) .gives = { { 200, t } }
#define COMMAND(more) .gives = { { 200, "CommandAnswer" }, { 202, "CommandQueued" } }, \
	.flags = OPENAPI_CONFLICT | OPENAPI_IDEMPOTENT | OPENAPI_LOCATION | (more)
#define HEALTH(t) .gives = { { 200, t }, { 503, t } }

static const struct openapi_answer answers[] = {
	{ handle_bot_command, COMMAND(0), .example = "{\"positions\":\"close\"}" },
	{ handle_all_bots_command, COMMAND(0) },
	{ handle_command_get, ONE("Command") },

	{ handle_status, ONE("Status") },
	{ handle_health, HEALTH("Health") },
	{ handle_status_health, HEALTH("FlatHealth") },
	{ handle_health_detailed, HEALTH("DetailedHealth") },
	{ handle_info, ONE("Info") },
	{ handle_metrics, ONE("text"), .media = "text/plain" },

	{ handle_bots_list, ONE("BotList") },
	{ handle_bots_get, ONE("Bot") },
	{ handle_bots_post, .gives = { { 201, "BotChanged" } },
	  .flags = OPENAPI_CONFLICT | OPENAPI_LOCATION,
	  .example = "{\"name\":\"Second\",\"config\":{\"symbol\":\"ETHUSDT\"}}" },
	{ handle_bots_put, ONE("BotChanged"), .flags = OPENAPI_CONFLICT,
	  .example = "{\"description\":\"night shift\"}" },
	{ handle_bots_delete, ONE("Deleted"), .flags = OPENAPI_CONFLICT },
	{ handle_bots_events, ONE("BotEventList") },

	{ handle_config_get, ONE("Settings"), .flags = OPENAPI_ETAG },
	{ handle_config_put, ONE("SettingsChanged"),
	  .flags = OPENAPI_ETAG | OPENAPI_IF_MATCH | OPENAPI_CONFLICT,
	  .example = "{\"confidence_threshold\":0.5,\"capital_per_trade\":300}" },
	{ handle_config_validate, ONE("SettingsChecked"), .flags = OPENAPI_CHECKS,
	  .example = "{\"stop_loss_pct\":0.02}" },
	{ handle_config_history, ONE("SettingsHistory") },
	{ handle_config_rollback, ONE("SettingsChanged"),
	  .flags = OPENAPI_ETAG | OPENAPI_IF_MATCH | OPENAPI_CONFLICT,
	  .example = "{\"version\":1}" },

	{ handle_orders_active, ONE("OrderList") },
	{ handle_orders_history, ONE("OrderList") },
	{ handle_orders_report, .gives = { { 200, "OrderReported" }, { 201, "OrderReported" } },
	  .flags = OPENAPI_LOCATION,
	  .example = "{\"order_id\":\"a-1\",\"symbol\":\"BTCUSDT\",\"side\":\"BUY\","
		     "\"quantity\":0.01,\"entry_price\":65000.5,\"status\":\"active\"}" },
	{ handle_order_answer, ONE("OrderAnswered"), .flags = OPENAPI_CONFLICT },
	{ handle_signals, ONE("SignalList") },

	{ handle_stats, ONE("Stats") },
	{ handle_stats_pnl, ONE("PnlList") },
	{ handle_stats_update, ONE("DayReported"),
	  .example = "{\"day\":\"2026-01-31\",\"trades\":4,\"wins\":3,\"losses\":1,"
		     "\"net\":12.5}" },

	{ handle_positions, ONE("PositionList") },
	{ handle_position_close, COMMAND(0) },
	{ handle_positions_close_all, COMMAND(OPENAPI_NOT_FOUND),
	  .example = "{\"bot_id\":1}" },

	{ handle_simulation_status, ONE("SimulationStatus"), .flags = OPENAPI_NOT_FOUND },
	{ handle_simulation_performance, ONE("SimulationPerformance"),
	  .flags = OPENAPI_NOT_FOUND },
	{ handle_simulation_portfolio, ONE("SimulationPortfolio"), .flags = OPENAPI_NOT_FOUND },
	{ handle_simulation_ledger, ONE("LedgerList"), .flags = OPENAPI_NOT_FOUND },
	{ handle_simulation_reset, COMMAND(OPENAPI_NOT_FOUND),
	  .example = "{\"bot_id\":1,\"force\":true}" },

	{ handle_equity, ONE("EquityList"), .flags = OPENAPI_NOT_FOUND },
	{ handle_candles, ONE("CandleList") },
	{ handle_markets, ONE("MarketList") },
	{ handle_data, ONE("DataList") },

	{ handle_models_list, ONE("ModelList") },
	{ handle_models_get, ONE("Model"), .flags = OPENAPI_ETAG },
	{ handle_models_symbol, ONE("ModelList") },
	{ handle_models_put, ONE("ModelChanged"),
	  .flags = OPENAPI_ETAG | OPENAPI_IF_MATCH | OPENAPI_CONFLICT,
	  .example = "{\"description\":\"trained in January\"}" },
	{ handle_models_delete, ONE("Deleted"), .flags = OPENAPI_CONFLICT },
	{ handle_models_assign, ONE("ModelAssigned"), .flags = OPENAPI_CONFLICT,
	  .example = "{\"model_id\":1}" },

	{ handle_models_upload, .gives = { { 200, "ModelChanged" }, { 201, "ModelChanged" } },
	  .flags = OPENAPI_ETAG | OPENAPI_LOCATION | OPENAPI_UNAVAILABLE,
	  .example = "{\"model\":\"(the file)\",\"name\":\"January\",\"symbol\":\"BTCUSDT\"}" },
	{ handle_models_download, ONE("text"), .flags = OPENAPI_ETAG,
	  .media = "application/octet-stream" },
	{ handle_models_predict, ONE("Predictions"), .flags = OPENAPI_UNAVAILABLE,
	  .example = "{\"features\":{\"rsi_14\":31.5}}" },

	{ handle_jobs_list, ONE("JobList") },
	{ handle_jobs_get, ONE("Job") },
	{ handle_jobs_cancel, .gives = { { 202, "JobCancelled" } },
	  .flags = OPENAPI_CONFLICT | OPENAPI_LOCATION },

	{ handle_logs, ONE("LogList") },
	{ handle_events, ONE("text"), .flags = OPENAPI_NOT_FOUND | OPENAPI_RESUME,
	  .media = "text/event-stream" },
	{ handle_ws, .gives = { { 101, NULL } }, .flags = OPENAPI_NOT_FOUND | OPENAPI_UPGRADE },
	{ handle_tokens_list, ONE("TokenList") },
	{ handle_tokens_post, .gives = { { 201, "TokenCreated" } },
	  .flags = OPENAPI_CONFLICT | OPENAPI_LOCATION,
	  .example = "{\"name\":\"phone\",\"role\":\"viewer\"}" },
	{ handle_tokens_delete, ONE("TokenRevoked"), .flags = OPENAPI_CONFLICT },
	{ handle_audit, ONE("AuditList") },

	{ handle_openapi, ONE("object") },
	{ handle_docs, ONE("text"), .media = "text/html" },
	{ handle_page, ONE("text"), .flags = OPENAPI_NOT_FOUND, .media = "*/*" },
};

const struct openapi_answer *openapi_answer_find(const struct route *r)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].handler == r->handler)
			return &answers[i];
	}
	return NULL;
}
