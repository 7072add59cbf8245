#include "backend/backend.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/fixture.h"

/* An entry of the log as it should be, told by the day or two it is about. */
static void assert_logged(const struct logged *entry, enum log_op op, const char *restaurant,
	const char *user, int64_t created_ns, int64_t previous_ns)
{
	ck_assert_int_eq(entry->op, op);
	ck_assert_str_eq(entry->restaurant, restaurant);
	ck_assert_str_eq(entry->user, user);
	ck_assert_int_eq(entry->created_ns, created_ns);
	ck_assert_int_eq(entry->previous_ns, previous_ns);
}

/* ---- moving ---- */

START_TEST(a_moved_favourite_keeps_its_id_moment_and_owner)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei");
	struct favorite before, after;
	struct logged *log;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	before = favorite_of(noma, "alice");
	fixture_clock_ns += NS_PER_DAY;
	ck_assert_int_eq(move_favorite(noma, "alice", wong_kei, "bob"), 0);
	ck_assert(!is_favorite(noma, "alice"));
	after = favorite_of(wong_kei, "bob");
	ck_assert_int_eq(after.id, before.id);
	ck_assert_int_eq(after.restaurant, wong_kei);
	ck_assert_int_eq(after.created_ns, START_NS);
	ck_assert_int_eq(after.changed_ns, START_NS + NS_PER_DAY);
	ck_assert_uint_eq(after.uid, before.uid);
	ck_assert_uint_eq(after.gid, before.gid);
	ck_assert_int_eq(totals_now().favorites, 1);

	ck_assert_uint_eq(read_log(fixture.reader, &log), 3);
	assert_logged(&log[0], LOG_ADD, "noma", "alice", START_NS, MOMENT_NONE);
	assert_logged(&log[1], LOG_REMOVE, "noma", "alice", MOMENT_NONE, START_NS);
	assert_logged(&log[2], LOG_ADD, "wong-kei", "bob", START_NS, MOMENT_NONE);
	free(log);
}
END_TEST

START_TEST(a_favourite_can_be_renamed_within_its_restaurant)
{
	int64_t noma = make_place("noma"), id;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	id = favorite_of(noma, "alice").id;
	ck_assert_int_eq(move_favorite(noma, "alice", noma, "alicia"), 0);
	ck_assert(!is_favorite(noma, "alice"));
	ck_assert_int_eq(favorite_of(noma, "alicia").id, id);
}
END_TEST

START_TEST(a_move_onto_a_favourite_replaces_it)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei"), id, replaced;
	struct favorite favorite;
	struct logged *log;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(mark(wong_kei, "bob"), 0);
	id = favorite_of(noma, "alice").id;
	replaced = favorite_of(wong_kei, "bob").id;
	ck_assert_int_eq(move_favorite(noma, "alice", wong_kei, "bob"), 0);
	ck_assert(!is_favorite(noma, "alice"));
	ck_assert_int_eq(favorite_of(wong_kei, "bob").id, id);
	ck_assert_int_eq(reader_favorite_by_id(fixture.reader, replaced, &favorite), -ENOENT);
	ck_assert_int_eq(totals_now().favorites, 1);

	ck_assert_uint_eq(read_log(fixture.reader, &log), 5);
	assert_logged(
		&log[2], LOG_REMOVE, "wong-kei", "bob", MOMENT_NONE, START_NS + NS_PER_SECOND);
	assert_logged(&log[3], LOG_REMOVE, "noma", "alice", MOMENT_NONE, START_NS);
	assert_logged(&log[4], LOG_ADD, "wong-kei", "bob", START_NS, MOMENT_NONE);
	free(log);
}
END_TEST

START_TEST(an_exclusive_move_onto_a_favourite_is_refused)
{
	int64_t noma = make_place("noma");
	struct wish wish = {.change = {.kind = CHANGE_MOVE,
				    .exclusive = true,
				    .id = noma,
				    .to_id = noma,
				    .name = "alice",
				    .to_name = "bob"}};
	struct wish again = wish;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(wish_do(&wish), -EEXIST);
	ck_assert(is_favorite(noma, "alice") && is_favorite(noma, "bob"));
	ck_assert_uint_eq(log_length(), 2);
	ck_assert_int_eq(unmark(noma, "bob"), 0);
	ck_assert_int_eq(wish_do(&again), 0);
	ck_assert(!is_favorite(noma, "alice") && is_favorite(noma, "bob"));
}
END_TEST

