#include "worker/notify/chat_commands.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/number.h"
#include "common/registry/bot_answers.h"
#include "common/span.h"
#include "worker/notify/chat_replies.h"
#include "worker/store/bots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNED_MAX 32
#define CLOCK_SLACK_S 5

struct chat_commands {
	struct chat_commands_args args;
	struct chat_confirms confirms;
	int64_t warned[WARNED_MAX];	/* chats and users that may not command */
	size_t warned_n;
};

struct chat_command;
typedef void talk_fn(struct talk *t, const struct chat_command *c);

struct chat_command {
	const char *name, *alias;	/* alias NULL: none */
	const char *usage;		/* behind the name, for /help */
	const char *help;
	bool number;			/* a bare number is a count, not a bot */
	talk_fn *run;
	reply_fn *answer;		/* for show() */
	const char *kind;		/* for queue(): of table commands */
};

static talk_fn show, queue, force_exit, emergency, help;

static const struct chat_command COMMANDS[] = {
	{ "status", NULL, "[bot ...]", "bots and their open trades", false, show, reply_status,
	  NULL },
	{ "profit", NULL, "[days]", "results of closed trades", true, show, reply_profit, NULL },
	{ "balance", NULL, "[bot ...]", "equity and balances", false, show, reply_balance, NULL },
	{ "daily", NULL, "[n]", "results by day", true, show, reply_daily, NULL },
	{ "weekly", NULL, "[n]", "results by week", true, show, reply_weekly, NULL },
	{ "monthly", NULL, "[n]", "results by month", true, show, reply_monthly, NULL },
	{ "performance", NULL, "[bot ...]", "results by symbol", false, show, reply_performance,
	  NULL },
	{ "count", NULL, "[bot ...]", "open positions and how many there may be", false, show,
	  reply_count, NULL },
	{ "start", NULL, "[bot ...]", "start trading", false, queue, NULL, "start" },
	{ "pause", "stopentry", "[bot ...]", "no new entries; positions stay protected", false,
	  queue, NULL, "pause" },
	{ "resume", NULL, "[bot ...]", "entries again after /pause", false, queue, NULL, "resume" },
	{ "stop", NULL, "[bot ...]", "stop trading; positions stay open, with their orders", false,
	  queue, NULL, "stop" },
	{ "forceexit", "fx", "<trade>|all", "close a trade, or all, at market", true, force_exit,
	  NULL, NULL },
	{ "emergency_stop", NULL, "[bot ...]", "cancel and sell everything; asks once more", false,
	  emergency, NULL, NULL },
	{ "reload_config", NULL, "[bot ...]", "which settings are in force", false, show,
	  reply_reload, NULL },
	{ "show_config", NULL, "[bot ...]", "settings, without secrets", false, show, reply_config,
	  NULL },
	{ "locks", NULL, "[bot ...]", "what holds entries back", false, show, reply_locks, NULL },
	{ "logs", NULL, "[n]", "newest log lines", true, show, reply_logs, NULL },
	{ "health", NULL, "", "how the worker is", false, show, reply_health, NULL },
	{ "version", NULL, "", "version of the program", false, show, reply_version, NULL },
	{ "help", NULL, "", "this list", false, help, NULL, NULL },
};
#define COMMANDS_N (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

struct chat_commands *chat_commands_new(const struct chat_commands_args *a)
{
	struct chat_commands *d = xcalloc(1, sizeof(*d));

	d->args = *a;
	return d;
}

void chat_commands_free(struct chat_commands *d)
{
	free(d);
}

/* ---- commands that read ---- */

static void show(struct talk *t, const struct chat_command *c)
{
	struct chat_replies a = {
		.db = t->db, .config = t->args->config, .machine_us = t->now_us, .n = t->n,
		.bots = t->named_n ? t->named : t->bots,
		.bots_n = t->named_n ? t->named_n : t->bots_n,
	};
	struct market_clock clock;
	struct buf out = { 0 };
	struct err e = { 0 };

	if (market_clock_get(t->db, t->now_us, &clock, &e)) {
		talk_reply(t, "/%s: %s", c->name, e.msg);
		return;
	}
	a.now_us = market_clock_now_us(&clock);
	if (c->answer(&a, &out, &e))
		talk_reply(t, "/%s: %s", c->name, e.msg);
	else
		talk_lines(t, out.len ? buf_text(&out) : "nothing to show");
	buf_free(&out);
}

