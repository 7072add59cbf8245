/*
 * reader.h - what one thread sees of a store.
 */
#ifndef FAVFS_READER_H
#define FAVFS_READER_H

#include <sqlite3.h>

#include "backend/sqlite/internal.h"

enum reader_statement {
	R_RESTAURANT,
	R_RESTAURANT_BY_ID,
	R_RESTAURANTS,
	R_FAVORITE,
	R_FAVORITE_BY_ID,
	R_FAVORITES,
	R_TOTALS,
	R_CHANGES,
	R_OLDEST,
	R_CHANGE_TAG,
	R_END,
	R_SCAN,
	R_STATEMENTS,
};

struct view; /* counts.c: derived.db as it is now */
struct snapshots; /* snapshot.c: states of derived.db that are held */
struct ranking;

struct reader {
	struct store *store;
	sqlite3 *favorites;
	sqlite3_stmt *sql[R_STATEMENTS];
	struct view *view; /* NULL: derived.db is not there yet */
	struct snapshots *snapshots;
};

#endif
