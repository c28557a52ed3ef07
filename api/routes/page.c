/*
 * The dashboard's files and the description of the API. They hold no secrets: the
 * dashboard's token comes from the fragment.
 */
#include "api/dashboard/page.h"
#include "api/routes/handlers.h"

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

int handle_page(struct request *r, struct err *e)
{
	const char *name = request_path_value(r, "file");

	return send_page(r, name ? name : "index.html", e);
}

int handle_docs(struct request *r, struct err *e)
{
	return send_page(r, "docs.html", e);
}

int handle_openapi(struct request *r, struct err *e)
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
