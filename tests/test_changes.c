#include "backend/backend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sqlite/writer.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

#define NS_PER_HOUR (3600 * NS_PER_SECOND)

/* Rows that one piece of trimming may remove. */
#define PIECE_MAX 20000

/* ---- the log of a served store ---- */

START_TEST(seqs_grow_by_one_whatever_is_refused_between)
{
	int64_t noma = make_place("noma");
	struct logged *log;

	for (int i = 0; i < 12; i++) {
		ck_assert_int_eq(mark(noma, "alice"), 0);
		ck_assert_int_eq(mark(noma, "alice"), 0);
		ck_assert_int_eq(unmark(noma, "bob"), -ENOENT);
		ck_assert_int_eq(mark(noma + 1, "alice"), -ENOENT);
		ck_assert_int_eq(unmark(noma, "alice"), 0);
		if (i % 4 == 0)
			serve_again();
	}
	ck_assert_uint_eq(read_log(fixture.reader, &log), 24);
	for (int i = 0; i < 24; i++) {
		ck_assert_int_eq(log[i].position.seq, i + 1);
		ck_assert_int_eq(log[i].op, i % 2 ? LOG_REMOVE : LOG_ADD);
	}
	free(log);
	ck_assert_int_eq(store_committed(fixture.store), 24);
}
END_TEST

START_TEST(time_never_falls_when_the_clock_is_set_back)
{
	static const int64_t clocks[] = {
		0, NS_PER_HOUR, -NS_PER_HOUR, 1, -NS_PER_DAY, NS_PER_HOUR, NS_PER_HOUR + 1, 0};
	int64_t noma = make_place("noma"), before_ns = 0;
	struct logged *log;

	for (size_t i = 0; i < COUNT(clocks); i++) {
		fixture_clock_ns = START_NS + clocks[i];
		ck_assert_int_eq(i % 2 ? unmark(noma, "alice") : mark(noma, "alice"), 0);
		if (i % 3 == 2)
			serve_again();
	}
	ck_assert_uint_eq(read_log(fixture.reader, &log), COUNT(clocks));
	for (size_t i = 0; i < COUNT(clocks); i++) {
		ck_assert_int_ge(log[i].time_ns, before_ns);
		ck_assert_int_ge(log[i].time_ns, START_NS + clocks[i]);
		before_ns = log[i].time_ns;
	}
	ck_assert_int_eq(before_ns, START_NS + NS_PER_HOUR + 1);
	/* The favourite itself is of the moment that the clock showed. */
	ck_assert_int_eq(log[4].created_ns, START_NS - NS_PER_DAY);
	free(log);
}
END_TEST

START_TEST(each_change_has_its_old_and_its_new_image)
{
	int64_t noma = make_place("noma");
	static const struct {
		enum log_op op;
		int64_t created_ns;
		int64_t previous_ns;
	} expected[] = {
		{LOG_ADD, START_NS, MOMENT_NONE},
		{LOG_UPDATE, 0, START_NS},
		{LOG_UPDATE, 5, 0},
		{LOG_REMOVE, MOMENT_NONE, 5},
	};
	struct logged *log;

	ck_assert_int_eq(mark(noma, "zoë"), 0);
	ck_assert_int_eq(set_created(favorite_of(noma, "zoë").id, 0), 0);
	ck_assert_int_eq(set_created(favorite_of(noma, "zoë").id, 5), 0);
	ck_assert_int_eq(unmark(noma, "zoë"), 0);
	ck_assert_uint_eq(read_log(fixture.reader, &log), COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		ck_assert_int_eq(log[i].op, expected[i].op);
		ck_assert_int_eq(log[i].created_ns, expected[i].created_ns);
		ck_assert_int_eq(log[i].previous_ns, expected[i].previous_ns);
		ck_assert_str_eq(log[i].restaurant, "noma");
		ck_assert_str_eq(log[i].user, "zoë");
	}
	free(log);
}
END_TEST

struct few {
	int64_t first;
	int count;
	int result;
};

static int take_few(void *arg, const struct log_entry *entry)
{
	struct few *few = arg;

	if (!few->count++)
		few->first = entry->position.seq;
	return few->result;
}

