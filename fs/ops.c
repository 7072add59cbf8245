/*
 * ops.c - the FUSE requests, each handed to what its node can do.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/daemon.h"
#include "backend/log.h"
#include "fs/aside.h"
#include "fs/barrier.h"
#include "fs/listing.h"
#include "fs/reply.h"
#include "fs/request.h"
#include "fs/unlinker.h"

/* An empty slot is a refusal: EPERM for changes, ENOTDIR or EISDIR by the node's shape. */
const struct node_ops *const node_ops[NODE_KINDS] = {
	[NODE_ROOT] = &root_ops,
	[NODE_RESTAURANTS] = &restaurants_ops,
	[NODE_RESTAURANT] = &restaurant_ops,
	[NODE_FANS] = &fans_ops,
	[NODE_FAVORITE] = &favorite_ops,
	[NODE_COUNTS] = &counts_ops,
	[NODE_COUNT_DIR] = &count_dir_ops,
	[NODE_COUNT] = &count_ops,
	[NODE_RANKINGS] = &rankings_ops,
	[NODE_RANKING] = &ranking_ops,
	[NODE_ALIAS] = &alias_ops,
	[NODE_USERS] = &users_ops,
	[NODE_USER] = &user_ops,
	[NODE_FAVORITES] = &favorites_ops,
	[NODE_LINK] = &link_ops,
	[NODE_CHANGES] = &changes_ops,
	[NODE_IMPORT] = &import_ops,
	[NODE_STATUS] = &status_ops,
	[NODE_METRICS] = &metrics_ops,
};

/* ---- shared by the handlers ---- */

struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

int moment_of(const struct timespec *time, int64_t *ret_ns)
{
	if (time->tv_sec < 0 || time->tv_sec > MOMENT_NS_MAX / 1000000000)
		return -EINVAL;
	*ret_ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
	return 0;
}

void attr_fill(const struct mount *m, struct node n, int64_t time_ns, struct stat *st)
{
	struct timespec time = timespec_of(time_ns);

	*st = (struct stat){
		.st_ino = node_id(n),
		.st_mode = node_ops[n.kind]->mode,
		.st_nlink = 1,
		.st_uid = m->uid,
		.st_gid = m->gid,
		.st_blksize = 4096,
		.st_atim = time,
		.st_mtim = time,
		.st_ctim = time,
	};
}

void mount_import_error(struct mount *m, int64_t line, const char *why)
{
	m->import_error_line = line;
	(void)snprintf(m->import_error, sizeof(m->import_error), "%s", why);
}

int name_lookup(const char *name)
{
	return strlen(name) > NAME_BYTES_MAX ? -ENAMETOOLONG : 0;
}

static struct mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* The node and what it can do; NULL, and @req is answered, for an id that never was. */
static const struct node_ops *begin(
	enum operation operation, fuse_req_t req, fuse_ino_t ino, struct node *ret_node)
{
	struct node n = node_of(ino);

	reply_begin(operation);
	if (n.kind == NODE_KINDS) {
		reply_error(req, -ESTALE);
		return NULL;
	}
	*ret_node = n;
	return node_ops[n.kind];
}

/* ---- looking ---- */

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct mount *m = mount_of(req);
	struct fuse_entry_param e = {0};
	struct node n;
	const struct node_ops *ops = begin(OPERATION_lookup, req, parent, &n);
	int error;

	if (!ops)
		return;
	error = ops->lookup ? name_lookup(name) : -ENOTDIR;
	if (!error)
		error = ops->lookup(m, n, name, &e);
	if (error == -ENOENT && unlinker_asks(m->unlinker, req))
		error = fans_lookup_removed(m, n, name, &e);
	reply_entry(req, error, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct stat st;
	struct node n;
	const struct node_ops *ops = begin(OPERATION_getattr, req, ino, &n);
	int error;

	(void)fi;
	if (!ops)
		return;
	if (ops->answer_getattr) {
		ops->answer_getattr(m, req, n);
		return;
	}
	error = ops->getattr(m, n, &st);
	reply_attr(req, error, &st, ops->derived ? 0 : m->timeout_s);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char target[LINK_TARGET_MAX];
	struct node n;
	const struct node_ops *ops = begin(OPERATION_readlink, req, ino, &n);
	int error;

	if (!ops)
		return;
	error = ops->readlink ? ops->readlink(mount_of(req), n, target, sizeof(target)) : -EINVAL;
	reply_readlink(req, error, target);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct mount *m = mount_of(req);
	struct totals totals;
	struct statvfs space;
	int error = store_space(m->store, &space);

	(void)ino;
	reply_begin(OPERATION_statfs);
	if (!error)
		error = reader_totals(m->reader, &totals);
	if (error) {
		reply_error(req, error);
		return;
	}
	space.f_files = (fsfilcnt_t)(totals.favorites + totals.restaurants) + space.f_favail;
	space.f_ffree = space.f_favail;
	space.f_namemax = NAME_BYTES_MAX;
	reply_statfs(req, &space);
}

