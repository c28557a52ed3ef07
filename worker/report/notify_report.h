/*
 * notify_report.h - turns the engine's reports into messages for people and programs.
 *
 * The text is plain, and its first line is the headline; the JSON object holds the same in
 * exact figures. A message that nobody wants is not composed.
 */
#ifndef WORKER_REPORT_NOTIFY_REPORT_H
#define WORKER_REPORT_NOTIFY_REPORT_H

#include "common/notify_kind.h"
#include "worker/trade/report.h"

struct message {			/* borrowed for the call */
	enum notify_kind kind;
	int64_t bot_id;			/* 0 the whole worker */
	int64_t at_us;			/* engine time; 0 now */
	const char *text;
	const char *correlation_id;
	const char *data;		/* members of a JSON object: "\"a\":1", "" none */
};

struct notify_report {			/* zeroed, then these three; notify_report_fini */
	void *ctx;
	bool (*wanted)(void *ctx, enum notify_kind kind, int64_t bot_id);
	void (*tell)(void *ctx, const struct message *m);
	size_t seen_n;
	struct notify_seen *seen;	/* what is in force, by bot */
};

void notify_report_fini(struct notify_report *n);
/* n must live as long as the result is used. */
struct reporter notify_reporter(struct notify_report *n);
/* The results of a day as a message of kind NOTIFY_SUMMARY. */
void notify_summary(struct notify_report *n, const struct day_stats *s, int64_t at_us);

#endif
