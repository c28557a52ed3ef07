#include "api/http/multipart.h"

#include "common/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum multipart_state {
	MULTIPART_DATA,		/* of a part, or what stands before the first one */
	MULTIPART_AFTER,	/* behind a boundary: "--", or the line's end */
	MULTIPART_DASH,		/* one dash seen */
	MULTIPART_LINE_END,	/* CR seen */
	MULTIPART_HEADERS,
	MULTIPART_OVER		/* whatever follows is ignored */
};

struct multipart {
	const struct multipart_handler *handler;
	void *ctx;
	enum multipart_state state;
	bool in_part;
	unsigned parts;
	char delimiter[MULTIPART_BOUNDARY_MAX + 4];	/* CRLF, two dashes, boundary */
	size_t len, matched;				/* of the delimiter */
	struct buf headers;
};

/* A parameter "name=" of a header's value, quoted or not; false: it has none. */
static bool parameter(const char *value, const char *name, char *out, size_t size)
{
	size_t len = strlen(name), n = 0;
	const char *p = value;
	bool quoted;

	for (;;) {
		p += strcspn(p, ";\"");
		if (*p == '"') { /* of another parameter: jump over it */
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
			p += *p == '"';
			continue;
		}
		if (!*p)
			return false;
		p += 1 + strspn(p + 1, " \t");
		if (!strncasecmp(p, name, len) && p[len] == '=')
			break;
	}
	p += len + 1;
	quoted = *p == '"';
	for (p += quoted; *p && (quoted ? *p != '"' : !strchr("; \t", *p)); p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		if (n + 1 >= size)
			return false;
		out[n++] = *p;
	}
	out[n] = '\0';
	return !quoted || *p == '"';
}

int multipart_boundary(const char *content_type, char out[MULTIPART_BOUNDARY_MAX],
		       struct err *e)
{
	static const char form[] = "multipart/form-data";
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ";
	char text[MULTIPART_BOUNDARY_MAX];
	size_t n;

	if (!content_type || strncasecmp(content_type, form, sizeof(form) - 1) != 0 ||
	    !strchr("; \t", content_type[sizeof(form) - 1]))
		return err_set(e, ERR_INVALID, "Content-Type is %.80s, it must be %s",
			       content_type ? content_type : "missing", form);
	if (!parameter(content_type, "boundary", text, sizeof(text)))
		return err_set(e, ERR_INVALID, "Content-Type has no boundary of 1 to 70 letters");
	n = strlen(text);
	if (!n || strspn(text, allowed) != n || text[n - 1] == ' ')
		return err_set(e, ERR_INVALID, "Content-Type has a boundary that is not allowed");
	memcpy(out, text, n + 1);
	return 0;
}

struct multipart *multipart_new(const char *boundary, const struct multipart_handler *handler,
				void *ctx)
{
	struct multipart *m = xcalloc(1, sizeof(*m));

	m->handler = handler;
	m->ctx = ctx;
	ASSERT(strlen(boundary) < MULTIPART_BOUNDARY_MAX);
	m->len = (size_t)snprintf(m->delimiter, sizeof(m->delimiter), "\r\n--%s", boundary);
	m->matched = 2; /* the first boundary needs no line end before it */
	return m;
}

void multipart_free(struct multipart *m)
{
	if (!m)
		return;
	buf_free(&m->headers);
	free(m);
}

static int emit(struct multipart *m, const char *data, size_t len, struct err *e)
{
	return m->in_part && len ? m->handler->data(m->ctx, data, len, e) : 0;
}

static int end_part(struct multipart *m, struct err *e)
{
	bool was = m->in_part;

	m->state = MULTIPART_AFTER;
	m->in_part = false;
	return was ? m->handler->end(m->ctx, e) : 0;
}

/*
 * Hands on data up to a boundary; *used says how many of the len bytes that were. The
 * delimiter's only CR is its first byte, so after a failed match a new match can begin only at
 * the current byte: no bytes before it have to be looked at again.
 */
