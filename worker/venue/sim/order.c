#include "worker/venue/sim/internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_FIRST 64

static const char *const STAGE_NAMES[] = {
	[SIM_TRAVELLING] = "travelling", [SIM_RESTING] = "resting",
	[SIM_CANCELLING] = "cancelling",
};

const char *sim_stage_name(enum sim_stage s)
{
	return STAGE_NAMES[s];
}

int sim_stage_parse(const char *name, enum sim_stage *out)
{
	for (size_t i = 0; i < sizeof(STAGE_NAMES) / sizeof(STAGE_NAMES[0]); i++) {
		if (strcmp(name, STAGE_NAMES[i]) == 0) {
			*out = (enum sim_stage)i;
			return 0;
		}
	}
	return ERR_INVALID;
}

void sim_reason(char out[SIM_REASON_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, SIM_REASON_MAX, fmt, ap);
	va_end(ap);
}

/* FNV-1a */
static size_t hash_of(const char *id)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * UINT64_C(1099511628211);
	return (size_t)(h ^ (h >> 32));
}

static void hash_put(struct sim *s, struct sim_slot *o)
{
	struct sim_slot **head = &s->hash[hash_of(o->row.client_order_id) & (s->hash_size - 1)];

	o->hash_next = *head;
	*head = o;
}

static void hash_grow(struct sim *s)
{
	struct sim_slot **old = s->hash;
	size_t old_size = s->hash_size;

	s->hash_size = old_size ? old_size * 2 : HASH_FIRST;
	s->hash = xcalloc(s->hash_size, sizeof(struct sim_slot *));
	for (size_t i = 0; i < old_size; i++) {
		for (struct sim_slot *o = old[i], *next; o; o = next) {
			next = o->hash_next;
			hash_put(s, o);
		}
	}
	free(old);
}

static void hash_remove(struct sim *s, struct sim_slot *o)
{
	struct sim_slot **p = &s->hash[hash_of(o->row.client_order_id) & (s->hash_size - 1)];

	while (*p != o)
		p = &(*p)->hash_next;
	*p = o->hash_next;
	s->hash_n--;
}

struct sim_slot *sim_slot_find(const struct sim *s, const char *id)
{
	struct sim_slot *o;

	if (s->hash_size == 0)
		return NULL;
	o = s->hash[hash_of(id) & (s->hash_size - 1)];
	while (o && strcmp(o->row.client_order_id, id) != 0)
		o = o->hash_next;
	return o;
}

struct sim_slot *sim_slot_new(struct sim *s, struct sim_acct *a, const struct sim_order *row)
{
	struct sim_slot *o = xcalloc(1, sizeof(*o));

	o->row = *row;
	o->account = a;
	if (s->hash_n >= s->hash_size)
		hash_grow(s);
	hash_put(s, o);
	s->hash_n++;
	return o;
}

static bool earlier(const struct sim_slot *a, const struct sim_slot *b)
{
	if (a->row.due_us != b->row.due_us)
		return a->row.due_us < b->row.due_us;
	return a->row.seq < b->row.seq;
}

/* Inserts in order. A new one nearly always belongs at the end. */
static void list_add(struct sim_list *l, struct sim_slot *o)
{
	size_t at = l->n;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->slots = xrealloc(l->slots, l->cap * sizeof(struct sim_slot *));
	}
	for (; at > 0 && earlier(o, l->slots[at - 1]); at--)
		l->slots[at] = l->slots[at - 1];
	l->slots[at] = o;
	l->n++;
}

void sim_slot_pair(struct sim_slot *a, struct sim_slot *b)
{
	a->other = b;
	b->other = a;
}

void sim_travel_add(struct sim *s, struct sim_slot *o)
{
	list_add(&s->travel, o);
}

void sim_travel_take(struct sim *s, const struct sim_slot *o)
{
	struct sim_list *l = &s->travel;
	size_t at = 0;

	while (l->slots[at] != o)
		at++;
	l->n--;
	memmove(l->slots + at, l->slots + at + 1, (l->n - at) * sizeof(struct sim_slot *));
}

void sim_rest_add(struct sim_slot *o)
{
	struct sim_market *m = o->account->market;

	o->row.stage = SIM_RESTING;
	list_add(&m->resting, o);
	m->dirty = true;
	if (sim_waits(&o->row))
		m->waits = true;
}

void sim_slot_drop(struct sim *s, struct sim_slot *o)
{
	ASSERT(!o->gone);
	hash_remove(s, o);
	if (o->other)
		o->other = o->other->other = NULL;
	o->gone = true;
	o->account->market->dirty = true;
	if (s->args.store.order_gone)
		s->args.store.order_gone(s->args.store.ctx, o->row.client_order_id);
	if (o->row.stage == SIM_RESTING)
		s->sweep = true;
}

