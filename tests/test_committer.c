#include "backend/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/clock.h"
#include "backend/sqlite/lease.h"
#include "tests/support/fixture.h"

static struct wish wish_for(enum change_kind kind, int64_t id, const char *name)
{
	struct wish wish = {.change = {.kind = kind, .id = id, .uid = 1000, .gid = 1000}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	return wish;
}

/* ---- one change after the other ---- */

START_TEST(a_mark_is_there_with_its_moment_and_owner_when_it_is_answered)
{
	int64_t noma = make_place("noma");
	struct wish wish = wish_for(CHANGE_MARK, noma, "alice");
	struct favorite favorite;

	wish.change.uid = 1001;
	wish.change.gid = 1002;
	ck_assert_int_eq(wish_do(&wish), 0);
	favorite = favorite_of(noma, "alice");
	ck_assert_int_eq(favorite.id, wish.after.favorite.id);
	ck_assert_int_eq(favorite.restaurant, noma);
	ck_assert_int_eq(favorite.created_ns, START_NS);
	ck_assert_int_eq(favorite.changed_ns, START_NS);
	ck_assert_uint_eq(favorite.uid, 1001);
	ck_assert_uint_eq(favorite.gid, 1002);
	ck_assert_int_eq(memcmp(&favorite, &wish.after.favorite, sizeof(favorite)), 0);
}
END_TEST

START_TEST(a_second_mark_changes_nothing_and_logs_nothing)
{
	int64_t noma = make_place("noma");
	struct wish again = wish_for(CHANGE_MARK, noma, "alice");
	struct favorite first;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	first = favorite_of(noma, "alice");
	fixture_clock_ns += NS_PER_SECOND;
	again.change.uid = 4711;
	ck_assert_int_eq(wish_do(&again), 0);
	ck_assert_int_eq(again.after.favorite.id, first.id);
	ck_assert_int_eq(again.after.favorite.created_ns, START_NS);
	ck_assert_uint_eq(again.after.favorite.uid, 1000);
	ck_assert_uint_eq(favorite_of(noma, "alice").uid, 1000);
	ck_assert_int_eq(favorite_of(noma, "alice").changed_ns, START_NS);
	ck_assert_uint_eq(log_length(), 1);
	ck_assert_int_eq(totals_now().favorites, 1);
	ck_assert_int_eq(store_committed(fixture.store), 1);
}
END_TEST

START_TEST(an_exclusive_mark_of_a_favourite_is_refused)
{
	int64_t noma = make_place("noma");
	struct wish wish = wish_for(CHANGE_MARK, noma, "alice");
	struct wish again = wish_for(CHANGE_MARK, noma, "alice");

	wish.change.exclusive = again.change.exclusive = true;
	ck_assert_int_eq(wish_do(&wish), 0);
	ck_assert_int_eq(wish_do(&again), -EEXIST);
	ck_assert(!again.has_after);
	ck_assert_uint_eq(log_length(), 1);
}
END_TEST

START_TEST(marking_where_there_is_no_restaurant_or_no_fans_is_refused)
{
	int64_t noma = 0;

	ck_assert_int_eq(make_restaurant("noma", &noma), 0);
	ck_assert_int_eq(mark(noma, "alice"), -ENOENT);
	ck_assert_int_eq(mark(noma + 1, "alice"), -ENOENT);
	ck_assert_int_eq(mark(0, "alice"), -ENOENT);
	ck_assert_int_eq(unmark(noma, "alice"), -ENOENT);
	ck_assert_int_eq(totals_now().favorites, 0);
	ck_assert_uint_eq(log_length(), 0);
}
END_TEST

START_TEST(unmarking_what_is_no_favourite_is_refused)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(unmark(noma, "bob"), -ENOENT);
	ck_assert_int_eq(unmark(wong_kei, "alice"), -ENOENT);
	ck_assert_int_eq(unmark(noma, "alice"), 0);
	ck_assert_int_eq(unmark(noma, "alice"), -ENOENT);
	ck_assert_uint_eq(log_length(), 2);
	ck_assert_int_eq(totals_now().favorites, 0);
}
END_TEST