START_TEST(the_log_is_shown_from_a_seq_on_and_as_far_as_wanted)
{
	struct few few = {.result = 0};

	mark_many(make_place("noma"), "u", 50);
	ck_assert_int_eq(reader_log(fixture.reader, 20, 7, take_few, &few), 0);
	ck_assert_int_eq(few.first, 21);
	ck_assert_int_eq(few.count, 7);
	few = (struct few){.result = 0};
	ck_assert_int_eq(reader_log(fixture.reader, 45, 100, take_few, &few), 0);
	ck_assert_int_eq(few.count, 5);
	few = (struct few){.result = 0};
	ck_assert_int_eq(reader_log(fixture.reader, 50, 100, take_few, &few), 0);
	ck_assert_int_eq(few.count, 0);
	few = (struct few){.result = -ECANCELED};
	ck_assert_int_eq(reader_log(fixture.reader, 0, 100, take_few, &few), -ECANCELED);
	ck_assert_int_eq(few.count, 1);
}
END_TEST

START_TEST(a_scan_shows_every_favourite_once_with_the_position_of_that_moment)
{
	int64_t noma = make_place("noma");
	struct few few = {.result = 0};
	struct position position = {0};
	struct logged *log;

	mark_many(noma, "u", 50);
	ck_assert_int_eq(unmark(noma, "u7"), 0);
	ck_assert_int_eq(reader_scan(fixture.reader, take_few, &few, &position), 0);
	ck_assert_int_eq(few.count, 49);
	ck_assert_int_eq(position.seq, 51);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 51);
	ck_assert_int_eq(position.tag, log[50].position.tag);
	free(log);
	ck_assert_int_eq(reader_log_follows(fixture.reader, &position), 0);
}
END_TEST

/* ---- whether the log follows ---- */

static int follows(int64_t seq, int64_t tag)
{
	struct position position = {seq, tag};

	return reader_log_follows(fixture.reader, &position);
}

START_TEST(a_log_follows_the_start_and_each_of_its_own_positions)
{
	struct logged *log;

	ck_assert_int_eq(follows(0, 0), 0);
	mark_many(make_place("noma"), "u", 20);
	ck_assert_int_eq(follows(0, 0), 0);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 20);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(follows(log[i].position.seq, log[i].position.tag), 0);
	free(log);
}
END_TEST

START_TEST(a_log_does_not_follow_a_foreign_or_a_future_position)
{
	struct logged *log;

	mark_many(make_place("noma"), "u", 20);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 20);
	ck_assert_int_eq(follows(10, log[9].position.tag + 1), -ESTALE);
	ck_assert_int_eq(follows(20, log[9].position.tag), -ESTALE);
	ck_assert_int_eq(follows(21, log[19].position.tag), -ESTALE);
	ck_assert_int_eq(follows(INT64_MAX, 0), -ESTALE);
	free(log);
}
END_TEST

START_TEST(two_stores_give_the_same_seqs_other_tags)
{
	struct logged *first, *second;
	int same = 0;

	mark_many(make_place("noma"), "u", 20);
	ck_assert_uint_eq(read_log(fixture.reader, &first), 20);
	serve_end();
	remove_database("favorites.db");
	serve();
	mark_many(make_place("noma"), "u", 20);
	ck_assert_uint_eq(read_log(fixture.reader, &second), 20);
	for (int i = 0; i < 20; i++)
		same += first[i].position.tag == second[i].position.tag;
	ck_assert_int_lt(same, 3);
	free(first);
	free(second);
}
END_TEST

/* ---- the writer alone: a log as it is wanted ---- */

static struct store *store;
static struct writer writer;

/* A store that is not served, and its one writer. */
static void open_writer(void)
{
	serve();
	serve_end();
	store = open_reading();
	ck_assert_int_eq(writer_open(store, &writer), 0);
	ck_assert_int_eq(reader_open(store, &fixture.reader), 0);
}

static void close_writer(void)
{
	reader_close(fixture.reader);
	fixture.reader = NULL;
	writer_close(&writer);
	store_close(store);
}

/* Logs @count changes, the clock going on by @step_ns before each. */
static void log_changes(int count, int64_t step_ns)
{
	ck_assert_int_eq(writer_begin(&writer), 0);
	for (int i = 0; i < count; i++) {
		fixture_clock_ns += step_ns;
		writer_tick(&writer);
		if (writer_log(&writer, LOG_ADD, 1, "noma", "alice", START_NS, MOMENT_NONE) < 0)
			ck_abort_msg("change %d", i);
	}
	ck_assert_int_eq(writer_commit(&writer), 0);
}

static int64_t oldest(void)
{
	return sql_number("favorites.db", "SELECT min(seq) FROM change");
}

