#include "backend/sqlite/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/clock.h"
#include "backend/sqlite/committer.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/derived.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/snapshot.h"
#include "backend/sqlite/view.h"

#define CACHE_KIB 8192

/* So long a look may be in the way of a checkpoint, which waits for readers ten times as long. */
#define HOLD_MAX_NS INT64_C(1000000)

static const char *const statements[R_STATEMENTS] = {
	[R_RESTAURANT] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE name = ?",
	[R_RESTAURANT_BY_ID] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE id = ?",
	[R_RESTAURANTS] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE id > ? ORDER BY id",
	[R_FAVORITE] = "SELECT " FAVORITE_COLUMNS " FROM favorite"
		       " WHERE restaurant = ? AND place = ? AND user = ?",
	[R_FAVORITE_BY_ID] = "SELECT " FAVORITE_COLUMNS " FROM favorite WHERE id = ?",
	[R_FAVORITES] = "SELECT " FAVORITE_COLUMNS ", place FROM favorite"
			" WHERE restaurant = ? AND place > ? ORDER BY place, user",
	[R_TOTALS] = "SELECT restaurants, favorites, changed_ns, next_favorite, next_seq - 1,"
		     " CASE next_seq WHEN 1 THEN 0 ELSE last_ns END FROM state",
	[R_CHANGES] = "SELECT seq, tag, time_ns, op, created_ns, previous_ns, restaurant_id,"
		      " restaurant, user"
		      " FROM change WHERE seq > ? ORDER BY seq LIMIT ?",
	[R_OLDEST] = "SELECT coalesce((SELECT min(seq) FROM change), next_seq) FROM state",
	[R_CHANGE_TAG] = "SELECT tag FROM change WHERE seq = ?",
	[R_END] = "SELECT next_seq - 1, last_tag FROM state",
	[R_SCAN] = "SELECT 0, 0, favorite.created_ns, 1, favorite.created_ns, NULL,"
		   " restaurant.id, name, user"
		   " FROM favorite JOIN restaurant ON restaurant.id = favorite.restaurant"
		   " ORDER BY favorite.id",
	[R_LOG_START] = "SELECT seq, tag, time_ns, op, created_ns, previous_ns, restaurant_id,"
			" restaurant, user, end_bytes FROM change ORDER BY seq LIMIT 1",
	[R_LOG_END] = "SELECT end_bytes, CASE next_seq WHEN 1 THEN 0 ELSE last_ns END FROM state",
	[R_LOG_AT] = "SELECT end_bytes, seq FROM change WHERE seq >= ? ORDER BY seq LIMIT 1",
	[R_LOG_FROM] = "SELECT seq, tag, time_ns, op, created_ns, previous_ns, restaurant_id,"
		       " restaurant, user, end_bytes FROM change WHERE seq >= ? ORDER BY seq",
	[R_ATTRIBUTE] = "SELECT value FROM attribute WHERE favorite = ? AND name = ?",
	[R_ATTRIBUTES] = "SELECT name FROM attribute WHERE favorite = ? ORDER BY name",
	[R_NAMES] = "SELECT id, place, user FROM favorite" /* in the index that finds them */
		    " WHERE restaurant = ? AND place > ? ORDER BY place, user",
	[R_EXPIRED] = "SELECT 1 FROM favorite WHERE expires_ns <= ? LIMIT 1",
	[R_HOLD] = "SELECT 1 FROM state",
};

static int open_favorites(struct reader *reader)
{
	char path[PATH_MAX];
	int error;

	store_path(reader->store, FAVORITES_DB, path);
	error = db_open(path, DB_READ, CACHE_KIB, &reader->favorites);
	if (!error)
		error = db_prepare(reader->favorites, statements, R_STATEMENTS, reader->sql);
	return error;
}

int reader_open(struct store *store, struct reader **ret_reader)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (!reader)
		return -ENOMEM;
	reader->store = store;
	error = open_favorites(reader);
	if (!error)
		error = snapshots_open(store, &reader->snapshots);
	if (error) {
		reader_close(reader);
		return error;
	}
	*ret_reader = reader;
	return 0;
}

/* ---- one transaction for many reads ---- */

