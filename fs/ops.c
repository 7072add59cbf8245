/*
 * ops.c - the FUSE requests, each handed to what its node can do.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/daemon.h"
#include "backend/log.h"
#include "fs/barrier.h"
#include "fs/listing.h"

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

/* A reply may fail only because the caller is gone, and then nobody misses it. */
static void reply_error(fuse_req_t req, int error)
{
	(void)fuse_reply_err(req, -error);
}

void reply_entry(fuse_req_t req, int error, const struct fuse_entry_param *e)
{
	if (error)
		reply_error(req, error);
	else
		(void)fuse_reply_entry(req, e);
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
static const struct node_ops *find(fuse_req_t req, fuse_ino_t ino, struct node *ret_node)
{
	struct node n = node_of(ino);

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
	struct fuse_entry_param e = {0};
	struct node n;
	const struct node_ops *ops = find(req, parent, &n);
	int error;

	if (!ops)
		return;
	error = ops->lookup ? name_lookup(name) : -ENOTDIR;
	if (!error)
		error = ops->lookup(mount_of(req), n, name, &e);
	reply_entry(req, error, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);
	int error;

	(void)fi;
	if (!ops)
		return;
	error = ops->getattr(mount_of(req), n, &st);
	if (error)
		reply_error(req, error);
	else
		(void)fuse_reply_attr(req, &st, ops->derived ? 0 : TIMEOUT_LONG_S);
}

static void op_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);

	(void)fi;
	if (!ops)
		return;
	if (ops->setattr)
		ops->setattr(mount_of(req), req, n, st, to_set);
	else
		reply_error(req, -EPERM);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char target[NAME_BYTES_MAX + 1];
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);
	int error;

	if (!ops)
		return;
	error = ops->readlink ? ops->readlink(mount_of(req), n, target, sizeof(target)) : -EINVAL;
	if (error)
		reply_error(req, error);
	else
		(void)fuse_reply_readlink(req, target);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct mount *m = mount_of(req);
	struct totals totals;
	struct statvfs space;
	int error = store_space(m->store, &space);

	(void)ino;
	if (!error)
		error = reader_totals(m->reader, &totals);
	if (error) {
		reply_error(req, error);
		return;
	}
	space.f_files = (fsfilcnt_t)(totals.favorites + totals.restaurants) + space.f_favail;
	space.f_ffree = space.f_favail;
	space.f_namemax = NAME_BYTES_MAX;
	(void)fuse_reply_statfs(req, &space);
}

/* ---- directories ---- */

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);

	if (!ops)
		return;
	if (ops->list)
		(void)fuse_reply_open(req, fi);
	else
		reply_error(req, -ENOTDIR);
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *fi)
{
	(void)fi;
	listing_reply(mount_of(req), req, node_of(ino), size, after, false);
}

static void op_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *fi)
{
	(void)fi;
	listing_reply(mount_of(req), req, node_of(ino), size, after, true);
}

/* Calls a slot of (mount, req, node, ...), or refuses. */
#define DISPATCH(req, ino, slot, ...)                                                              \
	do {                                                                                       \
		struct node n;                                                                     \
		const struct node_ops *ops = find(req, ino, &n);                                   \
                                                                                                   \
		if (ops && ops->slot)                                                              \
			ops->slot(mount_of(req), req, n, __VA_ARGS__);                             \
		else if (ops)                                                                      \
			reply_error(req, -EPERM);                                                  \
	} while (0)

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode; /* modes are fixed */
	DISPATCH(req, parent, mkdir, name);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	DISPATCH(req, parent, rmdir, name);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	DISPATCH(req, parent, unlink, name);
}

static void op_create(
	fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	(void)mode; /* modes are fixed */
	DISPATCH(req, parent, create, name, fi);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)rdev;
	if (S_ISREG(mode))
		DISPATCH(req, parent, create, name, NULL);
	else
		reply_error(req, -EPERM);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target;
	(void)parent;
	(void)name;
	reply_error(req, -EPERM);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	(void)parent;
	(void)name;
	reply_error(req, -EPERM);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
	const char *to_name, unsigned int flags)
{
	struct node to = node_of(to_parent);

	DISPATCH(req, parent, rename, name, to, to_name, flags);
}

/* ---- files ---- */

/* A favourite can be opened for writing, for O_CREAT has to work; it refuses the write. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);

	if (!ops)
		return;
	if (!ops->open)
		reply_error(req, -EISDIR);
	else if (ops->derived && (fi->flags & O_ACCMODE) != O_RDONLY)
		reply_error(req, -EPERM);
	else
		ops->open(mount_of(req), req, n, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	DISPATCH(req, ino, read, size, offset, fi);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	(void)ino;
	(void)data;
	(void)size;
	(void)offset;
	(void)fi;
	reply_error(req, -EPERM); /* a favourite has no content */
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
	struct fuse_file_info *fi)
{
	(void)ino;
	(void)mode;
	(void)offset;
	(void)length;
	(void)fi;
	reply_error(req, -EPERM);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);

	if (!ops)
		return;
	if (ops->release)
		ops->release(mount_of(req), n, fi);
	reply_error(req, 0);
}

/* What is acknowledged is on the medium already; what is derived from it is waited for. */
static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct node n;
	const struct node_ops *ops = find(req, ino, &n);

	(void)datasync;
	(void)fi;
	if (ops && ops->derived)
		barrier_add(mount_of(req), req);
	else if (ops)
		reply_error(req, 0);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *m = userdata;

	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
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
	.release = op_release,
	.fsync = op_fsync,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.fsyncdir = op_fsync,
	.statfs = op_statfs,
	.create = op_create,
	.fallocate = op_fallocate,
};
