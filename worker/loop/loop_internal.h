/*
 * loop_internal.h - what the files of the worker's process share; nobody else includes it. The
 * files in the order in which a run uses them:
 *
 *	worker.c		a run: start, loop, end
 *	lock.c			makes sure that this is the only worker (lock.h)
 *	start.c			opens everything and restores the state of the last run
 *	warm_up.c		fills the windows with stored candles
 *	turn.c			one turn, and the events that wake it
 *	commit.c		writes the rows of a turn in one transaction
 *	guard.c			checks that the database is still there, and ours
 *	heartbeat.c		the heartbeat
 *	database_file.c		the state of the database's file: checkpoints, damage
 *	stop.c			emergency stop and disk space when the database takes no writes
 *	ages.c			decides whether the clock may be used to count ages
 */
#ifndef WORKER_LOOP_LOOP_INTERNAL_H
#define WORKER_LOOP_LOOP_INTERNAL_H

#include "common/clock.h"
#include "common/crypto.h"
#include "common/db/checkpoint.h"
#include "common/db/db.h"
#include "common/db/watch.h"
#include "common/registry/commands.h"
#include "common/registry/logs.h"
#include "common/registry/machine.h"
#include "common/supervisor.h"
#include "worker/backup/schedule.h"
#include "worker/job/runner.h"
#include "worker/loop/bots.h"
#include "worker/loop/clock_drift.h"
#include "worker/loop/commands.h"
#include "worker/loop/feed_choice.h"
#include "worker/loop/lock.h"
#include "worker/loop/turn_times.h"
#include "worker/loop/worker.h"
#include "worker/notify/notifier.h"
#include "worker/report/fanout.h"
#include "worker/session/predictors.h"
#include "worker/session/session.h"
#include "worker/store/clock_watch.h"
#include "worker/store/outbox.h"

#define WORKER_TICK_US INT64_C(50000)	/* the longest wait between two turns */
#define TURN_ROWS 200			/* to write, that end a turn's market data: a ms or two */

struct event;
struct event_base;

struct worker {
	const struct config *config;
	int64_t only_bot;		/* 0: all */
	struct db *db;
	struct checkpoint *checkpoint;
	struct master_key key;
	struct worker_lock *lock;
	struct feed_choice *feed;
	struct store_logs *logs;
	struct outbox *outbox;
	struct fanout fanout;
	struct session *session;
	struct venue *paper;		/* the simulation in it; the session's */
	struct predictors *predictors;
	struct bots *bots;
	struct commands *commands;
	struct runner *runner;
	struct notifier *notifier;
	struct schedule schedule;	/* of backups */
	struct schedule scrubs;		/* looks at every page */
	struct machine_file file;	/* how the database's file is */
	struct watch *watch;		/* NULL: the system has none left; each tick looks */
	struct event_base *base;
	struct event *turn_event, *watch_event, *term_event, *int_event, *hup_event;
	struct heartbeat beat;
	struct supervisor supervisor;
	struct loop_times times;
	int64_t data_version;
	int64_t beat_due_us;
	struct clock_steady clock;	/* what the loop calls wall clock; deadlines need one */
	bool clock_told;		/* that the machine's clock was set back */
	struct drift drift;		/* of the market data since the last beat */
	struct clock_watch clock_watch;	/* the machine's clock: may it delete? */
	struct clock_watch recorded_watch;	/* the same of a recording's time, at "max" */
	int64_t committed_us;
	bool db_changed;		/* somebody else wrote: look at commands and configs */
	bool marked;			/* the stop file asks for an emergency stop */
	bool stop_told;			/* one without the database is not committed yet */
	bool no_reserve;		/* it was told that there is no room for it */
	bool had_reserve;		/* there was one */
	int64_t mark_due_us, reserve_due_us;	/* monotonic: to look again */
	bool commit_failed;		/* the newest commit did not go through */
	bool feed_ended;
	int64_t odd_trades;		/* late, repeated and missing ones that were told */
	int64_t acts_from_us;		/* events of before only warm up; 0 a replay at "max" */
	int64_t behind_us;		/* the feeds catch up: the engine's time is theirs */
	bool ending;			/* only messages go on */
	bool beaten;			/* our heartbeat is in the database */
	struct err lost;		/* why the database is ours no more; code 0: it is */
	int64_t look_us;		/* monotonic: not before this at the file again */
	struct feed_position position;
	size_t markets;			/* written into table markets; 0 none */
	uint64_t events_seen;
};

