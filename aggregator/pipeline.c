#include "aggregator/pipeline.h"

#include <errno.h>

#include "backend/clock.h"

/*
 * So much is netted at once, before it is added to the counts; sorting takes as much again.  A
 * transaction may do that several times.
 */
#define BATCH_BYTES_MAX ((size_t)12 << 20)

/*
 * A transaction of those that wait in crowds shall take about so long at most, whatever the machine:
 * a mount that ends waits for it.  One that took longer is followed by shorter ones.
 */
#define STEP_NS INT64_C(2000000000)

#define LIMIT_FIRST 10000
#define LIMIT_MIN   100

/* How often, in favourites, to say how far it is. */
#define PROGRESS_EVERY 4096

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int pipeline_init(struct pipeline *pipeline, struct store *store, struct reader *reader,
	struct derived *derived, const struct pipeline_options *options)
{
	*pipeline = (struct pipeline){
		.options = *options,
		.reader = reader,
		.derived = derived,
		.batch = {.kinds = store_windows(store)},
	};
	if (!pipeline->options.changes_max)
		pipeline->options.changes_max = PIPELINE_CHANGES_MAX;
	pipeline->limit = least(LIMIT_FIRST, pipeline->options.changes_max);
	return derived_position(derived, &pipeline->position);
}

void pipeline_fini(struct pipeline *pipeline)
{
	batch_fini(&pipeline->batch);
}

static int commit(struct pipeline *pipeline, int error, const struct position *position)
{
	if (!error)
		error = batch_apply(&pipeline->batch, pipeline->derived, clock_realtime_ns());
	if (!error)
		return derived_commit(pipeline->derived, position);
	derived_rollback(pipeline->derived);
	return error;
}

static int absorb(struct pipeline *pipeline, const struct log_entry *entry)
{
	int error = batch_add(&pipeline->batch, entry);

	if (!error && batch_bytes(&pipeline->batch) > BATCH_BYTES_MAX)
		error = batch_apply(&pipeline->batch, pipeline->derived, clock_realtime_ns());
	return error;
}

/* ---- counting anew ---- */

static bool may_go_on(struct pipeline *pipeline)
{
	const struct pipeline_options *options = &pipeline->options;

	return !options->progress || options->progress(options->arg, pipeline->done, pipeline->all);
}

/* One whose moment cannot be lies in no window. */
static int count_favorite(void *arg, const struct log_entry *entry)
{
	struct pipeline *pipeline = arg;

	if (pipeline->done++ % PROGRESS_EVERY == 0 && !may_go_on(pipeline))
		return -ECANCELED;
	return moment_valid(entry->created_ns) ? absorb(pipeline, entry) : 0;
}

static int rebuild(struct pipeline *pipeline)
{
	struct position position = {0};
	struct totals totals;
	int error = reader_totals(pipeline->reader, &totals);

	if (!error)
		error = derived_begin(pipeline->derived);
	if (error)
		return error;
	pipeline->done = 0;
	pipeline->all = totals.favorites;
	error = derived_clear(pipeline->derived);
	if (!error)
		error = derived_recounted(pipeline->derived);
	if (!error)
		error = reader_scan(pipeline->reader, count_favorite, pipeline, &position);
	error = commit(pipeline, error, &position);
	if (error) {
		batch_empty(&pipeline->batch);
		return error;
	}
	pipeline->position = position;
	pipeline->recount_due = false;
	(void)may_go_on(pipeline); /* the last word */
	return 0;
}

/* With nothing counted yet, there are never more favourites than changes that made them. */
static int follows(struct pipeline *pipeline)
{
	struct totals totals;
	int error = reader_log_follows(pipeline->reader, &pipeline->position);

	if (!error && pipeline->position.seq)
		error = derived_follows_zone(pipeline->derived);
	if (!error)
		error = derived_is_recount_due(pipeline->derived) == 1 ? -ESTALE : 0;
	if (error || pipeline->position.seq)
		return error;
	error = reader_totals(pipeline->reader, &totals);
	return error ? error : totals.newest_seq ? -ESTALE : 0;
}

int pipeline_resume(struct pipeline *pipeline, bool *ret_rebuilt)
{
	int error = follows(pipeline);

	if (!error)
		*ret_rebuilt = false;
	if (error != -ESTALE)
		return error;
	error = rebuild(pipeline);
	if (!error)
		*ret_rebuilt = true;
	return error;
}

/* ---- the next changes ---- */

static int set_aside(struct pipeline *pipeline, int64_t seq, const char *why)
{
	pipeline->recount_due = true;
	return derived_set_aside(pipeline->derived, seq, why, clock_realtime_ns());
}

static int take(void *arg, const struct log_entry *entry)
{
	struct pipeline *pipeline = arg;
	int64_t expected = pipeline->position.seq + 1; /* seq grows by one: invariant 1 */
	const char *why = batch_refuses(entry);
	int error = 0;

	if (entry->position.seq != expected)
		error = set_aside(pipeline, expected, "missing");
	if (!error)
		error = why ? set_aside(pipeline, entry->position.seq, why)
			    : absorb(pipeline, entry);
	if (error)
		return error;
	pipeline->position = entry->position;
	pipeline->read++;
	return 0;
}

/* Whatever became of the lease: the counts must be where we left them (invariant 4). */
static int begin(struct pipeline *pipeline, const struct position *before)
{
	struct position now;
	int error = derived_begin(pipeline->derived);

	if (!error)
		error = derived_position(pipeline->derived, &now);
	if (!error && (now.seq != before->seq || now.tag != before->tag))
		error = -ESTALE;
	return error;
}

/* Twice as many or half as many, so that a transaction takes about as long as it should. */
static void adapt(struct pipeline *pipeline, int64_t took_ns)
{
	if (pipeline->read < pipeline->limit)
		return;
	if (took_ns > STEP_NS && pipeline->limit / 2 >= LIMIT_MIN)
		pipeline->limit /= 2;
	else if (took_ns < STEP_NS / 3)
		pipeline->limit = least(2 * pipeline->limit, pipeline->options.changes_max);
}

static int apply(struct pipeline *pipeline)
{
	struct position before = pipeline->position;
	bool due = pipeline->recount_due;
	int64_t began = clock_monotonic_ns();
	int error = begin(pipeline, &before);

	if (!error)
		error = reader_log(pipeline->reader, before.seq, pipeline->limit, take, pipeline);
	error = commit(pipeline, error, &pipeline->position);
	if (!error) {
		adapt(pipeline, clock_monotonic_ns() - began);
		return 0;
	}
	batch_empty(&pipeline->batch);
	pipeline->position = before;
	pipeline->recount_due = due;
	return error;
}

static int note_one(void *arg, const struct log_entry *entry)
{
	(void)entry;
	*(bool *)arg = true;
	return 0;
}

int pipeline_step(struct pipeline *pipeline)
{
	bool waits = false;
	int error = reader_look(pipeline->reader);

	pipeline->read = 0;
	if (!error)
		error = reader_log(pipeline->reader, pipeline->position.seq, 1, note_one, &waits);
	if (!error && waits)
		error = apply(pipeline);
	else if (!error && pipeline->recount_due)
		error = rebuild(pipeline);
	else if (!error) /* who removes derived.db rings, too */
		error = derived_look(pipeline->derived);
	return error ? error : (int)pipeline->read;
}

bool pipeline_is_behind(const struct pipeline *pipeline)
{
	return pipeline->read == pipeline->limit || pipeline->recount_due;
}
