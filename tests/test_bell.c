#include "backend/bell.h"

#include <check.h>
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS_MAX 256

/* Far beyond what any event needs; a test that meets it has failed. */
#define PATIENCE_MS 5000

/* Each test is a process of its own with an empty directory of its own as its current one. */
static char directory[] = "/tmp/test_bell.XXXXXX";
static struct bell_watch *watch;

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void remove_directory(void)
{
	bell_watch_close(watch);
	(void)unlink("bell"); /* a test may have left them or not */
	(void)unlink("away");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

/* Whether it becomes time to look within that time. */
static bool wakes(int timeout_ms)
{
	struct pollfd pollfd = {.fd = bell_watch_fd(watch), .events = POLLIN};
	int ready = poll(&pollfd, 1, timeout_ms);

	ck_assert_int_ge(ready, 0);
	ck_assert_int_eq(pollfd.revents, ready ? POLLIN : 0);
	return ready > 0;
}

static void ring(void)
{
	int fd = -1;

	ck_assert_int_eq(bell_open("bell", &fd), 0);
	ck_assert_int_eq(bell_ring(fd), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void open_live(void)
{
	ck_assert_int_eq(bell_watch_open("bell", &watch), 0);
	ck_assert(bell_watch_is_live(watch));
	ck_assert(!wakes(0));
}

/* Wakes and drains until there is nothing more: setting a watch anew may wake once again. */
static void settle(void)
{
	ck_assert(wakes(PATIENCE_MS));
	for (int rounds = 0; wakes(0); rounds++) {
		ck_assert_int_lt(rounds, 10);
		bell_watch_drain(watch);
	}
}

static void assert_rings_arrive(void)
{
	ck_assert(bell_watch_is_live(watch));
	ck_assert(!wakes(0));
	ring();
	ck_assert(wakes(0)); /* inotify is there before write(2) returns */
	bell_watch_drain(watch);
	ck_assert(!wakes(0));
}

/* ---- resting ---- */

START_TEST(who_rests_hears_calls_and_no_rings)
{
	int fd = -1;

	open_live();
	ck_assert_int_eq(bell_open("bell", &fd), 0);
	bell_watch_rest(watch, true);
	ck_assert_int_eq(bell_ring(fd), 0);
	ck_assert(!wakes(0));
	ck_assert_int_eq(bell_call("bell"), 0);
	ck_assert(wakes(0));
	ck_assert(bell_watch_drain(watch));
	ck_assert(!wakes(0));
	bell_watch_rest(watch, false);
	ck_assert(!wakes(0)); /* what was rung meanwhile is found by looking */
	ck_assert_int_eq(bell_ring(fd), 0);
	ck_assert(wakes(0));
	ck_assert(!bell_watch_drain(watch));
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(who_called_before_the_rest_is_told_of_by_the_drain)
{
	int fd = -1;

	open_live();
	ck_assert_int_eq(bell_open("bell", &fd), 0);
	for (int i = 0; i < 200; i++) /* more than one read takes */
		ck_assert_int_eq(i == 100 ? bell_call("bell") : bell_ring(fd), 0);
	bell_watch_rest(watch, true);
	ck_assert(bell_watch_drain(watch));
	ck_assert(!wakes(0));
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(who_rests_notices_that_the_bell_was_removed)
{
	open_live();
	bell_watch_rest(watch, true);
	ck_assert_int_eq(unlink("bell"), 0);
	settle();
	ck_assert_int_eq(access("bell", F_OK), 0);
	ck_assert_int_eq(bell_call("bell"), 0);
	ck_assert(wakes(0));
	ck_assert(bell_watch_drain(watch));
	bell_watch_rest(watch, false);
	assert_rings_arrive();
}
END_TEST

START_TEST(calling_makes_a_missing_bell_and_tells_why_it_cannot)
{
	ck_assert_int_eq(bell_call("bell"), 0);
	ck_assert_int_eq(access("bell", F_OK), 0);
	ck_assert_int_eq(bell_call("none/bell"), -ENOENT);
}
END_TEST

/* The open descriptors, in order; opendir's own, which is closed again, left out. */
static size_t list_fds(int fds[static FDS_MAX])
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		ck_assert_uint_lt(count, FDS_MAX);
		fds[count++] = fd;
	}
	ck_assert_int_eq(closedir(dir), 0);
	return count;
}

static size_t count_fds(void)
{
	int fds[FDS_MAX];

	return list_fds(fds);
}

static bool is_of(int fd, const char *kind)
{
	char link[64];
	char target[64] = "";

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, kind);
}

/* Whether any timer of this process will fire, as the kernel tells. */
static bool timer_runs(void)
{
	int fds[FDS_MAX];
	size_t count = list_fds(fds);
	size_t timers = 0;
	size_t idle = 0;

	for (size_t i = 0; i < count; i++) {
		char path[64], info[1024] = "";
		FILE *file;

		if (!is_of(fds[i], "timerfd"))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fds[i]);
		file = fopen(path, "re");
		ck_assert_ptr_nonnull(file);
		ck_assert_uint_gt(fread(info, 1, sizeof(info) - 1, file), 0);
		ck_assert_int_eq(fclose(file), 0);
		timers++;
		idle += strstr(info, "it_value: (0, 0)") && strstr(info, "it_interval: (0, 0)");
	}
	ck_assert_uint_eq(timers, 1);
	return idle == 0;
}

/*
 * From here on at most @more descriptors can be opened: the next inotify instance
 * gets EMFILE just as when its user has too many, and no other process suffers.
 */
static struct rlimit limit_fds(unsigned more)
{
	struct rlimit old, new;
	int next = dup(0);

	ck_assert_int_ge(next, 0);
	ck_assert_int_eq(close(next), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	new = (struct rlimit){.rlim_cur = (rlim_t)next + more, .rlim_max = old.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &new), 0);
	return old;
}

static void lift_limit(struct rlimit old)
{
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
}

/* The epoll and the timer find room, inotify does not. */
static struct rlimit open_without_inotify(void)
{
	struct rlimit old = limit_fds(2);

	ck_assert_int_eq(bell_watch_open("bell", &watch), 0);
	ck_assert(!bell_watch_is_live(watch));
	return old;
}

START_TEST(opening_a_bell_makes_its_file_for_the_owner_only)
{
	struct stat st;
	int fd = -1;

	(void)umask(0);
	ck_assert_int_eq(bell_open("bell", &fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(opening_a_bell_that_cannot_be_made_tells_why)
{
	int fd = 12345;

	ck_assert_int_eq(bell_open("missing/bell", &fd), -ENOENT);
	ck_assert_int_eq(fd, 12345);
}
END_TEST

START_TEST(ringing_never_grows_the_file)
{
	struct stat st;
	int fd = -1;

	ck_assert_int_eq(bell_open("bell", &fd), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(bell_ring(fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 1);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(ringing_what_cannot_be_written_tells_why)
{
	int fd;

	ring();
	fd = open("bell", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(bell_ring(fd), -EBADF);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(bell_ring(-1), -EBADF);
}
END_TEST

/* ---- ringing at a path ---- */

static void leave_it(void)
{
}

static void take_away(void)
{
	ck_assert_int_eq(unlink("bell"), 0);
}

static void move_away(void)
{
	ck_assert_int_eq(rename("bell", "away"), 0);
}

/* As a backup does (cp -al); then whoever lingered removes it. */
static void link_and_take_away(void)
{
	ck_assert_int_eq(link("bell", "away"), 0);
	take_away();
}

static void link_and_replace(void)
{
	link_and_take_away();
	ring();
}

static void move_another_there(void)
{
	int fd = -1;

	ck_assert_int_eq(bell_open("away", &fd), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(rename("away", "bell"), 0);
}

START_TEST(who_rings_at_a_path_is_heard_there_whatever_became_of_the_file)
{
	static void (*const acts[])(void) = {leave_it, take_away, move_away, link_and_take_away,
		link_and_replace, move_another_there};
	struct stat before, after;
	int fd = -1;

	ck_assert_int_eq(bell_open("bell", &fd), 0);
	ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
	for (int again = 0; again < 2; again++) {
		acts[_i]();
		ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
		ck_assert_int_eq(access("bell", F_OK), 0);
		open_live();
		ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
		ck_assert(wakes(0));
		bell_watch_close(watch);
		watch = NULL;
		(void)unlink("away"); /* some make it */
	}
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
	ck_assert_int_eq(stat("bell", &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino); /* the same as long as nobody touches it */
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_bell_that_is_still_there_is_not_opened_again)
{
	int fd = -1, before;

	ck_assert_int_eq(bell_open("bell", &fd), 0);
	before = fd;
	ck_assert_int_eq(link("bell", "away"), 0);
	ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
	ck_assert_int_eq(fd, before);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(who_cannot_ring_at_a_path_keeps_what_it_has)
{
	int fd = -1, before;

	ck_assert_int_eq(bell_open("bell", &fd), 0);
	before = fd;
	move_away();
	ck_assert_int_eq(mkdir("bell", 0700), 0);
	ck_assert_int_eq(bell_ring_at(&fd, "bell"), -EISDIR);
	ck_assert_int_eq(fd, before);
	ck_assert_int_eq(rmdir("bell"), 0);
	ck_assert_int_eq(bell_ring_at(&fd, "bell"), 0);
	ck_assert_int_eq(access("bell", F_OK), 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(watching_makes_the_file_for_the_owner_only)
{
	struct stat st;

	(void)umask(0);
	open_live();
	ck_assert_int_eq(stat("bell", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	assert_rings_arrive();
}
END_TEST

START_TEST(a_ring_wakes_the_watcher)
{
	ring();
	open_live();
	assert_rings_arrive();
	assert_rings_arrive();
}
END_TEST

START_TEST(rings_may_merge_and_one_drain_takes_them_all)
{
	open_live();
	for (int i = 0; i < 1000; i++)
		ring();
	ck_assert(wakes(0));
	bell_watch_drain(watch);
	ck_assert(!wakes(0));
}
END_TEST

START_TEST(one_drain_takes_more_events_than_one_read)
{
	open_live();
	for (int i = 0; i < 500; i++) {
		ring();
		ck_assert_int_eq(chmod("bell", 0600), 0); /* so that they do not merge */
	}
	bell_watch_drain(watch);
	ck_assert(!wakes(0));
	assert_rings_arrive();
}
END_TEST

START_TEST(draining_a_silent_bell_returns_at_once)
{
	open_live();
	bell_watch_drain(watch);
	ck_assert(!wakes(0));
	assert_rings_arrive();
}
END_TEST

START_TEST(every_watcher_of_a_bell_wakes)
{
	struct bell_watch *first;

	open_live();
	first = watch;
	open_live();
	ring();
	ck_assert(wakes(0));
	bell_watch_close(watch);
	watch = first;
	ck_assert(wakes(0));
}
END_TEST

static void remove_bell(void)
{
	ck_assert_int_eq(unlink("bell"), 0);
}

static void move_bell_away(void)
{
	ck_assert_int_eq(rename("bell", "away"), 0);
}

static void replace_bell(void)
{
	int fd = open("away", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(rename("away", "bell"), 0);
}

static void remove_and_make_bell(void)
{
	remove_bell();
	ring();
}

static void (*const losses[])(void) = {
	remove_bell, move_bell_away, replace_bell, remove_and_make_bell};

#define LOSSES ((int)(sizeof(losses) / sizeof(losses[0])))

START_TEST(a_lost_bell_is_noticed_and_rings_of_the_new_one_are_heard)
{
	int fd;

	open_live();
	fd = bell_watch_fd(watch);
	for (int round = 0; round < 3; round++) {
		losses[_i]();
		settle();
		assert_rings_arrive();
	}
	ck_assert_int_eq(bell_watch_fd(watch), fd);
	ck_assert(!timer_runs());
}
END_TEST

START_TEST(a_bell_lost_while_a_ringer_holds_it_is_noticed)
{
	int held = -1;

	open_live();
	ck_assert_int_eq(bell_open("bell", &held), 0);
	losses[_i]();
	settle();
	assert_rings_arrive();

	/* What the ringer still holds is no longer the bell. */
	ck_assert_int_eq(bell_ring(held), 0);
	ck_assert(!wakes(0));
	ck_assert_int_eq(close(held), 0);
	ck_assert(!wakes(0));
}
END_TEST

START_TEST(a_drain_has_made_a_removed_bell_anew_when_it_returns)
{
	struct stat st;

	open_live();
	remove_bell();
	ck_assert(wakes(PATIENCE_MS));
	bell_watch_drain(watch);
	ck_assert_int_eq(stat("bell", &st), 0);
	ck_assert(bell_watch_is_live(watch));
}
END_TEST

static long queue_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	long limit = 0;

	if (file) {
		ck_assert_int_eq(fscanf(file, "%ld", &limit), 1);
		ck_assert_int_eq(fclose(file), 0);
	}
	return limit;
}

START_TEST(a_removal_that_an_overflowing_queue_lost_is_noticed)
{
	long limit = queue_limit();
	int fd = -1;

	ck_assert_int_gt(limit, 0);
	open_live();
	ck_assert_int_eq(bell_open("bell", &fd), 0);
	for (long i = 0; i < limit; i++) {
		ck_assert_int_eq(bell_ring(fd), 0);
		ck_assert_int_eq(ftruncate(fd, i % 2), 0);
		ck_assert_int_eq(fchmod(fd, 0600), 0);
	}
	ck_assert_int_eq(close(fd), 0);
	remove_bell();
	settle();
	assert_rings_arrive();
}
END_TEST

START_TEST(an_idle_live_watch_runs_no_timer)
{
	open_live();
	ck_assert(!timer_runs());
	assert_rings_arrive();
	ck_assert(!timer_runs());
}
END_TEST

START_TEST(a_watch_without_inotify_ticks)
{
	struct rlimit old = open_without_inotify();

	for (int tick = 0; tick < 2; tick++) {
		ck_assert(!wakes(0));
		ck_assert(wakes(PATIENCE_MS));
		bell_watch_drain(watch);
		ck_assert(!bell_watch_is_live(watch));
	}
	lift_limit(old);
	ck_assert(timer_runs());
}
END_TEST

START_TEST(a_watch_without_inotify_goes_live_at_a_tick_and_its_timer_stops)
{
	struct rlimit old = open_without_inotify();
	int fd = bell_watch_fd(watch);

	lift_limit(old);
	ck_assert(wakes(PATIENCE_MS));
	ck_assert(!bell_watch_is_live(watch));
	bell_watch_drain(watch);
	ck_assert_int_eq(bell_watch_fd(watch), fd);
	ck_assert(!timer_runs());
	assert_rings_arrive();
}
END_TEST

START_TEST(a_watch_without_inotify_is_not_busy_between_ticks)
{
	struct rlimit old = open_without_inotify();

	lift_limit(old);
	bell_watch_drain(watch);
	ck_assert(!bell_watch_is_live(watch)); /* as it was no tick */
	ck_assert(!wakes(0));
}
END_TEST

START_TEST(a_bell_lost_when_it_cannot_be_made_anew_ticks_until_it_can)
{
	struct rlimit old;

	open_live();
	old = limit_fds(0);
	remove_bell();
	ck_assert(wakes(PATIENCE_MS));
	bell_watch_drain(watch);
	ck_assert(!bell_watch_is_live(watch));
	lift_limit(old);

	ck_assert(timer_runs());
	settle();
	assert_rings_arrive();
	ck_assert(!timer_runs());
}
END_TEST

START_TEST(a_bell_whose_directory_is_gone_ticks_until_it_is_back)
{
	ck_assert_int_eq(mkdir("away", 0700), 0);
	ck_assert_int_eq(bell_watch_open("away/bell", &watch), 0);
	ck_assert_int_eq(unlink("away/bell"), 0);
	ck_assert_int_eq(rmdir("away"), 0);
	bell_watch_drain(watch);
	ck_assert(!bell_watch_is_live(watch));

	ck_assert_int_eq(mkdir("away", 0700), 0);
	settle();
	ck_assert(bell_watch_is_live(watch));
	ck_assert_int_eq(unlink("away/bell"), 0);
	ck_assert_int_eq(rmdir("away"), 0);
}
END_TEST

START_TEST(a_watch_that_cannot_be_opened_tells_why_and_leaves_nothing_open)
{
	struct bell_watch *untouched = NULL;
	size_t before = count_fds();

	ck_assert_int_eq(bell_watch_open("missing/bell", &untouched), -ENOENT);
	ck_assert_ptr_null(untouched);
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

START_TEST(a_watch_without_room_for_a_timer_tells_so_and_leaves_nothing_open)
{
	struct bell_watch *untouched = NULL;
	size_t before = count_fds();
	struct rlimit old = limit_fds((unsigned)_i);

	ck_assert_int_eq(bell_watch_open("bell", &untouched), -EMFILE);
	ck_assert_ptr_null(untouched);
	lift_limit(old);
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

START_TEST(closing_a_watch_leaves_nothing_open)
{
	size_t before = count_fds();

	open_live();
	remove_bell();
	settle();
	ck_assert_uint_eq(count_fds(), before + 3);
	bell_watch_close(watch);
	watch = NULL;
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

START_TEST(no_descriptor_of_a_watch_is_inherited)
{
	int before[FDS_MAX], after[FDS_MAX];
	size_t count_before = list_fds(before);
	size_t count_after;

	open_live();
	count_after = list_fds(after);
	ck_assert_uint_eq(count_after, count_before + 3);
	for (size_t i = 0; i < count_after; i++)
		if (is_of(after[i], "inotify") || is_of(after[i], "timerfd") ||
			is_of(after[i], "eventpoll"))
			ck_assert_int_eq(fcntl(after[i], F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(closing_no_watch_is_fine)
{
	bell_watch_close(NULL);
}
END_TEST

static TCase *fixture_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, make_directory, remove_directory);
	tcase_set_timeout(tcase, 3 * PATIENCE_MS / 1000);
	return tcase;
}

static TCase *ring_case(void)
{
	TCase *tcase = fixture_case("ring");

	tcase_add_test(tcase, opening_a_bell_makes_its_file_for_the_owner_only);
	tcase_add_test(tcase, opening_a_bell_that_cannot_be_made_tells_why);
	tcase_add_test(tcase, ringing_never_grows_the_file);
	tcase_add_test(tcase, ringing_what_cannot_be_written_tells_why);
	tcase_add_loop_test(
		tcase, who_rings_at_a_path_is_heard_there_whatever_became_of_the_file, 0, 6);
	tcase_add_test(tcase, a_bell_that_is_still_there_is_not_opened_again);
	tcase_add_test(tcase, who_cannot_ring_at_a_path_keeps_what_it_has);
	tcase_add_test(tcase, watching_makes_the_file_for_the_owner_only);
	tcase_add_test(tcase, a_ring_wakes_the_watcher);
	tcase_add_test(tcase, rings_may_merge_and_one_drain_takes_them_all);
	tcase_add_test(tcase, one_drain_takes_more_events_than_one_read);
	tcase_add_test(tcase, draining_a_silent_bell_returns_at_once);
	tcase_add_test(tcase, every_watcher_of_a_bell_wakes);
	tcase_add_test(tcase, who_rests_hears_calls_and_no_rings);
	tcase_add_test(tcase, who_called_before_the_rest_is_told_of_by_the_drain);
	tcase_add_test(tcase, who_rests_notices_that_the_bell_was_removed);
	tcase_add_test(tcase, calling_makes_a_missing_bell_and_tells_why_it_cannot);
	return tcase;
}

static TCase *loss_case(void)
{
	TCase *tcase = fixture_case("loss");

	tcase_add_loop_test(
		tcase, a_lost_bell_is_noticed_and_rings_of_the_new_one_are_heard, 0, LOSSES);
	tcase_add_loop_test(tcase, a_bell_lost_while_a_ringer_holds_it_is_noticed, 0, LOSSES);
	tcase_add_test(tcase, a_drain_has_made_a_removed_bell_anew_when_it_returns);
	tcase_add_test(tcase, a_removal_that_an_overflowing_queue_lost_is_noticed);
	tcase_add_test(tcase, a_bell_lost_when_it_cannot_be_made_anew_ticks_until_it_can);
	tcase_add_test(tcase, a_bell_whose_directory_is_gone_ticks_until_it_is_back);
	return tcase;
}

static TCase *timer_case(void)
{
	TCase *tcase = fixture_case("timer");

	tcase_add_test(tcase, an_idle_live_watch_runs_no_timer);
	tcase_add_test(tcase, a_watch_without_inotify_ticks);
	tcase_add_test(tcase, a_watch_without_inotify_goes_live_at_a_tick_and_its_timer_stops);
	tcase_add_test(tcase, a_watch_without_inotify_is_not_busy_between_ticks);
	return tcase;
}

static TCase *descriptor_case(void)
{
	TCase *tcase = fixture_case("descriptor");

	tcase_add_test(tcase, a_watch_that_cannot_be_opened_tells_why_and_leaves_nothing_open);
	tcase_add_loop_test(
		tcase, a_watch_without_room_for_a_timer_tells_so_and_leaves_nothing_open, 0, 2);
	tcase_add_test(tcase, closing_a_watch_leaves_nothing_open);
	tcase_add_test(tcase, no_descriptor_of_a_watch_is_inherited);
	tcase_add_test(tcase, closing_no_watch_is_fine);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("bell");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, ring_case());
	suite_add_tcase(suite, loss_case());
	suite_add_tcase(suite, timer_case());
	suite_add_tcase(suite, descriptor_case());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
