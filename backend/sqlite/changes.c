/*
 * changes.c - the change log: written with the favourites, trimmed by age,
 * read by whoever derives something from it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/log_text.h"
#include "backend/sqlite/reader.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/writer.h"

/* A piece of trimming: rows of one transaction, a few milliseconds. */
#define TRIM_ROWS_MAX 20000

/* The name `changes` changes its inode with each trimming: do it in large steps. */
#define TRIM_SLACK(retention_ns) ((retention_ns) / 8)

int writer_log(struct writer *writer, enum log_op op, int64_t restaurant_id, const char *restaurant,
	const char *user, int64_t created_ns, int64_t previous_ns)
{
	struct counters *now = &writer->now;
	struct log_entry entry = {
		.position = {now->next_seq, nrand48(writer->random)},
		.time_ns = writer->clock_ns,
		.op = op,
		.restaurant_id = restaurant_id,
		.created_ns = created_ns,
		.previous_ns = previous_ns,
		.restaurant = restaurant,
		.user = user,
	};
	int error;

	if (entry.time_ns < now->last_ns) /* a clock set back: invariant 1 */
		entry.time_ns = now->last_ns;
	now->end_bytes += log_line_bytes(&entry);
	db_bind(writer->sql[W_CHANGE_ADD], "iiiimmiitt", entry.position.seq, entry.position.tag,
		entry.time_ns, (int64_t)op, created_ns, previous_ns, now->end_bytes, restaurant_id,
		restaurant, user);
	error = db_run(writer->sql[W_CHANGE_ADD]);
	now->next_seq++;
	now->last_tag = entry.position.tag;
	now->last_ns = entry.time_ns;
	return error;
}

/* ---- trimming ---- */

/* The first retained change from @seq on: 1 and both, 0 if there is none, or an error. */
static int change_from(struct writer *writer, int64_t seq, int64_t *ret_seq, int64_t *ret_time_ns)
{
	DB_SCOPED row = writer->sql[W_CHANGE_TIME];
	int found;

	db_bind(row, "i", seq);
	found = db_step(row);
	if (found == 1) {
		*ret_seq = sqlite3_column_int64(row, 0);
		*ret_time_ns = sqlite3_column_int64(row, 1);
	}
	return found;
}

/* The first seq in [@low, @high] that is not older than @cutoff_ns; time never falls. */
static int find_cut(
	struct writer *writer, int64_t low, int64_t high, int64_t cutoff_ns, int64_t *ret_seq)
{
	while (low < high) {
		int64_t middle = low + (high - low) / 2, seq = 0, time_ns = 0;
		int found = change_from(writer, middle, &seq, &time_ns);

		if (found < 0)
			return found;
		if (found && time_ns < cutoff_ns)
			low = seq + 1;
		else
			high = middle;
	}
	*ret_seq = low;
	return 0;
}

static int remove_before(struct writer *writer, int64_t seq)
{
	int error = writer_begin(writer);

	if (error)
		return error;
	db_bind(writer->sql[W_CHANGE_TRIM], "i", seq);
	error = db_run(writer->sql[W_CHANGE_TRIM]);
	if (!error)
		return writer_commit(writer);
	writer_rollback(writer);
	return error;
}

/* Counts of another log say nothing about this one (decision 7). */
static bool is_of_this_log(struct writer *writer, const struct position *position)
{
	DB_SCOPED row = writer->sql[W_CHANGE_TIME];

	db_bind(row, "i", position->seq);
	return db_step(row) == 1 && sqlite3_column_int64(row, 0) == position->seq &&
	       sqlite3_column_int64(row, 2) == position->tag;
}

/*
 * A clock that was set back leaves the log ahead of it: until it gets there all changes carry
 * one time (invariant 1), which tells no age.  So long the newest change of a moment is noted,
 * and when that is longer ago than the retention, what is before it may go: between one and
 * two retentions are kept.  The first seq that may not go by this, or 0.
 */
static int64_t aged_before(struct writer *writer, int64_t oldest, int64_t now_ns)
{
	struct log_mark *mark = &writer->mark;
	bool aged = mark->seq && now_ns - mark->at_ns > writer->store->retention_ns;

	if (writer->committed.last_ns <= now_ns)
		*mark = (struct log_mark){0}; /* the times tell */
	else if (!mark->seq || now_ns < mark->at_ns || (aged && oldest >= mark->seq))
		*mark = (struct log_mark){writer->committed.next_seq - 1, now_ns};
	else if (aged)
		return mark->seq;
	return 0;
}

