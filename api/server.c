#include "api/server.h"

#include "api/app_db.h"
#include "api/http/audit.h"
#include "api/http/auth.h"
#include "api/http/conn.h"
#include "api/http/head_check.h"
#include "api/http/listener.h"
#include "api/http/rate.h"
#include "api/http/reply.h"
#include "api/http/request.h"
#include "api/http/tls.h"
#include "api/http/traffic.h"
#include "api/http/upload.h"
#include "api/openapi/openapi.h"
#include "api/pending/batch.h"
#include "api/pending/helper.h"
#include "api/pending/idempotency.h"
#include "api/pending/retry.h"
#include "api/pending/slow.h"
#include "api/pending/wait.h"
#include "api/push/streams.h"
#include "api/push/ws.h"
#include "api/store/trade_sums.h"
#include "api/view/status_cache.h"
#include "common/clock.h"
#include "common/db/start.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/registry/logs.h"

#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_HEADERS_BYTES 16384
#define FLUSH_EVERY_S 60
#define TIMEOUT_SPARE_S 5
#define GOODBYE_LOOKS 25	/* for answers that are on their way at the end */
#define GOODBYE_LOOK_US 20000

struct server {
	struct app app;
	struct app_db database;
	struct evhttp *http;
	struct event *tick;
	struct store_logs *logs;
	unsigned ticks;
	int port;
	char token[AUTH_TOKEN_MAX];
	bool token_made;
};

static bool changes_state(enum evhttp_cmd_type m)
{
	return m == EVHTTP_REQ_POST || m == EVHTTP_REQ_PUT || m == EVHTTP_REQ_DELETE ||
	       m == EVHTTP_REQ_PATCH;
}

/* evhttp keeps no name of a method that it does not know. */
static bool method_known(const struct request *r)
{
	return strcmp(route_method_name(r->method), "?") != 0;
}

/* evhttp leaves such a body on the wire, where it would be read as the next request. */
static void mind_unread_body(struct request *r)
{
	bool unread = r->method == EVHTTP_REQ_HEAD || r->method == EVHTTP_REQ_TRACE ||
		      !method_known(r);
	const char *len = unread ? request_header(r, "Content-Length") : NULL;

	if (unread && ((len && strcmp(len, "0") != 0) || request_header(r, "Transfer-Encoding")))
		r->close = true;
}

/* After such a fault the next request may begin elsewhere than we think, so the connection ends. */
static int check_head(struct request *r, struct err *e)
{
	struct head_fault fault;

	/* evhttp answers in the caller's version, whatever that is. */
	if (r->ev->major != 1) {
		r->ev->major = 1;
		r->ev->minor = 0;
		r->close = true;
		return request_error(r, e, 400, "malformed_request",
				     "only HTTP/1.1 and HTTP/1.0 are spoken here");
	}
	if (r->ev->minor != 0) /* a char, also below zero */
		r->ev->minor = 1;
	head_check(evhttp_request_get_uri(r->ev), evhttp_request_get_input_headers(r->ev), &fault);
	if (!fault.http)
		return 0;
	r->close = true;
	return request_error(r, e, fault.http, fault.code, "%s", fault.text);
}

static int check_host(struct request *r, struct err *e)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r->ev);
	const char *named = evhttp_uri_get_scheme(uri) ? evhttp_uri_get_host(uri) : NULL;
	const char *host = request_header(r, "Host");
	const struct config *cfg = r->app->cfg;

	if (!host && r->ev->major == 1 && r->ev->minor >= 1)
		return request_error(r, e, 400, "bad_header", "the Host header is missing");
	/* "GET http://name/path": that name counts before the header's (RFC 9112, 3.2.2). */
	if (auth_host_ok(host, cfg->api_bind, cfg->api_allowed_hosts) && named)
		host = named;
	if (auth_host_ok(host, cfg->api_bind, cfg->api_allowed_hosts))
		return 0;
	return request_error(r, e, 403, "host_not_allowed",
			     "this server does not answer for the host %.100s: use localhost or an "
			     "address, or list it in API_ALLOWED_HOSTS",
			     host);
}

static void identify(struct request *r)
{
	const char *header = request_header(r, "Authorization");
	char bearer[AUTH_TOKEN_MAX + 8];

	if (!header && ws_bearer(request_header(r, "Sec-WebSocket-Protocol"), bearer,
				 sizeof(bearer)))
		header = bearer;
	auth_refresh(r->app->auth, r->app);
	auth_identify(r->app->auth, header, clock_now_us(), &r->who);
	if (header == bearer)
		crypto_wipe(bearer, sizeof(bearer));
}

