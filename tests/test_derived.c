#include "backend/backend.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "backend/clock.h"
#include "backend/sqlite/derived.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

static struct deriver deriver;
static window_t all, day;

static void open_deriver(void)
{
	deriver = deriver_open();
	all = window_named("all");
	day = window_named("2026-11-22");
}

static void reopen_deriver(void)
{
	deriver_close(&deriver);
	open_deriver();
}

static int add(const char *restaurant, window_t window, int64_t delta)
{
	return derived_add(deriver.derived, restaurant, window, delta, fixture_now_ns());
}

static void begin(void)
{
	ck_assert_int_eq(derived_begin(deriver.derived), 0);
}

static void commit(int64_t seq)
{
	struct position position = {seq, seq + 1000};

	ck_assert_int_eq(derived_commit(deriver.derived, &position), 0);
}

static struct position position_now(void)
{
	struct position position = {-1, -1};

	ck_assert_int_eq(derived_position(deriver.derived, &position), 0);
	return position;
}

static struct ranking_info info_of(window_t window)
{
	struct ranking_info info = {.version = -1};

	look();
	ck_assert_int_eq(reader_ranking(fixture.reader, window, &info), 0);
	return info;
}

/* ---- counts ---- */

START_TEST(deltas_add_up)
{
	open_deriver();
	begin();
	ck_assert_int_eq(add("noma", all, 5), 0);
	ck_assert_int_eq(add("noma", day, 3), 0);
	ck_assert_int_eq(add("noma", all, -2), 0);
	ck_assert_int_eq(add("noma", all, 0), 0);
	ck_assert_int_eq(add("wong-kei", all, 1), 0);
	commit(1);
	look();
	ck_assert_int_eq(count_now("noma", all), 3);
	ck_assert_int_eq(count_now("noma", day), 3);
	ck_assert_int_eq(count_now("wong-kei", all), 1);
	ck_assert_int_eq(count_now("wong-kei", day), 0);
	begin();
	ck_assert_int_eq(add("noma", all, -3), 0);
	commit(2);
	look();
	ck_assert_int_eq(count_now("noma", all), 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_count_tells_when_it_last_changed)
{
	struct count count = {-1, -1};

	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	fixture_clock_ns += NS_PER_SECOND;
	derive_one(&deriver, "noma", all, -1, 2);
	look();
	ck_assert_int_eq(reader_count(fixture.reader, "noma", all, &count), 0);
	ck_assert_int_eq(count.count, 0);
	ck_assert_int_eq(count.changed_ns, START_NS + NS_PER_SECOND);
	ck_assert_int_eq(reader_count(fixture.reader, "wong-kei", all, &count), 0);
	ck_assert_int_eq(count.changed_ns, 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(no_count_becomes_negative)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 2, 1);
	begin();
	ck_assert_int_eq(add("wong-kei", all, 1), 0);
	ck_assert_int_eq(add("noma", all, -3), -EINVAL);
	ck_assert_int_eq(add("noma", day, -1), -EINVAL);
	ck_assert_int_eq(add("nobody", all, -1), -EINVAL);
	derived_rollback(deriver.derived);
	look();
	ck_assert_int_eq(count_now("noma", all), 2);
	ck_assert_int_eq(count_now("wong-kei", all), 0);
	ck_assert_int_eq(position_now().seq, 1);
	ck_assert_int_eq(info_of(all).rows, 1);
	begin();
	ck_assert_int_eq(add("noma", all, -2), 0);
	commit(2);
	look();
	ck_assert_int_eq(count_now("noma", all), 0);
	ck_assert_int_eq(info_of(all).rows, 0);
	ck_assert_int_eq(info_of(all).size_bytes, 0);
	deriver_close(&deriver);
}
END_TEST

/* Who comes and goes leaves one row at most, and no id is given twice. */
START_TEST(users_without_favourites_are_forgotten)
{
	int64_t newest = 0;

	open_deriver();
	for (int i = 0; i < 20; i++) {
		char user[16];
		int64_t id;

		(void)snprintf(user, sizeof(user), "u%d", i);
		begin();
		ck_assert_int_eq(derived_link(deriver.derived, user, 1, "noma", START_NS, 1), 0);
		commit(2 * i + 1);
		id = sql_number("derived.db", "SELECT max(id) FROM user WHERE favorites = 1");
		ck_assert_int_gt(id, newest);
		newest = id;
		ck_assert_int_eq(sql_number("derived.db", "SELECT count(*) FROM user"), 1);
		if (i % 2)
			reopen_deriver();
		begin();
		ck_assert_int_eq(derived_link(deriver.derived, user, 1, "noma", MOMENT_NONE, 2), 0);
		commit(2 * i + 2);
	}
	ck_assert_int_eq(sql_number("derived.db", "SELECT count(*) FROM user"), 1);
	deriver_close(&deriver);
}
END_TEST

static void add_many(int count)
{
	for (int i = 0; i < count; i++) {
		char name[NAME_BYTES_MAX + 1];

		(void)snprintf(name, sizeof(name), "%0200d", i);
		if (add(name, all, 1) < 0)
			ck_abort_msg("%s", name);
	}
}

/* A transaction of more than WAL_LONG_BYTES. */
static void derive_much(int64_t seq)
{
	begin();
	add_many(100000);
	commit(seq);
}

static int64_t log_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(store_file("derived.db-wal"), &st), 0);
	return st.st_size;
}

