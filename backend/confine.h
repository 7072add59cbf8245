/*
 * confine.h - giving up what a program does not need, so that a mistake in it is worth less.
 *
 * Failures are not told: what a kernel or a container does not let a program give up it keeps,
 * and /proc/PID/status shows it.
 */
#ifndef FAVFS_CONFINE_H
#define FAVFS_CONFINE_H

#include <stdbool.h>

enum confine_role {
	CONFINE_MOUNT, /* mounts and unmounts; starts programs */
	CONFINE_TOOL, /* starts programs */
	CONFINE_WORKER, /* none of that */
};

/*
 * First of all: files for their owner alone, no core files, and nobody but root looks into this
 * process: what users like is in its memory.  @debug: both is wanted, for a debugger.
 */
void confine_memory(bool debug);

/*
 * Capabilities, and the right to gain any (no_new_privs); threads and programs started later
 * inherit it, so call it before the first.  Who is not root keeps that right as CONFINE_MOUNT:
 * fusermount3, which unmounts, is a setuid program.
 */
void confine_privileges(enum confine_role role);

/*
 * System calls that none of these programs needs say EPERM from here on, in all threads and in
 * programs started later: CONFINE_MOUNT can mount no more, CONFINE_WORKER starts no program and
 * talks to nobody but by local sockets.  Needs no_new_privs: nothing happens without.
 */
void confine_calls(enum confine_role role);

#endif
