/*
 * notifier.h - all that tells people and programs outside, and hears them: Telegram and
 * the webhook.
 *
 *	engine reports --> rows of notifications --commit--> delivery --> Telegram, webhook
 *	                   in the event's transaction
 *	chat --> poll --> chat --> replies (rows), rows of table commands --commit--> the loop
 *
 * The worker's loop calls it like its other parts: turn, then write_tx within the one
 * transaction, then clear.
 */
#ifndef WORKER_NOTIFY_NOTIFIER_H
#define WORKER_NOTIFY_NOTIFIER_H

#include "common/config.h"
#include "common/db/db.h"
#include "common/registry/bot_secrets.h"
#include "common/registry/commands.h"
#include "worker/report/notify_report.h"
#include "worker/store/worker.h"

struct event_base;
struct notifier;

struct notifier_args {
	const struct config *config;	/* borrowed for good */
	void (*wake)(void *ctx);	/* something came from outside: take a turn */
	void *ctx;
};

/* Errors: WEBHOOK_EVENTS names a kind that is none. */
MUST_CHECK int notifier_new(const struct notifier_args *a, struct notifier **out, struct err *e);
void notifier_free(struct notifier *n);
struct reporter notifier_reporter(struct notifier *n);

/* The loop runs: messages go out from now on. */
MUST_CHECK int notifier_open(struct notifier *n, struct event_base *base, struct err *e);
/* The database may have changed: begin anew, then each bot that runs, then messages that wait. */
void notifier_begin(struct notifier *n);
void notifier_bot(struct notifier *n, int64_t bot_id, const struct bot_config *c,
		  const struct bot_secrets *secrets);
MUST_CHECK int notifier_look(struct notifier *n, struct db *db, struct err *e);

/* What the worker itself has to say; text's first line is the headline. */
void notifier_tell(struct notifier *n, enum notify_kind kind, const char *text);
/* From now on nobody is heard; what waits is still delivered. */
void notifier_hush(struct notifier *n);
/* The feed's state, each time it was looked at: a change is told. */
void notifier_feed(struct notifier *n, const char *state, const char *message);

/* An answer to a command, before the transaction that it is written in. */
void notifier_answered(struct notifier *n, const struct command *c,
		       const struct command_answer *answer);

/* *next_us: when to be asked again (monotonic). */
MUST_CHECK int notifier_turn(struct notifier *n, struct db *db, int64_t wall_us, int64_t mono_us,
			     int64_t *next_us, struct err *e);
bool notifier_pending(const struct notifier *n);	/* rows wait to be written */
/* ages_us: what ages of messages count from; 0 in doubt, then no old ones go. */
MUST_CHECK int notifier_write_tx(struct notifier *n, struct db *db, int64_t wall_us,
				 int64_t ages_us, struct err *e);
/* After the commit. True: it has queued commands, which should be looked at. */
bool notifier_clear(struct notifier *n);
/* Everything that can be delivered now is. */
bool notifier_idle(const struct notifier *n);

#endif
