#include "worker/loop/commands.h"

#include "common/json.h"
#include "common/log.h"
#include "common/registry/bot_answers.h"
#include "worker/store/worker.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 64
#define MODEL_WAIT_US INT64_C(8000000)	/* that a start waits for its model: who asked waits 10 s */
#define BOTS_ROOM (COMMAND_RESULT_MAX - 1024)	/* of a result, for the answers of single bots */

struct commands {
	struct session *session;
	struct bots *bots;
	enum trading_mode mode;
	int64_t only_bot;		/* 0: all */
	bool more;
	command_answered *answered;	/* NULL: nobody */
	void *answered_ctx;
	size_t n;
	struct command_answer answers[AT_ONCE];
	struct waiting {		/* a start whose model is being loaded */
		int64_t id, since_us;
	} waiting[AT_ONCE];
	size_t waiting_n;
	bool stopped;			/* an emergency stop that is no row yet */
	struct command stop;
	struct command_answer stop_answer;
};

struct commands *commands_new(struct session *session, struct bots *bots,
			      enum trading_mode mode, int64_t only_bot)
{
	struct commands *c = xcalloc(1, sizeof(*c));

	c->session = session;
	c->bots = bots;
	c->mode = mode;
	c->only_bot = only_bot;
	return c;
}

void commands_free(struct commands *c)
{
	free(c);
}

void commands_on_answer(struct commands *c, command_answered *fn, void *ctx)
{
	c->answered = fn;
	c->answered_ctx = ctx;
}

/* ---- arguments ---- */

struct args {
	bool close_positions;		/* positions: "close" */
	bool force;
	int64_t order_id;
};

static int read_member(const cJSON *m, struct args *a, struct err *e)
{
	if (strcmp(m->string, "positions") == 0 && cJSON_IsString(m)) {
		a->close_positions = strcmp(m->valuestring, "close") == 0;
		if (a->close_positions || strcmp(m->valuestring, "keep") == 0)
			return 0;
		return err_set(e, ERR_INVALID, "positions is \"%.40s\"; it takes keep or close",
			       m->valuestring);
	}
	if (strcmp(m->string, "force") == 0 && cJSON_IsBool(m)) {
		a->force = cJSON_IsTrue(m);
		return 0;
	}
	if (strcmp(m->string, "order_id") == 0 && cJSON_IsNumber(m) && m->valuedouble >= 1 &&
	    m->valuedouble < 9e15) {
		a->order_id = (int64_t)m->valuedouble;
		return 0;
	}
	return err_set(e, ERR_INVALID,
		       "args: \"%.40s\" is unknown or of the wrong type; known are "
		       "positions (keep, close), force (true, false), order_id (number)",
		       m->string);
}

static int read_args(const char *text, struct args *a, struct err *e)
{
	cJSON *root = NULL;
	const cJSON *m;
	int rc = json_read(text, strlen(text), &root, e);

	memset(a, 0, sizeof(*a));
	if (rc)
		return rc;
	if (!cJSON_IsObject(root))
		rc = err_set(e, ERR_INVALID, "args must be a JSON object");
	for (m = root->child; rc == 0 && m; m = m->next)
		rc = read_member(m, a, e);
	cJSON_Delete(root);
	return rc;
}

/* ---- one command on one bot ---- */

struct outcome {			/* sums up over the bots of one command */
	int rc;
	enum bot_status status;
	bool differ;			/* the bots have not all the same status */
	char message[512];
	int64_t positions, pending, closing;
	struct buf bots;		/* of a command for all: the answer of each, JSON */
	int64_t more;			/* bots for whom that had no room */
};

static int transition(struct commands *c, struct db *db, const struct command *cmd,
		      enum bot_event event, const struct args *a, int64_t bot_id, int64_t now_us,
		      struct outcome *out, struct err *e)
{
	struct engine_command ec = {
		.event = event, .close_positions = a->close_positions,
		.requested_by = cmd->requested_by, .correlation_id = cmd->correlation_id,
	};
	struct engine_answer answer;
	bool stopped_since = false;
	int rc = 0;

