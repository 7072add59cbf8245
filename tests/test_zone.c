#include "backend/zone.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/window.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ZONES    "/usr/share/zoneinfo/"
#define NS_PER_S INT64_C(1000000000)

/* ---- names ---- */

START_TEST(it_is_utc_until_it_is_set)
{
	ck_assert_str_eq(zone_name(), "UTC");
	ck_assert_int_eq(zone_version(), 0);
	ck_assert_int_eq(zone_hour(0), 0);
	ck_assert_int_eq(zone_hour(MOMENT_NS_MAX), zone_last_hour());
}
END_TEST

static const struct name {
	const char *name;
	int error;
} names[] = {
	{"Europe/Berlin", 0},
	{"America/Argentina/Buenos_Aires", 0},
	{"Etc/GMT+12", 0},
	{"Etc/UTC", 0},
	{"UTC", 0},
	{"", -EINVAL},
	{"/usr/share/zoneinfo/UTC", -EINVAL},
	{"../zoneinfo/UTC", -EINVAL},
	{"Europe/../UTC", -EINVAL},
	{"right/UTC", -EINVAL},
	{"posix/UTC", -EINVAL},
	{"localtime", -EINVAL},
	{"posixrules", -EINVAL},
	{"Factory", -EINVAL},
	{"zone.tab", -EINVAL},
	{"Europe/Berlin ", -EINVAL},
	{"CET-1CEST,M3.5.0,M10.5.0/3", -EINVAL},
	{"A/name/that/is/longer/than/any/that/there/is/in/the/whole/wide/world", -EINVAL},
	{"Europe", -ENOENT},
	{"Europe/Atlantis", -ENOENT},
	{"UTC/Berlin", -ENOENT},
	{"leapseconds", -ENOENT},
};

START_TEST(only_what_the_iana_names_is_a_zone)
{
	const struct name *name = &names[_i];

	ck_assert_int_eq(zone_set("Asia/Tokyo"), 0);
	ck_assert_int_eq(zone_set(name->name), name->error);
	ck_assert_str_eq(zone_name(), name->error ? "Asia/Tokyo" : name->name);
	if (name->error) /* and works as before */
		ck_assert_int_eq(zone_hour(0), 9);
}
END_TEST

START_TEST(other_rules_have_another_version)
{
	int64_t berlin;

	ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
	berlin = zone_version();
	ck_assert_int_ne(berlin, 0);
	ck_assert_int_eq(zone_set("Asia/Tokyo"), 0);
	ck_assert_int_ne(zone_version(), berlin);
	ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
	ck_assert_int_eq(zone_version(), berlin);
	ck_assert_int_eq(zone_set("UTC"), 0);
	ck_assert_int_eq(zone_version(), 0);
}
END_TEST

/* ---- moments whose windows people agreed upon ---- */

static const struct agreed {
	const char *zone;
	int64_t s;
	const char *hour;
	const char *week;
} agreed[] = {
	/* 2026-03-29T00:59:59Z and a second later: two o'clock is missing */
	{"Europe/Berlin", 1774745999, "2026-03-29T01", "2026-W13"},
	{"Europe/Berlin", 1774746000, "2026-03-29T03", "2026-W13"},
	/* 2026-10-25T00:30Z, T01:30Z: it is half past two twice */
	{"Europe/Berlin", 1792888200, "2026-10-25T02", "2026-W43"},
	{"Europe/Berlin", 1792891800, "2026-10-25T02", "2026-W43"},
	/* a Sunday evening there is Monday in UTC: 2026-11-23T02:00Z */
	{"America/New_York", 1795399200, "2026-11-22T21", "2026-W47"},
	{"Asia/Kathmandu", 1795399200, "2026-11-23T07", "2026-W48"},
	/* it went over the date line: 2011-12-30T09:59:59Z and a second later */
	{"Pacific/Apia", 1325239199, "2011-12-29T23", "2011-W52"},
	{"Pacific/Apia", 1325239200, "2011-12-31T00", "2011-W52"},
	/* 44 minutes and 30 seconds behind, until 1972 */
	{"Africa/Monrovia", 2669, "1969-12-31T23", "1970-W01"},
	{"Africa/Monrovia", 2670, "1970-01-01T00", "1970-W01"},
	{"America/Adak", 0, "1969-12-31T13", "1970-W01"},
	{"Pacific/Kiritimati", MOMENT_NS_MAX / NS_PER_S, "2262-01-01T13", "2262-W01"},
	/* long after the tables end the rules go on: 2200-07-01T12:00Z */
	{"Europe/Berlin", 7273800000, "2200-07-01T14", "2200-W27"},
};

static void assert_name(enum window_kind kind, int64_t s, const char *expected)
{
	char text[WINDOW_TEXT_MAX];
	window_t window = window_of(kind, s * NS_PER_S), parsed = 0;

	(void)window_format(window, text);
	if (strcmp(text, expected) != 0)
		ck_abort_msg(
			"%s: %jd is in '%s', not '%s'", zone_name(), (intmax_t)s, text, expected);
	if (window_parse(text, &parsed) != 0 || parsed != window)
		ck_abort_msg("%s: '%s' is %#x, not %#x", zone_name(), text, parsed, window);
}

START_TEST(clocks_are_set_forward_back_and_aside)
{
	ck_assert_int_eq(zone_set(agreed[_i].zone), 0);
	assert_name(WINDOW_HOUR, agreed[_i].s, agreed[_i].hour);
	assert_name(WINDOW_WEEK, agreed[_i].s, agreed[_i].week);
}
END_TEST

