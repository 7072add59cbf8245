/*
 * supervisor.h - keeps one favfs-aggregator running beside the mount.
 *
 * Its end makes a descriptor readable; it is started again after a pause that
 * doubles while it keeps dying.  It dies with its favfs, even when that is killed.
 * The loop's thread only (the kernel ties the aggregator to the thread that started it).
 */
#ifndef FAVFS_SUPERVISOR_H
#define FAVFS_SUPERVISOR_H

#include <stdint.h>

struct supervisor;

/* @store is borrowed.  Starts nothing yet. */
int supervisor_open(const char *store, struct supervisor **ret_supervisor);

/* Ends the aggregator and waits for it; NULL is fine. */
void supervisor_close(struct supervisor *supervisor);

/* Readable when the aggregator has ended; -1 while none runs. */
int supervisor_fd(const struct supervisor *supervisor);

/* That was readable: the next look reaps. */
void supervisor_wake(struct supervisor *supervisor);

/* Reaps and starts what is due; returns the ns until the next start, or -1. */
int64_t supervisor_look(struct supervisor *supervisor);

#endif
