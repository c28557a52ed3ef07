#include "api/pending/room.h"

#include "api/app_db.h"
#include "common/clock.h"

#include <event2/event.h>
#include <stdlib.h>

static void arm(struct room *room)
{
	const struct reason *why = room->why;
	int64_t us = room->looks < ROOM_SOON_LOOKS ? why->soon_us : why->later_us;
	const struct timeval tv = { us / US_PER_S, us % US_PER_S };

	if (room->first && us)
		event_add(room->look, &tv);
}

bool room_late(const struct room *room, const struct guest *g)
{
	return room->closing || clock_mono_us() >= g->until_us;
}

int room_stopping(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the API is stopping");
}

/* false: g waits on. "come" may have parked the request for another reason. */
static bool try_guest(struct room *room, struct guest *g, int *rc, struct err *e)
{
	if (g->r)
		g->r->parked = false;
	if (room->why->come(room, g, rc, e) || room_late(room, g))
		return true;
	if (g->r)
		g->r->parked = true;
	return false;
}

void room_look(struct room *room)
{
	const struct reason *why = room->why;
	struct guest **at = &room->first;

	room->looks++;
	while (*at) {
		struct guest *g = *at;
		struct err e = { 0 };
		int rc = 0;

		if (!try_guest(room, g, &rc, &e)) {
			if (why->in_line)
				break;
			at = &g->next;
			continue;
		}
		*at = g->next;
		if (!g->next)
			room->last = at;
		room->n--;
		room->looks = 0;
		if (g->r)
			g->r->db = g->r->app->database->db;
		why->end(g, rc, &e);
		if (why->one && !room->closing)
			break;
	}
	if (!room->first && why->empty)
		why->empty(room);
	arm(room);
}

static void on_look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct room *room = arg;

	(void)fd;
	(void)what;
	if (room->first)
		room_look(room);
}

void room_init(struct room *room, struct event_base *base, const struct reason *why)
{
	*room = (struct room){ .why = why, .last = &room->first };
	room->look = event_new(base, -1, 0, on_look_cb, room);
	ASSERT(room->look != NULL);
}

void room_fini(struct room *room)
{
	room->closing = true;
	room_look(room);
	ASSERT(!room->first);
	event_free(room->look);
}

void room_enter(struct room *room, struct guest *g, struct request *r, int64_t us)
{
	g->r = r;
	g->until_us = us == ROOM_NO_LIMIT ? us : clock_mono_us() + us;
	g->next = NULL;
	if (r)
		r->parked = true;
	*room->last = g;
	room->last = &g->next;
	if (!room->n++) {
		room->looks = 0;
		arm(room);
	}
}

void room_wake(struct room *room)
{
	event_active(room->look, EV_TIMEOUT, 0);
}
