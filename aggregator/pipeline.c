#include "aggregator/pipeline.h"

#include <errno.h>

#include "backend/clock.h"

/* Deltas held while counting anew, before they are added to the counts. */
#define REBUILD_DELTAS_MAX 200000

int pipeline_init(struct pipeline *pipeline, struct store *store, struct reader *reader,
	struct derived *derived)
{
	*pipeline = (struct pipeline){
		.reader = reader,
		.derived = derived,
		.batch = {.kinds = store_windows(store)},
	};
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

/* ---- counting anew ---- */

static int count_favorite(void *arg, const struct log_entry *entry)
{
	struct pipeline *pipeline = arg;
	int error = batch_add(&pipeline->batch, entry);

	if (!error && pipeline->batch.count > REBUILD_DELTAS_MAX)
		error = batch_apply(&pipeline->batch, pipeline->derived, clock_realtime_ns());
	return error;
}

static int rebuild(struct pipeline *pipeline)
{
	struct position position = {0};
	int error = derived_begin(pipeline->derived);

	if (error)
		return error;
	error = derived_clear(pipeline->derived);
	if (!error)
		error = reader_scan(pipeline->reader, count_favorite, pipeline, &position);
	error = commit(pipeline, error, &position);
	if (!error)
		pipeline->position = position;
	return error;
}

/* With nothing counted yet, there are never more favourites than changes that made them. */
static int follows(struct pipeline *pipeline)
{
	struct totals totals;
	int error = reader_log_follows(pipeline->reader, &pipeline->position);

	if (!error && pipeline->position.seq)
		error = derived_follows_zone(pipeline->derived);
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

static int take(void *arg, const struct log_entry *entry)
{
	struct pipeline *pipeline = arg;
	int error = batch_add(&pipeline->batch, entry);

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

int pipeline_step(struct pipeline *pipeline)
{
	struct position before = pipeline->position;
	int error;

	pipeline->read = 0;
	error = reader_look(pipeline->reader);
	if (!error)
		error = reader_log(
			pipeline->reader, before.seq, PIPELINE_CHANGES_MAX, take, pipeline);
	if (!error && pipeline->read == 0) /* who removes derived.db rings, too */
		return derived_look(pipeline->derived);
	if (!error)
		error = commit(pipeline, begin(pipeline, &before), &pipeline->position);
	if (!error)
		return (int)pipeline->read;
	batch_empty(&pipeline->batch);
	pipeline->position = before;
	return error;
}
