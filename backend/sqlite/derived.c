#include "backend/sqlite/derived.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/bell.h"
#include "backend/clock.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/lease.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/text.h"

#define CACHE_KIB 16384

/* As in writer.c. */
#define WAL_PAGES_TIDY 4000

/*
 * Readers take the length of the file for what waits in it, and this is less than they
 * bear (ranking.c): a longer one is cut when none of them needs it.
 */
#define WAL_LONG_BYTES INT64_C(33554432)

/*
 * When to try again: then twice as late each time, for readers of another program may stay, but
 * no later than this, for they may go.
 */
#define CUT_AGAIN_NS     INT64_C(100000000)
#define CUT_AGAIN_MAX_NS INT64_C(60000000000)

enum derived_statement {
	D_BEGIN,
	D_COMMIT,
	D_ROLLBACK,
	D_POSITION,
	D_POSITION_SET,
	D_COUNT_ADD,
	D_COUNT_SUBTRACT,
	D_RANKING_ADD,
	D_USER_FIND,
	D_USER_ADD,
	D_USER_COUNT,
	D_USER_FORGET,
	D_LINK_ADD,
	D_LINK_SET,
	D_LINK_REMOVE,
	D_CLEAR_COUNTS,
	D_CLEAR_USERS,
	D_CLEAR_LINKS,
	D_CLEAR_RANKINGS,
	D_SET_ASIDE,
	D_RECOUNT_DUE,
	D_RECOUNTED,
	D_STATEMENTS,
};

static const char *const statements[D_STATEMENTS] = {
	[D_BEGIN] = "BEGIN IMMEDIATE",
	[D_COMMIT] = "COMMIT",
	[D_ROLLBACK] = "ROLLBACK",
	[D_POSITION] = "SELECT seq, tag, zone_version FROM position",
	[D_POSITION_SET] = "UPDATE position SET seq = ?, tag = ?, zone_version = ?",
	[D_COUNT_ADD] = "INSERT INTO count VALUES (?1, ?2, ?3, ?4)"
			" ON CONFLICT (restaurant, window) DO UPDATE"
			" SET count = count + excluded.count, changed_ns = excluded.changed_ns"
			" RETURNING count",
	[D_COUNT_SUBTRACT] = "UPDATE count SET count = count + ?3, changed_ns = ?4"
			     " WHERE restaurant = ?1 AND window = ?2 RETURNING count",
	[D_RANKING_ADD] = "INSERT INTO ranking VALUES (?1, 1, ?2, ?3, ?4)"
			  " ON CONFLICT (window) DO UPDATE SET version = version + 1,"
			  " rows = rows + excluded.rows,"
			  " text_bytes = text_bytes + excluded.text_bytes,"
			  " changed_ns = excluded.changed_ns",
	[D_USER_FIND] = "SELECT id FROM user WHERE name = ?",
	[D_USER_ADD] = "INSERT INTO user (name, favorites, changed_ns) VALUES (?, 1, ?)",
	[D_USER_COUNT] = "UPDATE user SET favorites = favorites + ?2, changed_ns = ?3"
			 " WHERE id = ?1",
	/* But for the newest, so that no id is given twice. */
	[D_USER_FORGET] = "DELETE FROM user WHERE id = ?1 AND favorites = 0"
			  " AND id < (SELECT max(id) FROM user)",
	[D_LINK_ADD] = "INSERT INTO link VALUES (?, ?, ?, ?)"
		       " ON CONFLICT (user, restaurant_id) DO NOTHING",
	[D_LINK_SET] = "UPDATE link SET created_ns = ?3 WHERE user = ?1 AND restaurant_id = ?2",
	[D_LINK_REMOVE] = "DELETE FROM link WHERE user = ? AND restaurant_id = ?",
	[D_CLEAR_USERS] = "UPDATE user SET favorites = 0",
	[D_CLEAR_LINKS] = "DELETE FROM link",
	[D_CLEAR_COUNTS] = "DELETE FROM count",
	/* Versions go on: whoever saw one must not see it again with other bytes. */
	[D_CLEAR_RANKINGS] = "UPDATE ranking SET version = version + 1, rows = 0, text_bytes = 0",
	[D_SET_ASIDE] = "INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, 0)",
	[D_RECOUNT_DUE] = "SELECT EXISTS (SELECT 1 FROM set_aside WHERE NOT recounted)",
	[D_RECOUNTED] = "UPDATE set_aside SET recounted = 1 WHERE NOT recounted",
};