/* Calls a slot of (mount, req, node, ...), or refuses with @refusal. */
#define DISPATCH(operation, refusal, slot, req, ino, ...)                                          \
	do {                                                                                       \
		struct node n;                                                                     \
		const struct node_ops *ops = begin(operation, req, ino, &n);                       \
                                                                                                   \
		if (ops && ops->slot)                                                              \
			ops->slot(mount_of(req), req, n, ##__VA_ARGS__);                           \
		else if (ops)                                                                      \
			reply_error(req, refusal);                                                 \
	} while (0)

static void op_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set, struct fuse_file_info *fi)
{
	(void)fi;
	DISPATCH(OPERATION_setattr, -EPERM, setattr, req, ino, st, to_set);
}

/* ---- directories ---- */

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_opendir, req, ino, &n);

	if (!ops)
		return;
	if (ops->list)
		(void)reply_open(req, fi); /* nothing to take back */
	else
		reply_error(req, -ENOTDIR);
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *fi)
{
	struct node n;

	(void)fi;
	if (begin(OPERATION_readdir, req, ino, &n))
		listing_reply(mount_of(req), req, n, size, after, false);
}

static void op_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *fi)
{
	struct node n;

	(void)fi;
	if (begin(OPERATION_readdirplus, req, ino, &n))
		listing_reply(mount_of(req), req, n, size, after, true);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode; /* modes are fixed */
	DISPATCH(OPERATION_mkdir, -EPERM, mkdir, req, parent, name);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	DISPATCH(OPERATION_rmdir, -EPERM, rmdir, req, parent, name);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	DISPATCH(OPERATION_unlink, -EPERM, unlink, req, parent, name);
}

static void op_create(
	fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	(void)mode; /* modes are fixed */
	DISPATCH(OPERATION_create, -EPERM, create, req, parent, name, fi);
}

static void refuse(enum operation operation, fuse_req_t req)
{
	reply_begin(operation);
	reply_error(req, -EPERM);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)rdev;
	if (S_ISREG(mode))
		DISPATCH(OPERATION_mknod, -EPERM, create, req, parent, name, NULL);
	else
		refuse(OPERATION_mknod, req);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target;
	(void)parent;
	(void)name;
	refuse(OPERATION_symlink, req);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	(void)parent;
	(void)name;
	refuse(OPERATION_link, req);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
	const char *to_name, unsigned int flags)
{
	struct node to = node_of(to_parent);

	DISPATCH(OPERATION_rename, -EPERM, rename, req, parent, name, to, to_name, flags);
}

/* ---- files ---- */

/* O_TRUNC changes a file also where it is opened to be read. */
static bool is_to_change(const struct fuse_file_info *fi)
{
	return (fi->flags & O_ACCMODE) != O_RDONLY || fi->flags & O_TRUNC;
}

/*
 * A favourite can be opened for writing, for O_CREAT has to work; it refuses the write.  To empty
 * what is empty changes nothing.
 */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_open, req, ino, &n);

	if (!ops)
		return;
	if (!ops->open)
		reply_error(req, -EISDIR);
	else if (ops->derived && is_to_change(fi))
		reply_error(req, -EPERM);
	else
		ops->open(mount_of(req), req, n, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_read, req, ino, &n);

	if (!ops)
		return;
	if (!ops->read)
		reply_error(req, -EISDIR);
	else if (ops->rendered && size > ASIDE_BYTES)
		aside_add(mount_of(req), req, n, size, offset, fi);
	else
		ops->read(mount_of(req), req, n, size, offset, fi);
}

