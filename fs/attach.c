#include "fs/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_MAX 512

/* What those who mount say, or the part of it that tells, and what a user can do. */
static const struct {
	const char *said;
	const char *remedy;
} remedies[] = {
	{"device not found", "a container needs --device /dev/fuse"},
	{"open /dev/fuse", "its mode should be 0666; a container needs --device /dev/fuse"},
	{"mount failed: Operation not permitted",
		"a container needs --device /dev/fuse --cap-add SYS_ADMIN, a user fusermount3"
		" (package fuse3)"},
	{"no write access to mountpoint", "take a folder of your own"},
	{"not owner of", "take a folder of your own"},
	{"exec fusermount3", "install it (package fuse3), or mount as root"},
	{"execvp", "install fusermount3 (package fuse3), or mount as root"},
	{"must be setuid root", "fusermount3 has lost that: reinstall the package fuse3"},
	{"too many FUSE filesystems", "see mount_max in /etc/fuse.conf"},
};

static const char *remedy_for(const char *said)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (strstr(said, remedies[i].said))
			return remedies[i].remedy;
	return NULL;
}

/* From here on standard error is a file in memory; -1 where that cannot be. */
static int begin_listening(int *ret_stderr)
{
	int file = memfd_create("stderr", MFD_CLOEXEC);
	int saved = file < 0 ? -1 : dup(STDERR_FILENO);

	if (saved >= 0 && dup2(file, STDERR_FILENO) == STDERR_FILENO) {
		*ret_stderr = saved;
		return file;
	}
	if (saved >= 0)
		(void)close(saved);
	if (file >= 0)
		(void)close(file); /* nothing is in it */
	return -1;
}

static void end_listening(int file, int saved, char ret_said[static SAID_MAX])
{
	ssize_t got;

	*ret_said = '\0';
	if (file < 0)
		return;
	(void)fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	got = pread(file, ret_said, SAID_MAX - 1, 0);
	ret_said[got > 0 ? got : 0] = '\0';
	(void)close(file); /* in memory */
}

/* The first line, without the name of who says it: what comes after it follows from it. */
static const char *shorten(char *said)
{
	static const char *const speakers[] = {"fuse: ", "fusermount3: "};

	said[strcspn(said, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(speakers) / sizeof(*speakers); i++)
		if (!strncmp(said, speakers[i], strlen(speakers[i])))
			return said + strlen(speakers[i]);
	return said;
}

int attach(struct fuse_session *session, const char *mountpoint, struct complaint *ret_why)
{
	char text[SAID_MAX];
	const char *said, *remedy;
	int saved = -1, file = begin_listening(&saved), result, error;

	errno = 0;
	result = fuse_session_mount(session, mountpoint);
	error = errno ? -errno : -EIO;
	end_listening(file, saved, text);
	if (result == 0) {
		(void)fputs(text, stderr);
		return 0;
	}
	said = *text ? shorten(text) : strerror(-error);
	remedy = remedy_for(said);
	return complain(ret_why, error, "%s: cannot mount: %s%s%s", mountpoint, said,
		remedy ? "; " : "", remedy ? remedy : "");
}
