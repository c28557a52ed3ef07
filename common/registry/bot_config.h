/*
 * bot_config.h - a bot's own settings: one row per key, used by validation, the
 * API, the docs, and the worker (hot reload).
 *
 * The same keys are the columns of table trading_configs. Money-like keys are
 * exact decimals; rates are doubles and fractions (0.009 = 0.9 %).
 */
#ifndef COMMON_REGISTRY_BOT_CONFIG_H
#define COMMON_REGISTRY_BOT_CONFIG_H

#include "common/buf.h"
#include "common/err.h"
#include "common/fees.h"
#include "common/json.h"
#include "common/money.h"
#include "common/registry/bot_config_keys.h"
#include "common/registry/bot_settings.h"
#include "common/registry/field_errors.h"
#include "common/registry/market_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a key of BOT_JSON, as it is stored. */
void bot_key_json_text(const struct bot_config *c, const struct bot_key *k, struct buf *text);
/*
 * The first key of "patch" that needs an admin and is another in b than in a; a secret counts
 * when one is given. NULL: a trader may make this change.
 */
const char *bot_config_needs_admin(const struct bot_config *a, const struct bot_config *b,
				   const cJSON *patch);

void bot_config_defaults(struct bot_config *c);
/* Does the bot trade USD-M futures (else spot)? */
bool bot_config_futures(const struct bot_config *c);
/*
 * The source of its prices (market_source.h). A live bot trades on the exchange of its settings,
 * its test network or its demo; a paper bot on the worker's market, which market_data names.
 * Returns out.
 */
const char *bot_config_source(const struct bot_config *c, const char *market_data,
			      char out[MARKET_SOURCE_MAX]);
/* The account that its orders go to: exchange_accounts.id, or 0 for paper money. */
int64_t bot_config_account(const struct bot_config *c);
/*
 * Apply the members of "patch" (an object) to c. Unknown keys, wrong types and
 * values out of range each add one field error; with any, c is unchanged and
 * ERR_INVALID returned. Rules over several keys (short needs futures) as well.
 * Of a secret only its _set is kept (bot_secrets_apply takes the text); its mask
 * ("********") leaves the stored one as it is. Amounts
 * may be numbers or decimal texts, fractions numbers or percents ("0.9%"); a symbol is
 * turned into upper case. Another strategy brings its own parameters' defaults; minimal_roi
 * on a bot that had none, without a target beside it, sets profit_target_pct to 0. A
 * target or stop over BOT_WIDE that was not there before needs
 * the member "confirm_wide": true, which is no setting.
 */
#define BOT_WIDE 0.1
MUST_CHECK int bot_config_apply(struct bot_config *c, const cJSON *patch, struct field_errors *f);
/* The same for settings that were stored before, which need no confirmation. */
MUST_CHECK int bot_config_read(struct bot_config *c, const cJSON *patch, struct field_errors *f);
/* The lengths of candles: a bot's key interval, and seconds. */
#define BOT_INTERVALS(X) \
	X("1s", 1) X("1m", 60) X("5m", 300) X("15m", 900) X("1h", 3600) X("4h", 14400) \
	X("1d", 86400)
int64_t bot_interval_s(const char *interval);	/* 0: it is none of them */
/* "target 2.1 % = 4.20 USDT, stop 0.4 % = 0.80 USDT", for logs. */
#define BOT_EXITS_TEXT_MAX 200
const char *bot_exits_text(const struct bot_config *c, const char *quote,
			   char text[BOT_EXITS_TEXT_MAX]);
/* Each fraction's meaning as a member, between json_object and its end. */
void bot_config_meaning(const struct bot_config *c, const char *quote, struct json *j);
/* Reads stored settings, all or some, over the defaults. ERR_INVALID: they can't be used. */
MUST_CHECK int bot_config_parse(const char *stored, struct bot_config *out);
/* One setting's meaning: "0.9 % = 1.80 USDT". False: it is no fraction. */
#define BOT_FRACTION_TEXT_MAX 80
bool bot_config_fraction(const struct bot_config *c, const char *name,
			 char text[BOT_FRACTION_TEXT_MAX]);
/* "key": {the meaning of each fraction that the stored settings have}; null: they can't be used. */
void bot_config_meaning_json(struct json *j, const char *key, const char *stored);
/*
 * Does the change from a to b move the bot to another market or account? Such a change waits
 * until the bot has no open order; see bot_config_hold.
 */
bool bot_config_moves(const struct bot_config *a, const struct bot_config *b);
/* The settings that wait, as text: "symbol BTCUSDT -> ETHUSDT, leverage 1 -> 5". Returns text. */
#define BOT_CONFIG_MOVE_MAX 160
const char *bot_config_move_text(const struct bot_config *a, const struct bot_config *b,
				 char text[BOT_CONFIG_MOVE_MAX]);
/*
 * The settings to use while b waits: b with a's market (symbol, exchange, leverage, and
 * side_mode when the exchange changes), account and version.
 */
void bot_config_hold(const struct bot_config *a, const struct bot_config *b,
		     struct bot_config *out);
/* The members, secrets as "********" when set and "" when not. Between json_object and its end. */
void bot_config_json(const struct bot_config *c, struct json *j);

struct symbol_info;

/*
 * Adds warnings (not errors) for settings that would never trade or never win under these
 * limits: reward to risk after fees under min_risk_reward, a target that does not pay the
 * fees (ignore_risk_reward lifts both rules, the second warning stays) or does so only
 * with a high hit rate, a stop that costs more than max_risk_per_trade_pct, no model for
 * strategy "model", capital over max notional or under the exchange's least, a threshold
 * of 0, a holding time under one candle, a leverage whose liquidation comes before the stop, a
 * symbol that no source knows, an interval whose first decision is a while away.
 */
struct bot_config_limits {
	double min_risk_reward;		/* reward to risk, after fees; 0 off */
	double max_risk_per_trade_pct;	/* of equity; 0 off */
	struct fees fees;		/* of a fill on the config's exchange */
	double max_notional;		/* of one entry, quote asset; 0 off */
	struct money equity;		/* 0: not known */
	int64_t candles;		/* stored ones of its market, that reach up to now */
	/* What a replaying worker has: "BTCUSDT (spot), ETHUSDT (USD-M)"; NULL: no such list. */
	const char *recorded;
	const struct symbol_info *market;	/* the worker's rules of it; NULL: it has none */
};
void bot_config_warnings(const struct bot_config *c, const struct bot_config_limits *l,
			 struct field_errors *w);

#endif
