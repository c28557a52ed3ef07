#include "common/registry/market_clock.h"

#define SCHEMA_SINCE 7		/* that knows of it */

static const char SQL_CLOCK[] = "SELECT market_us, market_at_us FROM worker_heartbeat WHERE id = 1";

int market_clock_get(struct db *db, int64_t now_us, struct market_clock *out, struct err *e)
{
	struct stmt *s;
	int rc;

	*out = (struct market_clock){ .now_us = now_us };
	if (db_schema_version(db) < SCHEMA_SINCE)
		return 0;
	rc = db_stmt(db, SQL_CLOCK, &s, e);
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->market_us = stmt_int(s, 0);
		out->market_at_us = stmt_int(s, 1);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int64_t market_clock_now_us(const struct market_clock *c)
{
	return c->market_us ? c->market_us : c->now_us;
}

int64_t market_clock_age_us(const struct market_clock *c, int64_t at_us)
{
	int64_t age_us = market_clock_now_us(c) - at_us;

	return age_us > 0 ? age_us : 0;
}

int64_t market_clock_machine_us(const struct market_clock *c, int64_t at_us)
{
	return c->market_us && at_us ? c->market_at_us - market_clock_age_us(c, at_us) : at_us;
}
