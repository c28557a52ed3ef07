#include "worker/feed/synthetic_frame.h"

#include <string.h>

#define E8_DECIMALS 8

/* Scale and look of a market's numbers. */
struct format {
	struct buf *out;
	int64_t tick, step;		/* 1e-8 */
	int price_decimals, qty_decimals;
};

/* Spot sends all eight decimals, USD-M as many as the step has (at least two for prices). */
static int decimals_of(int64_t unit)
{
	int n = E8_DECIMALS;

	for (; unit % 10 == 0 && n > 0; n--)
		unit /= 10;
	return n;
}

static void put_int(struct buf *out, int64_t v)
{
	char tmp[24], *p = tmp + sizeof(tmp);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(out, p, (size_t)(tmp + sizeof(tmp) - p));
}

static void put_decimal(struct buf *out, int64_t e8, int decimals)
{
	char tmp[32], *p = tmp + sizeof(tmp);

	for (int i = decimals; i < E8_DECIMALS; i++)
		e8 /= 10;
	*--p = '"';
	for (int i = 0; i < decimals; i++, e8 /= 10)
		*--p = (char)('0' + e8 % 10);
	if (decimals)
		*--p = '.';
	do {
		*--p = (char)('0' + e8 % 10);
		e8 /= 10;
	} while (e8);
	*--p = '"';
	buf_add(out, p, (size_t)(tmp + sizeof(tmp) - p));
}

static void put_price(const struct format *f, int64_t ticks)
{
	put_decimal(f->out, ticks * f->tick, f->price_decimals);
}

static void put_qty(const struct format *f, int64_t steps)
{
	put_decimal(f->out, steps * f->step, f->qty_decimals);
}

static void put_number(struct buf *out, const char *before, int64_t v)
{
	buf_puts(out, before);
	put_int(out, v);
}

