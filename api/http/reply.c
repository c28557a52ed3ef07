#include "api/http/reply.h"

#include "api/http/audit.h"
#include "api/http/conn.h"
#include "api/http/http_error.h"
#include "api/http/request.h"
#include "api/http/traffic.h"
#include "common/clock.h"
#include "common/log.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

int reply_http_status(int rc)
{
	switch ((enum err_code)rc) {
	case ERR_NONE: return 200;
	case ERR_INVALID: return 422;
	case ERR_RANGE: return 422;
	case ERR_NOT_FOUND: return 404;
	case ERR_CONFLICT: return 409;
	case ERR_DENIED: return 403;
	case ERR_LIMIT: return 429;
	case ERR_BUSY:
	case ERR_FULL:
	case ERR_READONLY:
	case ERR_CORRUPT:
	case ERR_NEWER:
	case ERR_IO:
	case ERR_UNAVAILABLE: return 503;
	case ERR_END: return 500;
	}
	return 500;
}

const char *reply_code(int rc)
{
	switch ((enum err_code)rc) {
	case ERR_BUSY:
	case ERR_FULL:
	case ERR_READONLY:
	case ERR_CORRUPT:
	case ERR_NEWER:
	case ERR_IO: return "database_unavailable";
	case ERR_UNAVAILABLE: return "unavailable";
	case ERR_INVALID:
	case ERR_RANGE: return "invalid";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_CONFLICT: return "conflict";
	case ERR_DENIED: return "forbidden";
	case ERR_LIMIT: return "limit";
	case ERR_NONE:
	case ERR_END: break;
	}
	return "internal";
}

static void write_error(struct request *r, int rc, const struct err *e)
{
	struct http_error x = {
		.http = r->error_http ? r->error_http : reply_http_status(rc),
		.code = r->error_code ? r->error_code : reply_code(rc),
		.message = e->msg,
		.correlation_id = r->correlation_id,
		.status = r->error_status,
		.fields = r->fields,
		.replayed_us = r->replayed_us,
	};

	r->code = x.http;
	r->error_db = !strcmp(x.code, "database_unavailable");
	if (x.http >= 500 && x.http != 501)
		log_write(x.http == 500 ? LOG_ERROR : LOG_WARN, "http", r->correlation_id,
			  "%s %s -> %d: %s", route_method_name(r->method),
			  r->route ? r->route->path : "?", x.http, e->msg);
	if (x.http == 500)
		x.message = "an error of ours; the log has it under this correlation id";
	if (x.http == 503 || x.http == 429) {
		if (!evhttp_find_header(evhttp_request_get_output_headers(r->ev), "Retry-After"))
			request_add_header(r, "Retry-After", "1");
	}
	buf_clear(&r->out);
	http_error_form(&x, &r->out);
	r->content_type = NULL;
}

/* "Sat, 01 Jan 2026 00:00:00 GMT", made once a second. */
static const char *date_text(struct app *a)
{
	time_t now_s = (time_t)(clock_now_us() / US_PER_S);
	struct tm tm;

	if (now_s != a->date_s && gmtime_r(&now_s, &tm)) {
		a->date_s = now_s;
		evutil_date_rfc1123(a->date, sizeof(a->date), &tm);
	}
	return a->date;
}

/*
 * The headers that every answer has. No cache may keep an answer, because answers hold
 * account data and are soon out of date.
 *
 * evhttp copies each name and value and formats line by line, which takes a quarter of the
 * time of a small request. So all these lines are the value of one header, "Date", which
 * evhttp would add anyway. The header is put into the list by hand, because evhttp_add_header
 * refuses line ends. The text is our own or a checked correlation id, so it can't be abused.
 */
static void add_common(struct request *r, struct evkeyvalq *list)
{
	struct evkeyval *h = xcalloc(1, sizeof(*h));
	struct buf value = { 0 };

	buf_puts(&value, date_text(r->app));
	buf_puts(&value, "\r\nContent-Type: ");
	buf_puts(&value, r->content_type ? r->content_type : "application/json");
	buf_puts(&value, "\r\nX-Correlation-Id: ");
	buf_puts(&value, r->correlation_id);
	buf_puts(&value, "\r\nX-Content-Type-Options: nosniff"
			 "\r\nCache-Control: no-store"
			 "\r\nCross-Origin-Resource-Policy: same-origin");
	if (r->app->tls)
		buf_puts(&value, "\r\nStrict-Transport-Security: max-age=31536000");
	h->key = xstrdup("Date");
	h->value = value.data; /* evhttp frees both, and h */
	TAILQ_INSERT_TAIL(list, h, next);
}

static void add_headers(struct request *r)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(r->ev);

	add_common(r, h);
	if (r->file_policy) {
		evhttp_add_header(h, "Content-Security-Policy", r->file_policy);
		evhttp_add_header(h, "X-Frame-Options", "DENY");
		evhttp_add_header(h, "Referrer-Policy", "no-referrer");
		evhttp_add_header(h, "Cross-Origin-Opener-Policy", "same-origin");
		evhttp_add_header(h, "Permissions-Policy",
				  "camera=(), geolocation=(), microphone=()");
	}
	if (r->close)
		evhttp_add_header(h, "Connection", "close");
}

void reply_send(struct request *r, int rc, struct err *e)
{
	struct evbuffer *out = NULL;
	struct conn *conn = conn_of(r->app->conns, r->ev);
	bool sends_file = !rc && r->has_file;
	char len[24];

	ASSERT(!r->answered);
	r->answered = true;
	if (rc)
		write_error(r, rc, e);
	else if (!r->content_type && r->code != 204)
		json_object_end(&r->json);
	if (r->complete)
		r->complete(r);
	if (!rc && request_not_modified(r)) {
		r->code = 304;
		sends_file = false;
	}
	r->app->requests++;
	traffic_add(r->app->traffic, r);
	if (r->code >= 500 && r->code != 501)
		r->app->errors++;
	if (r->code == 304) {
		add_headers(r);
	} else if (r->code != 204) {
		add_headers(r);
		snprintf(len, sizeof(len), "%lld",
			 sends_file ? (long long)r->file_bytes : (long long)r->out.len);
		request_add_header(r, "Content-Length", len);
	} else {
		request_add_header(r, "X-Correlation-Id", r->correlation_id);
	}
	if (r->code != 204 && r->code != 304 && r->method != EVHTTP_REQ_HEAD) {
		out = evhttp_request_get_output_buffer(r->ev);
		if (!sends_file)
			evbuffer_add(out, r->out.data, r->out.len);
	}
	conn_answering(conn, r->ev);
	evhttp_send_reply(r->ev, r->code, http_error_phrase(r->code), NULL);
	if (sends_file && r->file_bytes && r->method != EVHTTP_REQ_HEAD) {
		r->has_file = false;
		conn_send_file(conn, r->file, r->file_bytes);
	}
	if (!r->app->stopping) /* the trigger that it leaves needs another turn */
		conn_answered(conn);
	audit_add(r, rc ? e->msg : "");
	request_free(r);
}
