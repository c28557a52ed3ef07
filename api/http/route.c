#include "api/http/route.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum evhttp_cmd_type method;
	const char *name;
} methods[] = {
	{ EVHTTP_REQ_GET, "GET" },
	{ EVHTTP_REQ_HEAD, "HEAD" },
	{ EVHTTP_REQ_POST, "POST" },
	{ EVHTTP_REQ_PUT, "PUT" },
	{ EVHTTP_REQ_DELETE, "DELETE" },
	{ EVHTTP_REQ_OPTIONS, "OPTIONS" },
	{ EVHTTP_REQ_PATCH, "PATCH" },
	{ EVHTTP_REQ_TRACE, "TRACE" },
	{ EVHTTP_REQ_CONNECT, "CONNECT" },
};

const char *route_method_name(enum evhttp_cmd_type method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].method == method)
			return methods[i].name;
	}
	return "?";
}

/* The rest behind "/api/v1" or "/api"; NULL when the path stands under neither. */
static const char *under_api(const char *path)
{
	if (strncmp(path, "/api/", 5) != 0)
		return NULL;
	if (!strncmp(path + 4, "/v1/", 4))
		return path + 7;
	return path + 4;
}

/* Does "path" have the pattern's form? Its parts go to m. */
static bool matches(const char *pattern, const char *path, struct route_match *m)
{
	m->n = 0;
	while (*pattern && *path) {
		if (*pattern != ':') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");

		if (len == 0 || len >= ROUTE_VALUE_MAX || m->n == ROUTE_PARAMS_MAX)
			return false;
		memcpy(m->values[m->n], path, len);
		m->values[m->n++][len] = '\0';
		path += len;
		pattern += strcspn(pattern, "/");
	}
	return *pattern == *path;
}

/* A literal segment wins over ":name", because "upload" in /models/upload is no model's id. */
static bool better(const struct route *a, const struct route *b)
{
	const char *pa = a->path, *pb = b->path;

	while (*pa && *pa == *pb) {
		pa++;
		pb++;
	}
	return *pb == ':' && *pa != ':';
}

size_t route_count(void)
{
	size_t n = 0;

	for (const struct route_group *const *g = route_groups; *g; g++)
		n += (*g)->n;
	return n;
}

const struct route *route_at(size_t i)
{
	const struct route_group *const *g = route_groups;

	for (; i >= (*g)->n; g++)
		i -= (*g)->n;
	return &(*g)->rows[i];
}

/* Row r, the number-th, has the path: it is taken, unless a better one was before. */
static void take(const struct route *r, size_t number, enum evhttp_cmd_type method,
		 const struct route_match *m, const struct route **best, struct route_match *out)
{
	if (*best && strcmp((*best)->path, r->path) != 0) {
		if (!better(r, *best))
			return;
		out->route = NULL;
		out->allowed = 0;
	}
	*best = r;
	out->allowed |= (unsigned)r->method;
	if (r->method != method)
		return;
	out->route = r;
	out->number = number;
	out->n = m->n;
	memcpy(out->values, m->values, m->n * sizeof(m->values[0]));
}

void route_find(enum evhttp_cmd_type method, const char *path, struct route_match *out)
{
	const char *rest = under_api(path);
	const struct route *best = NULL;
	/* Of most routes the first letter is another one. */
	const char first[2] = { rest ? rest[1] : '\0', path[0] ? path[1] : '\0' };
	struct route_match m;
	size_t number = 0;

	out->route = NULL;
	out->allowed = 0;
	out->n = 0;
	if (method == EVHTTP_REQ_HEAD)
		method = EVHTTP_REQ_GET;
	for (const struct route_group *const *g = route_groups; *g; number += (*g++)->n) {
		const struct route *rows = (*g)->rows, *end = rows + (*g)->n;

		for (const struct route *r = rows; r < end; r++) {
			const char *p = r->root ? path : rest;

			if (r->path[1] != first[r->root] && r->path[1] != ':')
				continue;
			if (p && matches(r->path, p, &m))
				take(r, number + (size_t)(r - rows), method, &m, &best, out);
		}
	}
	if (out->allowed & EVHTTP_REQ_GET)
		out->allowed |= EVHTTP_REQ_HEAD;
	if (out->allowed)
		out->allowed |= EVHTTP_REQ_OPTIONS;
}

const char *route_value(const struct route_match *m, const char *name)
{
	size_t i = 0;

	for (const char *p = strchr(m->route->path, ':'); p; p = strchr(p + 1, ':'), i++) {
		size_t len = strcspn(p + 1, "/");

		if (strlen(name) == len && !strncmp(p + 1, name, len))
			return m->values[i];
	}
	return NULL;
}

void route_allow(unsigned allowed, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!(allowed & (unsigned)methods[i].method))
			continue;
		int n = snprintf(out + len, size - len, "%s%s", len ? ", " : "", methods[i].name);

		if (n < 0 || (size_t)n >= size - len)
			return;
		len += (size_t)n;
	}
}
