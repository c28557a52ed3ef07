/* The dashboard's files. They hold no secrets: the token comes from the fragment. */
#include "api/handlers.h"
#include "api/page.h"

/* Only what this server serves; no inline script, no frame around it, no other host. */
#define PAGE_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " \
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

int handle_page(struct request *r, struct err *e)
{
	const char *name = request_path_value(r, "file");
	int rc;

	if (!name)
		name = "index.html";
	rc = page_load(r->app->cfg->dashboard_dir, name, &r->out, e);
	if (rc)
		return rc;
	r->content_type = page_type(name);
	r->file_policy = PAGE_POLICY;
	return 0;
}