START_TEST(a_move_onto_itself_changes_nothing_and_logs_nothing)
{
	int64_t noma = make_place("noma");
	struct favorite before, after;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	before = favorite_of(noma, "alice");
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(move_favorite(noma, "alice", noma, "alice"), 0);
	after = favorite_of(noma, "alice");
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
	ck_assert_uint_eq(log_length(), 1);
	ck_assert_int_eq(totals_now().favorites, 1);
}
END_TEST

START_TEST(a_move_from_or_to_what_is_not_there_is_refused)
{
	int64_t noma = make_place("noma"), bare = 0;

	ck_assert_int_eq(make_restaurant("bare", &bare), 0);
	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(move_favorite(noma, "bob", noma, "carol"), -ENOENT);
	ck_assert_int_eq(move_favorite(noma, "alice", bare, "alice"), -ENOENT);
	ck_assert_int_eq(move_favorite(noma, "alice", bare + 1, "alice"), -ENOENT);
	ck_assert_int_eq(move_favorite(bare, "alice", noma, "bob"), -ENOENT);
	ck_assert(is_favorite(noma, "alice"));
	ck_assert_uint_eq(log_length(), 1);
}
END_TEST

/* ---- the moment and the owner ---- */

START_TEST(setting_the_moment_logs_one_update_with_both_images)
{
	int64_t noma = make_place("noma"), id;
	const int64_t backfilled_ns = START_NS - 400 * NS_PER_DAY;
	struct logged *log;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	id = favorite_of(noma, "alice").id;
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_created(id, backfilled_ns), 0);
	ck_assert_int_eq(favorite_of(noma, "alice").id, id);
	ck_assert_int_eq(favorite_of(noma, "alice").created_ns, backfilled_ns);
	ck_assert_int_eq(favorite_of(noma, "alice").changed_ns, START_NS + NS_PER_SECOND);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 2);
	assert_logged(&log[1], LOG_UPDATE, "noma", "alice", backfilled_ns, START_NS);
	ck_assert_int_eq(log[1].time_ns, START_NS + NS_PER_SECOND);
	free(log);

	ck_assert_int_eq(unmark(noma, "alice"), 0);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 3);
	assert_logged(&log[2], LOG_REMOVE, "noma", "alice", MOMENT_NONE, backfilled_ns);
	free(log);
}
END_TEST

START_TEST(setting_the_moment_it_has_logs_nothing)
{
	int64_t noma = make_place("noma");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_created(favorite_of(noma, "alice").id, START_NS), 0);
	ck_assert_int_eq(favorite_of(noma, "alice").changed_ns, START_NS);
	ck_assert_uint_eq(log_length(), 1);
}
END_TEST

START_TEST(moments_from_1970_to_2261_are_taken)
{
	static const int64_t good[] = {0, 1, START_NS + 30 * 365 * NS_PER_DAY, MOMENT_NS_MAX};
	static const int64_t bad[] = {-1, INT64_MIN, MOMENT_NS_MAX + 1, INT64_MAX};
	int64_t noma = make_place("noma"), id;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	id = favorite_of(noma, "alice").id;
	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_int_eq(set_created(id, good[i]), 0);
		ck_assert_int_eq(favorite_of(noma, "alice").created_ns, good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_int_eq(set_created(id, bad[i]), -EINVAL);
		ck_assert_int_eq(favorite_of(noma, "alice").created_ns, MOMENT_NS_MAX);
	}
	ck_assert_int_eq(set_created(id + 1, START_NS), -ENOENT);
	ck_assert_uint_eq(log_length(), 1 + COUNT(good));
}
END_TEST

