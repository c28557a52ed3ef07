#include "worker/market/candle.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 7
#define SLIDE 420			/* candles before the columns move back */

void window_clear(struct window *w)
{
	w->begin = 0;
	w->n = 0;
	w->last_open_us = 0;
}

void window_fini(struct window *w)
{
	free(w->open);
	*w = (struct window){ .look_back = w->look_back };
}

static size_t kept(const struct window *w)
{
	return w->look_back ? w->look_back : CANDLE_WINDOW;
}

/*
 * The columns slide forward in larger arrays and are moved back when they reach the end, once
 * in SLIDE candles. All of them lie in one allocation, which begins with the first column.
 */
static void columns_move(struct window *w, size_t room)
{
	double **columns[COLUMNS] = { &w->open, &w->high, &w->low, &w->close, &w->volume,
				      &w->buy_volume, &w->trades };
	double *old = w->open;
	double *memory = room == w->room ? old : xcalloc(COLUMNS * room, sizeof(memory[0]));

	for (size_t i = 0; i < COLUMNS; i++) {
		if (w->n > 0)
			memmove(memory + i * room, *columns[i] + w->begin,
				w->n * sizeof(memory[0]));
		*columns[i] = memory + i * room;
	}
	if (memory != old)
		free(old);
	w->begin = 0;
	w->room = room;
}

void window_keep(struct window *w, size_t look_back)
{
	if (look_back <= kept(w))
		return;
	w->look_back = look_back;
	if (w->room)
		columns_move(w, look_back + SLIDE);
}

void window_push(struct window *w, const struct candle *c, int64_t length_us)
{
	size_t at, most = kept(w);

	if (w->n > 0 && c->open_us != w->last_open_us + length_us)
		window_clear(w);
	if (w->n == most) {
		w->begin++;
		w->n--;
	}
	if (w->begin + w->n >= w->room)
		columns_move(w, most + SLIDE);
	at = w->begin + w->n;
	w->open[at] = price_double(c->open);
	w->high[at] = price_double(c->high);
	w->low[at] = price_double(c->low);
	w->close[at] = price_double(c->close);
	w->volume[at] = qty_double(c->volume);
	w->buy_volume[at] = qty_double(c->buy_volume);
	w->trades[at] = c->trades;
	w->n++;
	w->last_open_us = c->open_us;
	w->length_us = length_us;
}

bool window_full(const struct window *w)
{
	return w->n == kept(w);
}

struct window window_newest(const struct window *w, size_t n)
{
	struct window v = *w;

	if (v.n > n) {
		v.begin += v.n - n;
		v.n = n;
	}
	v.look_back = n;
	v.room = 0;
	return v;
}
