/*
 * favfs - mounts a store of favourites.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend/clock.h"
#include "backend/confine.h"
#include "backend/daemon.h"
#include "backend/log.h"
#include "backend/moment.h"
#include "backend/version.h"
#include "fs/aside.h"
#include "fs/attach.h"
#include "fs/barrier.h"
#include "fs/holders.h"
#include "fs/kinds.h"
#include "fs/loop.h"
#include "fs/mount.h"
#include "fs/mountpoint.h"
#include "fs/notifier.h"
#include "fs/options.h"
#include "fs/unlinker.h"

/* Clocks are set right by less without anybody noticing. */
#define CLOCK_SLACK_NS INT64_C(3600000000000)

/* What main opens, in this order, and closes in the other. */
struct program {
	struct options options;
	char *mountpoint; /* absolute */
	struct mount mount;
	struct supervisor *supervisor;
	bool mounted;
};

static int fail(const char *what, int error)
{
	log_line(LOG_ERR, "%s: %s", what, strerror(-error));
	return error;
}

/* Only the loop takes signals; threads and programs started later inherit the mask. */
static void block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit of ulimit(1) is a full disk */
}

/* Held snapshots and copies of rankings take descriptors: as many as we may. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* else as many as before */
}

/* ---- opening ---- */

/* Where the store is, or will be made; NULL where it can be neither. */
static char *resolve_store(const char *store)
{
	char *whole = realpath(store, NULL);

	return whole ? whole : mountpoint_absolute(store);
}

/* A store below its own mountpoint would wait for itself. */
static int check_apart(const char *store, const char *mountpoint)
{
	char *whole = resolve_store(store);
	size_t length = strlen(mountpoint);
	bool inside = whole && !strncmp(whole, mountpoint, length) &&
		      (whole[length] == '/' || whole[length] == '\0');

	free(whole);
	if (inside)
		log_line(LOG_ERR, "%s: the store cannot lie in its own mountpoint", store);
	return inside ? -EINVAL : 0;
}

/* On a thread of the store. */
static void tell_kernel(void *arg, struct effects *effects)
{
	struct mount *m = arg;

	notifier_add_effects(m->notifier, effects);
}

/* On a thread of the store. */
static void tell_failure(void *arg, const char *why)
{
	struct mount *m = arg;

	log_line(LOG_CRIT,
		"%s: the database was replaced or removed, or its medium failed (%s): nothing is"
		" acknowledged any more; unmount, run fsck.favfs, and mount again",
		store_where(m->store), why);
}

/* Times in the log never fall: until the clock gets there the log tells nothing of when. */
static void warn_of_clock(const struct mount *m)
{
	char moment[MOMENT_TEXT_BYTES];
	struct totals totals;

	if (reader_totals(m->reader, &totals) || !moment_valid(totals.newest_ns) ||
		totals.newest_ns - clock_realtime_ns() <= CLOCK_SLACK_NS)
		return;
	moment_format(totals.newest_ns, moment);
	log_line(LOG_WARNING,
		"%s: the newest change is of %.*s, and the clock is behind that: until then all"
		" changes carry that time",
		store_where(m->store), (int)sizeof(moment), moment);
}

static int open_store(struct program *program)
{
	struct store_options options = {
		.mode = program->options.read_only ? STORE_READ : STORE_SERVE,
		.mountpoint = program->mountpoint,
		.retention_ns = program->options.retention_ns,
		.form = {.windows = program->options.windows,
			.timezone = *program->options.timezone ? program->options.timezone : NULL},
		.relaxed = program->options.relaxed,
		.ttl_ns = program->options.ttl_ns,
		.behind = tell_kernel,
		.failed = tell_failure,
		.behind_arg = &program->mount,
	};
	struct complaint why = {""};
	int error = store_open(program->options.store, &options, &program->mount.store, &why);

	if (error) {
		log_line(LOG_ERR, "%s", why.text);
		return error;
	}
	error = reader_open(program->mount.store, &program->mount.reader);
	if (error)
		return fail(program->options.store, error);
	if (!program->options.read_only)
		warn_of_clock(&program->mount);
	return 0;
}

/* The names of the source and the type come first, so that options can override the first. */
static char *mount_words(const struct options *options)
{
	char *source = NULL, *words = NULL, *whole = resolve_store(options->store);
	int error = fuse_opt_add_opt_escaped(&source, whole ? whole : options->store);

	free(whole);
	if (error)
		return NULL;
	if (asprintf(&words, "-osubtype=favfs,fsname=%s,%s%s", source, options->mount,
		    options->read_only ? ",ro" : "") < 0)
		words = NULL;
	free(source);
	return words;
}

static int open_session(struct program *program)
{
	char *words = mount_words(&program->options);
	char *argv[] = {"favfs", words, program->options.debug ? "-d" : NULL};
	struct fuse_args args = FUSE_ARGS_INIT(program->options.debug ? 3 : 2, argv);

	if (!words)
		return fail("mounting", -ENOMEM);
	program->mount.session = fuse_session_new(
		&args, &fuse_table, sizeof(fuse_table), &program->mount);
	fuse_opt_free_args(&args);
	free(words);
	return program->mount.session ? 0 : -EINVAL; /* libfuse has said why */
}

