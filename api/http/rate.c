#include "api/http/rate.h"

#include "common/clock.h"
#include "common/err.h"

#include <stdlib.h>
#include <string.h>

#define RATE_ROWS 256
#define RATE_WAYS 8

struct bucket {
	uint64_t key;		/* 0: unused */
	int64_t level_us;	/* credit, in us of the rate's time */
	int64_t at_us;		/* monotonic, of the last look */
};

struct rate {
	int64_t cost_us;	/* of one request */
	int64_t full_us;	/* credit of a full bucket */
	struct bucket table[RATE_ROWS][RATE_WAYS];
};

struct rate *rate_new(int64_t per_s)
{
	struct rate *r = xcalloc(1, sizeof(*r));

	if (per_s > 0) {
		r->cost_us = US_PER_S / per_s > 0 ? US_PER_S / per_s : 1;
		r->full_us = 2 * per_s * r->cost_us;
	}
	return r;
}

void rate_free(struct rate *r)
{
	free(r);
}

/* FNV-1a, 64 bit. */
static uint64_t hash(const char *address, int64_t token_id)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (const char *p = address; *p; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	for (unsigned i = 0; i < 64; i += 8)
		h = (h ^ (((uint64_t)token_id >> i) & 255)) * UINT64_C(1099511628211);
	return h ? h : 1;
}

static struct bucket *find(struct rate *r, uint64_t key, int64_t mono_us)
{
	struct bucket *row = r->table[key % RATE_ROWS];
	struct bucket *oldest = &row[0];

	for (size_t i = 0; i < RATE_WAYS; i++) {
		if (row[i].key == key)
			return &row[i];
		if (!row[i].key || row[i].at_us < oldest->at_us)
			oldest = &row[i];
		if (!row[i].key)
			break;
	}
	*oldest = (struct bucket){ .key = key, .level_us = r->full_us, .at_us = mono_us };
	return oldest;
}

bool rate_take(struct rate *r, const char *address, int64_t token_id, int64_t mono_us,
	       int64_t *wait_s)
{
	struct bucket *b;

	if (!r->cost_us)
		return true;
	b = find(r, hash(address, token_id), mono_us);
	b->level_us += mono_us - b->at_us;
	if (b->level_us > r->full_us)
		b->level_us = r->full_us;
	b->at_us = mono_us;
	if (b->level_us < r->cost_us) {
		*wait_s = (r->cost_us - b->level_us + US_PER_S - 1) / US_PER_S;
		return false;
	}
	b->level_us -= r->cost_us;
	return true;
}
