#include "tests/unit/engine_world.h"

#include "common/fees.h"

static void published_per_exchange(void **state)
{
	struct fees spot = fees_published(false), futures = fees_published(true);

	(void)state;
	assert_int_equal(spot.maker_e8, 100000);
	assert_int_equal(spot.taker_e8, 100000);
	assert_int_equal(futures.maker_e8, 20000);
	assert_int_equal(futures.taker_e8, 50000);
	assert_non_null(strstr(fees_source(true), "USD-M"));
	assert_non_null(strstr(fees_source(false), "spot"));
}

static void a_commission_replaces_both(void **state)
{
	struct fees f = { 1, 1 };

	(void)state;
	assert_int_equal(fees_with(0.00075, true, &f), 0);
	assert_int_equal(f.maker_e8, 75000);
	assert_int_equal(f.taker_e8, 75000);
	assert_int_equal(fees_with(0, false, &f), 0);
	assert_int_equal(f.maker_e8, 0);
	assert_int_equal(fees_with(COMMISSION_OF_EXCHANGE, true, &f), 0);
	assert_int_equal(f.maker_e8, 20000);
	assert_int_equal(f.taker_e8, 50000);
	assert_int_equal(fees_with(1e12, true, &f), ERR_RANGE);
	assert_int_equal(f.taker_e8, 50000);
}

/* The market of a session pays what the settings say, whatever its description says. */
static void session_sets_the_fees(void **state)
{
	const double commission[] = { COMMISSION_OF_EXCHANGE, 0.0004 };
	const int64_t maker[] = { 20000, 40000 }, taker[] = { 50000, 40000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct symbol_info info = world_info(true);
		struct config c;
		struct session_args a = { .config = &c };
		struct session *s;
		const struct market *m;

		config_defaults(&c);
		c.sim_commission = commission[i];
		assert_int_equal(paper_session(&a, NULL, &s, NULL), 0);
		m = session_market_add(s, &info);
		assert_int_equal(market_info(m)->fees.maker_e8, maker[i]);
		assert_int_equal(market_info(m)->fees.taker_e8, taker[i]);
		session_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_per_exchange),
		cmocka_unit_test(a_commission_replaces_both),
		cmocka_unit_test(session_sets_the_fees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
