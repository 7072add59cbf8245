#include "fs/barrier.h"
#include "fs/reply.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/clock.h"

struct barrier {
	struct barrier *next;
	struct barrier **link; /* that points here */
	struct barriers *all;
	fuse_req_t req;
	int64_t seq; /* to be counted */
	int64_t deadline_ns; /* monotonic */
};

/* Oldest first, so deadlines and seqs grow along the list. */
struct barriers {
	struct barrier *first;
	struct barrier **last;
};

int barriers_open(struct barriers **ret_barriers)
{
	struct barriers *barriers = calloc(1, sizeof(*barriers));

	if (!barriers)
		return -ENOMEM;
	barriers->last = &barriers->first;
	*ret_barriers = barriers;
	return 0;
}

/* The one that *@link points to. */
static void take_out(struct barriers *barriers, struct barrier **link)
{
	struct barrier *barrier = *link;

	*link = barrier->next;
	if (barrier->next)
		barrier->next->link = link;
	else
		barriers->last = link;
	free(barrier);
}

static void answer_first(struct barriers *barriers, int error)
{
	fuse_req_t req = barriers->first->req;

	take_out(barriers, &barriers->first);
	fuse_req_interrupt_func(req, NULL, NULL);
	reply_error(req, error);
}

void barriers_close(struct barriers *barriers)
{
	while (barriers && barriers->first)
		answer_first(barriers, -EIO);
	free(barriers);
}

/* Its caller was killed.  What nobody waits for must not pile up. */
static void interrupt(fuse_req_t req, void *data)
{
	struct barrier *barrier = data;

	take_out(barrier->all, barrier->link);
	reply_begin(OPERATION_fsync);
	reply_error(req, -EINTR);
}

static int applied(struct mount *m, int64_t *ret_seq)
{
	struct position position;
	int error = reader_position(m->reader, &position);

	if (!error)
		*ret_seq = position.seq;
	return error;
}

/* What was acknowledged to anybody; whoever only reads takes what it sees committed. */
static int committed(struct mount *m, int64_t *ret_seq)
{
	struct totals totals;
	int error = 0;

	if (!m->read_only) {
		*ret_seq = store_committed(m->store);
		return 0;
	}
	error = reader_totals(m->reader, &totals);
	if (!error)
		*ret_seq = totals.newest_seq;
	return error;
}

void barrier_add(struct mount *m, fuse_req_t req)
{
	int64_t wanted = 0, seq = 0;
	struct barrier *barrier;
	int error = committed(m, &wanted);

	if (!error)
		error = applied(m, &seq);
	if (error || seq >= wanted) {
		reader_refresh(m->reader);
		reply_error(req, error);
		return;
	}
	barrier = calloc(1, sizeof(*barrier));
	if (!barrier) {
		reply_error(req, -ENOMEM);
		return;
	}
	*barrier = (struct barrier){.link = m->barriers->last,
		.all = m->barriers,
		.req = req,
		.seq = wanted,
		.deadline_ns = clock_monotonic_ns() + BARRIER_NS};
	*m->barriers->last = barrier;
	m->barriers->last = &barrier->next;
	fuse_req_interrupt_func(req, interrupt, barrier);
	/* One that rests goes on; one that sleeps may not know that derived.db was removed. */
	store_call_aggregator(m->store);
}

/* While an aggregator works, it may be counting all anew, nobody is told that none does. */
static void extend(struct mount *m, int64_t now)
{
	struct barrier *barrier = m->barriers->first;

	if (!barrier || barrier->deadline_ns > now || !store_aggregator(m->store))
		return;
	for (; barrier; barrier = barrier->next) /* all of them: they stay in order */
		barrier->deadline_ns = now + BARRIER_NS;
}

int64_t barriers_look(struct mount *m)
{
	struct barriers *barriers = m->barriers;
	int64_t now, seq = 0;
	int error;

	if (!barriers->first)
		return -1;
	reply_begin(OPERATION_fsync);
	error = applied(m, &seq);
	while (barriers->first && (error || barriers->first->seq <= seq)) {
		reader_refresh(m->reader); /* whoever waited must not see an older ranking */
		answer_first(barriers, error);
	}
	now = clock_monotonic_ns();
	extend(m, now);
	while (barriers->first && barriers->first->deadline_ns <= now)
		answer_first(barriers, -ETIMEDOUT);
	return barriers->first ? barriers->first->deadline_ns - now : -1;
}
