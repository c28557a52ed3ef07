/*
 * bot_json.h - the bot's keys that are objects or lists: how each is read, shown and described.
 */
#ifndef COMMON_REGISTRY_BOT_JSON_H
#define COMMON_REGISTRY_BOT_JSON_H

#include "common/registry/bot_settings.h"

extern const struct bot_json bot_json_strategy_params;
extern const struct bot_json bot_json_trading_hours;
extern const struct bot_json bot_json_minimal_roi;
extern const struct bot_json bot_json_position_adjustment;
extern const struct bot_json bot_json_partial_targets;

/* How many closed candles a decision with these settings looks at. */
int64_t bot_look_back(const struct bot_config *c);
/* The same from a strategy's name and its parameters as they are stored. */
int64_t bot_look_back_of(const char *strategy, const char *params);

#endif
