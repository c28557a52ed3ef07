#include "api/routes/table.h"

int request_page(struct request *r, struct page *p, struct err *e)
{
	const char *cursor = request_query(r, "cursor");

	p->limit = request_query_int(r, "limit", PAGE_LIMIT);
	p->before = p->before2 = INT64_MAX;
	if (cursor && !page_cursor(cursor, p))
		return request_error(r, e, 400, "bad_query",
				     "cursor: must be the next_cursor of an earlier answer");
	return 0;
}

const struct param page_params[] = { PAGE, END };
