/*
 * Two checks, because each sees what the other can't. The file: a person may have replaced,
 * moved or removed it; other programs then use another file, and an emergency stop would go
 * there. The heartbeat's row: another worker that the lock did not keep away (an earlier
 * version, a file system without locks, a copied disk) may have claimed the database, and
 * trades from then on.
 */
#include "worker/loop/loop_internal.h"

#include "common/clock.h"
#include "common/log.h"
#include "worker/store/worker.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define LOOK_US INT64_C(100000)		/* between two looks at the file */

static void lose(struct worker *w, const struct err *why)
{
	w->lost = *why;
	if (w->base)
		event_base_loopbreak(w->base);
}

/* Called by db_on_begin, so nobody else can write between this check and our commit. */
static int still_ours(void *ctx, struct err *e)
{
	struct worker *w = ctx;
	char boot_id[sizeof(w->beat.boot_id)];
	struct err why = { 0 };
	int rc = store_boot_id(w->db, boot_id, sizeof(boot_id), &why);

	if (rc == ERR_NOT_FOUND && !w->beaten)
		return 0; /* nobody has ever run on it */
	if (rc == 0 && strcmp(boot_id, w->beat.boot_id) == 0)
		return 0;
	if (rc == 0 || rc == ERR_NOT_FOUND) {
		rc = err_set(&why, ERR_CONFLICT, "another worker has taken over the database %s "
			     "(its start %s, ours %s): only one may trade", db_path(w->db),
			     boot_id[0] ? boot_id : "unknown", w->beat.boot_id);
		lose(w, &why);
	}
	if (e)
		*e = why;
	return rc;
}

int worker_claim(struct worker *w, struct err *e)
{
	char id[CORRELATION_ID_MAX];
	int rc;

	correlation_id_new(id);
	snprintf(w->beat.boot_id, sizeof(w->beat.boot_id), "%.39s", id);
	rc = db_begin(w->db, e);
	if (rc)
		return rc;
	rc = store_claim_tx(w->db, w->beat.boot_id, e);
	rc = db_end(w->db, rc, e);
	if (rc == 0)
		db_on_begin(w->db, still_ours, w);
	return rc;
}

bool worker_lost(struct worker *w)
{
	int64_t now_us = clock_mono_us();
	struct err why = { 0 };

	if (w->lost.code || now_us < w->look_us)
		return w->lost.code != 0;
	w->look_us = now_us + LOOK_US;
	if (db_lost(w->db, &why) == 0)
		return false;
	db_abandon(w->db);
	lose(w, &why);
	return true;
}
