/* Who polls rankings, without a mount: what is around fs/rankings.c is played here. */
#include "fs/kinds.h"

#include <poll.h>
#include <stdlib.h>

#include <check.h>

#include "fs/aside.h"
#include "fs/listing.h"
#include "fs/reply.h"

#define OPENS   16000
#define WINDOWS 4000

/* In a row, so that a request between waits for less than a millisecond. */
#define LOOKS_MAX 1000

struct ranking {
	struct ranking_info info;
};

static struct mount m;
static struct ranking rankings[WINDOWS];
static int64_t newest; /* version of all rankings */
static long looks, told;

/* ---- what is played ---- */

static struct node node_at(long i)
{
	return (struct node){.kind = NODE_RANKING,
		.window = window_of(WINDOW_DAY, i * INT64_C(86400000000000)),
		.key = i + 1};
}

int reader_ranking(struct reader *reader, window_t window, struct ranking_info *ret_info)
{
	(void)reader;
	(void)window;
	looks++;
	*ret_info = (struct ranking_info){.version = newest};
	return 0;
}

/* The key of a node is the place of its ranking. */
int ranking_open(
	struct reader *reader, window_t window, int64_t version, struct ranking **ret_ranking)
{
	(void)reader;
	(void)window;
	*ret_ranking = &rankings[version - 1];
	return 0;
}

void ranking_info(const struct ranking *ranking, struct ranking_info *ret_info)
{
	*ret_info = ranking->info;
}

int fuse_lowlevel_notify_poll(struct fuse_pollhandle *handle)
{
	(void)handle;
	told++;
	return 0;
}

void fuse_pollhandle_destroy(struct fuse_pollhandle *handle)
{
	free(handle);
}

const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	static const struct fuse_ctx ctx = {.uid = 1001};

	(void)req;
	return &ctx;
}

int reply_open(fuse_req_t req, const struct fuse_file_info *fi)
{
	(void)req;
	(void)fi;
	return 0;
}

bool ranking_is_shared(const struct ranking *ranking)
{
	(void)ranking;
	return true; /* its text is paid for */
}

void ranking_close(struct ranking *ranking)
{
	(void)ranking;
}

void reader_refresh(struct reader *reader)
{
	(void)reader;
}

/* ---- what is not called ---- */

void attr_fill(const struct mount *mount, struct node n, int64_t time_ns, struct stat *st)
{
	(void)mount;
	(void)n;
	(void)time_ns;
	(void)st;
	abort();
}

void aside_add(struct mount *mount, fuse_req_t req, struct node n, size_t size, off_t offset,
	const struct fuse_file_info *fi)
{
	(void)mount;
	(void)req;
	(void)n;
	(void)size;
	(void)offset;
	(void)fi;
	abort();
}

bool listing_add_name(struct listing *l, off_t cookie, const char *name, struct node n, mode_t type)
{
	(void)l;
	(void)cookie;
	(void)name;
	(void)n;
	(void)type;
	abort();
}

window_kinds_t store_windows(const struct store *store)
{
	(void)store;
	abort();
}

int reader_ranking_windows(struct reader *reader, int64_t after, each_window *each, void *arg)
{
	(void)reader;
	(void)after;
	(void)each;
	(void)arg;
	abort();
}

int ranking_applied(const struct ranking *ranking, int64_t *ret_seq)
{
	(void)ranking;
	(void)ret_seq;
	abort();
}

ssize_t ranking_read(struct ranking *ranking, int64_t offset, char *buffer, size_t size)
{
	(void)ranking;
	(void)offset;
	(void)buffer;
	(void)size;
	abort();
}

void reply_error(fuse_req_t req, int error)
{
	(void)req;
	(void)error;
	abort();
}

void reply_bytes(fuse_req_t req, const void *bytes, size_t size)
{
	(void)req;
	(void)bytes;
	(void)size;
	abort();
}

