/*
 * favfs-aggregator - keeps counts and rankings up to date.
 *
 * Waits for the bell of the log, takes what is new, nets it, and applies it in
 * one transaction together with the position.  With nothing to do it sleeps in
 * poll(2) without a timeout.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aggregator/pipeline.h"
#include "backend/backend.h"
#include "backend/bell.h"
#include "backend/clock.h"
#include "backend/daemon.h"
#include "backend/log.h"
#include "backend/version.h"

/*
 * After a transaction it rests as long as that took, times the changes that were in
 * it, but no longer than this: a lone change is followed at once, and under load
 * batches grow until netting pays and the writers have the machine for themselves.
 */
#define REST_MAX_NS INT64_C(20000000)

struct options {
	bool foreground;
	bool once;
	const char *store;
};

/* What main opens, in this order, and closes in the other. */
struct program {
	struct store *store;
	struct derived *derived;
	struct reader *reader;
	struct bell_watch *watch;
	int signals;
};

static const char usage[] =
	"Usage: favfs-aggregator [-f] [--once] STORE\n"
	"Keeps the counts and rankings of a favfs store up to date.\n"
	"\n"
	"  -f, --foreground  stay in the foreground, messages to stderr\n"
	"      --once        count what waits, then exit\n"
	"  -h, --help        this text\n"
	"  -V, --version     versions\n"
	"\n"
	"Any number may be started: one works, the others take over when it ends.\n";

static int fail(const char *what, int error)
{
	log_line(LOG_ERR, "%s: %s", what, strerror(-error));
	return EXIT_FAILURE;
}

/* ---- options ---- */

static void __attribute__((noreturn)) misuse(const char *problem, const char *word)
{
	(void)fprintf(
		stderr, "favfs-aggregator: %s%s (see favfs-aggregator --help)\n", problem, word);
	exit(2);
}

static struct options parse(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"foreground", no_argument, NULL, 'f'},
		{"once", no_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	int letter;

	while ((letter = getopt_long(argc, argv, "+fhV", longs, NULL)) != -1) {
		if (letter == 'f')
			options.foreground = true;
		else if (letter == 'o')
			options.once = true;
		else if (letter == 'h' || letter == 'V')
			exit(fputs(letter == 'h' ? usage : "favfs-aggregator " VERSION "\n",
				     stdout) < 0);
		else
			exit(2); /* getopt has said why */
	}
	if (optind == argc)
		misuse("no STORE given", "");
	if (optind + 1 < argc)
		misuse("one STORE, not also ", argv[optind + 1]);
	options.store = argv[optind];
	return options;
}

/* ---- waiting ---- */

static int open_signals(int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Until the bell rings (unless @timeout comes first); false: a signal says enough. */
static bool wait_for_bell(const struct program *program, const struct timespec *timeout)
{
	struct pollfd fds[] = {
		{.fd = program->signals, .events = POLLIN},
		{.fd = bell_watch_fd(program->watch), .events = POLLIN},
	};

	/* A rest is not cut short by the bell: it is there to let changes gather. */
	(void)ppoll(fds, timeout ? 1 : 2, timeout, NULL); /* an error is a wake-up */
	bell_watch_drain(program->watch);
	return !fds[0].revents;
}

static bool rest(const struct program *program, int64_t worked_ns, int changes)
{
	int64_t rest_ns = worked_ns * changes;
	struct timespec timeout;

	if (rest_ns > REST_MAX_NS)
		rest_ns = REST_MAX_NS;
	timeout = (struct timespec){.tv_nsec = rest_ns};
	return wait_for_bell(program, &timeout);
}

/* ---- working ---- */

/* Until nothing waits (@once), a signal (0), or an error. */
static int drain(const struct program *program, struct pipeline *pipeline, bool once)
{
	for (;;) {
		int64_t began = clock_monotonic_ns();
		int changes = pipeline_step(pipeline);

		if (changes < 0)
			return changes;
		if (changes == 0 && once)
			return 0;
		if (changes == 0 && !wait_for_bell(program, NULL))
			return 0;
		if (changes > 0 && changes < PIPELINE_CHANGES_MAX &&
			!rest(program, clock_monotonic_ns() - began, changes))
			return 0;
	}
}

static int run_pipeline(const struct program *program, bool once)
{
	struct pipeline pipeline;
	bool rebuilt = false;
	int error = pipeline_init(&pipeline, program->store, program->reader, program->derived);

	if (!error)
		error = pipeline_resume(&pipeline, &rebuilt);
	if (rebuilt)
		log_line(LOG_NOTICE, "counted all favourites anew");
	if (!error)
		error = drain(program, &pipeline, once);
	pipeline_fini(&pipeline);
	return error;
}

/* derived.db may be removed at any time: then it is made anew. */
static int work(struct program *program, bool once)
{
	struct complaint why = {""};
	bool discarded = false;
	int error;

	do {
		derived_close(program->derived);
		reader_close(program->reader);
		program->derived = NULL;
		program->reader = NULL;
		error = derived_open(program->store, &program->derived, &why);
		if (error) {
			log_line(LOG_ERR, "%s", why.text);
			return EXIT_FAILURE;
		}
		/* Only now: a stand-by that waits for the lease dies of the signal itself. */
		error = program->signals < 0 ? open_signals(&program->signals) : 0;
		if (!error)
			error = reader_open(program->store, &program->reader);
		if (!error)
			error = run_pipeline(program, once);
		if ((error == -EUCLEAN || error == -EINVAL) &&
			!discarded) { /* once: it may be the log that is */
			log_line(LOG_ERR, "derived.db is damaged: counting all anew");
			derived_discard(program->derived);
			discarded = true;
			error = -ESTALE;
		}
	} while (error == -ESTALE);
	return error ? fail("counting", error) : EXIT_SUCCESS;
}

static void close_program(struct program *program)
{
	bell_watch_close(program->watch);
	reader_close(program->reader);
	derived_close(program->derived);
	store_close(program->store);
	if (program->signals >= 0)
		(void)close(program->signals); /* holds no data */
}

/* The watch comes before the first look (invariant 6). */
static int open_and_work(struct program *program, bool once)
{
	int error = store_watch_log(program->store, &program->watch);
	return error ? fail("starting", error) : work(program, once);
}

int main(int argc, char *argv[])
{
	static const struct store_options reading = {.mode = STORE_READ};
	struct options options = parse(argc, argv);
	struct program program = {.signals = -1};
	struct complaint why = {""};
	int ready = -1, status = EXIT_FAILURE;

	(void)umask(077);
	log_open("favfs-aggregator");
	if (!options.foreground && !options.once && daemon_fork(&ready) < 0)
		return fail("going to the background", -errno);
	if (store_open(options.store, &reading, &program.store, &why) < 0) {
		log_line(LOG_ERR, "%s", why.text);
		return EXIT_FAILURE;
	}
	daemon_ready(ready);
	log_open("favfs-aggregator");
	status = open_and_work(&program, options.once);
	close_program(&program);
	return status;
}
