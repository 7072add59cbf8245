#include "backend/sqlite/syncer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "backend/clock.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/queue.h"
#include "backend/thread.h"

/* I: set before the thread starts; L: under lock; A: atomic. */
struct syncer {
	const struct store *store; /* I */
	sqlite3_file *log; /* I; used by one thread at a time: who set busy */
	pthread_t thread; /* I */
	bool relaxed; /* I: nobody waits but those who ask for it */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t idle; /* nobody waits, and it is not busy */
	struct queue waiting; /* L */
	struct mark committed; /* L */
	uint64_t synced; /* L: commits; of whoever is busy */
	bool sleeping; /* L */
	bool busy; /* L */
	bool closing; /* L */
	struct histogram figures; /* L */
	_Atomic int64_t safe_favorite; /* A: those below survive */
	_Atomic int failed; /* A */
};

void syncer_fail(struct syncer *syncer, const char *why)
{
	const struct store *store = syncer->store;

	if (!atomic_exchange(&syncer->failed, -EIO) && store->failed)
		store->failed(store->behind_arg, why);
}

int syncer_failed(const struct syncer *syncer)
{
	return atomic_load(&((struct syncer *)syncer)->failed);
}

/*
 * After a failed sync the kernel may have dropped what it could not write: a second one that
 * succeeds proves nothing.
 */
static void sync_log(struct syncer *syncer)
{
	int code = syncer->log->pMethods->xSync(syncer->log, SQLITE_SYNC_NORMAL);

	if (code != SQLITE_OK)
		syncer_fail(syncer, sqlite3_errstr(code));
}

/* With the lock held by whoever is busy, and for the time of the sync not. */
static void work(struct syncer *syncer)
{
	struct mark mark = syncer->committed;
	struct change *batch = queue_take(&syncer->waiting, SIZE_MAX);
	bool needed = mark.commits != syncer->synced;
	int64_t began;

	(void)pthread_mutex_unlock(&syncer->lock);
	began = clock_monotonic_ns();
	if (needed && !syncer_failed(syncer))
		sync_log(syncer);
	if (!syncer_failed(syncer))
		atomic_store(&syncer->safe_favorite, mark.next_favorite);
	began = clock_monotonic_ns() - began;
	queue_answer(batch, syncer_failed(syncer));
	(void)pthread_mutex_lock(&syncer->lock);
	syncer->synced = mark.commits;
	if (needed)
		histogram_add(&syncer->figures, began);
}

/* In relaxed mode commits wait for somebody who wants them to be safe. */
static bool has_work(const struct syncer *syncer)
{
	return syncer->waiting.first ||
	       (!syncer->relaxed && syncer->committed.commits != syncer->synced);
}

/* With the lock held.  What came meanwhile is the thread's. */
static void take_turn(struct syncer *syncer)
{
	syncer->busy = true;
	work(syncer);
	syncer->busy = false;
	if (!has_work(syncer))
		(void)pthread_cond_broadcast(&syncer->idle);
}

static void *run(void *arg)
{
	struct syncer *syncer = arg;

	(void)pthread_mutex_lock(&syncer->lock);
	while (!syncer->closing || has_work(syncer)) {
		if (has_work(syncer) && !syncer->busy) {
			take_turn(syncer);
			continue;
		}
		syncer->sleeping = true;
		(void)pthread_cond_wait(&syncer->wake, &syncer->lock);
		syncer->sleeping = false;
	}
	(void)pthread_mutex_unlock(&syncer->lock);
	return NULL;
}

/* Gives the lock back. */
static void hand_over(struct syncer *syncer)
{
	bool wake = syncer->sleeping && !syncer->busy && has_work(syncer);

	(void)pthread_mutex_unlock(&syncer->lock);
	if (wake)
		(void)pthread_cond_signal(&syncer->wake);
}

void syncer_submit(struct syncer *syncer, struct change *batch)
{
	(void)pthread_mutex_lock(&syncer->lock);
	queue_append(&syncer->waiting, batch);
	hand_over(syncer);
}

void syncer_run(struct syncer *syncer, struct change *batch)
{
	(void)pthread_mutex_lock(&syncer->lock);
	queue_append(&syncer->waiting, batch);
	if (has_work(syncer) && !syncer->busy)
		take_turn(syncer);
	hand_over(syncer);
}

void syncer_committed(struct syncer *syncer, struct mark mark)
{
	(void)pthread_mutex_lock(&syncer->lock);
	syncer->committed = mark;
	(void)pthread_mutex_unlock(&syncer->lock);
}

bool syncer_has(const struct syncer *syncer, int64_t favorite)
{
	return syncer->relaxed || favorite < atomic_load(&((struct syncer *)syncer)->safe_favorite);
}

/* With the lock held. */
static void wait_until_idle(struct syncer *syncer)
{
	while (syncer->busy || has_work(syncer))
		(void)pthread_cond_wait(&syncer->idle, &syncer->lock);
}

void syncer_settle(struct syncer *syncer)
{
	(void)pthread_mutex_lock(&syncer->lock);
	wait_until_idle(syncer);
	(void)pthread_mutex_unlock(&syncer->lock);
}

void syncer_make_safe(struct syncer *syncer)
{
	(void)pthread_mutex_lock(&syncer->lock);
	wait_until_idle(syncer);
	if (syncer->committed.commits != syncer->synced) /* relaxed: nobody has asked for it */
		take_turn(syncer);
	hand_over(syncer);
}

void syncer_figures(struct syncer *syncer, struct histogram *ret_sync)
{
	(void)pthread_mutex_lock(&syncer->lock);
	*ret_sync = syncer->figures;
	(void)pthread_mutex_unlock(&syncer->lock);
}

static void free_syncer(struct syncer *syncer)
{
	(void)pthread_cond_destroy(&syncer->idle);
	(void)pthread_cond_destroy(&syncer->wake);
	(void)pthread_mutex_destroy(&syncer->lock);
	free(syncer);
}

int syncer_open(
	const struct store *store, sqlite3_file *log, struct mark start, struct syncer **ret_syncer)
{
	struct syncer *syncer = calloc(1, sizeof(*syncer));
	int error;

	if (!syncer)
		return -ENOMEM;
	syncer->store = store;
	syncer->log = log;
	syncer->relaxed = store->relaxed;
	queue_init(&syncer->waiting);
	syncer->committed = start;
	syncer->synced = start.commits;
	atomic_init(&syncer->safe_favorite, start.next_favorite);
	(void)pthread_mutex_init(&syncer->lock, NULL); /* glibc: cannot fail */
	(void)pthread_cond_init(&syncer->wake, NULL);
	(void)pthread_cond_init(&syncer->idle, NULL);
	sync_log(syncer); /* what a killed one left there is shown to people from now on */
	error = syncer_failed(syncer);
	if (!error)
		error = thread_start(&syncer->thread, run, syncer);
	if (error) {
		free_syncer(syncer);
		return error;
	}
	*ret_syncer = syncer;
	return 0;
}

void syncer_close(struct syncer *syncer)
{
	if (!syncer)
		return;
	(void)pthread_mutex_lock(&syncer->lock);
	syncer->closing = true;
	(void)pthread_mutex_unlock(&syncer->lock);
	(void)pthread_cond_signal(&syncer->wake);
	(void)pthread_join(syncer->thread, NULL);
	free_syncer(syncer);
}