/* Readers take the length of the file for what waits in it (ranking.c: 48 MiB). */
START_TEST(a_long_transaction_leaves_no_long_log_behind)
{
	open_deriver();
	derive_much(1);
	ck_assert_int_eq(log_size(), 0);
	ck_assert_int_eq(derived_tidy(deriver.derived), -1);
	deriver_close(&deriver);
}
END_TEST

static sqlite3 *read_derived(void)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(store_file("derived.db"), &db), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(db, "BEGIN; SELECT * FROM position", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* So much later is it for all that ask for the time. */
static int64_t later_s;

int __real_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	int result = __real_clock_gettime(clock, ret_now);

	if (clock == CLOCK_MONOTONIC)
		ret_now->tv_sec += later_s;
	return result;
}

START_TEST(a_long_log_is_tried_to_be_cut_once_a_minute_at_least)
{
	sqlite3 *late;

	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	late = read_derived();
	derive_much(2);
	for (int i = 0; i < 20; i++) {
		int64_t due_ns = derived_tidy(deriver.derived);

		ck_assert_int_gt(due_ns, 0);
		ck_assert_int_le(due_ns, 60 * (int64_t)NS_PER_SECOND);
		later_s += 1 + due_ns / NS_PER_SECOND;
	}
	ck_assert_int_eq(sqlite3_close(late), SQLITE_OK);
	later_s += 61;
	ck_assert_int_eq(derived_tidy(deriver.derived), -1);
	ck_assert_int_eq(log_size(), 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_long_log_that_was_found_is_cut)
{
	sqlite3 *late;

	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	late = read_derived();
	derive_much(2);
	reopen_deriver();
	ck_assert_int_gt(log_size(), 32 << 20);
	ck_assert_int_gt(derived_tidy(deriver.derived), 0);
	reopen_deriver();
	ck_assert_int_eq(sqlite3_close(late), SQLITE_OK);
	ck_assert_int_eq(derived_tidy(deriver.derived), -1);
	ck_assert_int_eq(log_size(), 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(what_a_rollback_leaves_of_a_long_log_is_cut)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	begin();
	add_many(200000);
	derived_rollback(deriver.derived);
	ck_assert_int_gt(log_size(), 32 << 20);
	ck_assert_int_eq(derived_tidy(deriver.derived), -1);
	ck_assert_int_eq(log_size(), 0);
	look();
	ck_assert_int_eq(count_now("noma", all), 1);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_long_log_is_cut_when_its_last_reader_has_gone)
{
	int64_t end = clock_monotonic_ns() + PATIENCE_S * NS_PER_SECOND, due_ns;
	sqlite3 *early, *late;

	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	early = read_derived();
	derive_much(2);
	late = read_derived();
	ck_assert_int_gt(log_size(), 32 << 20);
	ck_assert_int_gt(derived_tidy(deriver.derived), 0);
	/* Now all of it can be brought home, but one still reads there. */
	ck_assert_int_eq(sqlite3_close(early), SQLITE_OK);
	due_ns = clock_monotonic_ns() + derived_tidy(deriver.derived);
	while (clock_monotonic_ns() <= due_ns)
		ck_assert_int_gt(derived_tidy(deriver.derived), 0);
	ck_assert_int_gt(derived_tidy(deriver.derived), 0);
	ck_assert_int_gt(log_size(), 32 << 20);
	ck_assert_int_eq(sqlite3_close(late), SQLITE_OK);
	while (derived_tidy(deriver.derived) > 0)
		ck_assert_int_lt(clock_monotonic_ns(), end);
	ck_assert_int_eq(log_size(), 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(clearing_leaves_no_count)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 7, 1);
	derive_one(&deriver, "noma", day, 7, 2);
	begin();
	ck_assert_int_eq(derived_clear(deriver.derived), 0);
	ck_assert_int_eq(add("wong-kei", all, 1), 0);
	commit(3);
	look();
	ck_assert_int_eq(count_now("noma", all), 0);
	ck_assert_int_eq(count_now("noma", day), 0);
	ck_assert_int_eq(info_of(all).rows, 1);
	ck_assert_int_eq(info_of(day).rows, 0);
	ck_assert_int_eq(info_of(day).size_bytes, 0);
	deriver_close(&deriver);
}
END_TEST

/* ---- the position ---- */

START_TEST(counts_and_position_commit_together)
{
	struct position position = {-1, -1};

	open_deriver();
	ck_assert_int_eq(position_now().seq, 0);
	begin();
	ck_assert_int_eq(add("noma", all, 1), 0);
	look();
	ck_assert_int_eq(count_now("noma", all), 0);
	commit(7);
	look();
	ck_assert_int_eq(count_now("noma", all), 1);
	ck_assert_int_eq(reader_position(fixture.reader, &position), 0);
	ck_assert_int_eq(position.seq, 7);
	ck_assert_int_eq(position.tag, 1007);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_rollback_keeps_counts_and_position)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 1, 7);
	begin();
	ck_assert_int_eq(add("noma", all, 5), 0);
	ck_assert_int_eq(add("wong-kei", all, 5), 0);
	derived_rollback(deriver.derived);
	ck_assert_int_eq(position_now().seq, 7);
	derived_rollback(deriver.derived); /* of nothing */
	derive_one(&deriver, "noma", day, 1, 8);
	look();
	ck_assert_int_eq(count_now("noma", all), 1);
	ck_assert_int_eq(info_of(all).rows, 1);
	deriver_close(&deriver);
}
END_TEST

