#include "aggregator/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aggregator/pipeline.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

/* ---- netting ---- */

static struct batch batch;

static int add(const char *restaurant, int64_t created_ns, int64_t previous_ns)
{
	struct log_entry entry = {
		.created_ns = created_ns,
		.previous_ns = previous_ns,
		.restaurant = restaurant,
		.user = "alice",
	};

	batch.kinds = batch.kinds ? batch.kinds : WINDOW_KINDS_DEFAULT;
	return batch_add(&batch, &entry);
}

static void assert_delta(size_t i, const char *window, const char *restaurant, int64_t sum)
{
	ck_assert_uint_lt(i, batch.count);
	ck_assert_uint_eq(batch.deltas[i].window, window_named(window));
	ck_assert_str_eq(batch.names + batch.deltas[i].name, restaurant);
	ck_assert_int_eq(batch.deltas[i].sum, sum);
}

START_TEST(what_comes_and_goes_nets_to_nothing)
{
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(add("noma", START_NS, MOMENT_NONE), 0);
		ck_assert_int_eq(add("noma", MOMENT_NONE, START_NS), 0);
	}
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 0);
	batch_fini(&batch);
}
END_TEST

START_TEST(a_hundred_changes_of_a_restaurant_net_to_one_delta_a_window)
{
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(add("noma", START_NS + i, MOMENT_NONE), 0);
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(add("noma", MOMENT_NONE, START_NS + i), 0);
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 3);
	assert_delta(0, "all", "noma", 70);
	assert_delta(1, "2026-11", "noma", 70);
	assert_delta(2, "2026-11-22", "noma", 70);
	batch_fini(&batch);
}
END_TEST

START_TEST(an_update_within_its_windows_nets_to_nothing)
{
	ck_assert_int_eq(add("noma", START_NS + 1, START_NS), 0);
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 0);
	batch_fini(&batch);
}
END_TEST

START_TEST(an_update_leaves_the_windows_of_the_old_moment_for_those_of_the_new)
{
	ck_assert_int_eq(add("noma", START_NS, START_NS - NS_PER_DAY), 0);
	ck_assert_int_eq(add("wong-kei", 0, MOMENT_NS_MAX), 0);
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 6);
	assert_delta(0, "1970-01", "wong-kei", 1);
	assert_delta(1, "2261-12", "wong-kei", -1);
	assert_delta(2, "1970-01-01", "wong-kei", 1);
	assert_delta(3, "2026-11-21", "noma", -1);
	assert_delta(4, "2026-11-22", "noma", 1);
	assert_delta(5, "2261-12-31", "wong-kei", -1);
	batch_fini(&batch);
}
END_TEST

START_TEST(deltas_are_sorted_by_window_and_name)
{
	static const char *const names[] = {"wong-kei", "noma", "Noma", "zoë", "z", "noma-2"};

	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_int_eq(
			add(names[i], START_NS - (int64_t)(i % 3) * NS_PER_DAY, MOMENT_NONE), 0);
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 3 * COUNT(names));
	for (size_t i = 1; i < batch.count; i++) {
		const struct delta *x = &batch.deltas[i - 1], *y = &batch.deltas[i];

		ck_assert(x->window < y->window ||
			  (x->window == y->window &&
				  strcmp(batch.names + x->name, batch.names + y->name) < 0));
	}
	batch_fini(&batch);
}
END_TEST

START_TEST(only_the_kinds_of_the_store_are_counted)
{
	batch.kinds = 1u << WINDOW_ALL | 1u << WINDOW_WEEK | 1u << WINDOW_HOUR | 1u << WINDOW_YEAR;
	ck_assert_int_eq(add("noma", START_NS, MOMENT_NONE), 0);
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 4);
	assert_delta(0, "all", "noma", 1);
	assert_delta(1, "2026", "noma", 1);
	assert_delta(2, "2026-W47", "noma", 1);
	assert_delta(3, "2026-11-22T18", "noma", 1);
	batch_fini(&batch);
}
END_TEST