void reply_xattr(fuse_req_t req, const void *value, size_t length, size_t size)
{
	(void)req;
	(void)value;
	(void)length;
	(void)size;
	abort();
}

/* ---- opens ---- */

static struct fuse_file_info opens[OPENS];

/* Opens of so many windows in turn, each with somebody who polls it. */
static void open_and_poll(long windows)
{
	for (long i = 0; i < OPENS; i++) {
		ranking_ops.open(&m, NULL, node_at(i % windows), &opens[i]);
		ck_assert_uint_eq(ranking_ops.poll(&m, &opens[i], malloc(1)), POLLIN | POLLRDNORM);
	}
	looks = 0;
}

/* The most looks in a row until all were looked at. */
static long look_at_all(void)
{
	long most = 0, before;
	int64_t next;

	do {
		before = looks;
		next = rankings_look(&m);
		most = looks - before > most ? looks - before : most;
	} while (next == 0);
	ck_assert_int_eq(next, -1);
	return most;
}

static void tear_down(void)
{
	rankings_close_all(&m);
	shares_fini(&m.shares);
}

START_TEST(many_who_have_one_version_open_cost_hardly_more_than_one)
{
	open_and_poll(1);
	rankings_wake(&m);
	(void)look_at_all();
	ck_assert_int_ge(looks, 1);
	ck_assert_int_le(looks, OPENS / 100);
	ck_assert_int_eq(told, 0);
}
END_TEST

START_TEST(few_versions_are_looked_at_in_a_row)
{
	open_and_poll(WINDOWS);
	rankings_wake(&m);
	ck_assert_int_le(look_at_all(), LOOKS_MAX);
	ck_assert_int_ge(looks, WINDOWS);
}
END_TEST

START_TEST(all_are_told_of_a_newer_version_and_few_in_a_row)
{
	open_and_poll(WINDOWS);
	newest++;
	rankings_wake(&m);
	ck_assert_int_eq(rankings_look(&m), 0);
	ck_assert_int_ge(told, 1);
	ck_assert_int_le(told, LOOKS_MAX);
	(void)look_at_all();
	ck_assert_int_eq(told, OPENS);
	rankings_wake(&m);
	(void)look_at_all();
	ck_assert_int_eq(told, OPENS);
}
END_TEST

START_TEST(news_that_come_while_all_are_looked_at_reach_those_who_had_their_turn)
{
	open_and_poll(WINDOWS);
	rankings_wake(&m);
	(void)rankings_look(&m);
	newest++;
	rankings_wake(&m);
	(void)look_at_all();
	ck_assert_int_eq(told, OPENS);
}
END_TEST

START_TEST(who_closes_meanwhile_is_not_looked_at)
{
	open_and_poll(WINDOWS);
	rankings_wake(&m);
	(void)rankings_look(&m);
	newest++;
	for (long i = 1; i < OPENS; i += 2) /* also whose turn is next */
		ranking_ops.release(&m, node_at(i % WINDOWS), &opens[i]);
	rankings_wake(&m);
	(void)look_at_all();
	ck_assert_int_eq(told, OPENS / 2);
}
END_TEST

START_TEST(without_anybody_who_polls_nothing_is_looked_at)
{
	ranking_ops.open(&m, NULL, node_at(0), &opens[0]);
	rankings_wake(&m);
	ck_assert_int_eq(rankings_look(&m), -1);
	ck_assert_int_eq(looks, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("polled");
	TCase *tcase = tcase_create("polled");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, many_who_have_one_version_open_cost_hardly_more_than_one);
	tcase_add_test(tcase, few_versions_are_looked_at_in_a_row);
	tcase_add_test(tcase, all_are_told_of_a_newer_version_and_few_in_a_row);
	tcase_add_test(
		tcase, news_that_come_while_all_are_looked_at_reach_those_who_had_their_turn);
	tcase_add_test(tcase, who_closes_meanwhile_is_not_looked_at);
	tcase_add_test(tcase, without_anybody_who_polls_nothing_is_looked_at);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
