/*
 * snapshots: readers of rankings that look closely, while others write.
 *
 *	snapshots read bytes|pages ROWS SUM SECONDS RANKING
 *		reads it whole again and again, a byte a call: past the page cache, or through
 *		it.  Each must be one ranking of ROWS rows with SUM favourites, or SUM - 1 while one
 *		of them is on its way.  Prints "READS read, VERSIONS versions, WRONG wrong".
 *	snapshots hold COUNT RANKING
 *		opens it so often, prints "holding COUNT", and when stdin ends reads all of them.
 *		Prints "COUNT whole, VERSIONS versions, WRONG wrong".
 *	snapshots late RANKING
 *		looks it up, prints "looked up", and obeys the lines of stdin: "stat" prints the size
 *		that favfs says it has, "open" opens what was looked up, and prints its size when all
 *		of it was read, "again" does so with the one that was opened.
 *	snapshots move USER FANS...
 *		moves a favourite from one fans/ to the next, without end, from where it is.
 *	snapshots poll EVENTS TIMEOUT-MS FILE
 *		opens it and prints what poll(2) says at once: IN, PRI, both or nothing; where that
 *		was nothing, a second line with what it says within TIMEOUT-MS.
 *	snapshots race COUNT RANKING FAVORITE
 *		opens, marks and unmarks in turn, and waits for the newer version by poll(2).
 *		Prints how often it did not come within two seconds.
 *	snapshots crowd COUNT RANKING FAVORITE
 *		opens it so often, waits for the newer version by epoll(7) with all of them, and marks.
 *		Prints how many were not told of it within two seconds of the last that was.
 *
 * Exit status: 0; 1 where a call failed, after one line on stderr; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 2000

static void __attribute__((noreturn)) misuse(void)
{
	(void)fprintf(stderr, "snapshots: see the head of snapshots.c\n");
	exit(2);
}

static void __attribute__((noreturn)) give_up(const char *what)
{
	(void)fprintf(stderr, "snapshots: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end)
		misuse();
	return value;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- is it a ranking? ---- */

struct row {
	long rank;
	long count;
	char *name;
};

/* Takes a line out of *text, which ends with a newline. */
static bool next_row(char **text, struct row *ret_row)
{
	char *line = *text, *end = strchr(line, '\n'), *tab;

	if (!end)
		return false;
	*end = '\0';
	*text = end + 1;
	tab = strchr(line, '\t');
	if (!tab || tab - line < 6)
		return false;
	ret_row->rank = strtol(line, &tab, 10);
	if (*tab != '\t')
		return false;
	ret_row->count = strtol(tab + 1, &tab, 10);
	if (*tab != '\t')
		return false;
	ret_row->name = tab + 1;
	return ret_row->rank > 0 && ret_row->count > 0;
}

static bool follows(const struct row *before, const struct row *row, long rows)
{
	if (row->count == before->count)
		return row->rank == before->rank && strcmp(before->name, row->name) < 0;
	return row->count < before->count && row->rank == rows + 1;
}

/* How many rows it has, or -1 for what is no ranking; changes @text. */
static long judge(char *text, long *ret_sum)
{
	struct row before = {.rank = 1, .count = -1}, row;
	long rows = 0, sum = 0;

	while (*text) {
		if (!next_row(&text, &row))
			return -1;
		if (rows ? !follows(&before, &row, rows) : row.rank != 1)
			return -1;
		sum += row.count;
		before = row;
		rows++;
	}
	*ret_sum = sum;
	return rows;
}

/* ---- reading ---- */

static int open_ranking(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		give_up(path);
	return fd;
}

/* All of it, in reads of @piece bytes; NULL where it is not as long as fstat(2) says. */
static char *read_whole(int fd, size_t piece, struct stat *ret_st)
{
	size_t size, filled = 0;
	ssize_t got = 1;
	char *text;

	if (fstat(fd, ret_st) < 0)
		give_up("fstat");
	size = (size_t)ret_st->st_size;
	text = malloc(size + piece + 1);
	if (!text)
		give_up("memory");
	while (got > 0 && filled <= size) {
		got = pread(fd, text + filled, piece, (off_t)filled);
		if (got < 0)
			give_up("read");
		filled += (size_t)got;
	}
	text[filled] = '\0';
	if (filled == size)
		return text;
	free(text);
	return NULL;
}

static bool is_whole(int fd, size_t piece, long *ret_rows, long *ret_sum, ino_t *ret_version)
{
	struct stat st;
	char *text = read_whole(fd, piece, &st);

	*ret_version = st.st_ino;
	*ret_rows = text ? judge(text, ret_sum) : -1;
	free(text);
	return *ret_rows >= 0;
}

static int call_read(char **word)
{
	int flags = !strcmp(word[0], "bytes") ? O_DIRECT : 0;
	long want_rows = number(word[1]), want_sum = number(word[2]);
	int64_t until = now_ms() + number(word[3]) * 1000;
	long reads = 0, versions = 0, wrong = 0;
	ino_t before = 0;

	while (now_ms() < until) {
		int fd = open_ranking(word[4], flags);
		long rows, sum = 0;
		ino_t version;

		if (!is_whole(fd, 1, &rows, &sum, &version) || rows != want_rows ||
			(sum != want_sum && sum != want_sum - 1))
			wrong++;
		reads++;
		versions += version != before;
		before = version;
		(void)close(fd);
	}
	(void)printf("%ld read, %ld versions, %ld wrong\n", reads, versions, wrong);
	return 0;
}

/* ---- many at once ---- */

