/*
 * config.h - the settings that both programs read from the environment: one table, one struct.
 *
 * The table config_keys[] is the only place for names, types, ranges, defaults and help;
 * a check compares docs/CONFIGURATION.md and config.example.env with it. A ".env" file in
 * the working directory is read too; a variable of the environment wins over it.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "common/buf.h"
#include "common/err.h"
#include "common/log.h"
#include "common/notify_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH_MAX 1024

enum market_data { MARKET_AUTO, MARKET_BINANCE, MARKET_REPLAY, MARKET_SYNTHETIC };
enum through_fill { THROUGH_PRINTED, THROUGH_ALL };
enum trading_mode { MODE_SIMULATION, MODE_LIVE };

/* Flat: filled by config_load. Units are in the names, or in the table's help. */
struct config {
	/* where */
	char data_dir[CONFIG_PATH_MAX];
	char db_path[CONFIG_PATH_MAX];		/* default DATA_DIR/app.db */
	char master_key_file[CONFIG_PATH_MAX];	/* default DATA_DIR/master.key */
	char secrets_dir[CONFIG_PATH_MAX];	/* files named as secret keys; "" none */
	/* API */
	char api_bind[64];
	int64_t api_port;
	char api_token[128];			/* secret */
	char api_token_file[CONFIG_PATH_MAX];
	char api_tls_cert[CONFIG_PATH_MAX];	/* PEM; "" plain HTTP */
	char api_tls_key[CONFIG_PATH_MAX];	/* PEM, set exactly when api_tls_cert is */
	char api_allowed_hosts[1024];		/* names separated by blanks or commas */
	char api_trusted_proxies[1024];		/* addresses and networks, likewise */
	int64_t api_rate_limit;			/* requests/s per token and address; 0 off */
	int64_t api_max_body_bytes;
	int64_t model_max_bytes;		/* of an uploaded model file */
	int64_t api_timeout_s;			/* a slow client is cut after this */
	int64_t api_max_connections;
	int64_t api_max_per_address;		/* connections; 0 off */
	char api_public_url[256];		/* "" it is reached as api_bind and api_port say */
	bool metrics_public;
	int64_t command_wait_ms;
	char dashboard_dir[CONFIG_PATH_MAX];	/* "" means the built-in page */
	/* trading */
	enum trading_mode trading_mode;
	bool trading_approved;
	bool order_confirmation_required;
	int64_t max_open_positions;		/* over all bots of the worker */
	double max_risk_per_trade_pct;
	double min_risk_reward_ratio;
	double max_daily_loss_pct;		/* of the day's first equity; 0 off */
	double max_drawdown_pct;		/* from the peak of equity; 0 off */
	int64_t cooldown_after_losses;		/* consecutive; 0 off */
	int64_t cooldown_s;
	int64_t max_orders_per_min;
	double max_notional;			/* of one entry, quote asset; 0 off */
	double price_band_pct;			/* of an entry around the last trade; 0 off */
	int64_t stale_feed_ms;
	int64_t max_clock_drift_ms;
	/* market data */
	enum market_data market_data;
	char exchange[32];			/* binance, binance_futures */
	char ws_url[256];
	char rest_url[256];
	char recording[4096];			/* file names separated by blanks */
	double replay_speed;			/* 0: as fast as it goes ("max") */
	bool replay_loop;
	int64_t synthetic_seed;
	/* simulation venue */
	double sim_initial_capital;		/* quote asset */
	double sim_commission;			/* 0.001 = 10 bps, or COMMISSION_OF_EXCHANGE */
	double sim_slippage;			/* fraction by which takers fill worse */
	double sim_tick_interval_s;		/* equity sample interval */
	double sim_strategy_interval_s;
	int64_t sim_latency_ms;
	enum through_fill sim_through_fill;
	double sim_leverage;			/* futures */
	/* accounts; a bot's own keys win */
	char binance_api_key[256];		/* secret */
	char binance_api_secret[256];		/* secret */
	/* messages */
	bool telegram_enabled;
	char telegram_bot_token[256];		/* secret */
	char telegram_chat_id[256];		/* ids separated by blanks or commas */
	char telegram_api_url[256];
	bool telegram_commands;
	char telegram_users[256];		/* user ids; "": everybody in the chats */
	int64_t telegram_command_max_age_s;
	enum notify_level telegram_notify[NOTIFY_KINDS];
	char webhook_url[512];			/* secret: such addresses often carry one */
	char webhook_secret[256];		/* secret */
	char webhook_events[256];		/* names of notify_kind.h; "" all */
	int64_t notify_queue_max;		/* undelivered messages kept per destination */
	char tls_ca_file[CONFIG_PATH_MAX];	/* PEM; "" the system's certificates */
	/* how long rows are kept */
	int64_t keep_details_days, keep_orders_days;
	int64_t keep_fills_days, keep_audit_days;	/* 0: for ever */
	/* backups */
	char backup_dir[CONFIG_PATH_MAX];	/* default DATA_DIR/backups */
	double backup_interval_s;		/* 0: none by the clock */
	int64_t backup_keep, backup_keep_daily, backup_keep_weekly;	/* count */
	int64_t backup_max_bytes;
	double scrub_interval_s;		/* between two checks of all pages; 0 none */
	/* logs */
	char environment[16];			/* a label: production, staging, development */
	enum log_level log_level;		/* DEBUG with debug_mode */
	bool debug_mode;
	bool report_stdout;			/* JSON reports of orders on stdout */
};