START_TEST(a_damaged_moment_is_refused)
{
	static const int64_t bad[] = {INT64_MIN, -2, MOMENT_NS_MAX + 1, INT64_MAX};
	struct log_entry entry = {.op = LOG_UPDATE,
		.restaurant_id = 1,
		.restaurant = "noma",
		.user = "ann",
		.created_ns = START_NS,
		.previous_ns = START_NS};

	ck_assert_ptr_null(batch_refuses(&entry));
	for (size_t i = 0; i < COUNT(bad); i++) {
		entry.created_ns = bad[i];
		ck_assert_ptr_nonnull(batch_refuses(&entry));
		entry.created_ns = START_NS;
		entry.previous_ns = bad[i];
		ck_assert_ptr_nonnull(batch_refuses(&entry));
		entry.previous_ns = START_NS;
	}
}
END_TEST

START_TEST(many_restaurants_find_room)
{
	for (int i = 0; i < 5000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "restaurant %04d", i);
		ck_assert_int_eq(add(name, START_NS, MOMENT_NONE), 0);
	}
	batch_net(&batch);
	ck_assert_uint_eq(batch.count, 15000);
	assert_delta(0, "all", "restaurant 0000", 1);
	assert_delta(4999, "all", "restaurant 4999", 1);
	assert_delta(14999, "2026-11-22", "restaurant 4999", 1);
	batch_fini(&batch);
}
END_TEST

/* ---- the pipeline ---- */

static struct deriver deriver;
static struct reader *reader;
static struct pipeline pipeline;
static struct pipeline_options options;

static void open_pipeline(void)
{
	deriver = deriver_open();
	ck_assert_int_eq(reader_open(deriver.store, &reader), 0);
	ck_assert_int_eq(
		pipeline_init(&pipeline, deriver.store, reader, deriver.derived, &options), 0);
}

static void close_pipeline(void)
{
	pipeline_fini(&pipeline);
	reader_close(reader);
	deriver_close(&deriver);
}

static int64_t all_of(const char *restaurant)
{
	look();
	return count_now(restaurant, window_named("all"));
}

START_TEST(a_step_applies_what_waits_and_then_there_is_nothing)
{
	int64_t noma = make_place("noma");
	bool rebuilt = true;

	open_pipeline();
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), 0);
	ck_assert(!rebuilt);
	ck_assert_int_eq(pipeline_step(&pipeline), 0);
	mark_many(noma, "u", 50);
	ck_assert_int_eq(pipeline_step(&pipeline), 50);
	ck_assert_int_eq(pipeline_step(&pipeline), 0);
	ck_assert_int_eq(all_of("noma"), 50);
	ck_assert_int_eq(unmark(noma, "u1"), 0);
	ck_assert_int_eq(pipeline_step(&pipeline), 1);
	ck_assert_int_eq(all_of("noma"), 49);
	close_pipeline();
}
END_TEST

START_TEST(steps_are_bounded)
{
	int64_t noma = make_place("noma");

	options.changes_max = 100;
	mark_many(noma, "u", 205);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 100);
	ck_assert(pipeline_is_behind(&pipeline));
	ck_assert_int_eq(all_of("noma"), 100);
	ck_assert_int_eq(pipeline_step(&pipeline), 100);
	ck_assert_int_eq(pipeline_step(&pipeline), 5);
	ck_assert(!pipeline_is_behind(&pipeline));
	ck_assert_int_eq(all_of("noma"), 205);
	close_pipeline();
}
END_TEST

START_TEST(steps_grow_while_they_are_quick_but_not_beyond_their_bound)
{
	int64_t noma = make_place("noma");
	int64_t limit, applied = 0;

	mark_many(noma, "u", 35000);
	open_pipeline();
	limit = pipeline.limit;
	ck_assert_int_lt(limit, PIPELINE_CHANGES_MAX);
	pipeline.limit = 10;
	for (int step; (step = pipeline_step(&pipeline)); applied += step) {
		ck_assert_int_gt(step, 0);
		ck_assert_int_le(pipeline.limit, PIPELINE_CHANGES_MAX);
	}
	ck_assert_int_eq(applied, 35000);
	ck_assert_int_gt(pipeline.limit, 100);
	ck_assert_int_eq(all_of("noma"), 35000);
	close_pipeline();
}
END_TEST

/* ---- what a disk made of the log ---- */