START_TEST(counts_and_position_survive_reopening)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 3, 7);
	reopen_deriver();
	ck_assert_int_eq(position_now().seq, 7);
	derive_one(&deriver, "noma", all, 1, 8);
	deriver_close(&deriver);
	serve_again();
	ck_assert_int_eq(count_now("noma", all), 4);
}
END_TEST

START_TEST(what_was_not_committed_when_killed_never_was)
{
	struct position applied = {-1, -1};
	pid_t pid;

	serve_end();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_deriver();
		derive_one(&deriver, "noma", all, 3, 7);
		begin();
		ck_assert_int_eq(add("noma", all, 5), 0);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	serve();
	open_deriver();
	ck_assert_int_eq(position_now().seq, 7);
	ck_assert_int_eq(count_now("noma", all), 3);
	ck_assert_int_eq(derived_applied(deriver.store, &applied), 0);
	ck_assert_int_eq(applied.seq, 7);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_commit_rings_and_a_rollback_does_not)
{
	struct pollfd bell = {.fd = store_derived_fd(fixture.store), .events = POLLIN};

	ck_assert_int_ge(bell.fd, 0);
	open_deriver();
	look();
	ck_assert_int_eq(poll(&bell, 1, 0), 0);
	begin();
	ck_assert_int_eq(add("noma", all, 1), 0);
	derived_rollback(deriver.derived);
	ck_assert_int_eq(poll(&bell, 1, 0), 0);
	derive_one(&deriver, "noma", all, 1, 1);
	ck_assert_int_eq(poll(&bell, 1, 0), 1);
	look();
	ck_assert_int_eq(poll(&bell, 1, 0), 0);
	deriver_close(&deriver);
}
END_TEST

/* ---- a file that is missing, damaged or another ---- */

