/*
 * A window holds the last 60 closed candles, which at 1h and 1d are days and months. So windows
 * continue from the last run when no candle is missing in between:
 *
 *	made-up market	   it is made from the end of the newest stored candle on, through the
 *			   time in which no worker ran, up to a day
 *	replay at "max"	   its file is read again from the beginning (replay_open), so no stored
 *			   candle is needed
 *	replay with limit  begins at its start, at another time, so no window continues
 *
 * Candles that another seed or recording made are deleted first, because charts must not mix
 * them.
 */
#include "worker/loop/loop_internal.h"

#include "common/log.h"
#include "common/span.h"
#include "worker/store/candles.h"

#include <stdio.h>
#include <stdlib.h>

#define BACK_MOST_US (10 * US_PER_S)	/* a clock corrected by so little is no other time */
#define SAID_FROM_US (60 * US_PER_S)	/* shorter candles: a feed's own history fills the window */

struct series {
	struct worker *worker;
	struct market *market;
	struct candle_run run;		/* since_us and until_us 0: nothing is stored */
	int64_t length_us, now_us;
	size_t look_back;		/* candles that its window keeps */
};

static int forget_others(struct worker *w, bool futures, struct err *e)
{
	char source[MARKET_SOURCE_MAX];
	bool left = true;
	int rc = 0;

	market_source(feed_choice_name(w->feed), futures, source);
	while (rc == 0 && left) {
		rc = db_begin(w->db, e);
		if (rc)
			return rc;
		rc = store_candles_forget_tx(w->db, source, feed_choice_made_by(w->feed), &left, e);
		rc = db_end(w->db, rc, e);
	}
	return rc;
}

static void say(const struct series *s, const char *what, size_t candles)
{
	int64_t missing_us = (int64_t)(s->look_back - candles) * s->length_us;
	char wait[SPAN_TEXT_MAX];

	if (s->length_us < SAID_FROM_US)
		return;
	if (missing_us == 0)
		log_info("market", NULL, "%s %s (%s): %s", s->run.key.symbol, s->run.key.interval,
			 s->run.key.source, what);
	else
		log_info("market", NULL, "%s %s (%s): %s; the first decision comes in %s",
			 s->run.key.symbol, s->run.key.interval, s->run.key.source, what,
			 span_text(missing_us / US_PER_S, wait));
}

static void begins_anew(const struct series *s, const char *why)
{
	int64_t stored = (s->run.until_us - s->run.since_us) / s->length_us;
	char what[400];

	snprintf(what, sizeof(what), "the window starts anew: %lld candles in a row are stored, "
		 "but %s", (long long)stored, why);
	say(s, what, 0);
}

/* Why the stored candles don't reach up to now; NULL: they do, or the rest can be made. */
static const char *broken_off(const struct series *s, char text[160])
{
	int64_t gap_us = s->now_us - s->run.until_us;
	char gap[SPAN_TEXT_MAX];

	if (!feed_choice_made_up(s->worker->feed)) {
		snprintf(text, 160, "a recording with a limit begins at its start");
	} else if (gap_us < -BACK_MOST_US) {
		snprintf(text, 160, "they end %s after now: the clock was set back",
			 span_text(-gap_us / US_PER_S, gap));
	} else if (gap_us > MADE_UP_MOST_US + s->length_us) {
		snprintf(text, 160, "they ended %s ago, and the built-in market is made through a "
			 "day at most", span_text(gap_us / US_PER_S, gap));
	} else {
		return NULL;
	}
	return text;
}

/* Fills the window; *begin_us: from when on the market must be made. */
static int fill(struct series *s, int64_t *begin_us, struct err *e)
{
	struct candle *list = xcalloc(s->look_back, sizeof(list[0]));
	int64_t gap_us = s->now_us > s->run.until_us ? s->now_us - s->run.until_us : 0;
	char what[160], gap[SPAN_TEXT_MAX];
	size_t n, made = (size_t)(gap_us / s->length_us);
	int rc = store_candles_load(s->worker->db, &s->run, s->length_us, list, s->look_back,
				    &n, e);

	if (rc)
		goto out;
	engine_warm_candles(session_engine(s->worker->session), s->market, s->run.key.interval,
			    list, n, s->run.since_us);
	if (*begin_us == 0 || s->run.until_us < *begin_us)
		*begin_us = s->run.until_us;
	snprintf(what, sizeof(what), "goes on with %zu stored candles; the %s since then are made",
		 n, span_text(gap_us / US_PER_S, gap));
	say(s, what, n + made < s->look_back ? n + made : s->look_back);
out:
	free(list);
	return rc;
}

static int warm_series(struct series *s, int64_t *begin_us, struct err *e)
{
	struct err why = { 0 };
	char text[160];
	int rc = store_candle_run(s->worker->db, &s->run, feed_choice_made_by(s->worker->feed),
				  &why);

	if (rc == ERR_NOT_FOUND) {
		say(s, "no candles are stored", 0);
		return 0;
	}
	if (rc == 0 && broken_off(s, text)) {
		begins_anew(s, text);
		return 0;
	}
	if (rc == 0)
		rc = fill(s, begin_us, &why);
	if (rc == ERR_CORRUPT)
		begins_anew(s, why.msg);
	else if (rc)
		*e = why;
	return rc == ERR_CORRUPT ? 0 : rc;
}

static int warm_market(struct worker *w, struct market *m, int64_t now_us, struct err *e)
{
	const struct symbol_info *info = market_info(m);
	int64_t begin_us = 0;
	const char *interval;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (interval = market_interval(m, i)) != NULL; i++) {
		struct series s = {
			.worker = w, .market = m, .now_us = now_us,
			.length_us = candle_interval_us(interval),
			.look_back = market_look_back(m, i),
		};

		snprintf(s.run.key.source, sizeof(s.run.key.source), "%s", info->source);
		snprintf(s.run.key.symbol, sizeof(s.run.key.symbol), "%s", info->symbol);
		snprintf(s.run.key.interval, sizeof(s.run.key.interval), "%s", interval);
		rc = warm_series(&s, &begin_us, e);
	}
	if (rc == 0 && begin_us)
		feed_choice_begin(w->feed, info, begin_us);
	return rc;
}

int worker_warm(struct worker *w, int64_t now_us, struct err *e)
{
	struct engine *engine = session_engine(w->session);
	struct market *m;
	int rc = forget_others(w, false, e);

	if (rc == 0)
		rc = forget_others(w, true, e);
	if (feed_choice_unpaced(w->feed))
		return rc;
	for (size_t i = 0; rc == 0 && (m = engine_market_at(engine, i)) != NULL; i++)
		rc = warm_market(w, m, now_us, e);
	return rc;
}
