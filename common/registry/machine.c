#include "common/registry/machine.h"

static const char SQL_CLOCK[] =
	"SELECT jump_us, settles_us, jumped_us, jumps FROM clock_watch WHERE id = 1";
static const char SQL_FILE[] =
	"SELECT checkpoints, checkpoint_failures, failing_us, failing, wal_bytes, scrubbed_us,"
	" damaged_us, damage FROM file_watch WHERE id = 1";
static const char SQL_FILE_PUT[] =
	"INSERT OR REPLACE INTO file_watch(id, checkpoints, checkpoint_failures, failing_us,"
	" failing, wal_bytes, scrubbed_us, damaged_us, damage, updated_us)"
	" VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

int store_machine_clock(struct db *db, struct machine_clock *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CLOCK, &s, e);

	*out = (struct machine_clock){ 0 };
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*out = (struct machine_clock){
			.jump_us = stmt_int(s, 0), .settles_us = stmt_int(s, 1),
			.jumped_us = stmt_int(s, 2), .jumps = stmt_int(s, 3),
		};
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_machine_file(struct db *db, struct machine_file *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FILE, &s, e);

	*out = (struct machine_file){ 0 };
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->checkpoints = stmt_int(s, 0);
		out->checkpoint_failures = stmt_int(s, 1);
		out->failing_us = stmt_int(s, 2);
		stmt_copy(s, 3, out->failing, sizeof(out->failing));
		out->wal_bytes = stmt_int(s, 4);
		out->scrubbed_us = stmt_int(s, 5);
		out->damaged_us = stmt_int(s, 6);
		stmt_copy(s, 7, out->damage, sizeof(out->damage));
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_machine_file_tx(struct db *db, const struct machine_file *f, int64_t now_us,
			  struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FILE_PUT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, f->checkpoints);
	stmt_bind_int(s, 2, f->checkpoint_failures);
	stmt_bind_int(s, 3, f->failing_us);
	stmt_bind_text(s, 4, f->failing);
	stmt_bind_int(s, 5, f->wal_bytes);
	stmt_bind_int(s, 6, f->scrubbed_us);
	stmt_bind_int(s, 7, f->damaged_us);
	stmt_bind_text(s, 8, f->damage);
	stmt_bind_int(s, 9, now_us);
	return stmt_run(s, e);
}
