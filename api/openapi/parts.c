/*
 * The objects in the API's answers. Members that a handler writes by hand are listed here by
 * hand; rows come from their column tables.
 */
#include "api/openapi/schema.h"
#include "api/store/audit.h"
#include "api/store/bots.h"
#include "api/store/data.h"
#include "api/store/history.h"
#include "api/store/jobs.h"
#include "api/store/models.h"
#include "api/store/orders.h"
#include "api/store/signals.h"
#include "api/store/sim.h"
#include "api/store/stats.h"

#define FIELDS(...) (const struct openapi_field[]){ __VA_ARGS__, { NULL, NULL, NULL } }
/* A remark about a column: it may be null; its values; its meaning. */
#define MAYBE(name) { name, "?", NULL }
#define HELP(name, text) { name, NULL, text }
#define F(name, type) { name, type, NULL }
#define OK F("success", "bool")
#define NOW F("timestamp", "time")

#define OBJECT(part, text, ...) { part, text, NULL, FIELDS(__VA_ARGS__), NULL }
#define ROWS(part, text, columns, ...) { part, text, columns, FIELDS(__VA_ARGS__), NULL }
/* "orders": [Order], "next_cursor" */
#define PAGE_OF(part, key, row, text) \
	{ part, text, NULL, FIELDS(F(key, "[" row "]"), F("next_cursor", "text?")), NULL }
#define LIST_OF(part, key, row, text) { part, text, NULL, FIELDS(F(key, "[" row "]")), NULL }

#define BOT_STATE "stopped|running|paused|error"
#define BOT_STATE_CAPITALS "STOPPED|RUNNING|PAUSED|ERROR"
#define VERDICT "healthy|degraded|unhealthy"
#define MODE "simulation|live"

static const struct openapi_field page_of_bot[] = {
	F("bot_id", "id"), F("next_cursor", "text?"), { NULL, NULL, NULL },
};

static const struct openapi_field command_answer[] = {
	OK, { "message", "text", "What happened, for a person." },
	{ "status", "text?",
	  "The bot's status after it, in lower case; null when all bots were meant and differ." },
	NOW, { "command_id", "id", "GET /commands/:id shows it again." },
	F("correlation_id", "text"), { NULL, NULL, NULL },
};

static const struct openapi_field stats[] = {
	F("trades", "count"), F("wins", "count"), F("losses", "count"), F("gross", "amount"),
	F("fees", "amount"), F("net", "amount"), F("volume", "amount"),
	{ "win_rate", "number?", "wins / trades, 0 to 1." },
	{ "profit_factor", "number?", "Sum of profits / sum of losses; null without a loss." },
	{ "expectancy", "number?", "net / trades, quote asset." },
	{ "average_win", "number?", "Quote asset." },
	{ "average_loss", "number?", "Quote asset, below 0." },
	{ "best", "amount?", "Best trade, quote asset; null without trades." },
	{ "worst", "amount?", "Worst trade, quote asset; null without trades." },
	{ "average_holding_s", "number?", "Seconds that a position was open." },
	{ "max_drawdown", "amount", "Largest fall of the running net, quote asset." },
	{ "max_drawdown_pct", "number?",
	  "The same in percent of SIMULATION_INITIAL_CAPITAL and highest net." },
	{ "sharpe", "number?", "Of daily returns, per year of 365 days." },
	{ "sortino", "number?", "As sharpe, counting only losing days." },
	{ "first_trade", "time?", "When the first trade was closed." },
	{ "last_trade", "time?", "When the last trade was closed." },
	{ NULL, NULL, NULL },
};

static const struct openapi_field positions[] = {
	F("positions", "[Position]"),
	{ "unrealized_pnl", "amount", "Sum over the positions, quote asset, without fees." },
	NOW, { NULL, NULL, NULL },
};

static const struct openapi_field settings[] = {
	F("bot_id", "id"), { "version", "count", "Of these settings; also the ETag." },
	{ "applied_version", "count", "The version that the worker uses." },
	{ "config_error", "text?", "Why the worker does not use the newest version." },
	F("config", "BotConfig"),
	{ "meaning", "object", "Its fractions in words: \"0.9 % = 1.80 USDT\"." },
	{ "warnings", "[FieldMessage]", "What would never trade with these settings." },
	NOW, { NULL, NULL, NULL },
};