static void help(struct talk *t, const struct chat_command *self)
{
	struct buf out = { 0 };

	(void)self;
	for (size_t i = 0; i < COMMANDS_N; i++)
		buf_printf(&out, "/%s%s%s\n  %s\n", COMMANDS[i].name, *COMMANDS[i].usage ? " " : "",
			   COMMANDS[i].usage, COMMANDS[i].help);
	buf_puts(&out, "#2 behind any command is bot 2, #2 #3 are both; without one all bots are "
		 "meant.\n");
	talk_lines(t, buf_text(&out));
	buf_free(&out);
}

/* ---- commands that act ---- */

static void queue(struct talk *t, const struct chat_command *c)
{
	talk_queue(t, c->kind, "{}", t->named, t->named_n);
}

static void force_exit(struct talk *t, const struct chat_command *c)
{
	struct err e = { 0 };
	int64_t bot_id = 0;
	char args[48];

	if (t->words_n == 1 && strcmp(t->words[0], "all") == 0 && !t->n) {
		talk_queue(t, "close-all", "{}", t->named, t->named_n);
		return;
	}
	if (!t->n || t->words_n) {
		talk_reply(t, "/%s needs the number of one trade (/status shows them), or all",
			   c->name);
		return;
	}
	if (store_answer_trade_bot(t->db, t->n, &bot_id, &e) || !talk_may(t, bot_id)) {
		talk_reply(t, "/%s: there is no open trade %lld", c->name, (long long)t->n);
		return;
	}
	snprintf(args, sizeof(args), "{\"order_id\":%lld}", (long long)t->n);
	talk_queue_one(t, "close-position", args, bot_id);
}

static void emergency(struct talk *t, const struct chat_command *c)
{
	chat_emergency(t, c->name);
}

/* ---- reading a command ---- */

/* Logs one warning for each unknown chat or user. */
static void warn_once(struct chat_commands *d, const char *what, int64_t id, const char *key)
{
	for (size_t i = 0; i < WARNED_MAX && i < d->warned_n; i++)
		if (d->warned[i] == id)
			return;
	if (d->warned_n == WARNED_MAX)
		return; /* a flood of strangers is not to fill the log */
	d->warned[d->warned_n++] = id;
	log_warn("telegram", NULL, "%s %lld may not command (%s): what comes from there is ignored",
		 what, (long long)id, key);
}

static bool allowed(struct chat_commands *d, const struct talk *t)
{
	const struct chat_routes *p = t->args->routes;

	if (!chat_routes_knows(p, t->from->account, t->u->place)) {
		warn_once(d, "chat", t->u->place.chat, "TELEGRAM_CHAT_ID");
		return false;
	}
	if (!chat_routes_user(p, t->u->user)) {
		warn_once(d, "user", t->u->user, "TELEGRAM_USERS");
		return false;
	}
	return true;
}

static bool number(const char *text, int64_t *out)
{
	return number_int(text, 1, INT64_C(1000000000000), out);
}

static const struct chat_command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_N; i++)
		if (strcasecmp(COMMANDS[i].name, name) == 0 ||
		    (COMMANDS[i].alias && strcasecmp(COMMANDS[i].alias, name) == 0))
			return &COMMANDS[i];
	return NULL;
}

/* "/daily@our_bot 3 #2": the name; words behind it. NULL: not a command for us. */
static const char *split(struct talk *t)
{
	char *name, *at, *rest = t->text;

	snprintf(t->text, sizeof(t->text), "%s", t->u->text);
	name = strsep(&rest, " \t\n");
	if (*name++ != '/')
		return NULL;
	at = strchr(name, '@');
	if (at)
		*at++ = '\0';
	if (at && strcasecmp(at, t->from->name) != 0)
		return NULL; /* another bot of the group */
	while (rest && t->words_n < WORDS_MAX) {
		char *word = strsep(&rest, " \t\n");

		if (*word)
			t->words[t->words_n++] = word;
	}
	return name;
}

/* Adds a named bot. Replies if the chat may not command it; the command goes on for the others. */
static void name_bot(struct talk *t, int64_t bot_id)
{
	for (size_t i = 0; i < t->named_n; i++)
		if (t->named[i] == bot_id)
			return;
	if (talk_may(t, bot_id))
		t->named[t->named_n++] = bot_id;
	else
		talk_reply(t, "There is no bot %lld that this chat may command.",
			   (long long)bot_id);
}

/* Takes "#2" and numbers out of the words. False: nothing is left to do, and a reply said so. */
static bool read_words(struct talk *t, const struct chat_command *c)
{
	int64_t ids[WORDS_MAX], v;
	size_t ids_n = 0, kept = 0;

	for (size_t i = 0; i < t->words_n; i++) {
		bool hash = t->words[i][0] == '#';

		if (!number(t->words[i] + hash, &v) || (!hash && c->number && t->n))
			t->words[kept++] = t->words[i];
		else if (hash || !c->number)
			ids[ids_n++] = v;
		else
			t->n = v;
	}
	t->words_n = kept;
	if (kept && c->run != force_exit && c->run != emergency) {
		talk_reply(t, "/%s does not take \"%.40s\"; usage: /%s %s", c->name, t->words[0],
			   c->name, c->usage);
		return false;
	}
	for (size_t i = 0; i < ids_n; i++)
		name_bot(t, ids[i]);
	return !ids_n || t->named_n;
}

