/*
 * A load of a given rate for tests/bench/load.py: requests are sent when they are due,
 * whether or not earlier ones are answered, and their time counts from then on. So a
 * server that stalls has all the requests it kept waiting counted as slow.
 *
 *	LOAD_TOKEN=... bench_load PORT SECONDS RATE CONNECTIONS BOT
 *
 * RATE 0: each connection sends as soon as it has its answer, to find the peak. BOT is
 * paused and resumed in turn. Prints one JSON object.
 */
#include "common/clock.h"
#include "common/err.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SLOTS_PER_POWER 32	/* of the histogram: 3 % wide */
#define SLOTS (40 * SLOTS_PER_POWER)
#define BACKLOG_MAX 1000000	/* requests that are due and find no connection */
#define TICK_US 200
#define END_WAIT_S 10

enum kind { STATUS, POSITIONS, ORDERS, PAUSE, RESUME, KINDS };

static const char *const names[] = { "status", "positions", "orders", "pause", "resume" };

struct figures {
	uint64_t n, errors;
	uint64_t slots[SLOTS];		/* of nanoseconds */
	int64_t max_ns;
};

struct due {
	int64_t at_ns;
	enum kind kind;
};

struct link {
	struct load *load;
	struct bufferevent *bev;
	struct due request;
	bool busy;
	size_t body_left;		/* once the head is read */
	bool in_body;
	int status;
	struct link *next_free;
};

struct load {
	struct event_base *base;
	struct link *links, *free;
	size_t n_links, busy;
	char *texts[KINDS];
	int64_t gap_ns;			/* between two requests; 0: as fast as they are answered */
	int64_t begin_ns, end_ns;
	uint64_t made;			/* requests that were due so far */
	bool resume;			/* is the next post */
	struct due *backlog;		/* a ring */
	size_t backlog_at, backlog_n, backlog_most;
	uint64_t lost;			/* connections that broke */
	uint64_t accepted;		/* answers 202: the worker had not answered in time */
	char first_error[200];
	struct figures kinds[KINDS];
};

static size_t slot_of(int64_t ns)
{
	uint64_t v = ns < SLOTS_PER_POWER ? SLOTS_PER_POWER : (uint64_t)ns;
	unsigned power = 63 - (unsigned)__builtin_clzll(v);
	size_t slot = (power - 5) * SLOTS_PER_POWER + (size_t)((v >> (power - 5)) & 31);

	return slot < SLOTS ? slot : SLOTS - 1;
}

/* Upper edge, us. */
static double slot_us(size_t slot)
{
	unsigned power = (unsigned)(slot / SLOTS_PER_POWER) + 5;

	return (double)((uint64_t)(33 + slot % SLOTS_PER_POWER) << (power - 5)) / 1000;
}

static double quantile_us(const struct figures *f, double q)
{
	uint64_t want = (uint64_t)((double)f->n * q), seen = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		seen += f->slots[i];
		if (seen > want)
			return slot_us(i);
	}
	return (double)f->max_ns / 1000;
}

/* Of a hundred requests: 85 status, 8 positions, 5 lists of orders, 2 posts. */
static enum kind next_kind(struct load *l)
{
	uint64_t i = l->made % 100;

	if (i % 50 == 49) {
		l->resume = !l->resume;
		return l->resume ? PAUSE : RESUME;
	}
	if (i % 20 == 7)
		return ORDERS;
	return i % 12 == 5 ? POSITIONS : STATUS;
}

static void send_request(struct link *k, const struct due *d)
{
	k->busy = true;
	k->in_body = false;
	k->request = *d;
	k->load->busy++;
	bufferevent_write(k->bev, k->load->texts[d->kind], strlen(k->load->texts[d->kind]));
}

static bool over(const struct load *l)
{
	return clock_mono_ns() >= l->end_ns;
}

/* k has nothing to do. */
static void give_work(struct load *l, struct link *k)
{
	struct due d;

	if (l->backlog_n) {
		d = l->backlog[l->backlog_at];
		l->backlog_at = (l->backlog_at + 1) % BACKLOG_MAX;
		l->backlog_n--;
	} else if (!l->gap_ns && !over(l)) {
		d = (struct due){ .at_ns = clock_mono_ns(), .kind = next_kind(l) };
		l->made++;
	} else {
		k->next_free = l->free;
		l->free = k;
		return;
	}
	send_request(k, &d);
}

