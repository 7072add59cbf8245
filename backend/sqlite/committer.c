#include "backend/sqlite/committer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/bell.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/derived.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/writer.h"

/* How often, at most, to see whether the log is due for trimming. */
#define TRIM_LOOK_NS INT64_C(10000000000)

/* I: set before the thread starts; L: under lock; C: committer's thread only; A: atomic. */
struct committer {
	const struct store *store; /* I */
	pthread_t thread; /* I */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct change *first; /* L: what waits, in order */
	struct change **last; /* L */
	bool sleeping; /* L */
	bool busy; /* L: a batch is out of the queue and not yet answered */
	pthread_cond_t idle; /* neither waits nor is busy */
	bool closing; /* L */
	struct writer writer; /* C */
	int bell; /* C */
	int failed; /* C: why nothing is acknowledged any more; 0: all is well */
	int64_t trim_looked_ns; /* C */
	bool trimming; /* C: there was more to trim */
	_Atomic int64_t committed; /* A */
};

void committer_submit(struct committer *committer, struct change *change)
{
	bool wake;

	change->next = NULL;
	(void)pthread_mutex_lock(&committer->lock);
	*committer->last = change;
	committer->last = &change->next;
	wake = committer->sleeping;
	committer->sleeping = false;
	(void)pthread_mutex_unlock(&committer->lock);
	if (wake)
		(void)pthread_cond_signal(&committer->wake);
}

void committer_settle(struct committer *committer)
{
	(void)pthread_mutex_lock(&committer->lock);
	while (committer->first || committer->busy)
		(void)pthread_cond_wait(&committer->idle, &committer->lock);
	(void)pthread_mutex_unlock(&committer->lock);
}

/* All that waits, or NULL: nothing will come any more. */
static struct change *wait_for_changes(struct committer *committer)
{
	struct change *batch;

	(void)pthread_mutex_lock(&committer->lock);
	committer->busy = false;
	if (!committer->first)
		(void)pthread_cond_broadcast(&committer->idle);
	while (!committer->first && !committer->closing) {
		committer->sleeping = true;
		(void)pthread_cond_wait(&committer->wake, &committer->lock);
	}
	committer->sleeping = false;
	committer->busy = true;
	batch = committer->first;
	committer->first = NULL;
	committer->last = &committer->first;
	(void)pthread_mutex_unlock(&committer->lock);
	return batch;
}

static bool is_idle(struct committer *committer)
{
	bool idle;

	(void)pthread_mutex_lock(&committer->lock);
	idle = !committer->first;
	(void)pthread_mutex_unlock(&committer->lock);
	return idle;
}

/* Cuts the batch after so many; returns the rest. */
static struct change *cut(struct change *batch, size_t most)
{
	struct change *rest;

	while (--most && batch->next)
		batch = batch->next;
	rest = batch->next;
	batch->next = NULL;
	return rest;
}

static int apply_all(struct committer *committer, struct change *batch)
{
	for (struct change *change = batch; change; change = change->next) {
		change->error = writer_apply(&committer->writer, change);
		if (change->error && !writer_is_refusal(change->error))
			return change->error;
	}
	return 0;
}

static int commit(struct committer *committer, struct change *batch)
{
	struct writer *writer = &committer->writer;
	int error = committer->failed;

	if (!error)
		error = writer_begin(writer);
	if (error)
		return error;
	error = apply_all(committer, batch);
	if (!error)
		return writer_commit(writer);
	writer_rollback(writer);
	return error;
}

/*
 * After a failed sync the kernel may have dropped what it could not write, and a
 * file that was replaced will never be found: nothing more may be acknowledged.
 */
static int judge(struct committer *committer, int error)
{
	int code = sqlite3_extended_errcode(committer->writer.db);

	if (error == -ENXIO ||
		(error && (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)))
		committer->failed = -EIO;
	return error == -ENXIO ? -EIO : error;
}

/* Frees nothing: a change is its submitter's again from within done. */
static void answer(struct change *batch, int error)
{
	for (struct change *change = batch, *next; change; change = next) {
		int result = error ? error : change->error;

		next = change->next;
		change->done(change, result, result ? NULL : &change->after);
	}
}

static void commit_batch(struct committer *committer, struct change *batch)
{
	int64_t newest = committer->writer.now.next_seq - 1;
	int error = judge(committer, commit(committer, batch));

	atomic_store(&committer->committed, committer->writer.committed.next_seq - 1);
	answer(batch, error); /* after the commit: invariant 2 */
	if (committer->writer.committed.next_seq - 1 != newest)
		(void)bell_ring(committer->bell); /* a lost ring delays, never loses */
}

/* What may be done while nobody waits, or must be done although somebody does. */
static void tidy(struct committer *committer)
{
	int64_t now = committer->store->now_ns();
	struct position applied;

	writer_tidy(&committer->writer);
	if (committer->failed ||
		(!committer->trimming && now - committer->trim_looked_ns < TRIM_LOOK_NS &&
			now >= committer->trim_looked_ns))
		return;
	committer->trim_looked_ns = now;
	committer->trimming = false;
	if (derived_applied(committer->store, &applied) == 0)
		(void)judge(
			committer, writer_trim(&committer->writer, &applied, &committer->trimming));
}

static void *run(void *arg)
{
	struct committer *committer = arg;
	struct change *batch, *rest;

	while ((batch = wait_for_changes(committer))) {
		for (; batch; batch = rest) {
			rest = cut(batch, BATCH_CHANGES_MAX);
			commit_batch(committer, batch);
		}
		do
			tidy(committer);
		while (committer->trimming && is_idle(committer));
	}
	return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct committer *committer)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&committer->thread, NULL, run, committer);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void free_committer(struct committer *committer)
{
	writer_close(&committer->writer);
	if (committer->bell >= 0)
		(void)close(committer->bell); /* holds no data */
	(void)pthread_cond_destroy(&committer->idle);
	(void)pthread_cond_destroy(&committer->wake);
	(void)pthread_mutex_destroy(&committer->lock);
	free(committer);
}

int committer_open(const struct store *store, struct committer **ret_committer)
{
	struct committer *committer = calloc(1, sizeof(*committer));
	char path[PATH_MAX];
	int error;

	if (!committer)
		return -ENOMEM;
	committer->store = store;
	committer->bell = -1;
	committer->last = &committer->first;
	(void)pthread_mutex_init(&committer->lock, NULL); /* glibc: cannot fail */
	(void)pthread_cond_init(&committer->wake, NULL);
	(void)pthread_cond_init(&committer->idle, NULL);
	store_path(store, FAVORITES_BELL, path);
	error = bell_open(path, &committer->bell);
	if (!error)
		error = writer_open(store, &committer->writer);
	atomic_init(&committer->committed, committer->writer.committed.next_seq - 1);
	if (!error)
		error = start_thread(committer);
	if (error) {
		free_committer(committer);
		return error;
	}
	*ret_committer = committer;
	return 0;
}

void committer_close(struct committer *committer)
{
	if (!committer)
		return;
	(void)pthread_mutex_lock(&committer->lock);
	committer->closing = true;
	(void)pthread_mutex_unlock(&committer->lock);
	(void)pthread_cond_signal(&committer->wake);
	(void)pthread_join(committer->thread, NULL);
	free_committer(committer);
}

int64_t committer_committed(const struct committer *committer)
{
	return committer ? atomic_load(&((struct committer *)committer)->committed) : 0;
}
