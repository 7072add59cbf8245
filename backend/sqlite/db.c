#include "backend/sqlite/db.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"

/* Others hold a lock for microseconds; this is for a machine that swaps. */
#define BUSY_TIMEOUT_MS 5000

/* One that was missing may have been moved into place before that could be seen. */
#define OPEN_TRIES 3

/* What a log that once had to grow is cut back to; more than it has when all is well. */
#define WAL_KEEP "35651584"

const char *db_engine(void)
{
	static char text[32];

	(void)sqlite3_snprintf(sizeof(text), text, "SQLite %s", sqlite3_libversion());
	return text;
}

/* In all since there is a log; mended in 3.51.3, and in two older lines after the fact. */
bool db_has_reset_bug(int version)
{
	static const struct {
		int first;
		int mended;
	} lines[] = {{3007000, 3044006}, {3045000, 3050007}, {3051000, 3051003}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (version >= lines[i].first && version < lines[i].mended)
			return true;
	return false;
}

int db_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT: /* we look before we write: the data contradicts itself */
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

const char *db_message(sqlite3 *db)
{
	return db ? sqlite3_errmsg(db) : "out of memory";
}

int db_exec(sqlite3 *db, const char *sql)
{
	return db_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* One connection is one thread's: no mutexes, no global accounting. */
static void configure_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int configure(sqlite3 *db, enum db_access access, int cache_kib)
{
	char *sql;
	int error, yes = 1;

	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	sql = sqlite3_mprintf("PRAGMA cache_size = -%d; PRAGMA temp_store = memory;"
			      "PRAGMA trusted_schema = off; PRAGMA cell_size_check = on;",
		cache_kib);
	if (!sql)
		return -ENOMEM;
	error = db_exec(db, sql);
	sqlite3_free(sql);
	if (error)
		return error;
	if (access == DB_READ) /* the last one to leave must not checkpoint: decision 4 */
		return db_errno(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));
	error = db_exec(db, "PRAGMA secure_delete = off; PRAGMA wal_autocheckpoint = 0;"
			    "PRAGMA journal_size_limit = " WAL_KEEP ";");
	if (!error)
		(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
	return error;
}

/* SQLite has one code for all that open(2) can say. */
static int unopenable(const char *path)
{
	return access(path, R_OK) < 0 ? -errno : 0;
}

static int open_once(const char *path, enum db_access access, int cache_kib, sqlite3 **ret_db)
{
	static const int flags[] = {
		[DB_READ] = SQLITE_OPEN_READONLY,
		[DB_WRITE] = SQLITE_OPEN_READWRITE,
		[DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	sqlite3 *db = NULL;
	int error = db_errno(sqlite3_open_v2(
		path, &db, flags[access] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));

	if (!error)
		error = configure(db, access, cache_kib);
	if (error)
		db_close(db);
	else
		*ret_db = db;
	return error;
}

int db_open(const char *path, enum db_access access, int cache_kib, sqlite3 **ret_db)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int error = -EIO, missing = 0;

	(void)pthread_once(&once, configure_library);
	for (int tries = 0; error == -EIO && !missing && tries < OPEN_TRIES; tries++) {
		error = open_once(path, access, cache_kib, ret_db);
		missing = error == -EIO ? unopenable(path) : 0;
	}
	return missing ? missing : error;
}

void db_close(sqlite3 *db)
{
	int code = sqlite3_close(db);

	assert(code == SQLITE_OK); /* a statement left open is our mistake */
	(void)code;
}

int db_prepare(sqlite3 *db, const char *const sql[], size_t count, sqlite3_stmt *ret_statements[])
{
	for (size_t i = 0; i < count; i++) {
		int error = db_errno(sqlite3_prepare_v3(
			db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &ret_statements[i], NULL));

		if (error) {
			db_finalize(ret_statements, i);
			/* "no such table" is another's database, or a damaged one */
			return sqlite3_errcode(db) == SQLITE_ERROR ? -EUCLEAN : error;
		}
	}
	return 0;
}

void db_finalize(sqlite3_stmt *statements[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)sqlite3_finalize(statements[i]); /* repeats an old error */
		statements[i] = NULL;
	}
}

static int bind_blob(sqlite3_stmt *statement, int at, va_list *values)
{
	const void *bytes = va_arg(*values, const void *);
	size_t size = va_arg(*values, size_t);

	return sqlite3_bind_blob64(statement, at, bytes, size, SQLITE_STATIC);
}

static int bind_moment(sqlite3_stmt *statement, int at, int64_t moment_ns)
{
	if (moment_ns < 0)
		return sqlite3_bind_null(statement, at);
	return sqlite3_bind_int64(statement, at, moment_ns);
}

void db_bind(sqlite3_stmt *statement, const char *types, ...)
{
	va_list values;
	int code = SQLITE_OK;

	va_start(values, types);
	for (int at = 1; *types && code == SQLITE_OK; at++, types++) {
		if (*types == 'i')
			code = sqlite3_bind_int64(statement, at, va_arg(values, int64_t));
		else if (*types == 'm')
			code = bind_moment(statement, at, va_arg(values, int64_t));
		else if (*types == 't')
			code = sqlite3_bind_text(
				statement, at, va_arg(values, const char *), -1, SQLITE_STATIC);
		else
			code = bind_blob(statement, at, &values);
	}
	va_end(values);
	assert(code == SQLITE_OK); /* static values in a reset statement cannot fail */
	(void)code;
}

int db_step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : db_errno(code);
}

int db_run(sqlite3_stmt *statement)
{
	int error = db_step(statement);

	(void)sqlite3_reset(statement); /* says again what step said */
	return error > 0 ? -EUCLEAN : error;
}

void db_reset(sqlite3_stmt **statement)
{
	(void)sqlite3_reset(*statement); /* says again what step said */
}

int64_t db_moment(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return MOMENT_NONE;
	return sqlite3_column_int64(statement, column);
}

int db_name(sqlite3_stmt *statement, int column, char *ret_name)
{
	const unsigned char *text = sqlite3_column_text(statement, column);
	size_t size = (size_t)sqlite3_column_bytes(statement, column);

	if (!text || size > NAME_BYTES_MAX)
		return -EUCLEAN;
	memcpy(ret_name, text, size);
	ret_name[size] = '\0';
	return 0;
}

int db_checkpoint(sqlite3 *db, int mode, int wait_ms, bool *ret_done)
{
	int all = 0, done = 0;
	int code;

	(void)sqlite3_busy_timeout(db, wait_ms);
	code = sqlite3_wal_checkpoint_v2(db, "main", mode, &all, &done);
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		return db_errno(code);
	*ret_done = code == SQLITE_OK && all == done;
	return 0;
}

int64_t db_log_bytes(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	sqlite3_int64 size = 0;
	int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (code == SQLITE_OK && log->pMethods) /* else it was never opened */
		code = log->pMethods->xFileSize(log, &size);
	return code == SQLITE_OK ? size : 0;
}

int db_rewrite_log(sqlite3 *db)
{
	char block[65536];
	sqlite3_file *log = NULL;
	sqlite3_int64 size = 0;
	int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (code != SQLITE_OK || !log->pMethods) /* it was never opened */
		return db_errno(code);
	code = log->pMethods->xFileSize(log, &size);
	for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += (int)sizeof(block)) {
		int more = (int)(size - at < (int)sizeof(block) ? size - at : (int)sizeof(block));

		code = log->pMethods->xRead(log, block, more, at);
		if (code == SQLITE_OK)
			code = log->pMethods->xWrite(log, block, more, at);
	}
	return db_errno(code);
}

int db_has_moved(sqlite3 *db)
{
	int moved = 0;

	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved;
}
