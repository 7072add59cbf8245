/*
 * log.h - what the programs tell a person, one line each.
 *
 * Libraries do not log; the programs do, once per failure: what, on which
 * 'name', why.  Lines go to stderr, with their level where that is the journal of systemd, or to
 * syslog(3) once nobody reads stderr.
 * What is not printable is written as \xNN.  Any thread.
 */
#ifndef FAVFS_LOG_H
#define FAVFS_LOG_H

#include <syslog.h>

/* Names the program; lines go to syslog where stderr is /dev/null, else to stderr. */
void log_open(const char *program);

/* @priority: LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. */
__attribute__((format(printf, 2, 3))) void log_line(int priority, const char *format, ...);

#endif
