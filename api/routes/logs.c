/* Log lines of both programs. */
#include "api/routes/table.h"
#include "common/clock.h"
#include "common/registry/logs.h"

#include <stdio.h>
#include <stdlib.h>

static void log_row_json(struct json *j, const struct log_row *row)
{
	json_object(j, NULL);
	json_int(j, "id", row->id);
	json_time(j, "at", row->at_us);
	json_string(j, "level", log_level_name(row->level));
	json_string(j, "service", row->service);
	json_string(j, "logger", row->logger);
	json_string(j, "correlation_id", row->correlation_id[0] ? row->correlation_id : NULL);
	json_string(j, "message", row->message);
	json_object_end(j);
}

static int handle_logs(struct request *r, struct err *e)
{
	struct log_filter f = {
		.correlation_id = request_query(r, "correlation_id"),
		.service = request_query(r, "service"),
	};
	const char *level = request_query(r, "level");
	struct log_row *rows;
	struct page p = { 0 };
	char cursor[PAGE_CURSOR_MAX];
	size_t n = 0;
	int rc;

	rc = request_page(r, &p, e);
	if (!rc && level && log_level_parse(level, &f.min_level))
		rc = err_set(e, ERR_INVALID, "level %s is not known", level);
	if (rc)
		return rc;
	f.before_id = p.before == INT64_MAX ? 0 : p.before;
	rows = xcalloc((size_t)p.limit + 1, sizeof(*rows));
	rc = store_logs_read(r->db, &f, rows, (size_t)p.limit + 1, &n, e);
	if (!rc) {
		json_array(&r->json, "logs");
		for (size_t i = 0; i < n && i < (size_t)p.limit; i++)
			log_row_json(&r->json, &rows[i]);
		json_array_end(&r->json);
		page_next(&p, n > (size_t)p.limit ? rows[p.limit - 1].id : 0, 0, cursor);
		json_string(&r->json, "next_cursor", n > (size_t)p.limit ? cursor : NULL);
	}
	free(rows);
	return rc;
}

/* ---- the routes ---- */

static const struct param q_logs[] = {
	PAGE,
	{ .name = "level", .type = PARAM_CHOICE, .choices = "debug|info|warning|error",
	  .help = "the least level, debug unless given" },
	{ .name = "service", .type = PARAM_TEXT, .min = 1, .max = 40,
	  .help = "trading-bot-api or trading-bot-worker" },
	{ .name = "correlation_id", .type = PARAM_TEXT, .min = 1, .max = 64,
	  .help = "lines of one request" },
	END
};

static const struct part parts[] = {
	OBJECT("LogLine", "A line of the log.",
	       F("id", "id"), F("at", "time"), { "level", "DEBUG|INFO|WARNING|ERROR", NULL },
	       { "service", "text", "Which program." }, { "logger", "text", "Which part of it." },
	       F("correlation_id", "text?"), F("message", "text")),
	PAGE_OF("LogList", "logs", "LogLine", "Log lines, newest first."),
};

static const struct route rows[] = {
	{ R(GET, "/logs"), V, DO(logs, "Recent log lines of both programs"), .query = q_logs,
	  ONE("LogList") },
};
const struct route_group logs_routes = { "Live", ROWS_OF(rows), ROWS_OF(parts) };
