/*
 * damage: what a disk may do to a file.
 *
 *	damage SEED FILE
 *
 * Does one thing, drawn by SEED, and prints which: bits, bytes or pages of it change, or it is
 * cut, grown, emptied or removed.
 *
 * Exit status: 0; 1 when that failed; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

struct victim {
	int fd;
	off_t size;
	unsigned seed;
};

/* From 0 to @end - 1; two draws, for files are larger than RAND_MAX. */
static off_t draw(struct victim *victim, off_t end)
{
	off_t high = rand_r(&victim->seed), low = rand_r(&victim->seed);

	return end > 0 ? (high << 16 ^ low) % end : 0;
}

static int put(struct victim *victim, const unsigned char *bytes, size_t count, off_t at)
{
	return pwrite(victim->fd, bytes, count, at) == (ssize_t)count ? 0 : -1;
}

static void fill(struct victim *victim, unsigned char *bytes, size_t count)
{
	while (count--)
		*bytes++ = (unsigned char)draw(victim, 256);
}

static int flip(struct victim *victim)
{
	off_t at = draw(victim, victim->size);
	unsigned char byte = 0;

	if (pread(victim->fd, &byte, 1, at) < 0)
		return -1;
	byte = (unsigned char)(byte ^ 1 << draw(victim, 8));
	return put(victim, &byte, 1, at);
}

static int spoil(struct victim *victim)
{
	unsigned char bytes[64];
	size_t count = 1 + (size_t)draw(victim, sizeof(bytes));

	fill(victim, bytes, count);
	return put(victim, bytes, count, draw(victim, victim->size));
}

static int spoil_page(struct victim *victim)
{
	unsigned char page[PAGE];

	fill(victim, page, sizeof(page));
	return put(victim, page, sizeof(page), draw(victim, victim->size) / PAGE * PAGE);
}

static int zero_page(struct victim *victim)
{
	static const unsigned char page[PAGE];

	return put(victim, page, sizeof(page), draw(victim, victim->size) / PAGE * PAGE);
}

static int copy_page(struct victim *victim)
{
	unsigned char page[PAGE] = "";

	if (pread(victim->fd, page, sizeof(page), draw(victim, victim->size) / PAGE * PAGE) < 0)
		return -1;
	return put(victim, page, sizeof(page), draw(victim, victim->size) / PAGE * PAGE);
}

static int cut(struct victim *victim)
{
	return ftruncate(victim->fd, draw(victim, victim->size));
}

static int empty(struct victim *victim)
{
	return ftruncate(victim->fd, 0);
}

static int grow(struct victim *victim)
{
	unsigned char page[PAGE];

	fill(victim, page, sizeof(page));
	return put(victim, page, sizeof(page), victim->size);
}

static const struct {
	const char *name;
	unsigned weight;
	int (*act)(struct victim *victim);
} acts[] = {
	{"flip", 6, flip},
	{"spoil", 6, spoil},
	{"spoil-page", 3, spoil_page},
	{"zero-page", 2, zero_page},
	{"copy-page", 2, copy_page},
	{"cut", 3, cut},
	{"empty", 1, empty},
	{"grow", 1, grow},
	{"remove", 1, NULL},
};

#define ACTS (sizeof(acts) / sizeof(*acts))

static size_t draw_act(struct victim *victim)
{
	unsigned sum = 0, drawn;
	size_t i = 0;

	for (size_t a = 0; a < ACTS; a++)
		sum += acts[a].weight;
	drawn = (unsigned)draw(victim, sum);
	while (drawn >= acts[i].weight)
		drawn -= acts[i++].weight;
	return i;
}

int main(int argc, char *argv[])
{
	struct victim victim;
	struct stat st;
	size_t act;
	int error;

	if (argc != 3) {
		(void)fprintf(stderr, "damage: usage: damage SEED FILE\n");
		return 2;
	}
	victim.seed = (unsigned)strtoul(argv[1], NULL, 10);
	victim.fd = open(argv[2], O_RDWR);
	if (victim.fd < 0 || fstat(victim.fd, &st) < 0) {
		(void)fprintf(stderr, "damage: %s: %s\n", argv[2], strerror(errno));
		return EXIT_FAILURE;
	}
	victim.size = st.st_size;
	act = draw_act(&victim);
	error = acts[act].act ? acts[act].act(&victim) : unlink(argv[2]);
	(void)puts(acts[act].name);
	return error || close(victim.fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
