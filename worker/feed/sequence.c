#include "worker/feed/sequence.h"

#include "worker/market/candle.h"

#include <string.h>

#define SEEN_MASK (SEQUENCE_SEEN - 1)

static enum sequence_result take_next(struct sequence *s, int64_t time_us)
{
	s->next_id++;
	s->dense++;
	s->doubted = false;
	if (time_us > s->newest_us)
		s->newest_us = time_us;
	return time_us >= s->unsure_us ? SEQUENCE_NEXT : SEQUENCE_OTHER;
}

/* Ids were left out: their trades may still come, may be lost, or may never have existed. */
static void take_jump(struct sequence *s, int64_t id, int64_t time_us)
{
	bool dense = s->dense >= SEQUENCE_DENSE || s->missing;

	if (s->next_id && (dense || s->doubted)) {
		if (s->missing == 0)
			s->hole_id = s->next_id;
		s->missing += id - s->next_id;
	}
	s->unsure_us = s->doubted ? time_us : time_us + CANDLE_GRACE_US;
	s->doubted = false;
	s->dense = 0;
	s->next_id = id + 1;
	s->newest_us = time_us;
}

/* An id below the newest one: a late trade, or a series that begins again. */
static void take_earlier(struct sequence *s, int64_t id, int64_t time_us)
{
	if (s->missing && id >= s->hole_id) {
		s->missing--;
	} else if (time_us >= s->newest_us) {
		s->next_id = id + 1;
		s->newest_us = time_us;
		s->dense = 0;
		s->missing = s->doubted ? 1 : 0;
		s->unsure_us = s->doubted ? time_us : time_us + CANDLE_GRACE_US;
		s->doubted = false;
	}
}

enum sequence_result sequence_take(struct sequence *s, int64_t id, int64_t time_us)
{
	size_t at = (size_t)(id & SEEN_MASK);

	if (s->seen[at].id == id && s->seen[at].time_us == time_us)
		return SEQUENCE_REPEATED;
	s->seen[at].id = id;
	s->seen[at].time_us = time_us;
	if (id == s->next_id)
		return take_next(s, time_us);
	if (id > s->next_id)
		take_jump(s, id, time_us);
	else
		take_earlier(s, id, time_us);
	return SEQUENCE_OTHER;
}

void sequence_doubt(struct sequence *s)
{
	s->doubted = s->next_id != 0;
}

int64_t sequence_lost(struct sequence *s, int64_t time_us)
{
	int64_t lost = s->missing;

	if (lost == 0 || time_us < s->unsure_us)
		return 0;
	s->missing = 0;
	return lost;
}

void sequence_gap(struct sequence *s)
{
	s->missing = 0;
	s->dense = 0;
	s->doubted = false;
}

void sequence_reset(struct sequence *s)
{
	memset(s, 0, sizeof(*s));
}
