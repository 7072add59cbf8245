#include "fs/reply.h"

#include <errno.h>

const char *const operation_names[OPERATION_COUNT] = {
#define X(name) #name,
	OPERATIONS(X)
#undef X
};

_Atomic uint64_t reply_counts[OPERATION_COUNT][2];

static _Thread_local enum operation current;

void reply_begin(enum operation operation)
{
	current = operation;
}

enum operation reply_operation(void)
{
	return current;
}

static void count(int error)
{
	(void)atomic_fetch_add_explicit(
		&reply_counts[current][error ? 1 : 0], 1, memory_order_relaxed);
}

void reply_error(fuse_req_t req, int error)
{
	count(error);
	(void)fuse_reply_err(req, -error);
}

void reply_entry(fuse_req_t req, int error, const struct fuse_entry_param *e)
{
	if (error) {
		reply_error(req, error);
		return;
	}
	count(0);
	(void)fuse_reply_entry(req, e);
}

void reply_attr(fuse_req_t req, int error, const struct stat *st, double timeout_s)
{
	if (error) {
		reply_error(req, error);
		return;
	}
	count(0);
	(void)fuse_reply_attr(req, st, timeout_s);
}

int reply_open(fuse_req_t req, const struct fuse_file_info *fi)
{
	count(0);
	return fuse_reply_open(req, fi);
}

void reply_create(fuse_req_t req, const struct fuse_entry_param *e, const struct fuse_file_info *fi)
{
	count(0);
	(void)fuse_reply_create(req, e, fi);
}

void reply_bytes(fuse_req_t req, const void *bytes, size_t size)
{
	count(0);
	(void)fuse_reply_buf(req, bytes, size);
}

void reply_write(fuse_req_t req, size_t size)
{
	count(0);
	(void)fuse_reply_write(req, size);
}

void reply_readlink(fuse_req_t req, int error, const char *target)
{
	if (error) {
		reply_error(req, error);
		return;
	}
	count(0);
	(void)fuse_reply_readlink(req, target);
}

void reply_statfs(fuse_req_t req, const struct statvfs *space)
{
	count(0);
	(void)fuse_reply_statfs(req, space);
}

void reply_xattr_size(fuse_req_t req, size_t length)
{
	count(0);
	(void)fuse_reply_xattr(req, length);
}

void reply_xattr(fuse_req_t req, const void *value, size_t length, size_t size)
{
	if (size == 0)
		reply_xattr_size(req, length);
	else if (size < length)
		reply_error(req, -ERANGE);
	else
		reply_bytes(req, value, length);
}

void reply_poll(fuse_req_t req, unsigned events)
{
	count(0);
	(void)fuse_reply_poll(req, events);
}
