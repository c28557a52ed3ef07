/*
 * The dashboard's files and the description of the API. They hold no secrets: the
 * dashboard's token comes from the fragment.
 */
#include "api/dashboard/page.h"
#include "api/routes/table.h"

/* Allows only content of this server: no inline script, no other host, no frame around it. */
#define PAGE_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " \
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

static int send_page(struct request *r, const char *name, struct err *e)
{
	int rc = page_load(r->app->cfg->dashboard_dir, name, &r->out, e);

	if (rc)
		return rc;
	r->content_type = page_type(name);
	r->file_policy = PAGE_POLICY;
	return 0;
}

static int handle_page(struct request *r, struct err *e)
{
	const char *name = request_path_value(r, "file");

	return send_page(r, name ? name : "index.html", e);
}

static int handle_docs(struct request *r, struct err *e)
{
	return send_page(r, "docs.html", e);
}

static int handle_openapi(struct request *r, struct err *e)
{
	struct buf *doc = &r->app->openapi;

	(void)e;
	if (!doc->len)
		r->app->describe(doc);
	buf_clear(&r->out);
	buf_add(&r->out, doc->data, doc->len);
	r->content_type = "application/json";
	return 0;
}

/* ---- the routes ---- */

static const struct route rows[] = {
	{ R(GET, "/openapi.json"), .no_db = true, DO(openapi, "This API as OpenAPI 3.1"),
	  ONE("object") },
	{ R(GET, "/docs"), .root = true, .no_db = true, DO(docs, "This API as a page"),
	  ONE("text"), .media = "text/html" },
	{ R(GET, "/"), .root = true, .no_db = true, DO(page, "The dashboard"), ONE("text"),
	  .says = SAYS_NOT_FOUND, .media = "*/*" },
	{ R(GET, "/:file"), .root = true, .no_db = true, DO(page, "Files of the dashboard"),
	  ONE("text"), .says = SAYS_NOT_FOUND, .media = "*/*" },
};
const struct route_group page_routes = { "Pages", ROWS_OF(rows), NULL, 0 };
