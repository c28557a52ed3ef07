/*
 * bots_internal.h - what the files of the bots share; nobody else includes it.
 *
 *	bots.c		which bots there are, with which settings and model
 *	bots_come_up.c	one bot comes up: its account, what it remembers, its open orders
 */
#ifndef WORKER_LOOP_BOTS_INTERNAL_H
#define WORKER_LOOP_BOTS_INTERNAL_H

#include "worker/loop/bots.h"

struct slot {
	int64_t bot_id;
	int64_t version;		/* of the config that was tried last */
	int64_t model_id;		/* that was tried last */
	int64_t model_used;		/* that the engine has, 0 none */
	bool loading;			/* model_id is on its way */
	bool running;			/* the engine has it */
	bool refused;			/* the newest config waits for the bot to be flat */
	bool denied;			/* the newest config waits for a reset of the account */
	bool again;			/* there was one */
	bool wished;			/* seen in this refresh */
	char failure[256];
	struct bot_config config;	/* in use */
	struct bot_secrets secrets;	/* of it */
	struct bot_config wanted;	/* the newest that could be read */
};

struct bots {
	struct bots_args args;
	size_t n;
	struct slot *slots;		/* by id, ascending */
	int64_t *ids;
	size_t waiting;			/* slots whose model loads or whose config was refused */
	bool started;			/* open orders of before are in the engine */
};

/* ---- bots_come_up.c ---- */

/* The row of a bot that is not in the engine, with the reason (slot.failure). */
void bots_report_absent(struct bots *r, struct db *db, struct slot *s, enum emergency asked,
			int64_t now_us);
/* It can't come up, because: logged and reported. */
void bots_failed(struct bots *r, struct db *db, struct slot *s, const char *why, int64_t now_us);
/* Market data and account for these settings. */
MUST_CHECK int bots_other_markets(struct bots *r, const struct bot_config *c, struct err *e);
MUST_CHECK int bots_prepare(struct bots *r, int64_t bot_id, const struct bot_config *c,
			    int64_t now_us, struct err *e);
/* Into the engine, with what the database remembers of it. On failure it stays out. */
MUST_CHECK int bots_come_up(struct bots *r, struct db *db, struct slot *s, struct bot_config *c,
			    int64_t now_us, struct err *e);
/* The newest settings can't be used: come up with the newest that could. */
void bots_fall_back(struct bots *r, struct db *db, struct slot *s, int64_t now_us);

#endif
