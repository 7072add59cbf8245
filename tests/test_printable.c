#include "backend/printable.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backend/complaint.h"

static const struct {
	const char *text;
	const char *shown;
} samples[] = {
	{"", ""}, {"taj-mahal", "taj-mahal"},
	{"caf\xc3\xa9 \xf0\x9f\x8d\x9c", "caf\xc3\xa9 \xf0\x9f\x8d\x9c"}, {"a\nb", "a\\x0ab"},
	{"\x1b[31m", "\\x1b[31m"}, {"\x7f", "\\x7f"},
	{"\xc2\x9b", "\\xc2\\x9b"}, /* CSI as one character */
	{"\x9b", "\\x9b"}, {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
	{"\xc3", "\\xc3"}, {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
};

START_TEST(what_is_not_printable_is_written_as_a_number)
{
	char shown[64];

	ck_assert_str_eq(printable(samples[_i].text, shown, sizeof(shown)), samples[_i].shown);
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
	char text[64], shown[32];

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		for (size_t size = 8; size <= sizeof(shown); size++) {
			memset(text, '\n', length);
			text[length] = '\0';
			memset(shown, 'x', sizeof(shown));
			(void)printable(text, shown, size);
			ck_assert(strlen(shown) < size);
			ck_assert(4 * length == strlen(shown) || strstr(shown, "..."));
		}
	}
}
END_TEST

START_TEST(a_complaint_is_one_printable_line)
{
	struct complaint why = {""};

	ck_assert_int_eq(complain(&why, -7, "%s: no", "/a\nb\x1b"), -7);
	ck_assert_str_eq(why.text, "/a\\x0ab\\x1b: no");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("printable");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, what_is_not_printable_is_written_as_a_number, 0,
		sizeof(samples) / sizeof(*samples));
	tcase_add_test(all, what_does_not_fit_is_cut);
	tcase_add_test(all, a_complaint_is_one_printable_line);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
