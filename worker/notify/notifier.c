#include "worker/notify/notifier.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/json.h"
#include "common/log.h"
#include "worker/net/http_client.h"
#include "worker/notify/chat_commands.h"
#include "worker/notify/chat_routes.h"
#include "worker/notify/delivery.h"
#include "worker/notify/senders.h"
#include "worker/notify/telegram_poll.h"
#include "worker/notify/telegram_text.h"
#include "worker/store/bots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (86400 * US_PER_S)
#define PRUNE_EVERY_US (60 * US_PER_S)
#define COMMANDS_WAITING_MAX 4096	/* more than the updates of one turn can cause */

struct waiting {			/* a row to be written */
	struct lane_key lane;
	int64_t bot_id;
	const char *kind;		/* not owned */
	char *text, *markup;
	bool silent;
};

struct notifier {
	struct config config;
	bool webhook_wants[NOTIFY_KINDS];
	struct chat_routes *routes;
	struct telegram_sender telegram;
	struct webhook_sender webhook;
	struct notify_report report;
	struct http_client *client;
	struct delivery *delivery;
	struct chat_commands *chat;
	struct telegram_poll *poll;	/* NULL: no commands */
	struct buf commands_json;
	void (*wake)(void *ctx);
	void *wake_ctx;
	size_t commands_n, commands_cap;
	struct command *commands;	/* rows to be written */
	size_t waiting_n, waiting_cap;
	struct waiting *waiting;
	char feed_state[16];
	int64_t pruned_us;
	int64_t day;			/* since 1970, the one that summaries are looked at for */
};

static const char *const PREFIX[NOTIFY_KINDS] = {
	[NOTIFY_STARTUP] = "", [NOTIFY_STATUS] = "",
	[NOTIFY_WARNING] = "\xe2\x9a\xa0\xef\xb8\x8f ",	/* warning sign */
	[NOTIFY_ENTRY] = "", [NOTIFY_ENTRY_FILL] = "", [NOTIFY_ENTRY_CANCEL] = "",
	[NOTIFY_EXIT_FILL] = "", [NOTIFY_EMERGENCY] = "\xf0\x9f\x9b\x91 ",	/* stop sign */
	[NOTIFY_FEED] = "", [NOTIFY_SUMMARY] = "", [NOTIFY_RELOAD] = "",
};

/* ---- messages become rows ---- */

static void add_row(struct notifier *n, const struct waiting *row)
{
	struct waiting *w;

	if (n->waiting_n == n->waiting_cap) {
		n->waiting_cap = n->waiting_cap ? n->waiting_cap * 2 : 16;
		n->waiting = xrealloc(n->waiting, n->waiting_cap * sizeof(*w));
	}
	w = &n->waiting[n->waiting_n++];
	*w = *row;
	w->text = xstrdup(row->text);
	w->markup = xstrdup(row->markup ? row->markup : "");
}

static bool webhook_wants(const struct notifier *n, enum notify_kind kind)
{
	return *n->webhook.url && n->webhook_wants[kind];
}

static bool wanted(void *ctx, enum notify_kind kind, int64_t bot_id)
{
	const struct notifier *n = ctx;

	return webhook_wants(n, kind) || (n->config.telegram_notify[kind] != NOTIFY_OFF &&
					  chat_routes_any(n->routes, bot_id));
}

static void to_telegram(struct notifier *n, const struct message *m)
{
	struct lane_key lanes[CHAT_ROUTES_MAX];
	struct waiting row = { .bot_id = m->bot_id, .kind = notify_kind_name(m->kind) };
	struct buf html = { 0 };
	size_t lanes_n = chat_routes_of(n->routes, m->bot_id, lanes);

	telegram_message(&html, PREFIX[m->kind], m->text);
	row.text = html.data;
	row.silent = n->config.telegram_notify[m->kind] == NOTIFY_SILENT;
	for (size_t i = 0; i < lanes_n; i++) {
		row.lane = lanes[i];
		add_row(n, &row);
	}
	buf_free(&html);
}

static void to_webhook(struct notifier *n, const struct message *m)
{
	struct waiting row = { .bot_id = m->bot_id, .kind = notify_kind_name(m->kind) };
	struct buf text = { 0 };
	struct json j = { .out = &text };

	json_object(&j, NULL);
	json_time(&j, "at", m->at_us ? m->at_us : clock_now_us());
	json_string(&j, "text", m->text);
	json_string(&j, "correlation_id", m->correlation_id);
	json_object(&j, "data");
	buf_puts(&text, m->data);
	json_object_end(&j);
	json_object_end(&j);
	row.lane.channel = CHANNEL_WEBHOOK;
	row.text = text.data;
	add_row(n, &row);
	buf_free(&text);
}

static void tell(void *ctx, const struct message *m)
{
	struct notifier *n = ctx;

	if (n->config.telegram_notify[m->kind] != NOTIFY_OFF)
		to_telegram(n, m);
	if (webhook_wants(n, m->kind))
		to_webhook(n, m);
}