enum config_type {
	CONFIG_TEXT, CONFIG_PATH, CONFIG_INT, CONFIG_REAL, CONFIG_BOOL, CONFIG_ENUM, CONFIG_SECRET
};

struct config_key {
	const char *name;	/* environment variable */
	enum config_type type;
	size_t offset, size;	/* of the field in struct config */
	double min, max;	/* numbers: allowed range */
	const char *def;	/* default as text; "" also where it derives from another key */
	/*
	 * CONFIG_ENUM: "simulation,paper|live": the index is the enum value, and other
	 * spellings follow a comma. CONFIG_TEXT: the allowed texts. CONFIG_REAL: the one
	 * word that stands for a number.
	 */
	const char *choices;
	const char *help;	/* sentences with the unit */
	double word;		/* CONFIG_REAL: what the word in "choices" stands for */
};

extern const struct config_key config_keys[];
extern const size_t config_keys_count;

/*
 * Reads ./.env (when present) and the environment. An empty value means the default; for a
 * secret it means the secret's file in SECRETS_DIR.
 * ERR_INVALID names the key, the value and what is allowed; c is then untouched. An unknown
 * key in .env is ignored, unless it looks like a misspelt key of ours.
 */
MUST_CHECK int config_load(struct config *c, struct err *e);
/*
 * Reads data_dir and db_path only and leaves everything else at its default: for commands
 * that must work although another setting is wrong. A .env that can't be read is left out;
 * doubt then says why (else its msg is ""). ERR_INVALID: data_dir or db_path is wrong.
 */
MUST_CHECK int config_load_place(struct config *c, struct err *doubt, struct err *e);
/*
 * The first line of a file as the value of a secret key ("API_TOKEN"), by that key's rules: a
 * blank, a control character or a NUL in it is refused, not cut at. out: "" when the line is
 * empty. ERR_NOT_FOUND: no such file.
 */
MUST_CHECK int config_secret_file(const char *key, const char *path, char *out, size_t size,
				  struct err *e);
/* "KEY=value" lines with secrets masked and derived values filled in. */
void config_print(const struct config *c, struct buf *out);
/* All defaults; for tests and tools. */
void config_defaults(struct config *c);

/* Which values k takes, as messages and docs say it: "1 to 65535", "true or false". */
void config_allowed(const struct config_key *k, struct buf *out);
/* "text", "path", "whole number", "number", "true/false", "choice" or "secret". */
const char *config_type_name(enum config_type type);	/* (tests) */

#endif
