#include "worker/session/supported.h"

int supported_mode(const struct config *c, struct err *e)
{
	if (c->trading_mode != MODE_LIVE)
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "live trading is not in this version yet; set "
		       "TRADING_MODE=simulation");
}

int supported_market(const struct config *c, struct err *e)
{
	if (c->market_data != MARKET_BINANCE)
		return 0;
	return err_set(e, ERR_UNAVAILABLE,
		       "MARKET_DATA=binance is not built in yet; use synthetic or replay");
}
