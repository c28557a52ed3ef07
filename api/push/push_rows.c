#include "api/push/push_rows.h"

#include "api/store/jobs.h"
#include "api/store/orders.h"
#include "api/store/positions.h"
#include "api/store/rows.h"
#include "api/store/signals.h"
#include "api/view/status_json.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/heartbeat.h"
#include "common/registry/market_clock.h"

#include <string.h>

/* Columns: id, bot, over; the others make the mark. */
static const char SQL_STATUS[] =
	"SELECT b.id, b.id, 0, b.name, s.status, s.emergency, s.error, s.mode,"
	" coalesce(nullif(s.running_us, 0), s.start_us),"
	" c.version, s.applied_config_version, s.config_error, s.applied_model_id, s.model_error,"
	" s.pending_orders, s.open_positions, h.pid, h.stopped_us, h.version, h.market_data,"
	" h.feed_state, h.feed_message, h.beat_us < ?1"
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_configs c ON c.bot_id = b.id"
	" LEFT JOIN worker_heartbeat h ON h.id = 1 ORDER BY b.id";
static const char SQL_PRICE[] =
	"SELECT s.bot_id, s.bot_id, 0, s.last_price, s.equity, c.symbol FROM bot_state s"
	" LEFT JOIN trading_configs c ON c.bot_id = s.bot_id ORDER BY s.bot_id";
#define ORDER_PART(place, table, where) \
	"SELECT " place " AS place, bot_id, status = 'closed', updated_us FROM " table \
	" WHERE " where
static const char SQL_ORDER[] =
	ORDER_PART("id * 2", "trading_orders", "status != 'closed'")
	" UNION " ORDER_PART("id * 2", "trading_orders", "id > ?1")
	" UNION " ORDER_PART("id * 2 + 1", "reported_orders", "status != 'closed'")
	" UNION " ORDER_PART("id * 2 + 1", "reported_orders", "id > ?2")
	" ORDER BY 1";
static const char SQL_POSITION[] =
	"SELECT o.id, o.bot_id, 0, o.updated_us, s.last_price FROM trading_orders o"
	" LEFT JOIN bot_state s ON s.bot_id = o.bot_id"
	" WHERE o.status != 'closed' AND o.position != 0 ORDER BY o.id";
static const char SQL_SIGNAL[] =
	"SELECT id, bot_id, 1 FROM signals WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char SQL_STATS[] =
	"SELECT b.id, b.id, 0, t.updated_us, r.updated_us FROM bots b"
	" LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_stats t ON t.bot_id = b.id AND t.account_id = coalesce(s.account_id, 0)"
	" AND t.day = ?1"
	" LEFT JOIN reported_stats r ON r.bot_id = b.id AND r.day = ?1"
	" WHERE t.bot_id IS NOT NULL OR r.bot_id IS NOT NULL ORDER BY b.id";
#define JOB_PART(where) \
	"SELECT id, 0, state NOT IN ('queued', 'running'), state, progress, message," \
	" cancel_requested FROM jobs WHERE " where
static const char SQL_JOB[] =
	JOB_PART("state IN ('queued', 'running')") " UNION " JOB_PART("id > ?1") " ORDER BY 1";
static const char SQL_LOG[] =
	"SELECT id, 0, 1 FROM logs WHERE id > ?1 ORDER BY id LIMIT ?2";

static const char SQL_SIGNAL_NEWEST[] =
	"SELECT * FROM (SELECT id, bot_id, 1 FROM signals ORDER BY id DESC LIMIT ?1) ORDER BY 1";
static const char SQL_SIGNAL_NEWEST_BOT[] =
	"SELECT * FROM (SELECT id, bot_id, 1 FROM signals WHERE bot_id = ?2"
	" ORDER BY id DESC LIMIT ?1) ORDER BY 1";
static const char SQL_JOB_NEWEST[] =
	"SELECT * FROM (SELECT id, 0, 1 FROM jobs ORDER BY id DESC LIMIT ?1) ORDER BY 1";
static const char SQL_LOG_NEWEST[] =
	"SELECT * FROM (SELECT id, 0, 1 FROM logs ORDER BY id DESC LIMIT ?1) ORDER BY 1";

static const char SQL_ORDER_LAST[] =
	"SELECT (SELECT max(id) FROM trading_orders), (SELECT max(id) FROM reported_orders)";
static const char SQL_SIGNAL_LAST[] = "SELECT max(id), 0 FROM signals";
static const char SQL_JOB_LAST[] = "SELECT max(id), 0 FROM jobs";
static const char SQL_LOG_LAST[] = "SELECT max(id), 0 FROM logs";

