#include "api/push/push_op.h"

#include "common/json.h"

#include <string.h>

#define SEQ_MAX INT64_C(9007199254740991)	/* what a JavaScript number holds exactly */

int push_op_topics(const char *list, unsigned *out, struct err *e)
{
	unsigned topics = 0;

	while (*list) {
		size_t len = strcspn(list, ",");
		enum push_topic t;

		if (len == 3 && !strncmp(list, "all", 3))
			topics |= PUSH_ALL;
		else if (push_topic_parse(list, len, &t))
			topics |= PUSH_BIT(t);
		else
			return err_set(e, ERR_INVALID,
				       "%.*s is no topic: status, price, order, position, "
				       "signal, stats, job, log, all",
				       len > 40 ? 40 : (int)len, list);
		list += len + (list[len] == ',');
	}
	if (!topics)
		return err_set(e, ERR_INVALID, "topics names none");
	*out = topics;
	return 0;
}

static int read_topics(const cJSON *v, unsigned *out, struct err *e)
{
	unsigned one, topics = 0;
	const cJSON *item;
	int rc;

	if (!cJSON_IsArray(v) || !cJSON_GetArraySize(v))
		return err_set(e, ERR_INVALID, "topics must be a list of names");
	cJSON_ArrayForEach(item, v) {
		if (!cJSON_IsString(item))
			return err_set(e, ERR_INVALID, "topics must be a list of names");
		rc = push_op_topics(item->valuestring, &one, e);
		if (rc)
			return rc;
		topics |= one;
	}
	*out = topics;
	return 0;
}

static int read_number(const cJSON *v, int64_t min, int64_t *out, struct err *e)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= (double)min) ||
	    !(v->valuedouble <= (double)SEQ_MAX) ||
	    v->valuedouble != (double)(int64_t)v->valuedouble)
		return err_set(e, ERR_INVALID, "%s must be a whole number from %d", v->string,
			       (int)min);
	*out = (int64_t)v->valuedouble;
	return 0;
}

static int read_kind(const cJSON *v, enum push_op_kind *out, struct err *e)
{
	static const char *const kinds[] = { "subscribe", "unsubscribe", "ping" };

	for (unsigned i = 0; cJSON_IsString(v) && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(v->valuestring, kinds[i])) {
			*out = (enum push_op_kind)i;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "op must be subscribe, unsubscribe or ping");
}

static int read_member(const cJSON *v, struct push_op *op, struct err *e)
{
	if (!strcmp(v->string, "op"))
		return 0;
	if (op->kind != PUSH_PING && !strcmp(v->string, "topics"))
		return read_topics(v, &op->topics, e);
	if (op->kind == PUSH_SUBSCRIBE && !strcmp(v->string, "bot"))
		return read_number(v, 1, &op->bot_id, e);
	if (op->kind == PUSH_SUBSCRIBE && !strcmp(v->string, "last_event_id"))
		return read_number(v, 0, &op->last_seq, e);
	return err_set(e, ERR_INVALID, "%.40s is not known here", v->string);
}

int push_op_read(const char *text, size_t len, struct push_op *out, struct err *e)
{
	struct push_op op = { .last_seq = -1 };
	const cJSON *member;
	cJSON *v = NULL;
	int rc;

	rc = json_read(text, len, &v, e);
	if (rc)
		return rc;
	if (!cJSON_IsObject(v))
		rc = err_set(e, ERR_INVALID, "a message must be a JSON object");
	if (!rc)
		rc = read_kind(cJSON_GetObjectItemCaseSensitive(v, "op"), &op.kind, e);
	for (member = v->child; member && !rc; member = member->next)
		rc = read_member(member, &op, e);
	if (!rc && op.kind != PUSH_PING && !op.topics)
		rc = err_set(e, ERR_INVALID, "topics is missing");
	if (!rc)
		*out = op;
	cJSON_Delete(v);
	return rc;
}

void push_op_topics_json(struct json *j, const char *key, unsigned topics)
{
	json_array(j, key);
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (topics & PUSH_BIT(i))
			json_string(j, NULL, push_topic_name((enum push_topic)i));
	}
	json_array_end(j);
}