/* Free what is gone; the rest keeps its order. */
static void list_sweep(struct sim_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->slots[i]->gone)
			free(l->slots[i]);
		else
			l->slots[n++] = l->slots[i];
	}
	l->n = n;
}

void sim_sweep(struct sim *s)
{
	for (size_t i = 0; i < s->markets_n; i++)
		list_sweep(&s->markets[i]->resting);
	list_sweep(&s->travel);
	s->sweep = false;
}

void sim_report_order(const struct sim *s, const struct sim_slot *o)
{
	if (s->args.store.order)
		s->args.store.order(s->args.store.ctx, &o->row);
}

struct qty sim_remaining(const struct sim_slot *o)
{
	return qty_of_units(qty_units(o->row.quantity) - qty_units(o->row.filled));
}

void sim_update_init(const struct sim_slot *o, enum venue_update_kind kind, int64_t at_us,
		     struct venue_update *u)
{
	memset(u, 0, sizeof(*u));
	u->kind = kind;
	memcpy(u->client_order_id, o->row.client_order_id, sizeof(u->client_order_id));
	u->bot_id = o->row.bot_id;
	memcpy(u->symbol, o->row.symbol, sizeof(u->symbol));
	if (o->row.exchange_id != 0)
		snprintf(u->exchange_id, sizeof(u->exchange_id), "%" PRId64, o->row.exchange_id);
	u->at_us = u->venue_us = at_us;
	u->cumulative = o->row.filled;
}

void sim_send(const struct sim *s, const struct venue_update *u)
{
	struct sim_acct *a = sim_acct_find(s, u->bot_id);

	if (a)
		sim_tell_account(s, a);
	if (s->args.sink.update)
		s->args.sink.update(s->args.sink.ctx, u);
}

void sim_remember(struct sim *s, const struct venue_update *u)
{
	s->ended[s->ended_n++ % SIM_ENDED_MAX] = *u;
}

const struct venue_update *sim_ended_find(const struct sim *s, const char *id)
{
	size_t known = s->ended_n < SIM_ENDED_MAX ? s->ended_n : SIM_ENDED_MAX;

	for (size_t i = 1; i <= known; i++) {
		const struct venue_update *u = &s->ended[(s->ended_n - i) % SIM_ENDED_MAX];

		if (strcmp(u->client_order_id, id) == 0)
			return u;
	}
	return NULL;
}

void sim_slot_end(struct sim *s, struct sim_slot *o, enum venue_update_kind kind,
		  const char *reason, int64_t at_us)
{
	struct venue_update u;

	sim_reserve(s, o, 0, at_us);
	sim_slot_drop(s, o);
	sim_update_init(o, kind, at_us, &u);
	sim_reason(u.reason, "%s", reason);
	sim_remember(s, &u);
	sim_send(s, &u);
}

void sim_list_trigger(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	struct sim_slot *other = o->other;

	if (!other)
		return;
	o->row.reserved_e8 += other->row.reserved_e8;
	other->row.reserved_e8 = 0;
	sim_slot_end(s, other, UPDATE_EXPIRED, "OCO_TRIGGER: the other order of its list trades",
		     at_us);
}

void sim_expire_account(struct sim *s, struct sim_acct *a, bool all, const char *reason,
			int64_t at_us)
{
	struct sim_list *l = &a->market->resting;
	int64_t until = s->next_order; /* orders placed in answer to these updates stay */

	for (size_t i = 0; i < l->n; i++)
		if (l->slots[i]->account == a && !l->slots[i]->gone)
			sim_slot_end(s, l->slots[i], UPDATE_EXPIRED, reason, at_us);
	if (!all)
		return;
	for (size_t i = 0; i < s->travel.n; i++) {
		struct sim_slot *o = s->travel.slots[i];

		if (o->account != a || o->gone || o->row.seq >= until)
			continue;
		s->sweep = true;
		if (o->row.stage == SIM_CANCELLING)
			sim_slot_drop(s, o);
		else
			sim_slot_end(s, o, UPDATE_EXPIRED, reason, at_us);
	}
}

bool sim_account_busy(const struct sim *s, const struct sim_acct *a)
{
	for (size_t i = 0; i < s->travel.n; i++)
		if (s->travel.slots[i]->account == a && !s->travel.slots[i]->gone &&
		    s->travel.slots[i]->row.stage != SIM_CANCELLING)
			return true;
	for (size_t i = 0; i < a->market->resting.n; i++)
		if (a->market->resting.slots[i]->account == a && !a->market->resting.slots[i]->gone)
			return true;
	return false;
}

static void list_free(struct sim_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->slots[i]);
	free(l->slots);
}

void sim_orders_free(struct sim *s)
{
	list_free(&s->travel);
	for (size_t i = 0; i < s->markets_n; i++)
		list_free(&s->markets[i]->resting);
	free(s->hash);
}
