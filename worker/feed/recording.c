#include "worker/feed/recording.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK (16 * 1024)	/* zlib loses up to twice this before a damaged place */
#define LINE_MAX_BYTES (8 * 1024 * 1024)	/* a snapshot of 5000 levels is 0.3 MB */
#define LOOKS_LIKE "a recording is a gzip file with lines of: receive time in ns, a blank, the JSON"
/* 2010 and 2100: what lies outside is no receive time in ns. */
#define TIME_MIN_US INT64_C(1262304000000000)
#define TIME_MAX_US INT64_C(4102444800000000)
#define JUMP_MAX_US INT64_C(86400000000)	/* between two lines of one file */

struct recording {
	gzFile file;
	char *path;
	char *data;			/* bytes begin..end are read and not handed out */
	size_t begin, end, cap;
	int64_t lines, last_us;
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

/* One more piece of the file. What is wrong with it is told after the last line. */
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

/* Sets the line's bytes; false at the end of the file. A line beyond the limit is cut. */
static bool next_bytes(struct recording *r, const char **line, size_t *len)
{
	size_t seen = 0;

	for (;;) {
		char *from = r->data + r->begin;
		size_t have = r->end - r->begin;
		char *end = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;

		if (end || (r->ended && have > 0) || have > LINE_MAX_BYTES) {
			*line = from;
			*len = end ? (size_t)(end - from) : have;
			r->begin += *len + (end != NULL);
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

/* Splits "time json". What is wrong with it, or NULL. */
static const char *split(struct recording *r, const char *text, size_t len,
			 struct recording_line *out)
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
	if (r->last_us && out->time_us - r->last_us > JUMP_MAX_US)
		return "the receive time is more than a day after the line before";
	r->last_us = out->time_us;
	return NULL;
}

int recording_next(struct recording *r, struct recording_line *out, struct err *e)
{
	const char *text, *why;
	size_t len;

	if (!next_bytes(r, &text, &len)) {
		if (!r->damage)
			return ERR_END;
		r->damage = 0;
		return err_set(e, ERR_CORRUPT, "%s after line %lld: %s", r->path,
			       (long long)r->lines,
			       r->damage_text);
	}
	out->number = ++r->lines;
	why = split(r, text, len, out);
	if (!why)
		return 0;
	return err_set(e, ERR_INVALID, "%s line %lld: %s", r->path, (long long)r->lines, why);
}

const char *recording_path(const struct recording *r)
{
	return r->path;
}
