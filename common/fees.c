#include "common/fees.h"

#include "common/money.h"

/*
 * Regular users (VIP 0) without the BNB discount, 2024-08: Binance, "Trading fees"
 * (https://www.binance.com/en/fee/trading) and "Fee structure and fee calculation of
 * USD-M futures" (https://www.binance.com/en/fee/futureFee).
 */
static const struct {
	struct fees fees;
	const char *source;
} published[] = {
	[false] = { { .maker_e8 = 100000, .taker_e8 = 100000 },
		    "Binance spot, regular user (binance.com/en/fee/trading)" },
	[true] = { { .maker_e8 = 20000, .taker_e8 = 50000 },
		   "Binance USD-M futures, regular user (binance.com/en/fee/futureFee)" },
};

struct fees fees_published(bool futures)
{
	return published[futures].fees;
}

const char *fees_source(bool futures)
{
	return published[futures].source;
}

int fees_with(double commission, bool futures, struct fees *out)
{
	int64_t rate;

	if (commission < 0) {
		*out = fees_published(futures);
		return 0;
	}
	if (rate_from_double(commission, &rate))
		return ERR_RANGE;
	*out = (struct fees){ .maker_e8 = rate, .taker_e8 = rate };
	return 0;
}