#define BOT_COLUMNS(...) store_bots_columns, FIELDS( \
	__VA_ARGS__ { "status", BOT_STATE, "What it is doing." }, \
	{ "bot_status", BOT_STATE_CAPITALS, "The same in capitals." }, \
	{ "bot_type", "trading|external", "Run by our worker, or reporting from outside." }, \
	HELP("error", "Why it is in state error."), { "mode", MODE "?", NULL }, \
	MAYBE("symbol"), MAYBE("strategy"), MAYBE("exchange"), MAYBE("interval"), \
	MAYBE("config_wanted"), MAYBE("config_applied"), MAYBE("model_id"), \
	MAYBE("pending_orders"), MAYBE("open_positions"), MAYBE("equity"), \
	MAYBE("last_price"), MAYBE("start_time"), MAYBE("last_execution"))

#define MODEL_COLUMNS(...) store_models_columns, FIELDS( \
	__VA_ARGS__ { "feature_names", "[text]", "In the order in which it takes them." }, \
	{ "metrics", "object", "Of its training." }, \
	{ "assigned_to", "[int]", "Numbers of the bots." }, \
	HELP("name", "For people."), HELP("version", "Count of changes; also the ETag."), \
	{ "status", "ready|refused|retired", "Only a ready one can be assigned." })

#define JOB_COLUMNS(...) store_jobs_columns, FIELDS( \
	__VA_ARGS__ { "args", "object", "What was asked for." }, \
	{ "state", "queued|running|done|failed|cancelled", NULL }, \
	{ "result", "object", "What it found." }, HELP("error", "Why it failed."), \
	HELP("message", "What it is doing, for a person."), MAYBE("started"), MAYBE("ended"))

#define ORDER_COLUMNS(...) store_orders_columns, FIELDS( \
	__VA_ARGS__ { "source", "worker|reported", "Ours, or reported by an outside bot." }, \
	{ "side", "BUY|SELL", "Of the entry: BUY is long, SELL is short." }, \
	{ "status", "pending|active|closed", NULL }, MAYBE("phase"), MAYBE("limit_price"), \
	MAYBE("entry_price"), MAYBE("take_profit"), MAYBE("stop_loss"), MAYBE("exit_price"), \
	MAYBE("filled"), MAYBE("gross"), MAYBE("confidence"), MAYBE("strategy"), \
	{ "mode", MODE "?", NULL }, MAYBE("config_version"), MAYBE("opened"), MAYBE("closed"), \
	MAYBE("expires"), \
	{ "uncovered_ms", "?", "In which a part of it had no stop at the exchange; ended ones." }, \
	{ "uncovered_since", "?", "Since when a part has none; null: all is covered." })

#define TOKEN_FIELDS \
	F("id", "id"), { "name", "text", "Whose it is." }, \
	{ "role", "viewer|trader|admin", "What it may do." }, \
	{ "usable", "bool", "Neither revoked nor expired." }, F("created", "time"), \
	{ "expires", "time?", "Null: never." }, { "revoked", "time?", "Null: it was not." }, \
	{ "last_used", "time?", "To the minute." }