START_TEST(setting_the_moment_moves_a_favourite_between_windows)
{
	int64_t noma = make_place("noma");
	const window_t today = window_named("2026-11-22"), month = window_named("2026-11");
	const window_t yesterday = window_named("2026-11-21"), before = window_named("2024-02-29");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	(void)sync_derived();
	ck_assert_int_eq(count_now("noma", today), 2);
	ck_assert_int_eq(set_created(favorite_of(noma, "alice").id, START_NS - NS_PER_DAY), 0);
	ck_assert_int_eq(
		set_created(favorite_of(noma, "bob").id, INT64_C(1709208000) * NS_PER_SECOND), 0);
	ck_assert(!sync_derived());
	ck_assert_int_eq(count_now("noma", window_named("all")), 2);
	ck_assert_int_eq(count_now("noma", today), 0);
	ck_assert_int_eq(count_now("noma", yesterday), 1);
	ck_assert_int_eq(count_now("noma", month), 1);
	ck_assert_int_eq(count_now("noma", before), 1);
	ck_assert_int_eq(unmark(noma, "bob"), 0);
	ck_assert(!sync_derived());
	ck_assert_int_eq(count_now("noma", before), 0);
	ck_assert_int_eq(count_now("noma", month), 1);
}
END_TEST

static int set_owner(int64_t id, uid_t uid, gid_t gid)
{
	struct wish wish = {.change = {.kind = CHANGE_SET_OWNER, .id = id, .uid = uid, .gid = gid}};

	return wish_do(&wish);
}

START_TEST(the_owner_is_stored_and_not_logged)
{
	int64_t noma = make_place("noma"), id;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	id = favorite_of(noma, "alice").id;
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_owner(id, 1, 2), 0);
	ck_assert_uint_eq(favorite_of(noma, "alice").uid, 1);
	ck_assert_uint_eq(favorite_of(noma, "alice").gid, 2);
	ck_assert_int_eq(favorite_of(noma, "alice").created_ns, START_NS);
	ck_assert_int_eq(favorite_of(noma, "alice").changed_ns, START_NS + NS_PER_SECOND);
	ck_assert_int_eq(set_owner(id, (uid_t)-1, 3), 0);
	ck_assert_uint_eq(favorite_of(noma, "alice").uid, 1);
	ck_assert_int_eq(set_owner(id, UINT32_MAX - 1, (gid_t)-1), 0);
	ck_assert_uint_eq(favorite_of(noma, "alice").uid, UINT32_MAX - 1);
	ck_assert_uint_eq(favorite_of(noma, "alice").gid, 3);
	ck_assert_int_eq(set_owner(id + 1, 1, 2), -ENOENT);
	ck_assert_uint_eq(log_length(), 1);
}
END_TEST

