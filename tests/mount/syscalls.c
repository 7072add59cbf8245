/*
 * syscalls: one system call as it is, where a tool would look first or change the question.
 *
 *	syscalls CALL ARGUMENT...
 *
 * Prints what the call is there to show, or "ok", or the name of its errno; the table
 * at the end has the calls.  FLAGS are names as in the manual, with commas between, or 0.
 *
 * Exit status: 0; 1 when the call failed; 2 for usage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ANY_MODE 0777

/* What a call did: failed with errno, went well, or went well and said so itself. */
enum outcome {
	FAILED,
	WENT_WELL,
	HAS_PRINTED,
};

static enum outcome judge(int result)
{
	return result < 0 ? FAILED : WENT_WELL;
}

static void __attribute__((noreturn)) misuse(const char *what, const char *word)
{
	(void)fprintf(stderr, "syscalls: %s: %s\n", word, what);
	exit(2);
}

static long long number(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 0);

	if (end == text || *end)
		misuse("not a number", text);
	return value;
}

static int flag(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} flags[] = {
		{"0", 0},
		{"O_RDONLY", O_RDONLY},
		{"O_WRONLY", O_WRONLY},
		{"O_RDWR", O_RDWR},
		{"O_CREAT", O_CREAT},
		{"O_EXCL", O_EXCL},
		{"O_TRUNC", O_TRUNC},
		{"O_DIRECTORY", O_DIRECTORY},
		{"O_TMPFILE", O_TMPFILE},
		{"RENAME_NOREPLACE", RENAME_NOREPLACE},
		{"RENAME_EXCHANGE", RENAME_EXCHANGE},
		{"RENAME_WHITEOUT", RENAME_WHITEOUT},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(name, flags[i].name))
			return flags[i].value;
	misuse("unknown flag", name);
}

static int all_flags(char *names)
{
	int value = 0;

	for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
		value |= flag(name);
	return value;
}

static mode_t node_type(const char *name)
{
	static const struct {
		const char *name;
		mode_t type;
	} types[] = {
		{"file", S_IFREG},
		{"fifo", S_IFIFO},
		{"socket", S_IFSOCK},
		{"char", S_IFCHR},
		{"block", S_IFBLK},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(name, types[i].name))
			return types[i].type;
	misuse("unknown type", name);
}

/* ---- names ---- */

static enum outcome call_open(char **word)
{
	return judge(open(word[1], all_flags(word[0]), ANY_MODE));
}

static enum outcome call_create_and_fsync(char **word)
{
	int fd = open(word[0], O_WRONLY | O_CREAT, ANY_MODE);

	return judge(fd < 0 ? fd : fsync(fd));
}

static enum outcome call_mkdir(char **word)
{
	return judge(mkdir(word[0], ANY_MODE));
}

static enum outcome call_rmdir(char **word)
{
	return judge(rmdir(word[0]));
}

static enum outcome call_unlink(char **word)
{
	return judge(unlink(word[0]));
}

static enum outcome call_stat(char **word)
{
	struct stat st;

	return judge(lstat(word[0], &st));
}

static enum outcome call_mknod(char **word)
{
	return judge(mknod(word[1], node_type(word[0]) | ANY_MODE, 0));
}

static enum outcome call_bind(char **word)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(word[0]) >= sizeof(address.sun_path))
		misuse("too long for a socket", word[0]);
	strcpy(address.sun_path, word[0]);
	return judge(fd < 0 ? fd : bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static enum outcome call_symlink(char **word)
{
	return judge(symlink(word[0], word[1]));
}

static enum outcome call_link(char **word)
{
	return judge(link(word[0], word[1]));
}

static enum outcome call_rename(char **word)
{
	return judge((int)syscall(
		SYS_renameat2, AT_FDCWD, word[1], AT_FDCWD, word[2], (unsigned)all_flags(word[0])));
}

/* ---- what a file is ---- */

static enum outcome call_utimens(char **word)
{
	struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = number(word[0]), .tv_nsec = number(word[1])},
	};

	return judge(utimensat(AT_FDCWD, word[2], times, 0));
}

/* What touch(1) asks for of a file that it cannot open. */
static enum outcome call_utimens_now(char **word)
{
	return judge(utimensat(AT_FDCWD, word[0], NULL, 0));
}

static enum outcome call_chmod(char **word)
{
	return judge(chmod(word[1], (mode_t)number(word[0])));
}

static enum outcome call_chown(char **word)
{
	return judge(chown(word[2], (uid_t)number(word[0]), (gid_t)number(word[1])));
}

static enum outcome call_truncate(char **word)
{
	return judge(truncate(word[1], number(word[0])));
}

static enum outcome call_fallocate(char **word)
{
	int fd = open(word[1], O_WRONLY);

	return judge(fd < 0 ? fd : fallocate(fd, 0, 0, number(word[0])));
}

static enum outcome call_write(char **word)
{
	int fd = open(word[0], O_WRONLY);

	return judge(fd < 0 ? fd : (int)write(fd, "x", 1));
}