static int check_rate(struct request *r, struct err *e)
{
	int64_t wait_s = 1;

	identify(r);
	if (rate_take(r->app->rate, r->address, r->who.token_id, r->begin_us, &wait_s))
		return 0;
	request_add_header_int(r, "Retry-After", wait_s);
	return request_error(r, e, 429, "rate_limited",
			     "more than %lld requests/s (API_RATE_LIMIT): wait %lld s",
			     (long long)r->app->cfg->api_rate_limit, (long long)wait_s);
}

static int check_route(struct request *r, struct err *e)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(r->ev));
	char allow[96];

	route_find(r->method, path && *path ? path : "/", &r->match);
	r->route = r->match.route;
	if (r->route)
		return 0;
	if (!r->match.allowed)
		return request_error(r, e, 404, "not_found",
				     "there is no route %.200s; docs/API.md lists them", path);
	route_allow(r->match.allowed, allow, sizeof(allow));
	request_add_header(r, "Allow", allow);
	if (r->method == EVHTTP_REQ_OPTIONS) {
		r->code = 204;
		return 0;
	}
	return request_error(r, e, 405, "method_not_allowed", "%s is not possible here, only %s",
			     method_known(r) ? route_method_name(r->method) : "this method", allow);
}

static int check_caller(struct request *r, struct err *e)
{
	if (r->route->metrics && r->app->cfg->metrics_public)
		return 0;
	if (r->who.role < r->route->role) {
		if (r->who.token_id)
			return request_error(r, e, 403, "forbidden",
					     "this needs the role %s; the token %s has %s",
					     role_name(r->route->role), r->who.name,
					     role_name(r->who.role));
		request_add_header(r, "WWW-Authenticate", "Bearer realm=\"trading-bot\"");
		return request_error(r, e, 401, "unauthorized",
				     "send Authorization: Bearer <token>; the first token is in "
				     "DATA_DIR/api_token");
	}
	if (changes_state(r->method) &&
	    !auth_origin_ok(request_header(r, "Origin"), request_header(r, "Host")))
		return request_error(r, e, 403, "origin_not_allowed",
				     "requests from other web pages are refused");
	return 0;
}

static int check_query(struct request *r, struct err *e)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(r->ev));

	if (!query || !*query) {
		if (!r->route->query)
			return 0;
		query = "";
	}
	/* A NUL would hide the rest of the query. */
	if (strstr(query, "%00") || (*query && evhttp_parse_query_str(query, &r->query)))
		return request_error(r, e, 400, "bad_query", "the query can't be read");
	if (param_check_query(r->route->query, &r->query, request_fields(r)))
		return request_fields_check(r, 400, e);
	return 0;
}

static int check_body(struct request *r, struct err *e)
{
	int rc;

	if (!changes_state(r->method) || r->route->body_kind == BODY_UPLOAD)
		return 0;
	if (upload_unread(r))
		return request_error(r, e, 413, "too_large",
				     "the body is larger than %lld bytes (API_MAX_BODY_BYTES)",
				     (long long)r->app->cfg->api_max_body_bytes);
	rc = request_read_body(r, e);
	if (rc)
		return rc;
	if (r->route->body_kind == BODY_CONFIG) {
		if (!r->body)
			return request_error(r, e, 400, "malformed_json",
					     "a JSON object is needed");
		return 0;
	}
	if (param_check_body(r->route->body, r->body, request_fields(r)))
		return request_fields_check(r, 422, e);
	return 0;
}

/* In the order of server.h. 0 without a route: an OPTIONS, answered. */
static int check(struct request *r, struct err *e)
{
	int rc;

	mind_unread_body(r);
	rc = check_head(r, e);
	if (rc)
		return rc;
	rc = check_host(r, e);
	if (!rc)
		rc = check_rate(r, e);
	if (!rc)
		rc = check_route(r, e);
	if (rc || !r->route)
		return rc;
	rc = check_caller(r, e);
	if (!rc && r->route->later)
		return request_error(r, e, 501, "not_implemented",
				     "%s: this version can't do that yet", r->route->summary);
	if (!rc)
		rc = check_query(r, e);
	if (!rc)
		rc = check_body(r, e);
	return rc ? rc : idempotency_take(r, e);
}

