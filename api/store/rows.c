#include "api/store/rows.h"

#include "common/number.h"
#include "common/registry/bot_config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PAGES_MAX 2	/* statements that make one list */

void page_bind(struct stmt *s, int before_index, int limit_index, const struct page *p)
{
	stmt_bind_int(s, before_index, p->before);
	stmt_bind_int(s, limit_index, p->limit + 1);
}

void page_bind_pair(struct stmt *s, int before_index, int before2_index, int limit_index,
		    const struct page *p)
{
	page_bind(s, before_index, limit_index, p);
	stmt_bind_int(s, before2_index, p->before2);
}

bool page_cursor(const char *text, struct page *p)
{
	char first[24], list[12];
	const char *dash = strchr(text + (*text == '-'), '-'), *dot;
	size_t len;

	if (dash) {
		snprintf(list, sizeof(list), "%08x", (unsigned)p->list);
		if (strncmp(text, list, (size_t)(dash - text)) != 0 || dash - text != 8)
			return false;
		text = dash + 1;
	}
	dot = strchr(text, '.');
	len = dot ? (size_t)(dot - text) : strlen(text);
	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	p->before2 = INT64_MAX;
	return number_int(first, INT64_MIN, INT64_MAX, &p->before) &&
	       (!dot || number_int(dot + 1, INT64_MIN, INT64_MAX, &p->before2));
}

void page_next(const struct page *p, int64_t last, int64_t last2, char out[PAGE_CURSOR_MAX])
{
	int n = p->list ? snprintf(out, PAGE_CURSOR_MAX, "%08x-", (unsigned)p->list) : 0;

	if (p->pair)
		snprintf(out + n, PAGE_CURSOR_MAX - (size_t)n, "%lld.%lld", (long long)last,
			 (long long)last2);
	else
		snprintf(out + n, PAGE_CURSOR_MAX - (size_t)n, "%lld", (long long)last);
}

void lower_json(struct json *j, const char *key, const char *text)
{
	char out[32];
	size_t i;

	for (i = 0; text && text[i] && i < sizeof(out) - 1; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[i] = '\0';
	json_string(j, key, text ? out : NULL);
}

void raw_json(struct json *j, const char *key, const char *text)
{
	cJSON *v = NULL;

	if (text && json_read(text, strlen(text), &v, NULL)) {
		json_object(j, key);
		json_string(j, "text", text);
		json_object_end(j);
	} else {
		json_raw(j, key, text);
	}
	cJSON_Delete(v);
}

void amount_json(struct json *j, const char *key, double v)
{
	struct money m;

	if (money_from_real(v, &m))
		json_double(j, key, v);
	else
		json_money(j, key, m);
}

static void cell(struct json *j, struct stmt *s, int i, const struct column *c)
{
	const char *text;

	switch (c->type) {
	case COL_INT:
		json_int(j, c->key, stmt_int(s, i));
		break;
	case COL_NULLINT:
		if (stmt_int(s, i))
			json_int(j, c->key, stmt_int(s, i));
		else
			json_null(j, c->key);
		break;
	case COL_BOOL:
		json_bool(j, c->key, stmt_int(s, i) != 0);
		break;
	case COL_REAL:
		json_double(j, c->key, stmt_double(s, i));
		break;
	case COL_PRICE:
	case COL_QTY:
	case COL_MONEY:
		amount_json(j, c->key, stmt_double(s, i));
		break;
	case COL_TEXT:
		json_string(j, c->key, stmt_text(s, i));
		break;
	case COL_LOWER:
		lower_json(j, c->key, stmt_text(s, i));
		break;
	case COL_NULLTEXT:
		text = stmt_text(s, i);
		json_string(j, c->key, text && *text ? text : NULL);
		break;
	case COL_TIME:
		json_time(j, c->key, stmt_int(s, i));
		break;
	case COL_JSON:
		raw_json(j, c->key, stmt_text(s, i));
		break;
	case COL_MEANING:
		bot_config_meaning_json(j, c->key, stmt_text(s, i));
		break;
	case COL_HIDDEN:
		break;
	}
}

void row_members(struct json *j, struct stmt *s, const struct column *cols)
{
	for (int i = 0; cols[i].key; i++) {
		if (cols[i].type != COL_HIDDEN && stmt_is_null(s, i))
			json_null(j, cols[i].key);
		else
			cell(j, s, i, &cols[i]);
	}
}

struct place { int64_t first, second; };

static struct place place_of(struct stmt *s, const struct page *p)
{
	return (struct place){ stmt_int(s, 0), p->pair ? stmt_int(s, 1) : 0 };
}

/* The statement whose row comes next, PAGES_MAX: none has one. Places are unique. */
static size_t newest(struct stmt *const *list, size_t n, const int *rc, const struct page *p)
{
	size_t best = PAGES_MAX;
	struct place at = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct place here;

		if (rc[i] != STMT_ROW)
			continue;
		here = place_of(list[i], p);
		if (best == PAGES_MAX || here.first > at.first ||
		    (here.first == at.first && here.second > at.second)) {
			best = i;
			at = here;
		}
	}
	return best;
}

static void cursor_json(struct json *j, const struct page *p, bool more, struct place last)
{
	char text[PAGE_CURSOR_MAX];

	page_next(p, last.first, last.second, text);
	json_string(j, "next_cursor", more ? text : NULL);
}

int rows_pages(struct json *j, const char *key, struct stmt *const *list, size_t n,
	       const struct column *cols, const struct page *p, struct err *e)
{
	int rc[PAGES_MAX] = { 0 }, bad = 0;
	struct place last = { 0 };
	int64_t shown = 0;
	size_t i = 0;

	ASSERT(n <= PAGES_MAX);
	json_array(j, key);
	for (; i < n && !bad; i++) {
		rc[i] = stmt_step(list[i], e);
		bad = rc[i] < 0 ? rc[i] : 0;
	}
	while (!bad && (i = newest(list, n, rc, p)) != PAGES_MAX && shown++ < p->limit) {
		last = place_of(list[i], p);
		json_object(j, NULL);
		row_members(j, list[i], cols);
		json_object_end(j);
		rc[i] = stmt_step(list[i], e);
		bad = rc[i] < 0 ? rc[i] : 0;
	}
	json_array_end(j);
	cursor_json(j, p, i != PAGES_MAX, last);
	for (i = 0; i < n; i++)
		stmt_done(list[i]);
	return bad;
}

int rows_page(struct json *j, const char *key, struct stmt *s, const struct column *cols,
	      const struct page *p, struct err *e)
{
	return rows_pages(j, key, &s, 1, cols, p, e);
}

int rows_all(struct json *j, const char *key, struct stmt *s, const struct column *cols,
	     struct err *e)
{
	int rc;

	json_array(j, key);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		json_object(j, NULL);
		row_members(j, s, cols);
		json_object_end(j);
	}
	stmt_done(s);
	json_array_end(j);
	return rc;
}

int rows_one(struct json *j, struct stmt *s, const struct column *cols, const char *what,
	     int64_t id, struct err *e)
{
	int rc = stmt_step(s, e);

	if (rc == STMT_ROW)
		row_members(j, s, cols);
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no %s %lld", what, (long long)id);
	return rc < 0 ? rc : 0;
}
