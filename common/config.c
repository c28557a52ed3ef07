/* The environment's keys; config_load.c reads them. */
#include "common/config.h"

#include "common/fees.h"

#define FIELD(f) offsetof(struct config, f), sizeof(((struct config *)0)->f)

#define TEXT(name, f, def, help) \
	{ name, CONFIG_TEXT, FIELD(f), 0, 0, def, NULL, help, 0 }
#define ONE_OF(name, f, def, choices, help) \
	{ name, CONFIG_TEXT, FIELD(f), 0, 0, def, choices, help, 0 }
#define PATH(name, f, def, help) \
	{ name, CONFIG_PATH, FIELD(f), 0, 0, def, NULL, help, 0 }
#define INT(name, f, min, max, def, help) \
	{ name, CONFIG_INT, FIELD(f), min, max, def, NULL, help, 0 }
#define REAL(name, f, min, max, def, help) \
	{ name, CONFIG_REAL, FIELD(f), min, max, def, NULL, help, 0 }
#define REAL_OR(name, f, min, max, def, word, value, help) \
	{ name, CONFIG_REAL, FIELD(f), min, max, def, word, help, value }
#define BOOL(name, f, def, help) \
	{ name, CONFIG_BOOL, FIELD(f), 0, 0, def, NULL, help, 0 }
#define ENUM(name, f, def, choices, help) \
	{ name, CONFIG_ENUM, FIELD(f), 0, 0, def, choices, help, 0 }
#define NOTIFY(name, kind, def, help) \
	ENUM(name, telegram_notify[kind], def, "off|silent|on", help)
#define SECRET(name, f, help) \
	{ name, CONFIG_SECRET, FIELD(f), 0, 0, "", NULL, help, 0 }

