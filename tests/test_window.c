#include "backend/window.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_SECOND   INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define DAYS            INT64_C(106650) /* further days, from 1970-01-01 to 2261-12-31 */

/* No window, and no number that a successful call leaves. */
#define UNTOUCHED UINT32_C(0xdeadbeef)

static const char *const words[WINDOW_KINDS] = {
	[WINDOW_ALL] = "all",
	[WINDOW_YEAR] = "year",
	[WINDOW_MONTH] = "month",
	[WINDOW_WEEK] = "week",
	[WINDOW_DAY] = "day",
	[WINDOW_HOUR] = "hour",
};

/* How much of YYYY-MM-DDTHH the name of a window is. */
static const size_t name_lengths[WINDOW_KINDS] = {
	[WINDOW_YEAR] = 4,
	[WINDOW_MONTH] = 7,
	[WINDOW_DAY] = 10,
	[WINDOW_HOUR] = 13,
};

/* What the C library calls the window of that kind at that moment. */
static void oracle(enum window_kind kind, int64_t moment_ns, char text[static WINDOW_TEXT_MAX])
{
	time_t seconds = moment_ns / NS_PER_SECOND;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		ck_abort_msg("%jd has no date", (intmax_t)seconds);
	if (kind == WINDOW_ALL) {
		strcpy(text, "all");
	} else if (kind == WINDOW_WEEK) {
		(void)strftime(text, WINDOW_TEXT_MAX, "%G-W%V", &tm);
	} else {
		(void)strftime(text, WINDOW_TEXT_MAX, "%Y-%m-%dT%H", &tm);
		text[name_lengths[kind]] = '\0';
	}
}

/*
 * That moment's window has the oracle's name, which reads as the same window.  Like
 * every check that runs a million times it is an if: ck_assert makes a system call.
 */
static void assert_window_of_moment(enum window_kind kind, int64_t moment_ns)
{
	char expected[WINDOW_TEXT_MAX];
	char text[WINDOW_TEXT_MAX];
	window_t window = window_of(kind, moment_ns);
	window_t parsed = UNTOUCHED;

	oracle(kind, moment_ns, expected);
	if (window_format(window, text) != strlen(expected) || strcmp(text, expected) != 0)
		ck_abort_msg("%jd is in '%s', not '%s'", (intmax_t)moment_ns, expected, text);
	if (window_parse(text, &parsed) != 0 || parsed != window)
		ck_abort_msg("'%s' is %#x, not %#x", text, window, parsed);
	if (window_kind(window) != kind)
		ck_abort_msg("%#x is of kind %d", window, (int)window_kind(window));
}

/* Whether it is read; where not, nothing was touched. */
static bool is_window(const char *text)
{
	window_t window = UNTOUCHED;
	int r = window_parse(text, &window);

	if (r != 0 && (r != -EINVAL || window != UNTOUCHED))
		ck_abort_msg("'%s': %d, %#x", text, r, window);
	return r == 0;
}

/* The moment of a time in UTC, by the C library. */
static int64_t moment_at(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = {
		.tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day,
		.tm_hour = hour,
		.tm_min = minute,
		.tm_sec = second,
	};

	return timegm(&tm) * NS_PER_SECOND;
}

START_TEST(every_day_from_1970_to_2261_has_its_windows)
{
	for (int64_t day = 0; day <= DAYS; day++) {
		int64_t moment_ns = day * SECONDS_PER_DAY * NS_PER_SECOND;

		assert_window_of_moment((enum window_kind)_i, moment_ns);
	}
}
END_TEST

START_TEST(the_last_nanosecond_of_every_day_is_in_the_windows_of_that_day)
{
	for (int64_t day = 1; day <= DAYS + 1; day++) {
		int64_t moment_ns = day * SECONDS_PER_DAY * NS_PER_SECOND - 1;

		assert_window_of_moment((enum window_kind)_i, moment_ns);
	}
}
END_TEST

