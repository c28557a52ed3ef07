/* Who may call what: every row of the routes, asked with every lower role, and with its own. */
#include "api/http/route.h"
#include "common/crypto.h"
#include "common/registry/tokens.h"
#include "tests/unit/api_client.h"

static struct api api;

static int setup(void **state)
{
	static const char *const roles[] = { "viewer", "trader" };
	struct db *db = NULL;

	if (scratch_setup(state))
		return -1;
	api_start(&api, NULL);
	assert_int_equal(db_open(api.cfg.db_path, DB_CLI, &db, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		struct token t = { .created_us = clock_now_us() };
		int64_t id;

		snprintf(t.name, sizeof(t.name), "a %s", roles[i]);
		snprintf(t.role, sizeof(t.role), "%s", roles[i]);
		crypto_sha256_hex(roles[i], strlen(roles[i]), t.hash);	/* the token is the word */
		assert_int_equal(store_token_add(db, &t, &id, NULL), 0);
	}
	db_close(db);
	return 0;
}

static int teardown(void **state)
{
	api_stop(&api);
	return scratch_teardown(state);
}

static const char *token_of(enum role role)
{
	switch (role) {
	case ROLE_NONE: return NULL;
	case ROLE_VIEWER: return "viewer";
	case ROLE_TRADER: return "trader";
	case ROLE_ADMIN: return API_TEST_TOKEN;
	}
	return NULL;
}

/* The row's path, with a number that no row has. */
static void path_of(const struct route *r, char out[200])
{
	size_t n = (size_t)snprintf(out, 200, "%s", r->root ? "" : "/api/v1");

	for (const char *p = r->path; *p; p++) {
		if (*p != ':') {
			out[n++] = *p;
			continue;
		}
		n += (size_t)snprintf(out + n, 200 - n, "999999");
		p += strcspn(p, "/") - 1;
	}
	out[n] = '\0';
}

static int ask(const struct route *r, enum role role)
{
	struct answer a;
	char path[200];
	int status;

	path_of(r, path);
	api.token = token_of(role);
	a = api_call(&api, route_method_name(r->method), path, NULL);
	status = a.status;
	answer_free(&a);
	return status;
}

static void lower_roles_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		for (enum role role = ROLE_NONE; role < r->role; role++) {
			int status = ask(r, role);

			if (status != (role == ROLE_NONE ? 401 : 403))
				fail_msg("%s %s with role %s -> %d", route_method_name(r->method),
					 r->path, role_name(role), status);
		}
	}
}

/* What only reads; a stream does not end. */
static void its_own_role_is_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		int status;

		if (r->method != EVHTTP_REQ_GET || !strcmp(r->path, "/events"))
			continue;
		status = ask(r, r->role);
		if (status == 0 || status == 401 || status == 403)
			fail_msg("GET %s with role %s -> %d", r->path, role_name(r->role), status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_roles_are_refused),
		cmocka_unit_test(its_own_role_is_enough),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
