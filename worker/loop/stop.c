#include "worker/loop/loop_internal.h"

#include "common/db/reserve.h"
#include "common/db/stop_mark.h"
#include "common/log.h"

#include <signal.h>

#define MARK_EVERY_US (200 * US_PER_MS)
#define RESERVE_EVERY_US (10 * US_PER_S)

static volatile sig_atomic_t asked;	/* SIGUSR1 came; ends also a wait for the database */

static void on_signal(int number)
{
	(void)number;
	asked = 1;
}

void worker_listen(void)
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&a.sa_mask);
	(void)sigaction(SIGUSR1, &a, NULL);
}

/* Takes an emergency stop from before this start, or one that a killed run had not stored. */
void worker_stop_begin(struct worker *w)
{
	const char *path = db_path(w->db);
	enum stop_mark before = stop_mark_get(path);
	struct err e = { 0 };

	db_set_hurry(w->db, &asked);
	w->marked = before != STOP_MARK_NONE;
	/* Filled while there is space, because later it can only be overwritten. */
	if (!w->marked && stop_mark_set(path, STOP_MARK_NONE, &e))
		log_warn("worker", NULL, "%s", e.msg);
	worker_reserve_look(w);
	worker_stop_look(w, worker_clock(w));
}

/* Tells the engine first, because the bots must stop whatever state the database is in. */
void worker_stop_look(struct worker *w, int64_t wall_us)
{
	int64_t mono_us = clock_mono_us();
	struct err e = { 0 };

	if (!asked && !w->marked && mono_us >= w->mark_due_us) {
		w->mark_due_us = mono_us + MARK_EVERY_US;
		w->marked = stop_mark_get(db_path(w->db)) == STOP_MARK_ASKED;
	}
	if (!asked && !w->marked)
		return;
	commands_stop_all(w->commands, w->db, asked ? "signal" : "stop file", clock_now_us(),
			  worker_time(w, wall_us));
	asked = 0;
	w->marked = false;
	w->stop_told = true;
	if (stop_mark_set(db_path(w->db), STOP_MARK_TOLD, &e))
		log_warn("worker", NULL, "a kill would lose the emergency stop until the database "
			 "takes writes: %s", e.msg);
}

void worker_stop_committed(struct worker *w)
{
	struct err e = { 0 };

	if (!w->stop_told)
		return;
	w->stop_told = false;
	if (stop_mark_set(db_path(w->db), STOP_MARK_NONE, &e))
		log_warn("worker", NULL, "the next start repeats this emergency stop: %s", e.msg);
}

bool worker_reserve_give(struct worker *w)
{
	if (!reserve_give(db_path(w->db)))
		return false;
	w->no_reserve = true;
	engine_disk_full(session_engine(w->session), true);
	log_error("worker", NULL, "the disk is full: the reserve of %lld MiB was given up, so that "
		  "what happens now can be stored. No entries until it is there again: free some "
		  "space", RESERVE_BYTES >> 20);
	return true;
}

void worker_reserve_look(struct worker *w)
{
	int64_t mono_us = clock_mono_us();
	struct err e = { 0 };
	int rc;

	if (w->reserve_due_us > mono_us)
		return;
	w->reserve_due_us = mono_us + RESERVE_EVERY_US;
	if (reserve_there(db_path(w->db)))
		return;
	rc = reserve_make(db_path(w->db), &e);
	engine_disk_full(session_engine(w->session), rc == ERR_FULL);
	if (rc) {
		if (!w->no_reserve)
			log_warn("worker", NULL, "%s", e.msg);
		w->no_reserve = true;
		return;
	}
	if (w->no_reserve || w->had_reserve)	/* also when a command gave it up */
		log_info("worker", NULL, "there is room again: the reserve for a full disk is "
			 "made");
	w->no_reserve = false;
	w->had_reserve = true;
}
