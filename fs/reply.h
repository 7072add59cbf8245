/*
 * reply.h - answers to requests, counted by operation and outcome.
 *
 * Every request is answered through here, once.  An answer may fail, because its
 * caller is gone; then nobody misses it, so nothing is returned but where a
 * handle would be left behind.
 */
#ifndef FAVFS_REPLY_H
#define FAVFS_REPLY_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/statvfs.h>

#include "fs/mount.h"

/* What was asked for. */
/* clang-format off */
#define OPERATIONS(X) \
	X(lookup) X(getattr) X(setattr) X(readlink) X(mknod) X(mkdir) X(unlink) X(rmdir) \
	X(symlink) X(rename) X(link) X(open) X(read) X(write) X(flush) X(release) X(fsync) \
	X(opendir) X(readdir) X(readdirplus) X(statfs) X(create) X(fallocate) X(setxattr) \
	X(getxattr) X(listxattr) X(removexattr) X(poll)
/* clang-format on */

enum operation {
#define X(name) OPERATION_##name,
	OPERATIONS(X)
#undef X
	OPERATION_COUNT,
};

extern const char *const operation_names[OPERATION_COUNT];

/* Answers so far: [..][0] good ones, [..][1] errors. */
extern _Atomic uint64_t reply_counts[OPERATION_COUNT][2];

/* What this thread answers now; set before any answer. */
void reply_begin(enum operation operation);
enum operation reply_operation(void);

void reply_error(fuse_req_t req, int error); /* 0 or a negative errno */
void reply_entry(fuse_req_t req, int error, const struct fuse_entry_param *e);
void reply_attr(fuse_req_t req, int error, const struct stat *st, double timeout_s);
int reply_open(fuse_req_t req, const struct fuse_file_info *fi); /* < 0: no RELEASE will come */
void reply_create(
	fuse_req_t req, const struct fuse_entry_param *e, const struct fuse_file_info *fi);
void reply_bytes(fuse_req_t req, const void *bytes, size_t size);
void reply_write(fuse_req_t req, size_t size);
void reply_readlink(fuse_req_t req, int error, const char *target);
void reply_statfs(fuse_req_t req, const struct statvfs *space);

/* The value of an attribute: its size where @size is 0, ERANGE where it does not fit. */
void reply_xattr(fuse_req_t req, const void *value, size_t length, size_t size);
void reply_xattr_size(fuse_req_t req, size_t length);
void reply_poll(fuse_req_t req, unsigned events);

#endif