static void put(const char *text, size_t size)
{
	FILE *file = fopen(store_file("derived.db"), "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static void missing(void)
{
	remove_database("derived.db");
}

static void missing_without_its_log(void)
{
	ck_assert_int_eq(unlink(store_file("derived.db")), 0);
}

static void empty(void)
{
	remove_database("derived.db");
	put("", 0);
}

static void garbage(void)
{
	char text[8192];

	memset(text, 'x', sizeof(text));
	put(text, sizeof(text));
}

static void cut_short(void)
{
	ck_assert_int_eq(truncate(store_file("derived.db"), 100), 0);
	(void)unlink(store_file("derived.db-wal"));
}

static void of_another_program(void)
{
	sql_run("derived.db", "PRAGMA application_id = 4711");
}

static void of_another_version(void)
{
	sql_run("derived.db", "PRAGMA user_version = 4711");
}

static void without_its_tables(void)
{
	sql_run("derived.db", "DROP TABLE count");
}

static void (*const damages[])(void) = {missing, missing_without_its_log, empty, garbage, cut_short,
	of_another_program, of_another_version, without_its_tables};

START_TEST(a_worthless_file_is_made_anew)
{
	struct position applied = {-1, -1};

	serve_end();
	open_deriver();
	derive_one(&deriver, "noma", all, 3, 7);
	deriver_close(&deriver);
	damages[_i]();
	open_deriver();
	ck_assert_int_eq(position_now().seq, 0);
	derive_one(&deriver, "noma", all, 2, 1);
	ck_assert_int_eq(derived_applied(deriver.store, &applied), 0);
	ck_assert_int_eq(applied.seq, 1);
	serve();
	ck_assert_int_eq(count_now("noma", all), 2);
	reopen_deriver();
	ck_assert_int_eq(position_now().seq, 1);
	deriver_close(&deriver);
}
END_TEST

START_TEST(while_there_is_no_file_everything_reads_as_nothing)
{
	struct position position = {-1, -1};
	struct position applied = {-1, -1};

	ck_assert_int_eq(reader_position(fixture.reader, &position), 0);
	ck_assert_int_eq(position.seq, 0);
	ck_assert_int_eq(count_now("noma", window_named("all")), 0);
	ck_assert_int_eq(info_of(window_named("all")).rows, 0);
	ck_assert_int_eq(derived_applied(fixture.store, &applied), -ENOENT);
	ck_assert_int_eq(applied.seq, -1);
}
END_TEST

START_TEST(a_file_lost_under_its_writer_is_noticed_before_the_next_transaction)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 3, 7);
	remove_database("derived.db");
	ck_assert_int_eq(derived_begin(deriver.derived), -ESTALE);
	reopen_deriver();
	ck_assert_int_eq(position_now().seq, 0);
	deriver_close(&deriver);
}
END_TEST

START_TEST(a_reader_shows_the_old_counts_until_a_new_file_has_some)
{
	open_deriver();
	derive_one(&deriver, "noma", all, 3, 7);
	look();
	ck_assert_int_eq(count_now("noma", all), 3);
	remove_database("derived.db");
	look();
	ck_assert_int_eq(count_now("noma", all), 3);
	reopen_deriver();
	look();
	ck_assert_int_eq(count_now("noma", all), 3);
	derive_one(&deriver, "noma", all, 4, 8);
	look();
	ck_assert_int_eq(count_now("noma", all), 4);
	deriver_close(&deriver);
}
END_TEST

/* ---- versions and sums ---- */

START_TEST(a_version_grows_with_its_ranking_and_no_other)
{
	int64_t before = 0;

	open_deriver();
	derive_one(&deriver, "noma", day, 1, 1);
	for (int i = 0; i < 10; i++) {
		int64_t of_day = info_of(day).version;

		derive_one(&deriver, "noma", all, i % 2 ? -1 : 1, 2 + i);
		ck_assert_int_gt(info_of(all).version, before);
		ck_assert_int_eq(info_of(day).version, of_day);
		before = info_of(all).version;
	}
	begin();
	ck_assert_int_eq(derived_clear(deriver.derived), 0);
	commit(12);
	ck_assert_int_gt(info_of(all).version, before);
	before = info_of(all).version;
	reopen_deriver();
	ck_assert_int_eq(info_of(all).version, before);
	deriver_close(&deriver);
}
END_TEST