void notifier_tell(struct notifier *n, enum notify_kind kind, const char *text)
{
	struct message m = { .kind = kind, .text = text, .correlation_id = "", .data = "" };

	if (wanted(n, kind, 0))
		tell(n, &m);
}

static bool feed_well(const char *state)
{
	return strcmp(state, "stale") != 0 && strcmp(state, "failed") != 0;
}

void notifier_feed(struct notifier *n, const char *state, const char *message)
{
	bool was_well = feed_well(n->feed_state), is_well = feed_well(state);
	char text[400];

	if (strcmp(state, n->feed_state) == 0)
		return;
	snprintf(n->feed_state, sizeof(n->feed_state), "%s", state);
	if (was_well && is_well)
		return;
	snprintf(text, sizeof(text), "Market data: %s\n%s%s%s", state,
		 is_well ? "decisions go on" : "no new entries until it is back",
		 *message ? "; " : "", message);
	notifier_tell(n, NOTIFY_FEED, text);
}

/* ---- people ask ---- */

static void on_reply(void *ctx, int64_t account, struct chat_place place, const char *html,
		     const char *markup)
{
	struct waiting row = { .kind = "answer", .text = (char *)html, .markup = (char *)markup };

	row.lane.channel = CHANNEL_TELEGRAM;
	row.lane.account = account;
	(void)chat_place_text(place, row.lane.target);
	add_row(ctx, &row);
}

static void on_command(void *ctx, const struct command *c)
{
	struct notifier *n = ctx;

	if (n->commands_n == COMMANDS_WAITING_MAX) {
		log_warn("telegram", c->correlation_id, "too many commands at once: %s is left out",
			 c->kind);
		return;
	}
	if (n->commands_n == n->commands_cap) {
		n->commands_cap = n->commands_cap ? n->commands_cap * 2 : 8;
		n->commands = xrealloc(n->commands, n->commands_cap * sizeof(*c));
	}
	n->commands[n->commands_n++] = *c;
}

static void on_pressed(void *ctx, int64_t account, const char *press_id)
{
	struct notifier *n = ctx;
	struct buf body = { 0 };
	struct json j = { .out = &body };

	json_object(&j, NULL);
	json_string(&j, "callback_query_id", press_id);
	json_object_end(&j);
	telegram_poll_call(n->poll, account, "answerCallbackQuery", buf_text(&body));
	buf_free(&body);
}

void notifier_answered(struct notifier *n, const struct command *c,
		       const struct command_answer *answer)
{
	chat_commands_answered(n->chat, c, answer);
}

struct taking {
	struct notifier *n;
	struct db *db;
	int64_t now_us;
};

static void on_update(void *ctx, const struct telegram_source *from,
		      const struct telegram_update *u)
{
	struct taking *t = ctx;

	chat_commands_take(t->n->chat, t->db, from, u, t->now_us);
}

/* ---- life ---- */

int notifier_new(const struct notifier_args *a, struct notifier **out, struct err *e)
{
	struct notifier *n = xcalloc(1, sizeof(*n));
	struct config *c = &n->config;
	struct delivery_args delivery = { .wake = a->wake, .wake_ctx = a->ctx };
	struct chat_commands_args chat = {
		.ctx = n, .reply = on_reply, .command = on_command, .pressed = on_pressed,
	};
	int rc;

	*c = *a->config;
	rc = notify_kinds_parse(c->webhook_events, n->webhook_wants, e);
	if (rc) {
		notifier_free(n);
		return rc;
	}
	n->routes = chat_routes_new(c);
	chat_routes_begin(n->routes);
	n->telegram = (struct telegram_sender){ n->routes, c->telegram_api_url };
	n->webhook = (struct webhook_sender){ c->webhook_url, c->webhook_secret };
	n->report = (struct notify_report){ .ctx = n, .wanted = wanted, .tell = tell };
	delivery.queue_max = c->notify_queue_max;
	delivery.senders[CHANNEL_TELEGRAM] = telegram_sender(&n->telegram);
	delivery.senders[CHANNEL_WEBHOOK] = webhook_sender(&n->webhook);
	n->delivery = delivery_new(&delivery);
	chat.config = c;
	chat.routes = n->routes;
	n->chat = chat_commands_new(&chat);
	chat_commands_json(&n->commands_json);
	n->wake = a->wake;
	n->wake_ctx = a->ctx;
	*out = n;
	return 0;
}

static void forget_waiting(struct notifier *n)
{
	for (size_t i = 0; i < n->waiting_n; i++) {
		free(n->waiting[i].text);
		free(n->waiting[i].markup);
	}
	n->waiting_n = n->commands_n = 0;
}

void notifier_free(struct notifier *n)
{
	if (!n)
		return;
	telegram_poll_free(n->poll);
	chat_commands_free(n->chat);
	delivery_free(n->delivery);
	http_client_free(n->client);
	chat_routes_free(n->routes);
	forget_waiting(n);
	notify_report_fini(&n->report);
	free(n->waiting);
	free(n->commands);
	buf_free(&n->commands_json);
	crypto_wipe(&n->config, sizeof(n->config));
	free(n);
}

