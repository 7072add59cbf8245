/*
 * xattr: one call on extended attributes as it is; setfattr(1) has no flags and hides errno.
 *
 *	xattr set|create|replace NAME VALUE PATH
 *	xattr remove|get|size NAME PATH
 *	xattr list PATH
 *
 * Prints the value, its size, or the names (sorted, a blank after each), or "ok", or the name
 * of the errno.  A VALUE xN stands for N bytes.
 *
 * Exit status: 0; 1 when the call failed; 2 for usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static char buffer[1 << 17];

static int set(char **word, int flags)
{
	size_t size = strlen(word[1]);
	char *end;

	if (*word[1] == 'x') {
		unsigned long wanted = strtoul(word[1] + 1, &end, 10);

		if (end > word[1] + 1 && !*end && wanted <= sizeof(buffer)) {
			memset(buffer, 'x', wanted);
			return lsetxattr(word[2], word[0], buffer, wanted, flags);
		}
	}
	return lsetxattr(word[2], word[0], word[1], size, flags);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list(const char *path)
{
	const char *names[4096];
	ssize_t size = llistxattr(path, buffer, sizeof(buffer));
	size_t count = 0;

	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(buffer + at) + 1)
		names[count++] = buffer + at;
	qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++)
		(void)printf("%s ", names[i]);
	return size < 0 ? -1 : 0;
}

static int get(char **word)
{
	ssize_t size = lgetxattr(word[1], word[0], buffer, sizeof(buffer));

	if (size > 0)
		(void)fwrite(buffer, 1, (size_t)size, stdout);
	return size < 0 ? -1 : 0;
}

static int show_size(char **word)
{
	ssize_t size = lgetxattr(word[1], word[0], NULL, 0);

	if (size >= 0)
		(void)printf("%zd", size);
	return size < 0 ? -1 : 0;
}

static int call(const char *name, int words, char **word)
{
	if (words == 3 && !strcmp(name, "set"))
		return set(word, 0);
	if (words == 3 && !strcmp(name, "create"))
		return set(word, XATTR_CREATE);
	if (words == 3 && !strcmp(name, "replace"))
		return set(word, XATTR_REPLACE);
	if (words == 2 && !strcmp(name, "remove"))
		return lremovexattr(word[1], word[0]);
	if (words == 2 && !strcmp(name, "get"))
		return get(word);
	if (words == 2 && !strcmp(name, "size"))
		return show_size(word);
	if (words == 1 && !strcmp(name, "list"))
		return list(word[0]);
	(void)fprintf(stderr, "xattr: usage: xattr CALL [NAME [VALUE]] PATH\n");
	exit(2);
}

/* Calls that have nothing to show say that they went well. */
static int is_silent(const char *name)
{
	return !strcmp(name, "set") || !strcmp(name, "create") || !strcmp(name, "replace") ||
	       !strcmp(name, "remove");
}

int main(int argc, char *argv[])
{
	int result = argc < 3 ? call("", 0, argv) : call(argv[1], argc - 2, argv + 2);

	(void)puts(result < 0 ? strerrorname_np(errno) : is_silent(argv[1]) ? "ok" : "");
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