enum {
	NAMES = 60,
	WINDOWS = 4
};

/* The counts as they should be. */
static int64_t counts[NAMES][WINDOWS];

static void name_of(unsigned i, char name[static NAME_BYTES_MAX + 1])
{
	size_t length = 1 + i * 37 % 40;

	memset(name, 'a' + (int)(i % 26), length);
	(void)snprintf(name + length, 16, "%s%u", i % 3 ? "" : "é", i);
}

static window_t window_number(unsigned i)
{
	static const char *const names[WINDOWS] = {"all", "2026-11", "2026-11-22", "2026-11-23"};

	return window_named(names[i]);
}

static void assert_ranking_is_as_counted(unsigned window)
{
	struct row rows[NAMES];
	struct ranking_info info = info_of(window_number(window));
	size_t count = 0, size, expected_size;
	char *text, *expected;

	for (unsigned i = 0; i < NAMES; i++)
		if (counts[i][window]) {
			rows[count].count = counts[i][window];
			name_of(i, rows[count++].name);
		}
	expected = oracle_ranking(rows, count, &expected_size);
	text = read_ranking(fixture.reader, window_number(window), &size);
	ck_assert_int_eq(info.rows, (int64_t)count);
	ck_assert_int_eq(info.size_bytes, (int64_t)expected_size);
	ck_assert_str_eq(text, expected);
	free(expected);
	free(text);
}

/* A random delta that the count can bear; digits come and go. */
static int64_t random_delta(int64_t count)
{
	int64_t delta = random() % 1200 - 600;

	if (random() % 4 == 0)
		return -count;
	return count + delta < 0 ? -count / 2 : delta;
}

START_TEST(sums_equal_a_recount_after_random_changes)
{
	srandom(fixture_seed());
	open_deriver();
	for (int seq = 1; seq <= 150; seq++) {
		int64_t before[NAMES][WINDOWS];
		bool forget = random() % 5 == 0;

		memcpy(before, counts, sizeof(before));
		begin();
		for (long i = random() % 30; i >= 0; i--) {
			unsigned which = (unsigned)random() % NAMES;
			unsigned window = (unsigned)random() % WINDOWS;
			int64_t delta = random_delta(counts[which][window]);
			char name[NAME_BYTES_MAX + 1];

			name_of(which, name);
			ck_assert_int_eq(add(name, window_number(window), delta), 0);
			counts[which][window] += delta;
		}
		if (forget) {
			derived_rollback(deriver.derived);
			memcpy(counts, before, sizeof(before));
		} else {
			commit(seq);
		}
		for (unsigned window = 0; window < WINDOWS; window++)
			assert_ranking_is_as_counted(window);
	}
	deriver_close(&deriver);
}
END_TEST

static bool take_window(void *arg, int64_t cookie, window_t window)
{
	char **text = arg, name[WINDOW_TEXT_MAX];

	ck_assert_int_gt(cookie, 0);
	(void)window_format(window, name);
	*text += sprintf(*text, "%s ", name);
	return false;
}

START_TEST(windows_are_listed_that_have_counts)
{
	char text[256] = "", *end = text;

	open_deriver();
	derive_one(&deriver, "noma", all, 1, 1);
	derive_one(&deriver, "noma", day, 1, 2);
	derive_one(&deriver, "noma", window_named("2026-11"), 1, 3);
	derive_one(&deriver, "wong-kei", window_named("2026-12"), 1, 4);
	derive_one(&deriver, "wong-kei", window_named("2026-10"), 1, 5);
	derive_one(&deriver, "wong-kei", window_named("2026-10"), -1, 6);
	look();
	ck_assert_int_eq(reader_count_windows(fixture.reader, "noma", 0, take_window, &end), 0);
	ck_assert_str_eq(text, "2026-11 2026-11-22 ");
	end = text;
	ck_assert_int_eq(reader_ranking_windows(fixture.reader, 0, take_window, &end), 0);
	ck_assert_str_eq(text, "2026-11 2026-12 2026-11-22 ");
	end = text;
	ck_assert_int_eq(
		reader_ranking_windows(fixture.reader, window_named("2026-11"), take_window, &end),
		0);
	ck_assert_str_eq(text, "2026-12 2026-11-22 ");
	deriver_close(&deriver);
}
END_TEST

