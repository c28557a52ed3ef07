/*
 * commands.h - carries out the rows of table commands: reads queued rows, calls the engine,
 * writes answers.
 *
 * Effects and answers are committed in the same transaction of the loop, so a
 * command is either done and answered or still queued.
 */
#ifndef WORKER_LOOP_COMMANDS_H
#define WORKER_LOOP_COMMANDS_H

#include "common/db/db.h"
#include "worker/loop/bots.h"
#include "worker/session/session.h"
#include "worker/store/worker.h"

struct commands;

/*
 * only_bot: commands for other bots stay queued for a worker that runs them, and those for all
 * are queued for them anew; 0: all bots.
 */
struct commands *commands_new(struct session *session, struct bots *bots,
			      enum trading_mode mode, int64_t only_bot);
void commands_free(struct commands *c);
/* fn gets each answer before it is written. */
typedef void command_answered(void *ctx, const struct command *c, const struct command_answer *a);
void commands_on_answer(struct commands *c, command_answered *fn, void *ctx);

/*
 * Carries out the queued commands, emergency stops first. Refuses a start or resume that is
 * older than an emergency stop. A start whose model is being loaded stays queued for a few
 * seconds. engine_us: the engine's time.
 */
MUST_CHECK int commands_run(struct commands *c, struct db *db, int64_t wall_us, int64_t engine_us,
			    struct err *e);
/*
 * An emergency stop of all bots that came without the database (SIGUSR1, the stop file):
 * carries it out now; its row in table commands is written with the answers. Until then no
 * start or resume is carried out.
 */
void commands_stop_all(struct commands *c, struct db *db, const char *by, int64_t wall_us,
		       int64_t engine_us);
/* Writes the answers of commands_run, in the same transaction as their effects. */
MUST_CHECK int commands_write_tx(struct commands *c, struct db *db, struct err *e);
bool commands_pending(const struct commands *c);	/* answers wait to be written */
void commands_clear(struct commands *c);		/* after the commit */
/* The last run took as many commands as one run can: run again after the commit. */
bool commands_more(const struct commands *c);

#endif