/* Room for so many descriptors and a few more, or it says how many there is room for. */
static long raise_descriptors(long count)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)count + 16;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		give_up("RLIMIT_NOFILE");
	if (limit.rlim_max < wanted)
		wanted = limit.rlim_max;
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		give_up("RLIMIT_NOFILE");
	return (long)wanted - 16;
}

static int call_hold(char **word)
{
	long count = raise_descriptors(number(word[0])), versions = 0, wrong = 0;
	int *fds = calloc((size_t)count, sizeof(*fds));
	ino_t before = 0;
	char ignored;

	if (!fds)
		give_up("memory");
	for (long i = 0; i < count; i++)
		fds[i] = open_ranking(word[1], 0);
	(void)printf("holding %ld\n", count);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &ignored, 1) > 0)
		continue;
	for (long i = 0; i < count; i++) {
		long rows, sum;
		ino_t version;

		wrong += !is_whole(fds[i], 65536, &rows, &sum, &version);
		versions += version != before;
		before = version;
	}
	(void)printf("%ld whole, %ld versions, %ld wrong\n", count - wrong, versions, wrong);
	free(fds);
	return 0;
}

/* ---- opened long after it was looked up ---- */

/* As favfs says now, whatever the kernel remembers. */
static long long told_size(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_SIZE, &stx) < 0)
		give_up("statx");
	return (long long)stx.stx_size;
}

static int reopen(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_ranking(path, 0);
}

static long long read_size(int fd)
{
	char buffer[4096];
	long long size = 0;
	ssize_t got;

	while ((got = pread(fd, buffer, sizeof(buffer), size)) > 0)
		size += got;
	if (got < 0)
		give_up("read");
	return size;
}

static int call_late(char **word)
{
	int looked_up = open_ranking(word[0], O_PATH), opened = -1;
	char line[16];

	(void)puts("looked up");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "open\n"))
			opened = reopen(looked_up);
		(void)printf("%lld\n",
			!strcmp(line, "stat\n") ? told_size(looked_up) : read_size(opened));
		(void)fflush(stdout);
	}
	return 0;
}

static int call_move(char **word)
{
	char **fans = word + 1;
	bool found = false;

	for (;;) {
		char **next = fans[1] ? fans + 1 : word + 1;
		char from[PATH_MAX], to[PATH_MAX];

		(void)snprintf(from, sizeof(from), "%s/%s", *fans, word[0]);
		(void)snprintf(to, sizeof(to), "%s/%s", *next, word[0]);
		if (rename(from, to) == 0)
			found = true;
		else if (found || errno != ENOENT)
			give_up(from);
		fans = next;
	}
}

/* ---- poll(2) ---- */

static void print_events(short events)
{
	(void)printf("%s%s%s\n", events & POLLIN ? "IN" : "",
		(events & POLLIN) && (events & POLLPRI) ? "," : "", events & POLLPRI ? "PRI" : "");
	(void)fflush(stdout);
}

static int call_poll(char **word)
{
	struct pollfd fd = {.fd = open_ranking(word[2], 0)};
	int got;

	fd.events = (short)((strstr(word[0], "IN") ? POLLIN : 0) |
			    (strstr(word[0], "PRI") ? POLLPRI : 0));
	got = poll(&fd, 1, 0);
	if (got < 0)
		give_up("poll");
	print_events(got ? fd.revents : 0);
	if (got || !number(word[1]))
		return 0;
	got = poll(&fd, 1, (int)number(word[1]));
	if (got < 0)
		give_up("poll");
	print_events(got ? fd.revents : 0);
	return 0;
}

static void change(const char *favorite, bool mark)
{
	int fd = mark ? open(favorite, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) : 0;

	if (fd < 0 || (!mark && unlink(favorite) < 0))
		give_up(favorite);
	if (mark)
		(void)close(fd);
}

static int call_race(char **word)
{
	long count = number(word[0]), missed = 0;

	for (long i = 0; i < count; i++) {
		struct pollfd fd = {.fd = open_ranking(word[1], 0), .events = POLLPRI};

		change(word[2], i % 2 == 0);
		missed += poll(&fd, 1, WAIT_MS) != 1;
		(void)close(fd.fd);
	}
	(void)printf("%ld of %ld missed\n", missed, count);
	return 0;
}

/* epoll(7) asks again only of those that were told of. */
static int call_crowd(char **word)
{
	long count = raise_descriptors(number(word[0])), left = count;
	int all = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	for (long i = 0; i < count; i++) {
		event = (struct epoll_event){.events = EPOLLPRI | EPOLLONESHOT};
		if (epoll_ctl(all, EPOLL_CTL_ADD, open_ranking(word[1], 0), &event) < 0)
			give_up("epoll_ctl");
	}
	if (epoll_wait(all, &event, 1, 0) != 0)
		give_up("epoll_wait");
	change(word[2], true);
	while (left && epoll_wait(all, &event, 1, WAIT_MS) == 1)
		left--;
	(void)printf("%ld of %ld missed\n", left, count);
	return 0;
}

/* ---- */

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int words;
		bool or_more;
		int (*call)(char **word);
	} calls[] = {
		{"read", 5, false, call_read},
		{"hold", 2, false, call_hold},
		{"late", 1, false, call_late},
		{"move", 3, true, call_move},
		{"poll", 3, false, call_poll},
		{"race", 3, false, call_race},
		{"crowd", 3, false, call_crowd},
	};

	for (size_t i = 0; argc > 1 && i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(argv[1], calls[i].name) &&
			(argc - 2 == calls[i].words ||
				(calls[i].or_more && argc - 2 > calls[i].words)))
			return calls[i].call(argv + 2);
	misuse();
}
