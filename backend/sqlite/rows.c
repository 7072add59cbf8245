#include "backend/sqlite/rows.h"

#include <errno.h>

#include "backend/sqlite/db.h"

int rows_restaurant(sqlite3_stmt *row, struct restaurant *ret_restaurant)
{
	ret_restaurant->id = sqlite3_column_int64(row, 0);
	ret_restaurant->changed_ns = sqlite3_column_int64(row, 1);
	ret_restaurant->fans_made_ns = sqlite3_column_int64(row, 2);
	ret_restaurant->fans_changed_ns = sqlite3_column_int64(row, 3);
	return db_name(row, 4, ret_restaurant->name);
}

void rows_favorite(sqlite3_stmt *row, struct favorite *ret_favorite)
{
	ret_favorite->id = sqlite3_column_int64(row, 0);
	ret_favorite->restaurant = sqlite3_column_int64(row, 1);
	ret_favorite->created_ns = sqlite3_column_int64(row, 2);
	ret_favorite->changed_ns = sqlite3_column_type(row, 3) == SQLITE_NULL
					   ? ret_favorite->created_ns
					   : sqlite3_column_int64(row, 3);
	ret_favorite->expires_ns = sqlite3_column_int64(row, 4); /* NULL: 0 */
	ret_favorite->uid = (uid_t)sqlite3_column_int64(row, 5);
	ret_favorite->gid = (gid_t)sqlite3_column_int64(row, 6);
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
	rows_favorite(row, ret_favorite);
	return ret_user ? db_name(row, FAVORITE_USER, ret_user) : 0;
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