static void note_error(struct link *k, const char *what)
{
	struct load *l = k->load;

	l->kinds[k->request.kind].errors++;
	if (!l->first_error[0])
		snprintf(l->first_error, sizeof(l->first_error), "%s: %s, status %d, after %.1f s",
			 names[k->request.kind], what, k->status,
			 (double)(clock_mono_ns() - l->begin_ns) / 1e9);
}

static void answered(struct link *k)
{
	struct figures *f = &k->load->kinds[k->request.kind];
	int64_t ns = clock_mono_ns() - k->request.at_ns;

	f->n++;
	f->slots[slot_of(ns)]++;
	if (ns > f->max_ns)
		f->max_ns = ns;
	k->load->accepted += k->status == 202;
	if (k->status < 200 || k->status > 299)
		note_error(k, "refused");
	k->busy = false;
	k->load->busy--;
	give_work(k->load, k);
}

/* "HTTP/1.1 200 OK" and a Content-Length; false: not all of the head is there. */
static bool read_head(struct link *k, struct evbuffer *in)
{
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	const char *length;
	char head[2048];
	size_t len;

	if (end.pos < 0)
		return false;
	len = (size_t)end.pos + 4;
	ASSERT(len < sizeof(head));
	evbuffer_remove(in, head, len);
	head[len] = '\0';
	length = strcasestr(head, "\r\nContent-Length: ");
	ASSERT(!strncmp(head, "HTTP/1.1 ", 9) && length);
	k->status = (int)strtol(head + 9, NULL, 10);
	k->body_left = (size_t)strtoull(length + 18, NULL, 10);
	k->in_body = true;
	return true;
}

static void on_read_cb(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct link *k = arg;
	size_t n;

	if (!k->in_body && !read_head(k, in))
		return;
	n = evbuffer_get_length(in);
	if (n > k->body_left)
		n = k->body_left;
	evbuffer_drain(in, n);
	k->body_left -= n;
	if (!k->body_left)
		answered(k);
}

static void open_link(struct link *k);

static void on_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct link *k = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;
	k->load->lost++;
	k->status = 0;
	bufferevent_free(k->bev);
	open_link(k);
	if (!k->busy)
		return;
	note_error(k, "the connection broke");
	k->busy = false;
	k->load->busy--;
	give_work(k->load, k);
}

static int port;

