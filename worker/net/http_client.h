/*
 * http_client.h - sends HTTP and HTTPS requests from an event loop (libcurl's multi interface
 * on libevent). Nothing here blocks; host names are resolved in another thread.
 *
 *	http_send ----> loop ----> done(ctx, answer)	once, never from inside http_send
 *	        `-- http_cancel: done is not called
 *
 * Certificates are always verified, and redirects are not followed. A message names only the
 * host of a URL, because the path may be a secret. A request is sent at most once: where
 * libcurl would send it again on another connection, it fails instead, with "sent".
 */
#ifndef WORKER_NET_HTTP_CLIENT_H
#define WORKER_NET_HTTP_CLIENT_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct http_client;
struct http_call;

struct http_answer {			/* borrowed for the call of done */
	int status;			/* 0: no whole answer came, error says why */
	const char *body;		/* NUL-terminated, "" without one */
	size_t len;
	bool sent;			/* false: surely nothing reached the other side */
	int64_t took_us;
	struct err error;
	const char *headers;		/* raw lines; http_answer_header reads them */
};
/* The call no longer exists when this runs. It may send requests and cancel others. */
typedef void http_done(void *ctx, const struct http_answer *a);

struct http_request {
	const char *method;		/* GET, POST, PUT, DELETE */
	const char *url;
	const char *const *headers;	/* "Name: value", NULL at the end; NULL: none */
	const char *body;		/* NULL: none */
	size_t body_len;
	int64_t timeout_ms;		/* for all of it, > 0 */
	size_t max_bytes;		/* of the answer's body; a longer one is ERR_LIMIT */
	http_done *done;
	void *ctx;
};

/*
 * ca_file: certificates (PEM) to trust; "" those of the system. They are read here, once.
 * ERR_INVALID: that file can't be used. ERR_IO: no network library.
 */
MUST_CHECK int http_client_new(struct event_base *base, const char *ca_file,
			       struct http_client **out, struct err *e);
/* Cancels the running calls. */
void http_client_free(struct http_client *c);

/* Everything in r is copied. The handle is borrowed until done runs or http_cancel. */
struct http_call *http_send(struct http_client *c, const struct http_request *r);
void http_cancel(struct http_call *call);	/* NULL is harmless */
size_t http_client_calls(const struct http_client *c);	/* under way (tests) */

/* Value of the first header of that name, in any case; false: there is none, or no room. */
bool http_answer_header(const struct http_answer *a, const char *name, char *out, size_t size);

#endif