/* ---- one writer ---- */

struct second {
	pthread_t thread;
	struct deriver deriver; /* its store is open: that sets the zone of the process */
	int64_t seq; /* where it took over */
};

static void *open_second(void *arg)
{
	struct second *self = arg;
	struct position position = {-1, -1};
	struct complaint why = {""};

	if (derived_open(self->deriver.store, true, &self->deriver.derived, &why) == 0 &&
		derived_position(self->deriver.derived, &position) == 0)
		self->seq = position.seq;
	deriver_close(&self->deriver);
	return NULL;
}

START_TEST(a_second_writer_waits_and_takes_over_when_the_first_leaves)
{
	struct second second = {.deriver = {.store = open_reading()}, .seq = -1};
	struct timespec soon;

	open_deriver();
	ck_assert_int_eq(pthread_create(&second.thread, NULL, open_second, &second), 0);
	(void)clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 100000000;
	soon = (struct timespec){
		soon.tv_sec + soon.tv_nsec / NS_PER_SECOND, soon.tv_nsec % NS_PER_SECOND};
	ck_assert_int_eq(pthread_timedjoin_np(second.thread, NULL, &soon), ETIMEDOUT);
	derive_one(&deriver, "noma", all, 1, 7);
	deriver_close(&deriver);
	ck_assert_int_eq(pthread_join(second.thread, NULL), 0);
	ck_assert_int_eq(second.seq, 7);
}
END_TEST

START_TEST(a_second_writer_takes_over_when_the_first_is_killed)
{
	int ends[2];
	char ready;
	pid_t pid;

	serve_end();
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_deriver();
		derive_one(&deriver, "noma", all, 1, 7);
		(void)!write(ends[1], "!", 1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ends[0], &ready, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	open_deriver();
	ck_assert_int_eq(position_now().seq, 7);
	deriver_close(&deriver);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("derived");
	TCase *count = fixture_case(suite, "count");
	TCase *position = fixture_case(suite, "position");
	TCase *file = fixture_case(suite, "file");
	TCase *sums = fixture_case(suite, "sums");
	TCase *lease = fixture_case(suite, "lease");

	tcase_add_test(count, deltas_add_up);
	tcase_add_test(count, a_count_tells_when_it_last_changed);
	tcase_add_test(count, no_count_becomes_negative);
	tcase_add_test(count, users_without_favourites_are_forgotten);
	tcase_add_test(count, a_long_transaction_leaves_no_long_log_behind);
	tcase_add_test(count, a_long_log_is_cut_when_its_last_reader_has_gone);
	tcase_add_test(count, a_long_log_is_tried_to_be_cut_once_a_minute_at_least);
	tcase_add_test(count, a_long_log_that_was_found_is_cut);
	tcase_add_test(count, what_a_rollback_leaves_of_a_long_log_is_cut);
	tcase_add_test(count, clearing_leaves_no_count);

	tcase_add_test(position, counts_and_position_commit_together);
	tcase_add_test(position, a_rollback_keeps_counts_and_position);
	tcase_add_test(position, counts_and_position_survive_reopening);
	tcase_add_test(position, what_was_not_committed_when_killed_never_was);
	tcase_add_test(position, a_commit_rings_and_a_rollback_does_not);

	tcase_add_loop_test(file, a_worthless_file_is_made_anew, 0, COUNT(damages));
	tcase_add_test(file, while_there_is_no_file_everything_reads_as_nothing);
	tcase_add_test(file, a_file_lost_under_its_writer_is_noticed_before_the_next_transaction);
	tcase_add_test(file, a_reader_shows_the_old_counts_until_a_new_file_has_some);

	tcase_add_test(sums, a_version_grows_with_its_ranking_and_no_other);
	tcase_add_test(sums, sums_equal_a_recount_after_random_changes);
	tcase_add_test(sums, windows_are_listed_that_have_counts);

	tcase_add_test(lease, a_second_writer_waits_and_takes_over_when_the_first_leaves);
	tcase_add_test(lease, a_second_writer_takes_over_when_the_first_is_killed);
	return fixture_run(suite);
}