static void open_link(struct link *k)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const int on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	k->bev = bufferevent_socket_new(k->load->base, -1, BEV_OPT_CLOSE_ON_FREE);
	ASSERT(k->bev != NULL);
	bufferevent_setcb(k->bev, on_read_cb, NULL, on_event_cb, k);
	bufferevent_enable(k->bev, EV_READ | EV_WRITE);
	ASSERT(!bufferevent_socket_connect(k->bev, (struct sockaddr *)&to, sizeof(to)));
	(void)setsockopt(bufferevent_getfd(k->bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void push_due(struct load *l, const struct due *d)
{
	ASSERT(l->backlog_n < BACKLOG_MAX);
	l->backlog[(l->backlog_at + l->backlog_n++) % BACKLOG_MAX] = *d;
	if (l->backlog_n > l->backlog_most)
		l->backlog_most = l->backlog_n;
}

/* What has become due since the last tick. */
static void send_due(struct load *l, int64_t now_ns)
{
	while (l->gap_ns && now_ns < l->end_ns) {
		struct due d = { .at_ns = l->begin_ns + (int64_t)l->made * l->gap_ns };
		struct link *k = l->free;

		if (d.at_ns > now_ns)
			return;
		d.kind = next_kind(l);
		l->made++;
		if (k) {
			l->free = k->next_free;
			send_request(k, &d);
		} else {
			push_due(l, &d);
		}
	}
}

static void on_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	int64_t now_ns = clock_mono_ns();
	struct load *l = arg;

	(void)fd;
	(void)what;
	send_due(l, now_ns);
	if ((now_ns >= l->end_ns && !l->busy && !l->backlog_n) ||
	    now_ns > l->end_ns + END_WAIT_S * INT64_C(1000000000))
		event_base_loopbreak(l->base);
}

static char *request_text(const char *method, const char *path, const char *token)
{
	char *text = NULL;

	ASSERT(asprintf(&text,
			"%s /api/v1%s HTTP/1.1\r\nHost: localhost\r\n"
			"Authorization: Bearer %s\r\n%s\r\n",
			method, path, token, *method == 'P' ? "Content-Length: 0\r\n" : "") > 0);
	return text;
}

static void make_texts(struct load *l, const char *token, const char *bot)
{
	char path[64];

	l->texts[STATUS] = request_text("GET", "/status", token);
	l->texts[POSITIONS] = request_text("GET", "/positions", token);
	l->texts[ORDERS] = request_text("GET", "/trading/bots/1/orders/history?limit=50", token);
	snprintf(path, sizeof(path), "/bots/%s/pause", bot);
	l->texts[PAUSE] = request_text("POST", path, token);
	snprintf(path, sizeof(path), "/bots/%s/resume", bot);
	l->texts[RESUME] = request_text("POST", path, token);
}

static void print_kind(const char *name, const struct figures *f)
{
	printf("\"%s\":{\"n\":%llu,\"errors\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
	       "\"p999_us\":%.1f,\"max_us\":%.1f},",
	       name, (unsigned long long)f->n, (unsigned long long)f->errors, quantile_us(f, 0.5),
	       quantile_us(f, 0.99), quantile_us(f, 0.999), (double)f->max_ns / 1000);
}

static void print_figures(const struct load *l)
{
	struct figures all = { 0 };

	printf("{");
	for (enum kind k = 0; k < KINDS; k++) {
		const struct figures *f = &l->kinds[k];

		print_kind(names[k], f);
		all.n += f->n;
		all.errors += f->errors;
		all.max_ns = f->max_ns > all.max_ns ? f->max_ns : all.max_ns;
		for (size_t i = 0; i < SLOTS; i++)
			all.slots[i] += f->slots[i];
	}
	print_kind("all", &all);
	printf("\"per_s\":%.1f,\"unanswered\":%zu,\"lost\":%llu,\"accepted\":%llu,"
	       "\"backlog_most\":%zu,\"first_error\":\"%s\"}\n",
	       (double)all.n * 1e9 / (double)(l->end_ns - l->begin_ns), l->busy + l->backlog_n,
	       (unsigned long long)l->lost, (unsigned long long)l->accepted, l->backlog_most,
	       l->first_error);
}

static void open_links(struct load *l)
{
	for (size_t i = 0; i < l->n_links; i++) {
		l->links[i].load = l;
		open_link(&l->links[i]);
		give_work(l, &l->links[i]);
	}
}

static void run(struct load *l, int64_t seconds)
{
	const struct timeval tick = { 0, TICK_US };
	struct event *timer = event_new(l->base, -1, EV_PERSIST, on_tick_cb, l);

	ASSERT(timer != NULL);
	l->begin_ns = clock_mono_ns();
	l->end_ns = l->begin_ns + seconds * INT64_C(1000000000);
	open_links(l);
	event_add(timer, &tick);
	event_base_dispatch(l->base);
	event_free(timer);
	for (size_t i = 0; i < l->n_links; i++)
		bufferevent_free(l->links[i].bev);
}

int main(int argc, char **argv)
{
	const char *token = getenv("LOAD_TOKEN");
	struct event_config *c = event_config_new();
	struct load *l = xcalloc(1, sizeof(*l));

	if (argc < 6 || !token) {
		printf("bench_load: the client of tests/bench/load.py\n");
		event_config_free(c);
		free(l);
		return 0;
	}
	/* Ticks of less than a millisecond. */
	ASSERT(c && event_config_set_flag(c, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
	l->base = event_base_new_with_config(c);
	ASSERT(l->base != NULL);
	event_config_free(c);
	port = (int)strtol(argv[1], NULL, 10);
	if (strtod(argv[3], NULL) > 0)
		l->gap_ns = (int64_t)(1e9 / strtod(argv[3], NULL));
	l->n_links = strtoul(argv[4], NULL, 10);
	l->links = xcalloc(l->n_links, sizeof(*l->links));
	l->backlog = xcalloc(BACKLOG_MAX, sizeof(*l->backlog));
	make_texts(l, token, argv[5]);
	run(l, strtol(argv[2], NULL, 10));
	print_figures(l);
	event_base_free(l->base);
	for (enum kind k = 0; k < KINDS; k++)
		free(l->texts[k]);
	free(l->backlog);
	free(l->links);
	free(l);
	return 0;
}