START_TEST(any_moment_has_the_window_that_the_c_library_names)
{
	const char *given = getenv("TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	unsigned short state[] = {(unsigned short)seed, (unsigned short)(seed >> 16), 0};

	printf("%s: TEST_SEED=%u\n", words[_i], seed);
	(void)fflush(stdout); /* before a failure ends the process */
	for (int round = 0; round < 100000; round++) {
		int64_t moment_ns = (int64_t)(erand48(state) * (double)MOMENT_NS_MAX);

		assert_window_of_moment((enum window_kind)_i, moment_ns);
	}
}
END_TEST

START_TEST(windows_are_numbered_without_gaps)
{
	enum window_kind kind = (enum window_kind)_i;
	window_t last = window_of(kind, 0);

	for (int64_t day = 1; day <= DAYS; day++) {
		window_t window = window_of(kind, day * SECONDS_PER_DAY * NS_PER_SECOND);

		if (kind == WINDOW_HOUR ? window != last + 24 : window - last > 1)
			ck_abort_msg("%#x follows %#x", window, last);
		last = window;
	}
	ck_assert_int_eq(window_kind(window_of(kind, MOMENT_NS_MAX)), kind);
}
END_TEST

/* Written to disk: these may never change. */
static const struct number {
	const char *text;
	enum window_kind kind;
	uint32_t number;
} numbers[] = {
	{"all", WINDOW_ALL, 0},
	{"1970", WINDOW_YEAR, 1},
	{"2026", WINDOW_YEAR, 57},
	{"2261", WINDOW_YEAR, 292},
	{"1970-01", WINDOW_MONTH, 12},
	{"2026-11", WINDOW_MONTH, 694},
	{"2261-12", WINDOW_MONTH, 3515},
	{"1970-W01", WINDOW_WEEK, 0},
	{"1970-W53", WINDOW_WEEK, 52},
	{"2026-W47", WINDOW_WEEK, 2968},
	{"2262-W01", WINDOW_WEEK, 15236},
	{"1970-01-01", WINDOW_DAY, 3},
	{"2026-11-22", WINDOW_DAY, 20782},
	{"2261-12-31", WINDOW_DAY, 106653},
	{"1970-01-01T00", WINDOW_HOUR, 72},
	{"2026-11-22T15", WINDOW_HOUR, 498783},
	{"2261-12-31T23", WINDOW_HOUR, 2559695},
};

START_TEST(the_numbers_on_disk_stay_what_they_are)
{
	const struct number *number = &numbers[_i];
	window_t expected = (window_t)number->kind << 22 | number->number;
	window_t window = UNTOUCHED;
	char text[WINDOW_TEXT_MAX];

	ck_assert_int_eq(window_parse(number->text, &window), 0);
	ck_assert_uint_eq(window, expected);
	ck_assert_uint_eq(window_format(expected, text), strlen(number->text));
	ck_assert_str_eq(text, number->text);
}
END_TEST

/* A second and the next one, which is in other windows. */
static const struct boundary {
	int year, month, day, hour; /* of the later one, at 0 minutes */
	enum window_kind kind;
	const char *before, *after;
} boundaries[] = {
	{1971, 1, 1, 0, WINDOW_YEAR, "1970", "1971"},
	{2000, 1, 1, 0, WINDOW_YEAR, "1999", "2000"},
	{2101, 1, 1, 0, WINDOW_YEAR, "2100", "2101"},
	{2026, 12, 1, 0, WINDOW_MONTH, "2026-11", "2026-12"},
	{2027, 1, 1, 0, WINDOW_MONTH, "2026-12", "2027-01"},
	{2026, 3, 1, 0, WINDOW_DAY, "2026-02-28", "2026-03-01"},
	{2028, 3, 1, 0, WINDOW_DAY, "2028-02-29", "2028-03-01"},
	{2000, 3, 1, 0, WINDOW_DAY, "2000-02-29", "2000-03-01"},
	{2100, 3, 1, 0, WINDOW_DAY, "2100-02-28", "2100-03-01"},
	{2097, 1, 1, 0, WINDOW_DAY, "2096-12-31", "2097-01-01"},
	{2027, 1, 1, 0, WINDOW_DAY, "2026-12-31", "2027-01-01"},
	{2026, 11, 23, 0, WINDOW_WEEK, "2026-W47", "2026-W48"},
	{1970, 1, 5, 0, WINDOW_WEEK, "1970-W01", "1970-W02"},
	{1971, 1, 4, 0, WINDOW_WEEK, "1970-W53", "1971-W01"},
	{2024, 12, 30, 0, WINDOW_WEEK, "2024-W52", "2025-W01"},
	{2027, 1, 4, 0, WINDOW_WEEK, "2026-W53", "2027-W01"},
	{2261, 12, 30, 0, WINDOW_WEEK, "2261-W52", "2262-W01"},
	{2026, 11, 22, 15, WINDOW_HOUR, "2026-11-22T14", "2026-11-22T15"},
	{2026, 11, 22, 0, WINDOW_HOUR, "2026-11-21T23", "2026-11-22T00"},
};

START_TEST(a_window_ends_a_nanosecond_before_the_next)
{
	const struct boundary *at = &boundaries[_i];
	int64_t moment_ns = moment_at(at->year, at->month, at->day, at->hour, 0, 0);
	char text[WINDOW_TEXT_MAX];

	(void)window_format(window_of(at->kind, moment_ns - 1), text);
	ck_assert_str_eq(text, at->before);
	(void)window_format(window_of(at->kind, moment_ns), text);
	ck_assert_str_eq(text, at->after);
}
END_TEST

static const char *const malformed[] = {
	"",
	" ",
	"0",
	"-",
	"W",
	"T",
	"al",
	"alll",
	"All",
	"ALL",
	"all ",
	" all",
	"all/",
	"all-01",
	"day",
	"year",
	"month",
	"week",
	"hour",

	/* Years. */
	"1969",
	"2262",
	"9999",
	"0000",
	"197",
	"02026",
	"20260",
	"+2026",
	"-2026",
	"2026 ",
	" 2026",
	"2026\n",
	"2O26",
	"0x7e",
	"2.26",
	"2026-",

	/* Months. */
	"1969-12",
	"2262-01",
	"2026-00",
	"2026-13",
	"2026-99",
	"2026-1",
	"2026-011",
	"2026-+1",
	"2026--1",
	"2026- 1",
	"2026-1 ",
	"2026/11",
	"202611",
	"2026-11-",
	"2026-11 ",
	"26-11",

	/* Weeks. */
	"1969-W52",
	"1970-W00",
	"2026-W00",
	"2026-W54",
	"2025-W53",
	"2261-W53",
	"2262-W00",
	"2262-W02",
	"2262-W53",
	"2026-W99",
	"2026-W1",
	"2026-W001",
	"2026-w47",
	"2026W47",
	"2026-W47-1",
	"2026-W",
	"2026-47W",
	"2026-W+7",
	"2026-W 7",

	/* Days. */
	"1969-12-31",
	"2262-01-01",
	"1970-01-00",
	"2026-11-00",
	"2026-11-31",
	"2026-12-32",
	"2026-02-29",
	"2026-02-30",
	"2028-02-30",
	"2100-02-29",
	"2026-00-10",
	"2026-13-01",
	"2026-00-00",
	"1970-00-31",
	"2026-1-01",
	"2026-11-1",
	"2026-11-001",
	"2026-11-99",
	"2026-11-22 ",
	"2026-11-22T",
	"2026/11/22",
	"2026-11 22",
	"20261122",
	"2026-11-+1",
	"2026-11--1",
	"2026-99-99",
	"9999-99-99",

	/* Hours. */
	"1969-12-31T23",
	"2262-01-01T00",
	"2026-11-22T24",
	"2026-11-22T99",
	"2026-11-22T1",
	"2026-11-22T001",
	"2026-11-22t15",
	"2026-11-22 15",
	"2026-11-22T15:",
	"2026-11-22T15:00",
	"2026-11-22T15Z",
	"2026-02-29T00",
	"2026-11-31T00",
	"2026-11-22T-1",
	"9999-99-99T99",
	"2261-12-31T24",
	"1970-01-00T24",

	/* Digits of other scripts, and what is much longer than any window. */
	"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6",
	"2026-11-22T15:00:00.000000000Z",
	"20262026202620262026202620262026202620262026202620262026202620262026",
};

START_TEST(a_malformed_text_is_no_window)
{
	ck_assert_msg(!is_window(malformed[_i]), "'%s' was read", malformed[_i]);
}
END_TEST

/* Either refused with nothing touched, or exactly what the window read is called. */
static void assert_read_exactly_or_refused(const char *text)
{
	window_t window = UNTOUCHED;
	char written[WINDOW_TEXT_MAX];

	if (!is_window(text))
		return;
	(void)window_parse(text, &window);
	(void)window_format(window, written);
	if (strcmp(written, text) != 0)
		ck_abort_msg("'%s' was read as '%s'", text, written);
}

START_TEST(a_text_with_any_byte_changed_is_refused_or_another_window_in_full)
{
	const char *text = numbers[_i].text;

	for (size_t place = 0; place <= strlen(text); place++) {
		for (int byte = 0; byte < 256; byte++) {
			char changed[WINDOW_TEXT_MAX + 1] = {0};

			strcpy(changed, text);
			changed[place] = (char)byte;
			assert_read_exactly_or_refused(changed);
		}
	}
}
END_TEST

START_TEST(a_beginning_of_a_window_is_a_window_of_another_kind_or_none)
{
	const char *text = numbers[_i].text;

	for (size_t length = 0; length < strlen(text); length++) {
		char *beginning = strndup(text, length); /* so that a sanitizer sees */

		ck_assert_ptr_nonnull(beginning);
		assert_read_exactly_or_refused(beginning);
		free(beginning);
	}
}
END_TEST

START_TEST(every_year_has_12_months_and_nothing_else_in_two_digits)
{
	for (unsigned year = 1960; year < 2270; year++) {
		for (unsigned month = 0; month < 100; month++) {
			bool exists = year >= 1970 && year <= 2261 && month >= 1 && month <= 12;
			char text[WINDOW_TEXT_MAX];

			(void)snprintf(text, sizeof(text), "%04u-%02u", year % 10000, month);
			if (is_window(text) != exists)
				ck_abort_msg("%s", text);
		}
	}
}
END_TEST

/* The C library puts a day that does not exist into another month. */
static bool day_exists(unsigned year, unsigned month, unsigned day)
{
	struct tm tm = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};

	(void)timegm(&tm);
	return tm.tm_mday == (int)day;
}

