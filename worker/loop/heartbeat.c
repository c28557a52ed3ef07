#include "worker/loop/loop_internal.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void worker_beat_begin(struct worker *w)
{
	struct heartbeat *h = &w->beat;

	h->pid = getpid();
	snprintf(h->version, sizeof(h->version), "%s", VERSION);
	h->started_us = clock_now_us();
	snprintf(h->trading_mode, sizeof(h->trading_mode), "%s",
		 w->config->trading_mode == MODE_LIVE ? "live" : "simulation");
	snprintf(h->market_data, sizeof(h->market_data), "%s", feed_choice_name(w->feed));
	snprintf(h->feed_state, sizeof(h->feed_state), "connecting");
	snprintf(h->feed_message, sizeof(h->feed_message), "%s", feed_choice_message(w->feed));
}

static int64_t resident_bytes(void)
{
	struct buf text = { 0 };
	long long pages = 0;
	char *rest;

	if (file_read("/proc/self/statm", 4096, &text, NULL) == 0) {
		(void)strtoll(buf_text(&text), &rest, 10);	/* all, then resident */
		pages = strtoll(rest, NULL, 10);
	}
	buf_free(&text);
	return pages * sysconf(_SC_PAGESIZE);
}

static bool some_feed_failed(const struct worker *w)
{
	const struct feed *f;

	for (size_t i = 0; (f = feed_choice_feed(w->feed, i)) != NULL; i++)
		if (f->failed)
			return true;
	return false;
}

/* Counts the frames and trades of all feeds that were refused, repeated or late. */
static void count_odd(struct heartbeat *h, const struct worker *w)
{
	uint64_t refused = 0, trades_refused = 0, repeated = 0, gaps = 0, breaks = 0;
	const struct feed *f;

	for (size_t i = 0; (f = feed_choice_feed(w->feed, i)) != NULL; i++) {
		refused += f->stats.decode_errors;
		trades_refused += f->stats.trades_refused;
		repeated += f->stats.repeated;
		gaps += f->stats.gaps;
		breaks += f->stats.book_gaps + f->stats.book_crossed;
		if (f->stats.last_error[0])
			snprintf(h->feed_problem, sizeof(h->feed_problem), "%s",
				 f->stats.last_error);
	}
	h->decode_errors = (int64_t)refused;
	h->trades_refused = (int64_t)trades_refused;
	h->trades_late = (int64_t)engine_trades_late(session_engine(w->session));
	h->trades_repeated = (int64_t)repeated;
	h->feed_gaps = (int64_t)gaps;
	h->book_breaks = (int64_t)breaks;
}

/* Logs when these counts grow. */
static void tell_odd(struct worker *w, int64_t refused_before)
{
	const struct heartbeat *h = &w->beat;
	int64_t sum = h->trades_late + h->trades_repeated + h->feed_gaps;

	if (h->decode_errors > refused_before)
		log_warn("feed", NULL, "%lld frames refused so far; the newest: %s",
			 (long long)h->decode_errors, h->feed_problem);
	if (sum == w->odd_trades)
		return;
	w->odd_trades = sum;
	log_warn("feed", NULL, "so far %lld trades came late, %lld twice; %lld gaps, where windows "
		 "start anew%s%s", (long long)h->trades_late, (long long)h->trades_repeated,
		 (long long)h->feed_gaps, h->feed_problem[0] ? "; the newest: " : "",
		 h->feed_problem);
}

/* The age of the feed that is silent for longest, because a live feed must not hide a dead one. */
static int64_t feed_age_ms(const struct worker *w, int64_t wall_us)
{
	int64_t oldest_us = INT64_MAX, age_us;
	const struct feed *f;

	for (size_t i = 0; (f = feed_choice_feed(w->feed, i)) != NULL; i++) {
		int64_t at_us = feed_choice_own_time(w->feed) ? f->heard_us : f->stats.last_now_us;

		if (at_us && at_us < oldest_us)
			oldest_us = at_us;
	}
	age_us = oldest_us == INT64_MAX || feed_choice_unpaced(w->feed) ? 0 : wall_us - oldest_us;
	return age_us > 0 ? age_us / 1000 : 0;
}

/* A recording's times come from its recorder's clock, so its drift is shown but refuses nothing. */
static void tell_drift(struct worker *w)
{
	int64_t drift_us;

	if (!drift_take(&w->drift, &drift_us))
		return;
	w->beat.clock_drift_ms = drift_us / 1000;
	if (!feed_choice_recorded(w->feed))
		engine_clock_drift(session_engine(w->session), drift_us);
}

/* Of a market that has a time of its own. */
static void note_market_time(struct worker *w, int64_t wall_us)
{
	int64_t market_us = worker_time(w, wall_us);

	if (!feed_choice_own_time(w->feed) || market_us == w->beat.market_us)
		return;
	w->beat.market_us = market_us;
	w->beat.market_at_us = w->beat.beat_us;
}

void worker_beat_fill(struct worker *w, int64_t wall_us)
{
	struct heartbeat *h = &w->beat;
	int64_t refused_before = h->decode_errors;

	h->beat_us = clock_now_us(); /* who looks at it compares with the same clock */
	h->loop_p50_us = loop_times_quantile(&w->times, 0.5);
	h->loop_p99_us = loop_times_quantile(&w->times, 0.99);
	h->events = (int64_t)session_events(w->session);
	h->rss_bytes = resident_bytes();
	note_market_time(w, wall_us);
	if (!feed_choice_feed(w->feed, 0))
		return;
	count_odd(h, w);
	tell_odd(w, refused_before);
	tell_drift(w);
	h->feed_age_ms = feed_age_ms(w, wall_us);
	if (some_feed_failed(w))
		return;
	snprintf(h->feed_state, sizeof(h->feed_state), "%s",
		 w->feed_ended ? "ended" :
		 w->config->stale_feed_ms && h->feed_age_ms > w->config->stale_feed_ms ? "stale" :
		 "live");
	notifier_feed(w->notifier, h->feed_state, h->feed_message);
}

void worker_feed_failed(struct worker *w, const struct err *e)
{
	if (strcmp(w->beat.feed_state, "failed") == 0)
		return;
	snprintf(w->beat.feed_state, sizeof(w->beat.feed_state), "failed");
	snprintf(w->beat.feed_message, sizeof(w->beat.feed_message), "%.255s", e->msg);
	log_error("feed", NULL, "%s", e->msg);
	notifier_feed(w->notifier, w->beat.feed_state, w->beat.feed_message);
}

void worker_feed_back(struct worker *w, int64_t wall_us)
{
	if (some_feed_failed(w))
		return;
	snprintf(w->beat.feed_message, sizeof(w->beat.feed_message), "%s",
		 feed_choice_message(w->feed));
	log_info("feed", NULL, "market data is back");
	worker_beat_fill(w, wall_us);
}

void worker_beat_end(struct worker *w)
{
	w->beat.stopped_us = clock_now_us();
	snprintf(w->beat.feed_state, sizeof(w->beat.feed_state), "failed");
	snprintf(w->beat.feed_message, sizeof(w->beat.feed_message), "the worker was stopped");
}