/* start.c */
/*
 * Restores the bots, open orders, the paper venue and the feed; after it the loop can run. On
 * failure worker_run closes what was opened.
 */
MUST_CHECK int worker_start(struct worker *w, const struct worker_args *a, struct err *e);

/* warm_up.c */
/*
 * Fills the windows with candles of the last run, if no candle is missing up to now or the
 * missing ones can be made; else logs why not. Call it before the feed is opened.
 */
MUST_CHECK int worker_warm(struct worker *w, int64_t now_us, struct err *e);

/* turn.c */
/* Now, by a steady clock (clock.h), because no deadline may wait when the clock is set back. */
int64_t worker_clock(struct worker *w);
/*
 * The engine's now: the clock, or the recording's time for a replay at "max". While the feeds
 * are behind the clock it is their time, because the engine must not run ahead of them.
 */
int64_t worker_time(const struct worker *w, int64_t wall_us);
/* Sets the notifier's routes from the settings of the bots that run now. */
MUST_CHECK int worker_refresh_notifier(struct worker *w, struct err *e);
/* Reads what others wrote into the database: commands, configs, models, jobs. */
void worker_look(struct worker *w, int64_t wall_us);
void worker_schedule(struct worker *w, int64_t in_us);	/* the next turn */
MUST_CHECK int worker_loop_open(struct worker *w, struct err *e);
void worker_loop_run(struct worker *w);		/* until a signal; when ending: one wake-up */
void worker_loop_close(struct worker *w);

/* stop.c */
/* Carries out an emergency stop that waited; makes the reserve; from now on SIGUSR1 ends waits. */
void worker_stop_begin(struct worker *w);
/* Stops every bot after SIGUSR1 or a stop file (stop_mark.h). Cheap: call it in each turn. */
void worker_stop_look(struct worker *w, int64_t wall_us);
void worker_stop_committed(struct worker *w);
/* Removes the reserve (common/db/reserve.h). False: there is none. */
bool worker_reserve_give(struct worker *w);
void worker_reserve_look(struct worker *w);	/* make it again when there is room */

/* commit.c */
/*
 * Commits everything since the last commit, or nothing; after a failure the rows stay and are
 * tried again. force: writes a heartbeat even when there is nothing else to write.
 */
void worker_commit(struct worker *w, int64_t wall_us, bool force);

/* database_file.c */
void worker_file_look(struct worker *w);	/* with each beat; what changes is told */
/* Takes the result of a job that checked the pages: a check, or a backup, which checks its copy. */
void worker_file_checked(struct worker *w, const struct job_row *row);

/* ages.c */
void worker_ages_look(struct worker *w);	/* with each beat; a jump is told */
/* The times from which ages count, for rows dated by the clock and by the engine; 0: in doubt. */
int64_t worker_ages_clock(const struct worker *w, int64_t wall_us);
int64_t worker_ages_engine(const struct worker *w, int64_t wall_us);

/* guard.c */
/*
 * Writes our boot_id into the heartbeat's row. From now on each transaction of w->db fails if
 * another id is there: w->lost says why, and the loop ends.
 */
MUST_CHECK int worker_claim(struct worker *w, struct err *e);
/*
 * True when the database is not ours any more: nothing may be sent or written then, and the
 * loop ends. Checks the files a few times per second.
 */
bool worker_lost(struct worker *w);

/* heartbeat.c */
void worker_beat_begin(struct worker *w);
void worker_beat_fill(struct worker *w, int64_t wall_us);	/* as it is now */
void worker_beat_end(struct worker *w);		/* we end on purpose */
void worker_feed_failed(struct worker *w, const struct err *e);	/* said once */
/* A feed that had failed gives data again: sets the state of all feeds. */
void worker_feed_back(struct worker *w, int64_t wall_us);

#endif
