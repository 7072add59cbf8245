#include "backend/backend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "backend/clock.h"
#include "backend/sqlite/snapshot.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

static struct deriver deriver;
static window_t all, month;
static int64_t seq;

static void set_up(void)
{
	deriver = deriver_open();
	all = window_named("all");
	month = window_named("2026-11");
}

static void tear_down(void)
{
	deriver_close(&deriver);
}

static void derive(const char *restaurant, window_t window, int64_t delta)
{
	derive_one(&deriver, restaurant, window, delta, ++seq);
	look();
}

static void derive_rows(const struct row *rows, size_t count)
{
	struct position position = {seq + 1, seq + 1};

	seq++;
	ck_assert_int_eq(derived_begin(deriver.derived), 0);
	for (size_t i = 0; i < count; i++)
		if (derived_add(deriver.derived, rows[i].name, all, rows[i].count, START_NS) < 0)
			ck_abort_msg("%s", rows[i].name);
	ck_assert_int_eq(derived_commit(deriver.derived, &position), 0);
	look();
}

/* Rows with many ties, and names of all lengths and alphabets; the caller frees them. */
static struct row *random_rows(size_t count)
{
	static const char *const parts[] = {
		"a", "b", "Z", "é", "café", "-", " ", "\xf0\x9f\x8d\x95"};
	struct row *rows = calloc(count + 1, sizeof(*rows));

	ck_assert_ptr_nonnull(rows);
	for (size_t i = 0; i < count; i++) {
		size_t length = 0;

		for (long more = random() % 6; more > 0; more--)
			length += (size_t)snprintf(rows[i].name + length, 16, "%s",
				parts[(size_t)random() % COUNT(parts)]);
		(void)snprintf(rows[i].name + length, 32, "%zu", i);
		rows[i].count = random() % 3 ? 1 + random() % 50 : 1 + random() % 1000000;
	}
	return rows;
}

static struct ranking_info info_of(window_t window)
{
	struct ranking_info info = {.version = -1};

	ck_assert_int_eq(reader_ranking(fixture.reader, window, &info), 0);
	return info;
}

static struct ranking *open_version(window_t window, int64_t version)
{
	struct ranking *ranking = NULL;

	ck_assert_int_eq(ranking_open(fixture.reader, window, version, &ranking), 0);
	return ranking;
}

static struct ranking *open_newest(window_t window)
{
	return open_version(window, info_of(window).version);
}

static void assert_text(struct ranking *ranking, const char *expected)
{
	size_t size;
	char *text = read_open_ranking(fixture.reader, ranking, &size);

	ck_assert_msg(strcmp(text, expected) == 0, "another text of %zu bytes", size);
	free(text);
}

/* ---- the text ---- */

START_TEST(equal_counts_share_a_rank_and_stand_in_byte_order_of_the_name)
{
	struct ranking *ranking;

	derive("wong-kei", all, 7);
	derive("st-john", all, 512);
	derive("taj-mahal", all, 1000);
	derive("noma", all, 512);
	derive("Zum Löwen", all, 7);
	derive("élan", all, 7);
	derive("gone", all, 3);
	derive("gone", all, -3);
	derive("elsewhere", month, 5000);
	ranking = open_newest(all);
	assert_text(ranking, "     1\t1000\ttaj-mahal\n"
			     "     2\t512\tnoma\n"
			     "     2\t512\tst-john\n"
			     "     4\t7\tZum Löwen\n"
			     "     4\t7\twong-kei\n"
			     "     4\t7\télan\n");
	ranking_close(ranking);
}
END_TEST

START_TEST(a_ranking_without_rows_is_empty)
{
	struct ranking *ranking = open_newest(all);
	char byte;

	ck_assert_int_eq(info_of(all).size_bytes, 0);
	ck_assert_int_eq(ranking_read(ranking, 0, &byte, 1), 0);
	ck_assert_int_eq(ranking_read(ranking, 100, &byte, 1), 0);
	derive("noma", all, 1);
	derive("noma", all, -1);
	ck_assert_int_eq(ranking_read(ranking, 0, &byte, 1), 0);
	ranking_close(ranking);
	ranking = open_newest(all);
	ck_assert_int_eq(info_of(all).size_bytes, 0);
	ck_assert_int_eq(ranking_read(ranking, 0, &byte, 1), 0);
	ranking_close(ranking);
	ck_assert_int_eq(info_of(month).size_bytes, 0);
}
END_TEST

