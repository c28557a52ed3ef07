#include "worker/store/exit_rules.h"

#include "common/json.h"
#include "common/registry/bot_json.h"
#include "worker/trade/exits.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Members that are numbers; the rest are a bot's settings of their own form. */
static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	{ "trailing_stop_positive", offsetof(struct exit_rules, trailing_positive) },
	{ "trailing_stop_positive_offset", offsetof(struct exit_rules, trailing_offset) },
	{ "profit_target_pct", offsetof(struct exit_rules, profit_target) },
	{ "stop_loss_pct", offsetof(struct exit_rules, stop_loss) },
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

void exit_rules_text(const struct exit_rules *r, struct buf *out)
{
	struct json j = { .out = out };
	struct bot_config c;

	if (!exit_rules_used(r)) {
		buf_puts(out, "{}");
		return;
	}
	memset(&c, 0, sizeof(c));
	c.minimal_roi = r->roi;
	c.partial_targets = r->partial;
	c.position_adjustment = r->adjustment;
	json_object(&j, NULL);
	bot_json_minimal_roi.put(&c, &j, "minimal_roi");
	bot_json_partial_targets.put(&c, &j, "partial_targets");
	bot_json_position_adjustment.put(&c, &j, "position_adjustment");
	json_bool(&j, "trailing_stop", r->trailing);
	json_bool(&j, "trailing_only_offset_is_reached", r->trailing_only_offset);
	for (size_t i = 0; i < NUMBERS; i++)
		json_double(&j, numbers[i].name,
			    *(const double *)((const char *)r + numbers[i].offset));
	json_double(&j, "entry_fee", (double)r->entry_fee_e8 / RATE_ONE);
	json_double(&j, "exit_fee", (double)r->exit_fee_e8 / RATE_ONE);
	json_object_end(&j);
}

static bool read_rate(const cJSON *v, int64_t *out)
{
	return cJSON_IsNumber(v) && rate_from_double(v->valuedouble, out) == 0;
}

static bool read_object(struct bot_config *c, const struct bot_json *kind, const cJSON *v)
{
	return v && kind->set(c, v, NULL);
}

static bool read_rules(const cJSON *v, struct exit_rules *r)
{
#define MEMBER(name) cJSON_GetObjectItemCaseSensitive(v, name)
	struct bot_config c;

	memset(&c, 0, sizeof(c));
	if (!read_object(&c, &bot_json_minimal_roi, MEMBER("minimal_roi")) ||
	    !read_object(&c, &bot_json_partial_targets, MEMBER("partial_targets")) ||
	    !read_object(&c, &bot_json_position_adjustment, MEMBER("position_adjustment")) ||
	    !cJSON_IsBool(MEMBER("trailing_stop")) ||
	    !cJSON_IsBool(MEMBER("trailing_only_offset_is_reached")) ||
	    !read_rate(MEMBER("entry_fee"), &r->entry_fee_e8) ||
	    !read_rate(MEMBER("exit_fee"), &r->exit_fee_e8) || r->exit_fee_e8 >= RATE_ONE)
		return false;
	r->roi = c.minimal_roi;
	r->partial = c.partial_targets;
	r->adjustment = c.position_adjustment;
	r->trailing = cJSON_IsTrue(MEMBER("trailing_stop"));
	r->trailing_only_offset = cJSON_IsTrue(MEMBER("trailing_only_offset_is_reached"));
	for (size_t i = 0; i < NUMBERS; i++) {
		const cJSON *m = MEMBER(numbers[i].name);

		if (!cJSON_IsNumber(m) || !isfinite(m->valuedouble) || m->valuedouble < 0)
			return false;
		*(double *)((char *)r + numbers[i].offset) = m->valuedouble;
	}
	return true;
#undef MEMBER
}

int exit_rules_parse(const char *text, struct exit_rules *out)
{
	cJSON *v;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (strcmp(text, "{}") == 0)
		return 0;
	if (json_read(text, strlen(text), &v, NULL))
		return ERR_INVALID;
	ok = cJSON_IsObject(v) && read_rules(v, out);
	cJSON_Delete(v);
	return ok ? 0 : ERR_INVALID;
}