START_TEST(fans_show_the_time_of_the_last_change_inside)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei");
	struct restaurant restaurant;

	fixture_clock_ns = START_NS + 1;
	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(reader_restaurant_by_id(fixture.reader, noma, &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_changed_ns, START_NS + 1);
	ck_assert_int_eq(restaurant.changed_ns, START_NS);
	fixture_clock_ns = START_NS + 2;
	ck_assert_int_eq(move_favorite(noma, "alice", wong_kei, "alice"), 0);
	ck_assert_int_eq(reader_restaurant_by_id(fixture.reader, noma, &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_changed_ns, START_NS + 2);
	ck_assert_int_eq(reader_restaurant_by_id(fixture.reader, wong_kei, &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_changed_ns, START_NS + 2);
	fixture_clock_ns = START_NS + 3;
	ck_assert_int_eq(unmark(wong_kei, "alice"), 0);
	ck_assert_int_eq(reader_restaurant_by_id(fixture.reader, wong_kei, &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_changed_ns, START_NS + 3);
	ck_assert_int_eq(reader_restaurant_by_id(fixture.reader, noma, &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_changed_ns, START_NS + 2);
}
END_TEST

/* ---- listing ---- */

#define MANY 20000

struct listed {
	int64_t cookie;
	int64_t id;
	int number; /* of the user sNUMBER; -1: another */
};

struct listing {
	struct listed *entries;
	size_t count;
	size_t enough; /* entries of one call */
};

static bool take_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	struct listing *listing = arg;

	ck_assert_uint_lt(listing->count, 2 * MANY);
	listing->entries[listing->count++] = (struct listed){
		cookie, favorite->id, *user == 's' ? (int)strtol(user + 1, NULL, 10) : -1};
	return --listing->enough == 0;
}

static bool take_name(void *arg, int64_t cookie, const char *user, int64_t favorite)
{
	struct favorite known = {.id = favorite};

	return take_favorite(arg, cookie, user, &known);
}

/* The two lists of the favourites of a restaurant; tests of lists are of both. */
enum list {
	LIST_FAVORITES,
	LIST_NAMES,
	LISTS,
};

static void go_on(enum list list, int64_t restaurant, int64_t after, struct listing *listing)
{
	int error = list == LIST_NAMES
			    ? reader_names(fixture.reader, restaurant, after, take_name, listing)
			    : reader_favorites(
				      fixture.reader, restaurant, after, take_favorite, listing);

	ck_assert_int_eq(error, 0);
}

/* Lists a restaurant in calls of random length, each going on from the last one's cookie. */
static struct listing list_in_pieces(enum list list, int64_t restaurant, size_t piece_max)
{
	struct listing listing = {.entries = calloc(2 * MANY, sizeof(*listing.entries))};
	size_t before;

	ck_assert_ptr_nonnull(listing.entries);
	do {
		int64_t after = listing.count ? listing.entries[listing.count - 1].cookie : 0;

		before = listing.count;
		listing.enough = 1 + (size_t)random() % piece_max;
		go_on(list, restaurant, after, &listing);
	} while (listing.count > before);
	return listing;
}

/* That the users s0 ... are listed once each, and that cookies grow. */
static void assert_each_once(const struct listing *listing, int stable)
{
	unsigned char *seen = calloc((size_t)stable, 1);
	int found = 0;

	ck_assert_ptr_nonnull(seen);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listed *entry = &listing->entries[i];

		if (entry->cookie <= (i ? entry[-1].cookie : 0) || entry->cookie >= COOKIE_MAX)
			ck_abort_msg("cookie %lld", (long long)entry->cookie);
		if (entry->number < 0)
			continue;
		if (entry->number >= stable || seen[entry->number]++)
			ck_abort_msg("s%d is listed twice", entry->number);
		found++;
	}
	free(seen);
	ck_assert_int_eq(found, stable);
}

START_TEST(a_listing_of_many_goes_on_from_any_cookie)
{
	int64_t noma = make_place("noma");
	struct listing all, rest;

	srandom(fixture_seed());
	mark_many(noma, "s", MANY);
	ck_assert_int_eq(totals_now().favorites, MANY);
	all = list_in_pieces(LIST_FAVORITES, noma, 1000);
	ck_assert_uint_eq(all.count, MANY);
	assert_each_once(&all, MANY);

	rest.entries = calloc(2 * MANY, sizeof(*rest.entries));
	for (int i = 0; i < 200; i++) {
		size_t from = (size_t)random() % MANY, left = MANY - from - 1;

		rest.count = 0;
		rest.enough = 10;
		go_on((enum list)_i, noma, all.entries[from].cookie, &rest);
		ck_assert_uint_eq(rest.count, left < 10 ? left : 10);
		for (size_t j = 0; j < rest.count; j++)
			ck_assert_int_eq(rest.entries[j].id, all.entries[from + 1 + j].id);
	}
	free(rest.entries);
	free(all.entries);
}
END_TEST

START_TEST(cookies_stay_valid_after_the_store_was_opened_again)
{
	int64_t noma = make_place("noma");
	struct listing before, after;

	mark_many(noma, "s", 100);
	before = list_in_pieces(LIST_FAVORITES, noma, 100);
	ck_assert_int_eq(unmark(noma, "s50"), 0);
	ck_assert_int_eq(mark(noma, "s50"), 0);
	serve_again();
	after = list_in_pieces(LIST_NAMES, noma, 100);
	ck_assert_uint_eq(after.count, 100);
	for (size_t i = 0; i < 100; i++) {
		ck_assert_int_eq(after.entries[i].cookie, before.entries[i].cookie);
		ck_assert_int_eq(after.entries[i].number, before.entries[i].number);
	}
	free(before.entries);
	free(after.entries);
}
END_TEST

struct churn {
	pthread_t thread;
	int64_t restaurant;
	atomic_bool enough;
	int rounds;
};

/* Others come and go, a hundred at a time. */
static void *churn(void *arg)
{
	enum {
		OTHERS = 100
	};
	struct churn *self = arg;
	struct wish *wishes = calloc(OTHERS, sizeof(*wishes));

	while (!atomic_load(&self->enough) || self->rounds < 4) {
		for (int i = 0; i < OTHERS; i++) {
			wishes[i] = (struct wish){
				.change = {.kind = self->rounds & 1 ? CHANGE_UNMARK : CHANGE_MARK,
					.id = self->restaurant}};
			(void)snprintf(wishes[i].change.name, NAME_BYTES_MAX, "other%d",
				i + self->rounds / 2 % 50);
			wish_submit(&wishes[i]);
		}
		store_settle(fixture.store);
		self->rounds++;
	}
	free(wishes);
	return NULL;
}

START_TEST(what_stays_is_listed_exactly_once_while_others_come_and_go)
{
	enum {
		STABLE = 1000
	};
	struct churn others = {.restaurant = make_place("noma")};
	bool met = false;

	srandom(fixture_seed());
	mark_many(others.restaurant, "s", STABLE);
	ck_assert_int_eq(pthread_create(&others.thread, NULL, churn, &others), 0);
	for (int i = 0; i < 60; i++) {
		struct listing listing = list_in_pieces((enum list)_i, others.restaurant, 30);

		assert_each_once(&listing, STABLE);
		met |= listing.count > STABLE;
		free(listing.entries);
	}
	atomic_store(&others.enough, true);
	ck_assert_int_eq(pthread_join(others.thread, NULL), 0);
	ck_assert(met);
}
END_TEST

START_TEST(a_listing_shows_no_other_restaurant)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei");
	struct listing listing;

	mark_many(noma, "s", 50);
	mark_many(wong_kei, "other", 50);
	listing = list_in_pieces((enum list)_i, noma, 7);
	ck_assert_uint_eq(listing.count, 50);
	assert_each_once(&listing, 50);
	free(listing.entries);
	ck_assert_int_eq(remove_fans(noma), -ENOTEMPTY);
}
END_TEST

struct places {
	int64_t after;
	int count;
};

static bool take_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant)
{
	struct places *places = arg;
	char name[32];

	ck_assert_int_gt(cookie, places->after);
	ck_assert_int_lt(cookie, COOKIE_MAX);
	(void)snprintf(name, sizeof(name), "r%d", places->count);
	ck_assert_str_eq(restaurant->name, name);
	places->after = cookie;
	places->count++;
	return places->count % 7 == 0;
}

