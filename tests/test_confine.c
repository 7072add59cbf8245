#include "backend/confine.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each test is a process of its own, and confines itself. */

static int exit_status(const char *program)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)execl(program, program, (char *)NULL);
		_exit(errno == EPERM ? 99 : 98);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static int socket_error(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static void confine(enum confine_role role)
{
	confine_privileges(role);
	confine_calls(role);
}

START_TEST(a_worker_starts_nothing_and_talks_to_nobody_far)
{
	confine(CONFINE_WORKER);
	ck_assert_int_eq(exit_status("/bin/true"), 99);
	ck_assert_int_eq(socket_error(AF_INET), EPERM);
	ck_assert_int_eq(socket_error(AF_INET6), EPERM);
	ck_assert_int_eq(socket_error(AF_UNIX), 0);
}
END_TEST

START_TEST(a_tool_starts_programs_but_changes_no_mounts)
{
	confine(CONFINE_TOOL);
	ck_assert_int_eq(exit_status("/bin/true"), 0);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(mount("none", "/proc/none", "tmpfs", 0, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(who_mounts_may_unmount_and_start_programs)
{
	if (geteuid() != 0)
		return; /* keeps its rights for fusermount3 */
	confine(CONFINE_MOUNT);
	ck_assert_int_eq(exit_status("/bin/true"), 0);
	ck_assert_int_eq(mount("none", "/proc/none", "tmpfs", 0, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(umount2("/proc/none", 0), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}
END_TEST

START_TEST(others_do_not_look_into_it)
{
	struct rlimit cores;

	confine_memory(false);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &cores), 0);
	ck_assert_uint_eq(cores.rlim_max, 0);
	ck_assert_uint_eq(umask(0), 077);
}
END_TEST

START_TEST(a_debugger_does)
{
	confine_memory(true);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	ck_assert_uint_eq(umask(0), 077);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("confine");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_worker_starts_nothing_and_talks_to_nobody_far);
	tcase_add_test(all, a_tool_starts_programs_but_changes_no_mounts);
	tcase_add_test(all, who_mounts_may_unmount_and_start_programs);
	tcase_add_test(all, others_do_not_look_into_it);
	tcase_add_test(all, a_debugger_does);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
