#include "backend/backend.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "backend/clock.h"
#include "tests/support/fixture.h"

/* Far enough that the clock of this machine does not come there: only that of the test does. */
#define FAR_NS    INT64_C(4102444800000000000) /* 2100 */
#define PAST_NS   (60 * NS_PER_SECOND)
#define MS(count) ((count)*INT64_C(1000000))

/* ---- what the store tells of ---- */

#define TOLD_MAX 32768

struct told {
	enum effect_kind kind;
	int64_t restaurant;
	int64_t favorite;
	int64_t at_ns; /* when, by this machine's clock */
	char name[32]; /* its start */
};

/* Guarded by told_lock, but for told_wish and told_sql: those are set while nothing is told. */
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told_more = PTHREAD_COND_INITIALIZER;
static struct told told[TOLD_MAX];
static size_t told_count;
static int told_times;
static const struct wish *told_wish; /* must not be answered before */
static const char *told_sql; /* must be 1 when it is told */

static void take_effects(void *arg, struct effects *effects)
{
	ck_assert_ptr_eq(arg, &told);
	ck_assert_uint_gt(effects->count, 0);
	if (told_wish)
		ck_assert_uint_eq(told_wish->answers, 0);
	if (told_sql)
		ck_assert_int_eq(sql_number("favorites.db", told_sql), 1);
	(void)pthread_mutex_lock(&told_lock);
	told_times++;
	for (size_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->list[i];

		ck_assert_uint_lt(told_count, TOLD_MAX);
		told[told_count] = (struct told){effect->kind, effect->restaurant, effect->favorite,
			clock_realtime_ns(), ""};
		(void)snprintf(told[told_count].name, sizeof(told->name), "%.31s",
			effects->names + effect->user_name);
		told_count++;
	}
	(void)pthread_cond_broadcast(&told_more);
	(void)pthread_mutex_unlock(&told_lock);
	effects_free(effects);
}

static void forget_told(void)
{
	(void)pthread_mutex_lock(&told_lock);
	told_count = 0;
	told_times = 0;
	(void)pthread_mutex_unlock(&told_lock);
}

static size_t count_told(enum effect_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < told_count; i++)
		count += told[i].kind == kind;
	return count;
}

/* Waits until so many removals were told. */
static void wait_for_removed(size_t count)
{
	struct timespec deadline;
	int error = 0;

	(void)clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PATIENCE_S;
	(void)pthread_mutex_lock(&told_lock);
	while (count_told(EFFECT_EXPIRED) < count && !error)
		error = pthread_cond_timedwait(&told_more, &told_lock, &deadline);
	(void)pthread_mutex_unlock(&told_lock);
	if (error)
		ck_abort_msg("%zu expiries were told, not %zu", count_told(EFFECT_EXPIRED), count);
}

static void serve_with(int64_t ttl_ns, int64_t (*clock)(void))
{
	struct store_options options = serving_options();
	struct complaint why = {""};

	options.ttl_ns = ttl_ns;
	options.now_ns = clock;
	options.behind = take_effects;
	options.behind_arg = &told;
	if (store_open(fixture.path, &options, &fixture.store, &why) < 0)
		ck_abort_msg("%s", why.text);
	ck_assert_int_eq(reader_open(fixture.store, &fixture.reader), 0);
}

static void serve_telling(void)
{
	serve_with(0, fixture_now_ns);
}

/* ---- changes ---- */

static int set_attribute(
	int64_t favorite, const char *name, const void *value, size_t size, const char *how)
{
	struct wish wish = {.change = {.kind = CHANGE_SET_ATTRIBUTE,
				    .id = favorite,
				    .exclusive = !strcmp(how, "create"),
				    .must = !strcmp(how, "replace"),
				    .value = value,
				    .value_size = size}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	return wish_do(&wish);
}

static int set_text(int64_t favorite, const char *name, const char *text)
{
	return set_attribute(favorite, name, text, strlen(text), "");
}

static int remove_attribute(int64_t favorite, const char *name)
{
	struct wish wish = {.change = {.kind = CHANGE_REMOVE_ATTRIBUTE, .id = favorite}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	return wish_do(&wish);
}

static int set_expiry(int64_t favorite, int64_t expires_ns)
{
	struct wish wish = {
		.change = {.kind = CHANGE_SET_EXPIRY, .id = favorite, .created_ns = expires_ns}};

	return wish_do(&wish);
}

static int import(const struct import_line *lines, size_t count)
{
	struct wish wish = {.change = {.kind = CHANGE_IMPORT,
				    .uid = 77,
				    .gid = 78,
				    .lines = lines,
				    .line_count = count}};

	return wish_do(&wish);
}

static int64_t id_of(int64_t restaurant, const char *user)
{
	return favorite_of(restaurant, user).id;
}

static void assert_value(int64_t favorite, const char *name, const void *value, size_t size)
{
	char got[ATTRIBUTES_BYTES_MAX];

	ck_assert_int_eq(reader_attribute(fixture.reader, favorite, name, NULL, 0), (ssize_t)size);
	ck_assert_int_eq(
		reader_attribute(fixture.reader, favorite, name, got, sizeof(got)), (ssize_t)size);
	ck_assert(memcmp(got, value, size) == 0);
}

static bool join_names(void *arg, const char *name)
{
	char *names = arg;

	(void)snprintf(names + strlen(names), 256 - strlen(names), "%s ", name);
	return false;
}

static void assert_names(int64_t favorite, const char *expected)
{
	char names[256] = "";

	ck_assert_int_eq(reader_attributes(fixture.reader, favorite, join_names, names), 0);
	ck_assert_str_eq(names, expected);
}

static int64_t attribute_rows(void)
{
	return sql_number("favorites.db", "SELECT count(*) FROM attribute");
}

static int64_t favorite_rows(void)
{
	return sql_number("favorites.db", "SELECT count(*) FROM favorite");
}

/* The log as words: "add noma/ann, expire noma/ann, " */
static void assert_log(const char *expected)
{
	static const char *const words[] = {"?", "add", "remove", "update", "expire"};
	struct logged *log;
	size_t count = read_log(fixture.reader, &log), used = 0;
	char text[2048] = "";

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s/%s, ",
			words[log[i].op], log[i].restaurant, log[i].user);
	free(log);
	ck_assert_str_eq(text, expected);
}

/* ---- attributes ---- */

START_TEST(an_attribute_is_what_was_set_last_and_survives)
{
	static const char binary[] = "a\0b\xff";
	int64_t noma = make_place("noma"), ann;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	assert_names(ann, "");
	ck_assert_int_eq(reader_attribute(fixture.reader, ann, "user.a", NULL, 0), -ENODATA);
	ck_assert_int_eq(set_text(ann, "user.b", "one"), 0);
	ck_assert_int_eq(set_text(ann, "user.b", "another"), 0);
	ck_assert_int_eq(set_attribute(ann, "user.a", binary, sizeof(binary) - 1, ""), 0);
	ck_assert_int_eq(set_attribute(ann, "user.empty", NULL, 0, ""), 0);
	for (int i = 0; i < 2; i++) {
		assert_value(ann, "user.b", "another", 7);
		assert_value(ann, "user.a", binary, sizeof(binary) - 1);
		assert_value(ann, "user.empty", "", 0);
		assert_names(ann, "user.a user.b user.empty ");
		serve_again();
	}
	ck_assert_int_eq(remove_attribute(ann, "user.a"), 0);
	ck_assert_int_eq(remove_attribute(ann, "user.a"), -ENODATA);
	assert_names(ann, "user.b user.empty ");
}
END_TEST

START_TEST(a_value_that_does_not_fit_is_erange)
{
	int64_t noma = make_place("noma"), ann;
	char buffer[8];

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_text(ann, "user.a", "123456789"), 0);
	ck_assert_int_eq(
		reader_attribute(fixture.reader, ann, "user.a", buffer, sizeof(buffer)), -ERANGE);
}
END_TEST

