/*
 * api_client.h - the API server in a thread of the test, on a free port and a
 * database of its own, and a client that speaks through raw sockets.
 *
 *	struct api a;
 *	api_start(&a, NULL);
 *	struct answer r = api_call(&a, "GET", "/api/v1/status", NULL);
 *	assert_int_equal(r.status, 200);
 *	answer_free(&r);
 *	api_stop(&a);
 */
#ifndef TESTS_UNIT_API_CLIENT_H
#define TESTS_UNIT_API_CLIENT_H

#include "api/server.h"
#include "common/clock.h"
#include "common/db/db.h"
#include "common/json.h"
#include "common/log.h"
#include "tests/unit/scratch.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define API_TEST_TOKEN "tb_unit_test_token_of_the_admin"
#define API_ANSWER_S 120	/* a test that waits longer has failed */

struct api {
	struct config cfg;
	struct server *server;
	struct event *stop;
	int pipe[2];		/* a byte written ends the loop */
	int port;
	pthread_t thread;
	const char *token;	/* sent with each api_call; NULL: none */
	const char *headers;	/* more header lines, each with its line end; NULL: none */
};

struct answer {
	int status;		/* 0: the connection ended without an answer */
	struct buf head;	/* status line and headers */
	struct buf body;
	cJSON *json;		/* NULL when the body is no JSON */
};

static inline void api_stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	server_stop(arg);
}

static inline void *api_thread(void *arg)
{
	struct api *a = arg;

	server_run(a->server);
	return NULL;
}

/* Defaults for a test: a folder of its own, any port, no rate limit, a known token. */
static inline void api_config(struct config *cfg)
{
	config_defaults(cfg);
	snprintf(cfg->data_dir, sizeof(cfg->data_dir), "%s", scratch_folder);
	snprintf(cfg->db_path, sizeof(cfg->db_path), "%s/app.db", scratch_folder);
	snprintf(cfg->master_key_file, sizeof(cfg->master_key_file), "%s/master.key",
		 scratch_folder);
	snprintf(cfg->api_token, sizeof(cfg->api_token), "%s", API_TEST_TOKEN);
	cfg->api_port = 0;
	cfg->api_rate_limit = 0;
}

static inline void api_run(struct api *a)
{
	struct err e = { 0 };
	int rc = server_open(&a->cfg, &a->server, &e);

	if (rc)
		fail_msg("server_open: %s", e.msg);
	a->port = server_port(a->server);
	assert_int_equal(pipe(a->pipe), 0);
	a->stop = event_new(server_base(a->server), a->pipe[0], EV_READ, api_stop_cb, a->server);
	event_add(a->stop, NULL);
	assert_int_equal(pthread_create(&a->thread, NULL, api_thread, a), 0);
}

static inline void api_start(struct api *a, void (*change)(struct config *cfg))
{
	memset(a, 0, sizeof(*a));
	signal(SIGPIPE, SIG_IGN);
	log_init("test_api", LOG_DEBUG);
	log_set_fd(-1);
	api_config(&a->cfg);
	if (change)
		change(&a->cfg);
	a->token = API_TEST_TOKEN;
	api_run(a);
}

static inline void api_stop(struct api *a)
{
	assert_int_equal(write(a->pipe[1], "x", 1), 1);
	pthread_join(a->thread, NULL);
	event_free(a->stop);
	server_close(a->server);
	close(a->pipe[0]);
	close(a->pipe[1]);
}

static inline int api_connect(const struct api *a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)a->port) };
	const struct timeval patience = { API_ANSWER_S, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* All of it; false when the other side does not take it any more. */
static inline bool api_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* Borrowed; NULL when the answer has no such header. The value runs to its line end. */
static inline const char *answer_header(const struct answer *r, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(buf_text(&r->head), "\r\n"); p; p = strstr(p, "\r\n")) {
		p += 2;
		if (!strncasecmp(p, name, len) && p[len] == ':')
			return p + len + 1 + strspn(p + len + 1, " ");
	}
	return NULL;
}

static inline bool answer_header_is(const struct answer *r, const char *name, const char *value)
{
	const char *v = answer_header(r, name);

	return v && !strncmp(v, value, strlen(value)) && v[strlen(value)] == '\r';
}

static inline void answer_free(struct answer *r)
{
	buf_free(&r->head);
	buf_free(&r->body);
	cJSON_Delete(r->json);
	memset(r, 0, sizeof(*r));
}

