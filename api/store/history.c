#include "api/store/history.h"

static const char SQL_LIST[] =
	"SELECT version, config, config, changed_us, changed_by FROM trading_config_history"
	" WHERE bot_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
static const char SQL_CONFIG[] =
	"SELECT config FROM trading_config_history WHERE bot_id = ?1 AND version = ?2";
static const char SQL_KEEP[] =
	"INSERT OR IGNORE INTO trading_config_history(bot_id, version, config, changed_us,"
	" changed_by) SELECT bot_id, version, ?2, updated_us, updated_by FROM trading_configs"
	" WHERE bot_id = ?1 AND version = ?3";
const struct column store_history_columns[] = {
	{ "version", COL_INT }, { "config", COL_JSON }, { "meaning", COL_MEANING },
	{ "changed", COL_TIME },
	{ "changed_by", COL_TEXT }, { NULL, COL_INT },
};

int store_history_list(struct db *db, int64_t bot_id, const struct page *p, struct json *j,
		       struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LIST, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	page_bind(s, 2, 3, p);
	return rows_page(j, "history", s, store_history_columns, p, e);
}

int store_history_config(struct db *db, int64_t bot_id, int64_t version, struct buf *out,
			 struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CONFIG, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, version);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		buf_puts(out, stmt_text(s, 0));
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no config version %lld",
			       (long long)bot_id, (long long)version);
	return rc < 0 ? rc : 0;
}

int store_history_keep_tx(struct db *db, int64_t bot_id, const struct bot_config *c,
			  struct err *e)
{
	struct buf text = { 0 };
	struct json j = { .out = &text };
	struct stmt *s;
	int rc = db_stmt(db, SQL_KEEP, &s, e);

	if (rc)
		return rc;
	json_object(&j, NULL);
	bot_config_json(c, &j);
	json_object_end(&j);
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, buf_text(&text));
	stmt_bind_int(s, 3, c->version);
	buf_free(&text);
	return stmt_run(s, e);
}
