#include "api/http/http_error.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/registry/bot_config.h"

static const struct {
	int http;
	const char *code, *message;
} http_errors[] = {
	{ 400, "malformed_request",
	  "this is not an HTTP request that can be read, or has more than 16 KiB of headers" },
	{ 413, "too_large",
	  "the body is larger than allowed (API_MAX_BODY_BYTES)" },
	{ 417, "expectation_failed", "only Expect: 100-continue is known" },
	{ 501, "not_implemented", "this method is not known" },
};

const char *http_error_code(int http)
{
	for (size_t i = 0; i < sizeof(http_errors) / sizeof(http_errors[0]); i++) {
		if (http_errors[i].http == http)
			return http_errors[i].code;
	}
	return "error";
}

const char *http_error_message(int http)
{
	for (size_t i = 0; i < sizeof(http_errors) / sizeof(http_errors[0]); i++) {
		if (http_errors[i].http == http)
			return http_errors[i].message;
	}
	return "the request could not be answered";
}

const char *http_error_phrase(int http)
{
	switch (http) {
	case 200: return "OK";
	case 201: return "Created";
	case 202: return "Accepted";
	case 204: return "No Content";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 417: return "Expectation Failed";
	case 422: return "Unprocessable Content";
	case 426: return "Upgrade Required";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	default: return "Other";
	}
}

void http_error_form(const struct http_error *x, struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_bool(&j, "success", false);
	json_object(&j, "error");
	json_string(&j, "code", x->code);
	json_string(&j, "message", x->message);
	json_array(&j, "fields");
	for (size_t i = 0; x->fields && i < x->fields->n; i++) {
		json_object(&j, NULL);
		json_string(&j, "field", x->fields->list[i].field);
		json_string(&j, "message", x->fields->list[i].message);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	if (x->status && x->status[0])
		json_string(&j, "status", x->status);
	if (x->replayed_us) {
		json_bool(&j, "replayed", true);
		json_time(&j, "answered", x->replayed_us);
	}
	json_string(&j, "correlation_id", x->correlation_id);
	json_time(&j, "timestamp", clock_now_us());
	json_object_end(&j);
}
