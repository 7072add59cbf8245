/*
 * barrier.h - fsync(2) of what is derived: it returns when every change that was
 * acknowledged before it is counted, or ETIMEDOUT after BARRIER_NS.
 */
#ifndef FAVFS_BARRIER_H
#define FAVFS_BARRIER_H

#include <stdint.h>

#include "fs/mount.h"

#define BARRIER_NS INT64_C(30000000000)

struct barriers;

int barriers_open(struct barriers **ret_barriers);
void barriers_close(struct barriers *barriers); /* NULL is fine; answers all with EIO */

/* Answers @req now or when its time has come. */
void barrier_add(struct mount *m, fuse_req_t req);

/* Answers those whose time has come; returns the ns until the next deadline, or -1. */
int64_t barriers_look(struct mount *m);

#endif