static const char SQL_PRICE_ROW[] =
	"SELECT s.bot_id, c.symbol, nullif(s.last_price, 0.0), s.equity, s.updated_us"
	" FROM bot_state s LEFT JOIN trading_configs c ON c.bot_id = s.bot_id WHERE s.bot_id = ?1";
static const struct column price_columns[] = {
	{ "bot_id", COL_INT }, { "symbol", COL_TEXT }, { "price", COL_PRICE },
	{ "equity", COL_MONEY }, { "updated", COL_TIME }, { NULL, COL_INT },
};
static const char SQL_STATS_ROW[] =
	"SELECT b.id, ?2, coalesce(t.trades, 0), coalesce(t.wins, 0), coalesce(t.losses, 0),"
	" coalesce(t.gross, 0.0), coalesce(t.fees, 0.0), coalesce(t.net, 0.0),"
	" coalesce(t.volume, 0.0), coalesce(t.max_drawdown, 0.0),"
	" r.trades, r.wins, r.losses, r.gross, r.fees, r.net, r.volume"
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_stats t ON t.bot_id = b.id AND t.account_id = coalesce(s.account_id, 0)"
	" AND t.day = ?2"
	" LEFT JOIN reported_stats r ON r.bot_id = b.id AND r.day = ?2 WHERE b.id = ?1";
static const struct column stats_columns[] = {
	{ "bot_id", COL_INT }, { "day", COL_TEXT }, { "trades", COL_INT }, { "wins", COL_INT },
	{ "losses", COL_INT }, { "gross", COL_MONEY }, { "fees", COL_MONEY }, { "net", COL_MONEY },
	{ "volume", COL_MONEY }, { "max_drawdown", COL_MONEY },
	{ "reported_trades", COL_INT }, { "reported_wins", COL_INT },
	{ "reported_losses", COL_INT }, { "reported_gross", COL_MONEY },
	{ "reported_fees", COL_MONEY }, { "reported_net", COL_MONEY },
	{ "reported_volume", COL_MONEY }, { NULL, COL_INT },
};
static const char SQL_LOG_ROW[] =
	"SELECT id, at_us, level, service, logger, nullif(correlation_id, ''), message"
	" FROM logs WHERE id = ?1";

/* FNV-1a, 64 bits. */
static uint64_t mark_add(uint64_t mark, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		mark = (mark ^ *p++) * UINT64_C(0x100000001b3);
	return mark;
}

static uint64_t mark_of(struct stmt *s)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);
	int64_t i;
	double d;
	const char *text;

	for (int col = 3; col < stmt_columns(s); col++) {
		enum stmt_type type = stmt_column_type(s, col);

		mark = mark_add(mark, &type, sizeof(type));
		switch (type) {
		case STMT_INT:
			i = stmt_int(s, col);
			mark = mark_add(mark, &i, sizeof(i));
			break;
		case STMT_REAL:
			d = stmt_double(s, col);
			mark = mark_add(mark, &d, sizeof(d));
			break;
		case STMT_TEXT:
		case STMT_BLOB:
			text = stmt_text(s, col);
			mark = mark_add(mark, text, strlen(text));
			break;
		case STMT_NULL:
			break;
		}
	}
	return mark;
}

static int read_rows(struct stmt *s, struct push_rows *out, struct err *e)
{
	int rc;

	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		push_rows_add(out, &(struct push_row){
			.id = stmt_int(s, 0),
			.bot_id = stmt_int(s, 1),
			.over = stmt_int(s, 2) != 0,
			.mark = mark_of(s),
		});
	}
	stmt_done(s);
	return rc;
}

static const char *rows_sql(enum push_topic t)
{
	switch (t) {
	case PUSH_STATUS: return SQL_STATUS;
	case PUSH_PRICE: return SQL_PRICE;
	case PUSH_ORDER: return SQL_ORDER;
	case PUSH_POSITION: return SQL_POSITION;
	case PUSH_SIGNAL: return SQL_SIGNAL;
	case PUSH_STATS: return SQL_STATS;
	case PUSH_JOB: return SQL_JOB;
	case PUSH_LOG: return SQL_LOG;
	case PUSH_TOPICS: break;
	}
	ASSERT(t != PUSH_TOPICS);
	return NULL;
}

/* The day of the market's time (market_clock.h), which in a recording is the recorded one. */
static const char *market_day(struct db *db, int64_t now_us, char out[CLOCK_TEXT_MAX])
{
	struct market_clock clock;

	if (market_clock_get(db, now_us, &clock, NULL))
		clock = (struct market_clock){ .now_us = now_us };
	return clock_day(market_clock_now_us(&clock), out);
}