static const struct poison {
	const char *sql; /* of the change by u1 */
	const char *why;
} poisons[] = {
	{"UPDATE change SET created_ns = -5 WHERE user = 'u1'", "impossible moments"},
	{"UPDATE change SET created_ns = NULL WHERE user = 'u1'", "impossible moments"},
	{"UPDATE change SET previous_ns = 7 WHERE user = 'u1'", "impossible moments"},
	{"UPDATE change SET created_ns = 9223372036854775807 WHERE user = 'u1'",
		"impossible moments"},
	{"UPDATE change SET op = 77 WHERE user = 'u1'", "no operation"},
	{"UPDATE change SET op = 0 WHERE user = 'u1'", "no operation"},
	{"UPDATE change SET user = 'u' || char(10) WHERE user = 'u1'", "an impossible name"},
	{"UPDATE change SET restaurant = '' WHERE user = 'u1'", "an impossible name"},
	{"UPDATE change SET restaurant = 'a/b' WHERE user = 'u1'", "an impossible name"},
	{"UPDATE change SET restaurant_id = -1 WHERE user = 'u1'", "an impossible restaurant"},
};

START_TEST(a_damaged_change_is_set_aside_and_all_is_counted_anew_when_none_waits)
{
	int64_t noma = make_place("noma");
	struct set_aside aside;

	options.changes_max = 20;
	mark_many(noma, "u", 50);
	sql_run("favorites.db", poisons[_i].sql);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 20);
	ck_assert_int_eq(pipeline_step(&pipeline), 20);
	ck_assert_int_eq(pipeline_step(&pipeline), 10);
	ck_assert(pipeline_is_behind(&pipeline));
	ck_assert_int_eq(all_of("noma"), 49); /* the rest goes on */
	ck_assert_int_eq(reader_set_aside(fixture.reader, &aside), 0);
	ck_assert_int_eq(aside.count, 1);
	ck_assert_int_gt(aside.newest_seq, 0);
	ck_assert_str_eq(aside.why, poisons[_i].why);
	ck_assert_int_eq(pipeline_step(&pipeline), 0);
	ck_assert(!pipeline_is_behind(&pipeline));
	ck_assert_int_eq(all_of("noma"), 50);
	ck_assert_int_eq(unmark(noma, "u1"), 0);
	ck_assert_int_eq(pipeline_step(&pipeline), 1);
	ck_assert_int_eq(all_of("noma"), 49);
	ck_assert_int_eq(reader_set_aside(fixture.reader, &aside), 0);
	ck_assert_int_eq(aside.count, 1);
	close_pipeline();
}
END_TEST

/* What a damaged disk, or a person with an editor, left of the log. */
static const struct loss {
	const char *sql;
	bool applied; /* all of it, before */
	bool rebuilt; /* at the next start */
} losses[] = {
	{"DELETE FROM change WHERE user = 'u7'", false, false},
	{"DELETE FROM change WHERE user = 'u7'", true, false},
	{"DELETE FROM change WHERE seq < (SELECT max(seq) FROM change)", true, false},
	{"DELETE FROM change WHERE seq = (SELECT max(seq) FROM change)", true, true},
	{"DELETE FROM change", true, true},
	{"UPDATE change SET tag = tag + 1", true, true},
};

START_TEST(a_log_with_losses_is_noticed_and_all_is_counted_anew)
{
	int64_t noma = make_place("noma");
	bool rebuilt = false;

	mark_many(noma, "u", 30);
	open_pipeline();
	while (losses[_i].applied && pipeline_step(&pipeline) > 0)
		;
	sql_run("favorites.db", losses[_i].sql);
	while (pipeline_step(&pipeline) > 0)
		;
	ck_assert_int_eq(all_of("noma"), 30);
	close_pipeline();
	open_pipeline();
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), 0);
	ck_assert_int_eq(rebuilt, losses[_i].rebuilt);
	ck_assert_int_eq(unmark(noma, "u3"), 0);
	ck_assert_int_ge(pipeline_step(&pipeline), 0);
	ck_assert_int_eq(pipeline_step(&pipeline), 0);
	ck_assert_int_eq(all_of("noma"), 29);
	close_pipeline();
}
END_TEST

START_TEST(what_was_set_aside_by_one_that_was_killed_is_not_forgotten)
{
	int64_t noma = make_place("noma");
	bool rebuilt = false;

	mark_many(noma, "u", 50);
	sql_run("favorites.db", poisons[0].sql);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 50);
	close_pipeline();
	open_pipeline();
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), 0);
	ck_assert(rebuilt);
	ck_assert_int_eq(all_of("noma"), 50);
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), 0);
	ck_assert(!rebuilt);
	close_pipeline();
}
END_TEST

