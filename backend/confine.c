#include "backend/confine.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <errno.h>
#include <unistd.h>

void confine_memory(bool debug)
{
	static const struct rlimit none = {0, 0};

	(void)umask(077);
	if (debug)
		return;
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0); /* a core may also go to a program */
}

/* ---- capabilities ---- */

/* Stores and mountpoints may lie where root has no other right to pass: below a home. */
#define KEEP (UINT64_C(1) << CAP_DAC_READ_SEARCH)

static const uint64_t kept[] = {
	[CONFINE_MOUNT] = KEEP | UINT64_C(1) << CAP_SYS_ADMIN,
	[CONFINE_TOOL] = KEEP,
	[CONFINE_WORKER] = KEEP,
};

/* What a program that is started later could have; of it fusermount3 needs some. */
static void bound_capabilities(uint64_t keep)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return; /* done before: CAP_SETPCAP went with it */
}

static void drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (geteuid() == 0)
		bound_capabilities(keep);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, sets) < 0)
		return;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t word = (uint32_t)(keep >> (32 * i));

		sets[i].permitted &= word;
		sets[i].effective &= word;
		sets[i].inheritable = 0;
	}
	(void)syscall(SYS_capset, &header, sets);
}

void confine_privileges(enum confine_role role)
{
	drop_capabilities(kept[role]);
	if (role != CONFINE_MOUNT || geteuid() == 0)
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* ---- system calls ---- */

/* What a program could do harm with that has taken favfs over; whatever it may be allowed to. */
static const int nobodys[] = {
	/* other mounts, roots and namespaces; umount2 has to stay */
	SCMP_SYS(mount), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
	SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(mount_setattr), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare),
	/* other processes */
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp), SCMP_SYS(process_madvise),
#ifndef __SANITIZE_ADDRESS__ /* which looks for leaks by it */
	SCMP_SYS(ptrace),
#endif
	/* the kernel, and its larger doors */
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(syslog),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(fanotify_init),
	/* the machine */
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd),
	SCMP_SYS(vhangup)};

static const int no_workers[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

/* What this machine's processor, or this libseccomp, does not know cannot be called either. */
static void refuse(scmp_filter_ctx filter, const int calls[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
}

void confine_calls(enum confine_role role)
{
	scmp_filter_ctx filter;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return;
	refuse(filter, nobodys, sizeof(nobodys) / sizeof(*nobodys));
	if (role == CONFINE_WORKER) {
		refuse(filter, no_workers, sizeof(no_workers) / sizeof(*no_workers));
		(void)seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
	}
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	(void)seccomp_load(filter);
	seccomp_release(filter);
}