START_TEST(only_what_is_empty_can_be_removed)
{
	int64_t noma = make_place("noma");

	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(remove_fans(noma), -ENOTEMPTY);
	ck_assert_int_eq(remove_restaurant("noma"), -ENOTEMPTY);
	ck_assert_int_eq(unmark(noma, "alice"), 0);
	ck_assert_int_eq(remove_restaurant("noma"), -ENOTEMPTY);
	ck_assert_int_eq(remove_fans(noma), 0);
	ck_assert_int_eq(remove_fans(noma), -ENOENT);
	ck_assert_int_eq(remove_restaurant("noma"), 0);
	ck_assert_int_eq(remove_restaurant("noma"), -ENOENT);
	ck_assert_int_eq(totals_now().restaurants, 0);
}
END_TEST

START_TEST(a_restaurant_and_its_fans_are_made_once)
{
	int64_t noma = make_place("noma");
	struct restaurant restaurant;

	fixture_clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(make_restaurant("noma", NULL), -EEXIST);
	ck_assert_int_eq(make_fans(noma), -EEXIST);
	ck_assert_int_eq(make_fans(noma + 1), -ENOENT);
	ck_assert_int_eq(reader_restaurant(fixture.reader, "noma", &restaurant), 0);
	ck_assert_int_eq(restaurant.id, noma);
	ck_assert_int_eq(restaurant.fans_made_ns, START_NS);
	ck_assert_int_eq(restaurant.changed_ns, START_NS);
	ck_assert_int_eq(totals_now().restaurants, 1);
}
END_TEST

START_TEST(what_was_acknowledged_is_there_after_the_store_was_opened_again)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei");
	struct favorite before, after;

	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(unmark(noma, "bob"), 0);
	before = favorite_of(noma, "alice");
	serve_again();
	after = favorite_of(noma, "alice");
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
	ck_assert(!is_favorite(noma, "bob"));
	ck_assert_int_eq(totals_now().favorites, 1);
	ck_assert_int_eq(totals_now().restaurants, 2);
	ck_assert_uint_eq(log_length(), 3);
	ck_assert_int_eq(store_committed(fixture.store), 3);
	ck_assert_int_eq(mark(wong_kei, "carol"), 0);
	ck_assert_int_eq(store_committed(fixture.store), 4);
}
END_TEST

START_TEST(ids_are_never_used_again)
{
	int64_t noma = make_place("noma"), newest, id, favorite;

	ck_assert_int_eq(make_restaurant("newest", &newest), 0);
	ck_assert_int_eq(remove_restaurant("newest"), 0);
	ck_assert_int_eq(mark(noma, "alice"), 0);
	favorite = favorite_of(noma, "alice").id;
	ck_assert_int_eq(unmark(noma, "alice"), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(make_restaurant("newest", &id), 0);
		ck_assert_int_gt(id, newest);
		newest = id;
		ck_assert_int_eq(remove_restaurant("newest"), 0);
		ck_assert_int_eq(totals_now().next_favorite, favorite + 1);
		ck_assert_int_eq(mark(noma, "alice"), 0);
		ck_assert_int_gt(favorite_of(noma, "alice").id, favorite);
		favorite = favorite_of(noma, "alice").id;
		ck_assert_int_eq(unmark(noma, "alice"), 0);
		serve_again();
	}
}
END_TEST

/* ---- many at once ---- */

