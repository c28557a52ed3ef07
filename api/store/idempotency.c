#include "api/store/idempotency.h"

#include <string.h>

static const char SQL_GET[] =
	"SELECT request, command_id, http, location, etag, created_us, answer"
	" FROM idempotency_keys WHERE token_id = ?1 AND key = ?2 AND created_us > ?3";
static const char SQL_PUT[] =
	"INSERT INTO idempotency_keys(token_id, key, request, command_id, http, location, etag,"
	" created_us, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
	" ON CONFLICT (token_id, key) DO UPDATE SET request = excluded.request,"
	" command_id = excluded.command_id, http = excluded.http, location = excluded.location,"
	" etag = excluded.etag, created_us = excluded.created_us, answer = excluded.answer";
static const char SQL_OLD[] = "DELETE FROM idempotency_keys WHERE created_us <= ?1";
static const char SQL_STATUS[] =
	"SELECT min(status), max(status) FROM bot_state WHERE ?1 = 0 OR bot_id = ?1";

int store_idempotency_get(struct db *db, int64_t now_us, struct idempotency_row *row,
			  struct buf *answer, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, row->token_id);
	stmt_bind_text(s, 2, row->key);
	stmt_bind_int(s, 3, now_us - IDEMPOTENCY_LASTS_US);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, row->request, sizeof(row->request));
		row->command_id = stmt_int(s, 1);
		row->http = (int)stmt_int(s, 2);
		stmt_copy(s, 3, row->location, sizeof(row->location));
		stmt_copy(s, 4, row->etag, sizeof(row->etag));
		row->created_us = stmt_int(s, 5);
		if (answer)
			buf_puts(answer, stmt_text(s, 6));
		rc = 0;
	} else if (rc == STMT_END) {
		rc = ERR_NOT_FOUND;
	}
	stmt_done(s);
	return rc;
}

static int remove_old(struct db *db, int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OLD, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, now_us - IDEMPOTENCY_LASTS_US);
	return stmt_run(s, e);
}

int store_idempotency_put_tx(struct db *db, const struct idempotency_row *row,
			     const char *answer, struct err *e)
{
	struct stmt *s;
	int rc = remove_old(db, row->created_us, e);

	if (!rc)
		rc = db_stmt(db, SQL_PUT, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, row->token_id);
	stmt_bind_text(s, 2, row->key);
	stmt_bind_text(s, 3, row->request);
	stmt_bind_int(s, 4, row->command_id);
	stmt_bind_int(s, 5, row->http);
	stmt_bind_text(s, 6, row->location);
	stmt_bind_text(s, 7, row->etag);
	stmt_bind_int(s, 8, row->created_us);
	stmt_bind_text(s, 9, answer);
	return stmt_run(s, e);
}

int store_idempotency_status(struct db *db, int64_t bot_id, char out[16], struct err *e)
{
	char other[16] = "";
	struct stmt *s;
	int rc = db_stmt(db, SQL_STATUS, &s, e);

	out[0] = '\0';
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, out, 16);
		stmt_copy(s, 1, other, sizeof(other));
		if (strcmp(out, other) != 0)
			out[0] = '\0';
		rc = 0;
	}
	stmt_done(s);
	return rc;
}
