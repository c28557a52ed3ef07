/*
 * shared.h - test data that lies outside the project: SHARED_DATA, or
 * ../shared/data seen from the project's root. Tests skip what is not there.
 */
#ifndef TESTS_UNIT_SHARED_H
#define TESTS_UNIT_SHARED_H

#include "common/buf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

static inline const char *shared_path(const char *name)
{
	static char path[4096];
	const char *root = getenv("SHARED_DATA");

	snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", name);
	return path;
}

/* The whole file, unpacked when it is gzip; false when it is not there. */
static inline bool shared_read(const char *name, struct buf *out)
{
	gzFile f = gzopen(shared_path(name), "rb");
	char part[65536];
	int n;

	if (!f)
		return false;
	while ((n = gzread(f, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
	gzclose(f);
	return n == 0;
}

#endif
