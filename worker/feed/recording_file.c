#include "worker/feed/recording_file.h"

#include "worker/feed/exchange_info.h"
#include "worker/feed/recording.h"
#include "worker/feed/symbol.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_LINES 20000	/* how far a file is searched for its markets */
#define DELIVERY_DIGITS 6	/* BTCUSD_240927 */

/* ---- COIN-M ---- */

/* Priced in USD and settled in coins: BTCUSD_PERP, BTCUSD_240927. */
static bool is_coin_m(const char *symbol)
{
	const char *end = strstr(symbol, "USD_");

	if (!end)
		return false;
	end += strlen("USD_");
	return strcmp(end, "PERP") == 0 || strspn(end, "0123456789") == DELIVERY_DIGITS;
}

static int check_coin_m(const struct recording_file *t, const char *symbol, struct err *e)
{
	if (!is_coin_m(symbol))
		return 0;
	return err_set(e, ERR_INVALID, "COIN-M recordings are not supported: %s in %s", symbol,
		       t->path);
}

/* ---- which markets, and of which kind ---- */

static struct recording_file_market *market_of(struct recording_file *t, const char *symbol)
{
	struct recording_file_market *m;

	for (size_t i = 0; i < t->markets_n; i++)
		if (strcmp(t->markets[i].info.symbol, symbol) == 0)
			return &t->markets[i];
	t->markets = xrealloc(t->markets, (t->markets_n + 1) * sizeof(*t->markets));
	m = &t->markets[t->markets_n++];
	*m = (struct recording_file_market){ 0 };
	snprintf(m->info.symbol, sizeof(m->info.symbol), "%s", symbol);
	return m;
}

/* Frames of no interest, of which some are only USD-M's. */
static bool only_futures(const struct recording_line *l)
{
	static const char *const names[] = { "\"markPriceUpdate\"", "\"forceOrder\"",
					     "\"continuous_kline\"" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (memmem(l->json, l->len, names[i], strlen(names[i])))
			return true;
	return false;
}

static void take_other(struct recording_file *t, const struct recording_line *l)
{
	if (exchange_info_likely(l->json, l->len))
		exchange_info_read(l->json, l->len, &t->stated, &t->stated_n);
	else if (!t->told_futures && only_futures(l))
		t->told_futures = true;
}

static int take_frame(struct recording_file *t, const struct recording_line *l,
		      const struct frame *f, struct err *e)
{
	int rc;

	if (!t->first_us)
		t->first_us = l->time_us;
	t->snapshot |= f->kind == FRAME_SNAPSHOT;
	if (f->kind == FRAME_OTHER) {
		take_other(t, l);
		return 0;
	}
	t->told_futures |= f->futures;
	t->told_spot |= f->spot;
	if (!f->symbol[0]) {
		if (t->markets_n)
			grid_frame(&t->markets[0].grid, f);
		return 0;
	}
	rc = check_coin_m(t, f->symbol, e);
	if (rc == 0)
		grid_frame(&market_of(t, f->symbol)->grid, f);
	return rc;
}

/* True when an exchangeInfo line says whether the markets are futures. */
static bool stated_kind(const struct recording_file *t, bool *futures)
{
	int spot = 0, usdm = 0;

	for (size_t i = 0; i < t->stated_n; i++)
		for (size_t j = 0; j < t->markets_n; j++)
			if (strcmp(t->stated[i].symbol, t->markets[j].info.symbol) == 0)
				*(t->stated[i].futures ? &usdm : &spot) += 1;
	*futures = usdm > 0;
	return (usdm > 0) != (spot > 0);
}

static bool decided(const struct recording_file *t)
{
	return t->told_futures || t->told_spot;
}

static int decide(struct recording_file *t, struct err *e)
{
	if (t->told_futures && t->told_spot)
		return err_set(e, ERR_INVALID,
			       "%s holds frames of Binance spot and of USD-M futures: record "
			       "them into a file each", t->path);
	t->futures = t->told_futures;
	if (!decided(t) && !stated_kind(t, &t->futures))
		return err_set(e, ERR_INVALID,
			       "no frame of %s in %s tells whether it is spot or USD-M futures; "
			       "name it as binance:FILE or binance_futures:FILE, or put an "
			       "exchangeInfo line into it", t->markets[0].info.symbol,
			       t->path);
	for (size_t i = 0; i < t->markets_n; i++)
		t->markets[i].info.futures = t->futures;
	return 0;
}

static int look_at_lines(struct recording_file *t, struct recording *r, struct err *e)
{
	struct recording_line line;
	struct frame f;
	int rc = 0, bad = 0;

	frame_init(&f);
	for (int i = 0; rc != ERR_END && !bad && (i < LOOK_LINES || !decided(t)); i++) {
		rc = recording_next(r, &line, NULL);
		if (rc == 0 && frame_decode(line.json, line.len, &f, NULL) == 0)
			bad = take_frame(t, &line, &f, e);
	}
	frame_free(&f);
	if (bad)
		return bad;
	if (t->markets_n == 0)
		return err_set(e, ERR_CORRUPT,
			       "%s holds no frame of a market (trade, bookTicker or "
			       "depth); a line is: receive time in ns, a blank, Binance's JSON",
			       t->path);
	return decide(t, e);
}

/* Removes "binance:" or "binance_futures:", with which the user says what the file holds. */
static const char *take_prefix(struct recording_file *t, const char *name)
{
	static const char spot[] = "binance:", futures[] = "binance_futures:";

	if (strncmp(name, spot, sizeof(spot) - 1) == 0) {
		t->told_spot = true;
		return name + sizeof(spot) - 1;
	}
	if (strncmp(name, futures, sizeof(futures) - 1) == 0) {
		t->told_futures = true;
		return name + sizeof(futures) - 1;
	}
	return name;
}

int recording_file_open(const char *name, struct recording_file *out, struct err *e)
{
	struct recording_file t = { 0 };
	struct recording *r = NULL;
	int rc;

	t.path = xstrdup(take_prefix(&t, name));
	rc = recording_open(t.path, &r, e);
	if (rc == 0)
		rc = look_at_lines(&t, r, e);
	recording_close(r);
	if (rc)
		recording_file_fini(&t);
	else
		*out = t;
	return rc;
}

void recording_file_fini(struct recording_file *t)
{
	free(t->path);
	free(t->markets);
	free(t->stated);
	*t = (struct recording_file){ 0 };
}

/* ---- rules ---- */

static bool stated(const struct recording_file *files, size_t n, struct symbol_info *info)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < files[i].stated_n; j++) {
			const struct symbol_info *s = &files[i].stated[j];

			if (s->futures == info->futures && strcmp(s->symbol, info->symbol) == 0) {
				*info = *s;
				return true;
			}
		}
	return false;
}

static void derive(const struct recording_file *files, size_t n, struct symbol_info *info)
{
	struct grid all = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < files[i].markets_n; j++)
			if (files[i].futures == info->futures &&
			    strcmp(files[i].markets[j].info.symbol, info->symbol) == 0)
				grid_merge(&all, &files[i].markets[j].grid);
	symbol_info_recorded(info->symbol, info->futures, &all, info);
}

void recording_files_rules(struct recording_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < files[i].markets_n; j++) {
			struct symbol_info *info = &files[i].markets[j].info;

			if (!stated(files, n, info))
				derive(files, n, info);
		}
}
