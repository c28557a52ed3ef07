/*
 * parts.h - all objects of the API's answers: those of every resource, and shared ones.
 */
#ifndef API_OPENAPI_PARTS_H
#define API_OPENAPI_PARTS_H

#include "api/http/part.h"

#include <stddef.h>

const struct part *openapi_part_at(size_t i);		/* NULL behind the last */
const struct part *openapi_part_find(const char *name);	/* NULL: there is no such part */

#endif
