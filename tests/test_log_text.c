#include "backend/sqlite/log_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

#define READS 3000

/* What the file should hold, line by line. */
struct expected {
	char *text;
	size_t size;
	struct logged *log;
	size_t lines;
	size_t *ends; /* offsets after each line */
};

static struct expected expect(void)
{
	struct expected all = {0};
	FILE *stream;

	all.lines = read_log(fixture.reader, &all.log);
	all.ends = calloc(all.lines + 1, sizeof(*all.ends));
	ck_assert_ptr_nonnull(all.ends);
	stream = open_memstream(&all.text, &all.size);
	ck_assert_ptr_nonnull(stream);
	for (size_t i = 0; i < all.lines; i++) {
		char line[ORACLE_LINE_MAX];

		all.ends[i] = (i ? all.ends[i - 1] : 0) + oracle_line(&all.log[i], line);
		(void)fwrite(line, 1, all.ends[i] - (i ? all.ends[i - 1] : 0), stream);
	}
	ck_assert_int_eq(fclose(stream), 0);
	return all;
}

static void forget(struct expected *all)
{
	free(all->text);
	free(all->log);
	free(all->ends);
}

static struct log_text text_now(void)
{
	struct log_text text = {0};

	ck_assert_int_eq(reader_log_text(fixture.reader, &text), 0);
	return text;
}

/* Reads at @offset of what starts at @start, into a buffer of just that size. */
static void assert_read(int64_t start, const struct expected *all, size_t offset, size_t size)
{
	size_t left = offset < all->size ? all->size - offset : 0;
	char *buffer = malloc(size ? size : 1);
	ssize_t got;

	ck_assert_ptr_nonnull(buffer);
	got = reader_log_read(fixture.reader, start + (int64_t)offset, buffer, size);
	if (got != (ssize_t)(size < left ? size : left))
		ck_abort_msg("%zu bytes at %zu of %zu: %zd", size, offset, all->size, got);
	if (got && memcmp(buffer, all->text + offset, (size_t)got) != 0)
		ck_abort_msg("%zu bytes at %zu differ", size, offset);
	free(buffer);
}

/* Changes of every kind, with short and with the longest names. */
static void change_at_random(unsigned *seed, int count)
{
	static int64_t places[3];
	char longest[NAME_BYTES_MAX + 1];

	memset(longest, 'l', NAME_BYTES_MAX);
	longest[NAME_BYTES_MAX] = '\0';
	if (!places[0]) {
		places[0] = make_place("noma");
		places[1] = make_place("Ça va \xf0\x9f\x8d\x95");
		places[2] = make_place(longest);
	}
	for (int i = 0; i < count; i++) {
		int64_t place = places[rand_r(seed) % 3];
		char user[NAME_BYTES_MAX + 1];

		fixture_clock_ns += rand_r(seed);
		(void)snprintf(user, sizeof(user), "u%d", rand_r(seed) % 30);
		if (rand_r(seed) % 20 == 0)
			memcpy(user, longest, sizeof(user));
		if (!is_favorite(place, user))
			ck_assert_int_eq(mark(place, user), 0);
		else if (rand_r(seed) % 2)
			ck_assert_int_eq(unmark(place, user), 0);
		else
			ck_assert_int_eq(set_created(favorite_of(place, user).id, rand_r(seed)), 0);
	}
}

START_TEST(the_text_of_nothing_is_empty)
{
	struct log_text text = text_now();
	char byte;

	ck_assert_int_eq(text.start, text.end);
	ck_assert_int_eq(text.changed_ns, 0);
	ck_assert_int_eq(reader_log_read(fixture.reader, text.start, &byte, 1), 0);
	ck_assert_int_eq(reader_log_read(fixture.reader, text.start + 1000, &byte, 1), 0);
}
END_TEST

START_TEST(reads_anywhere_give_what_stands_there)
{
	unsigned seed = fixture_seed();
	struct expected all;
	struct log_text text;

	change_at_random(&seed, 400);
	all = expect();
	text = text_now();
	ck_assert_int_eq(text.start, 0);
	ck_assert_int_eq(text.end, (int64_t)all.size);
	ck_assert_int_eq(text.changed_ns, all.log[all.lines - 1].time_ns);
	assert_read(0, &all, 0, all.size);
	assert_read(0, &all, 0, all.size + 1);
	for (int i = 0; i < READS; i++)
		assert_read(0, &all, (size_t)rand_r(&seed) % (all.size + 100),
			(size_t)rand_r(&seed) % (i % 2 ? 100 : 5000));
	for (size_t i = 0; i < all.lines; i++) { /* around the joints of lines */
		assert_read(0, &all, all.ends[i], 1);
		assert_read(0, &all, all.ends[i] - 1, 1);
		assert_read(0, &all, all.ends[i] - 1, 2);
		assert_read(0, &all, all.ends[i] - 1, 0);
	}
	forget(&all);
}
END_TEST

