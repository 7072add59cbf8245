#include "backend/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/printable.h"

static const char *name = "favfs";
static bool to_syslog;

void log_open(const char *program)
{
	struct stat err, null;

	name = program;
	to_syslog = fstat(STDERR_FILENO, &err) < 0 ||
		    (stat("/dev/null", &null) == 0 && S_ISCHR(err.st_mode) &&
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
	else
		(void)fprintf(stderr, "%s: %s\n", name, shown);
}
