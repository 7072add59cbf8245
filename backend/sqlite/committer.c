#include "backend/sqlite/committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/bell.h"
#include "backend/clock.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/derived.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/queue.h"
#include "backend/sqlite/syncer.h"
#include "backend/sqlite/writer.h"
#include "backend/thread.h"

/* How often, at most, to see whether the log is due for trimming. */
#define TRIM_LOOK_NS INT64_C(10000000000)

/* What takes longer than a commit. */
#define LONG_NS INT64_C(5000000)

/* After a failure, when to try again to remove what has expired. */
#define RETRY_NS INT64_C(1000000000)

/* I: set before the thread starts; L: under lock; C: committer's thread only; A: atomic. */
struct committer {
	const struct store *store; /* I */
	pthread_t thread; /* I */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue changes; /* L: what waits */
	struct queue imports; /* L: apart, for one takes long */
	bool import_was_last; /* C: or anything else that takes long */
	bool sleeping; /* L */
	bool busy; /* L: a batch is out of the queue and not yet answered */
	pthread_cond_t idle; /* neither waits nor is busy */
	bool closing; /* L */
	struct writer writer; /* C, but for its commits */
	int bell; /* C */
	struct syncer *syncer; /* I: who answers */
	int64_t trim_looked_ns; /* C */
	bool trimming; /* C: there was more to trim */
	_Atomic int64_t committed; /* A */
	pthread_mutex_t figures_lock;
	struct figures figures; /* guarded by figures_lock */
};

static bool is_empty(const struct committer *committer)
{
	return !committer->changes.first && !committer->imports.first;
}

void committer_submit(struct committer *committer, struct change *change)
{
	bool wake;

	if (change->kind == CHANGE_SYNC) { /* there is nothing to commit */
		change->next = NULL;
		change->error = 0;
		syncer_submit(committer->syncer, change);
		return;
	}

	(void)pthread_mutex_lock(&committer->lock);
	change->next = NULL;
	queue_append(
		change->kind == CHANGE_IMPORT ? &committer->imports : &committer->changes, change);
	wake = committer->sleeping;
	committer->sleeping = false;
	(void)pthread_mutex_unlock(&committer->lock);
	if (wake)
		(void)pthread_cond_signal(&committer->wake);
}

void committer_settle(struct committer *committer)
{
	(void)pthread_mutex_lock(&committer->lock);
	while (!is_empty(committer) || committer->busy)
		(void)pthread_cond_wait(&committer->idle, &committer->lock);
	(void)pthread_mutex_unlock(&committer->lock);
	syncer_settle(committer->syncer);
}

/* Sleeps until something comes or something expires: false for the latter. */
static bool sleep_until(struct committer *committer, int64_t expiry_ns)
{
	struct timespec until = {expiry_ns / 1000000000, expiry_ns % 1000000000};

	committer->sleeping = true;
	if (expiry_ns == INT64_MAX)
		return pthread_cond_wait(&committer->wake, &committer->lock) == 0;
	return pthread_cond_timedwait(&committer->wake, &committer->lock, &until) == 0;
}

/*
 * An import is a batch of its own, and takes its turn with all the others together: they wait
 * for one, never for two.
 */
static struct change *take_batch(struct committer *committer)
{
	bool import = committer->imports.first &&
		      (!committer->import_was_last || !committer->changes.first);

	committer->import_was_last = import;
	return import ? queue_take(&committer->imports, 1)
		      : queue_take(&committer->changes, BATCH_CHANGES_MAX);
}

/* NULL: something expires, there is more to trim, or (with closing) nothing will come any more. */
static struct change *wait_for_batch(struct committer *committer, bool *ret_closing)
{
	int64_t expiry_ns = syncer_failed(committer->syncer) ? INT64_MAX
							     : committer->writer.next_expiry_ns;
	struct change *batch;

	(void)pthread_mutex_lock(&committer->lock);
	committer->busy = false;
	if (is_empty(committer))
		(void)pthread_cond_broadcast(&committer->idle);
	while (is_empty(committer) && !committer->closing && !committer->trimming &&
		sleep_until(committer, expiry_ns))
		;
	*ret_closing = committer->closing && is_empty(committer);
	committer->sleeping = false;
	committer->busy = true;
	batch = take_batch(committer);
	(void)pthread_mutex_unlock(&committer->lock);
	return batch;
}