START_TEST(restaurants_are_listed_in_pieces_each_once)
{
	struct places places = {0};
	int before;

	for (int i = 0; i < 30; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "r%d", i);
		ck_assert_int_eq(make_restaurant(name, NULL), 0);
	}
	do {
		before = places.count;
		ck_assert_int_eq(
			reader_restaurants(fixture.reader, places.after, take_restaurant, &places),
			0);
	} while (places.count > before);
	ck_assert_int_eq(places.count, 30);
}
END_TEST

/* ---- many reads in one transaction ---- */

/* Of whom the log of SQLite has something that was committed after they began to read. */
static bool is_in_the_way(void)
{
	return sql_number(
		"favorites.db", "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
}

START_TEST(a_reader_that_holds_on_sees_what_was_committed)
{
	int64_t noma = make_place("noma");
	struct restaurant restaurant;

	reader_hold(fixture.reader);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(mark(noma, "alice"), 0);
		ck_assert(is_favorite(noma, "alice"));
		ck_assert(!is_favorite(noma, "bob"));
		ck_assert_int_eq(unmark(noma, "alice"), 0);
		ck_assert(!is_favorite(noma, "alice"));
	}
	ck_assert_int_eq(make_restaurant("taj", NULL), 0); /* the log has nothing of it */
	ck_assert_int_eq(reader_restaurant(fixture.reader, "taj", &restaurant), 0);
	reader_rest(fixture.reader);
}
END_TEST

