/*
 * page.h - the dashboard's files: compiled in, or from DASHBOARD_DIR.
 */
#ifndef API_DASHBOARD_PAGE_H
#define API_DASHBOARD_PAGE_H

#include "common/buf.h"
#include "common/err.h"

/* "index.html" -> "text/html; charset=utf-8"; NULL: a kind of file that is not served. */
const char *page_type(const char *name);
/* A plain file name: letters, digits, '.', '-', '_'; no leading dot. */
int page_name_ok(const char *name);
/*
 * The file's bytes into out. dir "": the built-in ones; those of the API's own page
 * (docs.*) are always built in. ERR_NOT_FOUND says where the file was looked for.
 */
MUST_CHECK int page_load(const char *dir, const char *name, struct buf *out, struct err *e);

#endif
