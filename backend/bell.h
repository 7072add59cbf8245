/*
 * bell.h - how one program tells others that there is something new to look at.
 *
 * A bell is a file.  Ringing writes one byte to it, always the same one at
 * offset 0; whoever watches it through inotify wakes up.  A ring carries no
 * information: rings may be lost, merged or invented, so a watcher looks at the
 * data itself, and looks once after setting the watch (invariant 6).
 *
 * Errors are negative errno.  A bell or a watch belongs to one thread at a time.
 */
#ifndef FAVFS_BELL_H
#define FAVFS_BELL_H

#include <stdbool.h>

/* Opens the bell at @path for ringing, making the file (0600) where missing. */
int bell_open(const char *path, int *ret_fd);

/* Rings.  Never blocks; a failure loses this ring (callers log it and go on). */
int bell_ring(int fd);

/*
 * The same, by way of the path where the file under *fd is no longer the one there (it was
 * removed, moved or replaced, whatever other names it has); *fd follows.
 */
int bell_ring_at(int *fd, const char *path);

/*
 * The same by whoever waits for what comes of it: heard also by a watcher that rests.  (It
 * opens the file and closes it, which ringing does not.)
 */
int bell_call(const char *path);

/* A watcher of one bell. */
struct bell_watch;

/*
 * Starts to watch the bell at @path, making the file where missing.  Where
 * inotify is not to be had (EMFILE, ENFILE, ENOSPC, ENOMEM) the watch becomes a
 * timer of one second, and each tick tries inotify again.  Two descriptors it needs
 * at least: without these it fails.  @path is looked up again later: an absolute one
 * where the current directory may change.
 */
int bell_watch_open(const char *path, struct bell_watch **ret_watch);

/* Frees; NULL is fine. */
void bell_watch_close(struct bell_watch *watch);

/*
 * Readable (POLLIN) when it is time to look.  The number stays the same for the
 * life of the watch.
 */
int bell_watch_fd(const struct bell_watch *watch);

/*
 * Takes all that is readable, without blocking, and sets the watch anew where
 * the file was replaced or removed.  Call it before looking, never after.
 * Whether there was a call in it.
 */
bool bell_watch_drain(struct bell_watch *watch);

/* A watcher that rests hears calls only; look when it is over. */
void bell_watch_rest(struct bell_watch *watch, bool rests);

/* Whether rings arrive by themselves now (inotify), not by the timer. */
bool bell_watch_is_live(const struct bell_watch *watch);

#endif