START_TEST(a_refused_change_leaves_the_rest_of_its_batch_alone)
{
	int64_t noma = make_place("noma");
	struct wish wishes[] = {
		wish_for(CHANGE_MARK, noma, "alice"),
		wish_for(CHANGE_MARK, noma + 1, "bob"),
		wish_for(CHANGE_MARK, noma, "alice"),
		wish_for(CHANGE_UNMARK, noma, "carol"),
		wish_for(CHANGE_REMOVE_FANS, noma, ""),
		wish_for(CHANGE_SET_CREATED, 1, ""),
		wish_for(CHANGE_MAKE_RESTAURANT, 0, "noma"),
		wish_for(CHANGE_MARK, noma, "dave"),
	};
	static const int expected[COUNT(wishes)] = {
		0, -ENOENT, -EEXIST, -ENOENT, -ENOTEMPTY, -EINVAL, -EEXIST, 0};

	wishes[2].change.exclusive = true;
	wishes[5].change.created_ns = -1;
	wishes_do_as_one_batch(wishes, COUNT(wishes));
	for (size_t i = 0; i < COUNT(wishes); i++) {
		ck_assert_int_eq(wishes[i].error, expected[i]);
		ck_assert_int_eq(wishes[i].has_after, !expected[i]);
		ck_assert_uint_eq(wishes[i].answers, 1);
	}
	serve_again();
	ck_assert(is_favorite(noma, "alice") && is_favorite(noma, "dave"));
	ck_assert_int_eq(totals_now().favorites, 2);
	ck_assert_uint_eq(log_length(), 2);
}
END_TEST

START_TEST(a_change_sees_what_those_before_it_in_its_batch_did)
{
	int64_t noma = make_place("noma");
	struct wish wishes[] = {
		wish_for(CHANGE_MARK, noma, "alice"),
		wish_for(CHANGE_UNMARK, noma, "alice"),
		wish_for(CHANGE_UNMARK, noma, "alice"),
		wish_for(CHANGE_MARK, noma, "alice"),
	};

	wishes_do_as_one_batch(wishes, COUNT(wishes));
	ck_assert_int_eq(wishes[1].error, 0);
	ck_assert_int_eq(wishes[2].error, -ENOENT);
	ck_assert_int_eq(wishes[3].error, 0);
	ck_assert_int_gt(wishes[3].after.favorite.id, wishes[0].after.favorite.id);
	ck_assert_int_eq(favorite_of(noma, "alice").id, wishes[3].after.favorite.id);
	ck_assert_uint_eq(log_length(), 3);
}
END_TEST

START_TEST(what_is_acknowledged_was_committed_before)
{
	int64_t noma = make_place("noma");
	struct wish wishes[3] = {
		wish_for(CHANGE_MARK, noma, "alice"),
		wish_for(CHANGE_MARK, noma, "bob"),
		wish_for(CHANGE_MARK, noma, "carol"),
	};

	wishes_do_as_one_batch(wishes, COUNT(wishes));
	for (size_t i = 0; i < COUNT(wishes); i++)
		ck_assert_int_eq(wishes[i].committed, 3);
}
END_TEST

#define THREADS    8
#define EACH       500
#define MARKS_USER 50 /* fewer than there are wishes, so that they meet */

struct submitter {
	pthread_t thread;
	unsigned seed;
	int64_t restaurant;
	struct wish wishes[EACH];
};

/* Exclusive marks and unmarks of few users: each that succeeds is one line of the log. */
static void *submit_many(void *arg)
{
	struct submitter *self = arg;

	for (int i = 0; i < EACH; i++) {
		int choice = rand_r(&self->seed);
		struct wish *wish = &self->wishes[i];

		*wish = wish_for(choice & 1 ? CHANGE_MARK : CHANGE_UNMARK, self->restaurant, "");
		wish->change.exclusive = true;
		(void)snprintf(wish->change.name, sizeof(wish->change.name), "u%d",
			(choice >> 8) % MARKS_USER);
		wish_submit(wish);
		if (i % 100 == 99)
			store_settle(fixture.store);
	}
	return NULL;
}

