/*
 * bare: what favfs does with SQLite, as a plain loop without anything around it.
 *
 *	bare import FAVORITES_DB <LINES       lines `add RESTAURANT USER` with tabs: a favourite and a
 *	                                      row of the log each, durable, 4,000 a transaction
 *	bare apply FAVORITES_DB COUNTS_DB     each row of the log raises three counts by one, without
 *	                                      netting, 1,000 rows a transaction
 *
 * FAVORITES_DB is of a store that mkfs.favfs made, so its tables and indexes are those of favfs;
 * COUNTS_DB is made. Exit status: 0, 1 for an error, 2 for usage.
 */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IMPORT_BATCH  4000
#define APPLY_BATCH   1000
#define NS_PER_SECOND INT64_C(1000000000)

/* Numbers of windows need only differ. */
#define WINDOW_ALL   0
#define WINDOW_MONTH 100000
#define WINDOW_DAY   10000000

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("bare: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die("%s: %s", sql, sqlite3_errmsg(db));
}

/* With the cache and the length of the log that favfs gives its own. */
static sqlite3 *open_db(const char *path, const char *durability)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK)
		die("%s: %s", path, sqlite3_errmsg(db));
	run(db, "PRAGMA journal_mode = WAL; PRAGMA cache_size = -16384;"
		"PRAGMA wal_autocheckpoint = 4000;");
	run(db, durability);
	return db;
}

static void close_db(sqlite3 *db)
{
	if (sqlite3_close(db) != SQLITE_OK)
		die("cannot close: %s", sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
		SQLITE_OK)
		die("%s: %s", sql, sqlite3_errmsg(db));
	return statement;
}

/* True: there is a row, and the statement has to be reset after reading it. */
static bool step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		die("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
	(void)sqlite3_reset(statement); /* has nothing more to say after success */
	return false;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
	if (sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC) != SQLITE_OK)
		die("cannot bind '%s'", text);
}

static void bind_number(sqlite3_stmt *statement, int place, int64_t number)
{
	if (sqlite3_bind_int64(statement, place, number) != SQLITE_OK)
		die("cannot bind a number");
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* ---- import ---- */

struct import {
	sqlite3_stmt *find_restaurant;
	sqlite3_stmt *add_restaurant;
	sqlite3_stmt *add_favorite;
	sqlite3_stmt *add_change;
	int64_t rows;
	int64_t text_bytes;
};

/* Scatters users as the keyed hash of favfs does. */
static int64_t place_of(const char *user)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *at = user; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	hash = (hash ^ (hash >> 32)) * UINT64_C(0xbf58476d1ce4e5b9);
	return (int64_t)(hash >> 1);
}

static int64_t take_number(sqlite3_stmt *statement)
{
	int64_t number = sqlite3_column_int64(statement, 0);

	(void)sqlite3_reset(statement); /* has nothing more to say after success */
	return number;
}

static int64_t restaurant_id(struct import *import, const char *name, int64_t time_ns)
{
	bind_text(import->find_restaurant, 1, name);
	if (step(import->find_restaurant))
		return take_number(import->find_restaurant);
	bind_text(import->add_restaurant, 1, name);
	bind_number(import->add_restaurant, 2, time_ns);
	if (!step(import->add_restaurant))
		die("'%s' has no id", name);
	return take_number(import->add_restaurant);
}

static void import_line(struct import *import, const char *restaurant, const char *user)
{
	int64_t time_ns = now_ns();
	int64_t id = restaurant_id(import, restaurant, time_ns);

	import->rows++;
	import->text_bytes += (int64_t)(strlen(restaurant) + strlen(user)) + 80;
	bind_number(import->add_favorite, 1, import->rows);
	bind_number(import->add_favorite, 2, id);
	bind_number(import->add_favorite, 3, place_of(user));
	bind_text(import->add_favorite, 4, user);
	bind_number(import->add_favorite, 5, time_ns);
	(void)step(import->add_favorite);
	bind_number(import->add_change, 1, import->rows);
	bind_number(import->add_change, 2, time_ns ^ import->rows);
	bind_number(import->add_change, 3, time_ns);
	bind_number(import->add_change, 4, time_ns);
	bind_number(import->add_change, 5, import->text_bytes);
	bind_number(import->add_change, 6, id);
	bind_text(import->add_change, 7, restaurant);
	bind_text(import->add_change, 8, user);
	(void)step(import->add_change);
}

static void import_lines(sqlite3 *db, struct import *import)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *rest = line;
		(void)strsep(&rest, "\t");
		const char *restaurant = strsep(&rest, "\t");
		const char *user = strsep(&rest, "\t\n");
		if (restaurant == NULL || user == NULL)
			die("a line without restaurant and user");
		import_line(import, restaurant, user);
		if (import->rows % IMPORT_BATCH == 0)
			run(db, "COMMIT; BEGIN IMMEDIATE");
	}
	if (ferror(stdin))
		die("cannot read");
}

