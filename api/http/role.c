#include "api/http/role.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[ROLE_NONE] = "none",
	[ROLE_VIEWER] = "viewer",
	[ROLE_TRADER] = "trader",
	[ROLE_ADMIN] = "admin",
};

const char *role_name(enum role r)
{
	return names[r];
}

enum role role_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name))
			return (enum role)i;
	}
	return ROLE_NONE;
}
