#include "fs/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void done(struct change *change, int error, const union changed *after)
{
	struct request *r = (struct request *)change;

	if (error || !r->reply)
		(void)fuse_reply_err(r->req, -error); /* the caller may be gone */
	else
		r->reply(r, after);
	free(r);
}

struct request *request_new(
	const struct mount *m, fuse_req_t req, enum change_kind kind, int64_t id, const char *name)
{
	struct request *r = NULL;
	int error = name ? name_check(name) : 0;

	if (!error)
		r = calloc(1, sizeof(*r));
	if (!r) {
		(void)fuse_reply_err(req, error ? -error : ENOMEM); /* the caller may be gone */
		return NULL;
	}
	r->mount = m;
	r->req = req;
	r->change.kind = kind;
	r->change.id = id;
	r->change.done = done;
	if (name)
		strcpy(r->change.name, name); /* fits: checked */
	return r;
}

void request_submit(struct request *r)
{
	store_submit(r->mount->store, &r->change);
}
