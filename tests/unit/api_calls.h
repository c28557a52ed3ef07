/*
 * api_calls.h - one server for each test, and calls that must end as expected.
 */
#ifndef TESTS_UNIT_API_CALLS_H
#define TESTS_UNIT_API_CALLS_H

#include "tests/unit/api_client.h"

static struct api a;

static inline int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, NULL);
	return 0;
}

static inline int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

static inline void seed(const char *sql)
{
	struct db *db = api_db(&a);

	api_sql(db, sql);
	db_close(db);
}

static inline struct answer get(const char *path)
{
	struct answer r = api_call(&a, "GET", path, NULL);

	if (r.status != 200)
		fail_msg("GET %s -> %d %s", path, r.status, buf_text(&r.body));
	return r;
}

static inline struct answer call(const char *method, const char *path, const char *body, int status)
{
	struct answer r = api_call(&a, method, path, body);

	if (r.status != status)
		fail_msg("%s %s -> %d %s", method, path, r.status, buf_text(&r.body));
	return r;
}

static inline int length(const struct answer *r, const char *list)
{
	return cJSON_GetArraySize(answer_at(r, list));
}

static inline bool has(const struct answer *r, const char *text)
{
	return strstr(buf_text(&r->body), text) != NULL;
}

#endif
