/*
 * fair: who is served how often while many read much.
 *
 *	fair look READERS COUNT FILE PATH
 *		READERS threads read FILE past the page cache in pieces of 512 KiB, again and again.
 *		Meanwhile PATH is looked up COUNT times.  Prints how many pieces were answered
 *		during the look-up that is in the middle.
 *	fair mark READERS COUNT FILE PATH
 *		The same with marks, of PATH0, PATH1 ...
 *	fair users READERS COUNT FILE
 *		READERS threads of uid 1001 read beside one of uid 1002 until that has read COUNT
 *		pieces.  Prints how many the others have read in that time.
 *	fair read READERS FILE
 *		READERS threads read, print "reading" once each of them has read a piece, and end
 *		with their first error.
 *
 * Exit status: 0; 1 where a call failed, after one line on stderr; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES  ((size_t)512 * 1024)
#define READERS_MAX  256
#define COUNT_MAX    10000
#define UID_MANY     1001
#define UID_LONE     1002
#define UID_OF_MAKER 0

struct crowd {
	pthread_t threads[READERS_MAX];
	long readers;
	int fd;
	off_t file_bytes;
	uid_t uid;
	bool until_error;
	_Atomic long begun; /* threads that have read a piece */
	_Atomic long pieces;
	_Atomic bool enough;
};

static void __attribute__((noreturn)) misuse(void)
{
	(void)fprintf(stderr, "fair: see the head of fair.c\n");
	exit(2);
}

static void __attribute__((noreturn)) give_up(const char *what)
{
	(void)fprintf(stderr, "fair: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number(const char *text, long most)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 1 || value > most)
		misuse();
	return value;
}

/* ---- who reads ---- */

static void *read_on(void *arg)
{
	struct crowd *crowd = arg;
	char *buffer = aligned_alloc(4096, PIECE_BYTES);
	bool begun = false;

	if (!buffer)
		give_up("memory");
	if (crowd->uid != UID_OF_MAKER)
		(void)setfsuid(crowd->uid); /* of this thread alone */
	for (off_t at = 0; !crowd->enough; at += (off_t)PIECE_BYTES) {
		ssize_t got = pread(crowd->fd, buffer, PIECE_BYTES, at);

		if (got < 0 && crowd->until_error)
			break;
		if (got < 0)
			give_up("read");
		if (!begun)
			crowd->begun++;
		begun = true;
		crowd->pieces++;
		if (at + (off_t)(2 * PIECE_BYTES) > crowd->file_bytes) /* whole pieces only */
			at = -(off_t)PIECE_BYTES;
	}
	free(buffer);
	return NULL;
}

static void gather(struct crowd *crowd, long readers, const char *file, uid_t uid)
{
	struct stat st;

	crowd->readers = readers;
	crowd->uid = uid;
	crowd->fd = open(file, O_RDONLY | O_DIRECT);
	if (crowd->fd < 0 || fstat(crowd->fd, &st) < 0)
		give_up(file);
	crowd->file_bytes = st.st_size;
	for (long i = 0; i < readers; i++) {
		errno = pthread_create(&crowd->threads[i], NULL, read_on, crowd);
		if (errno)
			give_up("a thread");
	}
}

static void wait_until_all_read(struct crowd *crowd)
{
	while (crowd->begun < crowd->readers)
		(void)sched_yield();
}

static void join(struct crowd *crowd)
{
	for (long i = 0; i < crowd->readers; i++)
		(void)pthread_join(crowd->threads[i], NULL);
	(void)close(crowd->fd); /* was only read */
}

static void disperse(struct crowd *crowd)
{
	crowd->enough = true;
	join(crowd);
}

/* ---- who wants something small meanwhile ---- */

static void look(const char *path, long i)
{
	struct stat st;

	(void)i;
	if (stat(path, &st) < 0 && errno != ENOENT)
		give_up(path);
}

static void mark(const char *path, long i)
{
	char name[4096];
	int fd;

	(void)snprintf(name, sizeof(name), "%s%ld", path, i);
	fd = open(name, O_WRONLY | O_CREAT, 0644);
	if (fd < 0 || futimens(fd, NULL) < 0 || close(fd) < 0)
		give_up(name);
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void measure(
	struct crowd *crowd, void (*want)(const char *path, long i), const char *path, long count)
{
	static long pieces[COUNT_MAX];

	wait_until_all_read(crowd);
	for (long i = 0; i < count; i++) {
		long before = crowd->pieces;

		want(path, i);
		pieces[i] = crowd->pieces - before;
	}
	qsort(pieces, (size_t)count, sizeof(*pieces), compare);
	(void)printf("%ld\n", pieces[count / 2]);
}

/* ---- two users ---- */

static void compete(struct crowd *many, long readers, long count, const char *file)
{
	static struct crowd lone;
	long before, wanted;

	gather(many, readers, file, UID_MANY);
	wait_until_all_read(many);
	gather(&lone, 1, file, UID_LONE);
	wait_until_all_read(&lone);
	before = many->pieces;
	wanted = lone.pieces + count;
	while (lone.pieces < wanted)
		(void)sched_yield();
	(void)printf("%ld\n", many->pieces - before);
	disperse(&lone);
}

int main(int argc, char *argv[])
{
	static struct crowd crowd;
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 6 && (!strcmp(what, "look") || !strcmp(what, "mark"))) {
		gather(&crowd, number(argv[2], READERS_MAX), argv[4], UID_OF_MAKER);
		measure(&crowd, *what == 'l' ? look : mark, argv[5], number(argv[3], COUNT_MAX));
	} else if (argc == 5 && !strcmp(what, "users")) {
		compete(&crowd, number(argv[2], READERS_MAX), number(argv[3], COUNT_MAX), argv[4]);
	} else if (argc == 4 && !strcmp(what, "read")) {
		crowd.until_error = true;
		gather(&crowd, number(argv[2], READERS_MAX), argv[3], UID_OF_MAKER);
		wait_until_all_read(&crowd);
		(void)printf("reading\n");
		(void)fflush(stdout);
		join(&crowd);
		return 0;
	} else {
		misuse();
	}
	disperse(&crowd);
	return 0;
}
