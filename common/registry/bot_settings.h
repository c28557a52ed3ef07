/*
 * bot_settings.h - the settings of a bot as one flat struct that can be copied; the keys by which
 * they are read, stored and shown are in bot_config.h.
 */
#ifndef COMMON_REGISTRY_BOT_SETTINGS_H
#define COMMON_REGISTRY_BOT_SETTINGS_H

#include "common/json.h"
#include "common/money.h"
#include "common/registry/field_errors.h"
#include "common/registry/strategy_spec.h"
#include "common/registry/trading_hours.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARM_UP_CANDLES 60	/* closed ones that a decision looks at */
#define SYMBOL_MAX 32		/* with NUL; upper case letters, digits and _ */
#define STRATEGY_NAME_MAX 32
#define BOT_SECRET_MASK "********"	/* shown for a secret that is set */
#define BOT_SECRET_LENGTH_MAX 4096	/* bytes: a private key as PEM text */

#define ROI_TIERS_MAX 8
struct minimal_roi {				/* targets by age, net of both fees */
	size_t n;				/* 0: none */
	struct {
		int64_t minutes;		/* since the entry; ascending */
		double ratio;			/* fraction of the entry price, 0 is break-even */
	} tiers[ROI_TIERS_MAX];
};

struct position_adjustment {			/* further entries into an open position */
	int64_t max_entries;			/* with the first; 0: none */
	double at;				/* fraction below (short: above) the mean entry */
	double size_factor;			/* size of each further one, times the first */
};

#define PARTIAL_TARGETS_MAX 8
struct partial_targets {			/* parts that leave before the target */
	size_t n;				/* 0: none */
	struct {
		double at;			/* fraction of the entry price; ascending */
		double share;			/* of the whole position; at most 1 together */
	} list[PARTIAL_TARGETS_MAX];
};

struct bot_config {
	int64_t version;			/* row's version; 0 = defaults, never stored */
	char symbol[SYMBOL_MAX];		/* BTCUSDT */
	char strategy[STRATEGY_NAME_MAX];	/* model, ... */
	double strategy_params[STRATEGY_PARAMS_MAX];	/* in the order of the strategy's spec */
	char interval[8];			/* 1s 1m 5m 15m 1h 4h 1d */
	char exchange[20];			/* binance, binance_futures */
	char side_mode[8];			/* long, short, both; short needs futures */
	double confidence_threshold;		/* probability, 0..1 */
	struct money capital_per_trade;		/* quote asset */
	char stake_mode[16];			/* fixed, equity_share, risk */
	double stake_share;			/* fraction of the equity; of equity_share */
	double stake_risk;			/* fraction of the equity lost at the stop; risk */
	int64_t holding_time;			/* s; then closed at market */
	double profit_target_pct;		/* fraction of entry price; 0 none */
	double stop_loss_pct;			/* fraction of entry price */
	struct minimal_roi minimal_roi;
	bool trailing_stop;
	double trailing_stop_positive;		/* fraction below the best price; 0 stop_loss_pct */
	double trailing_stop_positive_offset;	/* gain from which the former counts */
	bool trailing_only_offset_is_reached;	/* trails only from that gain on */
	int64_t stop_move_s;			/* least time between two moves of a resting stop */
	struct position_adjustment position_adjustment;
	struct partial_targets partial_targets;
	char order_type[8];			/* of an entry: limit, market */
	char time_in_force[12];			/* of a limit: GTC, IOC, FOK, post_only */
	struct trading_hours trading_hours;	/* when entries may be made */
	int64_t maker_order_timeout;		/* s; then the entry is cancelled */
	int64_t max_positions;			/* open at once by this bot */
	int64_t decision_interval_ms;		/* least time between decisions */
	double leverage;			/* futures only */
	bool live;				/* real money, on account_id; else paper */
	int64_t account_id;			/* exchange_accounts.id, 0: none */
	struct money allocation;		/* settlement asset; of a live bot */
	bool ignore_risk_reward;		/* skip MIN_RISK_REWARD_RATIO for this bot */
	bool ignore_risk_per_trade;		/* skip MAX_RISK_PER_TRADE for this bot */
	int64_t model_id;			/* 0: none */
	char socket_type[16];			/* live, demo: which stream host */
	bool testnet;
	bool api_key_set;			/* the secrets themselves: bot_secrets.h */
	bool secret_key_set;
	bool telegram_token_set;
	char telegram_chat_id[64];
};

/*
 * How a key that is an object or a list is read, shown and described. A change merges an
 * object one level deep: members that it does not name stay, null takes a member away (or
 * gives it its default), null for the key gives the key's default. A list is replaced.
 */
#define BOT_JSON_MAX 512		/* bytes of a stored value, with NUL */
struct bot_json {
	const char *allowed;	/* what it takes, as messages and docs say it */
	/* JSON Schema, an object, for the API's description; NULL: by strategy_spec.h */
	const char *schema;
	/* Merge v into c. False: c is as it was, and f has at least one error more. */
	bool (*set)(struct bot_config *c, const cJSON *v, struct field_errors *f);
	/* The whole value as member "key" (NULL: as the document itself). */
	void (*put)(const struct bot_config *c, struct json *j, const char *key);
};

#endif
