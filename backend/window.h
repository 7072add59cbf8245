/*
 * window.h - the windows of time in which favourites are counted.
 *
 * A window is a kind (all time, a month, a day ...) and a number within that
 * kind, packed into one integer: kind << WINDOW_NUMBER_BITS | number.  Kinds
 * and numbers are written to disk and are part of node ids: never renumber.
 *
 *	kind	name		number
 *	all	all		0
 *	year	2026		years since 1969
 *	month	2026-11		months since 1969-01
 *	week	2026-W47	ISO weeks since 1970-W01 (its Monday is 1969-12-29)
 *	day	2026-11-22	days since 1969-12-29
 *	hour	2026-11-22T15	hours since 1969-12-29T00
 *
 * Moments are nanoseconds since 1970 UTC, in the years 1970 to 2261.  Windows are those of the
 * calendar in the zone of zone.h: all that hold such a moment.  So a day may have 23 or 25
 * hours, an hour that a clock shows twice is one window, and in zones other than UTC a day of
 * 1969 or 2262 is one.
 *
 * No allocation, any thread.  Errors are negative errno.
 */
#ifndef FAVFS_WINDOW_H
#define FAVFS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum window_kind {
	WINDOW_ALL,
	WINDOW_YEAR,
	WINDOW_MONTH,
	WINDOW_WEEK,
	WINDOW_DAY,
	WINDOW_HOUR,
	WINDOW_KINDS,
};

#define WINDOW_NUMBER_BITS 22
#define WINDOW_TEXT_MAX    16 /* the longest name and its NUL */

/* The last moment that can be counted: 2261-12-31T23:59:59.999999999Z */
#define MOMENT_NS_MAX INT64_C(9214646399999999999)

typedef uint32_t window_t;

/* A set of kinds: bit (1 << kind). */
typedef uint32_t window_kinds_t;
#define WINDOW_KINDS_DEFAULT ((1u << WINDOW_ALL) | (1u << WINDOW_MONTH) | (1u << WINDOW_DAY))

/* Whether favourites can be made at this moment: 1970 to 2261. */
bool moment_valid(int64_t moment_ns);

enum window_kind window_kind(window_t window);

/* The window of that kind that holds a valid moment. */
window_t window_of(enum window_kind kind, int64_t moment_ns);

/*
 * Reads a window's name, whatever its kind: exactly the form that window_format
 * writes, nothing else (no sign, no blank, no missing zero, no 30 February).
 * Returns 0, or -EINVAL with *ret_window untouched.
 */
int window_parse(const char *text, window_t *ret_window);

/*
 * Writes the name of a window as window_parse takes it; returns its length.  What is
 * no window (from a damaged disk) is written as "" and returns 0.
 */
size_t window_format(window_t window, char ret_text[static WINDOW_TEXT_MAX]);

/*
 * The word for a kind: "all", "year", "month", "week", "day", "hour".  In
 * rankings/ the words other than "all" are the aliases of the current windows.
 */
const char *window_kind_name(enum window_kind kind);

/* The kind of that word; -EINVAL for any other. */
int window_kind_parse(const char *text, enum window_kind *ret_kind);

/* "month,day" (or with ':' or '+'), to which all is added; -EINVAL for an unknown word or none. */
int window_kinds_parse(const char *text, window_kinds_t *ret_kinds);

/* Writes a set as window_kinds_parse takes it. */
#define WINDOW_KINDS_TEXT_MAX (WINDOW_KINDS * WINDOW_TEXT_MAX)
void window_kinds_format(window_kinds_t kinds, char ret_text[static WINDOW_KINDS_TEXT_MAX]);

#endif
