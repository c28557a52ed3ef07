/*
 * notifier.h - sends messages to people and programs, and takes commands from people: Telegram
 * and the webhook.
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

/* ERR_INVALID: WEBHOOK_EVENTS holds a word that is no kind of message. */
MUST_CHECK int notifier_new(const struct notifier_args *a, struct notifier **out, struct err *e);
void notifier_free(struct notifier *n);
struct reporter notifier_reporter(struct notifier *n);

/* The loop runs: sends messages from now on. */
MUST_CHECK int notifier_open(struct notifier *n, struct event_base *base, struct err *e);
/* The database may have changed: start over, add each running bot, then look for messages. */
void notifier_begin(struct notifier *n);
void notifier_bot(struct notifier *n, int64_t bot_id, const struct bot_config *c,
		  const struct bot_secrets *secrets);
MUST_CHECK int notifier_look(struct notifier *n, struct db *db, struct err *e);

/* A message of the worker itself; text's first line is the headline. */
void notifier_tell(struct notifier *n, enum notify_kind kind, const char *text);
/* From now on chat commands are ignored; messages that wait are still delivered. */
void notifier_hush(struct notifier *n);
/* The feed's state, each time it was read; a change becomes a message. */
void notifier_feed(struct notifier *n, const char *state, const char *message);

/* An answer to a command, before the transaction that it is written in. */
void notifier_answered(struct notifier *n, const struct command *c,
		       const struct command_answer *answer);

/* *next_us: when to call again (monotonic). */
MUST_CHECK int notifier_turn(struct notifier *n, struct db *db, int64_t wall_us, int64_t mono_us,
			     int64_t *next_us, struct err *e);
bool notifier_pending(const struct notifier *n);	/* rows wait to be written */
/* ages_us: the time that ages count from; 0 while the clock is in doubt: nothing is deleted. */
MUST_CHECK int notifier_write_tx(struct notifier *n, struct db *db, int64_t wall_us,
				 int64_t ages_us, struct err *e);
/* Call it after the commit. True: it queued commands, which the loop should look at. */
bool notifier_clear(struct notifier *n);
/* Is everything delivered that can be delivered now? */
bool notifier_idle(const struct notifier *n);

#endif
