#include "common/registry/quote_asset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void longest_name_wins(void **state)
{
	(void)state;
	assert_string_equal(quote_asset_of("BTCUSDT"), "USDT");
	assert_string_equal(quote_asset_of("BTCFDUSD"), "FDUSD");
	assert_string_equal(quote_asset_of("XRPETH"), "ETH");
	assert_string_equal(quote_asset_of("BTCUSDT_240927"), "USDT");
	assert_null(quote_asset_of("USDT"));
	assert_null(quote_asset_of("NOSUCH"));
	assert_null(quote_asset_of(""));
}

static void least_notional(void **state)
{
	(void)state;
	assert_int_equal(money_units(quote_least_notional("PEPEUSDT", false)), 5 * RATE_ONE);
	assert_int_equal(money_units(quote_least_notional("LTCBTC", false)), RATE_ONE / 10000);
	assert_int_equal(money_units(quote_least_notional("BTCUSDT", true)), 5 * RATE_ONE);
	assert_int_equal(money_units(quote_least_notional("NOSUCH", false)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_name_wins), cmocka_unit_test(least_notional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