static void let_go(struct reader *reader)
{
	if (reader->held)
		(void)sqlite3_reset(reader->sql[R_HOLD]); /* says again what step said */
	reader->held = false;
}

/*
 * A statement that stands on a row keeps its transaction, and all others are part of it: no
 * locks, and pages that were read stay valid.  Where it cannot begin they go on as without.
 */
static void hold(struct reader *reader)
{
	uint64_t commits = committer_commits(reader->store->committer);
	int64_t now = clock_monotonic_ns();

	if (reader->held && reader->held_commits == commits && now - reader->held_ns < HOLD_MAX_NS)
		return;
	let_go(reader);
	if (sqlite3_txn_state(reader->favorites, "main") != SQLITE_TXN_NONE)
		return; /* a list is being shown: what it sees may be older */
	reader->held = db_step(reader->sql[R_HOLD]) == 1;
	reader->held_commits = commits;
	reader->held_ns = now;
}

void reader_hold(struct reader *reader)
{
	reader->may_hold = reader->store->committer; /* else who knows what is committed? */
}

void reader_rest(struct reader *reader)
{
	reader->may_hold = false;
	let_go(reader);
}

sqlite3_stmt *reader_sql(struct reader *reader, enum reader_statement which)
{
	if (reader->may_hold)
		hold(reader);
	return reader->sql[which];
}

/* ---- what there is ---- */

int reader_look(struct reader *reader)
{
	return db_has_moved(reader->favorites) ? -ESTALE : 0;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	snapshots_close(reader->snapshots);
	view_close(reader->view);
	db_finalize(reader->sql, R_STATEMENTS);
	db_close(reader->favorites);
	free(reader);
}

int reader_restaurant(struct reader *reader, const char *name, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = reader_sql(reader, R_RESTAURANT);

	db_bind(row, "t", name);
	return rows_one_restaurant(row, ret_restaurant);
}

int reader_restaurant_by_id(struct reader *reader, int64_t id, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = reader_sql(reader, R_RESTAURANT_BY_ID);

	db_bind(row, "i", id);
	return rows_one_restaurant(row, ret_restaurant);
}

/* Its row may still be there for a moment: nobody shall see it. */
static bool is_expired(const struct reader *reader, const struct favorite *favorite)
{
	return favorite->expires_ns && favorite->expires_ns <= reader->store->now_ns();
}

static int find_favorite(struct reader *reader, sqlite3_stmt *row, struct favorite *ret_favorite)
{
	struct favorite favorite;
	int error = rows_one_favorite(row, &favorite, NULL);

	if (!error && is_expired(reader, &favorite))
		error = -ENOENT;
	if (!error)
		*ret_favorite = favorite;
	return error;
}

int reader_favorite(
	struct reader *reader, int64_t restaurant, const char *user, struct favorite *ret_favorite)
{
	DB_SCOPED row = reader_sql(reader, R_FAVORITE);

	db_bind(row, "iit", restaurant, store_place(reader->store, user), user);
	return find_favorite(reader, row, ret_favorite);
}

int reader_favorite_by_id(struct reader *reader, int64_t id, struct favorite *ret_favorite)
{
	DB_SCOPED row = reader_sql(reader, R_FAVORITE_BY_ID);

	db_bind(row, "i", id);
	return find_favorite(reader, row, ret_favorite);
}

int reader_totals(struct reader *reader, struct totals *ret_totals)
{
	DB_SCOPED row = reader_sql(reader, R_TOTALS);
	int found = db_step(row);

	if (found != 1)
		return found ? found : -EUCLEAN;
	ret_totals->restaurants = sqlite3_column_int64(row, 0);
	ret_totals->favorites = sqlite3_column_int64(row, 1);
	ret_totals->changed_ns = sqlite3_column_int64(row, 2);
	ret_totals->next_favorite = sqlite3_column_int64(row, 3);
	ret_totals->newest_seq = sqlite3_column_int64(row, 4);
	ret_totals->newest_ns = sqlite3_column_int64(row, 5);
	return 0;
}

