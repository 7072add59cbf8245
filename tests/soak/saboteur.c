/*
 * saboteur: mistakes that favfs does not make, for the tests to be seen failing.  A library to
 * be preloaded; SABOTAGE names the mistake:
 *
 *	early	favfs answers (and rings) before its commit, which comes with the next one
 *	apart	the aggregator commits counts first and its position 5 ms later
 *	deaf	a bell that was replaced goes unnoticed, and without inotify nothing ticks
 *	open	every lock of the store is had by everybody who asks
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <sqlite3.h>

#define EARLY_US 10000
#define APART_US 5000

/* The statement whose COMMIT was only pretended; one connection of a process writes. */
static sqlite3_stmt *owed;

static bool is(const char *mistake)
{
	const char *wanted = getenv("SABOTAGE");

	return wanted && strcmp(wanted, mistake) == 0;
}

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

static int step(sqlite3_stmt *statement)
{
	int (*real)(sqlite3_stmt *) = (int (*)(sqlite3_stmt *))(uintptr_t)next("sqlite3_step");

	return real(statement);
}

static void pay(void)
{
	sqlite3_stmt *statement = owed;

	owed = NULL;
	if (statement) {
		(void)usleep(EARLY_US);
		(void)step(statement);
		(void)sqlite3_reset(statement);
	}
}

static int step_early(sqlite3_stmt *statement, const char *sql)
{
	if (strcmp(sql, "BEGIN IMMEDIATE") == 0)
		pay();
	if (strcmp(sql, "COMMIT") != 0 ||
		!strstr(sqlite3_db_filename(sqlite3_db_handle(statement), "main"), "/favorites.db"))
		return step(statement);
	owed = statement;
	return SQLITE_DONE;
}

static int step_apart(sqlite3_stmt *statement, const char *sql)
{
	sqlite3 *db = sqlite3_db_handle(statement);

	if (strncmp(sql, "UPDATE position SET seq", 23) == 0) {
		(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		(void)usleep(APART_US);
		(void)sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	}
	return step(statement);
}

int sqlite3_step(sqlite3_stmt *statement)
{
	const char *sql = sqlite3_sql(statement);

	if (sql && is("early"))
		return step_early(statement, sql);
	if (sql && is("apart"))
		return step_apart(statement, sql);
	return step(statement);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	int (*real)(int, const char *, uint32_t) = (int (*)(int, const char *, uint32_t))(
		uintptr_t)next("inotify_add_watch");

	static int watch = -1;

	if (!is("deaf") || watch < 0)
		watch = real(fd, path, mask);
	return watch;
}

int timerfd_settime(
	int fd, int flags, const struct itimerspec *value, struct itimerspec *ret_before)
{
	int (*real)(int, int, const struct itimerspec *, struct itimerspec *) = (int (*)(int, int,
		const struct itimerspec *, struct itimerspec *))(uintptr_t)next("timerfd_settime");

	return is("deaf") ? 0 : real(fd, flags, value, ret_before);
}

int flock(int fd, int operation)
{
	int (*real)(int, int) = (int (*)(int, int))(uintptr_t)next("flock");

	return is("open") ? 0 : real(fd, operation);
}

int fcntl64(int fd, int command, ...)
{
	int (*real)(int, int, ...) = (int (*)(int, int, ...))(uintptr_t)next("fcntl64");
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (is("open") && (command == F_OFD_SETLK || command == F_OFD_SETLKW))
		return 0;
	return real(fd, command, argument);
}
