/*
 * check_open.c - what is checked: the databases themselves, or copies of them while the store
 * is in use.
 *
 * A look that lasts keeps the log of a database that is written meanwhile from starting over: it
 * would grow by all that is written.  So what is in use is copied first, each database at one
 * moment, into a temporary file without a name.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/sqlite/check.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/lease.h"

/* Beyond it SQLite uses its files; of each database. */
#define CACHE_KIB 65536

/* How often to copy again where the log was trimmed between the two copies. */
#define COPIES_MAX 5

const char *const check_names[CHECK_FILES] = {FAVORITES_DB, DERIVED_DB};

static bool is_in_use(const struct check *check)
{
	bool taken;
	int fd;

	if (lease_open(check->store.path, &fd) < 0)
		return false; /* nobody could have taken it either */
	taken = lease_is_taken(fd, LEASE_SERVE) || lease_is_taken(fd, LEASE_DERIVE);
	(void)close(fd);
	return taken;
}

/* Copies a whole database at one moment over that of another connection. */
static int copy(sqlite3 *from, sqlite3 *to, const char *name)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, name, from, "main");
	int code;

	if (!backup)
		return db_errno(sqlite3_errcode(to));
	code = sqlite3_backup_step(backup, -1);
	(void)sqlite3_backup_finish(backup); /* says again what step said */
	return code == SQLITE_DONE ? 0 : db_errno(code);
}

static int open_copy(sqlite3 *from, sqlite3 **ret_copy)
{
	sqlite3 *to = NULL;
	int error = db_open("", DB_CREATE, CACHE_KIB, &to); /* goes with its connection */

	if (!error)
		error = copy(from, to, "main");
	if (error)
		db_close(to);
	else
		*ret_copy = to;
	return error;
}

/* What cannot be copied is looked at itself, and told for what it is then. */
static int open_file(struct check *check, int i, bool copied)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL, *other = NULL;
	int error;

	store_path(&check->store, check_names[i], path);
	error = db_open(path, DB_READ, CACHE_KIB, &db);
	if (error)
		return error;
	(void)check_read_text(db, "PRAGMA journal_mode", check->modes[i]); /* shows again below */
	error = copied ? open_copy(db, &other) : 0;
	if (other) {
		db_close(db);
		db = other;
	}
	check->files[i] = db;
	return error == -EUCLEAN ? 0 : error;
}

static bool is_missing(const struct check *check, int i)
{
	char path[PATH_MAX];

	store_path(&check->store, check_names[i], path);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

/* derived.db comes first, so that the log of the other has all that it counts. */
static int open_all(struct check *check, bool copied, struct complaint *ret_why)
{
	for (int i = CHECK_FILES; i-- > 0;) {
		int error;

		check_progress(check, "what there is", (size_t)(CHECK_FILES - 1 - i), CHECK_FILES);
		check->missing[i] = is_missing(check, i);
		error = check->missing[i] ? 0 : open_file(check, i, copied);
		if (error && error != -EUCLEAN) /* no database: a finding */
			return complain(ret_why, error, "%s/%s: %s", check->store.path,
				check_names[i], strerror(-error));
	}
	return 0;
}

/* Whether the change at the position went between the two copies; damage is another's to tell. */
static bool is_torn(const struct check *check)
{
	int64_t position = 0, oldest = 0;

	if (!check->files[0] || !check->files[1] ||
		check_read_number(check->files[1], "SELECT seq FROM position", &position) < 0 ||
		check_read_number(check->files[0], "SELECT min(seq) FROM change", &oldest) < 0)
		return false;
	return position > 0 && position < oldest;
}

int check_open(struct check *check, struct complaint *ret_why)
{
	bool copied = is_in_use(check);
	int error = open_all(check, copied, ret_why);

	for (int i = 1; i < COPIES_MAX && !error && copied && is_torn(check); i++) {
		check_close(check);
		error = open_all(check, copied, ret_why);
	}
	check->copied = copied;
	if (!error && check->missing[0] && check->missing[1])
		error = complain(ret_why, -ENOENT, "%s: not a store (no " FAVORITES_DB " in it)",
			check->store.path);
	return error;
}

/* A copy without a name cannot be opened twice, only copied again. */
int check_attach(struct check *check)
{
	static const char *const sql = "ATTACH ? AS derived";
	char path[PATH_MAX] = "";
	sqlite3_stmt *attach;
	int error = db_prepare(check->files[0], &sql, 1, &attach);

	if (error)
		return error;
	if (!check->copied)
		store_path(&check->store, DERIVED_DB, path);
	db_bind(attach, "t", path);
	error = db_run(attach);
	db_finalize(&attach, 1);
	if (!error)
		error = db_exec(check->files[0], "PRAGMA derived.cache_size = -65536");
	if (!error && check->copied)
		error = copy(check->files[1], check->files[0], "derived");
	return error;
}

void check_close(struct check *check)
{
	for (int i = 0; i < CHECK_FILES; i++) {
		db_close(check->files[i]); /* and its transaction */
		check->files[i] = NULL;
	}
}