static int read_bots(struct talk *t, struct err *e)
{
	size_t kept = 0;
	int rc = store_bot_ids(t->db, &t->bots, &t->bots_n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < t->bots_n; i++)
		if (chat_routes_allows(t->args->routes, t->from->account, t->u->place,
				       t->bots[i]))
			t->bots[kept++] = t->bots[i];
	t->bots_n = kept;
	return 0;
}

static void take_command(struct talk *t)
{
	const char *name = split(t);
	const struct chat_command *c = name ? find(name) : NULL;
	int64_t age_s = t->now_us / US_PER_S - t->u->date_s;
	char span[SPAN_TEXT_MAX];

	if (!name || !*name)
		return; /* people talk in groups */
	if (!c)
		talk_reply(t, "There is no command /%.40s; /help lists them.", name);
	else if (age_s > t->args->config->telegram_command_max_age_s + CLOCK_SLACK_S)
		talk_reply(t, "/%s was sent %s ago and is not carried out any more. Send it again "
			   "if you still want it.", c->name, span_units(age_s, 2, " ", span));
	else if (read_words(t, c))
		c->run(t, c);
}

void chat_commands_take(struct chat_commands *d, struct db *db, const struct telegram_source *from,
			const struct telegram_update *u, int64_t now_us)
{
	struct talk t = { .args = &d->args, .confirms = &d->confirms, .db = db, .from = from,
			  .u = u, .now_us = now_us };
	struct err e = { 0 };

	if (!allowed(d, &t))
		return;
	if (read_bots(&t, &e))
		talk_reply(&t, "The database could not be read: %s", e.msg);
	else if (u->pressed)
		chat_emergency_press(&t);
	else
		take_command(&t);
	free(t.bots);
}

/* ---- answers of the worker ---- */

#define CHAT "telegram:"	/* and the place: of requested_by */

/* "tg:0:...": the number; false: text does not begin so. */
static bool number_behind(const char *prefix, const char *text, int64_t *out)
{
	size_t n = strlen(prefix);
	char *end;

	if (strncmp(text, prefix, n) != 0)
		return false;
	*out = strtoll(text + n, &end, 10);
	return end > text + n && (!*end || *end == ':');
}

struct lines {
	const struct command *c;
	struct buf text;
};

static void add_line(void *ctx, const struct bot_answer *a)
{
	struct lines *l = ctx;

	buf_printf(&l->text, "%s, bot %lld: %s%s\n", l->c->kind, (long long)a->bot_id,
		   a->done ? "" : "not done: ", a->message);
}

void chat_commands_answered(struct chat_commands *d, const struct command *c,
			    const struct command_answer *answer)
{
	struct telegram_source from = { 0 };
	struct telegram_update u = { 0 };
	struct talk t = { .args = &d->args, .from = &from, .u = &u };
	struct lines l = { .c = c };
	struct bot_answer one = { c->bot_id, strcmp(answer->status, "done") == 0,
				  answer->message };
	int64_t more = 0;

	if (strncmp(c->requested_by, CHAT, strlen(CHAT)) != 0 ||
	    !chat_place_parse(c->requested_by + strlen(CHAT), &u.place) ||
	    !number_behind("tg:", c->idempotency_key, &from.account) ||
	    !chat_routes_knows(d->args.routes, from.account, u.place))
		return;
	if (c->bot_id) {
		talk_reply(&t, "%s, bot %lld: %s%s", c->kind, (long long)c->bot_id,
			   one.done ? "" : "not done: ", one.message);
		return;
	}
	if (!bot_answers_each(answer->result, add_line, &l, &more))
		buf_printf(&l.text, "%s: %s%s\n", c->kind, one.done ? "" : "not done: ",
			   one.message);
	if (more)
		buf_printf(&l.text, "and %lld more bots; /status shows them\n", (long long)more);
	talk_lines(&t, buf_text(&l.text));
	buf_free(&l.text);
}

void chat_commands_json(struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_array(&j, "commands");
	for (size_t i = 0; i < COMMANDS_N; i++) {
		json_object(&j, NULL);
		json_string(&j, "command", COMMANDS[i].name);
		json_string(&j, "description", COMMANDS[i].help);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}
