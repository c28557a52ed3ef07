#include "worker/feed/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK (16 * 1024)	/* zlib loses up to twice this before a damaged place */
#define LINE_MAX_BYTES (8 * 1024 * 1024)	/* a snapshot of 5000 levels is 0.3 MB */
#define LOOKS_LIKE "a recording is a gzip file with lines of: receive time in ns, a blank, the JSON"
/* 2010 and 2100: what lies outside is no receive time in ns. */
#define TIME_MIN_US INT64_C(1262304000000000)
#define TIME_MAX_US INT64_C(4102444800000000)
#define AHEAD_BYTES (4 * 1024 * 1024)	/* how far recording_ahead looks */
#define AHEAD_LINES 8			/* how many broken lines are skipped in search of a time */

struct recording {
	gzFile file;
	char *path;
	char *data;			/* begin..end: the last line and what follows it */
	size_t begin, end, cap;
	size_t used;			/* bytes of the last line, from begin */
	int64_t lines, last_us;
	int64_t shift_us;		/* added to times since the recorder's clock was set back */
	bool ended;			/* the file has no more bytes */
	int damage;			/* why it ended early, an enum err_code; 0: it did not */
	const char *damage_text;
};

static void grow(struct recording *r)
{
	if (r->begin)
		memmove(r->data, r->data + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	if (r->cap - r->end < CHUNK) {
		r->cap = r->end + CHUNK + r->cap / 2;
		r->data = xrealloc(r->data, r->cap);
	}
}

/* Reads one more piece of the file. An error is reported after the last whole line. */
static void read_chunk(struct recording *r)
{
	const char *text;
	int n, code;

	grow(r);
	n = gzread(r->file, r->data + r->end, CHUNK);
	if (n > 0)
		r->end += (size_t)n;
	if (n == CHUNK)
		return;
	r->ended = n <= 0 || gzeof(r->file);
	text = gzerror(r->file, &code);
	if (code == Z_OK || code == Z_STREAM_END)
		return;
	r->ended = true;
	r->damage = code == Z_ERRNO ? ERR_IO : ERR_CORRUPT;
	if (code == Z_BUF_ERROR)
		text = "the file ends in the middle: it was cut or is still being written";
	else if (code == Z_ERRNO)
		text = strerror(errno);
	else if (strncmp(text, r->path, strlen(r->path)) == 0)
		text += strlen(r->path) + 2; /* zlib says "path: text" */
	r->damage_text = text;
}

/*
 * Finds the line that begins "at" bytes after begin; *used includes the line's end. False at
 * the end of the file. Cuts a line beyond the limit. Bytes that were handed out may move.
 */
static bool bytes_at(struct recording *r, size_t at, size_t *len, size_t *used)
{
	size_t seen = at;

	for (;;) {
		const char *from = r->data + r->begin;
		size_t have = r->end - r->begin;
		const char *end = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;

		if (end || (r->ended && have > at) || have > at + LINE_MAX_BYTES) {
			*len = (end ? (size_t)(end - from) : have) - at;
			*used = *len + (end != NULL);
			return true;
		}
		if (r->ended)
			return false;
		seen = have;
		read_chunk(r);
	}
}

int recording_open(const char *path, struct recording **out, struct err *e)
{
	struct recording *r = xcalloc(1, sizeof(*r));
	int rc = 0;

	r->path = xstrdup(path);
	errno = 0;
	r->file = gzopen(path, "rb");
	if (!r->file) {
		rc = err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "recording %s: %s",
			     path, strerror(errno));
		goto out;
	}
	(void)gzbuffer(r->file, CHUNK);
	read_chunk(r);
	if (r->damage && r->end == 0)
		rc = err_set(e, r->damage, "recording %s: %s", path, r->damage_text);
	else if (r->end == 0)
		rc = err_set(e, ERR_CORRUPT, "%s is empty; %s", path, LOOKS_LIKE);
	else if (gzdirect(r->file))
		rc = err_set(e, ERR_CORRUPT, "%s is not gzip; %s", path, LOOKS_LIKE);
out:
	if (rc)
		recording_close(r);
	else
		*out = r;
	return rc;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	if (r->file)
		gzclose(r->file);
	free(r->path);
	free(r->data);
	free(r);
}