START_TEST(create_and_replace_mean_what_they_say)
{
	int64_t noma = make_place("noma"), ann;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_attribute(ann, "user.a", "x", 1, "replace"), -ENODATA);
	assert_names(ann, "");
	ck_assert_int_eq(set_attribute(ann, "user.a", "x", 1, "create"), 0);
	ck_assert_int_eq(set_attribute(ann, "user.a", "yz", 2, "create"), -EEXIST);
	assert_value(ann, "user.a", "x", 1);
	ck_assert_int_eq(set_attribute(ann, "user.a", "yz", 2, "replace"), 0);
	assert_value(ann, "user.a", "yz", 2);
}
END_TEST

/* Names count, too; what a change of a value takes is the difference. */
START_TEST(all_names_and_values_are_4096_bytes_at_most)
{
	static char value[ATTRIBUTES_BYTES_MAX + 1];
	int64_t noma = make_place("noma"), ann, bob;
	const size_t name = strlen("user.a"), most = ATTRIBUTES_BYTES_MAX - name;

	ck_assert_int_eq(ATTRIBUTES_BYTES_MAX, 4096);
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ann = id_of(noma, "ann");
	bob = id_of(noma, "bob");
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most + 1, ""), -EDQUOT);
	assert_names(ann, "");
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most, ""), 0);
	ck_assert_int_eq(set_attribute(ann, "user.b", "", 0, ""), -EDQUOT);
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most + 1, ""), -EDQUOT);
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most, "replace"), 0);
	ck_assert_int_eq(set_attribute(bob, "user.a", value, most, ""), 0); /* each its own */
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most - name - 1, ""), 0);
	ck_assert_int_eq(set_attribute(ann, "user.b", value, 2, ""), -EDQUOT);
	ck_assert_int_eq(set_attribute(ann, "user.b", value, 1, ""), 0);
	serve_again();
	ck_assert_int_eq(set_attribute(ann, "user.c", value, 0, ""), -EDQUOT);
	assert_names(ann, "user.a user.b ");
	ck_assert_int_eq(remove_attribute(ann, "user.a"), 0);
	ck_assert_int_eq(
		set_attribute(ann, "user.c", value, ATTRIBUTES_BYTES_MAX - 2 * name - 1, ""), 0);
	ck_assert_int_eq(remove_attribute(ann, "user.b"), 0);
	ck_assert_int_eq(remove_attribute(ann, "user.c"), 0);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT sum(attribute_bytes) FROM favorite"),
		ATTRIBUTES_BYTES_MAX);
	ck_assert_int_eq(set_attribute(ann, "user.a", value, most, "create"), 0);
}
END_TEST

START_TEST(random_attributes_are_counted_as_they_are)
{
	static char value[ATTRIBUTES_BYTES_MAX];
	unsigned seed = fixture_seed();
	int64_t noma = make_place("noma"), ann;
	int refused = 0;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	for (int i = 0; i < 500; i++) {
		char name[32];
		int error;

		(void)snprintf(name, sizeof(name), "user.%d", rand_r(&seed) % 12);
		if (rand_r(&seed) % 3)
			error = set_attribute(ann, name, value, (size_t)rand_r(&seed) % 1500, "");
		else
			error = remove_attribute(ann, name);
		refused += error == -EDQUOT;
		ck_assert(error == 0 || error == -EDQUOT || error == -ENODATA);
		ck_assert_int_eq(
			sql_number("favorites.db", "SELECT attribute_bytes = (SELECT"
						   " coalesce(sum(length(name) + length(value)), 0)"
						   " FROM attribute) AND attribute_bytes <= 4096"
						   " FROM favorite"),
			1);
	}
	ck_assert_int_gt(refused, 0);
}
END_TEST

START_TEST(an_attribute_changes_the_row_and_is_not_logged)
{
	int64_t noma = make_place("noma");
	struct favorite before, after;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	before = favorite_of(noma, "ann");
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_text(before.id, "user.a", "x"), 0);
	after = favorite_of(noma, "ann");
	ck_assert_int_eq(after.changed_ns, START_NS + NS_PER_SECOND);
	ck_assert_int_eq(after.created_ns, START_NS);
	ck_assert_uint_eq(log_length(), 1);
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_attribute(before.id, "user.a", "y", 1, "create"), -EEXIST);
	ck_assert_int_eq(favorite_of(noma, "ann").changed_ns, after.changed_ns);
	ck_assert_int_eq(remove_attribute(before.id, "user.a"), 0);
	ck_assert_int_eq(favorite_of(noma, "ann").changed_ns, START_NS + 2 * NS_PER_SECOND);
}
END_TEST

