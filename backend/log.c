#include "backend/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/printable.h"

static const char *name = "favfs";
static bool to_syslog;
static bool to_journal;

/* Whether somebody else's standard error is the journal does not concern us: see systemd.exec(5). */
static bool is_journal(const struct stat *err)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       device == err->st_dev && inode == err->st_ino;
}

void log_open(const char *program)
{
	struct stat err, null;
	bool closed = fstat(STDERR_FILENO, &err) < 0;

	name = program;
	to_journal = !closed && is_journal(&err);
	to_syslog = closed || (stat("/dev/null", &null) == 0 && S_ISCHR(err.st_mode) &&
				      err.st_rdev == null.st_rdev);
	if (to_syslog)
		openlog(program, LOG_PID | LOG_CONS, LOG_DAEMON);
}

void log_line(int priority, const char *format, ...)
{
	char text[2048], shown[2048];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	(void)printable(text, shown, sizeof(shown));
	if (to_syslog)
		syslog(priority, "%s", shown);
	else if (to_journal) /* it takes the level from there */
		(void)fprintf(stderr, "<%d>%s: %s\n", priority, name, shown);
	else
		(void)fprintf(stderr, "%s: %s\n", name, shown);
}