START_TEST(a_reader_that_holds_on_lets_go_when_it_rests)
{
	int64_t noma = make_place("noma");

	reader_hold(fixture.reader);
	ck_assert(!is_favorite(noma, "alice"));
	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert(is_in_the_way());
	reader_rest(fixture.reader);
	ck_assert(!is_in_the_way());
	ck_assert(is_favorite(noma, "alice"));
	ck_assert(!is_in_the_way());
}
END_TEST

/* Who checkpoints commits nothing meanwhile, and waits for readers. */
START_TEST(a_reader_that_holds_on_lets_go_after_a_moment)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	int64_t noma = make_place("noma");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	reader_hold(fixture.reader);
	ck_assert_uint_ne(favorite_of(noma, "alice").uid, 4711);
	sql_run("favorites.db", "UPDATE favorite SET uid = 4711"); /* of which nobody tells it */
	ck_assert_int_eq(nanosleep(&moment, NULL), 0);
	ck_assert_uint_eq(favorite_of(noma, "alice").uid, 4711);
	reader_rest(fixture.reader);
}
END_TEST

/* Within a list that is being shown, a look goes on from the list's moment. */
static bool look_within(void *arg, int64_t cookie, const char *user, int64_t favorite)
{
	int64_t noma = *(int64_t *)arg;

	(void)cookie;
	(void)user;
	(void)favorite;
	ck_assert_int_eq(mark(noma, "late"), 0);
	(void)is_favorite(noma, "late");
	return true;
}

START_TEST(a_look_within_a_list_does_not_hold_on_to_an_old_moment)
{
	int64_t noma = make_place("noma");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	reader_hold(fixture.reader);
	ck_assert_int_eq(reader_names(fixture.reader, noma, 0, look_within, &noma), 0);
	ck_assert(is_favorite(noma, "late"));
	reader_rest(fixture.reader);
}
END_TEST

/* ---- rows that no favfs wrote ---- */

static bool pass_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant)
{
	(void)arg;
	(void)cookie;
	(void)restaurant;
	return false;
}

static bool pass_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	(void)arg;
	(void)cookie;
	(void)user;
	(void)favorite;
	return false;
}

static bool pass_window(void *arg, int64_t cookie, window_t window)
{
	(void)arg;
	(void)cookie;
	(void)window;
	return false;
}

static bool pass_user(void *arg, int64_t cookie, const struct user *user)
{
	(void)arg;
	(void)cookie;
	(void)user;
	return false;
}

static bool pass_link(void *arg, int64_t cookie, const struct link *link)
{
	(void)arg;
	(void)cookie;
	(void)link;
	return false;
}

static int list_restaurants(void)
{
	return reader_restaurants(fixture.reader, 0, pass_restaurant, NULL);
}

static int list_favorites(void)
{
	return reader_favorites(fixture.reader, 1, 0, pass_favorite, NULL);
}

static bool pass_name(void *arg, int64_t cookie, const char *user, int64_t favorite)
{
	(void)arg;
	(void)cookie;
	(void)user;
	(void)favorite;
	return false;
}

static int list_names(void)
{
	return reader_names(fixture.reader, 1, 0, pass_name, NULL);
}

static int list_windows(void)
{
	return reader_ranking_windows(fixture.reader, 0, pass_window, NULL);
}

static int list_count_windows(void)
{
	return reader_count_windows(fixture.reader, "noma", 0, pass_window, NULL);
}

static int list_users(void)
{
	return reader_users(fixture.reader, 0, pass_user, NULL);
}

static int list_links(void)
{
	return reader_links(fixture.reader, 1, 0, pass_link, NULL);
}

static int look_at_ranking(void)
{
	struct ranking_info info;

	return reader_ranking(fixture.reader, window_named("all"), &info);
}

static int look_at_log(void)
{
	struct log_text text;

	return reader_log_text(fixture.reader, &text);
}

