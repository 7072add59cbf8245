#include "backend/sqlite/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/derived.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/snapshot.h"
#include "backend/sqlite/view.h"

#define CACHE_KIB 8192

#define RESTAURANT_COLUMNS "id, changed_ns, fans_made_ns, fans_changed_ns, name"
#define FAVORITE_COLUMNS   "id, restaurant, created_ns, changed_ns, uid, gid, user"

static const char *const statements[R_STATEMENTS] = {
	[R_RESTAURANT] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE name = ?",
	[R_RESTAURANT_BY_ID] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE id = ?",
	[R_RESTAURANTS] = "SELECT " RESTAURANT_COLUMNS " FROM restaurant WHERE id > ? ORDER BY id",
	[R_FAVORITE] = "SELECT " FAVORITE_COLUMNS " FROM favorite"
		       " WHERE restaurant = ? AND place = ? AND user = ?",
	[R_FAVORITE_BY_ID] = "SELECT " FAVORITE_COLUMNS " FROM favorite WHERE id = ?",
	[R_FAVORITES] = "SELECT " FAVORITE_COLUMNS ", place FROM favorite"
			" WHERE restaurant = ? AND place > ? ORDER BY place, user",
	[R_TOTALS] = "SELECT restaurants, favorites, changed_ns, next_favorite FROM state",
	[R_CHANGES] = "SELECT seq, tag, time_ns, op, created_ns, previous_ns, restaurant, user"
		      " FROM change WHERE seq > ? ORDER BY seq LIMIT ?",
	[R_OLDEST] = "SELECT coalesce((SELECT min(seq) FROM change), next_seq) FROM state",
	[R_CHANGE_TAG] = "SELECT tag FROM change WHERE seq = ?",
	[R_END] = "SELECT next_seq - 1, last_tag FROM state",
	[R_SCAN] = "SELECT 0, 0, favorite.created_ns, 1, favorite.created_ns, NULL, name, user"
		   " FROM favorite JOIN restaurant ON restaurant.id = favorite.restaurant"
		   " ORDER BY favorite.id",
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
	DB_SCOPED row = reader->sql[R_RESTAURANT];

	db_bind(row, "t", name);
	return rows_one_restaurant(row, ret_restaurant);
}

int reader_restaurant_by_id(struct reader *reader, int64_t id, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = reader->sql[R_RESTAURANT_BY_ID];

	db_bind(row, "i", id);
	return rows_one_restaurant(row, ret_restaurant);
}

int reader_favorite(
	struct reader *reader, int64_t restaurant, const char *user, struct favorite *ret_favorite)
{
	DB_SCOPED row = reader->sql[R_FAVORITE];

	db_bind(row, "iit", restaurant, store_place(reader->store, user), user);
	return rows_one_favorite(row, ret_favorite, NULL);
}

int reader_favorite_by_id(struct reader *reader, int64_t id, struct favorite *ret_favorite)
{
	DB_SCOPED row = reader->sql[R_FAVORITE_BY_ID];

	db_bind(row, "i", id);
	return rows_one_favorite(row, ret_favorite, NULL);
}

int reader_totals(struct reader *reader, struct totals *ret_totals)
{
	DB_SCOPED row = reader->sql[R_TOTALS];
	int found = db_step(row);

	if (found != 1)
		return found ? found : -EUCLEAN;
	ret_totals->restaurants = sqlite3_column_int64(row, 0);
	ret_totals->favorites = sqlite3_column_int64(row, 1);
	ret_totals->changed_ns = sqlite3_column_int64(row, 2);
	ret_totals->next_favorite = sqlite3_column_int64(row, 3);
	return 0;
}

int reader_restaurants(struct reader *reader, int64_t after, each_restaurant *each, void *arg)
{
	DB_SCOPED rows = reader->sql[R_RESTAURANTS];
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
	DB_SCOPED rows = reader->sql[R_FAVORITES];
	int found;

	db_bind(rows, "ii", restaurant, after);
	while ((found = db_step(rows)) == 1) {
		struct favorite favorite;
		char user[NAME_BYTES_MAX + 1];
		int error = db_name(rows, 6, user);

		if (error)
			return error;
		rows_favorite(rows, &favorite);
		if (each(arg, sqlite3_column_int64(rows, 7), user, &favorite))
			return 0;
	}
	return found;
}
