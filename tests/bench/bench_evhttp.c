/*
 * What GET status is compared with: libevent's evhttp alone, one handler, one
 * fixed answer. Serves on 127.0.0.1 until its standard input ends.
 *	bench_evhttp PORT BYTES
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct answer {
	char *text;
	size_t len;
};

static void on_request_cb(struct evhttp_request *r, void *arg)
{
	const struct answer *a = arg;
	struct evbuffer *body = evbuffer_new();

	evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type", "application/json");
	evbuffer_add(body, a->text, a->len);
	evhttp_send_reply(r, 200, "OK", body);
	evbuffer_free(body);
}

static void on_input_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

/* As our server: without TCP_NODELAY a large answer takes 40 ms. */
static bool listen_on(struct evhttp *http, uint16_t port)
{
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", port);
	const int on = 1;

	return bound && !setsockopt(evhttp_bound_socket_get_fd(bound), IPPROTO_TCP, TCP_NODELAY,
				    &on, sizeof(on));
}

static int serve(uint16_t port, struct answer *a)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base ? evhttp_new(base) : NULL;
	struct event *input = base ? event_new(base, 0, EV_READ, on_input_cb, base) : NULL;
	int rc = 1;

	if (http && input && listen_on(http, port)) {
		evhttp_set_gencb(http, on_request_cb, a);
		event_add(input, NULL);
		event_base_dispatch(base);
		rc = 0;
	}
	if (input)
		event_free(input);
	if (http)
		evhttp_free(http);
	if (base)
		event_base_free(base);
	return rc;
}

int main(int argc, char **argv)
{
	struct answer a = { 0 };
	int rc;

	if (argc < 3) {
		printf("bench_evhttp: a bare server for tests/bench/system.py\n");
		return 0;
	}
	a.len = strtoul(argv[2], NULL, 10);
	a.text = calloc(1, a.len + 1);
	if (!a.text)
		return 1;
	memset(a.text, 'x', a.len);
	rc = serve((uint16_t)strtoul(argv[1], NULL, 10), &a);
	free(a.text);
	return rc;
}
