#include "common/registry/market_source.h"

#include <stdio.h>
#include <string.h>

const char *market_source(const char *market_data, bool futures, char out[MARKET_SOURCE_MAX])
{
	snprintf(out, MARKET_SOURCE_MAX, "%.20s%s", market_data, futures ? "_futures" : "");
	return out;
}

bool market_source_of(const char *market_data, const char *source)
{
	char name[MARKET_SOURCE_MAX];

	return strcmp(source, market_source(market_data, false, name)) == 0 ||
	       strcmp(source, market_source(market_data, true, name)) == 0;
}
