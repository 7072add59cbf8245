#include "fs/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/clock.h"

/* Both guarded by touches_lock. */
static pthread_mutex_t touches_lock = PTHREAD_MUTEX_INITIALIZER;
static struct histogram touches;

void request_touches(struct histogram *ret_histogram)
{
	(void)pthread_mutex_lock(&touches_lock);
	*ret_histogram = touches;
	(void)pthread_mutex_unlock(&touches_lock);
}

static void count_touch(const struct request *r)
{
	if (r->change.kind != CHANGE_MARK)
		return;
	(void)pthread_mutex_lock(&touches_lock);
	histogram_add(&touches, clock_monotonic_ns() - r->began_ns);
	(void)pthread_mutex_unlock(&touches_lock);
}

void request_free(struct request *r)
{
	free(r->value);
	free(r);
}

static void answer(struct request *r)
{
	reply_begin(r->operation);
	if (r->error || !r->reply)
		reply_error(r->req, r->error);
	else
		r->reply(r, &r->after);
	count_touch(r);
	request_free(r);
}

static void done(struct change *change, int error, const union changed *after)
{
	struct request *r = (struct request *)change;

	r->error = error == -EDQUOT ? -ENOSPC : error; /* what setxattr(2) says */
	if (after)
		r->after = *after;
	answer(r);
}

struct request *request_new(
	const struct mount *m, fuse_req_t req, enum change_kind kind, int64_t id, const char *name)
{
	struct request *r = NULL;
	int error = name ? name_check(name) : 0;

	if (m->read_only) /* the kernel refuses, too, but lets root remount with rw */
		error = -EROFS;
	if (!error)
		r = calloc(1, sizeof(*r));
	if (!r) {
		reply_error(req, error ? error : -ENOMEM);
		return NULL;
	}
	r->mount = m;
	r->req = req;
	r->operation = reply_operation();
	r->began_ns = clock_monotonic_ns();
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
