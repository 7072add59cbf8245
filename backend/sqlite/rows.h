/*
 * rows.h - rows of favorites.db as structs.
 *
 * Statements select, in this order:
 *	a restaurant: id, changed_ns, fans_made_ns, fans_changed_ns, name
 *	a favourite: id, restaurant, created_ns, changed_ns, expires_ns, uid, gid, user
 */
#ifndef FAVFS_ROWS_H
#define FAVFS_ROWS_H

#include <sqlite3.h>

#include "backend/backend.h"

#define RESTAURANT_COLUMNS "id, changed_ns, fans_made_ns, fans_changed_ns, name"
#define FAVORITE_COLUMNS   "id, restaurant, created_ns, changed_ns, expires_ns, uid, gid, user"
#define FAVORITE_USER      7 /* the column of the user */

/* A column that holds a number from 1 to below @end; -EUCLEAN for what cannot be. */
int rows_number(sqlite3_stmt *row, int column, int64_t end, int64_t *ret_number);

/* The row a statement stands on; -EUCLEAN for what cannot be. */
int rows_restaurant(sqlite3_stmt *row, struct restaurant *ret_restaurant);
int rows_favorite(sqlite3_stmt *row, struct favorite *ret_favorite);

/* Steps to the only row, (seq, tag); -EUCLEAN if there is none. */
int rows_one_position(sqlite3_stmt *row, struct position *ret_position);

/* Steps to the only row; -ENOENT if there is none.  @ret_user may be NULL. */
int rows_one_restaurant(sqlite3_stmt *row, struct restaurant *ret_restaurant);
int rows_one_favorite(sqlite3_stmt *row, struct favorite *ret_favorite, char *ret_user);

#endif
