#include "fs/shares.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#define ANN 1001
#define BOB 1002

static struct cost cost(uid_t uid, int64_t memory_bytes, int64_t text_bytes)
{
	return (struct cost){uid, memory_bytes, text_bytes};
}

START_TEST(one_user_gets_a_share_and_others_still_get_theirs)
{
	struct shares shares = {.count = 0};
	struct cost ann = cost(ANN, SHARE_MEMORY_MAX / 4, 0), bob = cost(BOB, 1, 1);

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(shares_take(&shares, &ann), 0);
	ck_assert_int_eq(shares_take(&shares, &ann), -ENFILE);
	ck_assert_int_eq(shares_take(&shares, &bob), 0);
	shares_give(&shares, &ann);
	ck_assert_int_eq(shares_take(&shares, &ann), 0);
	shares_fini(&shares);
}
END_TEST

START_TEST(texts_have_a_limit_of_their_own)
{
	struct shares shares = {.count = 0};
	struct cost half = cost(ANN, 1, SHARE_TEXT_MAX / 2), huge = cost(ANN, 1, INT64_MAX);

	ck_assert_int_eq(shares_take(&shares, &huge), -ENFILE);
	ck_assert_int_eq(shares_take(&shares, &half), 0);
	ck_assert_int_eq(shares_take(&shares, &half), 0);
	ck_assert_int_eq(shares_take(&shares, &half), -ENFILE);
	shares_fini(&shares);
}
END_TEST

START_TEST(all_together_have_a_limit)
{
	struct shares shares = {.count = 0};
	uid_t uid = 1;

	for (struct cost all; uid <= SHARES_MEMORY_MAX / SHARE_MEMORY_MAX; uid++) {
		all = cost(uid, SHARE_MEMORY_MAX, 0);
		ck_assert_int_eq(shares_take(&shares, &all), 0);
	}
	ck_assert_int_eq(shares_take(&shares, &(struct cost){uid, 1, 0}), -ENFILE);
	shares_fini(&shares);
}
END_TEST

START_TEST(a_text_that_is_passed_on_is_paid_for_by_the_other)
{
	struct shares shares = {.count = 0};
	struct cost ann = cost(ANN, 1, SHARE_TEXT_MAX), bob = cost(BOB, 1, 0),
		    more = cost(BOB, 1, 1);

	ck_assert_int_eq(shares_take(&shares, &ann), 0);
	ck_assert_int_eq(shares_take(&shares, &bob), 0);
	shares_move_text(&shares, &ann, &bob);
	shares_give(&shares, &ann);
	ck_assert_int_eq(shares_take(&shares, &more), -ENFILE);
	shares_give(&shares, &bob);
	ck_assert_int_eq(shares_take(&shares, &more), 0);
	shares_fini(&shares);
}
END_TEST

START_TEST(who_has_nothing_open_is_forgotten)
{
	struct shares shares = {.count = 0};

	for (uid_t uid = 1; uid <= 1000; uid++) {
		struct cost one = cost(uid, 256, 0);

		ck_assert_int_eq(shares_take(&shares, &one), 0);
		shares_give(&shares, &one);
	}
	ck_assert_uint_eq(shares.count, 0);
	ck_assert_int_eq(shares.all.memory_bytes, 0);
	shares_fini(&shares);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shares");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, one_user_gets_a_share_and_others_still_get_theirs);
	tcase_add_test(all, texts_have_a_limit_of_their_own);
	tcase_add_test(all, all_together_have_a_limit);
	tcase_add_test(all, a_text_that_is_passed_on_is_paid_for_by_the_other);
	tcase_add_test(all, who_has_nothing_open_is_forgotten);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