START_TEST(every_day_of_two_digits_is_read_only_where_the_calendar_has_it)
{
	for (unsigned months = 0; months < 292 * 12; months++) {
		for (unsigned day = 0; day < 100; day++) {
			unsigned year = 1970 + months / 12;
			unsigned month = months % 12 + 1;
			char text[WINDOW_TEXT_MAX];

			(void)snprintf(
				text, sizeof(text), "%04u-%02u-%02u", year % 10000, month, day);
			if (is_window(text) != day_exists(year, month, day))
				ck_abort_msg("%s", text);
		}
	}
}
END_TEST

START_TEST(the_limits_are_1970_and_2261)
{
	ck_assert_int_eq(MOMENT_NS_MAX, moment_at(2262, 1, 1, 0, 0, 0) - 1);
	ck_assert(moment_valid(0));
	ck_assert(moment_valid(MOMENT_NS_MAX));
	ck_assert(!moment_valid(-1));
	ck_assert(!moment_valid(MOMENT_NS_MAX + 1));
	ck_assert(!moment_valid(INT64_MIN));
	ck_assert(!moment_valid(INT64_MAX));
}
END_TEST

/* Each of the few numbers, and one in so many of the rest, as those of hours are millions. */
static window_t number_after(window_t number)
{
	return number + (number < 110000 ? 1 : 19);
}