/* What a transaction did to the ranking of one window, not yet written. */
struct sums {
	window_t window;
	int64_t rows;
	int64_t text_bytes;
	int64_t changed_ns;
	bool pending;
};

struct derived {
	struct store *store;
	sqlite3 *db;
	sqlite3_stmt *sql[D_STATEMENTS];
	int bell;
	int wal_pages;
	int64_t cut_due_ns; /* monotonic */
	int64_t cut_again_ns;
	struct sums sums;
};

/* ---- opening ---- */

static void remove_file(const char *path, const char *suffix)
{
	char victim[PATH_MAX + 16];

	(void)snprintf(victim, sizeof(victim), "%s%s", path, suffix);
	(void)unlink(victim); /* mostly missing; what stays is found by the open that follows */
}

static void remove_database(const char *path)
{
	remove_file(path, "");
	remove_file(path, "-wal");
	remove_file(path, "-shm");
}

/* Whole under another name, then moved into place. */
static int make_database(const char *path)
{
	char fresh[PATH_MAX + 8];
	sqlite3 *db = NULL;
	int error;
	bool done = false;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	remove_database(fresh);
	error = db_open(fresh, DB_CREATE, 256, &db);
	if (!error)
		error = schema_make_derived(db);
	if (!error) /* what stays in the log would be lost with it */
		error = db_checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS, &done);
	if (!error && !done)
		error = -EIO;
	db_close(db);
	remove_file(fresh, "-wal");
	remove_file(fresh, "-shm");
	if (!error) {
		remove_database(path);
		error = rename(fresh, path) < 0 ? -errno : 0;
	}
	return error;
}

static int note_wal_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct derived *derived = arg;

	(void)db;
	(void)name;
	derived->wal_pages = pages;
	return SQLITE_OK;
}

static int open_connection(struct derived *derived, const char *path)
{
	int error = db_open(path, DB_WRITE, CACHE_KIB, &derived->db);

	if (!error)
		error = schema_check_derived(derived->db);
	if (!error)
		error = db_exec(derived->db, "PRAGMA synchronous = NORMAL;");
	if (!error)
		error = db_prepare(derived->db, statements, D_STATEMENTS, derived->sql);
	if (error) {
		db_close(derived->db);
		derived->db = NULL;
		return error;
	}
	(void)sqlite3_wal_hook(derived->db, note_wal_pages, derived);
	return 0;
}

static bool is_worthless(int error)
{
	return error == -ENOENT || error == -EUCLEAN || error == -ENODATA || error == -EPROTO ||
	       error == -ENOEXEC;
}

static int open_or_make(struct derived *derived)
{
	char path[PATH_MAX];
	int error;

	store_path(derived->store, DERIVED_DB, path);
	error = open_connection(derived, path);
	if (!is_worthless(error))
		return error;
	error = make_database(path);
	return error ? error : open_connection(derived, path);
}

static int take_lease(struct store *store, bool wait)
{
	char note[LEASE_NOTE_MAX];
	int error = wait ? lease_wait(store->lease_fd, LEASE_DERIVE)
			 : lease_try(store->lease_fd, LEASE_DERIVE);

	if (error)
		return error;
	(void)snprintf(note, sizeof(note), "pid %d", (int)getpid());
	return lease_note(store->lease_fd, LEASE_DERIVE, note);
}

int derived_open(
	struct store *store, bool wait, struct derived **ret_derived, struct complaint *ret_why)
{
	struct derived *derived = calloc(1, sizeof(*derived));
	char path[PATH_MAX];
	int error;