	if (event == EVENT_START || event == EVENT_RESUME)
		rc = store_emergency_after(db, cmd->id, bot_id, &stopped_since, e);
	if (rc)
		return rc;
	if (stopped_since || ((event == EVENT_START || event == EVENT_RESUME) && c->stopped))
		return err_set(e, ERR_CONFLICT, "an emergency stop of bot %lld was asked for after "
			       "this %s: it is not carried out; send it again",
			       (long long)bot_id, cmd->kind);
	if (event == EVENT_START && bots_failure(c->bots, bot_id))
		return err_set(e, ERR_CONFLICT, "%s", bots_failure(c->bots, bot_id));
	if (event == EVENT_START && bots_loads(c->bots, bot_id))
		return err_set(e, ERR_BUSY, "the model of bot %lld is still being loaded: send the "
			       "start again", (long long)bot_id);
	rc = engine_bot_command(session_engine(c->session), bot_id, &ec, now_us, &answer, e);
	if (rc != ERR_NOT_FOUND)
		out->status = answer.status;
	if (rc)
		return rc;
	if (event == EVENT_START && answer.status == BOT_ERROR)
		return err_set(e, ERR_CONFLICT, "%s", answer.message);
	snprintf(out->message, sizeof(out->message), "%s", answer.message);
	out->positions += answer.positions;
	out->pending += answer.pending;
	return 0;
}

static int close_orders(struct commands *c, const struct command *cmd, const struct args *a,
			int64_t bot_id, int64_t now_us, struct outcome *out, struct err *e)
{
	int64_t closing = 0;
	int rc = engine_close(session_engine(c->session), bot_id, a->order_id, cmd->correlation_id,
			      now_us, &closing, e);

	if (rc)
		return rc;
	out->closing += closing;
	snprintf(out->message, sizeof(out->message), "%lld orders are being closed at market",
		 (long long)out->closing);
	return 0;
}

static int reset(struct commands *c, const struct args *a, int64_t bot_id, int64_t now_us,
		 struct outcome *out, struct err *e)
{
	struct engine *engine = session_engine(c->session);
	const struct bot_config *config = bots_wanted(c->bots, bot_id);
	int rc;

	if (c->mode != MODE_SIMULATION)
		return err_set(e, ERR_CONFLICT, "there is no simulation to reset in live mode");
	if (!config)
		return err_set(e, ERR_CONFLICT, "bot %lld does not run: %s", (long long)bot_id,
			       bots_failure(c->bots, bot_id));
	if (!a->force && engine_bot_status(engine, bot_id) != BOT_STOPPED)
		return err_set(
			e, ERR_CONFLICT, "bot %lld is %s: stop it first, or reset with force",
			(long long)bot_id, bot_status_name(engine_bot_status(engine, bot_id)));
	rc = session_account_reset(c->session, bot_id, config, a->force, now_us, e);
	if (rc)
		return rc;
	bots_account_reset(c->bots, bot_id);
	snprintf(out->message, sizeof(out->message), "Simulation reset to its initial capital");
	return 0;
}

static bool event_of(const char *kind, enum bot_event *out)
{
	for (int i = EVENT_START; i <= EVENT_EMERGENCY_STOP; i++) {
		if (strcmp(kind, bot_event_name((enum bot_event)i)) == 0) {
			*out = (enum bot_event)i;
			return true;
		}
	}
	return false;
}

/* The bot may have open orders in the database; it closes them when it comes up. */
static int latch(struct commands *c, struct db *db, const struct command *cmd, int64_t bot_id,
		 int64_t now_us, struct outcome *out, struct err *e)
{
	int rc = bots_latch(c->bots, db, bot_id, cmd->requested_by, cmd->correlation_id,
			      now_us, e);

	if (rc)
		return rc;
	out->status = BOT_STOPPED;
	snprintf(out->message, sizeof(out->message), "Emergency stop in force; the bot does not "
		 "run: %.300s", bots_failure(c->bots, bot_id));
	return 0;
}