START_TEST(attributes_of_no_favourite_are_refused)
{
	int64_t noma = make_place("noma"), ann;

	ck_assert_int_eq(set_text(1, "user.a", "x"), -ENOENT);
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(unmark(noma, "ann"), 0);
	ck_assert_int_eq(set_text(ann, "user.a", "x"), -ENOENT);
	ck_assert_int_eq(remove_attribute(ann, "user.a"), -ENOENT);
	ck_assert_int_eq(set_expiry(ann, FAR_NS), -ENOENT);
	ck_assert_int_eq(attribute_rows(), 0);
}
END_TEST

START_TEST(attributes_go_with_their_favourite)
{
	int64_t noma = make_place("noma");
	const struct import_line lines[] = {
		{LOG_REMOVE, "noma", "ann", MOMENT_NONE}, {LOG_ADD, "noma", "ann", MOMENT_NONE}};

	for (int way = 0; way < 3; way++) {
		ck_assert_int_eq(mark(noma, "ann"), 0);
		ck_assert_int_eq(set_text(id_of(noma, "ann"), "user.a", "x"), 0);
		ck_assert_int_eq(set_text(id_of(noma, "ann"), "user.b", "x"), 0);
		ck_assert_int_eq(attribute_rows(), 2);
		if (way == 0)
			ck_assert_int_eq(unmark(noma, "ann"), 0);
		if (way == 1)
			ck_assert_int_eq(import(lines, 2), 0);
		if (way == 2) {
			ck_assert_int_eq(set_expiry(id_of(noma, "ann"), FAR_NS), 0);
			fixture_clock_ns = FAR_NS;
		}
		ck_assert_int_eq(mark(noma, "ann"), 0);
		ck_assert_int_eq(attribute_rows(), 0);
		assert_names(id_of(noma, "ann"), "");
		ck_assert_int_eq(unmark(noma, "ann"), 0);
	}
}
END_TEST

START_TEST(a_move_takes_attributes_and_expiry_along_and_those_of_its_target_away)
{
	int64_t noma = make_place("noma"), taj = make_place("taj"), ann;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(taj, "bob"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_text(ann, "user.mine", "x"), 0);
	ck_assert_int_eq(set_expiry(ann, FAR_NS), 0);
	ck_assert_int_eq(set_text(id_of(taj, "bob"), "user.theirs", "x"), 0);
	ck_assert_int_eq(move_favorite(noma, "ann", taj, "bob"), 0);
	ck_assert_int_eq(id_of(taj, "bob"), ann);
	assert_names(ann, "user.mine ");
	ck_assert_int_eq(favorite_of(taj, "bob").expires_ns, FAR_NS);
	ck_assert_int_eq(attribute_rows(), 1);
}
END_TEST

/* ---- expiry, by the clock of the test ---- */

static bool join_users(void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	(void)cookie;
	(void)favorite;
	return join_names(arg, user);
}

static bool join_fans(void *arg, int64_t cookie, const char *user, int64_t favorite)
{
	(void)favorite;
	return join_users(arg, cookie, user, NULL);
}

START_TEST(an_expired_favourite_is_not_shown_although_its_row_is_there)
{
	int64_t noma = make_place("noma"), ann;
	struct favorite favorite;
	char users[256] = "";

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_expiry(ann, FAR_NS), 0);
	fixture_clock_ns = FAR_NS - 1;
	ck_assert(is_favorite(noma, "ann"));
	fixture_clock_ns = FAR_NS;
	ck_assert_int_eq(favorite_rows(), 2);
	ck_assert(!is_favorite(noma, "ann"));
	ck_assert_int_eq(reader_favorite_by_id(fixture.reader, ann, &favorite), -ENOENT);
	ck_assert_int_eq(reader_favorites(fixture.reader, noma, 0, join_users, users), 0);
	ck_assert_str_eq(users, "bob ");
	*users = '\0';
	ck_assert_int_eq(reader_names(fixture.reader, noma, 0, join_fans, users), 0);
	ck_assert_str_eq(users, "bob ");
	ck_assert_int_eq(favorite_rows(), 2); /* looking removes nothing */
}
END_TEST

/* Whatever is asked of one that has expired finds it gone, and the log says why. */
START_TEST(a_change_of_an_expired_favourite_finds_none)
{
	int64_t noma = make_place("noma"), ann;

	serve_end();
	serve_telling();
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_expiry(ann, FAR_NS), 0);
	forget_told();
	fixture_clock_ns = FAR_NS;
	told_sql = "SELECT count(*) = 0 FROM favorite WHERE expires_ns IS NOT NULL";
	switch (_i) {
	case 0:
		ck_assert_int_eq(unmark(noma, "ann"), -ENOENT);
		break;
	case 1:
		ck_assert_int_eq(set_created(ann, 5), -ENOENT);
		break;
	case 2:
		ck_assert_int_eq(set_text(ann, "user.a", "x"), -ENOENT);
		break;
	case 3:
		ck_assert_int_eq(set_expiry(ann, FAR_NS + NS_PER_DAY), -ENOENT);
		break;
	case 4:
		ck_assert_int_eq(move_favorite(noma, "ann", noma, "bob"), -ENOENT);
		break;
	case 5:
		ck_assert_int_eq(remove_fans(noma), 0);
		break;
	case 6:
		ck_assert_int_eq(make_restaurant("other", NULL), 0);
		break;
	}
	told_sql = NULL;
	ck_assert_int_eq(favorite_rows(), 0);
	assert_log("add noma/ann, expire noma/ann, ");
	ck_assert_int_eq(totals_now().favorites, 0);
	ck_assert_uint_eq(count_told(EFFECT_EXPIRED), 1);
	ck_assert_int_eq(told[0].favorite, ann);
	ck_assert_int_eq(told[0].restaurant, noma);
	ck_assert_str_eq(told[0].name, "ann");
}
END_TEST

