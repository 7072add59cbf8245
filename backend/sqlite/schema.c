#include "backend/sqlite/schema.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

#include "backend/sqlite/db.h"

struct schema {
	int application_id;
	int version;
	const char *sql;
};

/* As ALTER TABLE writes it. */
#define TIMEZONE_COLUMN "timezone TEXT NOT NULL DEFAULT 'UTC'"

/*
 * store	what never changes after mkfs; one row
 * state	counters, written once a batch; one row
 * restaurant	fans_made_ns 0: it has no fans/
 * favorite	place: keyed hash of the user, the order and the cookie of listings;
 *		changed_ns NULL: as created_ns; attribute_bytes: of all in `attribute`
 * change	the log; end_bytes: length of the text of all changes up to this one
 */
static const struct schema favorites = {
	.application_id = 0x66617666, /* "favf" */
	.version = 2,
	.sql = "CREATE TABLE store ("
	       "	one INTEGER PRIMARY KEY CHECK (one = 1),"
	       "	made_ns INTEGER NOT NULL,"
	       "	hash_key BLOB NOT NULL,"
	       "	windows INTEGER NOT NULL, " TIMEZONE_COLUMN ") STRICT;"
	       "CREATE TABLE state ("
	       "	one INTEGER PRIMARY KEY CHECK (one = 1),"
	       "	next_favorite INTEGER NOT NULL,"
	       "	next_seq INTEGER NOT NULL,"
	       "	last_tag INTEGER NOT NULL,"
	       "	last_ns INTEGER NOT NULL,"
	       "	end_bytes INTEGER NOT NULL,"
	       "	favorites INTEGER NOT NULL,"
	       "	restaurants INTEGER NOT NULL,"
	       "	changed_ns INTEGER NOT NULL"
	       ") STRICT;"
	       "CREATE TABLE restaurant ("
	       "	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	       "	name TEXT NOT NULL UNIQUE,"
	       "	changed_ns INTEGER NOT NULL,"
	       "	fans_made_ns INTEGER NOT NULL DEFAULT 0,"
	       "	fans_changed_ns INTEGER NOT NULL DEFAULT 0"
	       ") STRICT;"
	       "CREATE TABLE favorite ("
	       "	id INTEGER PRIMARY KEY,"
	       "	restaurant INTEGER NOT NULL,"
	       "	place INTEGER NOT NULL,"
	       "	user TEXT NOT NULL,"
	       "	created_ns INTEGER NOT NULL,"
	       "	changed_ns INTEGER,"
	       "	expires_ns INTEGER,"
	       "	attribute_bytes INTEGER NOT NULL DEFAULT 0,"
	       "	uid INTEGER NOT NULL,"
	       "	gid INTEGER NOT NULL,"
	       "	UNIQUE (restaurant, place, user)"
	       ") STRICT;"
	       "CREATE INDEX favorite_by_expiry ON favorite (expires_ns)"
	       "	WHERE expires_ns IS NOT NULL;"
	       "CREATE TABLE attribute ("
	       "	favorite INTEGER NOT NULL,"
	       "	name TEXT NOT NULL,"
	       "	value BLOB NOT NULL,"
	       "	PRIMARY KEY (favorite, name)"
	       ") STRICT, WITHOUT ROWID;"
	       "CREATE TABLE change ("
	       "	seq INTEGER PRIMARY KEY,"
	       "	tag INTEGER NOT NULL,"
	       "	time_ns INTEGER NOT NULL,"
	       "	op INTEGER NOT NULL,"
	       "	created_ns INTEGER,"
	       "	previous_ns INTEGER,"
	       "	end_bytes INTEGER NOT NULL,"
	       "	restaurant_id INTEGER NOT NULL,"
	       "	restaurant TEXT NOT NULL,"
	       "	user TEXT NOT NULL"
	       ") STRICT;",
};

/*
 * position	the change up to which all this counts; one row.  zone_version: the rules of
 *		the time zone by which it does
 * set_aside	changes that could not be counted; recounted: all was counted anew since
 * count	rows at zero stay, for their changed_ns
 * ranking	sums that make the exact size of a ranking's text a product:
 *		text_bytes: bytes of names and digits of counts
 * user		with favorites 0 nobody sees it; the newest stays then, for its id, and those that a recount left
 * link		a favourite from its user's side
 */
