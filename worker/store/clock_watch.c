#include "worker/store/clock_watch.h"

static const char SQL_LOAD[] = "SELECT seen_us, jump_us, jumped_us, settles_us, jumps, accepted_us"
			       " FROM clock_watch WHERE id = 1";
static const char SQL_STORE[] =
	"INSERT INTO clock_watch(id, seen_us, jump_us, jumped_us, settles_us, jumps)"
	" VALUES (1, ?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET seen_us = excluded.seen_us,"
	" jump_us = excluded.jump_us, jumped_us = excluded.jumped_us,"
	" settles_us = excluded.settles_us, jumps = excluded.jumps, accepted_us ="
	" CASE WHEN excluded.jumped_us = jumped_us THEN accepted_us ELSE 0 END"
	" RETURNING accepted_us";
static const char SQL_ACCEPT[] = "UPDATE clock_watch SET accepted_us = ?1 WHERE id = 1";

static int64_t size_of(int64_t step_us)
{
	return step_us < 0 ? -step_us : step_us;
}

static enum clock_news settled(struct clock_watch *w)
{
	bool was = w->settles_us == 0;

	w->jump_us = 0;
	w->settles_us = 0;
	return was ? CLOCK_AS_BEFORE : CLOCK_SETTLED;
}

static void doubt(struct clock_watch *w, int64_t most_us, int64_t clock_us)
{
	int64_t until_us = clock_us + (most_us > CLOCK_LONG_US ? CLOCK_SETTLES_LONG_US :
				       CLOCK_SETTLES_US);
	int64_t longest_us = clock_us + CLOCK_SETTLES_LONG_US;

	w->jumped_us = clock_us;
	w->accepted_us = 0; /* was said of a clock of before, perhaps one that was ahead */
	/* An earlier doubt keeps its end, unless a clock in the future set it. */
	if (w->settles_us < until_us || w->settles_us > longest_us)
		w->settles_us = until_us;
}

static enum clock_news jumped(struct clock_watch *w, int64_t step_us, int64_t clock_us)
{
	int64_t most_us = size_of(step_us);

	w->jump_us += step_us;
	w->jumps++;
	if (size_of(w->jump_us) <= CLOCK_STEP_MOST_US) {
		w->jumped_us = clock_us;
		return settled(w); /* taken back */
	}
	if (size_of(w->jump_us) > most_us)
		most_us = size_of(w->jump_us);
	doubt(w, most_us, clock_us);
	return CLOCK_JUMPED;
}

/* No worker ran or was awake, so nobody saw the clock. A short such time is no reason to doubt. */
static enum clock_news unseen(struct clock_watch *w, int64_t passed_us, int64_t most_us,
			      int64_t clock_us)
{
	if (passed_us < -most_us || passed_us > CLOCK_PAUSE_MOST_US)
		return jumped(w, passed_us, clock_us);
	if (passed_us <= CLOCK_LOOK_MOST_US || passed_us <= most_us)
		return CLOCK_AS_BEFORE;
	doubt(w, passed_us, clock_us);
	return CLOCK_PAUSED;
}

enum clock_news clock_watch_look(struct clock_watch *w, int64_t clock_us, int64_t boot_us,
				 int64_t most_us)
{
	int64_t passed_us = clock_us - w->seen_us;
	int64_t step_us = w->boot_us ? passed_us - (boot_us - w->boot_us) : 0;
	bool never = w->seen_us == 0;
	enum clock_news news;

	w->seen_us = clock_us;
	w->boot_us = boot_us;
	if (never)
		return CLOCK_AS_BEFORE;
	if (size_of(step_us) > most_us)
		return jumped(w, step_us, clock_us);
	news = unseen(w, passed_us, most_us, clock_us);
	if (news == CLOCK_AS_BEFORE && w->settles_us &&
	    (clock_us >= w->settles_us || w->accepted_us >= w->jumped_us))
		return settled(w);
	return news;
}

int64_t clock_watch_age_base(const struct clock_watch *w, int64_t now_us)
{
	return w->seen_us && !w->settles_us ? now_us : 0;
}

int clock_watch_load(struct db *db, struct clock_watch *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LOAD, &s, e);

	*out = (struct clock_watch){ 0 };
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*out = (struct clock_watch){
			.seen_us = stmt_int(s, 0), .jump_us = stmt_int(s, 1),
			.jumped_us = stmt_int(s, 2), .settles_us = stmt_int(s, 3),
			.jumps = stmt_int(s, 4), .accepted_us = stmt_int(s, 5),
		};
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int clock_watch_sync_tx(struct db *db, struct clock_watch *w, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_STORE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, w->seen_us);
	stmt_bind_int(s, 2, w->jump_us);
	stmt_bind_int(s, 3, w->jumped_us);
	stmt_bind_int(s, 4, w->settles_us);
	stmt_bind_int(s, 5, w->jumps);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		w->accepted_us = stmt_int(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int clock_watch_accept_tx(struct db *db, int64_t clock_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ACCEPT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, clock_us);
	return stmt_run(s, e);
}
