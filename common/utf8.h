/*
 * utf8.h - checks for UTF-8 (RFC 3629).
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>

/*
 * Length in bytes (1..4) of the character at s; reads at most "left" bytes (at least 1).
 * 0 when there is no valid character: a stray or missing continuation byte, an overlong
 * form, a surrogate, or a value beyond U+10FFFF.
 */
size_t utf8_len(const char *s, size_t left);

#endif