/* A favourite has no content; import has only this. */
static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_write, req, ino, &n);

	(void)offset; /* lines follow each other, wherever they are written to */
	if (ops && ops->write)
		ops->write(mount_of(req), req, data, size, fi);
	else if (ops)
		reply_error(req, -EPERM);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
	struct fuse_file_info *fi)
{
	(void)ino;
	(void)mode;
	(void)offset;
	(void)length;
	(void)fi;
	refuse(OPERATION_fallocate, req);
}

/* Answers when all that was answered early survives power loss. */
static void sync_all(struct mount *m, fuse_req_t req)
{
	struct request *r = request_new(m, req, CHANGE_SYNC, 0, NULL);

	if (r)
		request_submit(r);
}

/* Of a favourite that was made a moment ago: touch(1) may say so when it is closed. */
static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node n;
	const struct node_ops *ops = begin(OPERATION_flush, req, ino, &n);

	(void)fi;
	if (ops && n.kind == NODE_FAVORITE && !store_has(m->store, n.key))
		sync_all(m, req);
	else if (ops)
		reply_error(req, 0);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_release, req, ino, &n);

	if (!ops)
		return;
	if (ops->release)
		ops->release(mount_of(req), n, fi);
	reply_error(req, 0);
}

/* What is derived is waited for, the rest brought to the medium. */
static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node n;
	const struct node_ops *ops = begin(OPERATION_fsync, req, ino, &n);

	(void)datasync;
	(void)fi;
	if (ops && ops->derived)
		barrier_add(m, req);
	else if (ops && !m->read_only)
		sync_all(m, req);
	else if (ops)
		reply_error(req, 0);
}

/* One ENOSYS would turn polling off for the whole mount. */
static void op_poll(
	fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct fuse_pollhandle *handle)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_poll, req, ino, &n);

	if (ops && ops->poll) {
		reply_poll(req, ops->poll(mount_of(req), fi, handle));
		return;
	}
	if (ops)
		reply_poll(req, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	if (handle)
		fuse_pollhandle_destroy(handle);
}

/* ---- extended attributes ---- */

static bool is_user_name(const char *name)
{
	return !strncmp(name, "user.", strlen("user."));
}

/* Of security.* and system.*, which ls(1) asks for, there is nothing anywhere. */
static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	if (is_user_name(name)) {
		DISPATCH(OPERATION_getxattr, -ENODATA, getxattr, req, ino, name, size);
		return;
	}
	reply_begin(OPERATION_getxattr);
	reply_error(req, -EOPNOTSUPP);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct node n;
	const struct node_ops *ops = begin(OPERATION_listxattr, req, ino, &n);

	if (ops && ops->listxattr)
		ops->listxattr(mount_of(req), req, n, size);
	else if (ops)
		reply_xattr(req, NULL, 0, size);
}

static void op_setxattr(
	fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	if (is_user_name(name)) {
		DISPATCH(OPERATION_setxattr, -EPERM, setxattr, req, ino, name, value, size, flags);
		return;
	}
	reply_begin(OPERATION_setxattr);
	reply_error(req, -EOPNOTSUPP);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	if (is_user_name(name)) {
		DISPATCH(OPERATION_removexattr, -EPERM, removexattr, req, ino, name);
		return;
	}
	reply_begin(OPERATION_removexattr);
	reply_error(req, -EOPNOTSUPP);
}

/* ---- */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *m = userdata;

	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	conn->want &= ~(unsigned)FUSE_CAP_ASYNC_DIO; /* lines of an import come in order */
	/* One page more, for a buffer need not begin on a page. */
	conn->max_write = IMPORT_WRITE_BYTES_MAX + (unsigned)getpagesize();
	daemon_ready(m->ready_fd); /* the mount answers from here on */
	m->ready_fd = -1;
	log_open("favfs"); /* nobody reads stderr any more, perhaps */
}

const struct fuse_lowlevel_ops fuse_table = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.flush = op_flush,
	.release = op_release,
	.fsync = op_fsync,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.fsyncdir = op_fsync,
	.statfs = op_statfs,
	.create = op_create,
	.fallocate = op_fallocate,
	.setxattr = op_setxattr,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.removexattr = op_removexattr,
	.poll = op_poll,
};