static int64_t retained(void)
{
	return sql_number("favorites.db", "SELECT count(*) FROM change");
}

static struct position position_at(int64_t seq)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "SELECT tag FROM change WHERE seq = %" PRId64, seq);
	return (struct position){seq, sql_number("favorites.db", sql)};
}

/* All that can be trimmed when the counts are at @seq; in how many pieces. */
static int trim(int64_t seq)
{
	struct position applied = position_at(seq);
	bool more = false;
	int pieces = 0;

	do {
		int64_t before = retained();

		ck_assert_int_eq(writer_trim(&writer, &applied, &more), 0);
		ck_assert_int_le(before - retained(), PIECE_MAX);
		pieces += before != retained();
	} while (more);
	return pieces;
}

START_TEST(a_transaction_rolled_back_leaves_no_gap)
{
	open_writer();
	log_changes(3, 1);
	ck_assert_int_eq(writer_begin(&writer), 0);
	ck_assert_int_eq(writer_log(&writer, LOG_ADD, 1, "noma", "bob", START_NS, MOMENT_NONE), 0);
	writer_rollback(&writer);
	log_changes(1, 1);
	ck_assert_int_eq(retained(), 4);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT max(seq) FROM change"), 4);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT next_seq = 5 AND end_bytes ="
						    " (SELECT end_bytes FROM change WHERE seq = 4)"
						    " FROM state"),
		1);
	close_writer();
}
END_TEST

START_TEST(nothing_is_trimmed_that_was_not_counted)
{
	open_writer();
	log_changes(100, NS_PER_SECOND);
	fixture_clock_ns += 1000 * NS_PER_DAY;
	ck_assert_int_eq(trim(0), 0);
	ck_assert_int_eq(oldest(), 1);
	(void)trim(40);
	ck_assert_int_eq(oldest(), 40); /* it vouches for the position */
	(void)trim(40);
	ck_assert_int_eq(retained(), 61);
	(void)trim(99);
	ck_assert_int_eq(oldest(), 99);
	close_writer();
}
END_TEST

START_TEST(the_change_at_the_position_itself_stays)
{
	struct position position;

	open_writer();
	log_changes(100, NS_PER_SECOND);
	position = position_at(100);
	fixture_clock_ns += 1000 * NS_PER_DAY;
	(void)trim(100);
	ck_assert_int_eq(retained(), 1);
	ck_assert_int_eq(reader_log_follows(fixture.reader, &position), 0);
	ck_assert_int_eq(follows(0, 0), -ESTALE);
	ck_assert_int_eq(follows(99, position.tag), -ESTALE);
	log_changes(1, 1);
	ck_assert_int_eq(oldest(), 100);
	close_writer();
}
END_TEST

START_TEST(what_is_younger_than_the_retention_stays)
{
	int64_t now_ns;

	fixture.retention_ns = 24 * NS_PER_HOUR;
	open_writer();
	log_changes(100, NS_PER_HOUR);
	now_ns = fixture_clock_ns;
	(void)trim(100);
	ck_assert_int_eq(oldest(), 76); /* exactly 24 hours old */
	ck_assert_int_eq(sql_number("favorites.db", "SELECT min(time_ns) FROM change"),
		now_ns - 24 * NS_PER_HOUR);
	close_writer();
}
END_TEST

START_TEST(a_log_is_trimmed_in_few_large_steps)
{
	int steps = 0;

	fixture.retention_ns = 24 * NS_PER_HOUR;
	open_writer();
	for (int i = 0; i < 240; i++) {
		log_changes(1, NS_PER_HOUR);
		steps += trim(i + 1);
		ck_assert_int_le(retained(), 24 + 24 / 4);
		ck_assert_int_ge(retained(), i < 24 ? i : 24);
	}
	ck_assert_int_ge(steps, 2);
	ck_assert_int_le(steps, 240 / 3);
	close_writer();
}
END_TEST

START_TEST(a_long_log_is_trimmed_in_bounded_pieces)
{
	open_writer();
	log_changes(2 * PIECE_MAX + 5000, 1000);
	fixture_clock_ns += 1000 * NS_PER_DAY;
	ck_assert_int_eq(trim(2 * PIECE_MAX + 5000), 3);
	ck_assert_int_eq(oldest(), 2 * PIECE_MAX + 5000);
	close_writer();
}
END_TEST

