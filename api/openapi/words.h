/*
 * words.h - what a member of this name means wherever it stands, and an example (JSON).
 */
#ifndef API_OPENAPI_WORDS_H
#define API_OPENAPI_WORDS_H

#include <stddef.h>

struct openapi_word {
	const char *name, *example, *help;
};
extern const struct openapi_word openapi_words[];	/* by name */
extern const size_t openapi_words_count;

#endif
