#include "common/registry/bot_config_keys.h"

#include "common/registry/bot_json.h"

#include <string.h>

#define ID_MAX 9007199254740991.0	/* 2^53 - 1, the largest whole number that JSON carries */
#define CAPITAL_MIN 0.00000001
#define CAPITAL_MAX 1e9

#define SIZE(f) sizeof(((struct bot_config *)0)->f)
#define FIELD(f) offsetof(struct bot_config, f), SIZE(f)
#define ROW(f, type, min, max, def, choices, help, json, admin) \
	{ #f, type, FIELD(f), min, max, def, choices, help, json, admin }
#define TEXT(f, min, def, characters, help) \
	ROW(f, BOT_TEXT, min, SIZE(f) - 1, def, characters, help, NULL, false)
#define CHOICE(f, def, choices, help) ROW(f, BOT_CHOICE, 0, 0, def, choices, help, NULL, false)
#define ADMIN_CHOICE(f, def, choices, help) \
	ROW(f, BOT_CHOICE, 0, 0, def, choices, help, NULL, true)
#define INT(f, min, max, def, help) ROW(f, BOT_INT, min, max, def, NULL, help, NULL, false)
#define ADMIN_INT(f, min, max, def, help) ROW(f, BOT_INT, min, max, def, NULL, help, NULL, true)
#define ADMIN_MONEY(f, min, max, def, help) \
	ROW(f, BOT_MONEY, min, max, def, NULL, help, NULL, true)
#define REAL(f, min, max, def, help) ROW(f, BOT_REAL, min, max, def, NULL, help, NULL, false)
#define MONEY(f, min, max, def, help) ROW(f, BOT_MONEY, min, max, def, NULL, help, NULL, false)
#define BOOL(f, def, help) ROW(f, BOT_BOOL, 0, 0, def, NULL, help, NULL, false)
#define ADMIN_BOOL(f, def, help) ROW(f, BOT_BOOL, 0, 0, def, NULL, help, NULL, true)
#define JSON(f, def, help) ROW(f, BOT_JSON, 0, 0, def, NULL, help, &bot_json_##f, false)
#define SECRET(f, lines, admin, help) \
	{ #f, BOT_SECRET, FIELD(f##_set), 0, BOT_SECRET_LENGTH_MAX, "\"\"", lines, help, \
	  NULL, admin }

/* A new key is also a column of trading_configs (schema/) and a row in docs/CONFIGURATION.md. */
/* clang-format off */
const struct bot_key bot_keys[] = {
	TEXT(symbol, 2, "\"BTCUSDT\"", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
	     "The pair to trade, as the exchange writes it."),
	CHOICE(strategy, "\"model\"", "model|ema_cross|rsi|grid|buy_and_hold",
	       "What decides (STRATEGIES.md): model asks the assigned model, others have a rule."),
	JSON(strategy_params, "{}",
	     "The strategy's own parameters (STRATEGIES.md); those not given have their defaults, "
	     "all are stored."),
	CHOICE(interval, "\"1s\"", "1s|1m|5m|15m|1h|4h|1d",
	       "Length of the candles that decisions are made on."),
	CHOICE(exchange, "\"binance\"", "binance|binance_futures",
	       "Binance spot or USD-M futures."),
	CHOICE(side_mode, "\"long\"", "long|short|both",
	       "Which way it trades; short and both need binance_futures."),
	REAL(confidence_threshold, 0, 1, "0.40",
	     "Probability from which the model's word is an entry."),
	MONEY(capital_per_trade, CAPITAL_MIN, CAPITAL_MAX, "200",
	      "Size of one entry in the quote asset (its margin on futures)."),
	CHOICE(stake_mode, "\"fixed\"", "fixed|equity_share|risk",
	       "Size of an entry: fixed is capital_per_trade, equity_share a part of the equity, "
	       "risk as much as loses stake_risk of the equity at the stop."),
	REAL(stake_share, 0.0001, 1, "0.1",
	     "Fraction of the equity of one entry, with stake_mode equity_share (0.1 = 10 %)."),
	REAL(stake_risk, 0.0001, 0.2, "0.01",
	     "Fraction of the equity that one entry loses at its stop with fees, with stake_mode "
	     "risk (0.01 = 1 %)."),
	INT(holding_time, 1, 31536000, "2000",
	    "Seconds after which a position is closed at market."),
	REAL(profit_target_pct, 0, 10, "0.00015",
	     "Take profit as a fraction of the entry price (0.00015 = 0.015 %); 0: none, "
	     "the position ends by its stop, minimal_roi, holding_time or the strategy."),
	REAL(stop_loss_pct, 0.000001, 0.99, "0.009",
	     "Stop loss as a fraction of the entry price (0.009 = 0.9 %)."),
	JSON(minimal_roi, "{}",
	     "Targets by age: minutes since the entry and the fraction, net of both fees, from "
	     "which it is sold; with profit_target_pct the nearer one counts."),
	BOOL(trailing_stop, "false",
	     "true: the stop follows the best price since the entry, at stop_loss_pct from it; it "
	     "never goes back."),
	REAL(trailing_stop_positive, 0, 0.99, "0",
	     "Fraction between best price and stop once the gain has reached "
	     "trailing_stop_positive_offset; 0: stop_loss_pct stays."),
	REAL(trailing_stop_positive_offset, 0, 10, "0",
	     "Gain, a fraction of the entry price, from which trailing_stop_positive counts."),
	BOOL(trailing_only_offset_is_reached, "false",
	     "true: the stop stays where it was until the gain has reached "
	     "trailing_stop_positive_offset."),
	INT(stop_move_s, 1, 3600, "10",
	    "Least seconds between two moves of a stop that rests at the exchange; a nearer stop "
	    "is watched meanwhile."),
	JSON(position_adjustment, "{}",
	     "Further entries into an open position, each when the price is a fraction below (for "
	     "a short above) its average entry. The stop stays where the first entry put it."),
	JSON(partial_targets, "[]",
	     "Parts of a position that leave on the way to its target."),
	CHOICE(order_type, "\"limit\"", "limit|market",
	       "How an entry is sent when the strategy does not say: as a limit at the best price "
	       "of its side, or at market."),
	CHOICE(time_in_force, "\"post_only\"", "GTC|IOC|FOK|post_only",
	       "An entry's limit: post_only never takes from the book, GTC may; IOC takes at once "
	       "what the other side offers up to the limit and drops the rest, FOK takes all or "
	       "nothing. Without a price of the strategy, IOC and FOK begin at the other side's "
	       "best one."),
	JSON(trading_hours, "{}",
	     "Days and hours in which entries may be made; exits go on at any time."),
	INT(maker_order_timeout, 1, 86400, "60",
	    "Seconds after which an entry that was not filled is cancelled."),
	INT(max_positions, 1, 1000, "2",
	    "Positions of this bot open at once."),
	INT(decision_interval_ms, 1, 86400000, "2000",
	    "Least milliseconds between two entries; every closed candle is looked at."),
	REAL(leverage, 1, 125, "1",
	     "Times the capital, on futures only."),
	BOOL(ignore_risk_reward, "false",
	     "true: this bot may trade under MIN_RISK_REWARD_RATIO, and without an edge after "
	     "fees."),
	BOOL(ignore_risk_per_trade, "false",
	     "true: this bot may risk more than MAX_RISK_PER_TRADE."),
	INT(model_id, 0, ID_MAX, "0",
	    "Number of the model that it asks; 0: none."),
	ADMIN_BOOL(live, "false",
		   "true: real money, on account_id, with at most allocation. It changes only "
		   "while the bot is stopped and has no open orders. In this version no worker "
		   "trades real money: such a bot does not start."),
	ADMIN_INT(account_id, 0, ID_MAX, "0",
		  "Account at the exchange that the bot trades when it is live; 0: none."),
	ADMIN_MONEY(allocation, 0, CAPITAL_MAX, "0",
		    "What a live bot may use of its account, in the settlement asset; paper money "
		    "does not need it."),
	ADMIN_CHOICE(socket_type, "\"live\"", "live|demo",
	       "Which of the exchange's stream hosts: real market or demo."),
	ADMIN_BOOL(testnet, "false",
	     "true: orders go to the exchange's test network."),
	SECRET(api_key, NULL, true,
	       "Exchange key of this bot. Empty: BINANCE_API_KEY."),
	SECRET(secret_key, "lines", true,
	       "The secret of that key. Empty: BINANCE_API_SECRET."),
	SECRET(telegram_token, NULL, false,
	       "Telegram bot token of this bot. Empty: TELEGRAM_BOT_TOKEN."),
	TEXT(telegram_chat_id, 0, "\"\"", NULL,
	     "Chat for this bot's messages. Empty: TELEGRAM_CHAT_ID."),
};
/* clang-format on */

const size_t bot_keys_count = sizeof(bot_keys) / sizeof(bot_keys[0]);

const struct bot_key *bot_key_find(const char *name)
{
	for (size_t i = 0; i < bot_keys_count; i++)
		if (strcmp(bot_keys[i].name, name) == 0)
			return &bot_keys[i];
	return NULL;
}

bool bot_key_fraction(const struct bot_key *k)
{
	size_t len = strlen(k->name);

	return k->type == BOT_REAL && len > 4 && strcmp(k->name + len - 4, "_pct") == 0;
}

static void put_choices(const char *choices, struct buf *out)
{
	for (const char *p = choices; *p; p++)
		if (*p == '|')
			buf_puts(out, ", ");
		else
			buf_putc(out, *p);
}

void bot_key_allowed(const struct bot_key *k, struct buf *out)
{
	struct money least = money_of_units(0);
	char text[MONEY_TEXT_MAX];

	switch (k->type) {
	case BOT_TEXT:
		buf_printf(out, "%.0f to %.0f %s", k->min, k->max,
			   k->choices ? "letters, digits and _" : "characters without blanks");
		break;
	case BOT_INT:
		buf_printf(out, "a whole number from %.0f to %.0f", k->min, k->max);
		break;
	case BOT_REAL:
		buf_printf(out, "a number from %.15g to %.15g%s", k->min, k->max,
			   bot_key_fraction(k) ? ", or percent as text such as \"0.9%\"" : "");
		break;
	case BOT_MONEY:
		ASSERT(!money_from_real(k->min, &least));
		buf_printf(out, "an amount from %s to %.0f with at most 8 decimals",
			   money_text(least, text), k->max);
		break;
	case BOT_BOOL:
		buf_puts(out, "true or false");
		break;
	case BOT_SECRET:
		buf_printf(out, "up to %.0f characters without blanks%s", k->max,
			   k->choices ? ", or several lines (a PEM key)" : "");
		break;
	case BOT_CHOICE:
		buf_puts(out, strchr(k->choices, '|') ? "one of " : "");
		put_choices(k->choices, out);
		break;
	case BOT_JSON:
		buf_puts(out, k->json->allowed);
		break;
	}
}

const char *bot_key_type_name(enum bot_key_type type)
{
	switch (type) {
	case BOT_TEXT: return "text";
	case BOT_INT: return "whole number";
	case BOT_REAL: return "number";
	case BOT_MONEY: return "amount";
	case BOT_BOOL: return "true/false";
	case BOT_SECRET: return "secret";
	case BOT_CHOICE: return "choice";
	case BOT_JSON: return "JSON";
	}
	return "";
}
