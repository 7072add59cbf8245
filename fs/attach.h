/*
 * attach.h - mounting, and why it could not be.
 */
#ifndef FAVFS_ATTACH_H
#define FAVFS_ATTACH_H

#include "backend/complaint.h"
#include "fs/mount.h"

/*
 * Mounts @session on @mountpoint.  libfuse and fusermount3(1) write to standard error what is
 * wrong; that becomes one line of ours, with what to do about it where that is known.  What they
 * say though it could be mounted is passed on.  Before any other thread writes there.
 */
int attach(struct fuse_session *session, const char *mountpoint, struct complaint *ret_why);

#endif
