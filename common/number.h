/*
 * number.h - whole numbers from text that people and other programs wrote.
 */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * true, and *out, when all of text is a decimal integer of [min, max]: no blanks, no '+'.
 * *out is untouched otherwise.
 */
bool number_int(const char *text, int64_t min, int64_t max, int64_t *out);

#endif
