/*
 * number.h - reads whole numbers from text that people and other programs wrote.
 */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sets *out and returns true when the whole text is a decimal integer in [min, max], without
 * blanks and '+'. Else returns false and leaves *out untouched.
 */
bool number_int(const char *text, int64_t min, int64_t max, int64_t *out);

#endif