/* Reads one answer; the rest of the connection stays unread. */
static inline struct answer api_read(int fd, bool head_only)
{
	struct answer r = { 0 };
	const char *text;
	char byte;
	size_t want = 0;

	while (!strstr(buf_text(&r.head), "\r\n\r\n")) {
		if (recv(fd, &byte, 1, 0) <= 0)
			return r;
		buf_putc(&r.head, byte);
	}
	r.status = (int)strtol(buf_text(&r.head) + 9, NULL, 10);
	text = answer_header(&r, "Content-Length");
	if (text && !head_only)
		want = strtoul(text, NULL, 10);
	while (r.body.len < want && recv(fd, &byte, 1, 0) > 0)
		buf_putc(&r.body, byte);
	if (r.body.len && json_read(r.body.data, r.body.len, &r.json, NULL))
		r.json = NULL;
	return r;
}

static inline void api_write_head(const struct api *a, struct buf *out, const char *method,
				  const char *path)
{
	buf_printf(out, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n", method, path, a->port);
	if (a->token)
		buf_printf(out, "Authorization: Bearer %s\r\n", a->token);
	if (a->headers)
		buf_puts(out, a->headers);
}

/* On a connection that is open already. body NULL: none; else JSON. */
static inline struct answer api_call_on(const struct api *a, int fd, const char *method,
					const char *path, const char *body)
{
	struct buf out = { 0 };
	struct answer r;

	api_write_head(a, &out, method, path);
	if (body && !(a->headers && strstr(a->headers, "Content-Type:")))
		buf_puts(&out, "Content-Type: application/json\r\n");
	if (body)
		buf_printf(&out, "Content-Length: %zu\r\n", strlen(body));
	buf_puts(&out, "\r\n");
	if (body)
		buf_puts(&out, body);
	api_send(fd, out.data, out.len);
	buf_free(&out);
	r = api_read(fd, !strcmp(method, "HEAD"));
	return r;
}

static inline struct answer api_call(const struct api *a, const char *method, const char *path,
				     const char *body)
{
	int fd = api_connect(a);
	struct answer r = api_call_on(a, fd, method, path, body);

	close(fd);
	return r;
}

/* A member by its path, "error.code"; NULL when there is none. */
static inline const cJSON *answer_at(const struct answer *r, const char *path)
{
	const cJSON *v = r->json;
	char name[64];

	while (v && *path) {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof(name));
		memcpy(name, path, len);
		name[len] = '\0';
		v = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, (int)strtol(name, NULL, 10))
				     : cJSON_GetObjectItemCaseSensitive(v, name);
		path += len + (path[len] == '.');
	}
	return v;
}

static inline const char *answer_text(const struct answer *r, const char *path)
{
	const cJSON *v = answer_at(r, path);

	return v && cJSON_IsString(v) ? v->valuestring : "";
}

static inline double answer_number(const struct answer *r, const char *path)
{
	const cJSON *v = answer_at(r, path);

	return v && cJSON_IsNumber(v) ? v->valuedouble : -12345678;
}

/* One call, its status and, when not NULL, its error code are as expected. */
static inline void api_expect_at(const struct api *a, const char *method, const char *path,
				 const char *body, int status, const char *code, int line)
{
	struct answer r = api_call(a, method, path, body);

	if (r.status != status || (code && strcmp(answer_text(&r, "error.code"), code) != 0))
		fail_msg("line %d: %s %s -> %d %s (expected %d %s)", line, method, path, r.status,
			 buf_text(&r.body), status, code ? code : "");
	answer_free(&r);
}
#define api_expect(a, method, path, body, status, code) \
	api_expect_at(a, method, path, body, status, code, __LINE__)

/* Our own look at the database, as the worker's role. */
static inline struct db *api_db(const struct api *a)
{
	struct err e = { 0 };
	struct db *db = NULL;

	if (db_open(a->cfg.db_path, DB_WORKER, &db, &e))
		fail_msg("db_open: %s", e.msg);
	return db;
}

static inline void api_sql(struct db *db, const char *sql)
{
	struct err e = { 0 };

	/* A commit of db_commit: those are what others are woken by. */
	if (db_begin(db, &e) || db_exec(db, sql, &e) || db_commit(db, &e))
		fail_msg("%s: %s", sql, e.msg);
}

#endif
