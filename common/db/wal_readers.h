/*
 * wal_readers.h - who keeps the -wal file of a database from being folded in.
 *
 * A reader in WAL mode holds a lock on bytes 123 to 127 of the -shm file (SQLite,
 * "The WAL-mode file format", 2.3).
 */
#ifndef COMMON_DB_WAL_READERS_H
#define COMMON_DB_WAL_READERS_H

#include <stddef.h>

struct wal_readers;

/* For the database at db_path. What is opened stays so: see wal_readers_free. */
struct wal_readers *wal_readers_new(const char *db_path);
/*
 * Its descriptor of the -shm file is not closed: that would drop every lock that this
 * process has on the file, those of its open connections included.
 */
void wal_readers_free(struct wal_readers *r);
/* "process 4711 (sqlite3)", one of another process; else "another program". Returns out. */
const char *wal_readers_name(struct wal_readers *r, char *out, size_t size);

#endif
