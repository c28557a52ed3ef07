/*
 * bot_config_apply: a patch is taken whole or not at all, and what was taken is taken
 * again when it is shown and sent back.
 */
#include "common/registry/bot_config.h"
#include "tests/fuzz/fuzz.h"

static void shown(const struct bot_config *c, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	bot_config_json(c, &j);
	json_object_end(&j);
}

/* The shown form (secrets masked) changes nothing. */
static void check_taken(const struct bot_config *c)
{
	struct bot_config same = *c;
	struct field_errors f = { 0 };
	struct buf text = { 0 };
	struct err e = { 0 };
	cJSON *patch = NULL;

	shown(c, &text);
	ASSERT(json_read(text.data, text.len, &patch, &e) == 0);
	cJSON_DeleteItemFromObjectCaseSensitive(patch, "version");
	ASSERT(bot_config_read(&same, patch, &f) == 0);
	ASSERT(memcmp(&same, c, sizeof(same)) == 0);
	ASSERT(!c->api_key_set || strstr(buf_text(&text), "\"api_key\":\"********\""));
	cJSON_Delete(patch);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bot_config_limits limits = {
		.min_risk_reward = 3, .max_risk_per_trade_pct = 2, .fees = { 100000, 100000 },
	};
	struct bot_config c, before;
	struct field_errors f = { 0 }, w = { 0 };
	cJSON *patch = NULL;

	if (json_read((const char *)data, size, &patch, NULL))
		return 0;
	memset(&c, 0, sizeof(c));
	bot_config_defaults(&c);
	memcpy(&before, &c, sizeof(c));
	if (bot_config_apply(&c, patch, &f)) {
		ASSERT(f.n > 0 && memcmp(&c, &before, sizeof(c)) == 0);
	} else {
		ASSERT(f.n == 0);
		check_taken(&c);
		bot_config_warnings(&c, &limits, &w);
	}
	cJSON_Delete(patch);
	return 0;
}