static bool stop(void *arg, int64_t done, int64_t all)
{
	ck_assert_int_le(done, all + 1);
	++*(int *)arg;
	return false;
}

START_TEST(counting_anew_can_be_stopped_and_leaves_all_as_it_was)
{
	int64_t noma = make_place("noma");
	bool rebuilt = false;
	int calls = 0;

	mark_many(noma, "u", 50);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 50);
	close_pipeline();
	sql_run("derived.db", "UPDATE position SET tag = tag + 1");
	options = (struct pipeline_options){.progress = stop, .arg = &calls};
	open_pipeline();
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), -ECANCELED);
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(all_of("noma"), 50);
	close_pipeline();
	options.progress = NULL;
	open_pipeline();
	ck_assert_int_eq(pipeline_resume(&pipeline, &rebuilt), 0);
	ck_assert(rebuilt);
	ck_assert_int_eq(all_of("noma"), 50);
	close_pipeline();
}
END_TEST

START_TEST(a_step_that_failed_is_done_once_later)
{
	int64_t noma = make_place("noma");

	mark_many(noma, "u", 20);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 20);
	ck_assert_int_eq(unmark(noma, "u1"), 0);
	ck_assert_int_eq(mark(make_place("wong-kei"), "u1"), 0);
	sql_run("derived.db", "UPDATE count SET count = 0"); /* so that to subtract is refused */
	ck_assert_int_lt(pipeline_step(&pipeline), 0);
	ck_assert_int_eq(all_of("wong-kei"), 0);
	sql_run("derived.db", "UPDATE count SET count = 20");
	ck_assert_int_eq(pipeline_step(&pipeline), 2);
	ck_assert_int_eq(all_of("noma"), 19);
	ck_assert_int_eq(all_of("wong-kei"), 1);
	close_pipeline();
}
END_TEST

/* Both think that they are the only one, as when somebody removed the lock file. */
START_TEST(two_pipelines_never_apply_a_change_twice)
{
	int64_t noma = make_place("noma");
	struct pipeline other;

	mark_many(noma, "u", 20);
	open_pipeline();
	ck_assert_int_eq(
		pipeline_init(&other, deriver.store, reader, deriver.derived, &options), 0);
	ck_assert_int_eq(pipeline_step(&pipeline), 20);
	ck_assert_int_eq(pipeline_step(&other), -ESTALE);
	ck_assert_uint_eq(other.batch.count, 0);
	ck_assert_int_eq(all_of("noma"), 20);
	pipeline_fini(&other);
	ck_assert_int_eq(
		pipeline_init(&other, deriver.store, reader, deriver.derived, &options), 0);
	ck_assert_int_eq(pipeline_step(&other), 0);
	ck_assert_int_eq(mark(noma, "v"), 0);
	ck_assert_int_eq(pipeline_step(&other), 1);
	ck_assert_int_eq(all_of("noma"), 21);
	pipeline_fini(&other);
	close_pipeline();
}
END_TEST

START_TEST(a_file_lost_under_a_pipeline_is_told)
{
	int64_t noma = make_place("noma");

	mark_many(noma, "u", 20);
	open_pipeline();
	ck_assert_int_eq(pipeline_step(&pipeline), 20);
	remove_database("derived.db");
	ck_assert_int_eq(pipeline_step(&pipeline), -ESTALE);
	ck_assert_int_eq(mark(noma, "v"), 0);
	ck_assert_int_eq(pipeline_step(&pipeline), -ESTALE);
	close_pipeline();
	(void)sync_derived();
	ck_assert_int_eq(all_of("noma"), 21);
}
END_TEST

/* ---- the same bytes by every way ---- */

enum {
	PLACES = 12,
	USERS = 15,
	DAYS = 40
};

static int64_t places[PLACES];

static void make_places(void)
{
	for (int i = 0; i < PLACES; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%c place %d", 'p' - i, i % 5);
		places[i] = make_place(name);
	}
}