static bool is_idle(struct committer *committer)
{
	bool idle;

	(void)pthread_mutex_lock(&committer->lock);
	idle = is_empty(committer);
	(void)pthread_mutex_unlock(&committer->lock);
	return idle;
}

static bool has_changes(struct committer *committer)
{
	bool has;

	(void)pthread_mutex_lock(&committer->lock);
	has = committer->changes.first;
	(void)pthread_mutex_unlock(&committer->lock);
	return has;
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

static bool is_expiry_due(const struct committer *committer)
{
	return committer->writer.next_expiry_ns <= committer->store->now_ns();
}

static int commit(struct committer *committer, struct change *batch)
{
	struct writer *writer = &committer->writer;
	int error = syncer_failed(committer->syncer);

	if (!error)
		error = writer_begin(writer);
	if (error)
		return error;
	if (is_expiry_due(committer))
		error = writer_expire(writer);
	if (!error)
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
		syncer_fail(committer->syncer, error == -ENXIO ? "its name leads elsewhere"
							       : db_message(committer->writer.db));
	return error == -ENXIO ? -EIO : error;
}

static void count(struct committer *committer, const struct change *batch, int error,
	int64_t logged, int64_t ns)
{
	struct figures *figures = &committer->figures;
	uint64_t requests = 0, refused = 0;

	for (; batch; batch = batch->next) {
		requests++;
		refused += error || batch->error;
	}
	(void)pthread_mutex_lock(&committer->figures_lock);
	figures->commits += !error;
	figures->changes += (uint64_t)logged;
	figures->refused += refused;
	if (requests > figures->largest)
		figures->largest = requests;
	figures->last_error = error ? error : figures->last_error;
	histogram_add(&figures->commit, ns);
	(void)pthread_mutex_unlock(&committer->figures_lock);
}

void committer_figures(struct committer *committer, struct figures *ret_figures)
{
	(void)pthread_mutex_lock(&committer->figures_lock);
	*ret_figures = committer->figures;
	(void)pthread_mutex_unlock(&committer->figures_lock);
	ret_figures->failed = syncer_failed(committer->syncer);
	syncer_figures(committer->syncer, &ret_figures->sync);
}

/* Whoever keeps copies of what changed hears of it before those who changed it are answered. */
static void tell_effects(struct committer *committer)
{
	struct effects *effects = committer->writer.effects;

	committer->writer.effects = NULL;
	if (effects)
		committer->store->behind(committer->store->behind_arg, effects);
}

/* A bell that was removed is made again; a ring that is lost delays, never loses. */
static void ring(struct committer *committer)
{
	char path[PATH_MAX];

	store_path(committer->store, FAVORITES_BELL, path);
	(void)bell_ring_at(&committer->bell, path);
}

/* Takes out of the list those who need not wait for the medium, or wait in vain. */
static struct change *take_early(const struct committer *committer, struct change **batch)
{
	struct queue early, late;

	queue_init(&early);
	queue_init(&late);
	for (struct change *change = *batch, *next; change; change = next) {
		next = change->next;
		change->next = NULL;
		queue_append(change->early || change->error || committer->store->relaxed ? &early
											 : &late,
			change);
	}
	*batch = late.first;
	return early.first;
}

/*
 * A change that is alone, and has to wait for the medium, waits here: no other thread is woken.
 * Else each gets its answer as soon as may be, and the next batch is committed meanwhile.
 */
static void answer(struct committer *committer, struct change *batch)
{
	struct change *early;

	if (batch && !batch->next && !batch->early && !batch->error && !committer->store->relaxed &&
		is_idle(committer)) {
		syncer_run(committer->syncer, batch);
		return;
	}
	early = take_early(committer, &batch);
	syncer_submit(committer->syncer, batch);
	queue_answer(early, 0);
}

/* A batch may be empty: then only what has expired is removed. */
static void commit_batch(struct committer *committer, struct change *batch)
{
	struct writer *writer = &committer->writer;
	int64_t newest = writer->now.next_seq - 1, began = clock_monotonic_ns();
	int error = judge(committer, commit(committer, batch));

	if (error) /* what has expired waits a little rather than being tried without end */
		writer->next_expiry_ns = committer->store->now_ns() + RETRY_NS;
	count(committer, batch, error, writer->committed.next_seq - 1 - newest,
		clock_monotonic_ns() - began);
	tell_effects(committer);
	atomic_store(&committer->committed, writer->committed.next_seq - 1);
	syncer_committed(
		committer->syncer, (struct mark){writer->commits, writer->committed.next_favorite});
	if (error)
		queue_answer(batch, error);
	else
		answer(committer, batch); /* after the commit: invariant 2 */
	if (writer->committed.next_seq - 1 != newest)
		ring(committer);
}

/*
 * Log and database are synced in it, and of two threads that sync one file only one is told that
 * it failed: nothing is left for the syncer meanwhile.  It takes its turn like an import, so
 * that no change waits for both.
 */
static void bring_home(struct committer *committer)
{
	int64_t began = clock_monotonic_ns();

	syncer_make_safe(committer->syncer);
	if (!syncer_failed(committer->syncer))
		(void)judge(committer, writer_tidy(&committer->writer));
	if (clock_monotonic_ns() - began > LONG_NS)
		committer->import_was_last = true;
}

/* A piece of what is due. */
static void trim(struct committer *committer)
{
	int64_t now = committer->store->now_ns();
	bool more = committer->trimming;
	struct position applied;

	committer->trimming = false;
	if (syncer_failed(committer->syncer) ||
		(!more && now - committer->trim_looked_ns < TRIM_LOOK_NS &&
			now >= committer->trim_looked_ns))
		return;
	committer->trim_looked_ns = now;
	if (derived_applied(committer->store, &applied) == 0 &&
		judge(committer, writer_trim(&committer->writer, &applied, &more)) == 0)
		committer->trimming = more;
}

/* What may be done while nobody waits, or must be done although somebody does. */
static void tidy(struct committer *committer)
{
	if (!syncer_failed(committer->syncer) && writer_is_untidy(&committer->writer))
		bring_home(committer);
	trim(committer);
}

static void *run(void *arg)
{
	struct committer *committer = arg;
	struct change *batch;
	bool closing;

	while ((batch = wait_for_batch(committer, &closing)) || !closing) {
		if (batch || is_expiry_due(committer))
			commit_batch(committer, batch);
		if (!committer->import_was_last || !has_changes(committer))
			tidy(committer);
	}
	return NULL;
}

static void free_committer(struct committer *committer)
{
	if (committer->syncer)
		committer->writer.is_doubtful = syncer_failed(committer->syncer);
	syncer_close(committer->syncer);
	writer_close(&committer->writer);
	if (committer->bell >= 0)
		(void)close(committer->bell); /* holds no data */
	(void)pthread_cond_destroy(&committer->idle);
	(void)pthread_cond_destroy(&committer->wake);
	(void)pthread_mutex_destroy(&committer->figures_lock);
	(void)pthread_mutex_destroy(&committer->lock);
	free(committer);
}

static int open_syncer(struct committer *committer)
{
	struct writer *writer = &committer->writer;
	struct mark start = {writer->commits, writer->committed.next_favorite};

	return syncer_open(committer->store, writer_wal(writer), start, &committer->syncer);
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
	queue_init(&committer->changes);
	queue_init(&committer->imports);
	(void)pthread_mutex_init(&committer->lock, NULL); /* glibc: cannot fail */
	(void)pthread_mutex_init(&committer->figures_lock, NULL);
	(void)pthread_cond_init(&committer->wake, NULL);
	(void)pthread_cond_init(&committer->idle, NULL);
	store_path(store, FAVORITES_BELL, path);
	error = bell_open(path, &committer->bell);
	if (!error)
		error = writer_open(store, &committer->writer);
	if (!error)
		error = open_syncer(committer);
	atomic_init(&committer->committed, committer->writer.committed.next_seq - 1);
	if (!error) /* whoever was killed after a commit may not have rung */
		ring(committer);
	if (!error)
		error = thread_start(&committer->thread, run, committer);
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

uint64_t committer_commits(const struct committer *committer)
{
	return atomic_load(&((struct committer *)committer)->writer.commits);
}

bool committer_has(const struct committer *committer, int64_t favorite)
{
	return !committer || syncer_has(committer->syncer, favorite);
}
