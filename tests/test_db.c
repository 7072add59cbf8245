#include "backend/sqlite/db.h"

#include <check.h>
#include <stdlib.h>

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

int main(void)
{
	Suite *suite = suite_create("db");
	TCase *group = tcase_create("versions");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(group, the_reset_bug_is_known_by_the_version, 0,
		(int)(sizeof(versions) / sizeof(*versions)));
	suite_add_tcase(suite, group);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
