/*
 * unlinker.h - a process that calls unlink(2) on favourites which the store removed by itself.
 *
 * The kernel remembers names.  Told to drop one, it takes the lock of the directory, and whoever
 * tells it waits with the mount's descriptor in use: if the lock's owner waits for us while we
 * are killed, neither ever ends.  A process of ours that calls unlink(2) in the mount, like
 * anybody, holds nothing that keeps the mount alive; besides, whoever watches the directory with
 * inotify sees the file go.  The mount knows that caller, and answers that it is done.
 *
 * Threads: unlinker_remove, unlinker_refresh and unlinker_rest belong to one thread, the others
 * to the loop's.
 */
#ifndef FAVFS_UNLINKER_H
#define FAVFS_UNLINKER_H

#include "fs/mount.h"

struct unlinker;

/* Forks: call it before any thread, any database and the mount. */
int unlinker_start(const char *mountpoint, struct unlinker **ret_unlinker);

/*
 * Ends it: jobs fail from here on, also the one that waits, for a directory's lock that somebody
 * may hold.  Then, when no thread gives any more jobs, free it.  NULL is fine for both.
 */
void unlinker_end(struct unlinker *unlinker);
void unlinker_free(struct unlinker *unlinker);

/*
 * Unlinks what the kernel may still remember of @favorite, and waits until that is done, for
 * which requests have to be served.  -EPIPE: the process is gone; other errors: this name only.
 */
int unlinker_remove(struct unlinker *unlinker, int64_t restaurant_id, int64_t favorite,
	const char *restaurant, const char *user);

/* Makes the kernel look it up again. */
int unlinker_refresh(struct unlinker *unlinker, const char *restaurant, const char *user);

/* Lets go of the mount, until the next. */
void unlinker_rest(struct unlinker *unlinker);

/* Whether @req comes from the process; NULL: no. */
bool unlinker_asks(const struct unlinker *unlinker, fuse_req_t req);

/*
 * What it looks up at @n: 0 and the favourite that is being removed; -EALREADY in the root for
 * the name by which it tells this mount from others; else -ENOENT.
 */
int unlinker_lookup(
	struct unlinker *unlinker, struct node n, const char *name, int64_t *ret_favorite);

#endif
