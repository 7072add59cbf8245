#include "backend/sqlite/writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"

#define CACHE_KIB 16384

/*
 * The log of SQLite is brought home when it has so many pages (32 MiB), and with
 * waiting for readers when that did not let it start over for long.
 */
#define WAL_PAGES_TIDY  8000
#define WAL_PAGES_FORCE 24000

#define FAVORITE_COLUMNS "id, restaurant, created_ns, changed_ns, uid, gid, user"

static const char *const statements[W_STATEMENTS] = {
	[W_BEGIN] = "BEGIN IMMEDIATE",
	[W_COMMIT] = "COMMIT",
	[W_ROLLBACK] = "ROLLBACK",
	[W_STATE_LOAD] = "SELECT next_favorite, next_seq, last_tag, last_ns, end_bytes, favorites,"
			 " restaurants, changed_ns FROM state",
	[W_STATE_SAVE] = "UPDATE state SET next_favorite = ?, next_seq = ?, last_tag = ?,"
			 " last_ns = ?, end_bytes = ?, favorites = ?, restaurants = ?,"
			 " changed_ns = ?",
	[W_RESTAURANT_BY_ID] = "SELECT id, changed_ns, fans_made_ns, fans_changed_ns, name"
			       " FROM restaurant WHERE id = ?",
	[W_RESTAURANT_BY_NAME] = "SELECT id, changed_ns, fans_made_ns, fans_changed_ns, name"
				 " FROM restaurant WHERE name = ?",
	[W_RESTAURANT_ADD] = "INSERT INTO restaurant (name, changed_ns) VALUES (?, ?)"
			     " RETURNING id",
	[W_RESTAURANT_REMOVE] = "DELETE FROM restaurant WHERE id = ?",
	[W_FANS_SET] = "UPDATE restaurant SET changed_ns = ?2, fans_made_ns = ?3,"
		       " fans_changed_ns = ?3 WHERE id = ?1",
	[W_FANS_CHANGED] = "UPDATE restaurant SET fans_changed_ns = max(?2, fans_changed_ns)"
			   " WHERE id = ?1",
	[W_FANS_ANY] = "SELECT 1 FROM favorite WHERE restaurant = ? LIMIT 1",
	[W_FAVORITE_FIND] = "SELECT " FAVORITE_COLUMNS " FROM favorite"
			    " WHERE restaurant = ? AND place = ? AND user = ?",
	[W_FAVORITE_BY_ID] = "SELECT " FAVORITE_COLUMNS " FROM favorite WHERE id = ?",
	[W_FAVORITE_ADD] = "INSERT INTO favorite VALUES (?, ?, ?, ?, ?, NULL, ?, ?)"
			   " ON CONFLICT (restaurant, place, user) DO NOTHING",
	[W_FAVORITE_REMOVE] = "DELETE FROM favorite WHERE id = ?",
	[W_FAVORITE_MOVE] = "UPDATE favorite SET restaurant = ?2, place = ?3, user = ?4,"
			    " changed_ns = ?5 WHERE id = ?1",
	[W_FAVORITE_SET] = "UPDATE favorite SET created_ns = ?2, changed_ns = ?3, uid = ?4,"
			   " gid = ?5 WHERE id = ?1",
	[W_CHANGE_ADD] = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[W_CHANGE_TIME] = "SELECT seq, time_ns, tag FROM change WHERE seq >= ?"
			  " ORDER BY seq LIMIT 1",
	[W_CHANGE_OLDEST] = "SELECT seq, time_ns FROM change ORDER BY seq LIMIT 1",
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
	error = db_exec(writer->db, "PRAGMA synchronous = FULL;");
	if (!error)
		error = db_prepare(writer->db, statements, W_STATEMENTS, writer->sql);
	return error;
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
		error = load_counters(writer);
	if (error) {
		writer_close(writer);
		return error;
	}
	(void)sqlite3_wal_hook(writer->db, note_wal_pages, writer);
	return 0;
}

void writer_close(struct writer *writer)
{
	db_finalize(writer->sql, W_STATEMENTS);
	db_close(writer->db);
	writer->db = NULL;
}

int writer_begin(struct writer *writer)
{
	writer->touched_count = 0;
	return db_run(writer->sql[W_BEGIN]);
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Each restaurant once, however many of the batch touched it. */
static int save_touched(struct writer *writer)
{
	int error = 0;

	qsort(writer->touched, writer->touched_count, sizeof(*writer->touched), compare_ids);
	for (size_t i = 0; i < writer->touched_count && !error; i++) {
		if (i && writer->touched[i] == writer->touched[i - 1])
			continue;
		db_bind(writer->sql[W_FANS_CHANGED], "ii", writer->touched[i], writer->touched_ns);
		error = db_run(writer->sql[W_FANS_CHANGED]);
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

int writer_commit(struct writer *writer)
{
	int error = save_touched(writer);

	if (!error)
		error = save_counters(writer);
	if (!error && db_has_moved(writer->db))
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
}

void writer_touch_fans(struct writer *writer, int64_t restaurant, int64_t when_ns)
{
	writer->touched_ns = when_ns > writer->touched_ns ? when_ns : writer->touched_ns;
	if (writer->touched_count && writer->touched[writer->touched_count - 1] == restaurant)
		return;
	assert(writer->touched_count < sizeof(writer->touched) / sizeof(*writer->touched));
	writer->touched[writer->touched_count++] = restaurant;
}

void writer_tidy(struct writer *writer)
{
	int mode = writer->wal_pages < WAL_PAGES_FORCE ? SQLITE_CHECKPOINT_PASSIVE
						       : SQLITE_CHECKPOINT_RESTART;
	int left;

	if (writer->wal_pages < WAL_PAGES_TIDY)
		return;
	/* A failure shows again at the next commit, and is told by that one. */
	(void)db_checkpoint(writer->db, mode, &left);
}
