#include "common/log.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MESSAGE_MAX 2048	/* longer ones are cut */
#define LINE_MAX_BYTES 4096	/* PIPE_BUF: such a write to a pipe is whole, never mixed */

static struct {
	const char *service;
	enum log_level min;
	int fd;
	void (*sink)(void *ctx, const struct log_record *rec);
	void *sink_ctx;
	unsigned long dropped;		/* lines since the reader stopped reading */
	bool (*file)(const char *line, size_t len);
	unsigned long missing;		/* lines that the file did not take */
} state = { .service = "trading-bot", .min = LOG_INFO, .fd = STDERR_FILENO };

/* Helper threads log too. Lines that the sink itself logs go to the descriptor only. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool inside_sink;


int log_level_parse(const char *text, enum log_level *out)
{
	static const struct { const char *name; enum log_level level; } names[] = {
		{ "DEBUG", LOG_DEBUG }, { "INFO", LOG_INFO }, { "WARNING", LOG_WARN },
		{ "WARN", LOG_WARN }, { "ERROR", LOG_ERROR }, { "CRITICAL", LOG_ERROR },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*out = names[i].level;
			return 0;
		}
	}
	return ERR_INVALID;
}

const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_DEBUG: return "DEBUG";
	case LOG_INFO: return "INFO";
	case LOG_WARN: return "WARNING";
	case LOG_ERROR: return "ERROR";
	}
	return "ERROR";
}

void log_set_fd(int fd)
{
	state.fd = fd;
	state.dropped = 0;
}

void log_set_file(bool (*put)(const char *line, size_t len))
{
	state.file = put;
	state.missing = 0;
}

void log_set_sink(void (*sink)(void *ctx, const struct log_record *rec), void *ctx)
{
	state.sink = sink;
	state.sink_ctx = ctx;
}

static void put_id(struct json *j, const char *key, int64_t id)
{
	if (id)
		json_int(j, key, id);
}

static void put_text(struct json *j, const char *key, const char *text)
{
	char cut[LOG_CONTEXT_MAX + 1];
	size_t n;

	if (!text)
		return;
	n = strnlen(text, LOG_CONTEXT_MAX);
	if (text[n])
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	memcpy(cut, text, n);
	cut[n] = '\0';
	json_string(j, key, cut);
}

static void put_context(struct json *j, const struct log_context *c)
{
	put_id(j, "bot_id", c->bot_id);
	put_id(j, "order_id", c->order_id);
	put_id(j, "signal_id", c->signal_id);
	put_id(j, "job_id", c->job_id);
	put_id(j, "model_id", c->model_id);
	put_text(j, "symbol", c->symbol);
	put_text(j, "side", c->side);
	put_text(j, "strategy", c->strategy);
	put_text(j, "rule", c->rule);
	if (c->confidence)
		json_double(j, "confidence", *c->confidence);
	put_id(j, "repeats", c->repeats);
	put_text(j, "trading_mode", c->trading_mode);
}

static void format_line(struct buf *b, const struct log_record *rec, const char *message)
{
	struct json j = { .out = b };

	buf_clear(b);
	json_object(&j, NULL);
	json_time(&j, "timestamp", rec->time_us);
	json_string(&j, "level", log_level_name(rec->level));
	json_string(&j, "logger", rec->logger);
	json_string(&j, "message", message);
	json_string(&j, "correlation_id", *rec->correlation_id ? rec->correlation_id : NULL);
	json_string(&j, "service", state.service);
	json_string(&j, "version", VERSION);
	if (rec->context)
		put_context(&j, rec->context);
	json_object_end(&j);
	buf_putc(b, '\n');
}

/* An escape can turn one byte into six, so cut the message until its line fits. */
static void fit_line(struct buf *b, const struct log_record *rec, char *message)
{
	size_t len = strlen(message);

	format_line(b, rec, message);
	while (b->len > LINE_MAX_BYTES && len > 0) {
		len /= 2;
		message[len] = '\0';
		format_line(b, rec, message);
	}
}

/*
 * Writes once and never blocks, because a pipe whose reader hangs must not stop trading.
 * POLLOUT on a pipe means that PIPE_BUF bytes fit.
 */
static bool put_line(const char *line, size_t len)
{
	struct pollfd p = { .fd = state.fd, .events = POLLOUT };
	ssize_t n;

	if (state.fd < 0)
		return true;
	if (output_takes(state.fd)) {
		output_line(state.fd, line, len); /* what it loses it counts itself */
		return true;
	}
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return false;
	do {
		n = write(state.fd, line, len);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

static void warning_line(struct buf *out, unsigned long lines, const char *what)
{
	struct log_record rec = {
		.time_us = clock_now_us(), .level = LOG_WARN, .logger = "log", .correlation_id = "",
	};
	char message[128];

	snprintf(message, sizeof(message), "%lu lines %s", lines, what);
	format_line(out, &rec, message);
}

static void dropped_line(struct buf *out, unsigned long dropped)
{
	warning_line(out, dropped, "were dropped: the reader was too slow");
}

static void put_dropped(void)
{
	struct buf b = { 0 };

	dropped_line(&b, state.dropped);
	if (put_line(b.data, b.len))
		state.dropped = 0;
	buf_free(&b);
}

static void put_file(const struct buf *line)
{
	struct buf b = { 0 };

	if (!state.file)
		return;
	if (state.missing) {
		warning_line(&b, state.missing, "are missing here: the disk was full, or this file "
			     "could not be written");
		if (state.file(b.data, b.len))
			state.missing = 0;
		buf_free(&b);
	}
	if (state.missing || !state.file(line->data, line->len))
		state.missing++;
}

static void deliver(struct log_record *rec, struct buf *b)
{
	if (state.dropped > 0)
		put_dropped();
	if (!put_line(b->data, b->len))
		state.dropped++;
	put_file(b);
	if (!state.sink || inside_sink)
		return;
	b->data[b->len - 1] = '\0';
	rec->line = b->data;
	inside_sink = true;
	state.sink(state.sink_ctx, rec);
	inside_sink = false;
}

void log_init(const char *service, enum log_level min)
{
	state.service = service;
	state.min = min;
}

void log_start(void)
{
	output_start();
	output_on_dropped(STDERR_FILENO, dropped_line);
}

void log_about(enum log_level level, const char *logger, const char *correlation_id,
	       const struct log_context *context, const char *fmt, ...)
{
	struct log_record rec = {
		.level = level, .logger = logger, .context = context,
		.correlation_id = correlation_id ? correlation_id : "",
	};
	char message[MESSAGE_MAX];
	struct buf b = { 0 };
	bool nested = inside_sink;
	va_list ap;

	if (level < state.min)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	rec.time_us = clock_now_us();
	rec.message = message;
	fit_line(&b, &rec, message);
	if (!nested)
		pthread_mutex_lock(&lock);
	deliver(&rec, &b);
	if (!nested)
		pthread_mutex_unlock(&lock);
	buf_free(&b);
}
