/*
 * fuzz.h - what the fuzz targets share. Each target is one file fuzz_<name>.c with its
 * LLVMFuzzerTestOneInput and a corpus in corpus/<name>; `make fuzz` finds them.
 *
 * A target fails by a sanitizer's report or by ASSERT: it also checks what must hold
 * for every input, not only that nothing crashes.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a C string in memory of exactly that size; free it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xcalloc(1, size + 1);

	if (size)
		memcpy(text, data, size);
	return text;
}

/* The bytes without a NUL, in memory of exactly that size: a read beyond shows. */
static inline char *fuzz_bytes(const uint8_t *data, size_t size)
{
	char *bytes = xcalloc(1, size ? size : 1);

	if (size)
		memcpy(bytes, data, size);
	return bytes;
}

#endif
