/*
 * mountpoint.h - whether a mount can be made at a place.
 */
#ifndef FAVFS_MOUNTPOINT_H
#define FAVFS_MOUNTPOINT_H

#include "backend/backend.h"

/*
 * Makes sure that @path is a directory with nothing mounted on it, taking away
 * what a favfs that crashed has left there.  *ret_path is its absolute path (free
 * it).  Otherwise an errno, and why.
 */
int mountpoint_prepare(const char *path, char **ret_path, struct complaint *ret_why);

/*
 * @path from the root on; NULL where its folder does not exist.  Only that is looked at, for
 * realpath(3) cannot pass through a dead mount.  Free it.
 */
char *mountpoint_absolute(const char *path);

#endif
