#include "common/dotenv.h"

#include "common/buf.h"
#include "common/crypto.h"
#include "common/file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX 262144
#define BLANKS " \t\r"
#define KEY_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

struct line {
	const char *path;
	int number;
	char *p;		/* what is left of it, NUL-terminated */
};

static int bad(const struct line *l, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s, line %d: %s", l->path, l->number, what);
}

static void skip_blanks(struct line *l)
{
	l->p += strspn(l->p, BLANKS);
}

/* After a closing quote: nothing but a comment may follow. */
static int end_of_line(struct line *l, struct err *e)
{
	skip_blanks(l);
	if (*l->p && *l->p != '#')
		return bad(l, "text after the closing quote", e);
	return 0;
}

static int quoted(struct line *l, struct buf *value, struct err *e)
{
	char quote = *l->p++;

	for (; *l->p && *l->p != quote; l->p++) {
		if (quote == '"' && *l->p == '\\' && (l->p[1] == '"' || l->p[1] == '\\'))
			l->p++;
		buf_putc(value, *l->p);
	}
	if (!*l->p)
		return bad(l, "the quote is not closed on this line", e);
	l->p++;
	return end_of_line(l, e);
}

static void plain(struct line *l, struct buf *value)
{
	const char *start = l->p, *end = start;

	for (const char *p = start; *p; p++) {
		if (*p == '#' && (p == start || strchr(BLANKS, p[-1])))
			break;
		if (!strchr(BLANKS, *p))
			end = p + 1;
	}
	buf_add(value, start, (size_t)(end - start));
}

static void append(struct dotenv *d, const char *key, size_t key_len, const char *value, int line)
{
	struct dotenv_entry *entry;

	d->list = xrealloc(d->list, (d->n + 1) * sizeof(*d->list));
	entry = &d->list[d->n++];
	entry->key = strndup(key, key_len);
	ASSERT(entry->key != NULL);
	entry->value = xstrdup(value);
	entry->line = line;
}

static int read_line(struct line *l, struct dotenv *d, struct err *e)
{
	struct buf value = { 0 };
	const char *key;
	size_t key_len;
	int rc = 0;

	skip_blanks(l);
	if (!*l->p || *l->p == '#')
		return 0;
	if (strncmp(l->p, "export", 6) == 0 && l->p[6] && strchr(BLANKS, l->p[6])) {
		l->p += 6;
		skip_blanks(l);
	}
	key = l->p;
	key_len = strspn(key, KEY_CHARS);
	l->p += key_len;
	skip_blanks(l);
	if (!key_len || *l->p != '=')
		return bad(l, "KEY=value was expected (a comment begins with #)", e);
	l->p++;
	skip_blanks(l);
	if (*l->p == '"' || *l->p == '\'')
		rc = quoted(l, &value, e);
	else
		plain(l, &value);
	if (!rc)
		append(d, key, key_len, buf_text(&value), l->number);
	if (value.data)
		crypto_wipe(value.data, value.cap);
	buf_free(&value);
	return rc;
}

static int read_lines(const char *path, struct buf *text, struct dotenv *d, struct err *e)
{
	struct line l = { .path = path };
	char *next = text->data;
	int rc = 0;

	if (strlen(buf_text(text)) != text->len)
		return err_set(e, ERR_INVALID, "%s is not a text file: it holds a NUL byte", path);
	if (text->len >= 3 && memcmp(next, "\xef\xbb\xbf", 3) == 0)
		next += 3; /* some editors begin a file with it */
	while (next && !rc) {
		l.p = next;
		l.number++;
		next = strchr(next, '\n');
		if (next)
			*next++ = '\0';
		rc = read_line(&l, d, e);
	}
	return rc;
}

int dotenv_read(const char *path, struct dotenv *out, struct err *e)
{
	struct buf text = { 0 };
	struct dotenv d = { 0 };
	int rc;

	rc = file_read(path, FILE_MAX, &text, e);
	if (!rc)
		rc = read_lines(path, &text, &d, e);
	if (rc)
		dotenv_free(&d);
	else
		*out = d;
	if (text.data)
		crypto_wipe(text.data, text.cap);
	buf_free(&text);
	return rc;
}

const struct dotenv_entry *dotenv_get(const struct dotenv *d, const char *key)
{
	for (size_t i = d->n; i-- > 0;)
		if (strcmp(d->list[i].key, key) == 0)
			return &d->list[i];
	return NULL;
}

void dotenv_free(struct dotenv *d)
{
	for (size_t i = 0; i < d->n; i++) {
		crypto_wipe(d->list[i].value, strlen(d->list[i].value));
		free(d->list[i].key);
		free(d->list[i].value);
	}
	free(d->list);
	*d = (struct dotenv){ 0 };
}