	if (!derived)
		return complain(ret_why, -ENOMEM, "%s: %s", store->path, strerror(ENOMEM));
	derived->store = store;
	derived->bell = -1;
	derived->cut_again_ns = CUT_AGAIN_NS;
	error = take_lease(store, wait);
	if (!error)
		error = open_or_make(derived);
	store_path(store, DERIVED_BELL, path);
	if (!error)
		error = bell_open(path, &derived->bell);
	if (error) {
		store_path(store, DERIVED_DB, path);
		derived_close(derived);
		return complain(ret_why, error, "%s: %s", path, strerror(-error));
	}
	*ret_derived = derived;
	return 0;
}

void derived_discard(struct derived *derived)
{
	char path[PATH_MAX];

	store_path(derived->store, DERIVED_DB, path);
	remove_database(path);
}

void derived_close(struct derived *derived)
{
	if (!derived)
		return;
	db_finalize(derived->sql, D_STATEMENTS);
	db_close(derived->db);
	if (derived->bell >= 0)
		(void)close(derived->bell); /* holds no data */
	free(derived);
}

/* ---- position ---- */

int derived_position(struct derived *derived, struct position *ret_position)
{
	DB_SCOPED row = derived->sql[D_POSITION];

	return rows_one_position(row, ret_position);
}

int derived_follows_zone(struct derived *derived)
{
	DB_SCOPED row = derived->sql[D_POSITION];
	struct position ignored;
	int error = rows_one_position(row, &ignored);

	return error ? error : sqlite3_column_int64(row, 2) == zone_version() ? 0 : -ESTALE;
}

int derived_applied(const struct store *store, struct position *ret_position)
{
	char path[PATH_MAX];
	sqlite3_stmt *row = NULL;
	sqlite3 *db = NULL;
	int error;

	store_path(store, DERIVED_DB, path);
	error = db_open(path, DB_READ, 64, &db);
	if (!error)
		error = db_prepare(db, &statements[D_POSITION], 1, &row);
	if (!error)
		error = rows_one_position(row, ret_position);
	db_finalize(&row, 1);
	db_close(db);
	return error;
}

int derived_look(struct derived *derived)
{
	return db_has_moved(derived->db) ? -ESTALE : 0;
}

/* ---- one transaction ---- */

int derived_begin(struct derived *derived)
{
	int error = derived_look(derived);

	derived->sums = (struct sums){.pending = false};
	return error ? error : db_run(derived->sql[D_BEGIN]);
}

static int save_sums(struct derived *derived)
{
	struct sums *sums = &derived->sums;

	if (!sums->pending)
		return 0;
	sums->pending = false;
	db_bind(derived->sql[D_RANKING_ADD], "iiii", (int64_t)sums->window, sums->rows,
		sums->text_bytes, sums->changed_ns);
	return db_run(derived->sql[D_RANKING_ADD]);
}

/* What a row with this count adds to the text of its ranking. */
static int64_t text_bytes(const char *restaurant, int64_t count)
{
	return count > 0 ? text_digits(count) + (int64_t)strlen(restaurant) : 0;
}

/* Deltas of one window that come one after the other are summed up into one write. */
static int sum_up(struct derived *derived, const char *restaurant, window_t window, int64_t before,
	int64_t after, int64_t now_ns)
{
	struct sums *sums = &derived->sums;
	int error = 0;

	if (sums->pending && sums->window != window)
		error = save_sums(derived);
	if (!sums->pending)
		*sums = (struct sums){.window = window, .pending = true};
	sums->rows += (after > 0) - (before > 0);
	sums->text_bytes += text_bytes(restaurant, after) - text_bytes(restaurant, before);
	sums->changed_ns = now_ns;
	return error;
}

