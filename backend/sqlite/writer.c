#include "backend/sqlite/writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "backend/array.h"
#include "backend/clock.h"
#include "backend/effects.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/rows.h"

#define CACHE_KIB 16384

/*
 * The log of SQLite is brought home when it has so many pages (32 MiB), and with
 * waiting for readers when that did not let it start over for long.
 */
#define WAL_PAGES_TIDY  4000
#define WAL_PAGES_FORCE 24000

/* Where readers stay, as while all is counted anew, it is not tried with every commit. */
#define TIDY_AGAIN_NS  INT64_C(20000000)
#define FORCE_AGAIN_NS INT64_C(200000000)

/* A log of so many pages is never in the way. */
#define WAL_PAGES_SMALL 64

static const char *const statements[W_STATEMENTS] = {
	[W_BEGIN] = "BEGIN IMMEDIATE",
	[W_COMMIT] = "COMMIT",
	[W_ROLLBACK] = "ROLLBACK",
	[W_STATE_LOAD] = "SELECT next_favorite, next_seq, last_tag, last_ns, end_bytes, favorites,"
			 " restaurants, changed_ns FROM state",
	[W_STATE_SAVE] = "UPDATE state SET next_favorite = ?, next_seq = ?, last_tag = ?,"
			 " last_ns = ?, end_bytes = ?, favorites = ?, restaurants = ?,"
			 " changed_ns = ?",
	[W_RESTAURANT_BY_ID] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE id = ?",
	[W_RESTAURANT_BY_NAME] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE name = ?",
	[W_RESTAURANT_ADD] = "INSERT INTO restaurant (name, changed_ns) VALUES (?, ?)"
			     " RETURNING id",
	[W_RESTAURANT_REMOVE] = "DELETE FROM restaurant WHERE id = ?",
	[W_FANS_SET] = "UPDATE restaurant SET changed_ns = ?2, fans_made_ns = ?3,"
		       " fans_changed_ns = ?3 WHERE id = ?1",
	[W_FANS_CHANGED] = "UPDATE restaurant SET fans_changed_ns = max(?2, fans_changed_ns)"
			   " WHERE id = ?1",
	[W_FANS_ANY] = "SELECT 1 FROM favorite WHERE restaurant = ?"
		       " AND (expires_ns IS NULL OR expires_ns > ?) LIMIT 1",
	[W_FANS_FIRST] = "SELECT id FROM favorite WHERE restaurant = ? LIMIT 1",
	[W_FAVORITE_FIND] = "SELECT " FAVORITE_COLUMNS " FROM favorite"
			    " WHERE restaurant = ? AND place = ? AND user = ?",
	[W_FAVORITE_BY_ID] = "SELECT " FAVORITE_COLUMNS " FROM favorite WHERE id = ?",
	[W_FAVORITE_ADD] = "INSERT INTO favorite VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)"
			   " ON CONFLICT (restaurant, place, user) DO NOTHING",
	[W_FAVORITE_REMOVE] = "DELETE FROM favorite WHERE id = ?",
	[W_FAVORITE_MOVE] = "UPDATE favorite SET restaurant = ?2, place = ?3, user = ?4,"
			    " changed_ns = ?5 WHERE id = ?1",
	[W_FAVORITE_SET] = "UPDATE favorite SET created_ns = ?2, changed_ns = ?3, uid = ?4,"
			   " gid = ?5, expires_ns = ?6 WHERE id = ?1",
	[W_FAVORITE_EXPIRED] = "SELECT " FAVORITE_COLUMNS " FROM favorite"
			       " WHERE expires_ns <= ? ORDER BY expires_ns LIMIT 1",
	[W_EXPIRY_CLEAR] = "UPDATE favorite SET expires_ns = NULL WHERE id = ?",
	[W_EXPIRY_NEXT] = "SELECT min(expires_ns) FROM favorite WHERE expires_ns IS NOT NULL",
	[W_ATTRIBUTE_GET] = "SELECT length(value) FROM attribute WHERE favorite = ? AND name = ?",
	[W_ATTRIBUTE_SET] = "INSERT INTO attribute VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (favorite, name) DO UPDATE SET value = excluded.value",
	[W_ATTRIBUTE_REMOVE] = "DELETE FROM attribute WHERE favorite = ? AND name = ?",
	[W_ATTRIBUTES_REMOVE] = "DELETE FROM attribute WHERE favorite = ?",
	[W_ATTRIBUTE_BYTES] = "SELECT attribute_bytes FROM favorite WHERE id = ?",
	[W_ATTRIBUTE_BYTES_ADD] = "UPDATE favorite SET attribute_bytes = attribute_bytes + ?2,"
				  " changed_ns = ?3 WHERE id = ?1",
	[W_CHANGE_ADD] = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[W_CHANGE_TIME] = "SELECT seq, time_ns, tag FROM change WHERE seq >= ?"
			  " ORDER BY seq LIMIT 1",
	[W_CHANGE_TRIM] = "DELETE FROM change WHERE seq < ?",
};

