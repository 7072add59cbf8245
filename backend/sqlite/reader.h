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
	R_LOG_START,
	R_LOG_END,
	R_LOG_AT,
	R_LOG_FROM,
	R_ATTRIBUTE,
	R_ATTRIBUTES,
	R_NAMES,
	R_EXPIRED,
	R_HOLD,
	R_STATEMENTS,
};

/* A place in the text of the log that is the start of a line; seq 0: unknown. */
struct log_cursor {
	int64_t place;
	int64_t seq; /* of that line */
};

struct view; /* counts.c: derived.db as it is now */
struct snapshots; /* snapshot.c: states of derived.db that are held */
struct ranking;

struct reader {
	struct store *store;
	sqlite3 *favorites;
	sqlite3_stmt *sql[R_STATEMENTS];
	bool may_hold; /* between reader_hold and reader_rest */
	bool held; /* R_HOLD stands on its row, and with it the transaction */
	uint64_t held_commits; /* of the committer, before that began */
	int64_t held_ns; /* monotonic: when it began */
	struct log_cursor cursor; /* where the last read of the log's text ended */
	struct view *view; /* NULL: derived.db is not there yet */
	struct snapshots *snapshots;
};

/* A statement on favorites.db, which sees all that was committed before. */
sqlite3_stmt *reader_sql(struct reader *reader, enum reader_statement which);

#endif