/* The atomic add: the count after it, or a negative errno. */
static int64_t add_to_count(struct derived *derived, const char *restaurant, window_t window,
	int64_t delta, int64_t now_ns)
{
	/* An INSERT is checked before it becomes an update: it cannot carry a negative delta. */
	DB_SCOPED add = derived->sql[delta > 0 ? D_COUNT_ADD : D_COUNT_SUBTRACT];
	int found;

	db_bind(add, "tiii", restaurant, (int64_t)window, delta, now_ns);
	found = db_step(add);
	if (found == 1)
		return sqlite3_column_int64(add, 0);
	if (sqlite3_extended_errcode(derived->db) == SQLITE_CONSTRAINT_CHECK)
		return -EINVAL;
	return found ? found : -EINVAL; /* nothing there to subtract from */
}

int derived_add(struct derived *derived, const char *restaurant, window_t window, int64_t delta,
	int64_t now_ns)
{
	int64_t after;

	if (delta == 0)
		return 0;
	after = add_to_count(derived, restaurant, window, delta, now_ns);
	if (after < 0)
		return (int)after;
	return sum_up(derived, restaurant, window, after - delta, after, now_ns);
}

/* ---- users ---- */

/* Listings would walk over those that have nothing any more. */
static int forget_user(struct derived *derived, int64_t user)
{
	db_bind(derived->sql[D_USER_FORGET], "i", user);
	return db_run(derived->sql[D_USER_FORGET]);
}

/*
 * With a first favourite: half of the users of a long log are new.  The newest before it may be
 * one that could not be forgotten.
 */
static int add_user(struct derived *derived, const char *name, int64_t now_ns, int64_t *ret_id)
{
	int error;

	db_bind(derived->sql[D_USER_ADD], "ti", name, now_ns);
	error = db_run(derived->sql[D_USER_ADD]);
	if (error)
		return error;
	*ret_id = sqlite3_last_insert_rowid(derived->db);
	return *ret_id < USER_ID_MAX ? forget_user(derived, *ret_id - 1) : -EOVERFLOW;
}

/* 0, or -ENOENT. */
static int find_user(struct derived *derived, const char *name, int64_t *ret_id)
{
	DB_SCOPED row = derived->sql[D_USER_FIND];
	int found;

	db_bind(row, "t", name);
	found = db_step(row);
	if (found != 1)
		return found ? found : -ENOENT;
	*ret_id = sqlite3_column_int64(row, 0);
	return 0;
}

static int count_user(struct derived *derived, int64_t user, int64_t more, int64_t now_ns)
{
	db_bind(derived->sql[D_USER_COUNT], "iii", user, more, now_ns);
	return db_run(derived->sql[D_USER_COUNT]);
}

static int remove_link(struct derived *derived, int64_t user, int64_t restaurant_id, int64_t now_ns)
{
	int error;

	db_bind(derived->sql[D_LINK_REMOVE], "ii", user, restaurant_id);
	error = db_run(derived->sql[D_LINK_REMOVE]);
	if (error || !sqlite3_changes(derived->db))
		return error;
	error = count_user(derived, user, -1, now_ns);
	return error ? error : forget_user(derived, user);
}

static int add_link(struct derived *derived, int64_t user, int64_t restaurant_id,
	const char *restaurant, int64_t created_ns)
{
	db_bind(derived->sql[D_LINK_ADD], "iiit", user, restaurant_id, created_ns, restaurant);
	return db_run(derived->sql[D_LINK_ADD]);
}

static int set_link(struct derived *derived, int64_t user, int64_t restaurant_id,
	const char *restaurant, int64_t created_ns, int64_t now_ns)
{
	int error = add_link(derived, user, restaurant_id, restaurant, created_ns);

	if (error || sqlite3_changes(derived->db))
		return error ? error : count_user(derived, user, +1, now_ns);
	db_bind(derived->sql[D_LINK_SET], "iii", user, restaurant_id, created_ns);
	return db_run(derived->sql[D_LINK_SET]);
}

