#include "worker/venue/sim/internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * A question takes as long as an order to arrive, and is answered with what is known then.
 * Questions are not stored: after a restart the engine asks again.
 */

int sim_order_state(const struct venue *v, const char *client_order_id, struct venue_update *out,
		    struct err *e)
{
	const struct sim *s = sim_of_const(v);
	const struct sim_slot *o = sim_slot_find(s, client_order_id);
	const struct venue_update *ended;

	if (o && o->row.stage != SIM_CANCELLING) {
		sim_update_init(o, UPDATE_ACCEPTED, 0, out);
		return 0;
	}
	ended = sim_ended_find(s, client_order_id);
	if (!ended)
		return err_set(e, ERR_NOT_FOUND, "the simulation has no order %s", client_order_id);
	*out = *ended;
	return 0;
}

void sim_remember_trade(struct sim *s, const struct venue_update *u)
{
	s->trades[s->trades_n++ % SIM_TRADES_MAX] = *u;
}

int sim_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e)
{
	struct sim *s = sim_of(v);

	(void)e;
	s->questions = xrealloc(s->questions, (s->questions_n + 1) * sizeof(s->questions[0]));
	s->questions[s->questions_n++] = (struct sim_question){
		.query = *q, .due_us = now_us + s->args.latency_us,
	};
	return 0;
}

static void add(struct venue_update **list, size_t *n, const struct venue_update *u, int64_t at_us)
{
	*list = xrealloc(*list, (*n + 1) * sizeof(**list));
	(*list)[*n] = *u;
	(*list)[(*n)++].at_us = at_us;
}

static void order_state(const struct sim *s, struct venue_answer *a, struct venue_update **list)
{
	struct venue_update u;
	struct err e = { 0 };

	a->rc = sim_order_state(&s->venue, a->query.client_order_id, &u, &e);
	if (a->rc == 0)
		add(list, &a->n, &u, a->at_us);
	memcpy(a->why, e.msg, sizeof(a->why) - 1);
}

/* Adds the orders that are not over, in the order in which they were sent. */
static void open_orders(const struct sim_acct *acct, struct venue_answer *a,
			struct venue_update **list)
{
	const struct sim_list *l = &acct->market->resting;
	struct venue_update u;

	for (size_t i = 0; i < l->n; i++) {
		if (l->slots[i]->account != acct || l->slots[i]->gone)
			continue;
		sim_update_init(l->slots[i], UPDATE_ACCEPTED, a->at_us, &u);
		add(list, &a->n, &u, a->at_us);
	}
}

static void trades(const struct sim *s, struct venue_answer *a, struct venue_update **list)
{
	size_t known = s->trades_n < SIM_TRADES_MAX ? s->trades_n : SIM_TRADES_MAX;

	for (size_t i = known; i-- > 0;) {
		const struct venue_update *u = &s->trades[(s->trades_n - 1 - i) % SIM_TRADES_MAX];

		if (strcmp(u->client_order_id, a->query.client_order_id) == 0)
			add(list, &a->n, u, a->at_us);
	}
}

void sim_answer(struct sim *s)
{
	struct sim_question q = s->questions[0];
	struct venue_answer a = { .query = q.query, .at_us = q.due_us };
	struct sim_acct *acct = sim_acct_find(s, q.query.bot_id);
	struct venue_update *list = NULL;

	memmove(&s->questions[0], &s->questions[1], --s->questions_n * sizeof(s->questions[0]));
	switch (q.query.kind) {
	case ASK_ORDER:
		order_state(s, &a, &list);
		break;
	case ASK_TRADES:
		trades(s, &a, &list);
		break;
	case ASK_OPEN_ORDERS:
		if (acct)
			open_orders(acct, &a, &list);
		break;
	case ASK_ACCOUNT:
		if (acct)
			a.account = sim_account_now(acct);
		break;
	}
	if (!acct)
		a.rc = ERR_NOT_FOUND;
	a.list = list;
	if (s->args.sink.answer)
		s->args.sink.answer(s->args.sink.ctx, &a);
	free(list);
}