static int on_bot(struct commands *c, struct db *db, const struct command *cmd,
		  const struct args *a, int64_t bot_id, int64_t now_us, struct outcome *out,
		  struct err *e)
{
	enum bot_event event;

	out->status = engine_bot_status(session_engine(c->session), bot_id);
	if (!bots_has(c->bots, bot_id))
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	if (event_of(cmd->kind, &event)) {
		if (event == EVENT_EMERGENCY_STOP && bots_failure(c->bots, bot_id))
			return latch(c, db, cmd, bot_id, now_us, out, e);
		if (event != EVENT_START && bots_failure(c->bots, bot_id)) {
			out->status = BOT_ERROR;
			return err_set(e, ERR_CONFLICT, "bot %lld does not run: %s",
				       (long long)bot_id, bots_failure(c->bots, bot_id));
		}
		return transition(c, db, cmd, event, a, bot_id, now_us, out, e);
	}
	if (strcmp(cmd->kind, "close-position") == 0 && !a->order_id)
		return err_set(e, ERR_INVALID, "close-position needs args {\"order_id\": number}");
	if (strcmp(cmd->kind, "close-position") == 0 || strcmp(cmd->kind, "close-all") == 0)
		return close_orders(c, cmd, a, bot_id, now_us, out, e);
	return reset(c, a, bot_id, now_us, out, e);
}

/* Puts the bot into the error's text, because people command several bots at once. */
static int on_named_bot(struct commands *c, struct db *db, const struct command *cmd,
			const struct args *a, int64_t bot_id, int64_t now_us, struct outcome *out,
			struct err *e)
{
	char name[40];
	int rc = on_bot(c, db, cmd, a, bot_id, now_us, out, e);

	snprintf(name, sizeof(name), "bot %lld", (long long)bot_id);
	if (rc && e && !strstr(e->msg, name))
		err_prefix(e, "%s", name);
	return rc;
}

static void add_bot(struct outcome *out, int64_t bot_id, bool done, const char *message)
{
	struct json j = { .out = &out->bots };
	struct bot_answer a = { .bot_id = bot_id, .done = done, .message = message };

	if (out->bots.len > BOTS_ROOM) {
		out->more++;
		return;
	}
	if (out->bots.len)
		buf_putc(&out->bots, ',');
	bot_answers_add(&j, &a);
}

/* A command for all bots goes on after a failure; the answer lists all failures. */
static int on_all(struct commands *c, struct db *db, const struct command *cmd,
		  const struct args *a, int64_t now_us, struct outcome *out, struct err *e)
{
	char failures[320] = "";
	size_t n, done = 0;
	const int64_t *ids = bots_ids(c->bots, &n);

	for (size_t i = 0; i < n; i++) {
		struct err one = { 0 };
		size_t used = strlen(failures);
		enum bot_status before = out->status;
		int rc = on_named_bot(c, db, cmd, a, ids[i], now_us, out, &one);

		if (rc == 0)
			done++;
		else
			snprintf(failures + used, sizeof(failures) - used, "; %s", one.msg);
		add_bot(out, ids[i], rc == 0, rc ? one.msg : out->message);
		out->differ |= i > 0 && out->status != before;
	}
	if (done == 0 && n > 0)
		return err_set(e, ERR_CONFLICT, "%s", failures + 2);
	snprintf(out->message, sizeof(out->message), "%s: done for %zu of %zu bots%s%s", cmd->kind,
		 done, n, failures, c->only_bot ? "; of the others it is queued for a worker that "
		 "runs them" : "");
	return 0;
}

/* ---- answers ---- */

