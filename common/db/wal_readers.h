/*
 * wal_readers.h - finds the process whose read transaction keeps pages in the -wal file.
 *
 * A reader in WAL mode holds a lock on bytes 123 to 127 of the -shm file (SQLite,
 * "The WAL-mode file format", 2.3).
 */
#ifndef COMMON_DB_WAL_READERS_H
#define COMMON_DB_WAL_READERS_H

#include <stddef.h>

struct wal_readers;

/* For the database at db_path. Opens the -shm file and never closes it: see wal_readers_free. */
struct wal_readers *wal_readers_new(const char *db_path);
/*
 * Does not close the descriptor of the -shm file, because that would drop every lock that
 * this process has on the file, also those of its open connections.
 */
void wal_readers_free(struct wal_readers *r);
/* "process 4711 (sqlite3)" for a reader in another process, else "another program". Returns out. */
const char *wal_readers_name(struct wal_readers *r, char *out, size_t size);

#endif
