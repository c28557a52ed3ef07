#include "api/pending/command_reply.h"

#include "api/pending/idempotency.h"
#include "api/store/rows.h"
#include "common/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool command_answered(const struct command *c)
{
	return strcmp(c->status, "queued") != 0;
}

/* result.status in lower case; "" when the worker gave none. */
static void result_status(const struct command *c, char out[16])
{
	cJSON *o = NULL;
	const cJSON *v;
	size_t i = 0;

	out[0] = '\0';
	if (json_read(c->result, strlen(c->result), &o, NULL))
		return;
	v = cJSON_GetObjectItemCaseSensitive(o, "status");
	if (cJSON_IsString(v)) {
		for (; i < 15 && v->valuestring[i]; i++)
			out[i] = (char)tolower((unsigned char)v->valuestring[i]);
		out[i] = '\0';
	}
	cJSON_Delete(o);
}

void command_told(struct request *r, int64_t id, const char *message, const char *status)
{
	struct json *j = &r->json;

	json_bool(j, "success", true);
	json_string(j, "message", message);
	json_string(j, "status", status);
	json_time(j, "timestamp", clock_now_us());
	if (id)
		json_int(j, "command_id", id);
	json_string(j, "correlation_id", r->correlation_id);
}

int command_answer(struct request *r, const struct command *c, struct err *e)
{
	char status[16];

	result_status(c, status);
	r->command_id = c->id;
	if (idempotency_replayed(r)) {
		r->replayed_us = c->answered_us;
		idempotency_status(r, c->bot_id, status);
	}
	if (!strcmp(c->status, "done")) {
		command_told(r, c->id, c->message, status[0] ? status : NULL);
		raw_json(&r->json, "result", c->result);
		if (r->replayed_us)
			idempotency_members(r, r->replayed_us);
		return 0;
	}
	if (!strcmp(c->status, "expired")) {
		request_add_header(r, "Retry-After", "5");
		return request_error(r, e, 503, "command_expired",
				     "the worker did not take up command %lld in time; nothing was "
				     "done",
				     (long long)c->id);
	}
	snprintf(r->error_status, sizeof(r->error_status), "%s", status);
	if (!strcmp(c->code, "conflict"))
		return request_error(r, e, 409, "conflict", "%s", c->message);
	if (!strcmp(c->code, "not_found"))
		return request_error(r, e, 404, "not_found", "%s", c->message);
	if (!strcmp(c->code, "invalid"))
		return request_error(r, e, 422, "invalid", "%s", c->message);
	return request_error(r, e, 503, c->code[0] ? c->code : "failed", "%s", c->message);
}

void command_accepted(struct request *r, int64_t id, const char *message)
{
	char link[64];

	snprintf(link, sizeof(link), "/api/v1/commands/%lld", (long long)id);
	request_add_header(r, "Location", link);
	r->code = 202;
	command_told(r, id, message, "queued");
	json_string(&r->json, "link", link);
}

void command_members(struct json *j, const struct command *c)
{
	json_int(j, "id", c->id);
	json_string(j, "kind", c->kind);
	if (c->bot_id)
		json_int(j, "bot_id", c->bot_id);
	else
		json_null(j, "bot_id");
	raw_json(j, "args", c->args);
	json_string(j, "requested_by", c->requested_by);
	json_string(j, "correlation_id", c->correlation_id);
	json_time(j, "created", c->created_us);
	json_time(j, "expires", c->expires_us);
	json_string(j, "status", c->status);
	json_string(j, "code", c->code[0] ? c->code : NULL);
	json_string(j, "message", c->message);
	raw_json(j, "result", c->result);
	json_time(j, "answered", c->answered_us);
}