int derived_link(struct derived *derived, const char *user, int64_t restaurant_id,
	const char *restaurant, int64_t created_ns, int64_t now_ns)
{
	int64_t id = 0;
	int error = restaurant_id < RESTAURANT_ID_MAX ? 0 : -EOVERFLOW;

	if (!error)
		error = find_user(derived, user, &id);
	if (created_ns == MOMENT_NONE)
		return error ? (error == -ENOENT ? 0 : error)
			     : remove_link(derived, id, restaurant_id, now_ns);
	if (error == -ENOENT) {
		error = add_user(derived, user, now_ns, &id);
		return error ? error : add_link(derived, id, restaurant_id, restaurant, created_ns);
	}
	return error ? error : set_link(derived, id, restaurant_id, restaurant, created_ns, now_ns);
}

int derived_clear(struct derived *derived)
{
	static const enum derived_statement clear[] = {
		D_CLEAR_COUNTS,
		D_CLEAR_RANKINGS,
		D_CLEAR_LINKS,
		D_CLEAR_USERS,
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(clear) / sizeof(*clear) && !error; i++)
		error = db_run(derived->sql[clear[i]]);
	return error;
}

int derived_set_aside(struct derived *derived, int64_t seq, const char *why, int64_t now_ns)
{
	db_bind(derived->sql[D_SET_ASIDE], "iti", seq, why, now_ns);
	return db_run(derived->sql[D_SET_ASIDE]);
}

int derived_is_recount_due(struct derived *derived)
{
	DB_SCOPED row = derived->sql[D_RECOUNT_DUE];
	int found = db_step(row);

	return found == 1 ? sqlite3_column_int(row, 0) : found ? found : -EUCLEAN;
}

int derived_recounted(struct derived *derived)
{
	return db_run(derived->sql[D_RECOUNTED]);
}

/* The ns until it is to be tried again, or -1: it is cut. */
static int64_t cut_log(struct derived *derived, int64_t now)
{
	bool done = false;

	(void)db_checkpoint(derived->db, SQLITE_CHECKPOINT_TRUNCATE, 0, &done);
	if (done) {
		derived->wal_pages = 0;
		derived->cut_again_ns = CUT_AGAIN_NS;
		return -1;
	}
	derived->cut_due_ns = now + derived->cut_again_ns;
	derived->cut_again_ns = clock_sooner(2 * derived->cut_again_ns, CUT_AGAIN_MAX_NS);
	return derived->cut_due_ns - now;
}

/*
 * The file is asked for its length: a transaction that was rolled back, or whose writer was
 * killed, may have made it long without a commit.  A failure shows again at the next commit, and
 * is told by that one.
 */
int64_t derived_tidy(struct derived *derived)
{
	bool is_long = db_log_bytes(derived->db) >= WAL_LONG_BYTES, home;
	int64_t now = clock_monotonic_ns();

	if (is_long && now >= derived->cut_due_ns)
		return cut_log(derived, now);
	if (derived->wal_pages >= WAL_PAGES_TIDY)
		(void)db_checkpoint(derived->db, SQLITE_CHECKPOINT_PASSIVE, 0, &home);
	return is_long ? derived->cut_due_ns - now : -1;
}

int derived_commit(struct derived *derived, const struct position *position)
{
	char path[PATH_MAX];
	int error = save_sums(derived);

	db_bind(derived->sql[D_POSITION_SET], "iii", position->seq, position->tag, zone_version());
	if (!error)
		error = db_run(derived->sql[D_POSITION_SET]);
	if (!error)
		error = db_run(derived->sql[D_COMMIT]); /* counts and position: invariant 4 */
	if (error) {
		derived_rollback(derived);
		return error;
	}
	store_path(derived->store, DERIVED_BELL, path);
	(void)bell_ring_at(&derived->bell, path); /* a lost ring delays, never loses */
	(void)derived_tidy(derived);
	return 0;
}

void derived_rollback(struct derived *derived)
{
	derived->sums.pending = false;
	if (!sqlite3_get_autocommit(derived->db)) /* SQLite may have done it by itself */
		(void)db_run(derived->sql[D_ROLLBACK]);
}
