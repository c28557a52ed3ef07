#include "worker/feed/frame.h"
#include "worker/feed/scan.h"

#include <stdlib.h>
#include <string.h>

#define MICROSECONDS_FROM INT64_C(100000000000000)	/* 1e14: milliseconds get there in 5138 */
#define TIME_MAX INT64_C(100000000000000000)		/* 1e17 us: no such day */

/* Fields by their key: a letter, or one of the few longer ones. */
enum slot {
	SLOT_LETTERS = 0,	/* a..z, A..Z */
	SLOT_PU = 52, SLOT_NQ, SLOT_LAST_UPDATE_ID, SLOT_BIDS, SLOT_ASKS, SLOT_STREAM, SLOT_DATA,
	SLOT_N
};
#define SLOT(c) ((c) >= 'a' ? (c) - 'a' : (c) - 'A' + 26)

struct reader {
	struct scan scan;
	struct frame *frame;
	uint64_t seen;				/* bit per slot */
	struct scan_token field[SLOT_N];	/* valid where seen */
	const char *levels_error;		/* of b/a/bids/asks; only noted at first */
	const char *what;			/* the frame's kind for messages */
	struct err *e;
};

static int refuse(struct reader *r, const char *key, const char *why)
{
	if (key)
		return err_set(r->e, ERR_INVALID, "%s frame: \"%s\" %s", r->what, key, why);
	return err_set(r->e, ERR_INVALID, "%s frame: %s", r->what, why);
}

static int refuse_json(struct reader *r)
{
	return err_set(r->e, ERR_INVALID, "frame is not JSON at byte %zu: %s",
		       scan_offset(&r->scan), r->scan.error);
}

static int slot_of(const struct scan_token *key)
{
	char c = key->text[0];

	if (key->len == 1)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? SLOT(c) : -1;
	if (scan_is(key, "pu"))
		return SLOT_PU;
	if (scan_is(key, "nq"))
		return SLOT_NQ;
	if (scan_is(key, "lastUpdateId"))
		return SLOT_LAST_UPDATE_ID;
	if (scan_is(key, "bids"))
		return SLOT_BIDS;
	if (scan_is(key, "asks"))
		return SLOT_ASKS;
	if (scan_is(key, "stream"))
		return SLOT_STREAM;
	return scan_is(key, "data") ? SLOT_DATA : -1;
}

static bool has(const struct reader *r, int slot)
{
	return r->seen >> slot & 1;
}

/* ---- levels ---- */

static const char *add_level(struct levels *to, const struct scan_token *price,
			     const struct scan_token *qty)
{
	struct level l;

	if (price_parse_n(price->text, price->len, &l.price) || price_sign(l.price) <= 0)
		return "a level's price is not a positive decimal";
	if (qty_parse_n(qty->text, qty->len, &l.qty) || qty_sign(l.qty) < 0)
		return "a level's quantity is not a decimal from 0";
	if (to->n == to->cap) {
		to->cap = to->cap ? to->cap * 2 : 64;
		to->list = xrealloc(to->list, to->cap * sizeof(*to->list));
	}
	to->list[to->n++] = l;
	return NULL;
}

/* After '[': [["price","quantity"], ...]. What is wrong with it, or NULL. */
static const char *read_levels(struct scan *s, struct levels *to)
{
	struct scan_token t, price, qty;
	const char *error;

	while (scan_next(s, &t) == SCAN_ARRAY) {
		if (scan_next(s, &price) != SCAN_STRING || scan_next(s, &qty) != SCAN_STRING ||
		    scan_next(s, &t) != SCAN_ARRAY_END)
			return "a level is not [\"price\",\"quantity\"]";
		error = add_level(to, &price, &qty);
		if (error)
			return error;
	}
	return t.kind == SCAN_ARRAY_END ? NULL : "levels are not a list of lists";
}

/* Frames of other kinds have lists under these keys too, so a fault is only noted at first. */
static bool take_levels(struct reader *r, const struct scan_token *first, struct levels *to)
{
	struct scan before = r->scan;
	const char *error = read_levels(&r->scan, to);

	if (!error)
		return true;
	r->levels_error = error;
	r->scan = before;
	return scan_skip(&r->scan, first);
}

/* ---- fields ---- */

static int read_object(struct reader *r, bool outermost);

