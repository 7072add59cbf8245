/*
 * check.h - what the files of store_check share.
 *
 * A check of rows is one statement whose rows are what is wrong: place, expected, found.  It
 * runs in a connection in which favorites.db is `main` and derived.db is `derived`, each at
 * one moment, and may use these functions:
 *
 *	name_ok(text)		whether it can be a name
 *	moment_ok(ns)		whether favourites can be made then
 *	place_of(user)		the place that belongs to the name of a user
 *	window_name(number)	"2026-11", or NULL for no window
 *	window_number(name)	back
 *	local_hour(ns)		hours since 1970 that a clock on the wall shows
 *	zone_name()		the time zone whose clock that is, and
 *	zone_version()		which rules it goes by
 *
 * and these tables that are made on the way:
 *
 *	temp.look	one row: position, tag (NULL: none), newest, oldest, whole (the log
 *			is there from the first change on), sound (the log vouches for the
 *			position)
 *	temp.kind	the kinds of window that the store counts
 *
 * Columns of temporary tables have types, without which no index on them would be used.
 * It shares no counting with the aggregator: windows have their names from SQLite's calendar,
 * by the clock of the C library.
 */
#ifndef FAVFS_CHECK_H
#define FAVFS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "backend/sqlite/internal.h"

/* What a statement needs. */
enum check_need {
	NEED_FAVORITES = 1 << 0,
	NEED_DERIVED = 1 << 1,
	NEED_POSITION = 1 << 2, /* a sound one: without it there is nothing to compare with */
	NEED_KEY = 1 << 3, /* of the hash that gives favourites their places */
	NEED_KINDS = 1 << 4, /* of windows that the store counts */
};

/* Places in the arrays below. */
#define CHECK_FILES 2 /* favorites.db, derived.db */
extern const char *const check_names[CHECK_FILES];

#define CHECK_TEXT_MAX 64

struct check {
	const struct check_options *options;
	struct check_summary summary;
	struct store store; /* its path and hash key only */
	bool copied; /* the files are copies of what is in use */
	sqlite3 *files[CHECK_FILES]; /* NULL: there is none, or it is none */
	bool missing[CHECK_FILES];
	char modes[CHECK_FILES][CHECK_TEXT_MAX]; /* of the journal */
	sqlite3 *db; /* files[0], with derived.db attached: for checks of rows */
	unsigned have; /* enum check_need */
	bool damaged; /* nothing can be counted from favorites.db */
	bool unreadable[CHECK_FILES]; /* told already */
};

/* A statement; without a code it finds nothing but makes a table for those after it. */
struct row_check {
	const char *code;
	unsigned needs;
	const char *sql;
};

extern const struct row_check favorite_checks[], log_checks[], position_checks[], count_checks[],
	user_checks[];
extern const size_t favorite_checks_count, log_checks_count, position_checks_count,
	count_checks_count, user_checks_count;

/* Tells of a finding; the texts may hold anything. */
void check_tell(struct check *check, const char *code, const char *place, const char *expected,
	const char *found);

void check_progress(const struct check *check, const char *phase, size_t done, size_t all);

/* The first column of the first row; -ENOENT if there is none. */
int check_read_number(sqlite3 *db, const char *sql, int64_t *ret_number);
int check_read_text(sqlite3 *db, const char *sql, char ret_text[static CHECK_TEXT_MAX]);

/* check_open.c: opens what is to be looked at; check_attach makes check->db of it. */
int check_open(struct check *check, struct complaint *ret_why);
int check_attach(struct check *check);
void check_close(struct check *check);

/* check_file.c: both databases by themselves; sets check->have. */
int check_files(struct check *check, struct complaint *ret_why);

/* check_functions.c: the functions above; @check lives as long as @db. */
int check_add_functions(struct check *check, sqlite3 *db);

#endif