START_TEST(a_rank_is_as_wide_as_the_number_of_rows_but_at_least_six)
{
	static const struct {
		const char *sql;
		const char *start;
	} widths[] = {
		{"UPDATE ranking SET rows = 999999", "     1\t5\tnoma\n"},
		{"UPDATE ranking SET rows = 1000000", "      1\t5\tnoma\n"},
		{"UPDATE ranking SET rows = 10000000", "       1\t5\tnoma\n"},
	};

	for (size_t i = 0; i < COUNT(widths); i++) {
		struct ranking *ranking;
		char line[64] = "";
		size_t length = strlen(widths[i].start);

		if (!i)
			derive("noma", all, 5);
		sql_run("derived.db", widths[i].sql);
		look();
		ranking = open_version(all, 0);
		ck_assert_int_eq(ranking_read(ranking, 0, line, length), (ssize_t)length);
		ck_assert_str_eq(line, widths[i].start);
		ranking_close(ranking);
	}
}
END_TEST

START_TEST(the_longest_name_and_the_largest_count_fit)
{
	struct row rows[2] = {{.count = INT64_MAX / 2}, {.count = 1, .name = "x"}};
	struct ranking *ranking;
	size_t size;
	char *expected;

	memset(rows[0].name, 'n', NAME_BYTES_MAX);
	derive_rows(rows, 2);
	expected = oracle_ranking(rows, 2, &size);
	ranking = open_newest(all);
	ck_assert_int_eq(info_of(all).size_bytes, (int64_t)size);
	assert_text(ranking, expected);
	ranking_close(ranking);
	free(expected);
}
END_TEST

static const size_t lengths[] = {0, 1, 2, 5, 9000, 60000};

/* A random piece reads as that piece of the whole. */
static void assert_piece(struct ranking *ranking, const char *whole, size_t size)
{
	static char buffer[300000];
	size_t offset = (size_t)random() % (size + 100);
	size_t want = (size_t)random() % (random() % 10 ? 5000 : sizeof(buffer));
	size_t left = offset < size ? size - offset : 0;
	ssize_t got;

	while ((got = ranking_read(ranking, (int64_t)offset, buffer, want)) == -EAGAIN)
		(void)reader_work(fixture.reader);
	if (got != (ssize_t)(want < left ? want : left))
		ck_abort_msg("%zd bytes of %zu at %zu of %zu", got, want, offset, size);
	if (got && memcmp(buffer, whole + offset, (size_t)got) != 0)
		ck_abort_msg("other bytes: %zu at %zu of %zu", want, offset, size);
}

START_TEST(pieces_read_at_random_are_those_of_the_whole_text)
{
	size_t count = lengths[_i], size;
	struct row *rows;
	struct ranking *ranking;
	char *expected;

	srandom(fixture_seed());
	rows = random_rows(count);
	derive_rows(rows, count);
	expected = oracle_ranking(rows, count, &size);
	ck_assert_int_eq(info_of(all).size_bytes, (int64_t)size);
	ck_assert_int_eq(info_of(all).rows, (int64_t)count);
	ranking = open_newest(all);
	for (int i = 0; i < 150; i++)
		assert_piece(ranking, expected, size);
	assert_text(ranking, expected);
	for (int i = 0; i < 50; i++)
		assert_piece(ranking, expected, size);
	ranking_close(ranking);
	free(expected);
	free(rows);
}
END_TEST