/* ---- trimming while the clock is behind the log ---- */

#define AHEAD_NS (4 * 365 * NS_PER_DAY)

/* @count changes, then one of a clock that was wrong for a moment. */
static void open_writer_behind(int count)
{
	fixture.retention_ns = 24 * NS_PER_HOUR;
	open_writer();
	log_changes(count, 1);
	log_changes(1, AHEAD_NS);
	fixture_clock_ns -= AHEAD_NS;
}

START_TEST(changes_that_carry_one_time_go_by_the_clock_nevertheless)
{
	open_writer_behind(10);
	for (int i = 0; i < 240; i++) {
		log_changes(1, NS_PER_HOUR);
		(void)trim(i + 12);
		ck_assert_int_le(retained(), 11 + 2 * 24 + 2);
		ck_assert_int_ge(retained(), i < 24 ? i : 24);
		ck_assert_int_eq(oldest() + retained(), i + 13);
	}
	ck_assert_int_le(retained(), 2 * 24 + 2);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT max(time_ns) - min(time_ns)"
						    " FROM change"),
		0);
	close_writer();
}
END_TEST

START_TEST(what_was_not_counted_stays_whatever_the_clock)
{
	struct position position;

	open_writer_behind(20);
	ck_assert_int_eq(trim(0), 0);
	log_changes(20, 1);
	position = position_at(41);
	fixture_clock_ns += 24 * NS_PER_HOUR + 1;
	ck_assert_int_eq(trim(0), 0);
	ck_assert_int_eq(trim(15), 1);
	ck_assert_int_eq(oldest(), 15); /* it vouches for the position */
	ck_assert_int_eq(trim(41), 1);
	ck_assert_int_eq(oldest(), 21); /* what was the newest then */
	ck_assert_int_eq(trim(41), 0);
	fixture_clock_ns += 24 * NS_PER_HOUR + 1;
	ck_assert_int_eq(trim(41), 1);
	ck_assert_int_eq(retained(), 1);
	ck_assert_int_eq(reader_log_follows(fixture.reader, &position), 0);
	close_writer();
}
END_TEST

START_TEST(what_was_not_there_a_retention_ago_stays_whatever_the_clock)
{
	open_writer_behind(20);
	ck_assert_int_eq(trim(21), 0);
	fixture_clock_ns += 24 * NS_PER_HOUR;
	ck_assert_int_eq(trim(21), 0); /* exactly 24 hours old */
	close_writer();
}
END_TEST

START_TEST(a_clock_that_is_set_back_twice_starts_again)
{
	open_writer_behind(20);
	fixture_clock_ns += AHEAD_NS / 2;
	ck_assert_int_eq(trim(21), 1);
	ck_assert_int_eq(oldest(), 21); /* it is younger than the clock */
	fixture_clock_ns -= AHEAD_NS / 2;
	log_changes(10, 1);
	ck_assert_int_eq(trim(31), 0);
	fixture_clock_ns += 24 * NS_PER_HOUR + 1;
	ck_assert_int_eq(trim(31), 1);
	ck_assert_int_eq(oldest(), 31);
	close_writer();
}
END_TEST

/* It was the clock before that was right: what was logged since is as young as it says. */
START_TEST(a_clock_that_gets_there_is_believed)
{
	open_writer_behind(20);
	log_changes(20, 1);
	ck_assert_int_eq(trim(41), 0);
	fixture_clock_ns += AHEAD_NS + NS_PER_HOUR;
	ck_assert_int_eq(trim(41), 1);
	ck_assert_int_eq(oldest(), 21);
	fixture_clock_ns -= 2 * NS_PER_HOUR;
	ck_assert_int_eq(trim(41), 0);
	ck_assert_int_eq(oldest(), 21);
	close_writer();
}
END_TEST

START_TEST(a_long_log_of_one_time_is_trimmed_in_bounded_pieces)
{
	open_writer_behind(2 * PIECE_MAX + 5000);
	log_changes(PIECE_MAX + 1, 1);
	ck_assert_int_eq(trim(3 * PIECE_MAX + 5002), 0);
	fixture_clock_ns += 24 * NS_PER_HOUR + 1;
	ck_assert_int_eq(trim(3 * PIECE_MAX + 5002), 4);
	ck_assert_int_eq(retained(), 1);
	close_writer();
}
END_TEST

/* ---- trimming by the committer ---- */

