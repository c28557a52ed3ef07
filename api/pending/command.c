#include "api/pending/command.h"

#include "api/app_db.h"
#include "api/http/reply.h"
#include "api/pending/batch.h"
#include "api/pending/command_reply.h"
#include "api/pending/idempotency.h"
#include "api/pending/wait.h"
#include "api/store/counts.h"
#include "common/clock.h"
#include "common/db/stop_signal.h"
#include "common/log.h"
#include "common/registry/heartbeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUED_WITHOUT_WORKER \
	"queued: the worker is not running; the emergency stop is the first thing it does " \
	"when it starts. Until then nothing watches your positions"

/* How long the command is valid: never shorter than the time that its caller waits. */
static int64_t lasts_us(const struct config *cfg)
{
	const int64_t wait_us = cfg->command_wait_ms * US_PER_MS;

	return wait_us > COMMAND_EXPIRES_US ? wait_us : COMMAND_EXPIRES_US;
}

static void fill(const struct request *r, struct command *c, const char *kind, int64_t bot_id,
		 const char *args)
{
	snprintf(c->kind, sizeof(c->kind), "%s", kind);
	snprintf(c->args, sizeof(c->args), "%s", args);
	snprintf(c->requested_by, sizeof(c->requested_by), "%s", r->who.name);
	snprintf(c->correlation_id, sizeof(c->correlation_id), "%s", r->correlation_id);
	c->bot_id = bot_id;
	c->created_us = clock_now_us();
	if (strcmp(kind, "emergency-stop") != 0)
		c->expires_us = c->created_us + lasts_us(r->app->cfg);
}

/* It is queued (rc 0): answers, or waits for the worker's answer. */
static int after_queue(struct request *r, const struct command *c, struct err *e)
{
	struct worker_look w;

	if (!idempotency_replayed(r) && !c->expires_us &&
	    heartbeat_look(r->app->database->db, clock_now_us(), &w, NULL) == 0 &&
	    w.state != WORKER_RUNNING) {
		command_accepted(r, c->id, QUEUED_WITHOUT_WORKER);
		return 0;
	}
	return wait_for_command(r, c->id, e);
}

/* ---- an emergency stop that the database does not take ---- */

/* Is the database at fault, and not the command? */
static bool database_fails(int rc)
{
	return rc == ERR_BUSY || rc == ERR_FULL || rc == ERR_READONLY || rc == ERR_IO ||
	       rc == ERR_CORRUPT;
}

/* Is the command for all bots? Without the database the worker can only be told to stop all. */
static bool means_all(struct request *r, const struct command *c)
{
	struct store_counts counts;

	if (c->bot_id == 0)
		return true;
	return r->db && store_counts_get(r->db, &counts, NULL) == 0 && counts.bots == 1;
}

static int stop_without_database(struct request *r, const struct command *c, int rc,
				 const struct err *why, struct err *e)
{
	char *path = realpath(r->app->cfg->db_path, NULL);	/* as the worker calls it */
	const char *name = path ? path : r->app->cfg->db_path;
	struct stop_signal s;
	char text[600];
	bool ok;

	if (!means_all(r, c)) {
		free(path);
		return err_set(e, rc, "%s. No bot was told: POST /api/v1/bots/emergency-stop stops "
			       "all bots, and needs no database", why->msg);
	}
	stop_signal_ask(name, &s);
	ok = stop_signal_text(&s, name, STOP_ASKED, text, sizeof(text)) || s.sent;
	log_error("command", r->correlation_id,
		  "emergency stop by %s without the database (%s): %s", r->who.name, why->msg,
		  text);
	free(path);
	if (!ok)
		return err_set(e, rc, "%s; %s", why->msg, text);
	r->code = 202;
	command_told(r, 0, text, "queued");
	return 0;
}

static void on_queued(struct request *r, const struct command *c, int rc, struct err *e)
{
	struct err why = *e;

	if (rc == ERR_UNAVAILABLE) {
		request_add_header(r, "Retry-After", "5");
		rc = request_error(r, e, 503, "worker_unavailable", "%s", why.msg);
	} else if (!rc) {
		rc = after_queue(r, c, e);
	} else if (!c->expires_us && database_fails(rc)) {
		rc = stop_without_database(r, c, rc, &why, e);
	}
	if (!r->parked)
		reply_send(r, rc, e);
}

int command_send(struct request *r, const char *kind, int64_t bot_id, const char *args,
		 struct err *e)
{
	(void)e;
	fill(r, batch_add(r, on_queued), kind, bot_id, args);
	return 0;
}