/* What cat, dd and tail do, with jumps between so that the cursor is wrong as often as right. */
START_TEST(reading_on_gives_the_whole)
{
	unsigned seed = fixture_seed();
	struct expected all;

	change_at_random(&seed, 300);
	all = expect();
	for (int pass = 0; pass < 30; pass++) {
		size_t offset = 0;

		while (offset < all.size) {
			size_t size = 1 + (size_t)rand_r(&seed) % (pass % 2 ? 2000 : 60);

			assert_read(0, &all, offset, size);
			offset += size;
			if (pass % 3 == 0 && rand_r(&seed) % 4 == 0)
				assert_read(0, &all, (size_t)rand_r(&seed) % all.size, size);
		}
	}
	forget(&all);
}
END_TEST

START_TEST(who_waits_at_the_end_reads_what_comes)
{
	unsigned seed = fixture_seed();
	int64_t place = 0, before_ns = 0;

	for (int i = 0; i < 60; i++) {
		struct log_text text;
		struct expected all;

		change_at_random(&seed, i % 3);
		all = expect();
		text = text_now();
		ck_assert_int_eq(text.end, (int64_t)all.size);
		ck_assert_int_ge(text.changed_ns, before_ns + (i % 3 ? 1 : 0));
		before_ns = text.changed_ns;
		assert_read(0, &all, (size_t)place, 100000);
		place = text.end;
		assert_read(0, &all, (size_t)place, 100000); /* nothing more */
		forget(&all);
	}
}
END_TEST

/* ---- trimming ---- */

/* Trims all that was counted, but for the newest of it. */
static void trim(void)
{
	(void)sync_derived();
	fixture_clock_ns += 3 * NS_PER_DAY;
	ck_assert_int_eq(mark(make_place("trimmer"), "x"), 0);
	store_settle(fixture.store);
	serve_again(); /* so that the committer has done what it does when it is idle */
}

static int read_one(int64_t place)
{
	char byte;

	return (int)reader_log_read(fixture.reader, place, &byte, 1);
}

START_TEST(what_was_trimmed_is_stale_and_the_rest_keeps_its_places)
{
	unsigned seed = fixture_seed();
	struct expected before, after;
	struct log_text old, now;

	change_at_random(&seed, 200);
	before = expect();
	old = text_now();
	trim();
	after = expect();
	now = text_now();
	ck_assert_uint_eq(after.lines, 2);
	ck_assert_int_eq(after.log[0].position.seq, before.log[before.lines - 1].position.seq);
	ck_assert_int_eq(now.start, (int64_t)before.ends[before.lines - 2]);
	ck_assert_int_eq(now.end, now.start + (int64_t)after.size);
	ck_assert_int_gt(now.end, old.end);
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(read_one(rand_r(&seed) % now.start), -ESTALE);
	ck_assert_int_eq(read_one(0), -ESTALE);
	ck_assert_int_eq(read_one(now.start - 1), -ESTALE);
	for (size_t offset = 0; offset < after.size; offset += 7)
		assert_read(now.start, &after, offset, 50);
	forget(&before);
	forget(&after);
}
END_TEST

