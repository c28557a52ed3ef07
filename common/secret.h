/*
 * secret.h - a secret as text in memory of its own: no copy of it stays when it is freed.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stddef.h>

/* The caller's; secret_free frees it. NULL gives NULL. */
char *secret_dup(const char *text);
/* Overwrites the text and frees it. NULL does nothing. */
void secret_free(char *secret);
/* seen is called with each overwritten text just before its memory is freed. (tests) */
void secret_on_free(void (*seen)(const char *wiped, size_t size));

#endif