START_TEST(marking_again_after_it_expired_makes_a_new_favourite)
{
	int64_t noma = make_place("noma"), ann;
	struct wish wish = {.change = {.kind = CHANGE_MARK, .exclusive = true, .name = "ann"}};
	struct logged *log;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	ck_assert_int_eq(set_expiry(ann, FAR_NS), 0);
	fixture_clock_ns = FAR_NS + 5;
	wish.change.id = noma;
	ck_assert_int_eq(wish_do(&wish), 0);
	ck_assert_int_gt(wish.after.favorite.id, ann);
	ck_assert_int_eq(favorite_of(noma, "ann").created_ns, FAR_NS + 5);
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, 0);
	assert_log("add noma/ann, expire noma/ann, add noma/ann, ");
	ck_assert_uint_eq(read_log(fixture.reader, &log), 3);
	ck_assert_int_eq(log[1].created_ns, MOMENT_NONE);
	ck_assert_int_eq(log[1].previous_ns, START_NS);
	ck_assert_int_eq(log[1].time_ns, FAR_NS + 5);
	free(log);
	(void)sync_derived();
	ck_assert_int_eq(count_now("noma", window_named("all")), 1);
	ck_assert_int_eq(count_now("noma", window_named("2100-01")), 1);
}
END_TEST

START_TEST(a_moment_already_past_means_in_60_seconds)
{
	static const int64_t past[] = {1, START_NS - 1, START_NS};
	int64_t noma = make_place("noma"), ann;

	ck_assert_int_eq(mark(noma, "ann"), 0);
	ann = id_of(noma, "ann");
	for (size_t i = 0; i < COUNT(past); i++) {
		ck_assert_int_eq(set_expiry(ann, past[i]), 0);
		ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, START_NS + PAST_NS);
	}
	ck_assert_int_eq(set_expiry(ann, START_NS + 1), 0);
	fixture_clock_ns = START_NS + 2;
	ck_assert(!is_favorite(noma, "ann"));
}
END_TEST

START_TEST(an_expiry_can_be_moved_and_taken_away)
{
	int64_t noma = make_place("noma"), ann;
	struct wish wish = {.change = {.kind = CHANGE_SET_EXPIRY, .created_ns = FAR_NS}};

	ck_assert_int_eq(mark(noma, "ann"), 0);
	wish.change.id = ann = id_of(noma, "ann");
	ck_assert_int_eq(set_expiry(ann, 0), -ENODATA);
	ck_assert_int_eq(set_expiry(ann, -5), -EINVAL);
	ck_assert_int_eq(set_expiry(ann, INT64_MAX), -EINVAL);
	wish.change.must = true;
	ck_assert_int_eq(wish_do(&wish), -ENODATA);
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, 0);
	wish = (struct wish){.change = wish.change};
	wish.change.must = false;
	wish.change.exclusive = true;
	ck_assert_int_eq(wish_do(&wish), 0);
	wish = (struct wish){.change = wish.change};
	ck_assert_int_eq(wish_do(&wish), -EEXIST);
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, FAR_NS);
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(set_expiry(ann, FAR_NS + NS_PER_DAY), 0);
	ck_assert_int_eq(favorite_of(noma, "ann").changed_ns, fixture_clock_ns);
	serve_again();
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, FAR_NS + NS_PER_DAY);
	fixture_clock_ns = FAR_NS + 1;
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert(is_favorite(noma, "ann"));
	ck_assert_int_eq(set_expiry(ann, 0), 0);
	fixture_clock_ns = FAR_NS + 2 * NS_PER_DAY;
	ck_assert_int_eq(mark(noma, "carol"), 0);
	ck_assert(is_favorite(noma, "ann"));
	assert_log("add noma/ann, add noma/bob, add noma/carol, ");
}
END_TEST

START_TEST(with_a_ttl_every_new_favourite_expires)
{
	const struct import_line line = {LOG_ADD, "noma", "imported", 5};
	const int64_t ttl_ns = 30 * NS_PER_DAY;
	int64_t noma = make_place("noma");

	ck_assert_int_eq(mark(noma, "before"), 0);
	serve_end();
	serve_with(ttl_ns, fixture_now_ns);
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(import(&line, 1), 0);
	ck_assert_int_eq(favorite_of(noma, "before").expires_ns, 0);
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, START_NS + ttl_ns);
	ck_assert_int_eq(favorite_of(noma, "imported").expires_ns, START_NS + ttl_ns);
	fixture_clock_ns += NS_PER_DAY;
	ck_assert_int_eq(mark(noma, "ann"), 0); /* is no new one */
	ck_assert_int_eq(set_created(id_of(noma, "ann"), 7), 0);
	ck_assert_int_eq(favorite_of(noma, "ann").expires_ns, START_NS + ttl_ns);
	ck_assert_int_eq(set_expiry(id_of(noma, "ann"), FAR_NS), 0);
	ck_assert_int_eq(set_expiry(id_of(noma, "imported"), 0), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	fixture_clock_ns = START_NS + ttl_ns + NS_PER_DAY;
	ck_assert(is_favorite(noma, "ann") && is_favorite(noma, "imported"));
	ck_assert(!is_favorite(noma, "bob"));
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(favorite_of(noma, "bob").expires_ns, fixture_clock_ns + ttl_ns);
}
END_TEST

/* ---- expiry, by the clock of this machine ---- */

