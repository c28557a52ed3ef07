#include "api/view/status_cache.h"

#include "common/err.h"

#include <stdlib.h>

#define STATUS_SLOTS 16

struct slot {
	struct status_key key;
	struct buf body;
};

struct status_cache {
	struct slot slots[STATUS_SLOTS];
};

struct status_cache *status_cache_new(void)
{
	return xcalloc(1, sizeof(struct status_cache));
}

void status_cache_free(struct status_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < STATUS_SLOTS; i++)
		buf_free(&c->slots[i].body);
	free(c);
}

const struct buf *status_cache_get(const struct status_cache *c, const struct status_key *k)
{
	const struct slot *s = &c->slots[(uint64_t)k->bot_id % STATUS_SLOTS];

	if (!s->body.len || s->key.bot_id != k->bot_id ||
	    s->key.data_version != k->data_version || s->key.writes != k->writes ||
	    k->mono_us - s->key.mono_us >= STATUS_CACHE_US)
		return NULL;
	return &s->body;
}

void status_cache_put(struct status_cache *c, const struct status_key *k, const struct buf *body)
{
	struct slot *s = &c->slots[(uint64_t)k->bot_id % STATUS_SLOTS];

	s->key = *k;
	buf_clear(&s->body);
	buf_add(&s->body, body->data, body->len);
}
