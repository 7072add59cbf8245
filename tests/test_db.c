#include "backend/sqlite/db.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct version {
	int number;
	bool buggy;
} versions[] = {
	{3006023, false},
	{3007000, true},
	{3040001, true},
	{3044005, true},
	{3044006, false},
	{3044999, false},
	{3045000, true},
	{3050006, true},
	{3050007, false},
	{3050999, false},
	{3051000, true},
	{3051002, true},
	{3051003, false},
	{3052000, false},
	{4000000, false},
};

START_TEST(the_reset_bug_is_known_by_the_version)
{
	const struct version *version = &versions[_i];

	ck_assert_int_eq(db_has_reset_bug(version->number), version->buggy);
}
END_TEST

/* A database that is moved away or back once while it is opened, at any moment of that. */
static char folder[] = "/tmp/favfs-db.XXXXXX";
static char here[64], away[64];
static atomic_int openings; /* below 0: enough */

static void *move(void *arg)
{
	unsigned seed = 1;
	int seen = 0, now;

	(void)arg;
	for (bool is_here = true; (now = atomic_load(&openings)) >= 0;) {
		if (now == seen)
			continue;
		seen = now;
		for (volatile int wait = rand_r(&seed) % 40000; wait > 0;)
			wait--;
		ck_assert_int_eq(is_here ? rename(here, away) : rename(away, here), 0);
		is_here = !is_here;
	}
	return NULL;
}

START_TEST(a_database_that_comes_and_goes_is_there_or_missing)
{
	sqlite3 *db = NULL;
	pthread_t mover;
	int opened = 0, missing = 0, error;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(here, sizeof(here), "%s/db", folder);
	(void)snprintf(away, sizeof(away), "%s/away", folder);
	ck_assert_int_eq(db_open(here, DB_CREATE, 64, &db), 0);
	ck_assert_int_eq(db_exec(db, "CREATE TABLE t (a)"), 0);
	db_close(db);
	ck_assert_int_eq(pthread_create(&mover, NULL, move, NULL), 0);
	for (int i = 0; i < 10000; i++) {
		atomic_fetch_add(&openings, 1);
		error = db_open(here, DB_READ, 64, &db);
		ck_assert_msg(!error || error == -ENOENT, "error %d", error);
		opened += !error;
		missing += error != 0;
		if (!error)
			db_close(db);
	}
	atomic_store(&openings, -1);
	ck_assert_int_eq(pthread_join(mover, NULL), 0);
	ck_assert_int_gt(opened, 0);
	ck_assert_int_gt(missing, 0);
	ck_assert(unlink(here) == 0 || unlink(away) == 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("db");
	TCase *group = tcase_create("versions"), *opening = tcase_create("opening");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(group, the_reset_bug_is_known_by_the_version, 0,
		(int)(sizeof(versions) / sizeof(*versions)));
	tcase_add_test(opening, a_database_that_comes_and_goes_is_there_or_missing);
	tcase_set_timeout(opening, 60);
	suite_add_tcase(suite, group);
	suite_add_tcase(suite, opening);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