/* Of retry.h. */
static int call_handler(struct request *r, void *ctx, struct err *e)
{
	int rc;

	(void)ctx;
	if (changes_state(r->method))
		app_db_check(r->app);
	r->db = r->app->database->db;	/* another one, when the file was replaced */
	if (r->app->lost || (!r->db && !r->route->no_db))
		return request_error(r, e, 503, "database_unavailable", "%s",
				     app_db_trouble(r->app));
	if (fault_request())
		return err_set(e, ERR_END, "%s: SELECT secret FROM sqlite_master at %s:%d",
			       r->app->cfg->db_path, __FILE__, __LINE__);
	if (r->route->prepare)
		r->route->prepare(r);
	if (r->route->slow && r->db)
		return slow_run(r, e);
	rc = idempotency_before(r, e);
	if (!rc)
		rc = r->route->handler(r, e);
	idempotency_after(r);
	if (changes_state(r->method))
		r->app->writes++;
	return rc > 0 ? 0 : rc;
}

static void finish(struct request *r, void *ctx, int rc, struct err *e)
{
	(void)ctx;
	if (r->taken) {
		r->app->requests++;
		request_free(r);
	} else if (rc && upload_unread(r)) {
		upload_refuse(r, rc, e);
	} else if (!r->parked) {
		reply_send(r, rc, e);
	}
}

static void on_request_cb(struct evhttp_request *ev, void *arg)
{
	static const struct retry_work work = { .again = call_handler, .end = finish };
	struct app *a = arg;
	struct request *r = request_new(a, ev);
	struct err e = { 0 };
	int rc;

	conn_busy(conn_of(a->conns, ev));
	if (a->stopping) {
		r->close = true;
		rc = request_error(r, &e, 503, "unavailable", "the API is stopping");
		reply_send(r, rc, &e);
		return;
	}
	rc = check(r, &e);
	if (rc || !r->route) {
		finish(r, NULL, rc, &e);
		return;
	}
	request_begin_answer(r);
	retry_run(r, &work, changes_state(r->method));
}

/* A failure is not logged, because that would add another line to write. */
static void flush_logs(struct server *s)
{
	struct err e = { 0 };

	if (s->app.database->db && store_logs_flush(s->logs, s->app.database->db, &e))
		return;
}

static void on_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	conns_sweep(s->app.conns);
	app_db_check(&s->app);
	audit_flush(s->app.audit);
	flush_logs(s);
	if (++s->ticks % FLUSH_EVERY_S == 0)
		auth_flush(s->app.auth, s->app.database->db);
}

static int listen_on(struct server *s, struct err *e)
{
	struct evconnlistener *listener;
	int rc = listener_open(s->http, s->app.cfg, &listener, &s->port, e);

	if (!rc)
		conns_set_listener(s->app.conns, listener);
	return rc;
}