int writer_trim(struct writer *writer, const struct position *applied, bool *more)
{
	bool going_on = *more;
	int64_t retention_ns = writer->store->retention_ns;
	int64_t now_ns = writer->store->now_ns(), cutoff_ns = now_ns - retention_ns;
	int64_t oldest, time_ns, cut, aged;
	int error = change_from(writer, 0, &oldest, &time_ns);

	*more = false;
	if (error != 1)
		return error;
	aged = aged_before(writer, oldest, now_ns);
	if (!going_on && !aged && time_ns >= cutoff_ns - TRIM_SLACK(retention_ns))
		return 0;
	if (!is_of_this_log(writer, applied))
		return 0;
	/* The change at the position itself stays: its tag vouches for the position. */
	error = find_cut(writer, oldest, applied->seq, cutoff_ns, &cut);
	if (!error && cut < aged)
		cut = aged < applied->seq ? aged : applied->seq;
	if (error || cut == oldest)
		return error;
	*more = cut > oldest + TRIM_ROWS_MAX;
	return remove_before(writer, *more ? oldest + TRIM_ROWS_MAX : cut);
}

/* ---- reading ---- */

void log_read_entry(sqlite3_stmt *row, struct log_entry *ret_entry)
{
	*ret_entry = (struct log_entry){
		.position = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)},
		.time_ns = sqlite3_column_int64(row, 2),
		.op = (enum log_op)sqlite3_column_int(row, 3),
		.created_ns = db_moment(row, 4),
		.previous_ns = db_moment(row, 5),
		.restaurant_id = sqlite3_column_int64(row, 6),
		.restaurant = (const char *)sqlite3_column_text(row, 7),
		.user = (const char *)sqlite3_column_text(row, 8),
	};
}

static int show_entries(sqlite3_stmt *row, each_log_entry *each, void *arg)
{
	struct log_entry entry;
	int found;

	while ((found = db_step(row)) == 1) {
		int result;

		log_read_entry(row, &entry);
		if (!entry.restaurant || !entry.user)
			return -ENOMEM;
		result = each(arg, &entry);
		if (result)
			return result;
	}
	return found;
}

int reader_log(struct reader *reader, int64_t after, int64_t limit, each_log_entry *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_CHANGES);

	db_bind(rows, "ii", after, limit);
	return show_entries(rows, each, arg);
}

/* Position 0 is before the first change there ever was. */
static int log_starts_at_first(struct reader *reader)
{
	DB_SCOPED row = reader_sql(reader, R_OLDEST);
	int found = db_step(row);

	if (found < 0)
		return found;
	return found == 1 && sqlite3_column_int64(row, 0) == 1 ? 0 : -ESTALE;
}

int reader_log_follows(struct reader *reader, const struct position *position)
{
	DB_SCOPED row = reader_sql(reader, R_CHANGE_TAG);
	int found;

	if (position->seq == 0)
		return log_starts_at_first(reader);
	db_bind(row, "i", position->seq);
	found = db_step(row);
	if (found < 0)
		return found;
	return found == 1 && sqlite3_column_int64(row, 0) == position->tag ? 0 : -ESTALE;
}

static int read_end(struct reader *reader, struct position *ret_position)
{
	DB_SCOPED row = reader_sql(reader, R_END);

	return rows_one_position(row, ret_position);
}

static int scan_rows(struct reader *reader, each_log_entry *each, void *arg)
{
	DB_SCOPED rows = reader_sql(reader, R_SCAN);

	return show_entries(rows, each, arg);
}

int reader_scan(
	struct reader *reader, each_log_entry *each, void *arg, struct position *ret_position)
{
	struct position end;
	int error = db_exec(reader->favorites, "BEGIN");

	if (error)
		return error;
	error = read_end(reader, &end);
	if (!error)
		error = scan_rows(reader, each, arg);
	(void)db_exec(reader->favorites, "COMMIT"); /* nothing was written */
	if (!error)
		*ret_position = end;
	return error;
}
