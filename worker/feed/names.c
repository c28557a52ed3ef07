#include "worker/feed/names.h"

#include "common/err.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char BLANKS[] = " \t\r\n";

static void keep(struct names *n, const char *name, size_t len)
{
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, name, len);
	n->list = xrealloc(n->list, (n->n + 1) * sizeof(n->list[0]));
	n->list[n->n++] = copy;
}

static bool at_blank(const char *p)
{
	return strchr(BLANKS, *p) != NULL; /* or at the end */
}

/* Behind the quote that ends the name which begins at p with one; NULL: none does. */
static const char *quoted_end(const char *p)
{
	char quote = *p;

	for (p++; (p = strchr(p, quote)) != NULL; p++)
		if (at_blank(p + 1))
			return p + 1;
	return NULL;
}

struct names names_split(const char *text)
{
	const char *p = text + strspn(text, BLANKS);
	struct names n = { 0 };

	if (*p && access(text, F_OK) == 0) {
		keep(&n, text, strlen(text));
		return n;
	}
	for (; *p; p += strspn(p, BLANKS)) {
		const char *end = *p == '"' || *p == '\'' ? quoted_end(p) : NULL;

		if (end) {
			keep(&n, p + 1, (size_t)(end - p) - 2);
		} else {
			end = p + strcspn(p, BLANKS);
			keep(&n, p, (size_t)(end - p));
		}
		p = end;
	}
	return n;
}

void names_free(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->list[i]);
	free(n->list);
	*n = (struct names){ 0 };
}

void names_add(struct buf *text, const char *name)
{
	bool plain = *name && *name != '"' && *name != '\'' && !strpbrk(name, BLANKS);
	const char *quote = plain ? "" : strchr(name, '"') ? "'" : "\"";

	buf_printf(text, "%s%s%s%s", text->len ? " " : "", quote, name, quote);
}
