#include "worker/notify/telegram_api.h"

#include "common/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740991.0	/* 2^53 - 1: what a double holds exactly */

/* A whole number, 0 when it is none. */
static int64_t whole(const cJSON *v)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= -EXACT_MAX && v->valuedouble <= EXACT_MAX) ||
	    v->valuedouble != (double)(int64_t)v->valuedouble)
		return 0;
	return (int64_t)v->valuedouble;
}

static int64_t number(const cJSON *object, const char *name)
{
	return whole(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* False: no text, or too long for out. */
static bool copy_text(const cJSON *object, const char *name, char *out, size_t size)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsString(v) || strlen(v->valuestring) >= size)
		return false;
	snprintf(out, size, "%s", v->valuestring);
	return true;
}

/* An object with a boolean "ok"; *out is the caller's to delete. */
static int read_answer(const char *body, size_t len, cJSON **out, struct err *e)
{
	cJSON *root = NULL;

	if (json_read(body, len, &root, NULL) || !cJSON_IsObject(root) ||
	    !cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(root, "ok"))) {
		cJSON_Delete(root);
		return err_set(e, ERR_INVALID, "what came back is no answer of a Bot API; is "
			       "TELEGRAM_API_URL right?");
	}
	*out = root;
	return 0;
}

static bool is_ok(const cJSON *root)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok"));
}

int telegram_answer_parse(const char *body, size_t len, struct telegram_answer *out, struct err *e)
{
	const cJSON *parameters, *description;
	cJSON *root;
	int64_t code;
	int rc = read_answer(body, len, &root, e);

	if (rc)
		return rc;
	memset(out, 0, sizeof(*out));
	out->ok = is_ok(root);
	code = number(root, "error_code");
	out->code = code > 0 && code < 1000 ? (int)code : 0;
	description = cJSON_GetObjectItemCaseSensitive(root, "description");
	if (cJSON_IsString(description) && !out->ok)
		snprintf(out->description, sizeof(out->description), "%s",
			 description->valuestring);
	parameters = cJSON_GetObjectItemCaseSensitive(root, "parameters");
	out->retry_after_s = number(parameters, "retry_after");
	if (out->retry_after_s < 0)
		out->retry_after_s = 0;
	out->migrate_to = number(parameters, "migrate_to_chat_id");
	cJSON_Delete(root);
	return 0;
}

/* ---- places ---- */

bool chat_place_parse(const char *text, struct chat_place *out)
{
	char *end;

	errno = 0;
	out->topic = 0;
	out->chat = strtoll(text, &end, 10);
	if (errno || end == text)
		return false;
	if (*end == ':')
		out->topic = strtoll(text = end + 1, &end, 10);
	return !errno && end > text && !*end && out->topic >= 0;
}

const char *chat_place_text(struct chat_place place, char out[CHAT_PLACE_MAX])
{
	int n = snprintf(out, CHAT_PLACE_MAX, "%lld", (long long)place.chat);

	if (place.topic)
		snprintf(out + n, CHAT_PLACE_MAX - (size_t)n, ":%lld", (long long)place.topic);
	return out;
}

/* ---- updates ---- */

static bool read_message(const cJSON *m, struct telegram_update *u)
{
	u->place.chat = number(cJSON_GetObjectItemCaseSensitive(m, "chat"), "id");
	/* Outside of groups with topics it only numbers a thread of replies. */
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m, "is_topic_message")))
		u->place.topic = number(m, "message_thread_id");
	u->message = number(m, "message_id");
	return u->place.chat != 0 && u->place.topic >= 0;
}

static void read_update(const cJSON *item, struct telegram_update *u)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(item, "message");
	const cJSON *press = cJSON_GetObjectItemCaseSensitive(item, "callback_query");

	if (cJSON_IsObject(m)) {
		u->user = number(cJSON_GetObjectItemCaseSensitive(m, "from"), "id");
		u->date_s = number(m, "date");
		u->usable = read_message(m, u) && copy_text(m, "text", u->text, sizeof(u->text));
	} else if (cJSON_IsObject(press)) {
		u->pressed = true;
		u->user = number(cJSON_GetObjectItemCaseSensitive(press, "from"), "id");
		u->usable = read_message(cJSON_GetObjectItemCaseSensitive(press, "message"), u) &&
			    copy_text(press, "data", u->text, sizeof(u->text)) &&
			    copy_text(press, "id", u->press_id, sizeof(u->press_id));
	}
}

static int read_updates(const cJSON *list, struct telegram_update *out, size_t *n, int64_t *next,
			struct err *e)
{
	const cJSON *item;

	*n = 0;
	*next = 0;
	cJSON_ArrayForEach(item, list) {
		struct telegram_update u = { .id = number(item, "update_id") };

		if (u.id <= 0)
			return err_set(e, ERR_INVALID, "an update has no update_id");
		if (*n == TELEGRAM_UPDATES_MAX)
			return 0; /* we asked for no more; the rest comes again */
		read_update(item, &u);
		out[(*n)++] = u;
		if (u.id >= *next)
			*next = u.id + 1;
	}
	return 0;
}

int telegram_updates_parse(const char *body, size_t len,
			   struct telegram_update out[TELEGRAM_UPDATES_MAX], size_t *n,
			   int64_t *next, struct err *e)
{
	const cJSON *list;
	cJSON *root;
	int rc = read_answer(body, len, &root, e);

	if (rc)
		return rc;
	list = cJSON_GetObjectItemCaseSensitive(root, "result");
	if (!is_ok(root) || !cJSON_IsArray(list))
		rc = err_set(e, ERR_INVALID, "the answer to getUpdates has no list of updates");
	else
		rc = read_updates(list, out, n, next, e);
	cJSON_Delete(root);
	return rc;
}

int telegram_me_parse(const char *body, size_t len, char *name, size_t size, struct err *e)
{
	cJSON *root;
	int rc = read_answer(body, len, &root, e);

	if (rc)
		return rc;
	if (!is_ok(root) || !copy_text(cJSON_GetObjectItemCaseSensitive(root, "result"),
				       "username", name, size))
		rc = err_set(e, ERR_INVALID, "the answer to getMe has no username");
	cJSON_Delete(root);
	return rc;
}

int64_t telegram_bot_of(const char *token)
{
	char *end;
	long long n;

	if (strspn(token, "0123456789") == 0)
		return 0;
	errno = 0;
	n = strtoll(token, &end, 10);
	return errno || *end != ':' || n <= 0 ? 0 : n;
}