START_TEST(a_cursor_in_what_was_trimmed_is_stale)
{
	unsigned seed = fixture_seed();
	struct expected before, after;
	struct log_text now;
	char buffer[100];

	for (int i = 0; i < 3; i++) { /* in a line, at its end, in the last before the cut */
		struct reader *held = NULL;
		size_t line, end;
		int64_t place;

		change_at_random(&seed, 50);
		before = expect();
		now = text_now();
		line = i == 2 ? before.lines - 3 : 10;
		end = before.ends[line];
		place = now.start + (int64_t)end - (i == 1 ? 0 : 20);
		ck_assert_int_eq(reader_open(fixture.store, &held), 0);
		ck_assert_int_eq(reader_log_read(held, place - 50, buffer, 50), 50);
		(void)sync_derived();
		fixture_clock_ns += 3 * NS_PER_DAY;
		change_at_random(&seed, 1);
		store_settle(fixture.store);
		/* The next change finds the trimming done: the committer does one thing at a time. */
		change_at_random(&seed, 1);
		ck_assert_int_lt(place, text_now().start);
		ck_assert_int_eq(reader_log_read(held, place, buffer, 50), -ESTALE);
		ck_assert_int_eq(reader_log_read(held, place, buffer, 50), -ESTALE);
		after = expect();
		now = text_now();
		ck_assert_int_eq(reader_log_read(held, now.start, buffer, 50), 50);
		ck_assert_int_eq(memcmp(buffer, after.text, 50), 0);
		reader_close(held);
		forget(&before);
		forget(&after);
	}
}
END_TEST

START_TEST(places_go_on_after_the_store_was_opened_again)
{
	unsigned seed = fixture_seed();
	struct log_text before;
	struct expected all;

	change_at_random(&seed, 30);
	trim();
	before = text_now();
	serve_again();
	ck_assert_int_eq(text_now().start, before.start);
	ck_assert_int_eq(text_now().end, before.end);
	change_at_random(&seed, 30);
	all = expect();
	ck_assert_int_eq(text_now().end, before.start + (int64_t)all.size);
	assert_read(before.start, &all, 0, all.size);
	forget(&all);
}
END_TEST

/* ---- rows that no favfs wrote ---- */

START_TEST(a_damaged_row_does_no_harm)
{
	static const char *const damages[] = {
		"UPDATE change SET op = 9",
		"UPDATE change SET op = 0",
		"UPDATE change SET op = -5000000000",
		"UPDATE change SET user = printf('%.*c', 5000, 'x')",
		"UPDATE change SET restaurant = printf('%.*c', 5000, 'x')",
		"UPDATE change SET user = ''",
		"UPDATE change SET created_ns = 9223372036854775807",
		"UPDATE change SET previous_ns = -9223372036854775807",
		"UPDATE change SET time_ns = -1",
		"UPDATE change SET end_bytes = 0",
	};
	struct log_text text;
	char *buffer = malloc(100000);

	ck_assert_ptr_nonnull(buffer);
	mark_many(make_place("noma"), "u", 20);
	sql_run("favorites.db", damages[_i]);
	/* Whatever it gives: an error, or text of no more than was asked for. */
	if (reader_log_text(fixture.reader, &text) == 0)
		for (size_t size = 1; size < 100000; size *= 3)
			ck_assert_int_le(reader_log_read(fixture.reader, text.start, buffer, size),
				(ssize_t)size);
	free(buffer);
}
END_TEST

START_TEST(a_line_is_as_long_as_foretold_whatever_its_moments_are)
{
	static const int64_t moments[] = {MOMENT_NONE, 0, MOMENT_NS_MAX, -2, INT64_MIN, INT64_MAX};
	char line[LOG_LINE_MAX];

	for (size_t i = 0; i < COUNT(moments); i++) {
		struct log_entry entry = {.position = {1, 1},
			.op = LOG_UPDATE,
			.created_ns = moments[i],
			.previous_ns = moments[COUNT(moments) - 1 - i],
			.restaurant = "noma",
			.user = "alice"};

		ck_assert_int_eq(log_line_bytes(&entry), (int64_t)log_line_format(&entry, line));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_text");
	TCase *tcase = fixture_case(suite, "text");

	tcase_add_test(tcase, the_text_of_nothing_is_empty);
	tcase_add_test(tcase, reads_anywhere_give_what_stands_there);
	tcase_add_test(tcase, reading_on_gives_the_whole);
	tcase_add_test(tcase, who_waits_at_the_end_reads_what_comes);
	tcase_add_test(tcase, what_was_trimmed_is_stale_and_the_rest_keeps_its_places);
	tcase_add_test(tcase, a_cursor_in_what_was_trimmed_is_stale);
	tcase_add_test(tcase, places_go_on_after_the_store_was_opened_again);
	tcase_add_loop_test(tcase, a_damaged_row_does_no_harm, 0, 10);
	tcase_add_test(tcase, a_line_is_as_long_as_foretold_whatever_its_moments_are);
	return fixture_run(suite);
}