static int feed_data(struct multipart *m, const char *p, size_t len, size_t *used, struct err *e)
{
	const size_t held = m->matched; /* of the pieces before */
	size_t i = 0, data;
	int rc;

	while (i < len && m->matched < m->len) {
		const char *cr = m->matched ? p + i : memchr(p + i, '\r', len - i);

		i = cr ? (size_t)(cr - p) : len;
		if (i == len)
			break;
		if (p[i] != m->delimiter[m->matched])
			m->matched = 0;
		m->matched += p[i] == m->delimiter[m->matched];
		i++;
	}
	data = held + i - m->matched;
	*used = i;
	rc = emit(m, m->delimiter, data < held ? data : held, e);
	if (rc == 0 && data > held)
		rc = emit(m, p, data - held, e);
	if (rc == 0 && m->matched == m->len) {
		m->matched = 0;
		rc = end_part(m, e);
	}
	return rc;
}

/* "Content-Disposition: form-data; name=..; filename=.." of the headers, line by line. */
static int begin_part(struct multipart *m, struct err *e)
{
	static const char disposition[] = "Content-Disposition:";
	char name[MULTIPART_NAME_MAX] = "", file[512];
	bool is_file = false;
	char *line = m->headers.data, *next;

	if (memchr(line, '\0', m->headers.len))
		return err_set(e, ERR_INVALID, "a part's headers hold a NUL byte");
	for (; *line; line = next) {
		next = strstr(line, "\r\n");
		*next = '\0';
		next += 2;
		if (strncasecmp(line, disposition, sizeof(disposition) - 1) != 0)
			continue;
		line += sizeof(disposition) - 1;
		if (strncasecmp(line + strspn(line, " \t"), "form-data", 9) != 0 ||
		    !parameter(line, "name", name, sizeof(name)))
			break;
		is_file = parameter(line, "filename", file, sizeof(file)) ||
			  strstr(line, "filename") != NULL;
	}
	buf_clear(&m->headers);
	if (!name[0])
		return err_set(e, ERR_INVALID, "part %u of the form has no name", m->parts);
	m->state = MULTIPART_DATA;
	m->in_part = true;
	return m->handler->begin(m->ctx, name, is_file, e);
}

static int feed_header(struct multipart *m, char c, struct err *e)
{
	const struct buf *h = &m->headers;

	buf_putc(&m->headers, c);
	if (h->len > MULTIPART_HEADERS_MAX)
		return err_set(e, ERR_LIMIT,
			       "part %u of the form has more than %d bytes of headers", m->parts,
			       MULTIPART_HEADERS_MAX);
	if (c != '\n' || h->len < 2 || h->data[h->len - 2] != '\r')
		return 0;
	/* An empty line ends the headers; a part that has only that line has no name. */
	if (h->len == 2 || (h->len >= 4 && !memcmp(h->data + h->len - 4, "\r\n\r\n", 4)))
		return begin_part(m, e);
	return 0;
}

static int feed_boundary(struct multipart *m, char c, struct err *e)
{
	if (m->state == MULTIPART_AFTER && c == '-') {
		m->state = MULTIPART_DASH;
	} else if (m->state == MULTIPART_AFTER && c == '\r') {
		m->state = MULTIPART_LINE_END;
	} else if (m->state == MULTIPART_DASH && c == '-') {
		m->state = MULTIPART_OVER;
	} else if (m->state == MULTIPART_LINE_END && c == '\n') {
		m->state = MULTIPART_HEADERS;
		if (++m->parts > MULTIPART_PARTS_MAX)
			return err_set(e, ERR_LIMIT, "the form has more than %d parts",
				       MULTIPART_PARTS_MAX);
	} else if (m->state != MULTIPART_AFTER || (c != ' ' && c != '\t')) {
		return err_set(e, ERR_INVALID, "a boundary of the form is followed by neither "
			       "a line end nor \"--\"");
	}
	return 0;
}

int multipart_feed(struct multipart *m, const char *data, size_t len, struct err *e)
{
	size_t used;
	int rc = 0;

	while (len > 0 && rc == 0) {
		used = 1;
		switch (m->state) {
		case MULTIPART_DATA:
			rc = feed_data(m, data, len, &used, e);
			break;
		case MULTIPART_HEADERS:
			rc = feed_header(m, *data, e);
			break;
		case MULTIPART_AFTER:
		case MULTIPART_DASH:
		case MULTIPART_LINE_END:
			rc = feed_boundary(m, *data, e);
			break;
		case MULTIPART_OVER:
			return 0;
		}
		data += used;
		len -= used;
	}
	return rc;
}

int multipart_finish(struct multipart *m, struct err *e)
{
	if (m->state == MULTIPART_OVER)
		return 0;
	return err_set(e, ERR_INVALID, "the form ends without its last boundary (--%s--)",
		       m->delimiter + 4);
}
