#include "backend/window.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "backend/zone.h"

#define HOURS_PER_DAY  24
#define HOURS_PER_WEEK 168

/* Window number 0 of months and years begins with it, ... */
#define YEAR_MIN 1969
/* ... that of weeks, days and hours on Monday, 1969-12-29. */
#define HOURS_BEFORE_1970 INT64_C(72)

#define NO_HOUR INT64_MIN

/*
 * Everything that tells the kinds apart.  A kind counts either calendar months or
 * hours.  In a shape each letter of part_letters stands for one digit of that
 * part, any other character for itself.
 */
static const struct kind {
	const char *word;
	const char *shape;
	unsigned months; /* in a window; 0: they are counted in hours */
	unsigned hours;
} kinds[WINDOW_KINDS] = {
	[WINDOW_ALL] = {.word = "all", .shape = "all", .hours = UINT32_MAX},
	[WINDOW_YEAR] = {.word = "year", .shape = "YYYY", .months = 12},
	[WINDOW_MONTH] = {.word = "month", .shape = "YYYY-MM", .months = 1},
	[WINDOW_WEEK] = {.word = "week", .shape = "YYYY-Www", .hours = HOURS_PER_WEEK},
	[WINDOW_DAY] = {.word = "day", .shape = "YYYY-MM-DD", .hours = HOURS_PER_DAY},
	[WINDOW_HOUR] = {.word = "hour", .shape = "YYYY-MM-DDTHH", .hours = 1},
};

enum part {
	YEAR,
	MONTH,
	WEEK,
	DAY,
	HOUR,
	PARTS,
};

static const char part_letters[] = "YMwDH";

/*
 * What a shape that lacks a part means by it.  The 4th is in every month, and
 * 4 January is always in ISO week 1, so this is a day within any window.
 */
static const int64_t part_defaults[PARTS] = {
	[YEAR] = 1970, [MONTH] = 1, [WEEK] = 1, [DAY] = 4, [HOUR] = 0};

/* Days since 1970 of the 1 January of a year. */
static int64_t year_start(int64_t year)
{
	int64_t before = year - 1;
	int64_t leap_days = before / 4 - before / 100 + before / 400;
	const int64_t leap_days_before_1970 = 477;

	return 365 * (year - 1970) + leap_days - leap_days_before_1970;
}

/* Days since 1970 of the first of a month (1 to 12). */
static int64_t month_start(int64_t year, int64_t month)
{
	static const int days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap = year_start(year + 1) - year_start(year) == 366;

	return year_start(year) + days_before[month - 1] + (leap && month > 2 ? 1 : 0);
}

/* The week is that of a Thursday: it is for the Thursdays that hour_within() gives. */
static void parts_of_hour(int64_t hour, int64_t ret_parts[static PARTS])
{
	int64_t day = (hour + HOURS_BEFORE_1970) / HOURS_PER_DAY -
		      HOURS_BEFORE_1970 / HOURS_PER_DAY;
	int64_t year = YEAR_MIN + day / 366; /* at most two too early, for some centuries */
	int64_t month = 1;

	while (year_start(year + 1) <= day)
		year++;
	while (month < 12 && month_start(year, month + 1) <= day)
		month++;

	ret_parts[YEAR] = year;
	ret_parts[MONTH] = month;
	ret_parts[WEEK] = (day - year_start(year)) / 7 + 1;
	ret_parts[DAY] = day - month_start(year, month) + 1;
	ret_parts[HOUR] = hour - day * HOURS_PER_DAY;
}

/* NO_HOUR for no month; a week, day or hour too many runs into the next. */
static int64_t hour_of_parts(const int64_t parts[static PARTS])
{
	if (parts[MONTH] < 1 || parts[MONTH] > 12)
		return NO_HOUR;

	int64_t day = month_start(parts[YEAR], parts[MONTH]) + parts[DAY] - 1;
	return (day + 7 * (parts[WEEK] - 1)) * HOURS_PER_DAY + parts[HOUR];
}

static int64_t number_of_hour(const struct kind *kind, int64_t hour)
{
	int64_t parts[PARTS];

	if (kind->months == 0)
		return (hour + HOURS_BEFORE_1970) / kind->hours;
	parts_of_hour(hour, parts);
	return ((parts[YEAR] - YEAR_MIN) * 12 + parts[MONTH] - 1) / kind->months;
}

static bool is_number(const struct kind *kind, int64_t number)
{
	return number >= number_of_hour(kind, zone_first_hour()) &&
	       number <= number_of_hour(kind, zone_last_hour());
}

/* An hour in that window; in a week it is on the Thursday, whose year is that of the week. */
static int64_t hour_within(const struct kind *kind, int64_t number)
{
	int64_t month = number * kind->months;

	if (kind->hours == UINT32_MAX)
		return 0;
	if (kind->months == 0)
		return number * kind->hours +
		       (kind->hours == HOURS_PER_WEEK ? 0 : -HOURS_BEFORE_1970);
	return month_start(YEAR_MIN + month / 12, month % 12 + 1) * HOURS_PER_DAY;
}