/* Ids and cookies that are none would be those of others, or begin a listing again, for ever. */
static const struct {
	int (*look)(void);
	const char *file;
	const char *sql;
} damages[] = {
	{list_restaurants, "favorites.db", "UPDATE restaurant SET id = 1 << 40"},
	{list_favorites, "favorites.db", "UPDATE favorite SET id = 1 << 60"},
	{list_favorites, "favorites.db", "UPDATE favorite SET id = -1"},
	{list_favorites, "favorites.db", "UPDATE favorite SET place = 1 << 62"},
	{list_names, "favorites.db", "UPDATE favorite SET id = 1 << 60"},
	{list_names, "favorites.db", "UPDATE favorite SET place = 1 << 62"},
	{list_names, "favorites.db", "UPDATE favorite SET user = printf('%300d', 1)"},
	{list_windows, "derived.db", "UPDATE ranking SET window = 1 << 32 WHERE window > 1 << 24"},
	{list_windows, "derived.db", "UPDATE ranking SET window = 1 << 25 WHERE window > 1 << 24"},
	{list_count_windows, "derived.db",
		"UPDATE count SET window = 1 << 40 WHERE window > 1 << 24"},
	{list_users, "derived.db", "UPDATE user SET id = 1 << 28"},
	{list_links, "derived.db", "UPDATE link SET restaurant_id = 1 << 31"},
	{look_at_ranking, "derived.db", "UPDATE ranking SET version = 1 << 48"},
	{look_at_ranking, "derived.db", "UPDATE ranking SET rows = -1"},
	{look_at_ranking, "derived.db", "UPDATE ranking SET text_bytes = 1 << 62"},
	{look_at_log, "favorites.db", "UPDATE change SET end_bytes = -1"},
	{look_at_log, "favorites.db", "UPDATE state SET end_bytes = 1 << 62"},
	{look_at_log, "favorites.db", "UPDATE change SET end_bytes = end_bytes + 1000"},
};

START_TEST(numbers_that_no_row_can_have_are_damage)
{
	ck_assert_int_eq(mark(make_place("noma"), "alice"), 0);
	(void)sync_derived();
	ck_assert_int_eq(damages[_i].look(), 0);
	sql_run(damages[_i].file, damages[_i].sql);
	look();
	ck_assert_int_eq(damages[_i].look(), -EUCLEAN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("favorites");
	TCase *move = fixture_case(suite, "move");
	TCase *set = fixture_case(suite, "set");
	TCase *list = fixture_case(suite, "list");
	TCase *held = fixture_case(suite, "hold");
	TCase *damage = fixture_case(suite, "damage");

	tcase_add_test(move, a_moved_favourite_keeps_its_id_moment_and_owner);
	tcase_add_test(move, a_favourite_can_be_renamed_within_its_restaurant);
	tcase_add_test(move, a_move_onto_a_favourite_replaces_it);
	tcase_add_test(move, an_exclusive_move_onto_a_favourite_is_refused);
	tcase_add_test(move, a_move_onto_itself_changes_nothing_and_logs_nothing);
	tcase_add_test(move, a_move_from_or_to_what_is_not_there_is_refused);

	tcase_add_test(set, setting_the_moment_logs_one_update_with_both_images);
	tcase_add_test(set, setting_the_moment_it_has_logs_nothing);
	tcase_add_test(set, moments_from_1970_to_2261_are_taken);
	tcase_add_test(set, setting_the_moment_moves_a_favourite_between_windows);
	tcase_add_test(set, the_owner_is_stored_and_not_logged);
	tcase_add_test(set, fans_show_the_time_of_the_last_change_inside);

	tcase_add_loop_test(list, a_listing_of_many_goes_on_from_any_cookie, 0, LISTS);
	tcase_add_test(list, cookies_stay_valid_after_the_store_was_opened_again);
	tcase_add_loop_test(
		list, what_stays_is_listed_exactly_once_while_others_come_and_go, 0, LISTS);
	tcase_add_loop_test(list, a_listing_shows_no_other_restaurant, 0, LISTS);
	tcase_add_test(list, restaurants_are_listed_in_pieces_each_once);

	tcase_add_test(held, a_reader_that_holds_on_sees_what_was_committed);
	tcase_add_test(held, a_reader_that_holds_on_lets_go_when_it_rests);
	tcase_add_test(held, a_reader_that_holds_on_lets_go_after_a_moment);
	tcase_add_test(held, a_look_within_a_list_does_not_hold_on_to_an_old_moment);

	tcase_add_loop_test(damage, numbers_that_no_row_can_have_are_damage, 0, COUNT(damages));
	return fixture_run(suite);
}
