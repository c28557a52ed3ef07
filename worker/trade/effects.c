#include "worker/trade/effects.h"

#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct effect *effects_add(const struct step *s, enum effect_kind kind, struct order *o,
			   int64_t leg_id)
{
	struct effects *fx = s->effects;
	struct effect *f;

	if (fx->n == fx->max) {
		fx->max = fx->max ? 2 * fx->max : 16;
		fx->list = xrealloc(fx->list, fx->max * sizeof(fx->list[0]));
	}
	f = &fx->list[fx->n++];
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->order = o;
	f->leg_id = leg_id;
	f->at_us = s->now_us;
	return f;
}

struct order_event *effects_move(const struct step *s, struct order *o, int64_t leg_id,
				 const char *event, const char *why)
{
	struct order_event *m = &effects_add(s, EFFECT_MOVE, o, leg_id)->u.move;

	m->leg_id = leg_id;
	m->event = event;
	m->venue_us = s->venue_us;
	m->at_us = s->now_us;
	snprintf(m->why, sizeof(m->why), "%s", why);
	return m;
}

void effects_gone(const struct step *s, struct order *o)
{
	struct effects *fx = s->effects;

	fx->gone = xrealloc(fx->gone, (fx->gone_n + 1) * sizeof(struct order *));
	fx->gone[fx->gone_n++] = o;
}

void effects_notice(const struct step *s, const char *correlation_id, const char *fmt, ...)
{
	struct effect *f = effects_add(s, EFFECT_NOTICE, NULL, 0);
	va_list ap;

	snprintf(f->u.notice.correlation_id, sizeof(f->u.notice.correlation_id), "%s",
		 correlation_id);
	va_start(ap, fmt);
	(void)vsnprintf(f->u.notice.text, sizeof(f->u.notice.text), fmt, ap);
	va_end(ap);
}

void effects_fini(struct effects *fx)
{
	for (size_t i = 0; i < fx->gone_n; i++)
		free(fx->gone[i]);
	free(fx->gone);
	free(fx->list);
	memset(fx, 0, sizeof(*fx));
}