int store_push_rows(struct db *db, enum push_topic t, const struct store_push_look *x,
		    struct push_rows *out, struct err *e)
{
	char day[CLOCK_TEXT_MAX];
	struct stmt *s;
	int rc = db_stmt(db, rows_sql(t), &s, e);

	if (rc)
		return rc;
	switch (t) {
	case PUSH_STATUS:
		stmt_bind_int(s, 1, x->now_us - HEARTBEAT_DEAD_US);
		break;
	case PUSH_ORDER:
		stmt_bind_int(s, 1, x->after[0]);
		stmt_bind_int(s, 2, x->after[1]);
		break;
	case PUSH_SIGNAL:
	case PUSH_LOG:
		stmt_bind_int(s, 1, x->after[0]);
		stmt_bind_int(s, 2, x->limit);
		break;
	case PUSH_STATS:
		stmt_bind_text(s, 1, market_day(db, x->now_us, day));
		break;
	case PUSH_JOB:
		stmt_bind_int(s, 1, x->after[0]);
		break;
	case PUSH_PRICE:
	case PUSH_POSITION:
	case PUSH_TOPICS:
		break;
	}
	return read_rows(s, out, e);
}

int store_push_newest(struct db *db, enum push_topic t, int64_t bot_id, int64_t limit,
		      struct push_rows *out, struct err *e)
{
	struct stmt *s;
	int rc;

	if (t == PUSH_JOB)
		rc = db_stmt(db, SQL_JOB_NEWEST, &s, e);
	else if (t == PUSH_LOG)
		rc = db_stmt(db, SQL_LOG_NEWEST, &s, e);
	else if (bot_id)
		rc = db_stmt(db, SQL_SIGNAL_NEWEST_BOT, &s, e);
	else
		rc = db_stmt(db, SQL_SIGNAL_NEWEST, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, limit);
	if (t == PUSH_SIGNAL && bot_id)
		stmt_bind_int(s, 2, bot_id);
	return read_rows(s, out, e);
}

int store_push_last(struct db *db, enum push_topic t, int64_t after[2], struct err *e)
{
	const char *sql = t == PUSH_ORDER  ? SQL_ORDER_LAST :
			  t == PUSH_SIGNAL ? SQL_SIGNAL_LAST :
			  t == PUSH_JOB	   ? SQL_JOB_LAST :
					     SQL_LOG_LAST;
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		after[0] = stmt_int(s, 0);
		after[1] = stmt_int(s, 1);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

static int status_row(struct db *db, int64_t id, int64_t now_us, struct json *j, struct err *e)
{
	struct bot_view b;
	int rc = bot_view_get(db, id, now_us, &b, e);

	if (!rc)
		status_json(j, &b, now_us);
	return rc;
}

static int columns_row(struct db *db, const char *sql, const struct column *columns, int64_t id,
		       const char *day, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	if (day)
		stmt_bind_text(s, 2, day);
	return rows_one(j, s, columns, "row", id, e);
}

static int log_row(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LOG_ROW, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		json_int(j, "id", stmt_int(s, 0));
		json_time(j, "at", stmt_int(s, 1));
		json_string(j, "level", log_level_name((enum log_level)stmt_int(s, 2)));
		json_string(j, "service", stmt_text(s, 3));
		json_string(j, "logger", stmt_text(s, 4));
		json_string(j, "correlation_id", stmt_text(s, 5));
		json_string(j, "message", stmt_text(s, 6));
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no log line %lld", (long long)id);
	return rc < 0 ? rc : 0;
}

int store_push_json(struct db *db, enum push_topic t, int64_t id, int64_t now_us, struct json *j,
		    struct err *e)
{
	char day[CLOCK_TEXT_MAX];

	switch (t) {
	case PUSH_STATUS:
		return status_row(db, id, now_us, j, e);
	case PUSH_PRICE:
		return columns_row(db, SQL_PRICE_ROW, price_columns, id, NULL, j, e);
	case PUSH_ORDER:
		return id % 2 ? store_orders_reported(db, id / 2, j, e) :
				store_orders_get(db, id / 2, j, e);
	case PUSH_POSITION:
		return store_positions_get(db, id, now_us, j, e);
	case PUSH_SIGNAL:
		return store_signals_get(db, id, j, e);
	case PUSH_STATS:
		(void)market_day(db, now_us, day);
		return columns_row(db, SQL_STATS_ROW, stats_columns, id, day, j, e);
	case PUSH_JOB:
		return store_jobs_get(db, id, j, e);
	case PUSH_LOG:
		return log_row(db, id, j, e);
	case PUSH_TOPICS:
		break;
	}
	ASSERT(t != PUSH_TOPICS);
	return 0;
}
