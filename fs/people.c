#include "fs/people.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static bool is_login_name(uid_t uid, const char *user)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return false;
	return !strcmp(found->pw_name, user);
}

int people_may(const struct mount *m, fuse_req_t req, const char *user)
{
	uid_t uid = fuse_req_ctx(req)->uid;

	if (!m->login_names || uid == 0 || uid == m->uid || is_login_name(uid, user))
		return 0;
	return -EPERM;
}