START_TEST(numbers_are_written_and_read_back_up_to_the_last_and_none_beyond)
{
	window_t first = (window_t)_i << WINDOW_NUMBER_BITS;
	window_t lowest = window_of((enum window_kind)_i, 0);
	window_t last = window_of((enum window_kind)_i, MOMENT_NS_MAX);

	for (window_t number = 0; number < 1u << WINDOW_NUMBER_BITS;
		number = number_after(number)) {
		char text[WINDOW_TEXT_MAX];
		window_t parsed = UNTOUCHED;
		size_t length = window_format(first + number, text);

		bool is_one = first + number >= lowest && first + number <= last;

		if ((length > 0) != is_one || strlen(text) != length)
			ck_abort_msg("%#x is '%s'", first + number, text);
		if (length > 0 && (window_parse(text, &parsed) != 0 || parsed != first + number))
			ck_abort_msg("%#x is '%s' is %#x", first + number, text, parsed);
	}
}
END_TEST

START_TEST(the_last_window_is_written_and_the_next_as_nothing)
{
	window_t last = window_of((enum window_kind)_i, MOMENT_NS_MAX);
	char text[WINDOW_TEXT_MAX];

	ck_assert_uint_gt(window_format(last, text), 0);
	ck_assert_uint_eq(window_format(last + 1, text), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(a_kind_that_does_not_exist_is_written_as_nothing)
{
	char text[WINDOW_TEXT_MAX] = "x";

	ck_assert_uint_eq(window_format((window_t)WINDOW_KINDS << 22, text), 0);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(window_format(UINT32_MAX, text), 0);
}
END_TEST

START_TEST(the_timezone_of_the_process_does_not_matter)
{
	char text[WINDOW_TEXT_MAX];

	ck_assert_int_eq(setenv("TZ", "Pacific/Auckland", true), 0);
	tzset();
	(void)window_format(window_of(WINDOW_HOUR, moment_at(2026, 11, 22, 15, 59, 59)), text);
	ck_assert_str_eq(text, "2026-11-22T15");
}
END_TEST

START_TEST(a_kind_has_its_word)
{
	enum window_kind kind = WINDOW_KINDS;

	ck_assert_str_eq(window_kind_name((enum window_kind)_i), words[_i]);
	ck_assert_int_eq(window_kind_parse(words[_i], &kind), 0);
	ck_assert_int_eq(kind, _i);
}
END_TEST

START_TEST(another_word_is_no_kind)
{
	static const char *const others[] = {
		"", "a", "days", "da", "Day", " day", "day ", "minute", "2026", "all,day"};

	for (size_t i = 0; i < COUNT(others); i++) {
		enum window_kind kind = WINDOW_KINDS;

		ck_assert_int_eq(window_kind_parse(others[i], &kind), -EINVAL);
		ck_assert_int_eq(kind, WINDOW_KINDS);
	}
}
END_TEST

START_TEST(the_default_kinds_are_all_month_and_day)
{
	ck_assert_uint_eq(WINDOW_KINDS_DEFAULT, 1u << 0 | 1u << 2 | 1u << 4);
}
END_TEST

static TCase *calendar_case(void)
{
	TCase *tcase = tcase_create("calendar");

	tcase_set_timeout(tcase, 60); /* some of these are long under a sanitizer */
	tcase_add_loop_test(tcase, every_day_from_1970_to_2261_has_its_windows, 0, WINDOW_KINDS);
	tcase_add_loop_test(tcase, the_last_nanosecond_of_every_day_is_in_the_windows_of_that_day,
		0, WINDOW_KINDS);
	tcase_add_loop_test(
		tcase, any_moment_has_the_window_that_the_c_library_names, 0, WINDOW_KINDS);
	tcase_add_loop_test(tcase, windows_are_numbered_without_gaps, 0, WINDOW_KINDS);
	tcase_add_loop_test(tcase, the_numbers_on_disk_stay_what_they_are, 0, (int)COUNT(numbers));
	tcase_add_loop_test(
		tcase, a_window_ends_a_nanosecond_before_the_next, 0, (int)COUNT(boundaries));
	tcase_add_test(tcase, the_limits_are_1970_and_2261);
	tcase_add_test(tcase, the_timezone_of_the_process_does_not_matter);
	return tcase;
}

static TCase *text_case(void)
{
	TCase *tcase = tcase_create("text");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_malformed_text_is_no_window, 0, (int)COUNT(malformed));
	tcase_add_loop_test(tcase,
		a_text_with_any_byte_changed_is_refused_or_another_window_in_full, 0,
		(int)COUNT(numbers));
	tcase_add_loop_test(tcase, a_beginning_of_a_window_is_a_window_of_another_kind_or_none, 0,
		(int)COUNT(numbers));
	tcase_add_test(tcase, every_year_has_12_months_and_nothing_else_in_two_digits);
	tcase_add_test(tcase, every_day_of_two_digits_is_read_only_where_the_calendar_has_it);
	tcase_add_loop_test(tcase, numbers_are_written_and_read_back_up_to_the_last_and_none_beyond,
		0, WINDOW_KINDS);
	tcase_add_loop_test(
		tcase, the_last_window_is_written_and_the_next_as_nothing, 0, WINDOW_KINDS);
	tcase_add_test(tcase, a_kind_that_does_not_exist_is_written_as_nothing);
	return tcase;
}

static TCase *kind_case(void)
{
	TCase *tcase = tcase_create("kind");

	tcase_add_loop_test(tcase, a_kind_has_its_word, 0, WINDOW_KINDS);
	tcase_add_test(tcase, another_word_is_no_kind);
	tcase_add_test(tcase, the_default_kinds_are_all_month_and_day);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("window");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, calendar_case());
	suite_add_tcase(suite, text_case());
	suite_add_tcase(suite, kind_case());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