static int64_t cpu_ns(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* What all of it costs, read in pieces of so many bytes. */
static int64_t cost_of_reading(struct ranking *ranking, int64_t bytes, size_t piece)
{
	char *buffer = malloc(piece);
	int64_t began = cpu_ns();

	ck_assert_ptr_nonnull(buffer);
	for (int64_t at = 0; at < bytes; at += (int64_t)piece)
		if (ranking_read(ranking, at, buffer, piece) <= 0)
			ck_abort_msg("nothing at %" PRId64, at);
	free(buffer);
	return cpu_ns() - began;
}

/* Looked up by their names; 30,000 that are gone through for each piece take 500 times as long. */
START_TEST(a_piece_of_a_long_tie_costs_no_more_than_its_own_rows)
{
	enum {
		TIED = 30000
	};
	struct row *rows = calloc(TIED, sizeof(*rows));
	struct ranking *ranking;
	int64_t whole, pieces, bytes;

	ck_assert_ptr_nonnull(rows);
	for (int i = 0; i < TIED; i++) {
		(void)snprintf(rows[i].name, sizeof(rows[i].name), "restaurant-%05d", i);
		rows[i].count = 1;
	}
	derive_rows(rows, TIED);
	ranking = open_newest(all);
	bytes = info_of(all).size_bytes;
	whole = cost_of_reading(ranking, bytes, (size_t)bytes);
	pieces = cost_of_reading(ranking, bytes, 1024);
	ck_assert_msg(pieces < 50 * whole, "%" PRId64 " ns in pieces, %" PRId64 " ns at once",
		pieces, whole);
	ranking_close(ranking);
	free(rows);
}
END_TEST

START_TEST(a_far_place_is_reached_in_pieces_and_a_near_one_at_once)
{
	struct row *rows;
	struct ranking *ranking;
	size_t size, pieces = 0;
	char *expected, buffer[100];

	srandom(fixture_seed());
	rows = random_rows(60000);
	derive_rows(rows, 60000);
	expected = oracle_ranking(rows, 60000, &size);
	ranking = open_newest(all);
	ck_assert_int_eq(ranking_read(ranking, 0, buffer, 100), 100);
	ck_assert_int_eq(ranking_read(ranking, (int64_t)size - 100, buffer, 100), -EAGAIN);
	while (ranking_read(ranking, (int64_t)size - 100, buffer, 100) == -EAGAIN) {
		ck_assert_int_eq(reader_work(fixture.reader), 0);
		pieces++;
	}
	ck_assert_uint_gt(pieces, 5);
	ck_assert_int_eq(ranking_read(ranking, (int64_t)size - 100, buffer, 100), 100);
	ck_assert_int_eq(memcmp(buffer, expected + size - 100, 100), 0);
	ck_assert_int_eq(ranking_read(ranking, (int64_t)size / 2, buffer, 100), 100);
	ck_assert_int_eq(memcmp(buffer, expected + size / 2, 100), 0);
	ranking_close(ranking);
	free(expected);
	free(rows);
}
END_TEST

/* How often reader_work is to be called before that place can be read. */
static int pieces_until(struct ranking *ranking, int64_t offset)
{
	char byte;
	int pieces = 0;

	while (ranking_read(ranking, offset, &byte, 1) == -EAGAIN) {
		ck_assert_int_eq(reader_work(fixture.reader), 0);
		pieces++;
	}
	return pieces;
}

START_TEST(who_reads_far_away_waits_for_pieces_of_others_not_for_all_of_them)
{
	static const struct row one = {.name = "noma", .count = 1};
	struct ranking *near, *far;
	struct row *rows;
	int64_t size;
	char byte;

	srandom(fixture_seed());
	rows = random_rows(60000);
	derive_rows(rows, 60000);
	near = open_newest(all);
	derive_rows(&one, 1);
	far = open_newest(all);
	ck_assert(near != far);
	size = info_of(all).size_bytes;
	ck_assert_int_eq(ranking_read(far, size - 1, &byte, 1), -EAGAIN);
	ck_assert_int_gt(pieces_until(near, size / 4), 0);
	ck_assert_int_gt(pieces_until(far, size - 1), 5);
	ranking_close(far);
	ranking_close(near);
	free(rows);
}
END_TEST

/* From a damaged derived.db: an error, and neither a loop without end nor other bytes. */
START_TEST(sums_that_do_not_fit_the_rows_end_in_an_error)
{
	struct row *rows;
	struct ranking *ranking;
	struct ranking_info info;
	char buffer[100];
	ssize_t got;

	srandom(fixture_seed());
	rows = random_rows(100);
	derive_rows(rows, 100);
	sql_run("derived.db", "UPDATE ranking SET text_bytes = text_bytes + 1000000");
	look();
	ranking = open_newest(all);
	ranking_info(ranking, &info);
	for (int tries = 0;
		(got = ranking_read(ranking, info.size_bytes - 100, buffer, 100)) == -EAGAIN;
		tries++) {
		ck_assert_int_lt(tries, 100);
		(void)reader_work(fixture.reader);
	}
	ck_assert_int_eq(got, -EIO);
	ck_assert_int_eq(ranking_read(ranking, 0, buffer, 100), 100);
	ranking_close(ranking);
	free(rows);
}
END_TEST

/* ---- one open ranking is one moment ---- */

static void wait_ns(int64_t wait_ns)
{
	struct timespec wait = {wait_ns / NS_PER_SECOND, wait_ns % NS_PER_SECOND};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
}

/* Whether a reader keeps the log of derived.db from starting over. */
static bool is_log_held(void)
{
	sqlite3 *db = NULL;
	int code;

	ck_assert_int_eq(
		sqlite3_open_v2(store_file("derived.db"), &db, SQLITE_OPEN_READWRITE, NULL),
		SQLITE_OK);
	/* Before it has read it knows of no log. */
	ck_assert_int_eq(sqlite3_exec(db, "SELECT 1 FROM position", NULL, NULL, NULL), SQLITE_OK);
	code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	ck_assert(code == SQLITE_OK || code == SQLITE_BUSY);
	return code == SQLITE_BUSY;
}

START_TEST(an_open_ranking_keeps_its_bytes_also_while_and_after_it_is_copied_out)
{
	struct row *rows;
	struct ranking *ranking, *same;
	struct ranking_info info;
	size_t size;
	char *expected;
	int64_t wait;

	srandom(fixture_seed());
	rows = random_rows(40000);
	derive_rows(rows, 40000);
	expected = oracle_ranking(rows, 40000, &size);
	ranking = open_newest(all);
	ranking_info(ranking, &info);
	for (int i = 0; i < 20; i++) {
		derive(rows[random() % 40000].name, all, 1000);
		derive("new", all, i + 1);
		assert_piece(ranking, expected, size);
	}
	ck_assert(is_log_held());
	while ((wait = reader_work(fixture.reader)) >= 0) {
		wait_ns(wait);
		assert_piece(ranking, expected, size);
	}
	ck_assert(!is_log_held()); /* no read transaction outlives its pin */
	for (int i = 0; i < 100; i++)
		assert_piece(ranking, expected, size);
	same = open_version(all, info.version);
	ranking_close(ranking);
	assert_text(same, expected);
	ranking_close(same);
	free(expected);
	free(rows);
}
END_TEST

START_TEST(copying_out_what_does_not_fit_its_sums_rests_between_tries)
{
	struct row *rows;
	struct ranking *ranking;
	int64_t wait = 0;

	srandom(fixture_seed());
	rows = random_rows(100);
	derive_rows(rows, 100);
	sql_run("derived.db", "UPDATE ranking SET text_bytes = text_bytes + 1000");
	look();
	ranking = open_newest(all);
	wait_ns(reader_work(fixture.reader));
	for (int64_t began = clock_monotonic_ns();
		clock_monotonic_ns() - began < 3 * NS_PER_SECOND;) {
		wait = reader_work(fixture.reader);
		if (wait > 2 * NS_PER_SECOND)
			break;
		wait_ns(wait);
	}
	ck_assert_int_gt(wait, 2 * NS_PER_SECOND);
	ranking_close(ranking);
	free(rows);
}
END_TEST

START_TEST(an_idle_reader_wants_nothing)
{
	derive("noma", all, 1);
	(void)info_of(all);
	work_until_idle(fixture.reader);
	ck_assert_int_eq(reader_work(fixture.reader), -1);
	ck_assert(!is_log_held());
}
END_TEST

/* ---- versions ---- */

START_TEST(the_same_version_is_the_same_bytes)
{
	struct ranking_info before, after;
	struct ranking *one, *two;

	derive("noma", all, 1);
	before = info_of(all);
	derive("noma", month, 1);
	after = info_of(all);
	ck_assert_int_eq(after.version, before.version);
	one = open_version(all, after.version);
	derive("noma", all, 1);
	two = open_newest(all);
	ck_assert_int_gt(info_of(all).version, before.version);
	assert_text(one, "     1\t1\tnoma\n");
	assert_text(two, "     1\t2\tnoma\n");
	ranking_close(one);
	ranking_close(two);
}
END_TEST

START_TEST(a_version_can_be_opened_as_long_as_was_promised)
{
	struct ranking_info shown;
	struct ranking *ranking = NULL;
	int64_t began_ns;
	int error;

	do { /* again where the machine was away for longer than the promise */
		derive("noma", all, 1);
		began_ns = clock_monotonic_ns();
		shown = info_of(all);
		for (int i = 0; i < 5; i++) {
			derive("noma", all, 1);
			(void)info_of(all);
			(void)reader_work(fixture.reader);
		}
		error = ranking_open(fixture.reader, all, shown.version, &ranking);
	} while (error && clock_monotonic_ns() - began_ns >= RANKING_PROMISE_NS);
	ck_assert_int_eq(error, 0);
	ranking_close(ranking);
}
END_TEST

START_TEST(after_the_promise_a_version_is_stale_and_the_newest_is_there)
{
	struct ranking_info shown;
	struct ranking *ranking = NULL;

	derive("noma", all, 1);
	shown = info_of(all);
	derive("noma", all, 1);
	(void)info_of(all);
	work_until_idle(fixture.reader);
	ck_assert_int_eq(ranking_open(fixture.reader, all, shown.version, &ranking), -ESTALE);
	ck_assert_ptr_null(ranking);
	ck_assert_int_eq(ranking_open(fixture.reader, all, shown.version + 100, &ranking), -ESTALE);
	ranking = open_version(all, 0);
	assert_text(ranking, "     1\t2\tnoma\n");
	ranking_close(ranking);
}
END_TEST

START_TEST(while_versions_follow_each_other_fast_few_are_handed_out)
{
	int64_t began_ns = clock_monotonic_ns(), elapsed_ns;
	int versions = 0;
	int64_t last = -1;

	for (int i = 0; i < 200; i++) {
		derive_one(&deriver, "noma", all, 1, ++seq);
		store_derived_look(fixture.store);
		versions += info_of(all).version != last;
		last = info_of(all).version;
	}
	elapsed_ns = clock_monotonic_ns() - began_ns;
	ck_assert_int_le(versions, 2 + elapsed_ns / SNAPSHOT_AGE_NS);
	reader_refresh(fixture.reader);
	ck_assert_int_gt(info_of(all).version, last - 1);
	ck_assert_int_eq(info_of(all).size_bytes, (int64_t)strlen("     1\t200\tnoma\n"));
}
END_TEST

/* More than there are snapshots, within one promise. */
START_TEST(a_refreshed_reader_sees_the_news_however_often)
{
	for (int i = 1; i <= 3 * SNAPSHOTS_MAX; i++) {
		char text[64];
		struct ranking *ranking;

		derive("noma", all, 1);
		(void)info_of(all);
		ranking = open_newest(all);
		(void)snprintf(text, sizeof(text), "     1\t%d\tnoma\n", i);
		assert_text(ranking, text);
		ranking_close(ranking);
	}
}
END_TEST

START_TEST(when_all_snapshots_are_in_use_no_newer_one_is_handed_out)
{
	enum {
		OPEN = SNAPSHOTS_MAX + 10
	};
	struct ranking *open[OPEN];
	char text[64];

	for (int i = 0; i < OPEN; i++) {
		derive("noma", all, 1);
		open[i] = open_newest(all);
	}
	for (int i = 0; i < OPEN; i++) {
		(void)snprintf(text, sizeof(text), "     1\t%d\tnoma\n",
			i < SNAPSHOTS_MAX ? i + 1 : SNAPSHOTS_MAX);
		assert_text(open[i], text);
	}
	ranking_close(open[3]);
	look();
	open[3] = open_newest(all);
	(void)snprintf(text, sizeof(text), "     1\t%d\tnoma\n", OPEN);
	assert_text(open[3], text);
	for (int i = 0; i < OPEN; i++)
		ranking_close(open[i]);
}
END_TEST

/* ---- another derived.db ---- */

static void replace_database(void)
{
	tear_down();
	remove_database("derived.db");
	set_up();
}

START_TEST(versions_go_on_rising_when_derived_db_is_replaced)
{
	struct ranking *kept = NULL;
	int64_t last = 0;

	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 5; i++) {
			derive("noma", all, 1);
			ck_assert_int_gt(info_of(all).version, last);
			last = info_of(all).version;
		}
		ck_assert_int_eq(info_of(all).size_bytes, (int64_t)strlen("     1\t5\tnoma\n"));
		if (round == 4)
			kept = open_newest(all);
		if (round == 1 || round == 3)
			work_until_idle(fixture.reader); /* nothing is held */
		replace_database();
		look(); /* until the new one counts something the old one is shown */
		ck_assert_int_eq(info_of(all).version, last);
		ck_assert_int_eq(info_of(all).size_bytes, (int64_t)strlen("     1\t5\tnoma\n"));
	}
	assert_text(kept, "     1\t5\tnoma\n");
	ranking_close(kept);
}
END_TEST

