/*
 * notifier.h - telling the kernel what changed without a request on it.
 *
 * Dropping a name takes the lock of its directory, which a request in flight may
 * hold, so it happens on a thread of its own, with the help of a process (unlinker.h),
 * for which neither the loop nor the committer ever waits.  What is added is done in order.
 */
#ifndef FAVFS_NOTIFIER_H
#define FAVFS_NOTIFIER_H

#include "fs/mount.h"

struct notifier;
struct unlinker;

/* Borrows @unlinker.  It is mute. */
int notifier_open(
	struct fuse_session *session, struct unlinker *unlinker, struct notifier **ret_notifier);

/*
 * While it is mute the kernel is told nothing, but calls are made.  To be mute for the end, and
 * until the session is mounted: what the store does before, the kernel has never heard of.
 */
void notifier_set_mute(struct notifier *notifier, bool mute);

/* Whether all that was added is done.  Until then requests must be served: see above. */
bool notifier_is_idle(struct notifier *notifier);

/* Call it after the session was unmounted.  NULL is fine. */
void notifier_close(struct notifier *notifier);

/* Takes @effects over.  Any thread. */
void notifier_add_effects(struct notifier *notifier, struct effects *effects);

/* Calls @then with @arg on the notifier's thread after all that was added before.  Any thread. */
void notifier_add_call(struct notifier *notifier, void (*then)(void *arg), void *arg);

#endif
