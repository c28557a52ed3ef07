#include "common/registry/market_source.h"

#include <stdio.h>

const char *market_source(const char *market_data, bool futures, char out[MARKET_SOURCE_MAX])
{
	snprintf(out, MARKET_SOURCE_MAX, "%.20s%s", market_data, futures ? "_futures" : "");
	return out;
}