/* What was opened without a look-up before is a version that somebody knows, too. */
START_TEST(a_version_opened_unseen_is_never_given_to_other_bytes)
{
	struct ranking *old, *new;
	struct ranking_info old_info, info;

	for (int i = 0; i < 9; i++)
		derive("old", all, 1);
	old = open_version(all, 0);
	ranking_info(old, &old_info);
	replace_database();
	do {
		derive("new", all, 1);
		info = info_of(all);
		ck_assert_int_ne(info.version, old_info.version);
	} while (info.version < old_info.version);
	new = open_version(all, info.version);
	assert_text(old, "     1\t9\told\n");
	ranking_close(new);
	ranking_close(old);
}
END_TEST

/* ---- more versions than a node id can tell ---- */

#define ROUND (RANKING_KEY_MAX - 2)

static void skip_versions(int64_t count)
{
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "UPDATE ranking SET version = version + %" PRId64, count);
	sql_run("derived.db", sql);
}

START_TEST(keys_are_those_of_one_round_of_versions)
{
	ck_assert_int_eq(ranking_key(0), 0);
	ck_assert_int_eq(ranking_key(1), 1);
	for (int64_t round = 0; round < 3; round++) {
		int64_t first = 2 + round * ROUND, last = first + ROUND - 1;

		ck_assert_int_eq(ranking_key(first), 2);
		ck_assert_int_eq(ranking_key(last), RANKING_KEY_MAX - 1);
		ck_assert_uint_eq(ranking_round(first), (uint64_t)round);
		ck_assert_uint_eq(ranking_round(last), (uint64_t)round);
	}
	ck_assert_uint_eq(ranking_round(1), 0);
}
END_TEST

