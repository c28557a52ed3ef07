/*
 * A Bot API's answers: to getUpdates, getMe, sendMessage; and the text of a message as
 * HTML. What is read fits where it is kept, and is a number that can be asked for again.
 */
#include "tests/fuzz/fuzz.h"
#include "worker/notify/telegram_api.h"
#include "worker/notify/telegram_text.h"

static void check_updates(const char *bytes, size_t size)
{
	struct telegram_update updates[TELEGRAM_UPDATES_MAX];
	int64_t next = -1;
	size_t n = 0;

	if (telegram_updates_parse(bytes, size, updates, &n, &next, NULL))
		return;
	ASSERT(n <= TELEGRAM_UPDATES_MAX && (n == 0) == (next == 0));
	for (size_t i = 0; i < n; i++) {
		const struct telegram_update *u = &updates[i];

		ASSERT(u->id > 0 && u->id < next);
		ASSERT(strlen(u->text) < sizeof(u->text));
		ASSERT(!u->usable || u->place.chat != 0);
		ASSERT(strlen(u->press_id) < sizeof(u->press_id));
	}
}

static void check_html(const char *text)
{
	struct buf html = { 0 };
	const char *rest = text;

	telegram_message(&html, "", text);
	ASSERT(html.len <= TELEGRAM_PAGE_MAX);
	do {
		buf_clear(&html);
		rest = telegram_page(&html, rest);
		ASSERT(html.len <= TELEGRAM_PAGE_MAX);
		ASSERT(!memchr(html.data + 5, '<', html.len - 11));
	} while (*rest);
	buf_free(&html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_bytes(data, size), *text = fuzz_text(data, size);
	struct telegram_answer answer;
	char name[64];

	check_updates(bytes, size);
	(void)!telegram_answer_parse(bytes, size, &answer, NULL);
	(void)!telegram_me_parse(bytes, size, name, sizeof(name), NULL);
	ASSERT(telegram_bot_of(text) >= 0);
	check_html(text);
	free(bytes);
	free(text);
	return 0;
}
