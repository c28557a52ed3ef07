/*
 * rotate_key.h - changes the master key: seals every secret of trading_configs again.
 *
 *	begin
 *	write FILE.new                stopped here: secrets are under FILE's key;
 *	seal all secrets              the next call takes FILE.new and begins again
 *	commit                        stopped here: secrets are under FILE.new's key;
 *	rename FILE.new to FILE       the next call seals nothing and renames
 *
 * The secrets show where it stopped, because they open with one key or the other. While
 * FILE.new exists nothing is sealed (store_config_save_tx returns ERR_BUSY), and secrets are
 * opened with whichever of the two keys fits, so both programs may run. Older backups of the
 * database need the old key: keep it with them.
 */
#ifndef COMMON_REGISTRY_ROTATE_KEY_H
#define COMMON_REGISTRY_ROTATE_KEY_H

#include "common/crypto.h"
#include "common/db/db.h"

#include <stdbool.h>
#include <stddef.h>

struct rotation {
	size_t secrets;		/* stored secrets, all under the new key now */
	size_t resealed;	/* of them by this call */
	bool resumed;		/* an interrupted rotation was finished, not a new one begun */
};

/*
 * key_file must exist (ERR_NOT_FOUND). ERR_CORRUPT: a secret opens with neither key; the
 * message names bot and column, and nothing was changed. db: role DB_TOOL.
 */
MUST_CHECK int store_rotate_key(struct db *db, const char *key_file, struct rotation *out,
				struct err *e);

#endif