/* Bringing the log home at the end is not waited for: a write to `import` does not, either. */
static sqlite3 *open_favorites(const char *path)
{
	sqlite3 *db = open_db(path, "PRAGMA synchronous = FULL");

	if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
		die("%s: %s", path, sqlite3_errmsg(db));
	return db;
}

static int bare_import(char **paths)
{
	sqlite3 *db = open_favorites(paths[0]);
	struct import import = {
		.find_restaurant = prepare(db, "SELECT id FROM restaurant WHERE name = ?"),
		.add_restaurant = prepare(db, "INSERT INTO restaurant (name, changed_ns)"
					      " VALUES (?, ?) RETURNING id"),
		.add_favorite = prepare(db,
			"INSERT INTO favorite VALUES (?, ?, ?, ?, ?, NULL, NULL, 0, 0, 0)"
			" ON CONFLICT (restaurant, place, user) DO NOTHING"),
		.add_change = prepare(
			db, "INSERT INTO change VALUES (?, ?, ?, 1, ?, NULL, ?, ?, ?, ?)"),
	};

	run(db, "BEGIN IMMEDIATE");
	import_lines(db, &import);
	run(db, "COMMIT");
	(void)sqlite3_finalize(import.find_restaurant); /* repeats what step has said */
	(void)sqlite3_finalize(import.add_restaurant);
	(void)sqlite3_finalize(import.add_favorite);
	(void)sqlite3_finalize(import.add_change);
	close_db(db);
	return EXIT_SUCCESS;
}

/* ---- apply ---- */

static void make_counts(sqlite3 *db)
{
	run(db, "CREATE TABLE count ("
		"	restaurant TEXT NOT NULL,"
		"	window INTEGER NOT NULL,"
		"	count INTEGER NOT NULL CHECK (count >= 0),"
		"	changed_ns INTEGER NOT NULL,"
		"	PRIMARY KEY (restaurant, window)"
		") STRICT, WITHOUT ROWID;"
		"CREATE INDEX count_by_rank ON count (window, count DESC, restaurant)"
		"	WHERE count > 0;"
		"CREATE TABLE position (seq INTEGER NOT NULL) STRICT;"
		"INSERT INTO position VALUES (0);");
}

static void raise_count(
	sqlite3_stmt *raise, const char *restaurant, int64_t window, int64_t time_ns)
{
	bind_text(raise, 1, restaurant);
	bind_number(raise, 2, window);
	bind_number(raise, 3, time_ns);
	(void)step(raise);
}

static void raise_counts(sqlite3_stmt *raise, const char *restaurant, int64_t created_ns)
{
	time_t created_s = created_ns / NS_PER_SECOND;
	struct tm utc;

	(void)gmtime_r(&created_s, &utc);
	int64_t month = utc.tm_year * 12 + utc.tm_mon;
	int64_t day = utc.tm_year * 366 + utc.tm_yday;
	raise_count(raise, restaurant, WINDOW_ALL, created_ns);
	raise_count(raise, restaurant, WINDOW_MONTH + month, created_ns);
	raise_count(raise, restaurant, WINDOW_DAY + day, created_ns);
}

/* The position goes along with each transaction: that much takes it to count each change once. */
static void commit(sqlite3 *db, sqlite3_stmt *save, int64_t seq)
{
	bind_number(save, 1, seq);
	(void)step(save);
	run(db, "COMMIT; BEGIN IMMEDIATE");
}

static int bare_apply(char **paths)
{
	sqlite3 *log = open_db(paths[0], "PRAGMA query_only = on");
	sqlite3 *db = open_db(paths[1], "PRAGMA synchronous = NORMAL");
	sqlite3_stmt *changes = prepare(
		log, "SELECT seq, created_ns, restaurant FROM change ORDER BY seq");
	int64_t rows = 0;
	int64_t seq = 0;

	make_counts(db);
	sqlite3_stmt *raise = prepare(db,
		"INSERT INTO count VALUES (?, ?, 1, ?) ON CONFLICT (restaurant, window)"
		" DO UPDATE SET count = count + 1, changed_ns = excluded.changed_ns");
	sqlite3_stmt *save = prepare(db, "UPDATE position SET seq = ?");
	run(db, "BEGIN IMMEDIATE");
	while (step(changes)) {
		seq = sqlite3_column_int64(changes, 0);
		raise_counts(raise, (const char *)sqlite3_column_text(changes, 2),
			sqlite3_column_int64(changes, 1));
		if (++rows % APPLY_BATCH == 0)
			commit(db, save, seq);
	}
	commit(db, save, seq);
	run(db, "COMMIT");
	(void)sqlite3_finalize(changes); /* repeats what step has said */
	(void)sqlite3_finalize(raise);
	(void)sqlite3_finalize(save);
	close_db(db);
	close_db(log);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "import") == 0)
		return bare_import(argv + 2);
	if (argc == 4 && strcmp(argv[1], "apply") == 0)
		return bare_apply(argv + 2);
	(void)fputs("usage: bare import FAVORITES_DB <LINES | bare apply FAVORITES_DB COUNTS_DB\n",
		stderr);
	return 2;
}
