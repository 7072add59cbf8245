/*
 * aside.h - reads that take long, put aside: the loop answers one of them between any two
 * looks at what else has come, so whoever looks up or marks waits for one, however many read.
 *
 * They take turns by user.  There is at most one a thread of a caller, and what the kernel reads
 * ahead.
 */
#ifndef FAVFS_ASIDE_H
#define FAVFS_ASIDE_H

#include "fs/mount.h"

/* Reading no more than this takes no longer than other requests do. */
#define ASIDE_BYTES ((size_t)16 * 1024)

/* The slot read of @n will be called for it; @fi is copied.  Without memory it fails at once. */
void aside_add(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	const struct fuse_file_info *fi);

/* Takes the next in turn, if there is one. */
void aside_serve(struct mount *m);

bool aside_waits(const struct mount *m);

/* Answers all with EIO. */
void aside_close(struct mount *m);

#endif