static void change_at_random(void)
{
	int64_t place = places[random() % PLACES], other = places[random() % PLACES];
	int64_t moment = START_NS + (random() % DAYS - DAYS / 2) * NS_PER_DAY;
	struct favorite favorite;
	char user[32], to_user[32];

	(void)snprintf(user, sizeof(user), "u%ld", random() % USERS);
	(void)snprintf(to_user, sizeof(to_user), "u%ld", random() % USERS);
	fixture_clock_ns += (random() % 100000 - 50000) * NS_PER_SECOND;
	switch (random() % 8) {
	case 0:
		(void)unmark(place, user); /* may be no favourite */
		break;
	case 1:
		(void)move_favorite(place, user, other, to_user); /* the same */
		break;
	case 2:
	case 3:
		if (reader_favorite(fixture.reader, place, user, &favorite) == 0)
			ck_assert_int_eq(set_created(favorite.id, moment), 0);
		break;
	default:
		ck_assert_int_eq(mark(place, user), 0);
	}
}

/* What the rankings should be, from the favourites themselves. */
struct told {
	window_t window;
	struct row rows[PLACES];
	size_t count;
};

struct telling {
	struct told told[4 * DAYS];
	size_t count;
};

static struct told *told_of(struct telling *telling, window_t window)
{
	size_t i = 0;

	while (i < telling->count && telling->told[i].window != window)
		i++;
	if (i == telling->count) {
		ck_assert_uint_lt(i, COUNT(telling->told));
		telling->told[telling->count++] = (struct told){.window = window};
	}
	return &telling->told[i];
}

static void count_one(struct told *told, const char *restaurant)
{
	size_t i = 0;

	while (i < told->count && strcmp(told->rows[i].name, restaurant) != 0)
		i++;
	if (i == told->count)
		strcpy(told->rows[told->count++].name, restaurant);
	told->rows[i].count++;
}

static int tell_one(void *arg, const struct log_entry *entry)
{
	static const enum window_kind kinds[] = {WINDOW_ALL, WINDOW_MONTH, WINDOW_DAY};

	for (size_t i = 0; i < COUNT(kinds); i++)
		count_one(told_of(arg, window_of(kinds[i], entry->created_ns)), entry->restaurant);
	return 0;
}

static bool count_window(void *arg, int64_t cookie, window_t window)
{
	(void)cookie;
	(void)window;
	++*(size_t *)arg;
	return false;
}

static void assert_rankings_are_of_the_favourites(void)
{
	struct telling *telling = calloc(1, sizeof(*telling));
	struct position position;
	size_t windows = 1; /* all */

	ck_assert_ptr_nonnull(telling);
	ck_assert_int_eq(reader_scan(fixture.reader, tell_one, telling, &position), 0);
	for (size_t i = 0; i < telling->count; i++) {
		struct told *told = &telling->told[i];
		size_t size, expected_size;
		char *expected = oracle_ranking(told->rows, told->count, &expected_size);
		char *text = read_ranking(fixture.reader, told->window, &size);

		ck_assert_str_eq(text, expected);
		ck_assert_uint_eq(size, expected_size);
		free(text);
		free(expected);
	}
	ck_assert_int_eq(reader_ranking_windows(fixture.reader, 0, count_window, &windows), 0);
	ck_assert_uint_eq(windows, telling->count);
	free(telling);
}

START_TEST(following_the_log_and_counting_anew_give_the_same_bytes)
{
	srandom(fixture_seed());
	make_places();
	ck_assert_int_eq(mark(places[0], "the first"), 0);
	ck_assert(sync_derived());
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 60; i++) {
			change_at_random();
			if (random() % 20 == 0)
				ck_assert(!sync_derived());
		}
		ck_assert(!sync_derived());
		assert_rankings_are_of_the_favourites();
	}
	sql_run("derived.db", "UPDATE position SET tag = tag + 1");
	ck_assert(sync_derived());
	assert_rankings_are_of_the_favourites();
	for (int i = 0; i < 60; i++)
		change_at_random();
	ck_assert(!sync_derived());
	assert_rankings_are_of_the_favourites();
}
END_TEST

/* From the favourites, whether the log goes back to its start or not. */
START_TEST(a_deleted_derived_db_is_counted_anew)
{
	srandom(fixture_seed());
	make_places();
	for (int i = 0; i < 200; i++)
		change_at_random();
	(void)sync_derived();
	if (_i) {
		fixture_clock_ns += 100 * NS_PER_DAY; /* past wherever chance took it */
		ck_assert_int_eq(mark(places[0], "late"), 0);
		store_settle(fixture.store);
		ck_assert_uint_lt(log_length(), 10);
	}
	(void)sync_derived();
	assert_rankings_are_of_the_favourites();
	remove_database("derived.db");
	ck_assert(sync_derived());
	assert_rankings_are_of_the_favourites();
	ck_assert(!sync_derived());
}
END_TEST

