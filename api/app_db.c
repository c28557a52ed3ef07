#include "api/app_db.h"

#include "common/db/checkpoint.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Without it, one of our commits may have to move a few thousand pages to the disk. */
static void begin_checkpoints(struct app *a)
{
	struct err e = { 0 };

	if (checkpoint_begin(a->database->db, &a->database->checkpoint, &e))
		log_warn("main", NULL, "checkpoints delay requests: %s", e.msg);
}

/* And notes which file it is. */
static int open_file(struct app *a, struct err *e)
{
	struct db *db = NULL;
	struct stat st;
	int rc = db_open_existing(a->cfg->db_path, DB_API, &db, e);

	if (rc)
		return rc;
	if (stat(a->cfg->db_path, &st)) {
		rc = err_set(e, ERR_IO, "%s: %s", a->cfg->db_path, strerror(errno));
		db_close(db);
		return rc;
	}
	a->database->db = db;
	a->database->inode = st.st_ino;
	a->database->device = st.st_dev;
	a->database->generation++;
	db_set_busy_timeout(db, a->busy_ms);
	a->database->trouble[0] = '\0';
	a->looked = false;
	a->writes++;
	begin_checkpoints(a);
	return 0;
}

int app_db_open(struct app *a, struct err *e)
{
	return open_file(a, e);
}

void app_db_patience(struct app *a, int64_t ms)
{
	a->busy_ms = ms;
	if (a->database->db)
		db_set_busy_timeout(a->database->db, ms);
}

void app_db_close(struct app *a)
{
	checkpoint_end(a->database->checkpoint);
	a->database->checkpoint = NULL;
	db_close(a->database->db);
	a->database->db = NULL;
}

/* Was activated after the requests of its turn, so it runs after them. */
static void on_looked_end_cb(evutil_socket_t fd, short what, void *arg)
{
	struct app *a = arg;

	(void)fd;
	(void)what;
	a->looked = false;
}

void app_turn_init(struct app *a)
{
	a->looked_end = event_new(a->base, -1, 0, on_looked_end_cb, a);
	ASSERT(a->looked_end != NULL);
}

void app_turn_fini(struct app *a)
{
	if (a->looked_end)
		event_free(a->looked_end);
	a->looked_end = NULL;
	a->looked = false;
}

int64_t app_data_version(struct app *a)
{
	if (a->looked)
		return a->data_version;
	a->data_version = db_data_version(a->database->db);
	if (a->looked_end && a->data_version >= 0) {
		a->looked = true;
		event_active(a->looked_end, EV_TIMEOUT, 0);
	}
	return a->data_version;
}

const char *app_db_trouble(const struct app *a)
{
	return a->database->trouble;
}

static void trouble(struct app *a, const char *text)
{
	if (!strcmp(a->database->trouble, text))
		return;
	snprintf(a->database->trouble, sizeof(a->database->trouble), "%s", text);
	log_error("db", NULL, "%s", text);
}

void app_db_check(struct app *a)
{
	struct err e = { 0 };
	int rc = a->database->db ? db_lost(a->database->db, &e) : ERR_IO;

	if (!rc || a->lost)
		return;
	if (a->database->db)
		db_abandon(a->database->db);
	if (rc == ERR_CONFLICT) {
		log_error("db", NULL, "the API ends: %s. A new start goes on with what is there",
			  e.msg);
		a->lost = true;
		event_base_loopbreak(a->base);
		return;
	}
	app_db_close(a);
	if (open_file(a, &e))
		trouble(a, e.msg);
	else
		log_info("db", NULL, "database %s opened again", a->cfg->db_path);
}
