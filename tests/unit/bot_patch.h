/* bot_patch.h - applies a JSON patch to a bot's settings. */
#ifndef TESTS_UNIT_BOT_PATCH_H
#define TESTS_UNIT_BOT_PATCH_H

#include "common/registry/bot_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static inline int apply(struct bot_config *c, const char *patch, struct field_errors *f)
{
	cJSON *tree = NULL;
	struct err e = { 0 };
	int rc;

	if (json_read(patch, strlen(patch), &tree, &e))
		fail_msg("%s: %s", patch, e.msg);
	memset(f, 0, sizeof(*f));
	rc = bot_config_apply(c, tree, f);
	cJSON_Delete(tree);
	return rc;
}

static inline void applies(struct bot_config *c, const char *patch)
{
	struct field_errors f;

	if (apply(c, patch, &f))
		fail_msg("%s: %s %s", patch, f.list[0].field, f.list[0].message);
	assert_int_equal(f.n, 0);
}

#endif