static const struct schema derived = {
	.application_id = 0x66617664, /* "favd" */
	.version = 3,
	.sql = "CREATE TABLE position ("
	       "	one INTEGER PRIMARY KEY CHECK (one = 1),"
	       "	seq INTEGER NOT NULL,"
	       "	tag INTEGER NOT NULL,"
	       "	zone_version INTEGER NOT NULL"
	       ") STRICT;"
	       "CREATE TABLE set_aside ("
	       "	seq INTEGER PRIMARY KEY,"
	       "	why TEXT NOT NULL,"
	       "	time_ns INTEGER NOT NULL,"
	       "	recounted INTEGER NOT NULL"
	       ") STRICT;"
	       "CREATE TABLE count ("
	       "	restaurant TEXT NOT NULL,"
	       "	window INTEGER NOT NULL,"
	       "	count INTEGER NOT NULL CHECK (count >= 0),"
	       "	changed_ns INTEGER NOT NULL,"
	       "	PRIMARY KEY (restaurant, window)"
	       ") STRICT, WITHOUT ROWID;"
	       "CREATE INDEX count_by_rank ON count (window, count DESC, restaurant)"
	       "	WHERE count > 0;"
	       "CREATE TABLE ranking ("
	       "	window INTEGER PRIMARY KEY,"
	       "	version INTEGER NOT NULL,"
	       "	rows INTEGER NOT NULL,"
	       "	text_bytes INTEGER NOT NULL,"
	       "	changed_ns INTEGER NOT NULL"
	       ") STRICT;"
	       "CREATE TABLE user ("
	       "	id INTEGER PRIMARY KEY,"
	       "	name TEXT NOT NULL UNIQUE,"
	       "	favorites INTEGER NOT NULL CHECK (favorites >= 0),"
	       "	changed_ns INTEGER NOT NULL"
	       ") STRICT;"
	       "CREATE TABLE link ("
	       "	user INTEGER NOT NULL,"
	       "	restaurant_id INTEGER NOT NULL,"
	       "	created_ns INTEGER NOT NULL,"
	       "	restaurant TEXT NOT NULL,"
	       "	PRIMARY KEY (user, restaurant_id)"
	       ") STRICT, WITHOUT ROWID;",
};

static int make(sqlite3 *db, const struct schema *schema)
{
	char *stamp = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
		schema->application_id, schema->version);
	int error = stamp ? 0 : -ENOMEM;

	if (!error)
		error = db_exec(db, schema->sql);
	if (!error)
		error = db_exec(db, stamp);
	sqlite3_free(stamp);
	return error;
}

static int fill_favorites(sqlite3 *db, int64_t now_ns, uint32_t windows, const char *timezone)
{
	static const char *const sql[] = {
		"INSERT INTO store VALUES (1, ?, ?, ?, ?)",
		"INSERT INTO state VALUES (1, 1, 1, 0, ?1, 0, 0, 0, ?1)",
	};
	unsigned char key[HASH_KEY_BYTES];
	sqlite3_stmt *insert[2];
	int error;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -EIO;
	error = db_prepare(db, sql, 2, insert);
	if (error)
		return error;
	db_bind(insert[0], "ibit", now_ns, key, sizeof(key), (int64_t)windows, timezone);
	db_bind(insert[1], "i", now_ns);
	error = db_run(insert[0]);
	if (!error)
		error = db_run(insert[1]);
	db_finalize(insert, 2);
	return error;
}

/* WAL mode is set outside the transaction, as SQLite wants it. */
static int begin(sqlite3 *db)
{
	return db_exec(db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;");
}

static int end(sqlite3 *db, int error)
{
	if (!error)
		error = db_exec(db, "COMMIT");
	if (error)
		(void)db_exec(db, "ROLLBACK"); /* the first error is the one to tell */
	return error;
}

int schema_make_favorites(sqlite3 *db, int64_t now_ns, uint32_t windows, const char *timezone)
{
	int error = begin(db);

	if (!error)
		error = make(db, &favorites);
	if (!error)
		error = fill_favorites(db, now_ns, windows, timezone);
	return end(db, error);
}

int schema_make_derived(sqlite3 *db)
{
	int error = begin(db);

	if (!error)
		error = make(db, &derived);
	if (!error)
		error = db_exec(db, "INSERT INTO position VALUES (1, 0, 0, 0)");
	return end(db, error);
}

static int pragma(sqlite3 *db, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *statement;
	int error = db_prepare(db, &sql, 1, &statement);

	if (error)
		return error;
	error = db_step(statement);
	if (error == 1)
		*ret_value = sqlite3_column_int64(statement, 0);
	db_finalize(&statement, 1);
	return error == 1 ? 0 : error ? error : -EUCLEAN;
}

static int check(sqlite3 *db, const struct schema *schema)
{
	int64_t id = 0, version = 0, tables = 0;
	int error = pragma(db, "PRAGMA application_id", &id);

	if (!error)
		error = pragma(db, "PRAGMA user_version", &version);
	if (!error)
		error = pragma(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (error)
		return error;
	if (id == 0 && tables == 0)
		return -ENODATA;
	if (id != schema->application_id)
		return -EUCLEAN;
	if (version == schema->version)
		return 0;
	return version < schema->version ? -ENOEXEC : -EPROTO;
}

int schema_check_favorites(sqlite3 *db)
{
	return check(db, &favorites);
}

int schema_check_derived(sqlite3 *db)
{
	return check(db, &derived);
}

int schema_upgrade_favorites(sqlite3 *db)
{
	/* From version n at place n; each leads to the next. */
	static const char *const steps[] = {
		[1] = "ALTER TABLE store ADD COLUMN " TIMEZONE_COLUMN "; PRAGMA user_version = 2;",
	};
	int64_t version = 0;
	int error = db_exec(db, "BEGIN IMMEDIATE");

	if (error)
		return error;
	error = pragma(db, "PRAGMA user_version", &version);
	for (; !error && version < favorites.version; version++)
		error = version > 0 ? db_exec(db, steps[version]) : -EUCLEAN;
	return end(db, error);
}