START_TEST(the_committer_trims_what_was_counted)
{
	int64_t noma = make_place("noma");

	mark_many(noma, "u", 30);
	(void)sync_derived();
	mark_many(noma, "v", 10);
	fixture_clock_ns += 3 * NS_PER_DAY;
	ck_assert_int_eq(mark(noma, "w"), 0);
	store_settle(fixture.store);
	ck_assert_int_eq(oldest(), 30);
	ck_assert_uint_eq(log_length(), 12);
	ck_assert(!sync_derived());
	ck_assert_int_eq(count_now("noma", window_named("all")), 41);
	fixture_clock_ns += 3 * NS_PER_DAY;
	ck_assert_int_eq(mark(noma, "x"), 0);
	store_settle(fixture.store);
	ck_assert_int_eq(oldest(), 41);
}
END_TEST

START_TEST(without_counts_nothing_is_trimmed)
{
	int64_t noma = make_place("noma");

	mark_many(noma, "u", 30);
	for (int i = 0; i < 2; i++) {
		fixture_clock_ns += 3 * NS_PER_DAY;
		ck_assert_int_eq(i ? unmark(noma, "w") : mark(noma, "w"), 0);
		store_settle(fixture.store);
	}
	ck_assert_uint_eq(log_length(), 32);
}
END_TEST

/* A trim of many pieces is under way. */
START_TEST(whoever_ends_waits_for_a_piece_and_not_for_all)
{
	const int pieces = 10;
	struct position newest;
	struct deriver deriver;

	open_writer();
	log_changes(pieces * PIECE_MAX, 1000);
	newest = position_at(pieces * PIECE_MAX);
	close_writer();
	fixture_clock_ns += 1000 * NS_PER_DAY;
	serve();
	deriver = deriver_open();
	ck_assert_int_eq(derived_begin(deriver.derived), 0);
	ck_assert_int_eq(derived_commit(deriver.derived, &newest), 0);
	deriver_close(&deriver);
	(void)make_place("noma");
	serve_end();
	ck_assert_int_gt(retained(), PIECE_MAX);
	ck_assert_int_lt(retained(), pieces * PIECE_MAX);
	serve();
	(void)make_place("dishoom");
	while (retained() > 1) /* it goes on where it was */
		store_settle(fixture.store);
}
END_TEST

/* As when an older favorites.db was restored beside a newer derived.db. */
START_TEST(counts_of_another_log_trim_nothing)
{
	int64_t noma = make_place("noma");
	struct deriver deriver;

	mark_many(noma, "u", 30);
	deriver = deriver_open();
	derive_one(&deriver, "noma", window_named("all"), 1, _i ? 1000 : 20);
	deriver_close(&deriver);
	fixture_clock_ns += 3 * NS_PER_DAY;
	ck_assert_int_eq(mark(noma, "w"), 0);
	store_settle(fixture.store);
	ck_assert_uint_eq(log_length(), 31);
}
END_TEST

/* ---- the length of the text ---- */

