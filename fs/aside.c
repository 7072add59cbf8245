#include "fs/aside.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/reply.h"

struct aside_read {
	struct aside_read *next;
	fuse_req_t req;
	uid_t uid;
	int64_t round; /* in which it is its user's turn */
	struct node node;
	size_t size;
	off_t offset;
	struct fuse_file_info fi;
};

/*
 * In the order of rounds, and within one as they came.  A round has one read of each user; who
 * comes back joins the next one at the earliest, or a user with one thread would be served twice
 * before another with many is served again.
 */
static void insert(struct mount *m, struct aside_read *read)
{
	struct aside_read **link = &m->reads;

	read->round = m->reads_round + 1;
	for (const struct aside_read *other = m->reads; other; other = other->next)
		if (other->uid == read->uid && other->round >= read->round)
			read->round = other->round + 1;
	while (*link && (*link)->round <= read->round)
		link = &(*link)->next;
	read->next = *link;
	*link = read;
}

void aside_add(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	const struct fuse_file_info *fi)
{
	struct aside_read *read = malloc(sizeof(*read));

	if (!read) {
		reply_error(req, -ENOMEM);
		return;
	}
	*read = (struct aside_read){.req = req,
		.uid = fuse_req_ctx(req)->uid,
		.node = n,
		.size = size,
		.offset = offset,
		.fi = *fi};
	insert(m, read);
}

/* Its memory is the caller's now. */
static struct aside_read *take_first(struct mount *m)
{
	struct aside_read *read = m->reads;

	m->reads = read->next;
	m->reads_round = read->round;
	reply_begin(OPERATION_read);
	return read;
}

void aside_serve(struct mount *m)
{
	struct aside_read *read;

	if (!m->reads)
		return;
	read = take_first(m);
	node_ops[read->node.kind]->read(
		m, read->req, read->node, read->size, read->offset, &read->fi);
	free(read);
}

bool aside_waits(const struct mount *m)
{
	return m->reads != NULL;
}

void aside_close(struct mount *m)
{
	while (m->reads) {
		struct aside_read *read = take_first(m);

		reply_error(read->req, -EIO);
		free(read);
	}
}
