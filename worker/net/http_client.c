#include "worker/net/http_client.h"

#include "common/buf.h"
#include "common/clock.h"

#include <ctype.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000L
#define HEADERS_MAX 32768
#define IDLE_CONNECTIONS 16L

struct http_client {
	struct event_base *base;
	struct event *timer;
	CURLM *multi;
	X509_STORE *trusted;		/* shared by all calls */
	struct http_call *calls;	/* under way */
	size_t calls_n;
};

struct http_call {
	struct http_client *client;
	struct http_call *prev, *next;
	CURL *easy;
	struct curl_slist *headers_out;
	struct buf headers, body;
	size_t max_bytes;
	bool too_big;
	bool left;			/* the request was handed to a connection */
	bool again;			/* and would have been to a second one */
	int64_t begun_us;		/* monotonic */
	char host[256];
	char reason[CURL_ERROR_SIZE];
	http_done *done;
	void *ctx;
};

/* ---- one call's life ---- */

static void call_free(struct http_call *call)
{
	struct http_client *c = call->client;

	(void)curl_multi_remove_handle(c->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers_out);
	buf_free(&call->headers);
	buf_free(&call->body);
	if (call->prev)
		call->prev->next = call->next;
	else
		c->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	c->calls_n--;
	free(call);
}

static int error_code(CURLcode result)
{
	if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
		return ERR_INVALID;
	if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
		return ERR_DENIED;
	return ERR_UNAVAILABLE;
}

static void describe(const struct http_call *call, CURLcode result, struct http_answer *a)
{
	if (call->too_big)
		err_set(&a->error, ERR_LIMIT, "%s: the answer is longer than %zu bytes", call->host,
			call->max_bytes);
	else if (call->again)
		err_set(&a->error, ERR_UNAVAILABLE,
			"%s: the connection ended before an answer came", call->host);
	else
		err_set(&a->error, error_code(result), "%s: %s", call->host,
			call->reason[0] ? call->reason : curl_easy_strerror(result));
}

static void finish(struct http_call *call, CURLcode result)
{
	struct http_answer a = { .took_us = clock_mono_us() - call->begun_us };
	long status = 0;
	http_done *done = call->done;
	void *ctx = call->ctx;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	a.sent = call->left;
	a.headers = buf_text(&call->headers);
	a.body = buf_text(&call->body);
	a.len = call->body.len;
	if (result == CURLE_OK)
		a.status = (int)status;
	else
		describe(call, result, &a);
	/* The call leaves the loop, but its answer lives until "done" has read it. */
	(void)curl_multi_remove_handle(call->client->multi, call->easy);
	call->done = NULL;
	done(ctx, &a);
	call_free(call);
}

static void collect(struct http_client *c)
{
	struct http_call *call;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		ASSERT(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call) == CURLE_OK);
		finish(call, m->data.result);
	}
}

/* ---- the loop's side ---- */

