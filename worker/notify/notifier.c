#include "worker/notify/notifier.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/json.h"
#include "common/log.h"
#include "worker/net/http_client.h"
#include "worker/notify/delivery.h"
#include "worker/notify/places.h"
#include "worker/notify/senders.h"
#include "worker/notify/telegram_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRUNE_EVERY_US (60 * US_PER_S)

struct waiting {			/* a row to be written */
	struct lane_key lane;
	int64_t bot_id;
	const char *kind;		/* not owned */
	char *text;
	bool silent;
};

struct notifier {
	struct config config;
	bool webhook_wants[NOTIFY_KINDS];
	struct places *places;
	struct telegram_sender telegram;
	struct webhook_sender webhook;
	struct notify_report report;
	struct http_client *client;
	struct delivery *delivery;
	size_t waiting_n, waiting_cap;
	struct waiting *waiting;
	char feed_state[16];
	int64_t pruned_us;
};

static const char *const PREFIX[NOTIFY_KINDS] = {
	[NOTIFY_STARTUP] = "", [NOTIFY_STATUS] = "",
	[NOTIFY_WARNING] = "\xe2\x9a\xa0\xef\xb8\x8f ",	/* warning sign */
	[NOTIFY_ENTRY] = "", [NOTIFY_ENTRY_FILL] = "", [NOTIFY_ENTRY_CANCEL] = "",
	[NOTIFY_EXIT_FILL] = "", [NOTIFY_EMERGENCY] = "\xf0\x9f\x9b\x91 ",	/* stop sign */
	[NOTIFY_FEED] = "", [NOTIFY_SUMMARY] = "", [NOTIFY_RELOAD] = "",
};

/* ---- messages become rows ---- */

static void add_row(struct notifier *n, const struct lane_key *lane, int64_t bot_id,
		    const char *kind, const char *text, bool silent)
{
	struct waiting *w;

	if (n->waiting_n == n->waiting_cap) {
		n->waiting_cap = n->waiting_cap ? n->waiting_cap * 2 : 16;
		n->waiting = xrealloc(n->waiting, n->waiting_cap * sizeof(*w));
	}
	w = &n->waiting[n->waiting_n++];
	*w = (struct waiting){ .lane = *lane, .bot_id = bot_id, .kind = kind,
			       .text = xstrdup(text), .silent = silent };
}

static bool webhook_wants(const struct notifier *n, enum notify_kind kind)
{
	return *n->webhook.url && n->webhook_wants[kind];
}

static bool wanted(void *ctx, enum notify_kind kind, int64_t bot_id)
{
	const struct notifier *n = ctx;

	return webhook_wants(n, kind) || (n->config.telegram_notify[kind] != NOTIFY_OFF &&
					  places_any(n->places, bot_id));
}

static void to_telegram(struct notifier *n, const struct message *m)
{
	struct lane_key lanes[PLACES_MAX];
	struct buf html = { 0 };
	size_t lanes_n = places_of(n->places, m->bot_id, lanes);

	telegram_message(&html, PREFIX[m->kind], m->text);
	for (size_t i = 0; i < lanes_n; i++)
		add_row(n, &lanes[i], m->bot_id, notify_kind_name(m->kind), buf_text(&html),
			n->config.telegram_notify[m->kind] == NOTIFY_SILENT);
	buf_free(&html);
}

static void to_webhook(struct notifier *n, const struct message *m)
{
	struct lane_key lane = { .channel = CHANNEL_WEBHOOK };
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
	add_row(n, &lane, m->bot_id, notify_kind_name(m->kind), buf_text(&text), false);
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

/* ---- life ---- */

int notifier_new(const struct notifier_args *a, struct notifier **out, struct err *e)
{
	struct notifier *n = xcalloc(1, sizeof(*n));
	struct config *c = &n->config;
	struct delivery_args delivery = { .wake = a->wake, .wake_ctx = a->ctx };
	int rc;

	*c = *a->config;
	rc = notify_kinds_parse(c->webhook_events, n->webhook_wants, e);
	if (rc) {
		notifier_free(n);
		return rc;
	}
	n->places = places_new(c);
	places_begin(n->places);
	n->telegram = (struct telegram_sender){ n->places, c->telegram_api_url };
	n->webhook = (struct webhook_sender){ c->webhook_url, c->webhook_secret };
	n->report = (struct notify_report){ .ctx = n, .wanted = wanted, .tell = tell };
	delivery.queue_max = c->notify_queue_max;
	delivery.senders[CHANNEL_TELEGRAM] = telegram_sender(&n->telegram);
	delivery.senders[CHANNEL_WEBHOOK] = webhook_sender(&n->webhook);
	n->delivery = delivery_new(&delivery);
	*out = n;
	return 0;
}

static void forget_waiting(struct notifier *n)
{
	for (size_t i = 0; i < n->waiting_n; i++)
		free(n->waiting[i].text);
	n->waiting_n = 0;
}

void notifier_free(struct notifier *n)
{
	if (!n)
		return;
	delivery_free(n->delivery);
	http_client_free(n->client);
	places_free(n->places);
	forget_waiting(n);
	free(n->waiting);
	crypto_wipe(&n->config, sizeof(n->config));
	free(n);
}

struct reporter notifier_reporter(struct notifier *n)
{
	return notify_reporter(&n->report);
}

int notifier_open(struct notifier *n, struct event_base *base, struct db *db, struct err *e)
{
	int rc = http_client_new(base, n->config.tls_ca_file, &n->client, e);

	return rc ? rc : delivery_open(n->delivery, n->client, db, e);
}

void notifier_refresh(struct notifier *n, const struct roster *roster)
{
	size_t ids_n;
	const int64_t *ids = roster_ids(roster, &ids_n);

	places_begin(n->places);
	for (size_t i = 0; i < ids_n; i++) {
		const struct bot_config *c = roster_config(roster, ids[i]);

		if (c)
			places_bot(n->places, ids[i], c);
	}
}

/* ---- the loop ---- */

int notifier_turn(struct notifier *n, struct db *db, int64_t wall_us, int64_t mono_us,
		  int64_t *next_us, struct err *e)
{
	(void)wall_us;
	return delivery_turn(n->delivery, db, mono_us, next_us, e);
}

bool notifier_pending(const struct notifier *n)
{
	return n->waiting_n > 0 || delivery_pending(n->delivery);
}

int notifier_write_tx(struct notifier *n, struct db *db, int64_t wall_us, struct err *e)
{
	int rc = delivery_write_tx(n->delivery, db, e);

	for (size_t i = 0; rc == 0 && i < n->waiting_n; i++) {
		const struct waiting *w = &n->waiting[i];
		struct note note = {
			.lane = w->lane, .bot_id = w->bot_id, .kind = w->kind, .text = w->text,
			.markup = "", .silent = w->silent, .created_us = wall_us,
		};

		rc = delivery_add_tx(n->delivery, db, &note, e);
	}
	if (rc == 0 && wall_us - n->pruned_us >= PRUNE_EVERY_US) {
		rc = store_notes_prune_tx(db, wall_us, e);
		n->pruned_us = wall_us;
	}
	return rc;
}

void notifier_clear(struct notifier *n)
{
	delivery_clear(n->delivery);
	forget_waiting(n);
}

bool notifier_idle(const struct notifier *n)
{
	return n->waiting_n == 0 && delivery_idle(n->delivery);
}
