/* What is held now, and closing it. */
#include "api/pending/command.h"
#include "api/routes/table.h"
#include "api/store/bots.h"
#include "api/store/positions.h"
#include "common/clock.h"

#include <stdio.h>

static int handle_positions(struct request *r, struct err *e)
{
	int64_t now = clock_now_us(), id = 0;
	int rc = 0;

	if (request_path_value(r, "id"))
		rc = request_bot(r, &id, e);
	if (!rc)
		rc = store_positions_list(r->db, id, now, &r->json, e);
	json_time(&r->json, "timestamp", now);
	return rc;
}

static int handle_position_close(struct request *r, struct err *e)
{
	int64_t order, bot_id;
	char args[64];
	int rc;

	rc = request_id(r, "order", &order, e);
	if (!rc)
		rc = store_positions_bot(r->db, order, &bot_id, e);
	if (rc)
		return rc;
	snprintf(args, sizeof(args), "{\"order_id\":%lld}", (long long)order);
	return command_send(r, "close-position", bot_id, args, e);
}

static int handle_positions_close_all(struct request *r, struct err *e)
{
	int64_t bot_id = request_int(r, "bot_id", 0);
	int rc = bot_id ? store_bots_check_ours(r->db, bot_id, e) : 0;

	return rc ? rc : command_send(r, "close-all", bot_id, "{}", e);
}

/* ---- the routes ---- */

static const struct param b_close_all[] = { BOT_ID, END };

const struct part_field position_fields[] = {
	F("positions", "[Position]"),
	{ "unrealized_pnl", "amount", "Sum over the positions, quote asset, without fees." },
	NOW, { NULL, NULL, NULL },
};

static const struct part parts[] = {
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
	{ "PositionList", "Open positions.", NULL, NULL, position_fields },
};

static const struct route rows[] = {
	{ R(GET, "/positions"), V, DO(positions, "Open positions of all bots"),
	  ONE("PositionList") },
	{ R(GET, TRADING "/positions"), V, DO(positions, "Open positions of a bot"),
	  ONE("PositionList") },
	{ R(POST, "/positions/:order/close"), T,
	  DO(position_close, "Close one position at market"), COMMAND(0) },
	{ R(POST, "/positions/close-all"), T,
	  DO(positions_close_all, "Close all positions at market"), .body = b_close_all,
	  COMMAND(SAYS_NOT_FOUND), .example = "{\"bot_id\":1}" },
};
const struct route_group positions_routes = { "Positions", ROWS_OF(rows), ROWS_OF(parts) };