START_TEST(each_expires_within_a_second_of_its_moment_and_none_before)
{
	enum {
		MANY = 40
	};
	unsigned seed = fixture_seed();
	int64_t noma, expires_ns[MANY], ids[MANY];
	struct logged *log;

	serve_with(0, clock_realtime_ns);
	noma = make_place("noma");
	mark_many(noma, "u", MANY);
	ck_assert_int_eq(mark(noma, "stays"), 0);
	for (int i = 0; i < MANY; i++) {
		char user[16];

		(void)snprintf(user, sizeof(user), "u%d", i);
		ids[i] = id_of(noma, user);
		expires_ns[i] = clock_realtime_ns() + MS(200 + rand_r(&seed) % 1300);
		ck_assert_int_eq(set_expiry(ids[i], expires_ns[i]), 0);
	}
	wait_for_removed(MANY);
	for (size_t i = 0; i < told_count; i++) {
		int64_t late_ns, id = told[i].favorite;
		int which = 0;

		if (told[i].kind != EFFECT_EXPIRED)
			continue;
		while (ids[which] != id)
			ck_assert_int_lt(++which, MANY);
		late_ns = told[i].at_ns - expires_ns[which];
		if (late_ns < 0 || late_ns > NS_PER_SECOND)
			ck_abort_msg("%" PRId64 " ns late", late_ns);
	}
	ck_assert_int_eq(favorite_rows(), 1);
	ck_assert_uint_eq(read_log(fixture.reader, &log), 2 * MANY + 1);
	for (int i = MANY + 1; i < 2 * MANY + 1; i++) {
		int which = atoi(log[i].user + 1);

		ck_assert_int_eq(log[i].op, LOG_EXPIRE);
		ck_assert_int_ge(log[i].time_ns, expires_ns[which]);
	}
	free(log);
}
END_TEST

/* A row that a disk has damaged: of no restaurant. */
START_TEST(a_damaged_favourite_that_expires_stops_no_other)
{
	int64_t noma;

	serve();
	noma = make_place("noma");
	serve_end();
	sql_run("favorites.db",
		"INSERT INTO favorite VALUES (900, 77, 1, 'nowhere', 1, NULL, 2, 0, 0, 0)");
	sql_run("favorites.db", "UPDATE state SET next_favorite = 1000");
	serve();
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(unmark(noma, "ann"), 0);
	ck_assert(is_favorite(noma, "bob"));
}
END_TEST

/* A moment that no clock can wait for, and one that is never and has come. */
START_TEST(a_damaged_moment_of_expiry_stops_nobody)
{
	static const char *const damage[] = {
		"UPDATE favorite SET expires_ns = -1", "UPDATE favorite SET expires_ns = 0"};
	int64_t noma;

	serve();
	noma = make_place("noma");
	ck_assert_int_eq(mark(noma, "ann"), 0);
	serve_end();
	sql_run("favorites.db", damage[_i]);
	serve();
	store_settle(fixture.store);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert(is_favorite(noma, "bob"));
}
END_TEST

/* As SQL puts it in while it is served, so that nobody knows when to expire it. */
static void insert_expired(int64_t restaurant, int64_t id, int64_t place, const char *user_sql)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
		"INSERT INTO favorite VALUES (%" PRId64 ", %" PRId64 ", %" PRId64
		", %s, 1, NULL, 2, 0, 0, 0)",
		id, restaurant, place, user_sql);
	sql_run("favorites.db", sql);
}

START_TEST(a_damaged_favourite_that_has_expired_is_in_the_way_of_its_directory_only)
{
	int64_t noma, taj;
	struct wish wishes[] = {
		{.change = {.kind = CHANGE_REMOVE_FANS}},
		{.change = {.kind = CHANGE_MARK, .name = "bob"}},
	};

	serve();
	noma = make_place("noma");
	taj = make_place("taj");
	insert_expired(noma, 900, 1, "hex(zeroblob(150))"); /* longer than any name */
	insert_expired(noma, 901, 2, "'behind'");
	wishes[0].change.id = noma;
	wishes[1].change.id = taj;
	wishes_do_as_one_batch(wishes, 2);
	ck_assert_int_eq(wishes[0].error, -ENOTEMPTY);
	ck_assert_int_eq(wishes[1].error, 0);
	ck_assert(is_favorite(taj, "bob"));
	ck_assert_int_eq(remove_fans(noma), -ENOTEMPTY);
	ck_assert_int_eq(sql_number("favorites.db", "SELECT count(*) FROM favorite WHERE id = 900"
						    " AND expires_ns IS NULL"),
		1);
}
END_TEST

START_TEST(more_than_one_transaction_holds_expire_at_once)
{
	enum {
		MANY = 2500
	};
	int64_t noma, moment_ns, late_ns;

	serve_with(0, clock_realtime_ns);
	noma = make_place("noma");
	mark_many(noma, "u", MANY);
	moment_ns = clock_realtime_ns() + MS(300);
	serve_end();
	{
		char sql[100];

		(void)snprintf(
			sql, sizeof(sql), "UPDATE favorite SET expires_ns = %" PRId64, moment_ns);
		sql_run("favorites.db", sql);
	}
	serve_with(0, clock_realtime_ns);
	wait_for_removed(MANY);
	late_ns = clock_realtime_ns() - moment_ns;
	ck_assert_msg(late_ns < 3 * NS_PER_SECOND, "%" PRId64 " ns late", late_ns);
	ck_assert_int_eq(favorite_rows(), 0);
	ck_assert_uint_eq(log_length(), 2 * MANY);
}
END_TEST

START_TEST(what_expired_while_nothing_ran_goes_at_the_next_start)
{
	struct timespec until;
	int64_t noma, moment_ns;

	serve_with(0, clock_realtime_ns);
	noma = make_place("noma");
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	moment_ns = clock_realtime_ns() + MS(300);
	ck_assert_int_eq(set_expiry(id_of(noma, "ann"), moment_ns), 0);
	ck_assert_int_eq(set_expiry(id_of(noma, "bob"), moment_ns + MS(700)), 0);
	serve_end();
	ck_assert_int_eq(favorite_rows(), 2);
	until = (struct timespec){moment_ns / NS_PER_SECOND, moment_ns % NS_PER_SECOND};
	(void)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
	forget_told();
	serve_with(0, clock_realtime_ns);
	ck_assert(!is_favorite(noma, "ann")); /* from the first moment on */
	wait_for_removed(1);
	ck_assert_str_eq(told[0].name, "ann");
	wait_for_removed(2);
	ck_assert_int_ge(clock_realtime_ns(), moment_ns + MS(700));
	assert_log("add noma/ann, add noma/bob, expire noma/ann, expire noma/bob, ");
}
END_TEST