START_TEST(versions_go_on_after_the_last_key)
{
	struct ranking_info info = {.version = 0};
	int64_t last;

	derive("noma", all, 1);
	skip_versions(RANKING_KEY_MAX - 4);
	for (int count = 2; count < 8; count++) {
		struct ranking *ranking;
		char text[32];

		last = info.version;
		derive("noma", all, 1);
		info = info_of(all);
		ck_assert_int_gt(info.version, last);
		ranking = open_version(all, ranking_key(info.version));
		(void)snprintf(text, sizeof(text), "     1\t%d\tnoma\n", count);
		assert_text(ranking, text);
		ranking_close(ranking);
	}
	ck_assert_uint_eq(ranking_round(info.version), 1);
	replace_database();
	derive("noma", all, 1);
	ck_assert_int_gt(info_of(all).version, info.version);
}
END_TEST

START_TEST(a_key_is_that_of_the_version_shown_last)
{
	struct ranking *old, *new;
	int64_t key;

	derive("noma", all, 1);
	old = open_newest(all);
	key = info_of(all).version;
	skip_versions(ROUND - 1);
	derive("noma", all, 1);
	ck_assert_int_eq(ranking_key(info_of(all).version), key);
	new = open_version(all, key);
	assert_text(new, "     1\t2\tnoma\n");
	assert_text(old, "     1\t1\tnoma\n");
	ranking_close(new);
	ranking_close(old);
}
END_TEST

