#include "backend/sqlite/rows.h"

#include <errno.h>

#include "backend/sqlite/db.h"

int rows_number(sqlite3_stmt *row, int column, int64_t end, int64_t *ret_number)
{
	int64_t number = sqlite3_column_int64(row, column);

	if (number <= 0 || number >= end)
		return -EUCLEAN;
	*ret_number = number;
	return 0;
}

int rows_restaurant(sqlite3_stmt *row, struct restaurant *ret_restaurant)
{
	int error = rows_number(row, 0, RESTAURANT_ID_MAX, &ret_restaurant->id);

	if (error)
		return error;
	ret_restaurant->changed_ns = sqlite3_column_int64(row, 1);
	ret_restaurant->fans_made_ns = sqlite3_column_int64(row, 2);
	ret_restaurant->fans_changed_ns = sqlite3_column_int64(row, 3);
	return db_name(row, 4, ret_restaurant->name);
}

int rows_favorite(sqlite3_stmt *row, struct favorite *ret_favorite)
{
	int error = rows_number(row, 0, FAVORITE_ID_MAX, &ret_favorite->id);

	error = error ? error : rows_number(row, 1, RESTAURANT_ID_MAX, &ret_favorite->restaurant);
	if (error)
		return error;
	ret_favorite->created_ns = sqlite3_column_int64(row, 2);
	ret_favorite->changed_ns = sqlite3_column_type(row, 3) == SQLITE_NULL
					   ? ret_favorite->created_ns
					   : sqlite3_column_int64(row, 3);
	ret_favorite->expires_ns = sqlite3_column_int64(row, 4); /* NULL: 0 */
	ret_favorite->uid = (uid_t)sqlite3_column_int64(row, 5);
	ret_favorite->gid = (gid_t)sqlite3_column_int64(row, 6);
	return 0;
}

int rows_one_restaurant(sqlite3_stmt *row, struct restaurant *ret_restaurant)
{
	int error = db_step(row);

	if (error != 1)
		return error ? error : -ENOENT;
	return rows_restaurant(row, ret_restaurant);
}

int rows_one_favorite(sqlite3_stmt *row, struct favorite *ret_favorite, char *ret_user)
{
	int error = db_step(row);

	if (error != 1)
		return error ? error : -ENOENT;
	error = rows_favorite(row, ret_favorite);
	return !error && ret_user ? db_name(row, FAVORITE_USER, ret_user) : error;
}

int rows_one_position(sqlite3_stmt *row, struct position *ret_position)
{
	int found = db_step(row);

	if (found != 1)
		return found ? found : -EUCLEAN;
	ret_position->seq = sqlite3_column_int64(row, 0);
	ret_position->tag = sqlite3_column_int64(row, 1);
	return 0;
}