/* Compares each row with the sum of the lines up to it. */
static void assert_end_bytes(int64_t expected_rows)
{
	struct logged *log;
	size_t count = read_log(fixture.reader, &log);
	int64_t sum = 0, *ends = calloc(count, sizeof(*ends));
	sqlite3_stmt *rows = NULL;
	sqlite3 *db = NULL;

	ck_assert_int_eq((int64_t)count, expected_rows);
	ck_assert_int_eq(
		sqlite3_open_v2(store_file("favorites.db"), &db, SQLITE_OPEN_READONLY, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(
				 db, "SELECT end_bytes FROM change ORDER BY seq", -1, &rows, NULL),
		SQLITE_OK);
	for (size_t i = 0; i < count; i++) {
		char line[ORACLE_LINE_MAX];

		sum += (int64_t)oracle_line(&log[i], line);
		ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
		if (sqlite3_column_int64(rows, 0) != sum)
			ck_abort_msg("%" PRId64 " bytes up to here, not %lld: %s", sum,
				(long long)sqlite3_column_int64(rows, 0), line);
	}
	ck_assert_int_eq(sqlite3_finalize(rows), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT end_bytes FROM state"), sum);
	free(ends);
	free(log);
}

START_TEST(the_running_total_is_the_length_of_the_text)
{
	static const char *const users[] = {"a", "zoë", "\xf0\x9f\x8d\x95 fan", "x y"};
	char longest[NAME_BYTES_MAX + 1];
	int64_t noma = make_place("noma"), places[3];

	memset(longest, 'l', NAME_BYTES_MAX);
	longest[NAME_BYTES_MAX] = '\0';
	places[0] = noma;
	places[1] = make_place("Ça va");
	places[2] = make_place(longest);
	for (int i = 0; i < 30; i++) {
		int64_t place = places[i % 3];
		const char *user = i % 5 ? users[i % 4] : longest;
		struct favorite favorite;

		fixture_clock_ns += i % 7 ? NS_PER_HOUR + 1 : -NS_PER_SECOND;
		ck_assert_int_eq(mark(place, user), 0);
		favorite = favorite_of(place, user);
		ck_assert_int_eq(set_created(favorite.id, i % 2 ? i : MOMENT_NS_MAX - i), 0);
		ck_assert_int_eq(move_favorite(place, user, noma, "moved"), 0);
		ck_assert_int_eq(unmark(noma, "moved"), 0);
		if (i % 10 == 0)
			serve_again();
	}
	assert_end_bytes(150);
}
END_TEST

START_TEST(every_op_counts_with_its_length)
{
	open_writer();
	ck_assert_int_eq(writer_begin(&writer), 0);
	for (enum log_op op = LOG_ADD; op <= LOG_EXPIRE; op++)
		ck_assert_int_eq(writer_log(&writer, op, 1, "noma", "alice",
					 op == LOG_ADD || op == LOG_UPDATE ? START_NS : MOMENT_NONE,
					 op == LOG_ADD ? MOMENT_NONE : 0),
			0);
	ck_assert_int_eq(writer_commit(&writer), 0);
	assert_end_bytes(4);
	log_changes(1200, 1);
	assert_end_bytes(1204);
	close_writer();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("changes");
	TCase *log = fixture_case(suite, "log");
	TCase *trim_alone = fixture_case_bare(suite, "trim");
	TCase *trim_behind = fixture_case_bare(suite, "trim behind");
	TCase *trim_served = fixture_case(suite, "committer");
	TCase *bytes = fixture_case(suite, "bytes");

	tcase_add_test(log, seqs_grow_by_one_whatever_is_refused_between);
	tcase_add_test(log, time_never_falls_when_the_clock_is_set_back);
	tcase_add_test(log, each_change_has_its_old_and_its_new_image);
	tcase_add_test(log, the_log_is_shown_from_a_seq_on_and_as_far_as_wanted);
	tcase_add_test(log, a_scan_shows_every_favourite_once_with_the_position_of_that_moment);
	tcase_add_test(log, a_log_follows_the_start_and_each_of_its_own_positions);
	tcase_add_test(log, a_log_does_not_follow_a_foreign_or_a_future_position);
	tcase_add_test(log, two_stores_give_the_same_seqs_other_tags);

	tcase_add_test(trim_alone, a_transaction_rolled_back_leaves_no_gap);
	tcase_add_test(trim_alone, nothing_is_trimmed_that_was_not_counted);
	tcase_add_test(trim_alone, the_change_at_the_position_itself_stays);
	tcase_add_test(trim_alone, what_is_younger_than_the_retention_stays);
	tcase_add_test(trim_alone, a_log_is_trimmed_in_few_large_steps);
	tcase_add_test(trim_alone, a_long_log_is_trimmed_in_bounded_pieces);
	tcase_add_test(trim_alone, whoever_ends_waits_for_a_piece_and_not_for_all);
	tcase_add_test(trim_alone, every_op_counts_with_its_length);

	tcase_add_test(trim_behind, changes_that_carry_one_time_go_by_the_clock_nevertheless);
	tcase_add_test(trim_behind, what_was_not_counted_stays_whatever_the_clock);
	tcase_add_test(trim_behind, what_was_not_there_a_retention_ago_stays_whatever_the_clock);
	tcase_add_test(trim_behind, a_clock_that_is_set_back_twice_starts_again);
	tcase_add_test(trim_behind, a_clock_that_gets_there_is_believed);
	tcase_add_test(trim_behind, a_long_log_of_one_time_is_trimmed_in_bounded_pieces);

	tcase_add_test(trim_served, the_committer_trims_what_was_counted);
	tcase_add_test(trim_served, without_counts_nothing_is_trimmed);
	tcase_add_loop_test(trim_served, counts_of_another_log_trim_nothing, 0, 2);

	tcase_add_test(bytes, the_running_total_is_the_length_of_the_text);
	return fixture_run(suite);
}