/* Splits "time json". Returns NULL, or what is wrong with the line. */
static const char *split(const char *text, size_t len, struct recording_line *out)
{
	int64_t ns = 0;
	size_t i = 0;

	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		if (__builtin_mul_overflow(ns, 10, &ns) ||
		    __builtin_add_overflow(ns, text[i] - '0', &ns))
			return "the receive time does not fit";
	if (i == 0 || i == len || text[i] != ' ')
		return "not a receive time in ns, a blank and JSON";
	out->time_us = ns / 1000;
	out->json = text + i + 1;
	out->len = len - i - 1;
	if (out->len > 0 && out->json[out->len - 1] == '\r')
		out->len--;
	if (out->time_us < TIME_MIN_US || out->time_us > TIME_MAX_US)
		return "the receive time is not in ns since 1970";
	return NULL;
}

/* The time of the n-th following line with a time, as written there; 0: there is none near. */
static int64_t time_ahead(struct recording *r, int n)
{
	struct recording_line line;
	size_t at = r->used, len, used;

	for (int i = 0; i < AHEAD_LINES && bytes_at(r, at, &len, &used); i++, at += used)
		if (!split(r->data + r->begin + at, len, &line) && --n == 0)
			return line.time_us;
	return 0;
}

/* Checks the first line, which has no line before it: one of the next two times must be near. */
static bool first_is_far(struct recording *r, int64_t time_us)
{
	int64_t next_us = 0;
	bool far = true;

	for (int n = 1; n <= 2 && far; n++) {
		next_us = time_ahead(r, n);
		far = next_us - time_us > RECORDING_ALONE_US ||
			time_us - next_us > RECORDING_JUMP_US;
		if (next_us == 0)
			return n > 1;
	}
	return far;
}

/* Judges a time that jumps (recording.h). Returns NULL, or what is wrong. */
static const char *judge_jump(struct recording *r, struct recording_line *out)
{
	int64_t time_us = out->time_us, next_us;

	if (r->last_us == 0)
		return first_is_far(r, time_us) ?
		       "the receive time is far from the next lines'" : NULL;
	next_us = time_ahead(r, 1);
	next_us = next_us ? next_us + r->shift_us : 0;
	if (time_us > r->last_us) {
		if (next_us ? next_us < time_us - RECORDING_JUMP_US :
			      time_us - r->last_us > RECORDING_ALONE_US)
			return "the receive time jumps ahead of the lines around it";
		return NULL;
	}
	if (next_us == 0 || next_us >= r->last_us - RECORDING_JUMP_US)
		return "the receive time is back behind the lines around it";
	r->shift_us += r->last_us - time_us;
	out->time_us = r->last_us;
	out->set_back = true;
	return NULL;
}

static const char *take_time(struct recording *r, struct recording_line *out)
{
	int64_t jump_us;
	const char *why = NULL;

	out->time_us += r->shift_us;
	jump_us = out->time_us - r->last_us;
	if (jump_us > RECORDING_JUMP_US || jump_us < -RECORDING_JUMP_US)
		why = judge_jump(r, out);
	if (!why)
		r->last_us = out->time_us;
	return why;
}

int recording_next(struct recording *r, struct recording_line *out, struct err *e)
{
	const char *text, *why;
	size_t len;

	r->begin += r->used;
	r->used = 0;
	out->set_back = false;
	if (!bytes_at(r, 0, &len, &r->used)) {
		if (!r->damage)
			return ERR_END;
		r->damage = 0;
		return err_set(e, ERR_CORRUPT, "%s after line %lld: %s", r->path,
			       (long long)r->lines,
			       r->damage_text);
	}
	out->number = ++r->lines;
	text = r->data + r->begin;
	why = split(text, len, out);
	if (!why) {
		size_t json = (size_t)(out->json - text);

		why = take_time(r, out);
		out->json = r->data + r->begin + json; /* looking ahead moves bytes */
	}
	if (!why)
		return 0;
	return err_set(e, ERR_INVALID, "%s line %lld: %s", r->path, (long long)r->lines, why);
}

bool recording_ahead(struct recording *r, size_t n, struct recording_line *out,
		     const char **head)
{
	size_t at = 0, len = 0, used = r->used;
	size_t json = (size_t)(*head - (r->data + r->begin));
	bool found = true;

	for (size_t i = 0; i < n && found; i++) {
		at += used;
		found = at < AHEAD_BYTES && bytes_at(r, at, &len, &used);
	}
	*head = r->data + r->begin + json;
	return found && !split(r->data + r->begin + at, len, out);
}

const char *recording_path(const struct recording *r)
{
	return r->path;
}
