#include "api/page.h"

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

static const struct {
	const char *name, *begin, *end;
} built_in[] = {
	{ "index.html", page_index_html, page_index_html_end },
	{ "app.js", page_app_js, page_app_js_end },
	{ "style.css", page_style_css, page_style_css_end },
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

int page_load(const char *dir, const char *name, struct buf *out, struct err *e)
{
	char path[CONFIG_PATH_MAX + 80];

	if (!page_name_ok(name) || !page_type(name))
		return err_set(e, ERR_NOT_FOUND, "there is no page %s", name);
	if (dir[0]) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (file_read(path, PAGE_MAX_BYTES, out, e))
			return err_set(e, ERR_NOT_FOUND, "there is no file %s in DASHBOARD_DIR %s",
				       name, dir);
		return 0;
	}
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		if (strcmp(built_in[i].name, name) != 0)
			continue;
		buf_clear(out);
		buf_add(out, built_in[i].begin, (size_t)(built_in[i].end - built_in[i].begin));
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, "there is no page %s", name);
}
