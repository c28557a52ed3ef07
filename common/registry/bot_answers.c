#include "common/registry/bot_answers.h"

#include <string.h>

void bot_answers_add(struct json *j, const struct bot_answer *a)
{
	json_object(j, NULL);
	json_int(j, "bot_id", a->bot_id);
	json_bool(j, "done", a->done);
	json_string(j, "message", a->message);
	json_object_end(j);
}

static const cJSON *member(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool read_one(const cJSON *o, struct bot_answer *out)
{
	const cJSON *id = member(o, "bot_id"), *message = member(o, "message");

	if (!cJSON_IsNumber(id) || !cJSON_IsString(message))
		return false;
	out->bot_id = (int64_t)id->valuedouble;
	out->done = cJSON_IsTrue(member(o, "done"));
	out->message = message->valuestring;
	return true;
}

size_t bot_answers_each(const char *result, void (*fn)(void *ctx, const struct bot_answer *a),
			void *ctx, int64_t *more)
{
	cJSON *root = NULL;
	const cJSON *o;
	struct bot_answer a;
	size_t n = 0;

	if (more)
		*more = 0;
	if (json_read(result, strlen(result), &root, NULL))
		return 0;
	cJSON_ArrayForEach(o, member(root, "bots")) {
		if (!read_one(o, &a))
			continue;
		fn(ctx, &a);
		n++;
	}
	if (more && cJSON_IsNumber(member(root, "more")))
		*more = (int64_t)member(root, "more")->valuedouble;
	cJSON_Delete(root);
	return n;
}