static int open_mount(struct program *program)
{
	struct complaint why = {""};
	int error = attach(program->mount.session, program->mountpoint, &why);

	if (error) {
		log_line(LOG_ERR, "%s", why.text);
		return error;
	}
	program->mounted = true;
	daemon_leave(program->mount.ready_fd);
	confine_calls(CONFINE_MOUNT);
	notifier_set_mute(program->mount.notifier, false);
	return 0;
}

static int open_all(struct program *program)
{
	struct mount *m = &program->mount;
	struct complaint why = {""};
	int error = mountpoint_prepare(program->options.mountpoint, &program->mountpoint, &why);

	if (error) {
		log_line(LOG_ERR, "%s", why.text);
		return error;
	}
	error = check_apart(program->options.store, program->mountpoint);
	if (!error && !program->options.read_only) {
		error = unlinker_start(program->mountpoint, &m->unlinker);
		if (error)
			return fail("starting a process", error);
	}
	if (error)
		return error;
	confine_privileges(CONFINE_MOUNT); /* before the first thread */
	error = open_session(program);
	if (!error)
		error = notifier_open(m->session, m->unlinker, &m->notifier);
	if (error)
		return error;
	error = open_store(program);
	if (!error)
		error = barriers_open(&program->mount.barriers);
	if (!error && !program->options.noaggregator && !program->options.read_only)
		error = supervisor_open(store_where(program->mount.store), &program->supervisor);
	if (!error)
		error = open_mount(program);
	return error;
}

/* ---- closing ---- */

/*
 * Told to end we do not wait for those who use it: they get errors from now on, and are named
 * where that is still allowed after what was given up (confine.h).
 */
static void tell_holders(const struct program *program)
{
	char holders[HOLDERS_TEXT_MAX];

	if (fuse_session_exited(program->mount.session))
		return; /* umount(8) would have failed */
	if (holders_find(program->mountpoint, holders))
		log_line(LOG_WARNING, "%s: unmounted while in use by %s", program->mountpoint,
			holders);
	else if (umount2(program->mountpoint, UMOUNT_NOFOLLOW) < 0 && errno == EBUSY)
		log_line(LOG_WARNING, "%s: unmounted while in use", program->mountpoint);
}

/*
 * First everything accepted is answered, then the mount goes, then the rest:
 * whoever was told "done" was told the truth.
 */
static void close_all(struct program *program)
{
	struct mount *m = &program->mount;

	barriers_close(m->barriers);
	supervisor_close(program->supervisor);
	if (m->store && !m->read_only)
		store_settle(m->store);
	aside_close(m);
	rankings_close_all(m);
	if (program->mounted) {
		tell_holders(program);
		fuse_session_unmount(m->session);
	}
	reader_close(m->reader);
	store_close(m->store); /* may still tell of something */
	unlinker_end(m->unlinker);
	notifier_close(m->notifier);
	unlinker_free(m->unlinker);
	if (m->session)
		fuse_session_destroy(m->session);
	shares_fini(&m->shares);
	free(program->mountpoint);
	options_fini(&program->options);
}

/* ---- */

/*
 * Not while another mount writes; nor with allow_root, where libfuse tells by each request
 * who asks: what the kernel answers by itself it would answer to everybody.
 */
static bool kernel_may_keep(const struct options *options)
{
	return !options->read_only && !strstr(options->mount, ",allow_root");
}

static int serve(struct program *program)
{
	int error = loop_run(&program->mount, program->supervisor);

	return error ? fail("serving", error) : 0;
}

static int run(struct program *program, int ready_fd)
{
	int error;

	program->mount.uid = getuid();
	program->mount.gid = getgid();
	program->mount.read_only = program->options.read_only;
	program->mount.relaxed = program->options.relaxed;
	program->mount.login_names = program->options.login_names;
	program->mount.timeout_s = kernel_may_keep(&program->options) ? TIMEOUT_LONG_S : 0;
	program->mount.mounted_ns = clock_realtime_ns();
	program->mount.began_ns = clock_monotonic_ns();
	program->mount.ready_fd = ready_fd;
	block_signals();
	raise_descriptors();
	error = open_all(program);
	if (!error)
		error = serve(program);
	close_all(program);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_version(void)
{
	const char *flaw = store_engine_flaw();

	(void)printf("favfs %s\nlibfuse %s\n%s\n", VERSION, fuse_pkgversion(), store_engine());
	if (flaw)
		(void)printf("%s\n", flaw);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_help(const struct options *options)
{
	if (options->help)
		(void)fputs(options_usage, stdout);
	else
		options_print_words(stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	struct program program = {0};
	struct complaint why = {""};
	int ready_fd = -1, error;

	log_open("favfs");
	error = options_parse(argc, argv, &program.options, &why);
	if (error) {
		(void)fprintf(stderr, "favfs: %s (see favfs -h)\n",
			error == -EINVAL ? why.text : strerror(-error));
		options_fini(&program.options);
		return 2;
	}
	if (program.options.help || program.options.help_words || program.options.version) {
		options_fini(&program.options);
		return program.options.version ? print_version() : print_help(&program.options);
	}
	confine_memory(program.options.debug);
	if (!program.options.foreground) {
		error = daemon_fork(&ready_fd);
		if (error)
			return fail("going to the background", error) ? EXIT_FAILURE : 0;
	}
	return run(&program, ready_fd);
}
