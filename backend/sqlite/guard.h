/*
 * guard.h - whether a store can be trusted: nobody else could have put something into it, or
 * another in its place.
 *
 * SQLite opens files by path, again and again.  So it is not enough that the files are ours: each
 * directory above them has to be one in which others cannot rename; root may trust its owner.
 */
#ifndef FAVFS_GUARD_H
#define FAVFS_GUARD_H

#include <sys/stat.h>

#include "backend/complaint.h"

/*
 * A place for a new store, @path without its last part: -EPERM where others could replace what
 * is made there, or the errno of looking.
 */
int guard_place(const char *path, struct complaint *ret_why);

/* The directory itself, which is as @st says: ours, and nobody else writes it. */
int guard_directory(const char *path, const struct stat *st, struct complaint *ret_why);

/* A store that exists, at @path as of realpath(3): all of that, and its files. */
int guard_store(const char *path, struct complaint *ret_why);

#endif
