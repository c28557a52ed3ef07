#include "api/routes/table.h"
#include "api/store/bots.h"
#include "common/clock.h"

/* FNV-1a (Fowler, Noll, Vo) of the route and what its path names. */
static uint32_t list_of(const struct request *r)
{
	uint32_t h = 2166136261u;

	for (const char *p = r->route->path; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (size_t i = 0; i < r->match.n; i++) {
		for (const char *p = r->match.values[i]; *p; p++)
			h = (h ^ (unsigned char)*p) * 16777619u;
		h = (h ^ '/') * 16777619u;
	}
	return h ? h : 1;
}

int request_page(struct request *r, struct page *p, struct err *e)
{
	const char *cursor = request_query(r, "cursor");

	p->limit = request_query_int(r, "limit", PAGE_LIMIT);
	p->before = p->before2 = INT64_MAX;
	p->list = list_of(r);
	if (cursor && !page_cursor(cursor, p))
		return request_error(r, e, 400, "bad_query",
				     "cursor: must be the next_cursor of an earlier answer of "
				     "this list");
	return 0;
}

int request_bot(struct request *r, int64_t *id, struct err *e)
{
	int rc = request_id(r, "id", id, e);

	return rc ? rc : store_bots_exists(r->db, *id, e);
}

int request_bot_page(struct request *r, int64_t *id, struct page *p, struct err *e)
{
	int rc = request_bot(r, id, e);

	return rc ? rc : request_page(r, p, e);
}

int request_begin(struct request *r, int64_t *id, struct err *e)
{
	int rc = request_id(r, "id", id, e);

	return rc ? rc : db_begin(r->db, e);
}

#define AHEAD_US (3600 * US_PER_S)	/* that the clock of who reports may be ahead */

void request_check_past(struct request *r, const char *name, int64_t us)
{
	if (us > clock_now_us() + AHEAD_US)
		field_error(request_fields(r), name, "must not be in the future");
}

const struct param page_params[] = { PAGE, END };