START_TEST(nothing_is_committed_before_something_expires)
{
	struct figures before, after;
	int64_t noma;

	serve_with(0, clock_realtime_ns);
	noma = make_place("noma");
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(set_expiry(id_of(noma, "ann"), clock_realtime_ns() + MS(700)), 0);
	store_settle(fixture.store);
	store_figures(fixture.store, &before);
	wait_for_removed(1);
	store_settle(fixture.store);
	store_figures(fixture.store, &after);
	ck_assert_uint_eq(after.commits, before.commits + 1);
}
END_TEST

/* ---- import ---- */

START_TEST(each_op_does_what_the_favourite_needs)
{
	static const struct {
		bool there;
		enum log_op op;
		int64_t created_ns;
		const char *log; /* after that of the favourite that was there */
	} table[] = {
		{false, LOG_ADD, 5, "add noma/ann, "},
		{false, LOG_ADD, MOMENT_NONE, "add noma/ann, "},
		{true, LOG_ADD, 5, ""},
		{true, LOG_ADD, MOMENT_NONE, ""},
		{false, LOG_UPDATE, 5, "add noma/ann, "},
		{true, LOG_UPDATE, 5, "update noma/ann, "},
		{true, LOG_UPDATE, START_NS, ""},
		{false, LOG_REMOVE, MOMENT_NONE, ""},
		{true, LOG_REMOVE, MOMENT_NONE, "remove noma/ann, "},
		{true, LOG_REMOVE, 5, "remove noma/ann, "},
		{false, LOG_EXPIRE, MOMENT_NONE, ""},
		{true, LOG_EXPIRE, MOMENT_NONE, "expire noma/ann, "},
	};
	const struct import_line line = {table[_i].op, "noma", "ann", table[_i].created_ns};
	bool adds = line.op == LOG_ADD || line.op == LOG_UPDATE;
	int64_t noma = make_place("noma");
	char log[200];

	if (table[_i].there)
		ck_assert_int_eq(mark(noma, "ann"), 0);
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(import(&line, 1), 0);
	(void)snprintf(
		log, sizeof(log), "%s%s", table[_i].there ? "add noma/ann, " : "", table[_i].log);
	assert_log(log);
	ck_assert_int_eq(is_favorite(noma, "ann"), adds);
	if (adds) {
		struct favorite favorite = favorite_of(noma, "ann");
		bool keeps = table[_i].there && line.op == LOG_ADD;

		ck_assert_int_eq(favorite.created_ns, keeps ? START_NS
						      : line.created_ns != MOMENT_NONE
							      ? line.created_ns
							      : fixture_clock_ns);
		ck_assert_uint_eq(favorite.uid, table[_i].there ? 1000 : 77);
		ck_assert_uint_eq(favorite.gid, table[_i].there ? 1000 : 78);
	}
}
END_TEST

