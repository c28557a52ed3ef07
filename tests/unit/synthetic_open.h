/* synthetic_open.h - what the tests of the made-up market share: opened, and polled. */
#ifndef TESTS_UNIT_SYNTHETIC_OPEN_H
#define TESTS_UNIT_SYNTHETIC_OPEN_H

#include "worker/feed/feed.h"
#include "worker/feed/symbol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_US INT64_C(1754000000000000)
#define S INT64_C(1000000)

static inline struct feed *open_market(const char *symbols, bool futures, uint64_t seed,
				       int64_t history_s, const struct feed_sink *sink)
{
	char names[32][SYMBOL_MAX];
	struct synthetic_args a = {
		.symbols = (const char (*)[SYMBOL_MAX])names, .futures = futures, .seed = seed,
		.start_us = START_US, .history_s = history_s,
	};
	struct feed *f = NULL;
	struct err e = { 0 };

	for (const char *p = symbols; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		snprintf(names[a.symbols_n++], SYMBOL_MAX, "%.*s", (int)len, p);
		p += len;
	}
	if (synthetic_open(&a, sink, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

/* Hand on all that is due; returns when to ask again. */
static inline int64_t poll_all(struct feed *f, int64_t now_us, size_t max)
{
	struct err e = { 0 };
	int64_t next_us;

	do {
		if (f->ops->poll(f, now_us, max, &next_us, &e))
			fail_msg("%s", e.msg);
	} while (next_us <= now_us);
	return next_us;
}

#endif