static int take_field(struct reader *r, const struct scan_token *key, bool outermost)
{
	struct frame *f = r->frame;
	int slot = slot_of(key);
	struct scan_token value;
	bool ok = true;

	if (scan_next(&r->scan, &value) == SCAN_ERROR)
		return refuse_json(r);
	if (slot < 0 || (slot >= SLOT_STREAM && !outermost))
		return scan_skip(&r->scan, &value) ? 0 : refuse_json(r);
	if (has(r, slot))
		return err_set(r->e, ERR_INVALID, "frame has the key \"%.*s\" twice",
			       (int)key->len, key->text);
	r->seen |= UINT64_C(1) << slot;
	r->field[slot] = value;
	if (slot == SLOT_DATA && value.kind == SCAN_OBJECT)
		return read_object(r, false);
	if (value.kind == SCAN_ARRAY && (slot == SLOT('b') || slot == SLOT_BIDS))
		ok = take_levels(r, &value, &f->bids);
	else if (value.kind == SCAN_ARRAY && (slot == SLOT('a') || slot == SLOT_ASKS))
		ok = take_levels(r, &value, &f->asks);
	else
		ok = scan_skip(&r->scan, &value);
	return ok ? 0 : refuse_json(r);
}

static int read_object(struct reader *r, bool outermost)
{
	struct scan_token t;
	int rc;

	while (scan_next(&r->scan, &t) == SCAN_KEY) {
		rc = take_field(r, &t, outermost);
		if (rc)
			return rc;
	}
	return t.kind == SCAN_OBJECT_END ? 0 : refuse_json(r);
}

static int read_frame(struct reader *r)
{
	struct scan_token t;
	int rc = 0;

	switch (scan_next(&r->scan, &t)) {
	case SCAN_OBJECT:
		rc = read_object(r, true);
		break;
	case SCAN_ARRAY:
		if (!scan_skip(&r->scan, &t))
			rc = refuse_json(r);
		break;
	case SCAN_ERROR:
		return refuse_json(r);
	case SCAN_OBJECT_END:
	case SCAN_ARRAY_END:
	case SCAN_KEY:
	case SCAN_STRING:
	case SCAN_NUMBER:
	case SCAN_TRUE:
	case SCAN_FALSE:
	case SCAN_NULL:
	case SCAN_END:
		return err_set(r->e, ERR_INVALID, "frame is neither an object nor a list");
	}
	if (rc == 0 && scan_next(&r->scan, &t) != SCAN_END)
		rc = refuse_json(r);
	return rc;
}

/* ---- which frame is it ---- */

static enum frame_kind kind_of_stream(const struct scan_token *stream)
{
	const char *at = memchr(stream->text, '@', stream->len);
	struct scan_token name = *stream;

	if (!at)
		return FRAME_OTHER;
	name.text = at + 1;
	name.len = (size_t)(stream->text + stream->len - name.text);
	if (scan_is(&name, "trade"))
		return FRAME_TRADE;
	if (scan_is(&name, "bookTicker"))
		return FRAME_TOP;
	if (scan_is(&name, "depth") || (name.len > 6 && memcmp(name.text, "depth@", 6) == 0))
		return FRAME_DEPTH;
	return scan_is(&name, "aggTrade") ? FRAME_AGG_TRADE : FRAME_OTHER;
}

static enum frame_kind kind_of_event(const struct scan_token *event)
{
	if (scan_is(event, "trade"))
		return FRAME_TRADE;
	if (scan_is(event, "bookTicker"))
		return FRAME_TOP;
	if (scan_is(event, "depthUpdate"))
		return FRAME_DEPTH;
	return scan_is(event, "aggTrade") ? FRAME_AGG_TRADE : FRAME_OTHER;
}

static enum frame_kind kind_of(const struct reader *r)
{
	bool event = has(r, SLOT('e')) && r->field[SLOT('e')].kind == SCAN_STRING;

	if (has(r, SLOT_STREAM) && has(r, SLOT_DATA)) {
		if (r->field[SLOT_STREAM].kind != SCAN_STRING ||
		    r->field[SLOT_DATA].kind != SCAN_OBJECT)
			return FRAME_OTHER;
		return kind_of_stream(&r->field[SLOT_STREAM]);
	}
	if (event)
		return kind_of_event(&r->field[SLOT('e')]);
	if (has(r, SLOT_LAST_UPDATE_ID))
		return FRAME_SNAPSHOT;
	return has(r, SLOT('u')) && has(r, SLOT('b')) && has(r, SLOT('B')) ? FRAME_TOP :
	FRAME_OTHER;
}

/* ---- values ---- */

static int get_id(struct reader *r, int slot, const char *key, int64_t *out)
{
	if (!has(r, slot))
		return refuse(r, key, "is missing");
	if (!scan_int64(&r->field[slot], out) || *out < 0)
		return refuse(r, key, "is not a whole number from 0 that fits 64 bits");
	return 0;
}