/* clang-format off */
const struct config_key config_keys[] = {
	PATH("DATA_DIR", data_dir, "./data",
	     "Folder for everything that is kept: database, token, keys, models. Made when "
	     "missing."),
	PATH("DB_PATH", db_path, "",
	     "The database file. Empty: app.db in DATA_DIR."),
	PATH("MASTER_KEY_FILE", master_key_file, "",
	     "Key that encrypts exchange keys in the database; made when missing. Empty: "
	     "master.key in DATA_DIR. Keep a copy: without it stored keys can't be read."),
	PATH("SECRETS_DIR", secrets_dir, "",
	     "Folder of files that hold secrets, such as /run/secrets: a key marked secret that "
	     "has no value is read from the file with its name in lower case "
	     "(binance_api_key). Empty: none."),

	INT("API_PORT", api_port, 1, 65535, "1337",
	    "TCP port of the API and the dashboard."),
	TEXT("API_BIND", api_bind, "127.0.0.1",
	     "Address that the API listens on. 0.0.0.0 opens it to the network: only with "
	     "API_TLS_CERT, behind a firewall or behind a TLS proxy."),
	SECRET("API_TOKEN", api_token,
	       "Admin token for the API. Empty: one is made at the first start and kept in "
	       "DATA_DIR/api_token."),
	PATH("API_TOKEN_FILE", api_token_file, "",
	     "File whose first line is the admin token (such as a container secret), by the rules "
	     "of API_TOKEN; used when API_TOKEN is empty."),
	PATH("API_TLS_CERT", api_tls_cert, "",
	     "Certificate file (PEM, its chain behind it): the API speaks HTTPS only. Read again "
	     "on SIGHUP. Empty: plain HTTP."),
	PATH("API_TLS_KEY", api_tls_key, "",
	     "Private key of API_TLS_CERT (PEM, without a passphrase, mode 600)."),
	TEXT("API_ALLOWED_HOSTS", api_allowed_hosts, "",
	     "Host names, besides localhost and addresses, under which the API may be called; "
	     "separated by blanks or commas."),
	TEXT("API_TRUSTED_PROXIES", api_trusted_proxies, "",
	     "Addresses and networks (10.0.0.0/8) of reverse proxies, separated by blanks or "
	     "commas: from these alone X-Forwarded-For is believed, so that limits and the "
	     "audit log mean the caller and not the proxy. Empty: none."),
	INT("API_RATE_LIMIT", api_rate_limit, 0, 1000000, "100",
	    "Requests per second for each token and address; 0: no limit."),
	INT("API_MAX_BODY_BYTES", api_max_body_bytes, 1024, 1073741824, "1048576",
	    "Largest request body in bytes."),
	INT("MODEL_MAX_BYTES", model_max_bytes, 1024, 134217728, "67108864",
	    "Largest model file in bytes that may be uploaded."),
	INT("API_TIMEOUT_S", api_timeout_s, 1, 3600, "30",
	    "Seconds after which a client that sends or reads too slowly is cut off."),
	INT("API_MAX_CONNECTIONS", api_max_connections, 1, 100000, "512",
	    "Open connections; further ones wait."),
	INT("API_MAX_PER_ADDRESS", api_max_per_address, 0, 100000, "256",
	    "Open connections from one address; further ones are closed. Proxies of "
	    "API_TRUSTED_PROXIES are not limited. 0: no limit of its own."),
	TEXT("API_PUBLIC_URL", api_public_url, "",
	     "Address under which browsers reach the dashboard, when it is not API_BIND and "
	     "API_PORT: behind a proxy or out of a container. Stands in links."),
	BOOL("METRICS_PUBLIC", metrics_public, "false",
	     "true: /metrics answers without a token."),
	INT("COMMAND_WAIT_MS", command_wait_ms, 0, 60000, "2000",
	    "Milliseconds that the API waits for the worker's answer to a command before it says "
	    "202 (accepted, look later)."),
	PATH("DASHBOARD_DIR", dashboard_dir, "",
	     "Folder with the dashboard's files. Empty: the page that is built in."),

	ENUM("TRADING_MODE", trading_mode, "simulation", "simulation,paper|live",
	     "simulation trades paper money, live trades real money."),
	BOOL("TRADING_APPROVED", trading_approved, "false",
	     "Must be true as well before TRADING_MODE=live starts."),
	BOOL("ORDER_CONFIRMATION_REQUIRED", order_confirmation_required, "true",
	     "true: in live mode every entry waits for a person's yes. Paper trades never wait."),
	INT("MAX_OPEN_POSITIONS", max_open_positions, 1, 10000, "5",
	    "Positions open at once, over all bots."),
	REAL("MAX_RISK_PER_TRADE", max_risk_per_trade_pct, 0.001, 100, "2.0",
	     "Most that one trade, with what it takes over of earlier ones, may lose at its stop, "
	     "in percent of equity."),
	REAL("MIN_RISK_REWARD_RATIO", min_risk_reward_ratio, 0, 1000, "3.0",
	     "Least ratio of reward to risk after fees; a bot's own key can skip the rule. 0: "
	     "off."),
	REAL("MAX_DAILY_LOSS", max_daily_loss_pct, 0, 100, "5",
	     "No new entries for the rest of the UTC day after this loss, in percent of the day's "
	     "first equity. 0: off."),
	REAL("MAX_DRAWDOWN", max_drawdown_pct, 0, 100, "20",
	     "No new entries while equity is this far under its peak, in percent; a gain raises "
	     "the peak when it is taken. 0: off."),
	INT("COOLDOWN_AFTER_LOSSES", cooldown_after_losses, 0, 1000, "0",
	    "Losing trades in a row after which a bot rests. 0: off."),
	INT("COOLDOWN_S", cooldown_s, 0, 604800, "300",
	    "Seconds of that rest."),
	INT("MAX_ORDERS_PER_MIN", max_orders_per_min, 1, 100000, "120",
	    "Orders per minute for each bot, entries and exits; only entries are refused by it."),
	REAL("MAX_NOTIONAL", max_notional, 0, 1e9, "0",
	     "Largest entry, in the quote asset (price times quantity). 0: off."),
	REAL("PRICE_BAND", price_band_pct, 0, 100, "1",
	     "An entry further than this from the last trade is refused, in percent. 0: off."),
	INT("STALE_FEED_MS", stale_feed_ms, 100, 3600000, "10000",
	    "Milliseconds without market data after which no entry is made, and without a new "
	    "book after which the paper exchange fills nothing."),
	INT("MAX_CLOCK_DRIFT_MS", max_clock_drift_ms, 1, 60000, "1000",
	    "Milliseconds that this machine's clock may be off the exchange's, in either "
	    "direction; beyond it no entry is made. Judged is the least (receive time - event "
	    "time) of each second's live market data. A recording has no such times: nothing is "
	    "refused there. The built-in market's are always 5 ms old."),

	ENUM("MARKET_DATA", market_data, "auto", "auto|binance|replay|synthetic",
	     "auto: binance, or the built-in market (synthetic) when it can't be reached; replay: "
	     "the files in RECORDING."),
	ONE_OF("EXCHANGE", exchange, "binance", "binance|binance_futures",
	       "Binance spot or USD-M futures."),
	TEXT("WS_URL", ws_url, "",
	     "Address of the market stream (ws:// or wss://). Empty: the one of EXCHANGE."),
	TEXT("REST_URL", rest_url, "",
	     "Address of the exchange's REST API (http:// or https://). Empty: the one of "
	     "EXCHANGE."),
	TEXT("RECORDING", recording, "",
	     "Recorded frames to replay: file names separated by blanks; one with blanks in "
	     "quotes."),
	REAL_OR("REPLAY_SPEED", replay_speed, 0, 1e6, "1", "max", 0,
		"How many times faster than recorded; max: as fast as it goes."),
	BOOL("REPLAY_LOOP", replay_loop, "true",
	     "true: begin again at the end of the recording."),
	INT("SYNTHETIC_SEED", synthetic_seed, 0, 1e15, "1",
	    "Number that the built-in market is grown from: the same seed, the same market."),

	REAL("SIMULATION_INITIAL_CAPITAL", sim_initial_capital, 1, 9e7, "10000.0",
	     "Paper money at the start, in the quote asset."),
	REAL_OR("SIMULATION_COMMISSION", sim_commission, 0, 0.1, "exchange", "exchange",
		COMMISSION_OF_EXCHANGE,
		"Fee per fill as a fraction of its value, for makers and takers on every market "
		"(0.001 = 0.1 %). exchange: what the exchange publishes, spot 0.1 %, USD-M futures "
		"0.02 % maker and 0.05 % taker."),
	REAL("SIMULATION_SLIPPAGE", sim_slippage, 0, 0.1, "0.0001",
	     "How much worse than the book a market order fills, as a fraction of the price."),
	REAL("SIMULATION_TICK_INTERVAL", sim_tick_interval_s, 0.1, 86400, "5.0",
	     "Seconds between two samples of equity."),
	REAL("SIMULATION_STRATEGY_INTERVAL", sim_strategy_interval_s, 0.1, 86400, "60.0",
	     "Seconds between two notes of an unchanged decision in signals."),
	INT("SIM_LATENCY_MS", sim_latency_ms, 0, 60000, "50",
	    "Milliseconds that an order takes to the simulated exchange."),
	ENUM("SIM_THROUGH_FILL", sim_through_fill, "printed", "printed|all",
	     "How much of a resting order a trade through its price fills: printed: at most the "
	     "quantity of that trade; all: the whole rest, which flatters."),
	REAL("SIM_LEVERAGE", sim_leverage, 1, 125, "1",
	     "Leverage of the simulated futures account."),

	SECRET("BINANCE_API_KEY", binance_api_key,
	       "Key for live trading, for bots that have none of their own. Never let it "
	       "withdraw."),
	SECRET("BINANCE_API_SECRET", binance_api_secret,
	       "The secret of that key."),
	BOOL("TELEGRAM_ENABLED", telegram_enabled, "false",
	     "true: report to Telegram; needs the two keys below. A bot with a token and a chat "
	     "of its own reports without it."),
	SECRET("TELEGRAM_BOT_TOKEN", telegram_bot_token,
	       "Token of the Telegram bot that writes the messages."),
	TEXT("TELEGRAM_CHAT_ID", telegram_chat_id, "",
	     "Chats that the messages go to, and that may send commands; separated by blanks or "
	     "commas."),
	TEXT("TELEGRAM_API_URL", telegram_api_url, "https://api.telegram.org",
	     "Address of the Bot API (https://, or http:// to a Bot API server of your own)."),
	BOOL("TELEGRAM_COMMANDS", telegram_commands, "true",
	     "true: the chats may send commands, such as /status and /stop."),
	TEXT("TELEGRAM_USERS", telegram_users, "",
	     "Numbers of the users who may send commands; separated by blanks or commas. Empty: "
	     "everybody in the chats."),
	INT("TELEGRAM_COMMAND_MAX_AGE", telegram_command_max_age_s, 5, 86400, "300",
	    "Seconds after which a command that could not be fetched in time is not carried out "
	    "any more."),
	NOTIFY("TELEGRAM_NOTIFY_STARTUP", NOTIFY_STARTUP, "on",
	       "When the worker starts or ends: on, silent (without a sound) or off."),
	NOTIFY("TELEGRAM_NOTIFY_STATUS", NOTIFY_STATUS, "on",
	       "When the status of a bot changes."),
	NOTIFY("TELEGRAM_NOTIFY_WARNING", NOTIFY_WARNING, "on",
	       "What somebody should look at."),
	NOTIFY("TELEGRAM_NOTIFY_ENTRY", NOTIFY_ENTRY, "off",
	       "When an entry order is placed."),
	NOTIFY("TELEGRAM_NOTIFY_ENTRY_FILL", NOTIFY_ENTRY_FILL, "silent",
	       "When a position is opened."),
	NOTIFY("TELEGRAM_NOTIFY_ENTRY_CANCEL", NOTIFY_ENTRY_CANCEL, "off",
	       "When an entry order ends without a fill."),
	NOTIFY("TELEGRAM_NOTIFY_EXIT_FILL", NOTIFY_EXIT_FILL, "on",
	       "When a position is closed, with its result."),
	NOTIFY("TELEGRAM_NOTIFY_EMERGENCY", NOTIFY_EMERGENCY, "on",
	       "An emergency stop and how it goes on."),
	NOTIFY("TELEGRAM_NOTIFY_FEED", NOTIFY_FEED, "on",
	       "When market data goes stale, and when it is back."),
	NOTIFY("TELEGRAM_NOTIFY_SUMMARY", NOTIFY_SUMMARY, "silent",
	       "Results of the UTC day that ended."),
	NOTIFY("TELEGRAM_NOTIFY_RELOAD", NOTIFY_RELOAD, "silent",
	       "When new settings of a bot are in force, or refused."),
	SECRET("WEBHOOK_URL", webhook_url,
	       "Address that gets each message as a POST of JSON (https://, or http://). Empty: "
	       "none."),
	SECRET("WEBHOOK_SECRET", webhook_secret,
	       "Key of the signature (HMAC-SHA256) that each POST carries. Empty: no signature."),
	TEXT("WEBHOOK_EVENTS", webhook_events, "",
	     "Kinds of messages for the webhook (docs/TELEGRAM.md lists them), separated by "
	     "blanks or commas. Empty: all."),
	INT("NOTIFY_QUEUE_MAX", notify_queue_max, 10, 100000, "1000",
	    "Undelivered messages that are kept for each chat and the webhook; beyond it the "
	    "oldest go, and the next message says how many."),
	PATH("TLS_CA_FILE", tls_ca_file, "",
	     "Certificates (PEM) that the worker trusts for https:// addresses, instead of the "
	     "system's."),

	INT("KEEP_DETAILS_DAYS", keep_details_days, 0, 36500, "30",
	    "Days that the paper ledger's single entries, answered commands, status changes of "
	    "bots and ended jobs are kept; older entries are carried forward as one. 0: for ever."),
	INT("KEEP_ORDERS_DAYS", keep_orders_days, 0, 36500, "0",
	    "Days that closed trades are kept, with their exchange orders and fills; each day's "
	    "totals stay. 0: for ever."),
	INT("KEEP_FILLS_DAYS", keep_fills_days, 0, 36500, "30",
	    "Days that exchange orders and fills of closed paper trades are kept, and entries that "
	    "never filled; a trade with all its figures stays, and everything of real money. 0: "
	    "for ever."),
	INT("KEEP_AUDIT_DAYS", keep_audit_days, 0, 36500, "365",
	    "Days that the audit log is kept: who changed what. 0: for ever."),

	REAL("BACKUP_INTERVAL", backup_interval_s, 0, 2592000, "86400",
	     "Seconds between two backups that the worker makes by itself (database and models, in "
	     "a process of its own). 0: none."),
	PATH("BACKUP_DIR", backup_dir, "",
	     "Folder that backups go to; better on another disk. Empty: backups in DATA_DIR."),
	INT("BACKUP_KEEP", backup_keep, 1, 1000, "7",
	    "How many of the newest backups in BACKUP_DIR are kept."),
	INT("BACKUP_KEEP_DAILY", backup_keep_daily, 0, 1000, "14",
	    "Of so many days the day's newest backup is kept as well."),
	INT("BACKUP_KEEP_WEEKLY", backup_keep_weekly, 0, 1000, "8",
	    "Of so many weeks the week's newest backup is kept as well."),
	INT("BACKUP_MAX_BYTES", backup_max_bytes, 1048576, INT64_C(1) << 50, "2147483648",
	    "Bytes that the backups in BACKUP_DIR may take together: beyond it the oldest go, "
	    "whatever the rules above keep. The newest always stays."),
	REAL("SCRUB_INTERVAL", scrub_interval_s, 0, 2592000, "21600",
	     "Seconds between two looks at every page of the database, in a process of its own: "
	     "damage is told before it is needed. 0: none (each backup looks at its copy)."),

	ONE_OF("ENVIRONMENT", environment, "production", "production,prod|staging|development,dev",
	       "A label that GET /status/info and the first log line show; it changes nothing "
	       "else."),
	ENUM("LOG_LEVEL", log_level, "INFO", "DEBUG|INFO|WARNING,WARN|ERROR,CRITICAL",
	     "Least severity that is logged."),
	BOOL("DEBUG_MODE", debug_mode, "false",
	     "true: the same as LOG_LEVEL=DEBUG."),
	BOOL("REPORT_STDOUT", report_stdout, "false",
	     "true: the worker writes its order, status and error reports to stdout as JSON "
	     "lines."),
};
/* clang-format on */

const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);
