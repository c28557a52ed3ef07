#include "worker/worker_internal.h"

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

/* Trades that were not taken as they came, said when there are more of them. */
static void tell_trades(struct worker *w, const struct feed *f)
{
	uint64_t late = engine_trades_late(session_engine(w->session));
	uint64_t sum = late + f->stats.repeated + f->stats.gaps;

	if (sum == w->odd_trades)
		return;
	w->odd_trades = sum;
	log_warn("feed", NULL, "so far %llu trades came late, %llu twice; %llu gaps, where windows "
		 "start anew%s%s", (unsigned long long)late, (unsigned long long)f->stats.repeated,
		 (unsigned long long)f->stats.gaps, f->stats.last_error[0] ? "; the newest: " : "",
		 f->stats.last_error);
}

/* A recording's times are its recorder's clock's: shown, and no reason to refuse anything. */
static void tell_drift(struct worker *w)
{
	int64_t drift_us;

	if (!drift_take(&w->drift, &drift_us))
		return;
	w->beat.clock_drift_ms = drift_us / 1000;
	if (!feed_choice_recorded(w->feed))
		engine_clock_drift(session_engine(w->session), drift_us);
}

void worker_beat_fill(struct worker *w, int64_t wall_us)
{
	struct heartbeat *h = &w->beat;
	struct feed *f = feed_choice_feed(w->feed, 0);

	h->beat_us = clock_now_us(); /* who looks at it compares with the same clock */
	h->loop_p50_us = loop_times_quantile(&w->times, 0.5);
	h->loop_p99_us = loop_times_quantile(&w->times, 0.99);
	h->events = (int64_t)session_events(w->session);
	h->rss_bytes = resident_bytes();
	if (!f)
		return;
	if (f->stats.decode_errors > (uint64_t)h->decode_errors)
		log_warn("feed", NULL, "%llu frames refused so far; the newest: %s",
			 (unsigned long long)f->stats.decode_errors, f->stats.last_error);
	h->decode_errors = (int64_t)f->stats.decode_errors;
	tell_trades(w, f);
	tell_drift(w);
	h->feed_age_ms = f->stats.last_now_us ? (wall_us - f->stats.last_now_us) / 1000 : 0;
	if (h->feed_age_ms < 0 || feed_choice_unpaced(w->feed))
		h->feed_age_ms = 0;
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