int reader_restaurants(struct reader *reader, int64_t after, each_restaurant *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_RESTAURANTS);
	int found;

	db_bind(rows, "i", after);
	while ((found = db_step(rows)) == 1) {
		struct restaurant restaurant;
		int error = rows_restaurant(rows, &restaurant);

		if (error)
			return error;
		if (each(arg, restaurant.id, &restaurant))
			return 0;
	}
	return found;
}

int reader_favorites(
	struct reader *reader, int64_t restaurant, int64_t after, each_favorite *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_FAVORITES);
	int found;

	db_bind(rows, "ii", restaurant, after);
	while ((found = db_step(rows)) == 1) {
		struct favorite favorite;
		char user[NAME_BYTES_MAX + 1];
		int64_t place;
		int error = db_name(rows, FAVORITE_USER, user);

		error = error ? error : rows_favorite(rows, &favorite);
		error = error ? error : rows_number(rows, FAVORITE_USER + 1, COOKIE_MAX, &place);
		if (error)
			return error;
		if (is_expired(reader, &favorite))
			continue;
		if (each(arg, place, user, &favorite))
			return 0;
	}
	return found;
}

/* Whether there is a row that nobody shall see any more. */
static int has_expired(struct reader *reader)
{
	DB_SCOPED any = reader_sql(reader, R_EXPIRED);

	db_bind(any, "i", reader->store->now_ns());
	return db_step(any);
}

struct naming {
	each_name *each;
	void *arg;
};

static bool name_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	const struct naming *naming = arg;

	return naming->each(naming->arg, cookie, user, favorite->id);
}

static int show_names(
	struct reader *reader, int64_t restaurant, int64_t after, each_name *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_NAMES);
	int found;

	db_bind(rows, "ii", restaurant, after);
	while ((found = db_step(rows)) == 1) {
		const char *user = (const char *)sqlite3_column_text(rows, 2);
		int64_t id, place;
		int error = rows_number(rows, 0, FAVORITE_ID_MAX, &id);

		error = error ? error : rows_number(rows, 1, COOKIE_MAX, &place);
		if (!error && (!user || sqlite3_column_bytes(rows, 2) > NAME_BYTES_MAX))
			error = -EUCLEAN;
		if (error)
			return error;
		if (each(arg, place, user, id))
			return 0;
	}
	return found;
}

int reader_names(
	struct reader *reader, int64_t restaurant, int64_t after, each_name *each, void *arg)
{
	struct naming naming = {each, arg};
	int expired = has_expired(reader);

	if (expired < 0)
		return expired;
	if (expired) /* which of them, only the rows tell */
		return reader_favorites(reader, restaurant, after, name_favorite, &naming);
	return show_names(reader, restaurant, after, each, arg);
}

ssize_t reader_attribute(
	struct reader *reader, int64_t favorite, const char *name, void *ret_value, size_t size)
{
	DB_SCOPED row = reader_sql(reader, R_ATTRIBUTE);
	size_t bytes;
	int found;

	db_bind(row, "it", favorite, name);
	found = db_step(row);
	if (found != 1)
		return found ? found : -ENODATA;
	bytes = (size_t)sqlite3_column_bytes(row, 0);
	if (size && bytes > size)
		return -ERANGE;
	if (size && bytes)
		memcpy(ret_value, sqlite3_column_blob(row, 0), bytes);
	return (ssize_t)bytes;
}

int reader_attributes(struct reader *reader, int64_t favorite, each_attribute *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_ATTRIBUTES);
	int found;

	db_bind(rows, "i", favorite);
	while ((found = db_step(rows)) == 1) {
		char name[NAME_BYTES_MAX + 1];
		int error = db_name(rows, 0, name);

		if (error)
			return error;
		if (each(arg, name))
			return 0;
	}
	return found;
}

static int64_t file_bytes(const struct reader *reader, const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	store_path(reader->store, file, path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int reader_sizes(struct reader *reader, struct sizes *ret_sizes)
{
	*ret_sizes = (struct sizes){
		.database_bytes = file_bytes(reader, FAVORITES_DB) + file_bytes(reader, DERIVED_DB),
		.wal_bytes = file_bytes(reader, FAVORITES_DB "-wal") +
			     file_bytes(reader, DERIVED_DB "-wal"),
		.held = snapshots_held(reader->snapshots),
	};
	return 0;
}
