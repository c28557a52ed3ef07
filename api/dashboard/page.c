#include "api/dashboard/page.h"

#include "common/config.h"
#include "common/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX_BYTES ((size_t)8 << 20)

/* The files' bytes, as they stand in api/dashboard when this is compiled. */
#define EMBED(symbol, path) \
	__asm__(".section .rodata\n" \
		".global " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n" \
		".global " #symbol "_end\n" #symbol "_end:\n.byte 0\n.previous\n"); \
	extern const char symbol[], symbol##_end[]

EMBED(page_index_html, "api/dashboard/index.html");
EMBED(page_app_js, "api/dashboard/app.js");
EMBED(page_style_css, "api/dashboard/style.css");
EMBED(page_docs_html, "api/dashboard/docs.html");
EMBED(page_docs_js, "api/dashboard/docs.js");
EMBED(page_docs_css, "api/dashboard/docs.css");

static const struct {
	const char *name, *begin, *end;
	bool own;	/* the API's, not the dashboard's: another DASHBOARD_DIR has it as well */
} built_in[] = {
	{ "index.html", page_index_html, page_index_html_end, false },
	{ "app.js", page_app_js, page_app_js_end, false },
	{ "style.css", page_style_css, page_style_css_end, false },
	{ "docs.html", page_docs_html, page_docs_html_end, true },
	{ "docs.js", page_docs_js, page_docs_js_end, true },
	{ "docs.css", page_docs_css, page_docs_css_end, true },
};

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".json", "application/json" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".woff2", "font/woff2" },
};

const char *page_type(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcasecmp(types[i].suffix, dot))
			return types[i].type;
	}
	return NULL;
}

int page_name_ok(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return name[0] && name[0] != '.' && name[strspn(name, allowed)] == '\0';
}

static int find_built_in(const char *name)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		if (!strcmp(built_in[i].name, name))
			return (int)i;
	}
	return -1;
}

int page_load(const char *dir, const char *name, struct buf *out, struct err *e)
{
	char path[CONFIG_PATH_MAX + 80];
	int i = find_built_in(name);

	if (!page_name_ok(name) || !page_type(name))
		return err_set(e, ERR_NOT_FOUND, "there is no page %s", name);
	if (dir[0] && (i < 0 || !built_in[i].own)) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (file_read(path, PAGE_MAX_BYTES, out, e))
			return err_set(e, ERR_NOT_FOUND, "there is no file %s in DASHBOARD_DIR %s",
				       name, dir);
		return 0;
	}
	if (i < 0)
		return err_set(e, ERR_NOT_FOUND, "there is no page %s", name);
	buf_clear(out);
	buf_add(out, built_in[i].begin, (size_t)(built_in[i].end - built_in[i].begin));
	return 0;
}
