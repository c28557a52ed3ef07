#include "common/view/bot_view.h"

#include "common/db/row.h"

#include <string.h>

#define V(type, column, member, ...) ROW_MEMBER(struct bot_view, type, column, member, __VA_ARGS__)

static const struct row_column columns[] = {
	V(ROW_INT, "b.id", bot_id),
	V(ROW_TEXT, "b.name", name),
	V(ROW_TEXT, "coalesce(s.status, 'STOPPED')", status),
	V(ROW_INT, "s.emergency", emergency),
	V(ROW_TEXT, "s.error", error),
	V(ROW_TEXT, "s.mode", mode),
	V(ROW_INT, "coalesce(nullif(s.running_us, 0), s.start_us)", start_us, .since = 7),
	V(ROW_INT, "s.last_execution_us", last_execution_us),
	V(ROW_INT, "s.cooldown_until_us", cooldown_until_us),
	V(ROW_INT, "c.version", config_wanted),
	V(ROW_INT, "s.applied_config_version", config_applied),
	V(ROW_TEXT, "s.config_error", config_error),
	V(ROW_INT, "c.model_id", model_wanted),
	V(ROW_INT, "s.applied_model_id", model_id),
	V(ROW_TEXT, "s.model_error", model_error),
	V(ROW_TEXT, "m.warning", model_warning, .since = 8),
	V(ROW_INT, "s.pending_orders", pending_orders),
	V(ROW_INT, "s.open_positions", open_positions),
	V(ROW_INT, "c.max_positions", max_positions),
	V(ROW_INT, "s.candles", candles, .since = 7),
	V(ROW_TEXT, "c.symbol", symbol),
	V(ROW_TEXT, "c.interval", interval),
	V(ROW_TEXT, "c.strategy", strategy),
	V(ROW_TEXT, "c.strategy_params", strategy_params, .since = 8),
	V(ROW_MONEY, "s.equity", equity),
	V(ROW_MONEY, "s.peak_equity", peak_equity),
	V(ROW_MONEY, "s.day_equity", day_equity),
	V(ROW_TEXT, "s.day", day),
	V(ROW_PRICE, "s.last_price", last_price),
};
static const struct row_table views = ROW_TABLE("bots b LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_configs c ON c.bot_id = b.id LEFT JOIN models m ON m.id = c.model_id",
	columns);
ROW_SQL(one_bot, views, "WHERE b.id = ?1");
ROW_SQL(all_bots, views, "ORDER BY b.id");

int bot_view_get(struct db *db, int64_t bot_id, int64_t now_us, struct bot_view *out,
		 struct err *e)
{
	struct stmt *s;
	int rc = row_select(db, &one_bot, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		ASSERT(row_read(s, &views, out));
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	if (rc < 0)
		return rc;
	return now_us ? heartbeat_look(db, now_us, &out->worker, e) : 0;
}

int bot_view_each(struct db *db, bot_view_fn *each, void *ctx, struct err *e)
{
	struct bot_view b = { 0 };
	struct stmt *s;
	int rc = row_select(db, &all_bots, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		ASSERT(row_read(s, &views, &b));
		each(ctx, &b);
	}
	stmt_done(s);
	return rc;
}