static int part_of_letter(char letter)
{
	const char *at = strchr(part_letters, letter);

	return at ? (int)(at - part_letters) : -1;
}

static bool shape_read(const char *shape, const char *text, int64_t ret_parts[static PARTS])
{
	for (int part = 0; part < PARTS; part++)
		ret_parts[part] = strchr(shape, part_letters[part]) ? 0 : part_defaults[part];

	for (; *shape; shape++, text++) {
		int part = part_of_letter(*shape);

		if (part < 0 ? *text != *shape : *text < '0' || *text > '9')
			return false;
		if (part >= 0)
			ret_parts[part] = ret_parts[part] * 10 + (*text - '0');
	}
	return *text == '\0';
}

/* From the right, as that is where the digits of a number are to be had. */
static size_t shape_write(const char *shape, int64_t parts[static PARTS], char *ret_text)
{
	size_t length = strlen(shape);

	ret_text[length] = '\0';
	for (size_t i = length; i-- > 0;) {
		int part = part_of_letter(shape[i]);

		ret_text[i] = shape[i];
		if (part >= 0) {
			ret_text[i] = (char)('0' + parts[part] % 10);
			parts[part] /= 10;
		}
	}
	return length;
}

static window_t window_pack(enum window_kind kind, int64_t number)
{
	return (window_t)kind << WINDOW_NUMBER_BITS | (window_t)number;
}

bool moment_valid(int64_t moment_ns)
{
	return moment_ns >= 0 && moment_ns <= MOMENT_NS_MAX;
}

enum window_kind window_kind(window_t window)
{
	return (enum window_kind)(window >> WINDOW_NUMBER_BITS);
}

window_t window_of(enum window_kind kind, int64_t moment_ns)
{
	assert(moment_valid(moment_ns));
	return window_pack(kind, number_of_hour(&kinds[kind], zone_hour(moment_ns)));
}

int window_parse(const char *text, window_t *ret_window)
{
	enum window_kind kind = 0;
	int64_t parts[PARTS];
	char written[WINDOW_TEXT_MAX];

	while (kind < WINDOW_KINDS && !shape_read(kinds[kind].shape, text, parts))
		kind++;
	if (kind == WINDOW_KINDS)
		return -EINVAL;

	int64_t hour = hour_of_parts(parts);
	if (hour == NO_HOUR || !is_number(&kinds[kind], number_of_hour(&kinds[kind], hour)))
		return -EINVAL;

	/* What is not in the calendar (30 February, week 53 of most years) is written otherwise. */
	window_t window = window_pack(kind, number_of_hour(&kinds[kind], hour));
	(void)window_format(window, written);
	if (strcmp(written, text) != 0)
		return -EINVAL;
	*ret_window = window;
	return 0;
}

/* A damaged disk can hold what is no window: that is written as nothing. */
size_t window_format(window_t window, char ret_text[static WINDOW_TEXT_MAX])
{
	enum window_kind kind = window_kind(window);
	int64_t number = window & ((1u << WINDOW_NUMBER_BITS) - 1);
	int64_t parts[PARTS];

	if (kind >= WINDOW_KINDS || !is_number(&kinds[kind], number)) {
		ret_text[0] = '\0';
		return 0;
	}
	parts_of_hour(hour_within(&kinds[kind], number), parts);
	return shape_write(kinds[kind].shape, parts, ret_text);
}

const char *window_kind_name(enum window_kind kind)
{
	return kinds[kind].word;
}

int window_kind_parse(const char *text, enum window_kind *ret_kind)
{
	for (enum window_kind kind = 0; kind < WINDOW_KINDS; kind++) {
		if (strcmp(text, kinds[kind].word) == 0) {
			*ret_kind = kind;
			return 0;
		}
	}
	return -EINVAL;
}

int window_kinds_parse(const char *text, window_kinds_t *ret_kinds)
{
	window_kinds_t set = 1u << WINDOW_ALL;
	char word[WINDOW_TEXT_MAX];

	do {
		size_t length = strcspn(text, ",:+");
		enum window_kind kind;

		if (length >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, length);
		word[length] = '\0';
		if (window_kind_parse(word, &kind) < 0)
			return -EINVAL;
		set |= 1u << kind;
		text += length;
	} while (*text++);
	*ret_kinds = set;
	return 0;
}

void window_kinds_format(window_kinds_t set, char ret_text[static WINDOW_KINDS_TEXT_MAX])
{
	char *at = ret_text;

	*at = '\0';
	for (enum window_kind kind = 0; kind < WINDOW_KINDS; kind++) {
		if (!(set & 1u << kind))
			continue;
		if (at != ret_text)
			*at++ = ',';
		at = stpcpy(at, kinds[kind].word);
	}
}
