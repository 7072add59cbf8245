/*
 * replay.c - feeds a fuzz target files that are kept: fuzz_NAME [FILE|FOLDER...]
 *
 * Without arguments those of tests/fuzz/corpus/NAME.  Says which file it is at, so that the
 * last one named is the one that fails, and sums up as libcheck does.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

static int files;

static int feed(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	uint8_t *data;
	FILE *file;

	(void)ftw;
	if (type != FTW_F)
		return type == FTW_D ? 0 : -1;
	(void)printf("%s\n", path);
	(void)fflush(stdout);
	file = fopen(path, "re");
	data = malloc((size_t)st->st_size + 1);
	assert(file && data && fread(data, 1, (size_t)st->st_size, file) == (size_t)st->st_size);
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput(data, (size_t)st->st_size);
	free(data);
	files++;
	return 0;
}

int main(int argc, char *argv[])
{
	const char *name = strstr(argv[0], "/fuzz_");
	char corpus[256];
	int failed = 0;

	(void)snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s",
		name ? name + strlen("/fuzz_") : "");
	for (int i = argc > 1 ? 1 : 0; i < argc; i++)
		failed += nftw(i ? argv[i] : corpus, feed, 8, FTW_PHYS) != 0;
	if (!files)
		failed++;
	(void)printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", failed ? 0 : 100,
		files + failed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
