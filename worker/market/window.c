#include "worker/market/candle.h"

#include <string.h>

void window_clear(struct window *w)
{
	w->begin = 0;
	w->n = 0;
	w->last_open_us = 0;
}

static void column_to_front(double *column, size_t begin, size_t n)
{
	memmove(column, column + begin, n * sizeof(column[0]));
}

/* Columns slide through a larger array, so that moving them back is rare. */
static void window_to_front(struct window *w)
{
	column_to_front(w->open, w->begin, w->n);
	column_to_front(w->high, w->begin, w->n);
	column_to_front(w->low, w->begin, w->n);
	column_to_front(w->close, w->begin, w->n);
	column_to_front(w->volume, w->begin, w->n);
	column_to_front(w->buy_volume, w->begin, w->n);
	column_to_front(w->trades, w->begin, w->n);
	w->begin = 0;
}

void window_push(struct window *w, const struct candle *c, int64_t length_us)
{
	size_t at;

	if (w->n > 0 && c->open_us != w->last_open_us + length_us)
		window_clear(w);
	if (w->n == CANDLE_WINDOW) {
		w->begin++;
		w->n--;
	}
	if (w->begin + w->n == WINDOW_CAPACITY)
		window_to_front(w);
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
}

bool window_full(const struct window *w)
{
	return w->n == CANDLE_WINDOW;
}
