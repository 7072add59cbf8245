/*
 * A window's name and its number say the same; the window of a moment is the one that the C
 * library's calendar writes, in any zone.
 */
#include <errno.h>
#include <time.h>

#include "backend/window.h"
#include "backend/zone.h"
#include "tests/fuzz/fuzz.h"

static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
	"Pacific/Apia", "Pacific/Kiritimati", "Africa/Monrovia", "Australia/Lord_Howe"};

static void check_text(const char *text)
{
	char written[WINDOW_TEXT_MAX];
	window_t window = 4711;

	if (window_parse(text, &window) < 0) {
		assert(window == 4711);
		return;
	}
	assert(window_kind(window) < WINDOW_KINDS);
	assert(window_format(window, written) == strlen(written));
	assert(strcmp(written, text) == 0);
}

static void check_number(window_t window)
{
	char written[WINDOW_TEXT_MAX];
	window_t parsed = 0;
	size_t length = window_format(window, written);

	assert(strlen(written) == length);
	assert(window_parse(written, &parsed) == (length ? 0 : -EINVAL));
	assert(!length || parsed == window);
}

static void check_kinds(const char *text)
{
	char written[WINDOW_KINDS_TEXT_MAX];
	window_kinds_t kinds = 0, parsed = 0;

	if (window_kinds_parse(text, &kinds) < 0) {
		assert(kinds == 0);
		return;
	}
	assert(kinds & 1u << WINDOW_ALL && kinds >> WINDOW_KINDS == 0);
	window_kinds_format(kinds, written);
	assert(window_kinds_parse(written, &parsed) == 0 && parsed == kinds);
}

static void check_kind(enum window_kind kind, int64_t moment_ns, const char *expected)
{
	char written[WINDOW_TEXT_MAX];
	window_t window = window_of(kind, moment_ns), parsed = 0;

	assert(window_format(window, written) == strlen(expected));
	assert(strcmp(written, expected) == 0);
	assert(window_kind(window) == kind);
	assert(window_parse(written, &parsed) == 0 && parsed == window);
}

static void check_moment(int64_t moment_ns)
{
	time_t seconds = (time_t)(moment_ns / 1000000000);
	char hour[32], week[32];
	struct tm tm;

	assert(strcmp(zone_name(), "UTC") == 0 ? gmtime_r(&seconds, &tm)
					       : localtime_r(&seconds, &tm));
	assert(strftime(hour, sizeof(hour), "%Y-%m-%dT%H", &tm) == 13);
	assert(strftime(week, sizeof(week), "%G-W%V", &tm));
	check_kind(WINDOW_ALL, moment_ns, "all");
	check_kind(WINDOW_WEEK, moment_ns, week);
	check_kind(WINDOW_HOUR, moment_ns, hour);
	hour[10] = '\0';
	check_kind(WINDOW_DAY, moment_ns, hour);
	hour[7] = '\0';
	check_kind(WINDOW_MONTH, moment_ns, hour);
	hour[4] = '\0';
	check_kind(WINDOW_YEAR, moment_ns, hour);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint64_t zone = input_number(&input, 1);
	char *text = input_text(input.at, input.left);

	assert(zone_set(zones[zone % (sizeof(zones) / sizeof(*zones))]) == 0);
	check_text(text);
	check_kinds(text);
	free(text);
	check_moment((int64_t)(input_number(&input, 8) % ((uint64_t)MOMENT_NS_MAX + 1)));
	check_number((window_t)input_number(&input, 4));
	return 0;
}
