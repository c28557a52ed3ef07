/*
 * utf8.h - is this UTF-8 as RFC 3629 has it?
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>

/*
 * Bytes of the character at s (1..4), of which "left" (at least 1) may be read. 0 when
 * there is none: a stray or missing continuation byte, an overlong form, a
 * surrogate, or beyond U+10FFFF.
 */
size_t utf8_len(const char *s, size_t left);

#endif