START_TEST(every_change_of_many_threads_is_answered_exactly_once)
{
	struct submitter *all = calloc(THREADS, sizeof(*all));
	unsigned seed = fixture_seed();
	int64_t noma = make_place("noma"), marks = 0, unmarks = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		all[i].restaurant = noma;
		all[i].seed = seed + i;
		ck_assert_int_eq(pthread_create(&all[i].thread, NULL, submit_many, &all[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(all[i].thread, NULL), 0);
	store_settle(fixture.store);
	for (unsigned i = 0; i < THREADS * EACH; i++) {
		const struct wish *wish = &all[i / EACH].wishes[i % EACH];
		bool is_mark = wish->change.kind == CHANGE_MARK;

		if (wish->answers != 1 ||
			(wish->error && wish->error != (is_mark ? -EEXIST : -ENOENT)))
			ck_abort_msg("%u answers, error %d", wish->answers, wish->error);
		marks += is_mark && !wish->error;
		unmarks += !is_mark && !wish->error;
	}
	free(all);
	ck_assert_int_eq(totals_now().favorites, marks - unmarks);
	serve_again();
	ck_assert_int_eq(totals_now().favorites, marks - unmarks);
	ck_assert_int_eq((int64_t)log_length(), marks + unmarks);
	ck_assert_int_eq(store_committed(fixture.store), marks + unmarks);
}
END_TEST

START_TEST(settling_waits_for_every_answer)
{
	enum {
		MANY = 5000
	}; /* more than one transaction holds */
	struct wish *wishes = calloc(MANY, sizeof(*wishes));
	int64_t noma = make_place("noma");

	store_settle(fixture.store); /* nothing waits: at once */
	for (int i = 0; i < MANY; i++) {
		wishes[i] = wish_for(CHANGE_MARK, noma, "");
		(void)snprintf(wishes[i].change.name, NAME_BYTES_MAX, "u%d", i);
		wish_submit(&wishes[i]);
	}
	store_settle(fixture.store);
	for (int i = 0; i < MANY; i++)
		if (wishes[i].answers != 1 || wishes[i].error)
			ck_abort_msg("%d: %u answers", i, wishes[i].answers);
	free(wishes);
	ck_assert_int_eq(totals_now().favorites, MANY);
}
END_TEST

/* Whether the change still waits, is being committed, or was answered, chance decides. */
START_TEST(settling_waits_for_what_is_being_committed)
{
	int64_t noma = make_place("noma");

	for (int i = 0; i < 300; i++) {
		struct wish wish = wish_for(i % 2 ? CHANGE_UNMARK : CHANGE_MARK, noma, "alice");

		wish_submit(&wish);
		for (int spin = 0; spin < i * 100; spin++)
			atomic_signal_fence(memory_order_seq_cst);
		store_settle(fixture.store);
		ck_assert_uint_eq(wish.answers, 1);
		ck_assert_int_eq(wish.error, 0);
	}
}
END_TEST

START_TEST(closing_answers_all_that_was_submitted)
{
	struct wish wishes[200];
	int64_t noma = make_place("noma");

	for (size_t i = 0; i < COUNT(wishes); i++) {
		wishes[i] = wish_for(CHANGE_MARK, noma, "");
		(void)snprintf(wishes[i].change.name, NAME_BYTES_MAX, "u%zu", i);
		wish_submit(&wishes[i]);
	}
	store_settle(fixture.store); /* as a wish asks the store when it is answered */
	serve_end();
	for (size_t i = 0; i < COUNT(wishes); i++)
		ck_assert_uint_eq(wishes[i].answers, 1);
	serve();
	ck_assert_int_eq(totals_now().favorites, COUNT(wishes));
}
END_TEST

/* ---- the file under an open store ---- */

static void keep_database(void)
{
	char from[PATH_MAX];

	(void)snprintf(from, sizeof(from), "%s", store_file("favorites.db"));
	ck_assert_int_eq(link(from, store_file("kept")), 0);
}

static void put_database_back(void)
{
	char from[PATH_MAX];

	(void)snprintf(from, sizeof(from), "%s", store_file("kept"));
	ck_assert_int_eq(rename(from, store_file("favorites.db")), 0);
}

static void remove_favorites(void)
{
	ck_assert_int_eq(unlink(store_file("favorites.db")), 0);
}

/* By a whole database of another store. */
static void replace_favorites(void)
{
	struct store_options options = serving_options();
	struct store *other = NULL;
	struct complaint why;
	char path[PATH_MAX], file[PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/other", fixture.directory);
	ck_assert_int_eq(store_open(path, &options, &other, &why), 0);
	store_close(other);
	(void)snprintf(file, sizeof(file), "%s/favorites.db", path);
	ck_assert_int_eq(rename(file, store_file("favorites.db")), 0);
}

static void move_store_away(void)
{
	char away[sizeof(fixture.path)];

	(void)snprintf(away, sizeof(away), "%.60s/away", fixture.directory);
	ck_assert_int_eq(rename(fixture.path, away), 0);
	memcpy(fixture.path, away, sizeof(away));
}

static void (*const losses[])(void) = {remove_favorites, replace_favorites, move_store_away};

START_TEST(nothing_is_acknowledged_into_a_file_that_nobody_will_find)
{
	int64_t noma = make_place("noma");
	struct wish lost = wish_for(CHANGE_MARK, noma, "lost");

	ck_assert_int_eq(mark(noma, "kept"), 0);
	keep_database();
	losses[_i]();
	ck_assert_int_eq(wish_do(&lost), -EIO);
	ck_assert(!lost.has_after);
	ck_assert_int_eq(store_committed(fixture.store), 1);
	ck_assert_int_eq(mark(noma, "later"), -EIO);
	serve_end();
	put_database_back();
	serve();
	ck_assert(is_favorite(noma, "kept"));
	ck_assert(!is_favorite(noma, "lost") && !is_favorite(noma, "later"));
	ck_assert_uint_eq(log_length(), 1);
	ck_assert_int_eq(mark(noma, "now"), 0);
}
END_TEST

/* Once lost, an acknowledgement would depend on luck. */
START_TEST(a_lost_file_that_comes_back_is_not_trusted_until_it_is_opened_again)
{
	int64_t noma = make_place("noma");

	keep_database();
	remove_favorites();
	ck_assert_int_eq(mark(noma, "lost"), -EIO);
	put_database_back();
	ck_assert_int_eq(mark(noma, "lost"), -EIO);
	serve_again();
	ck_assert_int_eq(mark(noma, "found"), 0);
}
END_TEST

/* ---- one writing mount ---- */

static int open_second(const char *mountpoint, struct store **ret_store, struct complaint *ret_why)
{
	struct store_options options = serving_options();

	options.mountpoint = mountpoint;
	return store_open(fixture.path, &options, ret_store, ret_why);
}

START_TEST(a_second_writer_is_told_at_once_who_serves_the_store)
{
	int64_t began_ns = clock_monotonic_ns();
	struct store *second = NULL;
	struct complaint why = {""};
	char holder[64];

	ck_assert_int_eq(open_second("/mnt", &second, &why), -EBUSY);
	ck_assert_int_lt(clock_monotonic_ns() - began_ns, 4 * NS_PER_SECOND);
	ck_assert_ptr_null(second);
	(void)snprintf(holder, sizeof(holder), "pid %d at /proc", (int)getpid());
	ck_assert_msg(strstr(why.text, holder) != NULL, "%s", why.text);
	ck_assert_ptr_nonnull(strstr(why.text, fixture.path));
	ck_assert_ptr_null(strchr(why.text, '\n'));
	ck_assert_int_eq(make_restaurant("noma", NULL), 0);
}
END_TEST

START_TEST(readers_are_welcome_beside_the_writer)
{
	int64_t noma = make_place("noma");
	struct store *store = open_reading();
	struct reader *reader = NULL;
	struct favorite favorite;

	ck_assert_int_eq(reader_open(store, &reader), 0);
	ck_assert_int_eq(mark(noma, "alice"), 0);
	ck_assert_int_eq(reader_favorite(reader, noma, "alice", &favorite), 0);
	reader_close(reader);
	store_close(store);
	ck_assert_int_eq(mark(noma, "bob"), 0);
}
END_TEST

struct second {
	pthread_t thread;
	struct store *store;
	struct complaint why;
	int error;
};

static void *open_second_thread(void *arg)
{
	struct second *self = arg;

	self->error = open_second("/mnt", &self->store, &self->why);
	return NULL;
}

/* Who opens the store now, and still waits after 50 ms. */
static void start_second(struct second *second)
{
	struct timespec soon;

	ck_assert_int_eq(pthread_create(&second->thread, NULL, open_second_thread, second), 0);
	(void)clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 50000000;
	soon = (struct timespec){
		soon.tv_sec + soon.tv_nsec / NS_PER_SECOND, soon.tv_nsec % NS_PER_SECOND};
	ck_assert_int_eq(pthread_timedjoin_np(second->thread, NULL, &soon), ETIMEDOUT);
}

static void end_second(struct second *second)
{
	ck_assert_int_eq(pthread_join(second->thread, NULL), 0);
	ck_assert_msg(second->error == 0, "%s", second->why.text);
	store_close(second->store);
}

START_TEST(a_second_writer_waits_for_one_that_is_no_longer_mounted)
{
	struct store *first = NULL;
	struct second second = {.store = NULL};
	struct complaint why;

	ck_assert_int_eq(open_second("/nothing/is/mounted/here", &first, &why), 0);
	start_second(&second);
	store_close(first);
	end_second(&second);
}
END_TEST

/* Sits down as one that was killed, whose mountpoint is still there: a descriptor. */
static int sit_as_the_dead(void)
{
	pid_t pid = fork();
	char note[LEASE_NOTE_MAX];
	int fd = -1;

	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	serve();
	serve_end();
	ck_assert_int_eq(lease_open(fixture.path, &fd), 0);
	ck_assert_int_eq(lease_try(fd, LEASE_SERVE), 0);
	(void)snprintf(note, sizeof(note), "pid %d at /proc", (int)pid);
	ck_assert_int_eq(lease_note(fd, LEASE_SERVE, note), 0);
	return fd;
}

START_TEST(a_second_writer_waits_for_one_that_is_dying)
{
	struct second second = {.store = NULL};
	int fd = sit_as_the_dead();

	start_second(&second);
	ck_assert_int_eq(close(fd), 0);
	end_second(&second);
}
END_TEST

/* A process that is killed lets its locks go one after the other. */
START_TEST(a_second_writer_waits_for_the_last_of_the_locks)
{
	struct second second = {.store = NULL};
	int directory, fd = sit_as_the_dead();

	directory = open(fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(flock(directory, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(close(fd), 0);
	start_second(&second);
	ck_assert_int_eq(close(directory), 0);
	end_second(&second);
}
END_TEST

START_TEST(the_wait_for_one_that_does_not_leave_has_an_end)
{
	int64_t began_ns = clock_monotonic_ns(), waited_ns;
	struct store *first = NULL, *second = NULL;
	struct complaint why;

	ck_assert_int_eq(open_second("/nothing/is/mounted/here", &first, &why), 0);
	ck_assert_int_eq(open_second("/mnt", &second, &why), -EBUSY);
	waited_ns = clock_monotonic_ns() - began_ns;
	ck_assert_int_ge(waited_ns, 5 * NS_PER_SECOND);
	ck_assert_int_lt(waited_ns, 15 * NS_PER_SECOND);
	ck_assert_ptr_nonnull(strstr(why.text, " at /nothing/is/mounted/here"));
	store_close(first);
}
END_TEST

/* Serves until it is killed. */
static pid_t fork_server(void)
{
	int ends[2];
	char ready;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve();
		(void)make_place("noma");
		(void)!write(ends[1], "!", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	ck_assert_int_eq(read(ends[0], &ready, 1), 1);
	(void)close(ends[0]);
	return pid;
}

START_TEST(a_writer_that_is_killed_leaves_its_seat_and_its_work)
{
	pid_t pid = fork_server();
	struct store *second = NULL;
	struct complaint why = {""};
	struct restaurant restaurant;
	char holder[64];

	ck_assert_int_eq(open_second("/mnt", &second, &why), -EBUSY);
	(void)snprintf(holder, sizeof(holder), "pid %d at /proc", (int)pid);
	ck_assert_msg(strstr(why.text, holder) != NULL, "%s", why.text);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	serve();
	ck_assert_int_eq(reader_restaurant(fixture.reader, "noma", &restaurant), 0);
	ck_assert_int_eq(mark(restaurant.id, "alice"), 0);
}
END_TEST

/* Two imports and a mark, all waiting: nobody else waits for more than one import. */
START_TEST(imports_take_turns_with_all_other_changes)
{
	const struct import_line lines[] = {
		{LOG_ADD, "noma", "first", MOMENT_NONE},
		{LOG_ADD, "noma", "last", MOMENT_NONE},
	};
	struct wish wishes[3] = {
		{.change = {.kind = CHANGE_IMPORT, .lines = &lines[0], .line_count = 1}},
		{.change = {.kind = CHANGE_IMPORT, .lines = &lines[1], .line_count = 1}},
		{.change = {.kind = CHANGE_MARK, .name = "between"}},
	};
	struct logged *entries;

	wishes[2].change.id = make_place("noma");
	wishes_do_as_one_batch(wishes, 3);
	ck_assert_uint_eq(read_log(fixture.reader, &entries), 3);
	ck_assert_str_eq(entries[0].user, "first");
	ck_assert_str_eq(entries[1].user, "between");
	ck_assert_str_eq(entries[2].user, "last");
	free(entries);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("committer");
	TCase *one = fixture_case(suite, "one");
	TCase *many = fixture_case(suite, "many");
	TCase *file = fixture_case(suite, "file");
	TCase *seat = fixture_case(suite, "seat");
	TCase *seats = fixture_case_bare(suite, "seats");

	tcase_add_test(one, a_mark_is_there_with_its_moment_and_owner_when_it_is_answered);
	tcase_add_test(one, a_second_mark_changes_nothing_and_logs_nothing);
	tcase_add_test(one, an_exclusive_mark_of_a_favourite_is_refused);
	tcase_add_test(one, marking_where_there_is_no_restaurant_or_no_fans_is_refused);
	tcase_add_test(one, unmarking_what_is_no_favourite_is_refused);
	tcase_add_test(one, only_what_is_empty_can_be_removed);
	tcase_add_test(one, a_restaurant_and_its_fans_are_made_once);
	tcase_add_test(one, what_was_acknowledged_is_there_after_the_store_was_opened_again);
	tcase_add_test(one, ids_are_never_used_again);

	tcase_add_test(many, a_refused_change_leaves_the_rest_of_its_batch_alone);
	tcase_add_test(many, imports_take_turns_with_all_other_changes);
	tcase_add_test(many, a_change_sees_what_those_before_it_in_its_batch_did);
	tcase_add_test(many, what_is_acknowledged_was_committed_before);
	tcase_add_test(many, every_change_of_many_threads_is_answered_exactly_once);
	tcase_add_test(many, settling_waits_for_every_answer);
	tcase_add_test(many, settling_waits_for_what_is_being_committed);
	tcase_add_test(many, closing_answers_all_that_was_submitted);

	tcase_add_loop_test(
		file, nothing_is_acknowledged_into_a_file_that_nobody_will_find, 0, COUNT(losses));
	tcase_add_test(file, a_lost_file_that_comes_back_is_not_trusted_until_it_is_opened_again);

	tcase_add_test(seat, a_second_writer_is_told_at_once_who_serves_the_store);
	tcase_add_test(seat, readers_are_welcome_beside_the_writer);

	tcase_add_test(seats, a_second_writer_waits_for_one_that_is_no_longer_mounted);
	tcase_add_test(seats, a_second_writer_waits_for_the_last_of_the_locks);
	tcase_add_test(seats, a_second_writer_waits_for_one_that_is_dying);
	tcase_add_test(seats, the_wait_for_one_that_does_not_leave_has_an_end);
	tcase_add_test(seats, a_writer_that_is_killed_leaves_its_seat_and_its_work);
	return fixture_run(suite);
}
