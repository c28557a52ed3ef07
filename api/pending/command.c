#include "api/pending/command.h"

#include "api/http/reply.h"
#include "api/pending/batch.h"
#include "api/pending/wait.h"
#include "api/store/rows.h"
#include "api/store/status.h"
#include "common/clock.h"
#include "common/db/stop_signal.h"
#include "common/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUED_WITHOUT_WORKER \
	"queued: the worker is not running; the emergency stop is the first thing it does " \
	"when it starts. Until then nothing watches your positions"

bool command_answered(const struct command *c)
{
	return strcmp(c->status, "queued") != 0;
}

/* result.status in lower case; "" when the worker gave none. */
static void result_status(const struct command *c, char out[16])
{
	cJSON *o = NULL;
	const cJSON *v;
	size_t i = 0;

	out[0] = '\0';
	if (json_read(c->result, strlen(c->result), &o, NULL))
		return;
	v = cJSON_GetObjectItemCaseSensitive(o, "status");
	if (cJSON_IsString(v)) {
		for (; i < 15 && v->valuestring[i]; i++)
			out[i] = (char)tolower((unsigned char)v->valuestring[i]);
		out[i] = '\0';
	}
	cJSON_Delete(o);
}

/* id 0: the database took no command. */
static void answer_members(struct request *r, int64_t id, const char *message, const char *status)
{
	struct json *j = &r->json;

	json_bool(j, "success", true);
	json_string(j, "message", message);
	json_string(j, "status", status);
	json_time(j, "timestamp", clock_now_us());
	if (id)
		json_int(j, "command_id", id);
	json_string(j, "correlation_id", r->correlation_id);
}

int command_answer(struct request *r, const struct command *c, struct err *e)
{
	char status[16];

	result_status(c, status);
	r->command_id = c->id;
	if (!strcmp(c->status, "done")) {
		answer_members(r, c->id, c->message, status[0] ? status : NULL);
		raw_json(&r->json, "result", c->result);
		return 0;
	}
	if (!strcmp(c->status, "expired")) {
		request_add_header(r, "Retry-After", "5");
		return request_error(r, e, 503, "command_expired",
				     "the worker did not take up command %lld in time; nothing was "
				     "done",
				     (long long)c->id);
	}
	snprintf(r->error_status, sizeof(r->error_status), "%s", status);
	if (!strcmp(c->code, "conflict"))
		return request_error(r, e, 409, "conflict", "%s", c->message);
	if (!strcmp(c->code, "not_found"))
		return request_error(r, e, 404, "not_found", "%s", c->message);
	if (!strcmp(c->code, "invalid"))
		return request_error(r, e, 422, "invalid", "%s", c->message);
	return request_error(r, e, 503, c->code[0] ? c->code : "failed", "%s", c->message);
}

static void accepted(struct request *r, int64_t id, const char *message)
{
	char link[64];

	snprintf(link, sizeof(link), "/api/v1/commands/%lld", (long long)id);
	request_add_header(r, "Location", link);
	r->code = 202;
	answer_members(r, id, message, "queued");
	json_string(&r->json, "link", link);
}

void command_accepted(struct request *r, int64_t id)
{
	accepted(r, id, "queued; the worker has not answered yet");
}

void command_members(struct json *j, const struct command *c)
{
	json_int(j, "id", c->id);
	json_string(j, "kind", c->kind);
	if (c->bot_id)
		json_int(j, "bot_id", c->bot_id);
	else
		json_null(j, "bot_id");
	raw_json(j, "args", c->args);
	json_string(j, "requested_by", c->requested_by);
	json_string(j, "correlation_id", c->correlation_id);
	json_time(j, "created", c->created_us);
	json_time(j, "expires", c->expires_us);
	json_string(j, "status", c->status);
	json_string(j, "code", c->code[0] ? c->code : NULL);
	json_string(j, "message", c->message);
	raw_json(j, "result", c->result);
	json_time(j, "answered", c->answered_us);
}

/* How long the command is valid: never shorter than the time that its caller waits. */
static int64_t lasts_us(const struct config *cfg)
{
	const int64_t wait_us = cfg->command_wait_ms * US_PER_MS;

	return wait_us > COMMAND_EXPIRES_US ? wait_us : COMMAND_EXPIRES_US;
}

/* Only printable ASCII and blanks, which a header's value may consist of? */
static bool is_visible(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return !*text;
}

/* "" without one. */
static int read_key(struct request *r, const char **key, struct err *e)
{
	const size_t room = sizeof(((struct command *)NULL)->idempotency_key);

	*key = request_header(r, "Idempotency-Key");
	if (*key && (!**key || strlen(*key) >= room || !is_visible(*key)))
		return request_error(r, e, 400, "bad_header",
				     "Idempotency-Key must have 1 to %zu characters of ASCII",
				     room - 1);
	if (!*key)
		*key = "";
	return 0;
}

static void fill(const struct request *r, struct command *c, const char *kind, int64_t bot_id,
		 const char *args, const char *key)
{
	snprintf(c->kind, sizeof(c->kind), "%s", kind);
	snprintf(c->args, sizeof(c->args), "%s", args);
	snprintf(c->requested_by, sizeof(c->requested_by), "%s", r->who.name);
	snprintf(c->correlation_id, sizeof(c->correlation_id), "%s", r->correlation_id);
	snprintf(c->idempotency_key, sizeof(c->idempotency_key), "%s", key);
	c->bot_id = bot_id;
	c->created_us = clock_now_us();
	if (strcmp(kind, "emergency-stop") != 0)
		c->expires_us = c->created_us + lasts_us(r->app->cfg);
}

/* It is queued (rc 0): answers, or waits for the worker's answer. */
static int after_queue(struct request *r, const struct command *c, struct err *e)
{
	struct heartbeat h;
	int rc;

	if (!c->expires_us) {
		rc = store_heartbeat_get(r->app->db, &h, e);
		if (rc == ERR_NOT_FOUND || (rc == 0 && !heartbeat_alive(&h, clock_now_us()))) {
			accepted(r, c->id, QUEUED_WITHOUT_WORKER);
			return 0;
		}
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
	return r->app->db && store_counts_get(r->app->db, &counts, NULL) == 0 && counts.bots == 1;
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
	answer_members(r, 0, text, "queued");
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
	const char *key;
	int rc = read_key(r, &key, e);

	if (!rc)
		fill(r, batch_add(r, on_queued), kind, bot_id, args, key);
	return rc;
}