static int load_counters(struct writer *writer)
{
	DB_SCOPED row = writer->sql[W_STATE_LOAD];
	int error = db_step(row);

	if (error != 1)
		return error ? error : -EUCLEAN;
	writer->committed = (struct counters){
		.next_favorite = sqlite3_column_int64(row, 0),
		.next_seq = sqlite3_column_int64(row, 1),
		.last_tag = sqlite3_column_int64(row, 2),
		.last_ns = sqlite3_column_int64(row, 3),
		.end_bytes = sqlite3_column_int64(row, 4),
		.favorites = sqlite3_column_int64(row, 5),
		.restaurants = sqlite3_column_int64(row, 6),
		.changed_ns = sqlite3_column_int64(row, 7),
	};
	writer->now = writer->committed;
	return 0;
}

static int note_wal_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct writer *writer = arg;

	(void)db;
	(void)name;
	writer->wal_pages = pages;
	(void)atomic_fetch_add(&writer->commits, 1);
	return SQLITE_OK;
}

static int open_connection(struct writer *writer)
{
	char path[PATH_MAX];
	int error;

	store_path(writer->store, FAVORITES_DB, path);
	error = db_open(path, DB_WRITE, CACHE_KIB, &writer->db);
	if (error)
		return error;
	error = db_exec(writer->db, "PRAGMA synchronous = NORMAL;"); /* syncer.h does the rest */
	if (!error)
		error = db_prepare(writer->db, statements, W_STATEMENTS, writer->sql);
	return error;
}

/*
 * A log that somebody left may be only in the kernel's memory: after a sync that failed it takes
 * for written what is not.  What is committed next must not stand behind that, so it is
 * brought home first.  Readers may be in the way of that, and a full disk: then it waits.
 */
static int bring_home(struct writer *writer)
{
	bool done;
	int error = db_rewrite_log(writer->db);

	if (!error)
		error = db_checkpoint(
			writer->db, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS, &done);
	return sqlite3_extended_errcode(writer->db) == SQLITE_IOERR_FSYNC ? error : 0;
}

int writer_open(const struct store *store, struct writer *ret_writer)
{
	struct writer *writer = ret_writer;
	int error;

	*writer = (struct writer){.store = store};
	if (getrandom(writer->random, sizeof(writer->random), 0) < 0)
		return -errno;
	error = open_connection(writer);
	if (!error)
		error = bring_home(writer);
	if (!error)
		error = load_counters(writer);
	if (!error)
		error = writer_next_expiry(writer);
	if (error) {
		writer_close(writer);
		return error;
	}
	(void)sqlite3_wal_hook(writer->db, note_wal_pages, writer);
	return 0;
}

/* What was answered before it was on the medium gets there; readers may keep the log. */
static void make_durable(struct writer *writer)
{
	sqlite3_file *log = writer->db && writer->store->relaxed ? writer_wal(writer) : NULL;

	if (log && log->pMethods)
		(void)log->pMethods->xSync(log, SQLITE_SYNC_NORMAL); /* nobody is left to be told */
}

void writer_close(struct writer *writer)
{
	bool done;

	make_durable(writer);
	/* A log left behind would be replayed onto whatever lies under that name next time. */
	if (writer->db && (!writer->is_doubtful || db_rewrite_log(writer->db) == 0))
		(void)db_checkpoint(
			writer->db, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS, &done);
	effects_free(writer->effects);
	writer->effects = NULL;
	free(writer->touched);
	writer->touched = NULL;
	db_finalize(writer->sql, W_STATEMENTS);
	db_close(writer->db);
	writer->db = NULL;
}

