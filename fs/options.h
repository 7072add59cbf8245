/*
 * options.h - the command line of favfs.
 */
#ifndef FAVFS_OPTIONS_H
#define FAVFS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "backend/complaint.h"
#include "backend/moment.h"
#include "backend/window.h"
#include "backend/zone.h"

struct options {
	bool foreground;
	bool debug;
	bool help;
	bool help_words; /* -o help */
	bool version;
	bool noaggregator;
	bool read_only;
	bool login_names;
	bool relaxed;
	int64_t ttl_ns; /* 0: favourites do not expire */
	int64_t retention_ns; /* 0: not given */
	window_kinds_t windows; /* 0: not given */
	char timezone[ZONE_NAME_MAX]; /* "": not given */
	const char *store; /* borrowed from argv */
	const char *mountpoint; /* borrowed from argv */
	char *mount; /* owned: what libfuse and the kernel shall know, "a,b=c", \ as \\ */
};

/* 0, or -EINVAL and why.  Free with options_fini in either case. */
int options_parse(int argc, char *argv[], struct options *ret_options, struct complaint *ret_why);
void options_fini(struct options *options);

extern const char options_usage[];

/* What -o takes; whether it could be written shows in ferror(3). */
void options_print_words(FILE *out);

#endif
