/*
 * mount.h - one mount: what all files of fs/ share.
 *
 * Everything here belongs to the loop's thread; the committer's thread only
 * runs what request.c hands it.
 */
#ifndef FAVFS_MOUNT_H
#define FAVFS_MOUNT_H

#define FUSE_USE_VERSION 312

#include <stdbool.h>
#include <stdint.h>

#include <fuse_lowlevel.h>

#include "backend/backend.h"
#include "fs/node.h"

/* How long the kernel may keep what only changes through itself. */
#define TIMEOUT_LONG_S 86400.0

struct barriers;
struct listing;
struct pending_read;

struct mount {
	struct fuse_session *session;
	struct store *store;
	struct reader *reader;
	uid_t uid; /* of who mounted */
	gid_t gid;
	int64_t mounted_ns;
	int ready_fd; /* whom to tell that the mount answers; -1: nobody */
	struct barriers *barriers;
	struct pending_read *reads; /* of rankings, waiting for reader_work */
};

/*
 * What a kind of node can do.  An empty slot is a refusal: EPERM for what would change
 * something, ENOTDIR or EISDIR by the node's shape.  Every call answers @req, once,
 * now or later.
 */
struct node_ops {
	mode_t mode; /* type and permissions */
	bool derived; /* fsync is a barrier */

	int (*getattr)(struct mount *m, struct node n, struct stat *st);
	void (*setattr)(
		struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set);

	/* directories */
	int (*lookup)(struct mount *m, struct node n, const char *name, struct fuse_entry_param *e);
	void (*mkdir)(struct mount *m, fuse_req_t req, struct node n, const char *name);
	void (*rmdir)(struct mount *m, fuse_req_t req, struct node n, const char *name);
	void (*create)(struct mount *m, fuse_req_t req, struct node n, const char *name,
		const struct fuse_file_info *fi); /* @fi NULL: mknod(2) */
	void (*unlink)(struct mount *m, fuse_req_t req, struct node n, const char *name);
	void (*rename)(struct mount *m, fuse_req_t req, struct node n, const char *name,
		struct node to, const char *to_name, unsigned flags);
	int (*list)(struct mount *m, struct node n, struct listing *l);

	/* files */
	void (*open)(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi);
	void (*read)(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
		struct fuse_file_info *fi);
	void (*release)(struct mount *m, struct node n, struct fuse_file_info *fi);
	int (*readlink)(struct mount *m, struct node n, char *target, size_t size);
};

extern const struct node_ops *const node_ops[NODE_KINDS];
extern const struct fuse_lowlevel_ops fuse_table;

/* Fills what all nodes of that kind have in common; times are @time_ns. */
void attr_fill(const struct mount *m, struct node n, int64_t time_ns, struct stat *st);

/* Nanoseconds to a timespec and back; -EINVAL outside the years 1970 to 2261. */
struct timespec timespec_of(int64_t ns);
int moment_of(const struct timespec *time, int64_t *ret_ns);

/* Waits for no commit: answers with an entry or an error. */
void reply_entry(fuse_req_t req, int error, const struct fuse_entry_param *e);

/* Whether @name can be looked up: 0, -ENAMETOOLONG, or -ENOENT for what cannot exist. */
int name_lookup(const char *name);

#endif
