/*
 * moment.h - moments as text: RFC 3339 in UTC with nanoseconds.
 *
 * Pure, but for a cache of today's date in each thread.  Errors are negative errno.
 */
#ifndef FAVFS_MOMENT_H
#define FAVFS_MOMENT_H

#include <stddef.h>
#include <stdint.h>

#define MOMENT_TEXT_BYTES (sizeof("2026-11-22T18:18:07.123456789Z") - 1)

/* Writes exactly MOMENT_TEXT_BYTES bytes, no NUL.  The moment is valid (moment_valid). */
void moment_format(int64_t moment_ns, char *ret_text);

/*
 * Reads @length bytes of RFC 3339: "2026-11-22T18:18:07[.123456789]" and "Z" or "+01:00", with
 * 'T', 't' or a blank, at most nine digits of fraction.  Leap seconds count as the second before.
 * -EINVAL for anything else, and outside the years 1970 to 2261.
 */
int moment_parse(const char *text, size_t length, int64_t *ret_moment_ns);

/* "90d", "12h", "30m", "45s" or plain seconds; -EINVAL for anything else. */
int duration_parse(const char *text, int64_t *ret_ns);

#endif