/* Milliseconds, or microseconds if the stream was asked for them; the size of the number tells. */
static int get_time(struct reader *r, int slot, const char *key, int64_t *out)
{
	int64_t v = 0;
	int rc = get_id(r, slot, key, &v);

	if (rc)
		return rc;
	if (v == 0 || v > TIME_MAX)
		return refuse(r, key, "is not a time");
	*out = v < MICROSECONDS_FROM ? v * 1000 : v;
	return 0;
}

static const struct scan_token *get_string(struct reader *r, int slot)
{
	return has(r, slot) && r->field[slot].kind == SCAN_STRING ? &r->field[slot] : NULL;
}

static int get_price(struct reader *r, int slot, const char *key, struct price *out)
{
	const struct scan_token *t = get_string(r, slot);

	if (!t || price_parse_n(t->text, t->len, out) || price_sign(*out) < 0)
		return refuse(r, key, t ? "is not a price" : "is missing or not a string");
	return 0;
}

static int get_qty(struct reader *r, int slot, const char *key, struct qty *out)
{
	const struct scan_token *t = get_string(r, slot);

	if (!t || qty_parse_n(t->text, t->len, out) || qty_sign(*out) < 0)
		return refuse(r, key, t ? "is not a quantity" : "is missing or not a string");
	return 0;
}

static bool is_symbol_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The symbol of "s", which the stream's name must agree with. */
static int get_symbol(struct reader *r)
{
	const struct scan_token *t = get_string(r, SLOT('s'));
	const struct scan_token *stream = get_string(r, SLOT_STREAM);
	char *out = r->frame->symbol;

	if (!t)
		return refuse(r, "s", "is missing or not a string");
	if (t->len == 0 || t->len >= SYMBOL_MAX)
		return refuse(r, "s", "is not a symbol");
	for (size_t i = 0; i < t->len; i++) {
		char c = t->text[i];

		if (!is_symbol_char(c))
			return refuse(r, "s", "is not a symbol");
		if (stream && (i >= stream->len ||
		    stream->text[i] != (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)))
			return refuse(r, "s", "is another symbol than the stream's");
		out[i] = c;
	}
	if (stream && (stream->len <= t->len || stream->text[t->len] != '@'))
		return refuse(r, "s", "is another symbol than the stream's");
	out[t->len] = '\0';
	return 0;
}

/* ---- frames ---- */

static int read_trade(struct reader *r, int id_slot, const char *id_key)
{
	struct frame *f = r->frame;
	const struct scan_token *cause = get_string(r, SLOT('X'));
	struct trade t = { 0 };
	int rc = get_time(r, SLOT('T'), "T", &t.time_us);

	f->futures = cause != NULL || has(r, SLOT_NQ);
	f->spot = !f->futures && has(r, SLOT('M'));
	if (rc)
		return rc;
	f->event_us = t.time_us;
	if (cause && !scan_is(cause, "MARKET")) {
		f->kind = FRAME_SKIP;
		f->trade = t;
		f->trade.id = 0;
		if (has(r, id_slot))
			(void)scan_int64(&r->field[id_slot], &f->trade.id);
		return 0;
	}
	if ((rc = get_id(r, id_slot, id_key, &t.id)) ||
	    (rc = get_price(r, SLOT('p'), "p", &t.price)) ||
	    (rc = get_qty(r, SLOT('q'), "q", &t.qty)))
		return rc;
	if (price_sign(t.price) == 0 || qty_sign(t.qty) == 0)
		return refuse(r, price_sign(t.price) ? "q" : "p", "is 0");
	if (!has(r, SLOT('m')) || (r->field[SLOT('m')].kind != SCAN_TRUE &&
	    r->field[SLOT('m')].kind != SCAN_FALSE))
		return refuse(r, "m", "is missing or neither true nor false");
	t.buyer_is_maker = r->field[SLOT('m')].kind == SCAN_TRUE;
	f->trade = t;
	return 0;
}

static int read_top(struct reader *r)
{
	struct frame *f = r->frame;
	struct book_top b = { 0 };
	int rc;

	f->futures = has(r, SLOT('e'));
	f->spot = !f->futures;
	if (f->futures && (rc = get_time(r, SLOT('T'), "T", &b.time_us)))
		return rc;
	if ((rc = get_id(r, SLOT('u'), "u", &b.update_id)) ||
	    (rc = get_price(r, SLOT('b'), "b", &b.bid)) ||
	    (rc = get_qty(r, SLOT('B'), "B", &b.bid_qty)) ||
	    (rc = get_price(r, SLOT('a'), "a", &b.ask)) ||
	    (rc = get_qty(r, SLOT('A'), "A", &b.ask_qty)))
		return rc;
	if (qty_sign(b.bid_qty) && qty_sign(b.ask_qty) && price_cmp(b.bid, b.ask) >= 0)
		return refuse(r, "b", "is not below \"a\"");
	f->event_us = b.time_us;
	f->top = b;
	return 0;
}

