/*
 * loop.h - the one loop that reads requests and waits for everything else.
 */
#ifndef FAVFS_LOOP_H
#define FAVFS_LOOP_H

#include "fs/mount.h"
#include "fs/supervisor.h"

/*
 * Serves until the mount is gone or a signal (SIGTERM, SIGINT, SIGHUP; blocked by the
 * caller in all threads) says enough.  @supervisor may be NULL.
 */
int loop_run(struct mount *m, struct supervisor *supervisor);

#endif