/* ---- a backup ---- */

static void copy_file(const char *from, const char *to)
{
	char path[PATH_MAX], buffer[65536];
	FILE *in, *out;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s", store_file(from));
	in = fopen(path, "re");
	ck_assert_ptr_nonnull(in);
	out = fopen(store_file(to), "we");
	ck_assert_ptr_nonnull(out);
	while ((size = fread(buffer, 1, sizeof(buffer), in)) > 0)
		ck_assert_uint_eq(fwrite(buffer, 1, size, out), size);
	ck_assert_int_eq(fclose(in), 0);
	ck_assert_int_eq(fclose(out), 0);
}

/* @further changes after the restored copy was in use again: past the old position, or not. */
static void restore_and_count(int further)
{
	srandom(fixture_seed());
	make_places();
	for (int i = 0; i < 50; i++)
		change_at_random();
	(void)sync_derived();
	serve_end();
	ck_assert_int_eq(access(store_file("favorites.db"), F_OK), 0);
	copy_file("favorites.db", "lock.copy");
	serve();
	for (int i = 0; i < 50; i++)
		change_at_random();
	ck_assert_int_eq(mark(places[0], "only in the future"), 0);
	(void)sync_derived();
	serve_end();

	remove_database("favorites.db");
	copy_file("lock.copy", "favorites.db");
	serve();
	for (int i = 0; i < further; i++)
		change_at_random();
	ck_assert(sync_derived());
	ck_assert(!is_favorite(places[0], "only in the future"));
	assert_rankings_are_of_the_favourites();
	ck_assert(!sync_derived());
}

START_TEST(a_store_restored_from_an_older_copy_is_counted_anew)
{
	restore_and_count(0);
}
END_TEST

START_TEST(a_restored_store_is_noticed_although_its_log_grew_past_the_old_position)
{
	restore_and_count(300);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *net = tcase_create("net");
	TCase *step = fixture_case(suite, "step");
	TCase *same = fixture_case(suite, "same");

	suite_add_tcase(suite, net);
	tcase_add_test(net, what_comes_and_goes_nets_to_nothing);
	tcase_add_test(net, a_hundred_changes_of_a_restaurant_net_to_one_delta_a_window);
	tcase_add_test(net, an_update_within_its_windows_nets_to_nothing);
	tcase_add_test(net, an_update_leaves_the_windows_of_the_old_moment_for_those_of_the_new);
	tcase_add_test(net, deltas_are_sorted_by_window_and_name);
	tcase_add_test(net, only_the_kinds_of_the_store_are_counted);
	tcase_add_test(net, a_damaged_moment_is_refused);
	tcase_add_test(net, many_restaurants_find_room);

	tcase_add_test(step, a_step_applies_what_waits_and_then_there_is_nothing);
	tcase_add_test(step, steps_are_bounded);
	tcase_add_test(step, steps_grow_while_they_are_quick_but_not_beyond_their_bound);
	tcase_add_loop_test(step,
		a_damaged_change_is_set_aside_and_all_is_counted_anew_when_none_waits, 0,
		COUNT(poisons));
	tcase_add_loop_test(
		step, a_log_with_losses_is_noticed_and_all_is_counted_anew, 0, COUNT(losses));
	tcase_add_test(step, what_was_set_aside_by_one_that_was_killed_is_not_forgotten);
	tcase_add_test(step, counting_anew_can_be_stopped_and_leaves_all_as_it_was);
	tcase_add_test(step, a_step_that_failed_is_done_once_later);
	tcase_add_test(step, two_pipelines_never_apply_a_change_twice);
	tcase_add_test(step, a_file_lost_under_a_pipeline_is_told);

	tcase_add_test(same, following_the_log_and_counting_anew_give_the_same_bytes);
	tcase_add_loop_test(same, a_deleted_derived_db_is_counted_anew, 0, 2);
	tcase_add_test(same, a_store_restored_from_an_older_copy_is_counted_anew);
	tcase_add_test(
		same, a_restored_store_is_noticed_although_its_log_grew_past_the_old_position);
	return fixture_run(suite);
}