static void write_result(const struct outcome *out, char *text, size_t size)
{
	char status[16];
	struct buf b = { 0 };
	struct json j = { .out = &b };
	size_t i = 0;

	for (const char *s = bot_status_name(out->status); *s && i + 1 < sizeof(status); s++)
		status[i++] = (char)tolower((unsigned char)*s);
	status[i] = '\0';
	json_object(&j, NULL);
	json_string(&j, "status", out->differ ? NULL : status);
	json_int(&j, "positions", out->positions);
	json_int(&j, "pending", out->pending);
	json_int(&j, "closing", out->closing);
	if (out->bots.len) {
		json_array(&j, "bots");
		buf_add(&b, out->bots.data, out->bots.len);
		json_array_end(&j);
		json_int(&j, "more", out->more);
	}
	json_object_end(&j);
	snprintf(text, size, "%s", buf_text(&b));
	buf_free(&b);
}

static void expire(const struct command *cmd, struct command_answer *a)
{
	snprintf(a->status, sizeof(a->status), "expired");
	snprintf(a->code, sizeof(a->code), "expired");
	snprintf(a->message, sizeof(a->message),
		 "the worker came to this %s too late to carry it out; send it again", cmd->kind);
	snprintf(a->result, sizeof(a->result), "{}");
}

/* ---- a start waits for its model ---- */

static struct waiting *find_waiting(struct commands *c, int64_t id)
{
	for (size_t i = 0; i < c->waiting_n; i++)
		if (c->waiting[i].id == id)
			return &c->waiting[i];
	return NULL;
}

static void forget_waiting(struct commands *c, int64_t id)
{
	struct waiting *w = find_waiting(c, id);

	if (w)
		*w = c->waiting[--c->waiting_n];
}

/* Tries once per command to start a bot that could not come up. */
static int try_again(struct commands *c, struct db *db, const struct command *cmd,
		     int64_t engine_us, struct err *e)
{
	size_t n = 1;
	const int64_t *ids = cmd->bot_id ? &cmd->bot_id : bots_ids(c->bots, &n);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = bots_retry(c->bots, db, ids[i], engine_us, e);
		if (rc == ERR_NOT_FOUND || rc == ERR_CONFLICT)
			rc = 0; /* the command itself says so */
	}
	return rc;
}

static bool loads(const struct commands *c, const struct command *cmd)
{
	size_t n = 1;
	const int64_t *ids = cmd->bot_id ? &cmd->bot_id : bots_ids(c->bots, &n);

	for (size_t i = 0; i < n; i++)
		if (bots_loads(c->bots, ids[i]))
			return true;
	return false;
}

/*
 * A repaired or replaced model is loaded in a thread. A start that comes meanwhile stays queued
 * until the model is loaded, for at most MODEL_WAIT_US, and gives way to a later command for
 * its bot.
 */
static int must_wait(struct commands *c, struct db *db, const struct command *cmd,
		     int64_t wall_us, int64_t engine_us, bool *out, struct err *e)
{
	struct waiting *w = find_waiting(c, cmd->id);
	bool overtaken = false;
	int rc = 0;

	*out = false;
	if (strcmp(cmd->kind, bot_event_name(EVENT_START)) != 0)
		return 0;
	if (!w)
		rc = try_again(c, db, cmd, engine_us, e);
	if (rc || !loads(c, cmd))
		return rc;
	rc = store_queued_after(db, cmd->id, cmd->bot_id, &overtaken, e);
	if (rc || overtaken || (!w && c->waiting_n == AT_ONCE))
		return rc;
	if (!w) {
		w = &c->waiting[c->waiting_n++];
		*w = (struct waiting){ .id = cmd->id, .since_us = wall_us };
	}
	*out = wall_us - w->since_us < MODEL_WAIT_US;
	return 0;
}

static void carry_out(struct commands *c, struct db *db, const struct command *cmd,
		      int64_t engine_us, struct command_answer *answer)
{
	struct outcome out = { 0 };
	struct err e = { 0 };
	struct args a;
	int rc = read_args(cmd->args, &a, &e);

	if (rc == 0)
		rc = cmd->bot_id ? on_named_bot(c, db, cmd, &a, cmd->bot_id, engine_us, &out, &e)
				 : on_all(c, db, cmd, &a, engine_us, &out, &e);
	write_result(&out, answer->result, sizeof(answer->result));
	snprintf(answer->status, sizeof(answer->status), rc ? "failed" : "done");
	snprintf(answer->code, sizeof(answer->code), "%s", rc ? err_name(rc) : "");
	snprintf(answer->message, sizeof(answer->message), "%s", rc ? e.msg : out.message);
	buf_free(&out.bots);
}

