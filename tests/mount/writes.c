/*
 * writes: write(2) as it answers; tools go on after a short one and hide the rest.
 *
 *	writes SIZE PATH < INPUT
 *	writes SIZE - < INPUT		to descriptor 3
 *
 * Writes INPUT in pieces of SIZE bytes (the last may be shorter), one write(2) each, whatever
 * the one before gave.  Prints a line for each: how many bytes, or the name of the errno.
 *
 * Exit status: 0 when all of the input was offered; 1 when that failed; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	size_t size = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, got;
	char *piece = size ? malloc(size) : NULL;
	int fd;

	if (!piece) {
		(void)fprintf(stderr, "writes: usage: writes SIZE PATH < INPUT\n");
		return 2;
	}
	fd = strcmp(argv[2], "-") ? open(argv[2], O_WRONLY) : 3;
	if (fd < 0) {
		(void)fprintf(stderr, "writes: %s: %s\n", argv[2], strerror(errno));
		return EXIT_FAILURE;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* who is killed has told what was answered */
	while ((got = fread(piece, 1, size, stdin)) > 0) {
		ssize_t written = write(fd, piece, got);

		if (written < 0)
			(void)puts(strerrorname_np(errno));
		else
			(void)printf("%zd\n", written);
	}
	free(piece);
	return ferror(stdin) || close(fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
