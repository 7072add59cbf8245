/*
 * zone.h - the time zone in which windows are those of the calendar.
 *
 * One for the process, as the C library has it: a process works for one store.  UTC until it is
 * set.  The rules are those that the C library reads from the system's zone data when the zone
 * is set; what is installed later counts for processes that start later.
 *
 * Set it before any thread starts; then any thread may ask.
 */
#ifndef FAVFS_ZONE_H
#define FAVFS_ZONE_H

#include <stdint.h>

#define ZONE_NAME_MAX 64 /* and its NUL */
#define ZONE_DEFAULT  "UTC"

/* @name of the IANA's: -EINVAL for what cannot be one, -ENOENT for one not known here. */
int zone_set(const char *name);
const char *zone_name(void);

/* Whole hours since 1970-01-01T00 that clocks on the wall show at a valid moment (window.h). */
int64_t zone_hour(int64_t moment_ns);

/* Those of the first and of the last valid moment. */
int64_t zone_first_hour(void);
int64_t zone_last_hour(void);

/* Differs where the rules do; 0 for UTC. */
int64_t zone_version(void);

#endif
