#include "worker/notify/chat_emergency.h"

#include "common/crypto.h"
#include "common/json.h"
#include "worker/notify/telegram_text.h"

#include <stdio.h>
#include <string.h>

#define BUTTON "emergency"

static struct confirm *confirm_find(const struct talk *t, const char *code)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		struct confirm *c = &t->confirms->list[i];

		if (c->until_us >= t->now_us && c->until_us && c->account == t->from->account &&
		    c->chat == t->u->place.chat && c->user == t->u->user &&
		    (!code || strcmp(c->code, code) == 0))
			return c;
	}
	return NULL;
}

/* The slot of this person and chat; else a free one; else the one that ends first. */
static struct confirm *confirm_slot(const struct talk *t)
{
	struct confirm *mine = confirm_find(t, NULL), *first = &t->confirms->list[0];

	for (size_t i = 1; i < CONFIRMS_MAX; i++)
		if (t->confirms->list[i].until_us < first->until_us)
			first = &t->confirms->list[i];
	return mine ? mine : first;
}

static void put_button(struct json *j, const char *label, const char *code, const char *word)
{
	char data[64];

	snprintf(data, sizeof(data), BUTTON ":%s:%s", code, word);
	json_object(j, NULL);
	json_string(j, "text", label);
	json_string(j, "callback_data", data);
	json_object_end(j);
}

/* "all bots", "bot 1", "bots 1, 2, 3" */
static void put_whom(struct buf *out, const int64_t *bots, size_t n)
{
	buf_puts(out, n == 0 ? "all bots" : n == 1 ? "bot " : "bots ");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%lld", i ? ", " : "", (long long)bots[i]);
}

static void ask(const struct talk *t)
{
	struct confirm *c = confirm_slot(t);
	struct buf markup = { 0 }, html = { 0 };
	struct json j = { .out = &markup };
	struct buf question = { 0 };
	uint32_t random;

	crypto_random(&random, sizeof(random));
	*c = (struct confirm){ .account = t->from->account, .chat = t->u->place.chat,
			       .user = t->u->user, .bots_n = t->named_n,
			       .until_us = t->now_us + CHAT_CONFIRM_US };
	memcpy(c->bots, t->named, t->named_n * sizeof(c->bots[0]));
	snprintf(c->code, sizeof(c->code), "%08x", random);
	buf_puts(&question, "Emergency stop of ");
	put_whom(&question, t->named, t->named_n);
	buf_puts(&question, "?\nIt cancels every order and sells every position at market. Press "
		 "the button, or send /emergency_stop confirm, within 60 seconds.");
	telegram_message(&html, "", buf_text(&question));
	buf_free(&question);
	json_object(&j, NULL);
	json_array(&j, "inline_keyboard");
	json_array(&j, NULL);
	put_button(&j, "Stop everything", c->code, "yes");
	put_button(&j, "No", c->code, "no");
	json_array_end(&j);
	json_array_end(&j);
	json_object_end(&j);
	talk_html(t, buf_text(&html), buf_text(&markup));
	buf_free(&html);
	buf_free(&markup);
}

void chat_emergency(struct talk *t, const char *name)
{
	struct confirm *c;

	if (t->words_n == 0) {
		ask(t);
		return;
	}
	if (t->words_n > 1 || strcmp(t->words[0], "confirm") != 0) {
		talk_reply(t, "/%s takes numbers of bots, or confirm", name);
		return;
	}
	c = confirm_find(t, NULL);
	if (!c) {
		talk_reply(t, "There is nothing to confirm: send /%s first, and confirm within 60 "
			   "seconds.", name);
		return;
	}
	c->until_us = 0;
	talk_queue(t, COMMAND_EMERGENCY_STOP, "{}", c->bots, c->bots_n);
}

/* "emergency:<code>:yes" */
void chat_emergency_press(struct talk *t)
{
	struct confirm *c;
	char code[12], word[8];

	t->args->pressed(t->args->ctx, t->from->account, t->u->press_id);
	if (sscanf(t->u->text, BUTTON ":%11[0-9a-f]:%7[a-z]", code, word) != 2)
		return;
	c = confirm_find(t, code);
	if (!c) {
		talk_reply(t, "That question is over or was asked by somebody else: this press did "
			   "nothing. To stop everything, send /emergency_stop again.");
		return;
	}
	c->until_us = 0;
	if (strcmp(word, "yes") == 0)
		talk_queue(t, COMMAND_EMERGENCY_STOP, "{}", c->bots, c->bots_n);
	else
		talk_reply(t, "Nothing was stopped.");
}
