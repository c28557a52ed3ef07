/*
 * room.h - the waiting room: requests that can't be answered yet, and what they have in common.
 *
 *	room_enter --> r is parked --> come() --yes------------------------> end() --> answer
 *	                                 ^  |--no, and its time is over-------^
 *	                                 |  |--no, and the API stops----------^
 *	              woken, or by timer `--'
 *
 * Everything runs on the loop, first come first served. A client that goes away needs no care:
 * evhttp drops the answer (conn_of is NULL then). What differs is the reason to wait:
 *
 *	wait.h		the worker's answer to a command
 *	batch.h		a commit shared with the commands of the same turn
 *	retry.h		the end of another program's transaction
 *	slow.h		the thread that reads much
 *	helper.h	a child process
 */
#ifndef API_PENDING_ROOM_H
#define API_PENDING_ROOM_H

#include "api/http/request.h"

#define ROOM_SOON_LOOKS 50

struct guest {			/* first member of what a reason keeps of a request */
	struct request *r;	/* may be NULL: somebody else holds it */
	int64_t until_us;	/* monotonic */
	struct guest *next;
};

struct room;
struct reason {
	bool in_line;		/* while the first waits on, no other is looked at */
	bool one;		/* one leaves in a turn: each may wait for the disk */
	/* Until the next look; later_us after ROOM_SOON_LOOKS in vain. 0: only when woken. */
	int64_t soon_us, later_us;
	/* Has it come? rc and e: the result, or (false) what it ends with if it is too late. */
	bool (*come)(struct room *room, struct guest *g, int *rc, struct err *e);
	/* Once for each guest: answers its request, or parks it again; frees g. */
	void (*end)(struct guest *g, int rc, struct err *e);
	void (*empty)(struct room *room);	/* the last has left; NULL: nothing to do */
};

struct room {			/* first member of a reason's state */
	const struct reason *why;
	struct guest *first, **last;	/* oldest first */
	size_t n;
	unsigned looks;		/* in vain, since the last that left */
	bool closing;
	struct event *look;
};

void room_init(struct room *room, struct event_base *base, const struct reason *why);
/* Has a last look at all, and ends them. */
void room_fini(struct room *room);
/* Parks r (NULL: none) for at most "us". It is looked at when the room is next looked at. */
void room_enter(struct room *room, struct guest *g, struct request *r, int64_t us);
#define ROOM_NO_LIMIT INT64_MAX
/* Something may have come: looks now, or (wake) behind what this turn brought. */
void room_look(struct room *room);
void room_wake(struct room *room);
/* Is the time of g over? */
bool room_late(const struct room *room, const struct guest *g);
/* What ends those that wait while the API stops: ERR_UNAVAILABLE. */
int room_stopping(struct err *e);

#endif