START_TEST(restaurants_are_made_for_what_is_added_and_for_nothing_else)
{
	const struct import_line lines[] = {
		{LOG_REMOVE, "ghost", "ann", MOMENT_NONE},
		{LOG_EXPIRE, "ghost", "ann", MOMENT_NONE},
		{LOG_ADD, "new", "ann", MOMENT_NONE},
		{LOG_UPDATE, "newer", "ann", MOMENT_NONE},
		{LOG_ADD, "bare", "ann", MOMENT_NONE},
		{LOG_REMOVE, "empty", "ann", MOMENT_NONE},
		{LOG_ADD, "new", "bob", MOMENT_NONE},
	};
	struct restaurant restaurant;

	ck_assert_int_eq(make_restaurant("bare", NULL), 0);
	ck_assert_int_eq(make_restaurant("empty", NULL), 0);
	ck_assert_int_eq(import(lines, COUNT(lines)), 0);
	ck_assert_int_eq(totals_now().restaurants, 4);
	ck_assert_int_eq(totals_now().favorites, 4);
	ck_assert_int_eq(reader_restaurant(fixture.reader, "ghost", &restaurant), -ENOENT);
	ck_assert_int_eq(reader_restaurant(fixture.reader, "empty", &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_made_ns, 0);
	ck_assert_int_eq(reader_restaurant(fixture.reader, "bare", &restaurant), 0);
	ck_assert_int_eq(restaurant.fans_made_ns, START_NS);
	assert_log("add new/ann, add newer/ann, add bare/ann, add new/bob, ");
	ck_assert_int_eq(import(NULL, 0), 0); /* nothing of nothing */
}
END_TEST

START_TEST(a_line_sees_what_those_before_it_did)
{
	const struct import_line lines[] = {
		{LOG_ADD, "noma", "ann", 5},
		{LOG_ADD, "noma", "ann", 6},
		{LOG_UPDATE, "noma", "ann", 7},
		{LOG_REMOVE, "noma", "ann", MOMENT_NONE},
		{LOG_REMOVE, "noma", "ann", MOMENT_NONE},
		{LOG_UPDATE, "noma", "ann", 8},
		{LOG_ADD, "taj", "ann", 9},
		{LOG_EXPIRE, "taj", "ann", MOMENT_NONE},
	};
	struct restaurant noma;

	ck_assert_int_eq(import(lines, COUNT(lines)), 0);
	assert_log("add noma/ann, update noma/ann, remove noma/ann, add noma/ann, add taj/ann, "
		   "expire taj/ann, ");
	ck_assert_int_eq(reader_restaurant(fixture.reader, "noma", &noma), 0);
	ck_assert_int_eq(favorite_of(noma.id, "ann").created_ns, 8);
	(void)sync_derived();
	ck_assert_int_eq(count_now("noma", window_named("1970-01")), 1);
	ck_assert_int_eq(count_now("taj", window_named("all")), 0);
}
END_TEST

START_TEST(what_an_import_did_is_told_before_it_is_answered)
{
	const struct import_line lines[] = {
		{LOG_REMOVE, "noma", "ann", MOMENT_NONE},
		{LOG_EXPIRE, "noma", "bob", MOMENT_NONE},
		{LOG_UPDATE, "noma", "eve", 5},
		{LOG_ADD, "noma", "eve", MOMENT_NONE},
		{LOG_ADD, "new", "dan", MOMENT_NONE},
		{LOG_REMOVE, "noma", "nobody", MOMENT_NONE},
	};
	struct wish wish = {.change = {.kind = CHANGE_IMPORT, .lines = lines, .line_count = 6}};
	int64_t noma, ids[3];

	serve_telling();
	noma = make_place("noma");
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(mark(noma, "eve"), 0);
	ids[0] = id_of(noma, "ann");
	ids[1] = id_of(noma, "bob");
	ids[2] = id_of(noma, "eve");
	ck_assert_int_eq(told_times, 0); /* who asks by name is told by the answer */
	told_wish = &wish;
	told_sql = "SELECT count(*) = 2 FROM favorite";
	ck_assert_int_eq(wish_do(&wish), 0);
	told_wish = NULL;
	told_sql = NULL;
	ck_assert_int_eq(told_times, 1);
	ck_assert_uint_eq(told_count, 6);
	ck_assert_int_eq(told[0].kind, EFFECT_REMOVED);
	ck_assert_int_eq(told[0].favorite, ids[0]);
	ck_assert_int_eq(told[0].restaurant, noma);
	ck_assert_str_eq(told[0].name, "ann");
	ck_assert_int_eq(told[1].kind, EFFECT_EXPIRED);
	ck_assert_int_eq(told[1].favorite, ids[1]);
	ck_assert_str_eq(told[1].name, "bob");
	ck_assert_int_eq(told[2].kind, EFFECT_CHANGED);
	ck_assert_int_eq(told[2].favorite, ids[2]);
	ck_assert_int_eq(told[3].kind, EFFECT_RESTAURANTS);
	ck_assert_int_eq(told[4].kind, EFFECT_FANS);
	ck_assert_int_eq(told[4].restaurant, noma);
	ck_assert_int_eq(told[5].kind, EFFECT_FANS);
	ck_assert_int_eq(told[5].restaurant, noma + 1);
	ck_assert_int_eq(import(lines, 2), 0);
	ck_assert_int_eq(told_times, 1); /* nothing happened */
}
END_TEST

START_TEST(setting_an_expiry_is_told)
{
	int64_t noma;

	serve_telling();
	noma = make_place("noma");
	ck_assert_int_eq(mark(noma, "ann"), 0);
	ck_assert_int_eq(set_text(id_of(noma, "ann"), "user.a", "x"), 0);
	ck_assert_int_eq(set_expiry(id_of(noma, "ann"), 0), -ENODATA);
	ck_assert_int_eq(told_times, 0);
	ck_assert_int_eq(set_expiry(id_of(noma, "ann"), FAR_NS), 0);
	ck_assert_int_eq(told_times, 1);
	ck_assert_uint_eq(told_count, 1);
	ck_assert_int_eq(told[0].kind, EFFECT_EXPIRY);
	ck_assert_int_eq(told[0].favorite, id_of(noma, "ann"));
	ck_assert_int_eq(told[0].restaurant, noma);
	ck_assert_str_eq(told[0].name, "ann");
}
END_TEST

/* ---- all or nothing ---- */

/* @count lines of all kinds with u0 ..., the last of "bad"; their names lie behind them. */
#define NAME_ROOM 16
static struct import_line *mixed_lines(size_t count)
{
	static const enum log_op ops[] = {LOG_ADD, LOG_UPDATE, LOG_REMOVE, LOG_ADD, LOG_EXPIRE};
	struct import_line *lines = calloc(count, sizeof(*lines) + NAME_ROOM);
	char *names = (char *)(lines + count);

	ck_assert_ptr_nonnull(lines);
	for (size_t i = 0; i < count; i++) {
		char *name = names + NAME_ROOM * i;

		(void)snprintf(name, NAME_ROOM, "u%zu", i / COUNT(ops) * 2 % 5000);
		lines[i] = (struct import_line){
			ops[i % COUNT(ops)], i % 3 ? "noma" : "taj", name, (int64_t)i};
	}
	lines[count - 1] = (struct import_line){LOG_ADD, "noma", "bad", 1};
	return lines;
}

/* All there is but for what counts commits. */
static int64_t digest(void)
{
	return sql_number("favorites.db",
		"SELECT (SELECT count(*) + sum(id) + sum(created_ns % 1000003) FROM favorite)"
		" + (SELECT count(*) + sum(seq) FROM change) * 7"
		" + (SELECT next_favorite + 3 * next_seq + 5 * end_bytes + favorites"
		" + 9 * restaurants FROM state)"
		" + (SELECT count(*) + sum(fans_changed_ns % 1000000007) FROM restaurant)");
}

static void assert_import_fails_whole(const struct import_line *lines, size_t count, int64_t noma)
{
	struct wish wishes[3] = {
		{.change = {.kind = CHANGE_MARK, .id = noma, .name = "before"}},
		{.change = {.kind = CHANGE_IMPORT, .lines = lines, .line_count = count}},
		{.change = {.kind = CHANGE_MARK, .id = noma, .name = "behind"}},
	};
	int64_t before = digest();

	forget_told();
	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_lt(wish_do(&wishes[1]), 0);
	ck_assert_int_eq(digest(), before);
	ck_assert_int_eq(told_times, 0);
	wishes[1] = (struct wish){.change = wishes[1].change};
	wishes_do_as_one_batch(wishes, 3);
	ck_assert_int_eq(wishes[0].error, 0);
	ck_assert_int_lt(wishes[1].error, 0);
	ck_assert_int_eq(wishes[2].error, 0);
	ck_assert_int_eq(told_times, 0); /* also not of others */
	ck_assert_int_eq(unmark(noma, "before"), 0);
	ck_assert_int_eq(unmark(noma, "behind"), 0);
}

START_TEST(an_import_that_fails_at_its_last_line_did_nothing)
{
	enum {
		MANY = 3000
	};
	struct import_line *lines = mixed_lines(MANY);
	int64_t noma;

	serve_telling();
	noma = make_place("noma");
	mark_many(noma, "u", 100);
	sql_run("favorites.db", "CREATE TRIGGER stop BEFORE INSERT ON favorite"
				" WHEN new.user = 'bad' BEGIN SELECT RAISE(ABORT, 'stop'); END");
	assert_import_fails_whole(lines, MANY, noma);
	sql_run("favorites.db", "DROP TRIGGER stop");
	ck_assert_int_eq(import(lines, MANY), 0);
	ck_assert(is_favorite(noma, "bad"));
	ck_assert_int_eq(
		sql_number("favorites.db", "SELECT favorites = (SELECT count(*) FROM favorite)"
					   " FROM state"),
		1);
	free(lines);
}
END_TEST

START_TEST(an_import_for_which_there_is_no_room_did_nothing)
{
	enum {
		MANY = 20000
	};
	struct import_line *lines = mixed_lines(MANY);
	struct rlimit limit, before;
	struct stat st;
	int64_t noma;

	serve_telling();
	noma = make_place("noma");
	mark_many(noma, "u", 100);
	ck_assert_int_eq(stat(store_file("favorites.db-wal"), &st), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 300000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_import_fails_whole(lines, MANY, noma);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(import(lines, MANY), 0);
	serve_again();
	ck_assert(is_favorite(noma, "bad"));
	free(lines);
}
END_TEST

static int64_t falling_clock(void)
{
	return atomic_fetch_sub(&fixture_clock_ns, 1000);
}

START_TEST(a_clock_that_falls_while_it_imports_does_no_harm)
{
	enum {
		MANY = 1000
	};
	struct import_line *lines = mixed_lines(MANY);
	struct logged *log;
	size_t count;

	for (int i = 0; i < MANY; i++)
		lines[i].created_ns = MOMENT_NONE;
	serve_with(0, falling_clock);
	ck_assert_int_eq(import(lines, MANY), 0);
	count = read_log(fixture.reader, &log);
	ck_assert_uint_gt(count, MANY / 2);
	for (size_t i = 1; i < count; i++)
		ck_assert_int_ge(log[i].time_ns, log[i - 1].time_ns);
	free(log);
	(void)sync_derived();
	ck_assert_int_eq(sql_number("favorites.db", "SELECT favorites = (SELECT count(*)"
						    " FROM favorite) FROM state"),
		1);
	ck_assert_int_eq(sql_number("derived.db", "SELECT sum(count) FROM count"),
		3 * favorite_rows()); /* all, month, day */
	free(lines);
}
END_TEST

START_TEST(what_was_imported_survives)
{
	struct import_line *lines = mixed_lines(5000);
	int64_t before;

	ck_assert_int_eq(import(lines, 5000), 0);
	before = digest();
	serve_again();
	ck_assert_int_eq(digest(), before);
	ck_assert_int_eq(import(lines + 4999, 1), 0); /* "bad" is there */
	ck_assert_int_eq(digest(), before);
	free(lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attributes");
	TCase *attributes = fixture_case(suite, "attributes");
	TCase *expiry = fixture_case(suite, "expiry");
	TCase *on_time = fixture_case_bare(suite, "on_time");
	TCase *importing = fixture_case(suite, "import");
	TCase *telling = fixture_case_bare(suite, "telling");

	tcase_add_test(attributes, an_attribute_is_what_was_set_last_and_survives);
	tcase_add_test(attributes, a_value_that_does_not_fit_is_erange);
	tcase_add_test(attributes, create_and_replace_mean_what_they_say);
	tcase_add_test(attributes, all_names_and_values_are_4096_bytes_at_most);
	tcase_add_test(attributes, random_attributes_are_counted_as_they_are);
	tcase_add_test(attributes, an_attribute_changes_the_row_and_is_not_logged);
	tcase_add_test(attributes, attributes_of_no_favourite_are_refused);
	tcase_add_test(attributes, attributes_go_with_their_favourite);
	tcase_add_test(
		attributes, a_move_takes_attributes_and_expiry_along_and_those_of_its_target_away);

	tcase_add_test(expiry, an_expired_favourite_is_not_shown_although_its_row_is_there);
	tcase_add_loop_test(expiry, a_change_of_an_expired_favourite_finds_none, 0, 7);
	tcase_add_test(expiry, marking_again_after_it_expired_makes_a_new_favourite);
	tcase_add_test(expiry, a_moment_already_past_means_in_60_seconds);
	tcase_add_test(expiry, an_expiry_can_be_moved_and_taken_away);
	tcase_add_test(expiry, with_a_ttl_every_new_favourite_expires);

	tcase_add_test(on_time, each_expires_within_a_second_of_its_moment_and_none_before);
	tcase_add_test(on_time, more_than_one_transaction_holds_expire_at_once);
	tcase_add_test(on_time, a_damaged_favourite_that_expires_stops_no_other);
	tcase_add_loop_test(on_time, a_damaged_moment_of_expiry_stops_nobody, 0, 2);
	tcase_add_test(
		on_time, a_damaged_favourite_that_has_expired_is_in_the_way_of_its_directory_only);
	tcase_add_test(on_time, what_expired_while_nothing_ran_goes_at_the_next_start);
	tcase_add_test(on_time, nothing_is_committed_before_something_expires);

	tcase_add_loop_test(importing, each_op_does_what_the_favourite_needs, 0, 12);
	tcase_add_test(importing, restaurants_are_made_for_what_is_added_and_for_nothing_else);
	tcase_add_test(importing, a_line_sees_what_those_before_it_did);
	tcase_add_test(importing, what_was_imported_survives);

	tcase_add_test(telling, what_an_import_did_is_told_before_it_is_answered);
	tcase_add_test(telling, setting_an_expiry_is_told);
	tcase_add_test(telling, an_import_that_fails_at_its_last_line_did_nothing);
	tcase_add_test(telling, an_import_for_which_there_is_no_room_did_nothing);
	tcase_add_test(telling, a_clock_that_falls_while_it_imports_does_no_harm);
	return fixture_run(suite);
}