static int need_levels(struct reader *r, int slot, const char *key)
{
	if (r->levels_error)
		return refuse(r, NULL, r->levels_error);
	if (!has(r, slot) || r->field[slot].kind != SCAN_ARRAY)
		return refuse(r, key, "is missing or not a list");
	return 0;
}

static int read_depth(struct reader *r)
{
	struct frame *f = r->frame;
	int rc;

	f->futures = has(r, SLOT_PU);
	f->spot = !f->futures;
	f->depth.previous_id = -1;
	if ((rc = get_id(r, SLOT('U'), "U", &f->depth.first_id)) ||
	    (rc = get_id(r, SLOT('u'), "u", &f->depth.last_id)) ||
	    (f->futures && (rc = get_id(r, SLOT_PU, "pu", &f->depth.previous_id))) ||
	    (rc = has(r, SLOT('T')) ? get_time(r, SLOT('T'), "T", &f->event_us) :
	     get_time(r, SLOT('E'), "E", &f->event_us)) ||
	    (rc = need_levels(r, SLOT('b'), "b")) || (rc = need_levels(r, SLOT('a'), "a")))
		return rc;
	if (f->depth.first_id > f->depth.last_id)
		return refuse(r, "U", "is greater than \"u\"");
	return 0;
}

static int read_snapshot(struct reader *r)
{
	struct frame *f = r->frame;
	int rc;

	f->futures = has(r, SLOT('T'));
	f->spot = !f->futures;
	f->depth.previous_id = -1;
	f->depth.first_id = 0;
	if ((rc = get_id(r, SLOT_LAST_UPDATE_ID, "lastUpdateId", &f->depth.last_id)) ||
	    (f->futures && (rc = get_time(r, SLOT('T'), "T", &f->event_us))) ||
	    (rc = need_levels(r, SLOT_BIDS, "bids")) || (rc = need_levels(r, SLOT_ASKS, "asks")))
		return rc;
	return 0;
}

static int read_kind(struct reader *r)
{
	enum frame_kind kind = r->frame->kind;
	const struct scan_token *event = get_string(r, SLOT('e'));
	int rc;

	r->what = frame_kind_name(kind);
	if (kind != FRAME_SNAPSHOT && kind != FRAME_OTHER) {
		if (event && kind_of_event(event) != kind)
			return refuse(r, "e", "is another event than the stream's");
		rc = get_symbol(r);
		if (rc)
			return rc;
	}
	switch (kind) {
	case FRAME_TRADE: return read_trade(r, SLOT('t'), "t");
	case FRAME_AGG_TRADE: return read_trade(r, SLOT('a'), "a");
	case FRAME_TOP: return read_top(r);
	case FRAME_DEPTH: return read_depth(r);
	case FRAME_SNAPSHOT: return read_snapshot(r);
	case FRAME_SKIP:
	case FRAME_OTHER: break;
	}
	return 0;
}

/* ---- public ---- */

void frame_init(struct frame *f)
{
	*f = (struct frame){ .kind = FRAME_OTHER };
}

void frame_free(struct frame *f)
{
	free(f->bids.list);
	free(f->asks.list);
	frame_init(f);
}

int frame_decode(const char *bytes, size_t len, struct frame *f, struct err *e)
{
	struct reader r;
	int rc;

	scan_init(&r.scan, bytes, len);
	r.frame = f;
	r.seen = 0;
	r.levels_error = NULL;
	r.e = e;
	f->symbol[0] = '\0';
	f->futures = f->spot = false;
	f->event_us = 0;
	f->bids.n = f->asks.n = 0;
	f->kind = FRAME_OTHER;
	rc = read_frame(&r);
	if (rc)
		return rc;
	f->kind = kind_of(&r);
	rc = read_kind(&r);
	if (rc)
		f->kind = FRAME_OTHER;
	return rc;
}

const char *frame_kind_name(enum frame_kind kind)
{
	switch (kind) {
	case FRAME_TRADE: return "trade";
	case FRAME_AGG_TRADE: return "aggTrade";
	case FRAME_TOP: return "bookTicker";
	case FRAME_DEPTH: return "depth";
	case FRAME_SNAPSHOT: return "depth snapshot";
	case FRAME_SKIP: return "skipped";
	case FRAME_OTHER: return "other";
	}
	return "?";
}