const struct openapi_part openapi_parts[] = {
	OBJECT("Error", "Every answer that is not a success.",
	       { "success", "bool", "Always false." }, F("error", "ErrorBody"),
	       { "status", BOT_STATE "-", "A bot's status, when that is the reason." },
	       F("correlation_id", "text"), NOW),
	OBJECT("ErrorBody", "What went wrong.",
	       { "code", "text", "A word for programs, such as not_found." },
	       { "message", "text", "A sentence for people." },
	       { "fields", "[FieldMessage]", "Which members or parameters; else empty." }),
	OBJECT("FieldMessage", "A remark about one member.",
	       { "field", "text", "Its name." },
	       { "message", "text", "Goes on from the name: \"must be ...\"." }),

	{ "CommandAnswer", "The worker's answer to a command.", NULL,
	  FIELDS({ "result", "object?", "What the worker adds." }), command_answer },
	OBJECT("CommandQueued", "The worker has not answered yet.",
	       OK, { "message", "text", "What happened, for a person." },
	       { "status", "text", "Always \"queued\"." }, NOW,
	       { "command_id", "id-",
		 "GET /commands/:id shows it again. Missing after an emergency stop that the "
		 "worker was told without the database, which took no command." },
	       F("correlation_id", "text"), { "link", "text-", "Where the answer will be." }),
	OBJECT("Command", "A command and what became of it.",
	       F("id", "id"),
	       { "kind", "start|stop|pause|resume|emergency-stop|close-position|close-all|"
		 "simulation-reset", "What was asked for." },
	       { "bot_id", "id?", "Null: every bot." }, { "args", "object", "Its details." },
	       F("requested_by", "text"), F("correlation_id", "text"), F("created", "time"),
	       { "expires", "time?", "When it is given up; null: never." },
	       { "status", "queued|done|failed|expired", NULL },
	       { "code", "text?", "Why it failed, as in errors." },
	       { "message", "text", "What happened, for a person." },
	       { "result", "object?", "What the worker adds." },
	       { "answered", "time?", "When; null: not yet." }),

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
	       { "error", "text?", "Why the assigned one is not in use." }),
	OBJECT("Worker", "The worker's sign of life.",
	       { "status", "running|blocked|stopped|away|never|unknown",
		 "blocked: it runs, but can't store anything; away: no sign of life; never: none "
		 "yet." },
	       F("last_beat_age_ms", "int?"), { "pid", "id-", "Process id." },
	       F("version", "text-"), { "market_data", "text-", "The feed in use." },
	       F("feed_state", "text?-"),
	       { "feed_message", "text?-", "Why the feed is not live." },
	       { "blocked_by", "text?-", "What keeps it from storing, and what to do." }),

	OBJECT("Health", "Is everything well?",
	       F("status", VERDICT), F("api_server", "ApiShort"),
	       F("database", "DatabaseShort"), F("worker", "Worker"), NOW),
	OBJECT("ApiShort", "The API itself.",
	       F("status", "healthy|unhealthy"), F("response_time_ms", "number")),
	OBJECT("DatabaseShort", "Whether the database answers.",
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
	       { "message", "text?", "Why it is unavailable, damaged, or its -wal file grows." },
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

	{ "Bot", "A bot with its state.", BOT_COLUMNS(), NULL },
	{ "BotChanged", "A bot after a change.", BOT_COLUMNS(OK,), NULL },
	PAGE_OF("BotList", "bots", "Bot", "Bots, newest first."),
	ROWS("BotEvent", "A change of a bot's status.", store_bots_event_columns,
	     { "from_status", BOT_STATE, NULL }, { "to_status", BOT_STATE, NULL }),
	PAGE_OF("BotEventList", "events", "BotEvent", "Status changes, newest first."),
	OBJECT("Deleted", "It is gone.", OK, { "deleted", "id", "Its number." }),

	{ "Settings", "A bot's settings.", NULL, NULL, settings },
	{ "SettingsChanged", "A bot's settings after a change.", NULL,
	  FIELDS(OK, F("message", "text")), settings },
	OBJECT("SettingsChecked", "What saving these settings would do.",
	       { "valid", "bool", "They would be saved." },
	       { "errors", "[FieldMessage]", "Why not." },
	       { "warnings", "[FieldMessage]", "What would never trade with them." },
	       { "commission", "Commission", "Of a paper fill with them." },
	       { "config", "BotConfig", "As it would be." },
	       { "meaning", "object", "Its fractions in words." }),
	OBJECT("Commission", "What a paper fill costs, a fraction of its value.",
	       { "maker", "number", "0.001 is 0.1 %." }, { "taker", "number", "The same." },
	       { "source", "text", "Who says so: the exchange's page, or the setting." }),
	ROWS("SettingsVersion", "Settings as they once were.", store_history_columns,
	     HELP("version", "Count of changes, from 1."),
	     { "config", "object", "The keys of that time, secrets masked." },
	     HELP("changed", "When it was saved."), HELP("changed_by", "Name of the token.")),
	PAGE_OF("SettingsHistory", "history", "SettingsVersion", "Versions, newest first."),

	{ "Order", "One trade from decision to close.", ORDER_COLUMNS(), NULL },
	{ "OrderReported", "A reported order after the report.", ORDER_COLUMNS(OK,), NULL },
	PAGE_OF("OrderList", "orders", "Order", "Orders, newest first."),
	OBJECT("OrderAnswered", "The answer to a held entry is noted.",
	       OK, { "order", "id", "Its number." }, { "answer", "confirm|reject", NULL }),
	ROWS("Signal", "A decision and its reason.", store_signals_columns,
	     { "side", "BUY|SELL|NONE", "NONE: below the threshold." },
	     HELP("price", "Last price, quote per base."), HELP("taken", "An entry was sent."),
	     HELP("rule", "What decided: entry, threshold, max_positions ..."),
	     { "order_id", "?", "Number of the order when taken." },
	     HELP("repeats", "Equal decisions that this row stands for."),
	     HELP("at", "The first of them."), HELP("last", "The last of them.")),
	PAGE_OF("SignalList", "signals", "Signal", "Decisions, newest first."),

	{ "Stats", "Totals and ratios of closed trades.", NULL,
	  FIELDS(F("bot_id", "id"), F("reported", "ReportedTotals"), NOW), stats },
	OBJECT("ReportedTotals", "What outside bots reported.",
	       { "orders", "count", "Closed ones." },
	       { "orders_pnl", "amount", "Their sum, quote asset." },
	       { "days", "count", "With a report." }, F("trades", "count"), F("wins", "count"),
	       F("losses", "count"), F("gross", "amount"), F("fees", "amount"),
	       F("net", "amount"), F("volume", "amount")),
	ROWS("PnlRow", "Profit and loss of one group.", store_stats_pnl_columns,
	     { "group", NULL, "The day, Monday of the week, month, symbol or reason." },
	     { "source", "worker|reported", NULL }),
	OBJECT("PnlList", "Profit and loss in groups.",
	       F("bot_id", "id"), { "by", "day|week|month|symbol|reason", NULL },
	       F("pnl", "[PnlRow]")),
	ROWS("DayReported", "A reported day after the report.", store_stats_day_columns,
	     OK, { "day", "day", "UTC." }),

	OBJECT("Position", "An open position.",
	       { "order", "id", "The number to close it with." }, F("bot_id", "id"),
	       F("order_id", "text"), F("symbol", "text"), { "side", "long|short", NULL },
	       F("phase", "text"), F("quantity", "amount"), F("entry_price", "amount?"),
	       { "live_price", "amount?", "Quote per base." },
	       { "value", "amount?", "At the live price, quote asset." },
	       { "unrealized_pnl", "amount?", "Quote asset, without fees." },
	       F("take_profit", "amount?"), F("stop_loss", "amount?"), F("fees", "amount"),
	       F("opened", "time?"), { "age_seconds", "number", "Since it was opened." },
	       F("expires", "time?"), F("mode", "text"), F("confidence", "number?"),
	       { "uncovered_ms", "int", "In which a part of it had no stop at the exchange." },
	       { "uncovered_since", "time?", "Since when a part has none; null: all is covered." }),
	{ "PositionList", "Open positions.", NULL, NULL, positions },

	OBJECT("SimulationStatus", "The paper account of a bot.",
	       F("bot_id", "id"), { "running", "bool", "It trades paper money now." },
	       F("trading_mode", MODE), { "status", BOT_STATE, NULL }, F("equity", "amount?"),
	       F("open_positions", "count"), F("pending_orders", "count"),
	       F("last_price", "amount?"),
	       { "account", "SimulationAccount?", "Null before the first start." },
	       { "commission", "Commission", "Of its fills." }, NOW),
	ROWS("SimulationAccount", "A paper account.", store_sim_account_columns,
	     { "kind", "spot|futures", NULL }, MAYBE("next_funding"),
	     HELP("position", "Futures: what is held, below 0 for a short; base asset.")),
	{ "SimulationPerformance", "What the paper account made of its capital.", NULL,
	  FIELDS(F("bot_id", "id"), { "initial_capital", "number", "Quote asset." },
		 { "equity", "number", "Quote asset." }, { "total_return_pct", "number", "%." },
		 NOW), stats },
	{ "SimulationBalance", "What an account of the books holds.", store_sim_balance_columns,
	  NULL, NULL },
	{ "SimulationPortfolio", "Balances and positions of the paper account.", NULL,
	  FIELDS(F("bot_id", "id"), F("equity", "amount"),
		 F("balances", "[SimulationBalance]")), positions },
	ROWS("LedgerRow", "One side of a booking.", store_sim_ledger_columns,
	     HELP("entry_id", "Rows of one booking have the same and sum to zero."),
	     HELP("kind", "Deposit, reserve, fill, fee, funding ...")),
	PAGE_OF("LedgerList", "ledger", "LedgerRow", "Bookings, newest first."),

	{ "EquityPoint", "Equity at one moment.", store_data_equity_columns, NULL, NULL },
	{ "EquityList", "Equity curve, newest first.", NULL,
	  FIELDS(F("equity", "[EquityPoint]")), page_of_bot },
	{ "Candle", "A candle.", store_data_candle_columns, NULL, NULL },
	OBJECT("CandleList", "Candles, newest first.",
	       { "source", "text?", "Where they come from; null: none are stored." },
	       F("symbol", "text"), F("interval", "text"), F("candles", "[Candle]"),
	       F("next_cursor", "text?")),
	ROWS("StoredCandles", "Which candles are stored of one market.", store_data_list_columns,
	     HELP("from", "The first."), HELP("to", "The last.")),
	ROWS("Market", "The rules of a market, and where they come from.",
	     store_data_market_columns,
	     HELP("exchange", "As in a bot's settings."),
	     HELP("source", "Of its prices."),
	     HELP("base", "Asset that is traded."),
	     HELP("quote", "That it is priced in; or unknown."),
	     HELP("tick", "Between two prices, quote per base."),
	     HELP("step", "Between two quantities, base asset."),
	     HELP("min_quantity", "Of an order, base asset."),
	     HELP("max_quantity", "Of an order, base asset; null: no limit is known."),
	     HELP("min_notional", "That an order is worth, quote asset; null: not known."),
	     HELP("fee_maker", "Fraction that a resting order pays: 0.001 is 0.1 %."),
	     HELP("fee_taker", "Fraction that an order pays which fills at once."),
	     { "origin", "exchange|known|derived|made_up",
	       "The exchange itself; our table of its rules; read from a recording; made up." },
	     HELP("note", "The origin in a sentence, with what is not known."),
	     HELP("updated", "When the worker wrote it.")),
	LIST_OF("MarketList", "markets", "Market", "What the worker trades on."),
	LIST_OF("DataList", "candles", "StoredCandles", "What is stored."),

	{ "Model", "A model of the registry.", MODEL_COLUMNS(), NULL },
	{ "ModelChanged", "A model after a change.", MODEL_COLUMNS(OK,), NULL },
	PAGE_OF("ModelList", "models", "Model", "Models, newest first."),
	OBJECT("ModelAssigned", "A bot's model after the change.",
	       OK, F("bot_id", "id"), { "model_id", "id", "models.id." },
	       { "config_version", "count", "Of the bot's settings." },
	       F("message", "text")),

	{ "Predictions", "What a model says.", NULL,
	  FIELDS(OK, { "model_id", "id", "models.id." }, { "sha256", "text", "Of its file." },
		 { "predictions", "[number]", "Probabilities, one for each row." }), NULL },

	{ "Job", "Work in a child process of the worker.", JOB_COLUMNS(), NULL },
	{ "JobCancelled", "A job that will end soon.", JOB_COLUMNS(
	  OK, { "link", "text", "Where to see how it ends." },), NULL },
	PAGE_OF("JobList", "jobs", "Job", "Jobs, newest first."),

	OBJECT("LogLine", "A line of the log.",
	       F("id", "id"), F("at", "time"), { "level", "DEBUG|INFO|WARNING|ERROR", NULL },
	       { "service", "text", "Which program." }, { "logger", "text", "Which part of it." },
	       F("correlation_id", "text?"), F("message", "text")),
	PAGE_OF("LogList", "logs", "LogLine", "Log lines, newest first."),
	OBJECT("Token", "An API token without its secret.",
	       TOKEN_FIELDS),
	LIST_OF("TokenList", "tokens", "Token", "All tokens, newest first."),
	OBJECT("TokenCreated", "A new token.",
	       OK, TOKEN_FIELDS, { "token", "text", "The secret: shown this once." }),
	OBJECT("TokenRevoked", "It opens nothing any more.",
	       OK, { "revoked", "id", "Its number." }),
	ROWS("AuditRow", "Who did what.", store_audit_columns,
	     HELP("actor", "Name of the token."), HELP("action", "Method and path."),
	     HELP("target", "Which one."), HELP("detail", "Why it failed, when it did."),
	     HELP("status", "HTTP status."), HELP("address", "Where it came from.")),
	PAGE_OF("AuditList", "audit", "AuditRow", "Newest first."),
};
const size_t openapi_parts_count = sizeof(openapi_parts) / sizeof(openapi_parts[0]);