static void put_head(struct buf *out, const char *symbol, const char *stream)
{
	buf_puts(out, "{\"stream\":\"");
	for (const char *c = symbol; *c; c++)
		buf_putc(out, (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
	buf_puts(out, stream);
}

static void put_symbol(struct buf *out, const char *symbol)
{
	buf_puts(out, ",\"s\":\"");
	buf_puts(out, symbol);
	buf_putc(out, '"');
}

static void put_trade(const struct format *f, const struct symbol_info *info,
		      const struct synthetic_event *e, int64_t ms)
{
	struct buf *out = f->out;

	put_head(out, info->symbol, "@trade\",\"data\":{\"e\":\"trade\"");
	put_number(out, ",\"E\":", ms);
	if (info->futures)
		put_number(out, ",\"T\":", ms);
	put_symbol(out, info->symbol);
	put_number(out, ",\"t\":", e->id);
	buf_puts(out, ",\"p\":");
	put_price(f, e->trade.price);
	buf_puts(out, ",\"q\":");
	put_qty(f, e->trade.qty);
	if (info->futures)
		buf_puts(out, ",\"X\":\"MARKET\"");
	else
		put_number(out, ",\"T\":", ms);
	buf_puts(out, e->buyer_is_maker ? ",\"m\":true" : ",\"m\":false");
	buf_puts(out, info->futures ? "}}" : ",\"M\":true}}");
}

static void put_top(const struct format *f, const struct symbol_info *info,
		    const struct synthetic_event *e, int64_t ms)
{
	struct buf *out = f->out;

	put_head(out, info->symbol, "@bookTicker\",\"data\":{");
	if (info->futures)
		buf_puts(out, "\"e\":\"bookTicker\",");
	put_number(out, "\"u\":", e->id);
	put_symbol(out, info->symbol);
	buf_puts(out, ",\"b\":");
	put_price(f, e->bid.price);
	buf_puts(out, ",\"B\":");
	put_qty(f, e->bid.qty);
	buf_puts(out, ",\"a\":");
	put_price(f, e->ask.price);
	buf_puts(out, ",\"A\":");
	put_qty(f, e->ask.qty);
	if (info->futures) {
		put_number(out, ",\"T\":", ms);
		put_number(out, ",\"E\":", ms);
	}
	buf_puts(out, "}}");
}

static void put_level(const struct format *f, const struct synthetic_level *l, bool first)
{
	buf_puts(f->out, first ? "[" : ",[");
	put_price(f, l->price);
	buf_putc(f->out, ',');
	put_qty(f, l->qty);
	buf_putc(f->out, ']');
}

static void put_changes(const struct format *f, const struct synthetic_ladder *l)
{
	for (size_t i = 0; i < l->changes; i++)
		put_level(f, &l->change[i], i == 0);
}

static void put_levels(const struct format *f, const struct synthetic_ladder *l)
{
	for (size_t i = l->n; i > 0; i--)
		put_level(f, &l->level[i - 1], i == l->n);
}

static void put_depth(const struct format *f, const struct symbol_info *info,
		      const struct synthetic_event *e, const struct synthetic_book *b, int64_t ms)
{
	struct buf *out = f->out;

	put_head(out, info->symbol, "@depth@100ms\",\"data\":{\"e\":\"depthUpdate\"");
	put_number(out, ",\"E\":", ms);
	if (info->futures)
		put_number(out, ",\"T\":", ms);
	put_symbol(out, info->symbol);
	put_number(out, ",\"U\":", e->first_id);
	put_number(out, ",\"u\":", e->id);
	if (info->futures)
		put_number(out, ",\"pu\":", e->previous_id);
	buf_puts(out, ",\"b\":[");
	put_changes(f, &b->side[SYNTHETIC_BID]);
	buf_puts(out, "],\"a\":[");
	put_changes(f, &b->side[SYNTHETIC_ASK]);
	buf_puts(out, "]}}");
}

static void put_snapshot(const struct format *f, const struct symbol_info *info,
			 const struct synthetic_event *e, const struct synthetic_book *b,
			 int64_t ms)
{
	struct buf *out = f->out;

	put_number(out, "{\"lastUpdateId\":", e->id);
	if (info->futures) {
		put_number(out, ",\"E\":", ms);
		put_number(out, ",\"T\":", ms);
	}
	buf_puts(out, ",\"bids\":[");
	put_levels(f, &b->side[SYNTHETIC_BID]);
	buf_puts(out, "],\"asks\":[");
	put_levels(f, &b->side[SYNTHETIC_ASK]);
	buf_puts(out, "]}");
}

/* Stamps are milliseconds, as the exchange's. */
static int64_t exchange_ms(const struct synthetic_event *e)
{
	return (e->time_us - SYNTHETIC_LATENCY_US) / 1000;
}

void synthetic_frame_write(struct synthetic_market *m, struct buf *out)
{
	const struct synthetic_event *e = synthetic_market_peek(m);
	const struct symbol_info *info = synthetic_market_info(m);
	const struct synthetic_book *b = synthetic_market_book(m);
	int64_t tick = price_units(info->tick), step = qty_units(info->step);
	int64_t ms = exchange_ms(e);
	struct format f = {
		.out = out, .tick = tick, .step = step,
		.price_decimals = info->futures ? decimals_of(tick) : E8_DECIMALS,
		.qty_decimals = info->futures ? decimals_of(step) : E8_DECIMALS,
	};

	if (info->futures && f.price_decimals < 2)
		f.price_decimals = 2;
	buf_clear(out);
	switch (e->kind) {
	case SYNTHETIC_TRADE:
		put_trade(&f, info, e, ms);
		break;
	case SYNTHETIC_TOP:
		put_top(&f, info, e, ms);
		break;
	case SYNTHETIC_DEPTH:
		put_depth(&f, info, e, b, ms);
		break;
	case SYNTHETIC_SNAPSHOT:
		put_snapshot(&f, info, e, b, ms);
		break;
	}
}

void synthetic_frame_trade(struct synthetic_market *m, struct trade *out)
{
	const struct synthetic_event *e = synthetic_market_peek(m);
	const struct symbol_info *info = synthetic_market_info(m);

	*out = (struct trade){
		.id = e->id, .time_us = exchange_ms(e) * 1000,
		.price = price_of_units(e->trade.price * price_units(info->tick)),
		.qty = qty_of_units(e->trade.qty * qty_units(info->step)),
		.buyer_is_maker = e->buyer_is_maker, .whole = true,
	};
}