sqlite3_file *writer_wal(struct writer *writer)
{
	sqlite3_file *log = NULL;

	(void)sqlite3_file_control(writer->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	return log;
}

int writer_begin(struct writer *writer)
{
	writer->touched_count = 0;
	writer->touched_ns = 0;
	writer->behind = false;
	return db_run(writer->sql[W_BEGIN]);
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int tell_fans(struct writer *writer, int64_t restaurant)
{
	struct effect effect = {.kind = EFFECT_FANS, .restaurant = restaurant};

	return writer_effect(writer, effect, NULL, NULL);
}

/* Each restaurant once, however many of the batch touched it. */
static int save_touched(struct writer *writer)
{
	int error = 0;

	if (writer->touched_count > 1)
		qsort(writer->touched, writer->touched_count, sizeof(*writer->touched),
			compare_ids);
	for (size_t i = 0; i < writer->touched_count && !error; i++) {
		if (i && writer->touched[i] == writer->touched[i - 1])
			continue;
		db_bind(writer->sql[W_FANS_CHANGED], "ii", writer->touched[i], writer->touched_ns);
		error = db_run(writer->sql[W_FANS_CHANGED]);
		if (!error && writer->behind)
			error = tell_fans(writer, writer->touched[i]);
	}
	return error;
}

static int save_counters(struct writer *writer)
{
	const struct counters *now = &writer->now;

	if (!memcmp(now, &writer->committed, sizeof(*now)))
		return 0;
	db_bind(writer->sql[W_STATE_SAVE], "iiiiiiii", now->next_favorite, now->next_seq,
		now->last_tag, now->last_ns, now->end_bytes, now->favorites, now->restaurants,
		now->changed_ns);
	return db_run(writer->sql[W_STATE_SAVE]);
}

static int find_wal(const struct writer *writer, struct stat *ret_stat)
{
	char path[PATH_MAX];

	store_path(writer->store, FAVORITES_DB "-wal", path);
	return stat(path, ret_stat) == 0 ? 0 : -errno;
}

/* SQLite looks after its database only; a commit into a log without a name is lost. */
static bool has_wal_moved(struct writer *writer)
{
	struct stat st;

	if (find_wal(writer, &st) < 0)
		return true;
	if (!writer->wal_inode) { /* the first commit: SQLite has just opened it */
		writer->wal_device = st.st_dev;
		writer->wal_inode = st.st_ino;
	}
	return st.st_dev != writer->wal_device || st.st_ino != writer->wal_inode;
}

int writer_commit(struct writer *writer)
{
	int error = save_touched(writer);

	if (!error)
		error = save_counters(writer);
	if (!error && (db_has_moved(writer->db) || has_wal_moved(writer)))
		error = -ENXIO;
	if (!error)
		error = db_run(writer->sql[W_COMMIT]);
	if (error)
		writer_rollback(writer);
	else
		writer->committed = writer->now;
	return error;
}

void writer_rollback(struct writer *writer)
{
	if (!sqlite3_get_autocommit(writer->db)) /* SQLite may have done it by itself */
		(void)db_run(writer->sql[W_ROLLBACK]);
	writer->now = writer->committed;
	writer->touched_count = 0;
	effects_free(writer->effects);
	writer->effects = NULL;
}

int writer_touch_fans(struct writer *writer, int64_t restaurant, int64_t when_ns)
{
	int error;

	writer->touched_ns = when_ns > writer->touched_ns ? when_ns : writer->touched_ns;
	if (writer->touched_count && writer->touched[writer->touched_count - 1] == restaurant)
		return 0;
	error = array_reserve((void **)&writer->touched, &writer->touched_capacity,
		writer->touched_count, 1, sizeof(*writer->touched));
	if (!error)
		writer->touched[writer->touched_count++] = restaurant;
	return error;
}

void writer_tick(struct writer *writer)
{
	writer->clock_ns = writer->store->now_ns();
}

int writer_effect(
	struct writer *writer, struct effect effect, const char *restaurant, const char *user)
{
	if (!writer->store->behind)
		return 0;
	if (!writer->effects)
		writer->effects = calloc(1, sizeof(*writer->effects));
	return writer->effects ? effects_add(writer->effects, effect, restaurant, user) : -ENOMEM;
}

/* On a small medium the log must not take the room that the database needs to grow. */
static bool is_space_short(const struct writer *writer)
{
	struct statvfs space;

	return writer->wal_pages > WAL_PAGES_SMALL && statvfs(writer->store->path, &space) == 0 &&
	       space.f_bavail * space.f_frsize < 2 * (uint64_t)writer->wal_pages * PAGE_BYTES;
}

bool writer_is_untidy(const struct writer *writer)
{
	return (writer->wal_pages >= WAL_PAGES_TIDY || is_space_short(writer)) &&
	       clock_monotonic_ns() >= writer->tidy_due_ns;
}

int writer_tidy(struct writer *writer)
{
	int64_t now = clock_monotonic_ns();
	bool force = writer->wal_pages >= WAL_PAGES_FORCE || is_space_short(writer);
	bool done;

	writer->tidy_due_ns = now + TIDY_AGAIN_NS;
	if (!force || now < writer->force_due_ns)
		return db_checkpoint(writer->db, SQLITE_CHECKPOINT_PASSIVE, 0, &done);
	writer->force_due_ns = now + FORCE_AGAIN_NS;
	return db_checkpoint(writer->db, SQLITE_CHECKPOINT_RESTART, CHECKPOINT_WAIT_MS, &done);
}