/* A version that nobody was shown, but that an old snapshot holds, is a number like another. */
START_TEST(a_new_file_reaches_the_version_of_an_old_snapshot_and_is_not_mistaken_for_it)
{
	struct ranking *held, *ranking;
	struct ranking_info info;
	int64_t hidden;

	derive("old", all, 1);
	for (int i = 0; i < 20; i++)
		derive("old", month, 1);
	hidden = sql_number("derived.db", "SELECT max(version) FROM ranking") + 1;
	held = open_newest(all);
	replace_database();
	do {
		derive("new", month, 1);
		info = info_of(month);
	} while (info.version < hidden);
	ck_assert_int_eq(info.version, hidden);
	ranking = open_version(month, info.version);
	{
		size_t size;
		char *text = read_open_ranking(fixture.reader, ranking, &size);

		ck_assert_ptr_nonnull(strstr(text, "\tnew\n"));
		free(text);
	}
	ranking_close(ranking);
	ranking_close(held);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tcase = fixture_case(suite, name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("ranking");
	TCase *text = new_case(suite, "text");
	TCase *moment = new_case(suite, "moment");
	TCase *version = new_case(suite, "version");
	TCase *file = new_case(suite, "file");

	tcase_add_test(text, equal_counts_share_a_rank_and_stand_in_byte_order_of_the_name);
	tcase_add_test(text, a_ranking_without_rows_is_empty);
	tcase_add_test(text, a_rank_is_as_wide_as_the_number_of_rows_but_at_least_six);
	tcase_add_test(text, the_longest_name_and_the_largest_count_fit);
	tcase_add_loop_test(
		text, pieces_read_at_random_are_those_of_the_whole_text, 0, COUNT(lengths));
	tcase_add_test(text, a_piece_of_a_long_tie_costs_no_more_than_its_own_rows);
	tcase_add_test(text, a_far_place_is_reached_in_pieces_and_a_near_one_at_once);
	tcase_add_test(text, who_reads_far_away_waits_for_pieces_of_others_not_for_all_of_them);
	tcase_add_test(text, sums_that_do_not_fit_the_rows_end_in_an_error);

	tcase_add_test(
		moment, an_open_ranking_keeps_its_bytes_also_while_and_after_it_is_copied_out);
	tcase_add_test(moment, copying_out_what_does_not_fit_its_sums_rests_between_tries);
	tcase_add_test(moment, an_idle_reader_wants_nothing);

	tcase_add_test(version, the_same_version_is_the_same_bytes);
	tcase_add_test(version, a_version_can_be_opened_as_long_as_was_promised);
	tcase_add_test(version, after_the_promise_a_version_is_stale_and_the_newest_is_there);
	tcase_add_test(version, while_versions_follow_each_other_fast_few_are_handed_out);
	tcase_add_test(version, a_refreshed_reader_sees_the_news_however_often);
	tcase_add_test(version, when_all_snapshots_are_in_use_no_newer_one_is_handed_out);

	tcase_add_test(version, keys_are_those_of_one_round_of_versions);
	tcase_add_test(version, versions_go_on_after_the_last_key);
	tcase_add_test(version, a_key_is_that_of_the_version_shown_last);

	tcase_add_test(file, versions_go_on_rising_when_derived_db_is_replaced);
	tcase_add_test(file, a_version_opened_unseen_is_never_given_to_other_bytes);
	tcase_add_test(
		file, a_new_file_reaches_the_version_of_an_old_snapshot_and_is_not_mistaken_for_it);
	return fixture_run(suite);
}