/* As store_command_init. */
static void answer_init(struct command_answer *a)
{
	memset(a, 0, offsetof(struct command_answer, result));
	a->result[0] = '\0';
}

static int take_up(struct commands *c, struct db *db, int64_t id, int64_t wall_us,
		   int64_t engine_us, struct err *e)
{
	struct command_answer *answer = &c->answers[c->n];
	struct command cmd;
	bool late, waits = false;
	int rc = store_command_get(db, id, &cmd, e);

	if (rc)
		return rc;
	late = cmd.expires_us && cmd.expires_us < wall_us && !find_waiting(c, id);
	if (!late)
		rc = must_wait(c, db, &cmd, wall_us, engine_us, &waits, e);
	if (rc || waits)
		return rc;
	forget_waiting(c, id);
	answer_init(answer);
	answer->id = cmd.id;
	answer->at_us = wall_us;
	if (late)
		expire(&cmd, answer);
	else
		carry_out(c, db, &cmd, engine_us, answer);
	log_about(LOG_INFO, "command", cmd.correlation_id,
		  &(struct log_context){ .bot_id = cmd.bot_id }, "%s bot %lld by %s: %s (%s)",
		  cmd.kind, (long long)cmd.bot_id, cmd.requested_by, answer->status,
		  answer->message);
	if (c->answered)
		c->answered(c->answered_ctx, &cmd, answer);
	c->n++;
	return 0;
}

int commands_run(struct commands *c, struct db *db, int64_t wall_us, int64_t engine_us,
		 struct err *e)
{
	int64_t ids[AT_ONCE];
	size_t n = 0;
	int rc;

	if (c->n)
		return 0; /* the last ones are not committed yet */
	rc = store_queued(db, c->only_bot, ids, AT_ONCE, &n, e);
	c->more = n == AT_ONCE;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_up(c, db, ids[i], wall_us, engine_us, e);
	return rc;
}

void commands_stop_all(struct commands *c, struct db *db, const char *by, int64_t wall_us,
		       int64_t engine_us)
{
	struct command_answer *answer = &c->stop_answer;
	struct command *cmd = &c->stop;

	store_command_init(cmd);
	answer_init(answer);
	snprintf(cmd->kind, sizeof(cmd->kind), COMMAND_EMERGENCY_STOP);
	snprintf(cmd->args, sizeof(cmd->args), "{}");
	snprintf(cmd->requested_by, sizeof(cmd->requested_by), "%s", by);
	correlation_id_new(cmd->correlation_id);
	cmd->created_us = answer->at_us = wall_us;
	carry_out(c, db, cmd, engine_us, answer);
	c->stopped = true;
	log_error("command", cmd->correlation_id, "emergency stop of all bots by %s: %s (%s)", by,
		  answer->status, answer->message);
}

static int answer_tx(struct commands *c, struct db *db, const struct command_answer *a,
		     struct err *e)
{
	int rc = store_answer_tx(db, a, e);

	return rc || !c->only_bot ? rc : store_hand_on_tx(db, a->id, c->only_bot, e);
}

int commands_write_tx(struct commands *c, struct db *db, struct err *e)
{
	int rc = 0;

	if (c->stopped) {
		rc = store_command_add_tx(db, &c->stop, &c->stop_answer.id, e);
		if (rc == 0)
			rc = answer_tx(c, db, &c->stop_answer, e);
	}
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = answer_tx(c, db, &c->answers[i], e);
	return rc;
}

bool commands_pending(const struct commands *c)
{
	return c->n > 0 || c->stopped;
}

void commands_clear(struct commands *c)
{
	c->n = 0;
	c->stopped = false;
}

bool commands_more(const struct commands *c)
{
	return c->more;
}