static enum outcome call_setxattr(char **word)
{
	return judge(setxattr(word[2], word[0], word[1], strlen(word[1]), 0));
}

static enum outcome call_setxattr_new(char **word)
{
	return judge(setxattr(word[2], word[0], word[1], strlen(word[1]), XATTR_CREATE));
}

static enum outcome call_removexattr(char **word)
{
	return judge(removexattr(word[1], word[0]));
}

/* Links and size of a file that is removed, or replaced by another, while it is open. */
static enum outcome show_nameless(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return FAILED;
	(void)printf("%lu links, %lld bytes\n", (unsigned long)st.st_nlink, (long long)st.st_size);
	return HAS_PRINTED;
}

static enum outcome call_open_and_unlink(char **word)
{
	int fd = open(word[0], O_RDONLY);

	return fd < 0 || unlink(word[0]) < 0 ? FAILED : show_nameless(fd);
}

static enum outcome call_open_and_replace(char **word)
{
	int fd = open(word[0], O_RDONLY);

	return fd < 0 || rename(word[1], word[0]) < 0 ? FAILED : show_nameless(fd);
}

/* ---- contents ---- */

static enum outcome call_mmap(char **word)
{
	int fd = open(word[0], O_RDONLY);
	struct stat st;
	void *bytes;

	if (fd < 0 || fstat(fd, &st) < 0)
		return FAILED;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return FAILED;
	(void)fwrite(bytes, 1, (size_t)st.st_size, stdout);
	return HAS_PRINTED;
}

static enum outcome call_seek_end(char **word)
{
	int fd = open(word[0], O_RDONLY);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (end < 0)
		return FAILED;
	(void)printf("%lld\n", (long long)end);
	return HAS_PRINTED;
}

static void print_entries(const char *buffer, long length)
{
	long at = 0;

	while (at < length) {
		const struct dirent64 *entry = (const void *)(buffer + at);

		(void)puts(entry->d_name);
		at += entry->d_reclen;
	}
}

/* The listing as it comes with a buffer of so many bytes a call. */
static enum outcome call_getdents(char **word)
{
	size_t size = (size_t)number(word[0]);
	int fd = open(word[1], O_RDONLY | O_DIRECTORY);
	char *buffer = malloc(size);
	long got = fd < 0 || !buffer ? -1 : 1;

	while (got > 0) {
		got = syscall(SYS_getdents64, fd, buffer, size);
		print_entries(buffer, got);
	}
	free(buffer);
	return got < 0 ? FAILED : HAS_PRINTED;
}

/* ---- */

static const struct call {
	const char *name;
	int words;
	const char *usage;
	enum outcome (*make)(char **word);
} calls[] = {
	{"open", 2, "FLAGS PATH", call_open},
	{"create-and-fsync", 1, "PATH", call_create_and_fsync},
	{"mkdir", 1, "PATH", call_mkdir},
	{"rmdir", 1, "PATH", call_rmdir},
	{"unlink", 1, "PATH", call_unlink},
	{"stat", 1, "PATH", call_stat},
	{"mknod", 2, "file|fifo|socket|char|block PATH", call_mknod},
	{"bind", 1, "PATH", call_bind},
	{"symlink", 2, "TARGET PATH", call_symlink},
	{"link", 2, "FROM TO", call_link},
	{"rename", 3, "FLAGS FROM TO", call_rename},
	{"utimens", 3, "SECONDS NANOSECONDS PATH", call_utimens},
	{"utimens-now", 1, "PATH", call_utimens_now},
	{"chmod", 2, "MODE PATH", call_chmod},
	{"chown", 3, "UID GID PATH", call_chown},
	{"truncate", 2, "SIZE PATH", call_truncate},
	{"fallocate", 2, "SIZE PATH", call_fallocate},
	{"write", 1, "PATH", call_write},
	{"setxattr", 3, "NAME VALUE PATH", call_setxattr},
	{"setxattr-new", 3, "NAME VALUE PATH", call_setxattr_new},
	{"removexattr", 2, "NAME PATH", call_removexattr},
	{"open-and-unlink", 1, "PATH", call_open_and_unlink},
	{"open-and-replace", 2, "PATH BY", call_open_and_replace},
	{"mmap", 1, "PATH", call_mmap},
	{"seek-end", 1, "PATH", call_seek_end},
	{"getdents", 2, "BYTES PATH", call_getdents},
};

static const struct call *find_call(const char *name, int words)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(name, calls[i].name) != 0)
			continue;
		if (words != calls[i].words)
			misuse(calls[i].usage, name);
		return &calls[i];
	}
	misuse("unknown call", name);
}

int main(int argc, char *argv[])
{
	const struct call *call;
	enum outcome outcome;

	if (argc < 2)
		misuse("CALL ARGUMENT...", "usage");
	call = find_call(argv[1], argc - 2);
	outcome = call->make(argv + 2);
	if (outcome == FAILED)
		(void)puts(strerrorname_np(errno));
	else if (outcome == WENT_WELL)
		(void)puts("ok");
	return outcome == FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}
