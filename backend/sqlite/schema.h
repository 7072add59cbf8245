/*
 * schema.h - the tables of the two databases, and their versions.
 */
#ifndef FAVFS_SCHEMA_H
#define FAVFS_SCHEMA_H

#include <stdint.h>

#include <sqlite3.h>

#define HASH_KEY_BYTES 16

/* The schema of favorites.db with its first rows, in one transaction. */
int schema_make_favorites(sqlite3 *db, int64_t now_ns, uint32_t windows, const char *timezone);

/* Brings a favorites.db of an earlier version up to this one, in one transaction. */
int schema_upgrade_favorites(sqlite3 *db);

/* The schema of derived.db, empty, in one transaction. */
int schema_make_derived(sqlite3 *db);

/*
 * 0 if the database is ours and of this version, -ENODATA if it is empty,
 * -EPROTO for a later version, -ENOEXEC for an earlier one, -EUCLEAN for anything else.
 */
int schema_check_favorites(sqlite3 *db);
int schema_check_derived(sqlite3 *db);

#endif
