#include "api/push/streams.h"

#include "api/http/auth.h"
#include "api/http/conn.h"
#include "api/push/ws.h"
#include "common/clock.h"

#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>

#define GIVE_BACK_BYTES ((size_t)4 << 20)

struct streams {
	struct stream_set set;
	struct event *tick;
	bool active;			/* tick is on */
	bool stopping;
	size_t most;			/* memory of all streams since it was given back */
};

static void on_renewed_cb(void *ctx)
{
	struct streams *all = ctx;

	for (struct stream *s = all->set.first; s; s = stream_next(s))
		stream_renew(s);
}

/* The heap keeps what was freed; after a crowd of readers that is much. */
static void give_back(struct streams *all)
{
	size_t now = push_memory(look_push(all->set.look));

	if (now > all->most) {
		all->most = now;
	} else if (all->most - now > GIVE_BACK_BYTES) {
		malloc_trim(0);
		all->most = now;
	}
}

static void on_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct streams *all = arg;
	struct app *a = all->set.app;
	int64_t now = clock_mono_us();

	(void)fd;
	(void)what;
	auth_refresh(a->auth, a);
	give_back(all);
	for (struct stream *s = all->set.first; s; s = stream_next(s))
		stream_tick(s, now);
	all->active = look_tick(all->set.look, all->set.n);
	if (!all->active)
		event_del(all->tick);
}

static void on_reap_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	stream_reap(arg);
}

struct streams *streams_new(struct app *a)
{
	struct streams *all = xcalloc(1, sizeof(*all));

	all->set.app = a;
	all->set.look = look_new(a, on_renewed_cb, all);
	all->tick = event_new(a->base, -1, EV_PERSIST, on_tick_cb, all);
	all->set.reap = event_new(a->base, -1, 0, on_reap_cb, &all->set);
	ASSERT(all->tick && all->set.reap);
	return all;
}

void streams_free(struct streams *all)
{
	if (!all)
		return;
	all->stopping = true;
	for (struct stream *s = all->set.first; s; s = stream_next(s))
		stream_close(s, WS_GOING_AWAY, "the server stops");
	if (all->set.first)
		event_base_loop(all->set.app->base, EVLOOP_NONBLOCK);
	while (all->set.first)
		stream_free(all->set.first);
	event_free(all->tick);
	event_free(all->set.reap);
	look_free(all->set.look);
	free(all);
}

/* Some of API_MAX_CONNECTIONS stay free for requests. */
static size_t streams_max(const struct streams *all)
{
	size_t max = (size_t)all->set.app->cfg->api_max_connections;
	size_t kept = max / 50 + 2;

	return max > kept ? max - kept : 1;
}

static int may_add(const struct streams *all, struct err *e)
{
	if (all->stopping)
		return err_set(e, ERR_LIMIT, "the server stops");
	if (all->set.n < streams_max(all))
		return 0;
	return err_set(e, ERR_LIMIT,
		       "%zu live connections are open already; raise API_MAX_CONNECTIONS for more",
		       all->set.n);
}

/* Also for a look before the first client: somebody wants one. */
static void begin(struct streams *all)
{
	static const struct timeval second = { 1, 0 };

	if (!all->active)
		event_add(all->tick, &second);
	all->active = true;
	look_begin(all->set.look);
}

int streams_open(struct request *r, enum stream_kind kind, const struct push_op *desired,
		 struct err *e)
{
	struct conn *c = conn_of(r->app->conns, r->ev);
	struct streams *all = r->app->streams;
	int rc = may_add(all, e);

	if (rc || !c)
		return request_error(r, e, 503, "too_many_streams", "%s",
				     rc ? e->msg : "this connection can't be taken over");
	begin(all);
	if (desired->topics)
		rc = look_ready(all->set.look, desired->topics, e);
	if (!rc)
		stream_open(&all->set, r, c, kind, desired);
	return rc;
}
