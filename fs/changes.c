/*
 * changes.c - the file changes: the retained log as text.
 *
 * Its node is the place, in the text of all changes ever, of the oldest line that was
 * retained when it was looked up.  So an open file keeps its offsets while the
 * log is trimmed, and its size is a subtraction.
 */
#include "fs/kinds.h"

#include <stdlib.h>

#include "fs/reply.h"

static void changes_attr(
	const struct mount *m, struct node n, const struct log_text *text, struct stat *st)
{
	attr_fill(m, n, text->changed_ns ? text->changed_ns : m->mounted_ns, st);
	st->st_size = text->end - n.key;
	st->st_blocks = (st->st_size + 511) / 512;
}

static int changes_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct log_text text;
	int error = reader_log_text(m->reader, &text);

	if (!error)
		changes_attr(m, n, &text, st);
	return error;
}

int changes_lookup(struct mount *m, struct fuse_entry_param *e)
{
	struct node n = {.kind = NODE_CHANGES};
	struct log_text text;
	int error = reader_log_text(m->reader, &text);

	if (error)
		return error;
	n.key = text.start;
	e->ino = node_id(n);
	changes_attr(m, n, &text, &e->attr);
	return 0;
}

/* Direct: the file grows, and what the kernel has of its end would be old. */
static void changes_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	(void)m;
	(void)n;
	fi->direct_io = 1;
	fi->noflush = 1;
	(void)reply_open(req, fi); /* nothing to take back */
}

static void changes_read(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	static char buffer[READ_BYTES_MAX]; /* the loop's: one read at a time */
	ssize_t got = 0;

	(void)fi;
	size = size < sizeof(buffer) ? size : sizeof(buffer);
	if (offset < INT64_MAX - n.key)
		got = reader_log_read(m->reader, n.key + offset, buffer, size);
	if (got < 0)
		reply_error(req, (int)got);
	else
		reply_bytes(req, buffer, (size_t)got);
}

const struct node_ops changes_ops = {
	.mode = S_IFREG | 0444,
	.derived = true,
	.rendered = true,
	.getattr = changes_getattr,
	.open = changes_open,
	.read = changes_read,
};