static void setup_http(struct server *s)
{
	const struct config *cfg = s->app.cfg;

	s->http = evhttp_new(s->app.base);
	ASSERT(s->http != NULL);
	/* All methods, also unknown ones: the answer is ours, not evhttp's page. */
	evhttp_set_allowed_methods(s->http, UINT16_MAX);
	evhttp_set_max_body_size(s->http, (ev_ssize_t)cfg->api_max_body_bytes);
	evhttp_set_max_headers_size(s->http, MAX_HEADERS_BYTES);
	/* Ours (conns_sweep) come first: they also see who drips, and are counted. */
	evhttp_set_timeout(s->http, (int)cfg->api_timeout_s + TIMEOUT_SPARE_S);
	evhttp_set_default_content_type(s->http, NULL);
	/* Takes a too large body from the wire, so that its sender reads the 413. */
	evhttp_set_flags(s->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_gencb(s->http, on_request_cb, &s->app);
	s->app.conns = conns_new(s->app.base, s->http, cfg, s->app.tls, &s->app.proxies);
}

/*
 * EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST gathers changes to the watched events and makes one
 * system call per turn, because most of evhttp's changes undo each other. It fails for a
 * descriptor that was copied with dup() while it is watched; we make no such copies, and those
 * of a child process end with its exec.
 */
static struct event_base *new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base;

	ASSERT(c && event_config_set_flag(c, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0);
	base = event_base_new_with_config(c);
	ASSERT(base != NULL);
	event_config_free(c);
	return base;
}

int server_open(const struct config *cfg, struct server **out, struct err *e)
{
	static const struct timeval second = { 1, 0 };
	struct server *s = xcalloc(1, sizeof(*s));
	struct app *a = &s->app;
	int rc;

	a->cfg = cfg;
	a->database = &s->database;
	a->describe = openapi_write;
	a->busy_ms = APP_BUSY_MS;
	crypto_random(&a->correlation_seed, sizeof(a->correlation_seed));
	a->started_us = clock_now_us();
	a->started_mono_us = clock_mono_us();
	a->base = new_base();
	app_turn_init(a);
	a->audit = audit_new(a);
	a->auth = auth_new();
	a->rate = rate_new(cfg->api_rate_limit);
	a->status = status_cache_new();
	a->traffic = traffic_new();
	s->logs = store_logs_new("trading-bot-api");
	log_set_sink(store_logs_sink, s->logs);
	rc = cfg->api_tls_cert[0] ? tls_open(cfg->api_tls_cert, cfg->api_tls_key, &a->tls, e) : 0;
	if (!rc)
		rc = proxies_parse(cfg->api_trusted_proxies, &a->proxies, e);
	setup_http(s);
	if (!rc)
		rc = db_start(cfg, false, e);
	if (!rc)
		rc = app_db_open(a, e);
	if (!rc)
		rc = master_key_load(cfg->master_key_file, &a->key, e);
	if (!rc)
		rc = auth_setup(a, s->token, &s->token_made, e);
	if (!rc)
		rc = listen_on(s, e);
	if (rc) {
		server_close(s);
		return rc;
	}
	app_db_patience(a, APP_TRY_MS);
	a->retries = retries_new(a);
	a->batch = batch_new(a);
	a->wait = wait_new(a);
	a->sums = trade_sums_new();
	a->slow = slow_new(a);
	a->streams = streams_new(a);
	a->helpers = helpers_new(a->base, NULL);
	a->uploads = uploads_new(a);
	s->tick = event_new(a->base, -1, EV_PERSIST, on_tick_cb, s);
	ASSERT(s->tick != NULL);
	event_add(s->tick, &second);
	*out = s;
	return 0;
}

/* Sends the answers that are written; gives up soon on clients that don't read them. */
static void say_goodbye(struct server *s)
{
	const struct timeval look = { 0, GOODBYE_LOOK_US };
	struct app *a = &s->app;

	event_base_loop(a->base, EVLOOP_NONBLOCK); /* what the last turn left */
	for (int i = 0; i < GOODBYE_LOOKS && conns_unsent(a->conns); i++) {
		event_base_loopexit(a->base, &look);
		event_base_dispatch(a->base);
	}
}

void server_close(struct server *s)
{
	struct app *a;

	if (!s)
		return;
	a = &s->app;
	a->stopping = true;
	app_db_patience(a, APP_BUSY_MS);
	if (s->tick)
		event_free(s->tick);
	streams_free(a->streams); /* the loop runs in it: all others are still there */
	retries_free(a->retries); /* before what they may wait for */
	helpers_free(a->helpers);
	uploads_free(a->uploads);
	batch_free(a->batch);
	wait_free(a->wait);
	slow_free(a->slow);
	trade_sums_free(a->sums);
	say_goodbye(s);
	audit_free(a->audit);
	auth_flush(a->auth, a->database->db);
	log_set_sink(NULL, NULL);
	flush_logs(s);
	conns_set_listener(a->conns, NULL);
	evhttp_free(s->http);
	conns_free(a->conns);
	tls_free(a->tls);
	app_turn_fini(a);
	event_base_free(a->base);
	auth_free(a->auth);
	rate_free(a->rate);
	status_cache_free(a->status);
	traffic_free(a->traffic);
	store_logs_free(s->logs);
	buf_free(&a->openapi);
	request_free_spare(a);
	app_db_close(a);
	crypto_wipe(s->token, sizeof(s->token));
	crypto_wipe(&a->key, sizeof(a->key));
	free(s);
}

bool server_lost(const struct server *s)
{
	return s->app.lost;
}

int server_port(const struct server *s)
{
	return s->port;
}

const char *server_token(const struct server *s, bool *made)
{
	*made = s->token_made;
	return s->token;
}

void server_reload(struct server *s)
{
	const struct config *cfg = s->app.cfg;
	struct err e = { 0 };

	if (!s->app.tls)
		log_info("main", NULL,
			 "reload: nothing to do, restart to read the environment again");
	else if (tls_reload(s->app.tls, &e))
		log_error("tls", NULL, "reload: %s; the certificate in use stays in use", e.msg);
	else
		log_info("tls", NULL, "reload: certificate %s and its key are in use",
			 cfg->api_tls_cert);
}

struct event_base *server_base(const struct server *s)
{
	return s->app.base;
}

void server_run(struct server *s)
{
	event_base_dispatch(s->app.base);
}

void server_stop(struct server *s)
{
	event_base_loopbreak(s->app.base);
}
