#include "worker/notify/chat_talk.h"

#include "common/log.h"
#include "worker/notify/telegram_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY_FORMAT "tg:%lld:%lld:%lld:%lld"	/* account, Telegram's bot, update, our bot */

void talk_html(const struct talk *t, const char *html, const char *markup)
{
	t->args->reply(t->args->ctx, t->from->account, t->u->place, html, markup);
}

void talk_reply(const struct talk *t, const char *fmt, ...)
{
	struct buf text = { 0 }, html = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	telegram_escape(&html, buf_text(&text), TELEGRAM_PAGE_MAX);
	talk_html(t, buf_text(&html), "");
	buf_free(&text);
	buf_free(&html);
}

void talk_lines(const struct talk *t, const char *text)
{
	do {
		struct buf page = { 0 };

		text = telegram_page(&page, text);
		talk_html(t, buf_text(&page), "");
		buf_free(&page);
	} while (*text);
}

bool talk_may(const struct talk *t, int64_t bot_id)
{
	for (size_t i = 0; i < t->bots_n; i++)
		if (t->bots[i] == bot_id)
			return true;
	return false;
}

void talk_queue_one(struct talk *t, const char *kind, const char *args, int64_t bot_id)
{
	struct command c = { .bot_id = bot_id, .created_us = t->now_us };
	char place[CHAT_PLACE_MAX];

	if (strcmp(kind, COMMAND_EMERGENCY_STOP) != 0)
		c.expires_us = t->now_us + COMMAND_EXPIRES_US;
	snprintf(c.kind, sizeof(c.kind), "%s", kind);
	snprintf(c.args, sizeof(c.args), "%s", args);
	snprintf(c.requested_by, sizeof(c.requested_by), "telegram:%s",
		 chat_place_text(t->u->place, place));
	snprintf(c.idempotency_key, sizeof(c.idempotency_key), KEY_FORMAT,
		 (long long)t->from->account, (long long)t->from->telegram_bot,
		 (long long)t->u->id, (long long)bot_id);
	correlation_id_new(c.correlation_id);
	log_about(LOG_INFO, "telegram", c.correlation_id,
		  &(struct log_context){ .bot_id = bot_id },
		  "%s bot %lld, asked in chat %s by user %lld", kind, (long long)bot_id, place,
		  (long long)t->u->user);
	t->args->command(t->args->ctx, &c);
}

void talk_queue(struct talk *t, const char *kind, const char *args, const int64_t *bots, size_t n)
{
	bool all = chat_routes_allows(t->args->routes, t->from->account, t->u->place, 0);

	if (n == 0 && all && (t->bots_n > 1 || strcmp(kind, COMMAND_EMERGENCY_STOP) == 0)) {
		talk_queue_one(t, kind, args, 0);
		return;
	}
	for (size_t i = 0; i < (n ? n : t->bots_n); i++)
		talk_queue_one(t, kind, args, n ? bots[i] : t->bots[i]);
}