static int minutes_of_day(const char *day, int64_t about_s)
{
	window_t window = 0;
	int minutes = 0;

	ck_assert_int_eq(window_parse(day, &window), 0);
	for (int64_t s = about_s - 2 * 86400; s < about_s + 2 * 86400; s += 60)
		minutes += window_of(WINDOW_DAY, s * NS_PER_S) == window;
	return minutes;
}

START_TEST(a_day_of_23_or_25_hours_is_one_day)
{
	ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
	ck_assert_int_eq(minutes_of_day("2026-03-29", 1774746000), 23 * 60);
	ck_assert_int_eq(minutes_of_day("2026-10-25", 1792888200), 25 * 60);
	ck_assert_int_eq(minutes_of_day("2026-11-22", 1795305600), 24 * 60);
	ck_assert_int_eq(zone_set("Australia/Lord_Howe"), 0);
	ck_assert_int_eq(minutes_of_day("2026-10-04", 1791043200), 23 * 60 + 30);
	ck_assert_int_eq(zone_set("Pacific/Apia"), 0);
	ck_assert_int_eq(minutes_of_day("2011-12-30", 1325239200), 0);
}
END_TEST

START_TEST(windows_before_and_after_are_those_that_hold_a_moment)
{
	window_t window;

	ck_assert_int_eq(window_parse("1969-12-31", &window), -EINVAL);
	ck_assert_int_eq(window_parse("2262-01-01", &window), -EINVAL);
	ck_assert_int_eq(zone_set("America/New_York"), 0);
	ck_assert_int_eq(window_parse("1969-12-31", &window), 0);
	ck_assert_int_eq(window_parse("1969", &window), 0);
	ck_assert_int_eq(window_parse("1969-12-31T18", &window), -EINVAL);
	ck_assert_int_eq(window_parse("1969-12-31T19", &window), 0);
	ck_assert_int_eq(window_parse("1969-12-30", &window), -EINVAL);
	ck_assert_int_eq(window_parse("2262-01-01", &window), -EINVAL);
	ck_assert_int_eq(zone_set("Asia/Tokyo"), 0);
	ck_assert_int_eq(window_parse("1969-12-31", &window), -EINVAL);
	ck_assert_int_eq(window_parse("1970-01-01T08", &window), -EINVAL);
	ck_assert_int_eq(window_parse("2262-01-01T08", &window), 0);
	ck_assert_int_eq(window_parse("2262-01-01T09", &window), -EINVAL);
	ck_assert_int_eq(window_parse("2262", &window), 0);
}
END_TEST

/* ---- every zone there is ---- */

static char found[1024][ZONE_NAME_MAX];
static size_t found_count;

static int find_zone(const char *path, const struct stat *st, int type, struct FTW *where)
{
	const char *name = path + strlen(ZONES);

	(void)st;
	(void)where;
	if (type == FTW_F && zone_set(name) == 0) {
		ck_assert_uint_lt(found_count, COUNT(found));
		strcpy(found[found_count++], name);
	}
	return 0;
}

/* What the C library calls the windows of that moment: the names are the starts of one. */
static void assert_oracle(int64_t s)
{
	static const size_t lengths[WINDOW_KINDS] = {
		[WINDOW_YEAR] = 4, [WINDOW_MONTH] = 7, [WINDOW_DAY] = 10, [WINDOW_HOUR] = 13};
	char hour[WINDOW_TEXT_MAX], week[WINDOW_TEXT_MAX];
	time_t time = s;
	struct tm tm;

	if (!localtime_r(&time, &tm) || !strftime(hour, sizeof(hour), "%Y-%m-%dT%H", &tm) ||
		!strftime(week, sizeof(week), "%G-W%V", &tm))
		ck_abort_msg("%jd has no date", (intmax_t)s);
	assert_name(WINDOW_ALL, s, "all");
	assert_name(WINDOW_WEEK, s, week);
	for (int kind = 0; kind < WINDOW_KINDS; kind++) {
		char name[WINDOW_TEXT_MAX] = "";

		memcpy(name, hour, lengths[kind]);
		if (*name)
			assert_name((enum window_kind)kind, s, name);
	}
}

START_TEST(any_moment_in_any_zone_has_the_windows_that_the_c_library_names)
{
	const char *given = getenv("TEST_SEED"), *rounds_given = getenv("TEST_ROUNDS");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	unsigned short state[] = {(unsigned short)seed, (unsigned short)(seed >> 16), 0};
	int rounds = rounds_given ? atoi(rounds_given) : 300;
	int64_t last_s = MOMENT_NS_MAX / NS_PER_S;

	ck_assert_int_eq(nftw(ZONES, find_zone, 16, FTW_PHYS), 0);
	printf("%zu zones, TEST_SEED=%u\n", found_count, seed);
	(void)fflush(stdout); /* before a failure ends the process */
	ck_assert_uint_gt(found_count, 300);
	for (size_t i = 0; i < found_count; i++) {
		ck_assert_int_eq(zone_set(found[i]), 0);
		assert_oracle(0);
		assert_oracle(last_s);
		for (int round = 0; round < rounds; round++)
			assert_oracle((int64_t)(erand48(state) * (double)last_s));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *some = tcase_create("some"), *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(some, it_is_utc_until_it_is_set);
	tcase_add_loop_test(some, only_what_the_iana_names_is_a_zone, 0, COUNT(names));
	tcase_add_test(some, other_rules_have_another_version);
	tcase_add_loop_test(some, clocks_are_set_forward_back_and_aside, 0, COUNT(agreed));
	tcase_add_test(some, a_day_of_23_or_25_hours_is_one_day);
	tcase_add_test(some, windows_before_and_after_are_those_that_hold_a_moment);
	tcase_add_test(all, any_moment_in_any_zone_has_the_windows_that_the_c_library_names);
	tcase_set_timeout(all, 600);
	suite_add_tcase(suite, some);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