static void socket_event(evutil_socket_t fd, short what, void *ctx)
{
	struct http_client *c = ctx;
	int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		(what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	(void)curl_multi_socket_action(c->multi, fd, mask, &running);
	collect(c);
}

static void timer_event(evutil_socket_t fd, short what, void *ctx)
{
	struct http_client *c = ctx;
	int running;

	(void)fd;
	(void)what;
	(void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(c);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct http_client *c = ctx;
	struct event *event = socket_ctx;
	short wanted = EV_PERSIST;

	(void)easy;
	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		if (what & CURL_POLL_IN)
			wanted |= EV_READ;
		if (what & CURL_POLL_OUT)
			wanted |= EV_WRITE;
		event = event_new(c->base, fd, wanted, socket_event, c);
		ASSERT(event && event_add(event, NULL) == 0);
	}
	(void)curl_multi_assign(c->multi, fd, event);
	return 0;
}

static int on_timer(CURLM *multi, long in_ms, void *ctx)
{
	struct http_client *c = ctx;
	struct timeval tv = { in_ms / 1000, in_ms % 1000 * 1000 };

	(void)multi;
	if (in_ms < 0)
		event_del(c->timer);
	else
		event_add(c->timer, &tv);
	return 0;
}

static int read_trusted(const char *ca_file, X509_STORE **out, struct err *e)
{
	X509_STORE *store = X509_STORE_new();

	ASSERT(store);
	if (*ca_file ? X509_STORE_load_file(store, ca_file) != 1
		     : X509_STORE_set_default_paths(store) != 1) {
		X509_STORE_free(store);
		return err_set(e, ERR_INVALID, "there are no certificates (PEM) that can be read "
			       "in %s", *ca_file ? ca_file : "the system's folder");
	}
	*out = store;
	return 0;
}

int http_client_new(struct event_base *base, const char *ca_file, struct http_client **out,
		    struct err *e)
{
	X509_STORE *trusted = NULL;
	struct http_client *c;
	int rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(e, ERR_IO, "libcurl could not start");
	rc = read_trusted(ca_file, &trusted, e);
	if (rc) {
		curl_global_cleanup();
		return rc;
	}
	c = xcalloc(1, sizeof(*c));
	c->base = base;
	c->trusted = trusted;
	c->timer = evtimer_new(base, timer_event, c);
	c->multi = curl_multi_init();
	ASSERT(c->timer && c->multi);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	*out = c;
	return 0;
}

void http_client_free(struct http_client *c)
{
	struct http_call *next;

	if (!c)
		return;
	for (struct http_call *call = c->calls; call; call = next) {
		next = call->next;
		call_free(call);
	}
	curl_multi_cleanup(c->multi);
	event_free(c->timer);
	X509_STORE_free(c->trusted);
	free(c);
	curl_global_cleanup();
}

/* ---- sending ---- */

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_call *call = ctx;

	n *= size;
	if (n > call->max_bytes - call->body.len) {
		call->too_big = true;
		return 0;
	}
	buf_add(&call->body, data, n);
	return n;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_call *call = ctx;

	n *= size;
	if (n >= 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(&call->headers); /* those before belong to "100 Continue" */
	if (call->headers.len + n <= HEADERS_MAX)
		buf_add(&call->headers, data, n);
	return n;
}

/*
 * Refuses a second sending. libcurl repeats a request by itself when a kept connection ends
 * without a byte of an answer (Curl_retry_request); an order might then be placed twice.
 */
static int on_request(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct http_call *call = ctx;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	call->again = call->left;
	call->left = true;
	return call->again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Keeps the host's name for messages, because they must never show the path. */
static void name_host(struct http_call *call, const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;

	snprintf(call->host, sizeof(call->host), "the address");
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		snprintf(call->host, sizeof(call->host), "%s", host);
	curl_free(host);
	curl_url_cleanup(u);
}

static void set_method(CURL *h, const struct http_request *r)
{
	if (r->body || strcmp(r->method, "POST") == 0) {
		curl_easy_setopt(h, CURLOPT_POST, 1L);
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(r->body ? r->body_len : 0));
		curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, r->body ? r->body : "");
	}
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "POST") != 0)
		curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_headers(struct http_call *call, const struct http_request *r)
{
	/* No waiting for "100 Continue" before a body goes out. */
	call->headers_out = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; r->headers && r->headers[i]; i++)
		call->headers_out = curl_slist_append(call->headers_out, r->headers[i]);
	ASSERT(call->headers_out);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers_out);
}

/* Shares certificates read once; libcurl would read them for a connection: 30 ms in the loop. */
static CURLcode on_tls(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct http_call *call = ctx;

	(void)easy;
	SSL_CTX_set1_cert_store(ssl_ctx, call->client->trusted);
	return CURLE_OK;
}

static void set_tls(CURL *h, struct http_call *call)
{
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	/* Needs libcurl on OpenSSL, which we build with (libcurl4-openssl-dev). */
	ASSERT(curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK);
	curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, call);
}

static void set_options(struct http_call *call, const struct http_request *r)
{
	CURL *h = call->easy;

	curl_easy_setopt(h, CURLOPT_PRIVATE, call);
	curl_easy_setopt(h, CURLOPT_URL, r->url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "trading-bot/" VERSION);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
	set_tls(h, call);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, call->reason);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(h, CURLOPT_PREREQDATA, call);
	set_method(h, r);
	set_headers(call, r);
}

struct http_call *http_send(struct http_client *c, const struct http_request *r)
{
	struct http_call *call = xcalloc(1, sizeof(*call));

	call->client = c;
	call->easy = curl_easy_init();
	ASSERT(call->easy && r->timeout_ms > 0);
	call->max_bytes = r->max_bytes;
	call->done = r->done;
	call->ctx = r->ctx;
	call->begun_us = clock_mono_us();
	name_host(call, r->url);
	set_options(call, r);
	call->next = c->calls;
	if (c->calls)
		c->calls->prev = call;
	c->calls = call;
	c->calls_n++;
	ASSERT(curl_multi_add_handle(c->multi, call->easy) == CURLM_OK);
	return call;
}

void http_cancel(struct http_call *call)
{
	if (call)
		call_free(call);
}

size_t http_client_calls(const struct http_client *c)
{
	return c->calls_n;
}

/* ---- reading ---- */

bool http_answer_header(const struct http_answer *a, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), len;

	for (const char *line = a->headers; *line; line = strchrnul(line, '\n') + 1) {
		if (strncasecmp(line, name, n) != 0 || line[n] != ':') {
			if (!strchr(line, '\n'))
				break;
			continue;
		}
		line += n + 1;
		line += strspn(line, " \t");
		len = strcspn(line, "\r\n");
		while (len > 0 && isblank((unsigned char)line[len - 1]))
			len--;
		if (len >= size)
			return false;
		memcpy(out, line, len);
		out[len] = '\0';
		return true;
	}
	return false;
}
