/*
 * log.h - one JSON line per event on stderr and in files, and a bounded ring in the database.
 *
 * {"timestamp","level","logger","message","correlation_id","service","version"}, and behind
 * them the members of struct log_context that the line is about.
 * A line is one write of at most 4096 bytes; longer messages are cut. Logging never blocks:
 * lines that a slow reader of a pipe leaves no room for are dropped and counted, and a later
 * line says how many. A message never holds a secret. May be called from any thread.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The logger of lines about who did what. They go to stderr and not into the ring, which every
 * viewer reads; audit_log, which an admin reads, has them.
 */
#define LOG_AUDIT "audit"
/*
 * The logger of lines about bots' decisions. They don't go into the ring either, because they
 * would push everything else out of it; the table signals has them.
 */
#define LOG_SIGNAL "signal"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/*
 * What a line is about, as JSON members with these names, so that a program need not read the
 * message, which has the same in words. 0 and NULL leave a member out. Texts are cut to
 * LOG_CONTEXT_MAX bytes, never inside a UTF-8 character.
 */
#define LOG_CONTEXT_MAX 64
struct log_context {
	int64_t bot_id, order_id, signal_id, job_id, model_id;
	const char *symbol, *side, *strategy, *rule;
	const double *confidence;	/* 0 to 1; not finite: null */
	int64_t repeats;		/* equal decisions that the line stands for */
	const char *trading_mode;	/* "simulation", "live" */
};

struct log_record {		/* borrowed for the call of the sink */
	int64_t time_us;
	enum log_level level;
	const char *logger;		/* module: "loop", "bot", "http" */
	const char *correlation_id;	/* "" when there is none */
	const char *message;
	const struct log_context *context;	/* NULL: none */
	const char *line;		/* the whole JSON line, without newline */
};

/* service: "trading-bot-api" or "trading-bot-worker"; kept, not copied. */
void log_init(const char *service, enum log_level min);
/*
 * From now on, lines that stdout and stderr can't take at once wait in a bounded queue
 * (output.h). Before this call they are dropped.
 */
void log_start(void);
/* Accepts DEBUG INFO WARNING WARN ERROR CRITICAL in any case. */
MUST_CHECK int log_level_parse(const char *text, enum log_level *out);
const char *log_level_name(enum log_level level);
/* Where JSON lines go; default stderr (2). -1 silences (tests). */
void log_set_fd(int fd);
/*
 * Where lines go as well, whole and with their newline (log/file.h). False: it was not
 * written; it is counted, and a later line says how many.
 */
void log_set_file(bool (*put)(const char *line, size_t len));
/* One more consumer, such as the database ring. NULL removes it. */
void log_set_sink(void (*sink)(void *ctx, const struct log_record *rec), void *ctx);

/* correlation_id and context may be NULL. */
void log_about(enum log_level level, const char *logger, const char *correlation_id,
	       const struct log_context *context, const char *fmt, ...) PRINTF_LIKE(5, 6);

#define log_write(level, logger, cid, ...) log_about(level, logger, cid, NULL, __VA_ARGS__)
#define log_debug(logger, cid, ...) log_write(LOG_DEBUG, logger, cid, __VA_ARGS__)
#define log_info(logger, cid, ...) log_write(LOG_INFO, logger, cid, __VA_ARGS__)
#define log_warn(logger, cid, ...) log_write(LOG_WARN, logger, cid, __VA_ARGS__)
#define log_error(logger, cid, ...) log_write(LOG_ERROR, logger, cid, __VA_ARGS__)

#endif
