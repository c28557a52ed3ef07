/* What a stream's output costs in memory: libevent's own allocations are counted. */
#include "api/push/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

static size_t taken;

static void *count_malloc(size_t n)
{
	taken += n;
	return malloc(n);
}

static void *count_realloc(void *p, size_t n)
{
	taken += n;
	return realloc(p, n);
}

/* Two bytes behind a large message that is shared take no chunk of its size. */
static void small_behind_large(void **state)
{
	struct evbuffer *out = evbuffer_new();
	char *shared = calloc(1, 200000);
	char back[4];

	(void)state;
	taken = 0;
	assert_int_equal(evbuffer_add_reference(out, shared, 200000, NULL, NULL), 0);
	output_add(out, "ab", 2);
	assert_true(taken < 4096);
	assert_int_equal(evbuffer_get_length(out), 200002);
	evbuffer_drain(out, 200000);
	assert_int_equal(evbuffer_remove(out, back, sizeof(back)), 2);
	assert_memory_equal(back, "ab", 2);
	evbuffer_free(out);
	free(shared);
}

/* Many small ones lie close together, and come out as they went in. */
static void many_small(void **state)
{
	struct evbuffer *out = evbuffer_new();
	char piece[700], *all;
	size_t len = 0;

	(void)state;
	taken = 0;
	for (int i = 0; i < 200; i++) {
		size_t n = (size_t)(1 + (i * 37) % 700);

		memset(piece, 'a' + i % 26, n);
		output_add(out, piece, n);
		len += n;
	}
	assert_true(taken < len + len / 2);
	assert_int_equal(evbuffer_get_length(out), len);
	all = malloc(len);
	assert_int_equal(evbuffer_remove(out, all, len), len);
	for (size_t i = 0, at = 0; i < 200; i++)
		for (size_t n = 1 + (i * 37) % 700; n > 0; n--)
			assert_int_equal(all[at++], (char)('a' + i % 26));
	free(all);
	evbuffer_free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_behind_large),
		cmocka_unit_test(many_small),
	};

	event_set_mem_functions(count_malloc, count_realloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
