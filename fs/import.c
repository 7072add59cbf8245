/*
 * import.c - the file import: favourites in bulk.
 *
 * Each write is one change: all of its complete lines or none.  What follows the
 * last newline waits in the open file for the next write.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/array.h"
#include "backend/log.h"
#include "fs/import_line.h"
#include "fs/notifier.h"
#include "fs/reply.h"
#include "fs/request.h"

/* One open file.  Its writes come one at a time: the kernel holds the inode's lock. */
struct import_file {
	int64_t lines; /* taken so far */
	bool refused; /* the last write was, and its writer knows */
	struct cost cost;
	size_t rest_size; /* of a line whose end has not come yet */
	char rest[IMPORT_LINE_BYTES_MAX];
};

/* One write, until it is answered. */
struct import_write {
	struct change change; /* first: done gets its address */
	struct mount *mount;
	struct import_file *file;
	fuse_req_t req;
	size_t size; /* to be answered */
	size_t rest_at; /* in text */
	char *text; /* owned: what waited, and what came */
	size_t text_size;
	struct import_line *lines; /* owned; point into text */
	size_t lines_capacity;
	struct complaint why; /* what is wrong with a line */
	int error;
};

static void free_write(struct import_write *write)
{
	free(write->text);
	free(write->lines);
	free(write);
}

/* ---- attributes ---- */

static int import_getattr(struct mount *m, struct node n, struct stat *st)
{
	attr_fill(m, n, m->mounted_ns, st);
	return 0;
}

/* "> import" truncates, touch(1) sets times: there is nothing to change. */
static void import_setattr(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set)
{
	struct stat now;

	(void)st;
	(void)import_getattr(m, n, &now); /* cannot fail */
	if (to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		reply_error(req, -EPERM);
	else
		reply_attr(req, 0, &now, TIMEOUT_LONG_S);
}

/* ---- the open file ---- */

static void release(struct mount *m, struct import_file *file)
{
	shares_give(&m->shares, &file->cost);
	free(file);
}

static void import_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	bool refused = m->read_only && (fi->flags & O_ACCMODE) != O_RDONLY; /* see request_new */
	struct cost cost = {
		.uid = fuse_req_ctx(req)->uid, .memory_bytes = sizeof(struct import_file)};
	struct import_file *file = NULL;
	int error = refused ? -EROFS : shares_take(&m->shares, &cost);

	(void)n;
	if (!error)
		file = calloc(1, sizeof(*file));
	if (!file) {
		if (!error)
			shares_give(&m->shares, &cost);
		reply_error(req, error ? error : -ENOMEM);
		return;
	}
	file->cost = cost;
	fi->fh = (uintptr_t)file;
	fi->direct_io = 1; /* a write(2) arrives as it was made */
	fi->noflush = 1;
	if (reply_open(req, fi) < 0)
		release(m, file);
}

static void import_read(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	(void)m;
	(void)n;
	(void)size;
	(void)offset;
	(void)fi;
	reply_bytes(req, NULL, 0);
}

static void tell(struct mount *m, int64_t line, const char *why)
{
	mount_import_error(m, line, why);
	log_line(LOG_WARNING, "import: line %lld: %s", (long long)line, why);
}

static void import_release(struct mount *m, struct node n, struct fuse_file_info *fi)
{
	struct import_file *file = (struct import_file *)(uintptr_t)fi->fh;

	(void)n;
	if (file->rest_size && !file->refused)
		tell(m, file->lines + 1, "no newline at its end: dropped");
	release(m, file);
}

/* ---- a write ---- */

static int take_text(struct import_write *write, const char *data, size_t size)
{
	const struct import_file *file = write->file;

	write->text_size = file->rest_size + size;
	write->text = malloc(write->text_size + 1);
	if (!write->text)
		return -ENOMEM;
	memcpy(write->text, file->rest, file->rest_size);
	memcpy(write->text + file->rest_size, data, size);
	return 0;
}

static int take_line(struct import_write *write, char *text, size_t length)
{
	size_t count = write->change.line_count;
	int error = array_reserve(
		(void **)&write->lines, &write->lines_capacity, count, 1, sizeof(*write->lines));

	if (error)
		return error;
	error = import_line_parse(text, length, &write->lines[count], &write->why);
	if (error)
		tell(write->mount, write->file->lines + (int64_t)count + 1, write->why.text);
	else
		write->change.line_count++;
	return error;
}

static int take_lines(struct import_write *write)
{
	char *at = write->text, *end = write->text + write->text_size, *newline;
	int error = 0;

	while (!error && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		error = take_line(write, at, (size_t)(newline - at));
		at = newline + 1;
	}
	if (!error && end - at > IMPORT_LINE_BYTES_MAX) {
		tell(write->mount, write->file->lines + (int64_t)write->change.line_count + 1,
			"too long");
		error = -EINVAL;
	}
	write->rest_at = (size_t)(at - write->text);
	return error;
}

/* Committed, or there was nothing to commit: what is left waits for the next write. */
static void finish(struct import_write *write)
{
	struct import_file *file = write->file;

	file->refused = false;
	file->lines += (int64_t)write->change.line_count;
	file->rest_size = write->text_size - write->rest_at;
	memcpy(file->rest, write->text + write->rest_at, file->rest_size);
	reply_write(write->req, write->size);
	free_write(write);
}

static void refuse(struct import_write *write, int error)
{
	write->file->refused = true;
	reply_error(write->req, error);
	free_write(write);
}

static void answer(void *arg)
{
	struct import_write *write = arg;

	reply_begin(OPERATION_write);
	if (write->error)
		refuse(write, write->error);
	else
		finish(write);
}

/* The importer reads its own writes: its answer comes after what the kernel is told. */
static void done(struct change *change, int error, const union changed *after)
{
	struct import_write *write = (struct import_write *)change;

	(void)after;
	write->error = error;
	notifier_add_call(write->mount->notifier, answer, write);
}

static void submit(struct import_write *write)
{
	const struct fuse_ctx *caller = fuse_req_ctx(write->req);

	write->change.kind = CHANGE_IMPORT;
	write->change.uid = caller->uid;
	write->change.gid = caller->gid;
	write->change.lines = write->lines;
	write->change.done = done;
	store_submit(write->mount->store, &write->change);
}

static void import_write(
	struct mount *m, fuse_req_t req, const char *data, size_t size, struct fuse_file_info *fi)
{
	struct import_write *write = calloc(1, sizeof(*write));
	int error;

	if (!write) {
		reply_error(req, -ENOMEM);
		return;
	}
	write->mount = m;
	write->req = req;
	write->file = (struct import_file *)(uintptr_t)fi->fh;
	write->size = size;
	error = take_text(write, data, write->size);
	if (!error)
		error = take_lines(write);
	if (error)
		refuse(write, error);
	else if (write->change.line_count)
		submit(write);
	else
		finish(write);
}

const struct node_ops import_ops = {
	.mode = S_IFREG | 0600,
	.getattr = import_getattr,
	.setattr = import_setattr,
	.open = import_open,
	.read = import_read,
	.write = import_write,
	.release = import_release,
};
