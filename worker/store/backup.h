/*
 * backup.h - the SQL of backups: checks, row counts, and the changes that make a restored
 * database safe.
 */
#ifndef WORKER_STORE_BACKUP_H
#define WORKER_STORE_BACKUP_H

#include "common/db/db.h"

#include <stddef.h>
#include <stdint.h>

#define BACKUP_TABLES_MAX 24
#define BACKUP_MODEL_PATH_MAX 512

struct backup_rows {			/* how many rows the tables that matter have */
	size_t n;
	struct {
		char table[32];
		int64_t rows;
	} tables[BACKUP_TABLES_MAX];
};

struct backup_models {			/* files of registered models */
	size_t n;
	struct backup_model {
		char path[BACKUP_MODEL_PATH_MAX];	/* relative to DATA_DIR */
		char sha256[65];
	} *list;			/* owned: free() it */
};

MUST_CHECK int store_backup_rows(struct db *db, struct backup_rows *out, struct err *e);
MUST_CHECK int store_backup_models(struct db *db, struct backup_models *out, struct err *e);
/*
 * Checks every page, index and reference, and that every ledger entry is balanced. Reads the
 * whole file. ERR_CORRUPT names the first fault.
 */
MUST_CHECK int store_backup_check(struct db *db, struct err *e);

struct backup_since {			/* what the replaced database knows and a backup can't */
	int64_t next_order;		/* number of the next trade; 0 unknown */
	size_t revoked_n;
	struct backup_revoked {
		char hash[65];		/* of an API token */
		int64_t revoked_us;	/* us UTC */
	} *revoked;			/* owned: free() it */
};
MUST_CHECK int store_backup_since(struct db *db, struct backup_since *out, struct err *e);

struct backup_settled {			/* what store_backup_settle_tx changed */
	int64_t bots, commands, jobs, tokens;
	int64_t next_order;		/* number of the next trade */
};
/*
 * Makes a restored database safe to start from. made_us: the time of the backup.
 *  - Bots that ran are PAUSED: positions stay protected, and no entry is made until a person
 *    resumes the bot.
 *  - Waiting commands expire (except an emergency stop), unfinished jobs are cancelled, and
 *    undelivered messages are not sent any more.
 *  - API tokens that were revoked after made_us stay revoked.
 *  - New trades get numbers above those of all orders that were sent after made_us, because
 *    client order ids are made of them.
 * since: all zero when the replaced database can't be read.
 */
MUST_CHECK int store_backup_settle_tx(struct db *db, int64_t made_us, int64_t now_us,
				      const struct backup_since *since,
				      struct backup_settled *out, struct err *e);

#endif
