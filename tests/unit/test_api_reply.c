#include "api/http/reply.h"

#include "api/http/http_error.h"
#include "common/json.h"
#include "common/registry/bot_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static cJSON *form(const struct http_error *x)
{
	struct buf out = { 0 };
	cJSON *v = NULL;

	http_error_form(x, &out);
	assert_int_equal(json_read(out.data, out.len, &v, NULL), 0);
	buf_free(&out);
	return v;
}

static const char *text(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void error_form(void **state)
{
	struct field_errors f = { 0 };
	cJSON *v, *error, *fields;

	(void)state;
	field_error(&f, "stop_loss_pct", "must be \"%d\"", 7);
	v = form(&(struct http_error){ .http = 422, .code = "invalid_fields", .message = "no",
					.correlation_id = "c-1", .fields = &f });
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(v, "success")));
	error = cJSON_GetObjectItemCaseSensitive(v, "error");
	assert_string_equal(text(error, "code"), "invalid_fields");
	assert_string_equal(text(error, "message"), "no");
	fields = cJSON_GetObjectItemCaseSensitive(error, "fields");
	assert_int_equal(cJSON_GetArraySize(fields), 1);
	assert_string_equal(text(cJSON_GetArrayItem(fields, 0), "field"), "stop_loss_pct");
	assert_string_equal(text(cJSON_GetArrayItem(fields, 0), "message"), "must be \"7\"");
	assert_string_equal(text(v, "correlation_id"), "c-1");
	assert_int_equal(strlen(text(v, "timestamp")), 27);
	assert_null(cJSON_GetObjectItemCaseSensitive(v, "status"));
	cJSON_Delete(v);
}

static void state_of_a_conflict(void **state)
{
	cJSON *v = form(&(struct http_error){ .http = 409, .code = "conflict", .message = "m",
					       .correlation_id = "c", .status = "stopped" });

	(void)state;
	assert_string_equal(text(v, "status"), "stopped");
	cJSON_Delete(v);
}

/* Each of our codes has a status of its own kind and a word. */
static void statuses(void **state)
{
	(void)state;
	for (int rc = ERR_END; rc < 0; rc++) {
		assert_in_range(reply_http_status(rc), 400, 503);
		assert_true(reply_code(rc)[0] != '\0');
	}
	assert_int_equal(reply_http_status(ERR_NOT_FOUND), 404);
	assert_int_equal(reply_http_status(ERR_CONFLICT), 409);
	assert_int_equal(reply_http_status(ERR_INVALID), 422);
	assert_int_equal(reply_http_status(ERR_FULL), 503);
	assert_string_equal(reply_code(ERR_FULL), "database_unavailable");
	assert_int_equal(reply_http_status(ERR_END), 500);
	assert_string_equal(reply_code(ERR_END), "internal");
	assert_string_equal(http_error_code(413), "too_large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_form),
		cmocka_unit_test(state_of_a_conflict),
		cmocka_unit_test(statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
