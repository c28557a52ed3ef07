/* Live push: the WebSocket and the event stream. */
#include "api/http/auth.h"
#include "api/http/param.h"
#include "api/push/streams.h"
#include "api/push/ws.h"
#include "api/routes/table.h"
#include "api/store/bots.h"
#include "common/number.h"

#include <string.h>

/* Checked for a GET too, because browsers don't apply the same-origin rule to WebSockets. */
static int check_origin(struct request *r, struct err *e)
{
	if (auth_origin_ok(request_header(r, "Origin"), request_header(r, "Host")))
		return 0;
	return request_error(r, e, 403, "origin_not_allowed",
			     "requests from other web pages are refused");
}

/* The query, and the header that a browser's EventSource sends when it comes back. */
static int read_wish(struct request *r, unsigned topics, struct push_op *desired, struct err *e)
{
	const char *list = request_query(r, "topics");
	const char *last = request_header(r, "Last-Event-ID");
	int rc;

	*desired = (struct push_op){ .kind = PUSH_SUBSCRIBE, .topics = topics };
	if (list) {
		rc = push_op_topics(list, &desired->topics, e);
		if (rc)
			return request_error(r, e, 400, "bad_query", "%s", e->msg);
	}
	desired->bot_id = request_query_int(r, "bot", 0);
	/* An unusable Last-Event-ID is no reason to refuse: the client gets a snapshot. */
	if (!last || !number_int(last, 0, INT64_MAX, &desired->last_seq))
		desired->last_seq = request_query_int(r, "last_event_id", -1);
	return desired->bot_id ? store_bots_exists(r->db, desired->bot_id, e) : 0;
}

static int check_upgrade(struct request *r, struct err *e)
{
	const char *version = request_header(r, "Sec-WebSocket-Version");

	if (!ws_list_has(request_header(r, "Upgrade"), "websocket") ||
	    !ws_list_has(request_header(r, "Connection"), "upgrade") ||
	    !version || strcmp(version, "13") != 0) {
		request_add_header(r, "Upgrade", "websocket");
		request_add_header(r, "Sec-WebSocket-Version", "13");
		return request_error(r, e, 426, "upgrade_required",
				     "this is a WebSocket (version 13); GET /api/v1/events gives "
				     "the same as an event stream");
	}
	if (!ws_key_ok(request_header(r, "Sec-WebSocket-Key")))
		return request_error(r, e, 400, "bad_header",
				     "Sec-WebSocket-Key must be 16 bytes in base64");
	if (r->body || r->close)
		return request_error(r, e, 400, "bad_header", "a GET takes no body");
	return 0;
}

static int handle_ws(struct request *r, struct err *e)
{
	struct push_op desired;
	int rc;

	rc = check_origin(r, e);
	if (!rc)
		rc = check_upgrade(r, e);
	if (!rc)
		rc = read_wish(r, 0, &desired, e);
	if (!rc && !desired.topics && (desired.bot_id || desired.last_seq >= 0))
		return request_error(r, e, 400, "bad_query",
				     "bot and last_event_id need topics");
	if (!rc && r->method == EVHTTP_REQ_HEAD)
		return request_error(r, e, 400, "bad_header", "only a GET can be upgraded");
	return rc ? rc : streams_open(r, STREAM_WS, &desired, e);
}

static int handle_events(struct request *r, struct err *e)
{
	struct push_op desired;
	int rc;

	rc = check_origin(r, e);
	if (!rc)
		rc = read_wish(r, PUSH_ALL & ~PUSH_BIT(PUSH_LOG), &desired, e);
	if (rc)
		return rc;
	if (r->method == EVHTTP_REQ_HEAD) {
		r->content_type = "text/event-stream";
		buf_clear(&r->out);
		return 0;
	}
	return streams_open(r, STREAM_SSE, &desired, e);
}

/* ---- the routes ---- */

static const struct param q_push[] = {
	{ .name = "topics", .type = PARAM_TEXT, .min = 1, .max = 100,
	  .help = "status, price, order, position, signal, stats, job, log or all, with commas" },
	{ .name = "bot", .type = PARAM_INT, .min = 1, .max = 1e15, .help = "only this bot's" },
	{ .name = "last_event_id", .type = PARAM_INT, .min = 0, .max = 9e15,
	  .help = "the last seq that was seen: go on after it" },
	END
};

static const struct route rows[] = {
	{ R(GET, "/events"), V, DO(events, "Changes as server-sent events"), .query = q_push,
	  ONE("text"), .says = SAYS_NOT_FOUND | SAYS_RESUME, .media = "text/event-stream" },
	{ R(GET, "/ws"), V, DO(ws, "Changes over a WebSocket"), .query = q_push,
	  .gives = { { 101, NULL } }, .says = SAYS_NOT_FOUND | SAYS_UPGRADE },
};
const struct route_group push_routes = { "Live", ROWS_OF(rows), NULL, 0 };