struct reporter notifier_reporter(struct notifier *n)
{
	return notify_reporter(&n->report);
}

int notifier_open(struct notifier *n, struct event_base *base, struct err *e)
{
	int rc = http_client_new(base, n->config.tls_ca_file, &n->client, e);
	struct telegram_poll_args poll = {
		.routes = n->routes, .api_url = n->config.telegram_api_url,
		.commands = buf_text(&n->commands_json), .wake = n->wake, .ctx = n->wake_ctx,
	};

	if (rc)
		return rc;
	poll.client = n->client;
	if (n->config.telegram_commands)
		n->poll = telegram_poll_new(&poll);
	delivery_open(n->delivery, n->client);
	return 0;
}

void notifier_begin(struct notifier *n)
{
	chat_routes_begin(n->routes);
}

void notifier_bot(struct notifier *n, int64_t bot_id, const struct bot_config *c,
		  const struct bot_secrets *secrets)
{
	chat_routes_bot(n->routes, bot_id, c, secrets);
}

int notifier_look(struct notifier *n, struct db *db, struct err *e)
{
	return delivery_look(n->delivery, db, e);
}

void notifier_hush(struct notifier *n)
{
	telegram_poll_free(n->poll);
	n->poll = NULL;
}

/* ---- the loop ---- */

/* Once per UTC day, reports the results of the day before, also if no worker ran at midnight. */
static int summarize(struct notifier *n, struct db *db, int64_t wall_us, struct err *e)
{
	int64_t *ids = NULL, day = wall_us / DAY_US;
	char yesterday[CLOCK_TEXT_MAX];
	struct day_stats stats;
	bool told = false;
	size_t ids_n = 0;
	int rc;

	if (day == n->day)
		return 0;
	rc = store_note_since(db, notify_kind_name(NOTIFY_SUMMARY), day * DAY_US, &told, e);
	if (rc == 0 && !told)
		rc = store_bot_ids(db, &ids, &ids_n, e);
	clock_day((day - 1) * DAY_US, yesterday);
	for (size_t i = 0; rc == 0 && i < ids_n; i++) {
		memset(&stats, 0, sizeof(stats));
		rc = store_stats_get(db, ids[i], yesterday, &stats, e);
		if (rc == 0)
			notify_summary(&n->report, &stats, wall_us);
		else if (rc == ERR_NOT_FOUND)
			rc = 0;
	}
	free(ids);
	if (rc == 0)
		n->day = day;
	return rc;
}

int notifier_turn(struct notifier *n, struct db *db, int64_t wall_us, int64_t mono_us,
		  int64_t *next_us, struct err *e)
{
	struct taking taking = { n, db, wall_us };
	int64_t poll_us = INT64_MAX;
	int rc = delivery_turn(n->delivery, db, mono_us, next_us, e);

	if (rc == 0)
		rc = summarize(n, db, wall_us, e);
	if (rc || !n->poll)
		return rc;
	rc = telegram_poll_turn(n->poll, db, mono_us, &poll_us, e);
	if (rc == 0)
		telegram_poll_take(n->poll, on_update, &taking);
	if (poll_us < *next_us)
		*next_us = poll_us;
	return rc;
}

bool notifier_pending(const struct notifier *n)
{
	return n->waiting_n > 0 || n->commands_n > 0 || delivery_pending(n->delivery) ||
	       (n->poll && telegram_poll_pending(n->poll));
}

static int write_heard_tx(struct notifier *n, struct db *db, int64_t wall_us, struct err *e)
{
	int64_t id;
	int rc = n->poll ? telegram_poll_write_tx(n->poll, db, wall_us, e) : 0;

	for (size_t i = 0; rc == 0 && i < n->commands_n; i++)
		rc = store_command_add_tx(db, &n->commands[i], &id, e);
	return rc;
}

int notifier_write_tx(struct notifier *n, struct db *db, int64_t wall_us, int64_t ages_us,
		      struct err *e)
{
	int rc = delivery_write_tx(n->delivery, db, e);

	if (rc == 0)
		rc = write_heard_tx(n, db, wall_us, e);
	for (size_t i = 0; rc == 0 && i < n->waiting_n; i++) {
		const struct waiting *w = &n->waiting[i];
		struct note note = {
			.lane = w->lane, .bot_id = w->bot_id, .kind = w->kind, .text = w->text,
			.markup = w->markup, .silent = w->silent, .created_us = wall_us,
		};

		rc = delivery_add_tx(n->delivery, db, &note, e);
	}
	if (rc == 0 && ages_us && wall_us - n->pruned_us >= PRUNE_EVERY_US) {
		rc = store_notes_prune_tx(db, ages_us, e);
		n->pruned_us = wall_us;
	}
	return rc;
}

bool notifier_clear(struct notifier *n)
{
	bool queued = n->commands_n > 0;

	delivery_clear(n->delivery);
	if (n->poll)
		telegram_poll_clear(n->poll);
	forget_waiting(n);
	return queued;
}

bool notifier_idle(const struct notifier *n)
{
	return n->waiting_n == 0 && delivery_idle(n->delivery);
}
