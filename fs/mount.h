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
#include "fs/shares.h"

/* mount->timeout_s where nobody else writes. */
#define TIMEOUT_LONG_S 86400.0

/* A longer write to import comes in pieces: a short answer to one would end it. */
#define IMPORT_WRITE_BYTES_MAX ((size_t)512 * 1024)

/*
 * No read is larger: a read comes in as many pages as a write.  A shorter answer than was
 * asked for would tell the kernel that the file ends there.
 */
#define READ_BYTES_MAX (IMPORT_WRITE_BYTES_MAX + (size_t)64 * 1024)

/* "../../../restaurants/" and a name */
#define LINK_TARGET_MAX (21 + NAME_BYTES_MAX + 1)

struct aside_read;
struct barriers;
struct listing;
struct notifier;
struct open_ranking;
struct unlinker;

struct mount {
	struct fuse_session *session;
	struct store *store;
	struct reader *reader;
	uid_t uid; /* of who mounted */
	gid_t gid;
	bool read_only;
	bool relaxed;
	bool login_names;
	double timeout_s; /* how long the kernel may keep what only changes through itself */
	int64_t mounted_ns;
	int64_t began_ns; /* monotonic */
	int ready_fd; /* whom to tell that the mount answers; -1: nobody */
	struct barriers *barriers;
	struct aside_read *reads; /* put aside */
	int64_t reads_round; /* of the last that was taken from there */
	struct open_ranking *rankings; /* all that are open */
	struct open_ranking *rankings_next; /* where rankings_look goes on; NULL: nowhere */
	size_t rankings_waiting; /* those that somebody polls */
	bool rankings_rung; /* rankings_wake was called since that began */
	struct notifier *notifier;
	struct unlinker *unlinker; /* NULL: read only */
	struct shares shares; /* of open files */
	int64_t import_error_line; /* 0: none yet */
	char import_error[256];
};

/*
 * What a kind of node can do.  An empty slot is a refusal: EPERM for what would change
 * something, ENOTDIR or EISDIR by the node's shape.  Every call answers @req, once,
 * now or later.
 */
struct node_ops {
	mode_t mode; /* type and permissions */
	bool derived; /* fsync is a barrier */
	bool rendered; /* as it is read: much of it is put aside */

	int (*getattr)(struct mount *m, struct node n, struct stat *st);
	/* Where the kernel may not keep them as long as those of its kind; else empty. */
	void (*answer_getattr)(struct mount *m, fuse_req_t req, struct node n);
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
	void (*write)(struct mount *m, fuse_req_t req, const char *data, size_t size,
		struct fuse_file_info *fi);
	void (*release)(struct mount *m, struct node n, struct fuse_file_info *fi);
	/* The events of poll(2) now; keeps @handle to tell of later ones, or destroys it. */
	unsigned (*poll)(
		struct mount *m, struct fuse_file_info *fi, struct fuse_pollhandle *handle);
	int (*readlink)(struct mount *m, struct node n, char *target, size_t size);

	/* extended attributes */
	void (*getxattr)(
		struct mount *m, fuse_req_t req, struct node n, const char *name, size_t size);
	void (*listxattr)(struct mount *m, fuse_req_t req, struct node n, size_t size);
	void (*setxattr)(struct mount *m, fuse_req_t req, struct node n, const char *name,
		const char *value, size_t size, int flags);
	void (*removexattr)(struct mount *m, fuse_req_t req, struct node n, const char *name);
};

extern const struct node_ops *const node_ops[NODE_KINDS];
extern const struct fuse_lowlevel_ops fuse_table;

/* Fills what all nodes of that kind have in common; times are @time_ns. */
void attr_fill(const struct mount *m, struct node n, int64_t time_ns, struct stat *st);

/* Nanoseconds to a timespec and back; -EINVAL outside the years 1970 to 2261. */
struct timespec timespec_of(int64_t ns);
int moment_of(const struct timespec *time, int64_t *ret_ns);

/* What `status` says of the last line of an import that was not taken. */
void mount_import_error(struct mount *m, int64_t line, const char *why);

/* Whether @name can be looked up: 0, -ENAMETOOLONG, or -ENOENT for what cannot exist. */
int name_lookup(const char *name);

#endif
