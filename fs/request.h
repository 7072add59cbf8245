/*
 * request.h - requests that wait for a commit.
 *
 * A handler makes a request, fills in its change, and submits it; the answer goes out
 * from a thread of the store after the commit (invariant 2).  The loop does not wait.
 */
#ifndef FAVFS_REQUEST_H
#define FAVFS_REQUEST_H

#include "fs/mount.h"
#include "fs/reply.h"

struct request {
	struct change change; /* first: done gets its address */
	const struct mount *mount;
	fuse_req_t req;
	enum operation operation;
	int64_t began_ns; /* monotonic */
	int error; /* of the change */
	union changed after; /* what it left behind */
	void *value; /* owned: of an attribute */
	struct fuse_file_info fi; /* of a create */
	struct stat st; /* of an answer that was put off */
	double timeout_s;
	/* Answers success; NULL: with nothing but that.  On a thread of the store. */
	void (*reply)(struct request *r, const union changed *after);
};

/*
 * A request whose change has @kind, @id and @name.  Where there is no memory, or the
 * name cannot be one, it answers @req itself and returns NULL.
 */
struct request *request_new(
	const struct mount *m, fuse_req_t req, enum change_kind kind, int64_t id, const char *name);

/* Frees one that was not submitted; its @req is the caller's to answer. */
void request_free(struct request *r);

/* How long touches took so far. */
void request_touches(struct histogram *ret_histogram);

/* Hands it to the store, which owns it from here on. */
void request_submit(struct request *r);

#endif
