/*
 * db.h - SQLite, as this engine uses it.
 *
 * SQLite's result codes end here: everything returns 0 or a negative errno.
 * One connection belongs to one thread at a time; none may be carried over a fork.
 * Nothing but SQLite ever opens or closes one of its files (closing a
 * descriptor of a file drops the process's POSIX locks on it).
 */
#ifndef FAVFS_DB_H
#define FAVFS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

enum db_access {
	DB_READ, /* never writes, never checkpoints; -ENOENT where the file is missing */
	DB_WRITE, /* the one writer and checkpointer of an existing file */
	DB_CREATE, /* the same, and makes the file */
};

/*
 * Opens a database in WAL mode with a page cache of at most @cache_kib.
 * -EUCLEAN: the file is damaged or no database.  Close with db_close.
 */
int db_open(const char *path, enum db_access access, int cache_kib, sqlite3 **ret_db);
void db_close(sqlite3 *db); /* NULL is fine; statements must be finalized before */

/* "SQLite 3.40.1" */
const char *db_engine(void);

/*
 * Whether SQLite of that version, as 3051003 for 3.51.3, has the WAL-reset bug: two connections that
 * write or checkpoint can lose a commit.
 */
bool db_has_reset_bug(int version);

/* What an SQLite result code means to a caller. */
int db_errno(int code);

/* The words of the last failure on this connection. */
const char *db_message(sqlite3 *db);

int db_exec(sqlite3 *db, const char *sql);

/* Prepares @count statements for a long life; all or none. */
int db_prepare(sqlite3 *db, const char *const sql[], size_t count, sqlite3_stmt *ret_statements[]);
void db_finalize(sqlite3_stmt *statements[], size_t count);

/*
 * Binds from the first parameter on: 'i' int64_t, 'm' int64_t where negative is
 * NULL, 't' const char * that lives until the reset, 'b' const void * and size_t.
 * Mistakes in @types are ours: asserted.
 */
void db_bind(sqlite3_stmt *statement, const char *types, ...);

/* 1: a row is there, 0: no more, or a negative errno.  The caller resets. */
int db_step(sqlite3_stmt *statement);

/* Steps a statement that gives no rows, and resets it. */
int db_run(sqlite3_stmt *statement);

/* For statements that end with the scope: __attribute__((cleanup(db_reset))). */
void db_reset(sqlite3_stmt **statement);
#define DB_SCOPED __attribute__((cleanup(db_reset))) sqlite3_stmt *

/* A column that holds a moment or NULL (MOMENT_NONE). */
int64_t db_moment(sqlite3_stmt *statement, int column);

/* Copies a text column that is a name into @ret_name; -EUCLEAN if it cannot be one. */
int db_name(sqlite3_stmt *statement, int column, char *ret_name);

/* A checkpoint that waits for readers holds up whoever waits for the next commit. */
#define CHECKPOINT_WAIT_MS 10

/*
 * Tries to bring the log of @db home.  Whether all of it is (and with TRUNCATE the file empty) in
 * *ret_done: others that read or check the same may be in the way, and are waited for so long.
 */
int db_checkpoint(sqlite3 *db, int mode, int wait_ms, bool *ret_done);

/* How long the file of SQLite's own log is, whatever of it is in use; 0 where that cannot be told. */
int64_t db_log_bytes(sqlite3 *db);

/*
 * Writes SQLite's own log once more, as it is read now, so that the next sync means all of it.
 * Only for the one writer, between transactions.
 */
int db_rewrite_log(sqlite3 *db);

/* Whether the file under an open connection was replaced or removed. */
int db_has_moved(sqlite3 *db);

#endif
