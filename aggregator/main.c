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
#include <sys/time.h>
#include <unistd.h>

#include "aggregator/pipeline.h"
#include "backend/backend.h"
#include "backend/bell.h"
#include "backend/clock.h"
#include "backend/confine.h"
#include "backend/daemon.h"
#include "backend/log.h"
#include "backend/printable.h"
#include "backend/version.h"

/*
 * After a transaction it rests as long as that took, times the changes that were in
 * it, but no longer than this: a lone change is followed at once, and under load
 * batches grow until netting pays and the writers have the machine for themselves.  Whoever
 * waits for a count (fsync of a ranking) calls, and ends the rest.
 */
#define REST_MAX_NS INT64_C(20000000)

/* How often --once looks whether whoever works has got far enough, or has gone. */
#define ONCE_TICK_MS 100

#define LINGER_FOREVER (-1)
#define NS_PER_S       INT64_C(1000000000)

struct options {
	bool foreground;
	bool once;
	int64_t linger_s; /* LINGER_FOREVER: not given */
	int64_t changes_max; /* in a transaction; 0: not given */
	const char *store;
};

/* What main opens, in this order, and closes in the other. */
struct program {
	const struct options *options;
	struct store *store;
	struct derived *derived;
	struct reader *reader;
	struct bell_watch *watch;
	int signals;
	int percent; /* of counting anew, as shown; -1: nothing is */
};

static const char usage[] =
	"Usage: favfs-aggregator [-f] [--once] [--linger SECONDS] [--batch N] STORE\n"
	"Keeps the counts and rankings of a favfs store up to date.\n"
	"\n"
	"  -f, --foreground      stay in the foreground, messages to stderr\n"
	"      --once            count what waits, then exit\n"
	"      --linger SECONDS  exit after so long with nothing to do\n"
	"      --batch N         at most N changes a transaction (1 to 200000)\n"
	"  -h, --help            this text\n"
	"  -V, --version         version\n"
	"\n"
	"Any number may be started: one works, the others take over when it ends.\n"
	"With --linger it removes STORE/favorites.bell before it exits; the next change\n"
	"makes the file again: the time to start the next one.\n";

static int fail(const char *what, int error)
{
	log_line(LOG_ERR, "%s: %s", what, strerror(-error));
	return EXIT_FAILURE;
}

/* ---- options ---- */

static void __attribute__((noreturn)) misuse(const char *problem, const char *word)
{
	(void)print_line(
		stderr, "favfs-aggregator: %s%s (see favfs-aggregator --help)", problem, word);
	exit(2);
}

static int64_t number(const char *option, const char *text, int64_t least, int64_t most)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		misuse(option, text);
	return value;
}

static struct options parse(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"foreground", no_argument, NULL, 'f'},
		{"once", no_argument, NULL, 'o'},
		{"linger", required_argument, NULL, 'l'},
		{"batch", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.linger_s = LINGER_FOREVER};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "+fhV", longs, NULL)) != -1) {
		if (letter == 'f')
			options.foreground = true;
		else if (letter == 'o')
			options.once = true;
		else if (letter == 'l')
			options.linger_s = number(
				"--linger is a number of seconds, not ", optarg, 0, 1000000);
		else if (letter == 'b')
			options.changes_max = number("--batch is a number from 1 to 200000, not ",
				optarg, 1, PIPELINE_CHANGES_MAX);
		else if (letter == 'h' || letter == 'V')
			exit(fputs(letter == 'h' ? usage : "favfs-aggregator " VERSION "\n",
				     stdout) < 0);
		else
			misuse("not an option, or without its value: ", printable_option(argv));
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

enum wake {
	WAKE_BELL,
	WAKE_TIME,
	WAKE_SIGNAL,
};

/* A @timeout of NULL is none. */
static enum wake wait_for(const struct program *program, const struct timespec *timeout)
{
	struct pollfd fds[] = {
		{.fd = program->signals, .events = POLLIN},
		{.fd = bell_watch_fd(program->watch), .events = POLLIN},
	};
	int ready = ppoll(fds, 2, timeout, NULL); /* an error is a wake-up */

	(void)bell_watch_drain(program->watch); /* a call is a ring */
	if (fds[0].revents)
		return WAKE_SIGNAL;
	return ready == 0 ? WAKE_TIME : WAKE_BELL;
}

static bool is_told_to_end(const struct program *program)
{
	struct pollfd fd = {.fd = program->signals, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* Lets changes gather, unless somebody waits for their counts: false for a signal. */
static bool rest(const struct program *program, int64_t worked_ns, int changes)
{
	int64_t rest_ns = worked_ns * changes;
	enum wake wake = WAKE_BELL;
	struct timespec timeout;

	if (rest_ns > REST_MAX_NS)
		rest_ns = REST_MAX_NS;
	timeout = (struct timespec){.tv_nsec = rest_ns};
	bell_watch_rest(program->watch, true);
	if (!bell_watch_drain(program->watch)) /* nobody called while we worked */
		wake = wait_for(program, &timeout);
	bell_watch_rest(program->watch, false);
	return wake != WAKE_SIGNAL;
}

/*
 * Without inotify the bell is a tick, which is no change: idle is since @idle_since_ns.  Meanwhile a
 * log of derived.db that is too long is looked after.
 */
static enum wake wait_for_bell(const struct program *program, int64_t idle_since_ns)
{
	const struct options *options = program->options;
	int64_t linger_ns = -1;
	enum wake wake;

	do {
		int64_t due_ns = derived_tidy(program->derived);
		struct timespec timeout;

		if (options->linger_s != LINGER_FOREVER)
			linger_ns = idle_since_ns + options->linger_s * NS_PER_S -
				    clock_monotonic_ns();
		if (options->linger_s != LINGER_FOREVER && linger_ns < 0)
			linger_ns = 0;
		due_ns = clock_sooner(due_ns, linger_ns);
		timeout = (struct timespec){due_ns / NS_PER_S, due_ns % NS_PER_S};
		wake = wait_for(program, due_ns < 0 ? NULL : &timeout);
	} while (wake == WAKE_TIME && linger_ns != 0);
	return wake;
}

/* ---- working ---- */

/* Of counting anew: shown on a terminal, to whoever waits for it. */
static bool show_progress(void *arg, int64_t done, int64_t all)
{
	struct program *program = arg;
	int percent = all > done ? (int)(100 * done / all) : 100;

	if (isatty(STDERR_FILENO) && percent != program->percent) {
		program->percent = percent;
		(void)fprintf(stderr, "\rcounting anew: %3d %% [%-50.*s]%s", percent, percent / 2,
			"##################################################",
			percent == 100 ? "\n" : "");
	}
	return !is_told_to_end(program);
}

/*
 * Nothing has come for so long.  Whoever starts the next one goes by whether there is a bell:
 * it is removed before the last look, and made again by the next change.
 */
static int look_once_more(const struct program *program, struct pipeline *pipeline)
{
	store_remove_bell(program->store);
	return pipeline_step(pipeline);
}

/* Being told to end, with work left: that is for the next one, but --once was to do all. */
static int end_early(const struct program *program)
{
	return program->options->once ? -EINTR : 0;
}

/* Until nothing waits (--once, --linger), a signal, or an error. */
static int drain(const struct program *program, struct pipeline *pipeline)
{
	int64_t idle_since_ns = clock_monotonic_ns();

	while (!is_told_to_end(program)) {
		int64_t began = clock_monotonic_ns();
		int changes = pipeline_step(pipeline);
		enum wake wake;

		if (changes == 0) {
			if (program->options->once)
				return 0;
			wake = wait_for_bell(program, idle_since_ns);
			if (wake == WAKE_SIGNAL)
				break;
			if (wake == WAKE_BELL)
				continue;
			changes = look_once_more(program, pipeline);
			if (changes == 0)
				return 0;
		}
		if (changes < 0)
			return changes;
		idle_since_ns = clock_monotonic_ns();
		if (!pipeline_is_behind(pipeline) && !rest(program, idle_since_ns - began, changes))
			break;
	}
	return end_early(program);
}

static int run_pipeline(struct program *program)
{
	struct pipeline_options options = {
		.changes_max = program->options->changes_max,
		.progress = show_progress,
		.arg = program,
	};
	struct pipeline pipeline;
	bool rebuilt = false, first = false;
	int error = pipeline_init(
		&pipeline, program->store, program->reader, program->derived, &options);

	if (!error) {
		first = pipeline.position.seq == 0;
		error = pipeline_resume(&pipeline, &rebuilt);
	}
	if (rebuilt && !first)
		log_line(LOG_NOTICE, "counted all favourites anew");
	if (!error)
		error = drain(program, &pipeline);
	pipeline_fini(&pipeline);
	return error == -ECANCELED ? end_early(program) : error;
}

/* ---- while another works ---- */

static void on_alarm(int signal)
{
	(void)signal; /* only to end a wait */
}

/* A stand-by has nothing to do either.  Again and again, lest one falls before the wait. */
static void set_alarm(int64_t linger_s)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {
		.it_value = {.tv_sec = linger_s, .tv_usec = 1},
		.it_interval = {.tv_usec = 100000},
	};

	if (linger_s == LINGER_FOREVER)
		return;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void clear_alarm(void)
{
	struct itimerval timer = {.it_value = {0}};

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Whether whoever works has counted what waited when we started: 1, 0, or an error. */
static int is_counted(struct program *program, int64_t newest)
{
	struct position position;
	int error;

	store_derived_look(program->store);
	error = reader_position(program->reader, &position);
	return error ? error : position.seq >= newest;
}

/* For --once: 0 with the lease, or -EALREADY: another has done it. */
static int open_derived_once(struct program *program, struct complaint *ret_why)
{
	struct pollfd fds[] = {{.fd = program->signals, .events = POLLIN},
		{.fd = store_derived_fd(program->store), .events = POLLIN}};
	struct totals totals;
	int error = reader_totals(program->reader, &totals);

	while (!error) {
		error = derived_open(program->store, false, &program->derived, ret_why);
		if (error != -EBUSY)
			break;
		error = is_counted(program, totals.newest_seq);
		if (error)
			return error == 1 ? -EALREADY : error;
		(void)poll(fds, 2, ONCE_TICK_MS); /* an error is a wake-up */
		error = fds[0].revents ? -EINTR : 0;
	}
	return error;
}

static int open_derived(struct program *program, struct complaint *ret_why)
{
	int error;

	if (program->options->once)
		return open_derived_once(program, ret_why);
	set_alarm(program->options->linger_s);
	error = derived_open(program->store, true, &program->derived, ret_why);
	clear_alarm();
	return error == -EINTR ? -EALREADY : error;
}

/* ---- */

static int complain_of(int error, const char *what, struct complaint *ret_why)
{
	if (error == -EINTR)
		return complain(ret_why, error, "told to end before all was counted");
	return complain(ret_why, error, "%s: %s", what, strerror(-error));
}

static int work_with_lease(struct program *program, struct complaint *ret_why)
{
	int error = reader_open(program->store, &program->reader);

	if (!error && program->options->once && program->signals < 0)
		error = open_signals(&program->signals);
	if (error)
		return complain_of(error, "starting", ret_why);
	error = open_derived(program, ret_why);
	if (error)
		return error == -EINTR ? complain_of(error, "waiting", ret_why) : error;
	/* Only now: a stand-by that waits for the lease dies of the signal itself. */
	error = program->signals < 0 ? open_signals(&program->signals) : 0;
	if (!error)
		error = run_pipeline(program);
	return error ? complain_of(error, "counting", ret_why) : 0;
}

/* derived.db may be removed at any time: then it is made anew. */
static int work(struct program *program)
{
	struct complaint why = {""};
	bool discarded = false;
	int error;

	do {
		derived_close(program->derived);
		reader_close(program->reader);
		program->derived = NULL;
		program->reader = NULL;
		error = work_with_lease(program, &why);
		if ((error == -EUCLEAN || error == -EINVAL) && program->derived && !discarded) {
			/* once: it may be the log that is */
			log_line(LOG_ERR, "derived.db is damaged: counting all anew");
			derived_discard(program->derived);
			discarded = true;
			error = -ESTALE;
		}
	} while (error == -ESTALE);
	if (!error || error == -EALREADY)
		return EXIT_SUCCESS;
	log_line(LOG_ERR, "%s", why.text);
	return EXIT_FAILURE;
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
static int open_and_work(struct program *program)
{
	int error = store_watch_log(program->store, &program->watch);

	return error ? fail("starting", error) : work(program);
}

int main(int argc, char *argv[])
{
	static const struct store_options reading = {.mode = STORE_READ};
	struct options options = parse(argc, argv);
	struct program program = {.options = &options, .signals = -1, .percent = -1};
	struct complaint why = {""};
	int ready = -1, status = EXIT_FAILURE;

	confine_memory(false);
	confine_privileges(CONFINE_WORKER);
	confine_calls(CONFINE_WORKER);
	log_open("favfs-aggregator");
	if (!options.foreground && !options.once && daemon_fork(&ready) < 0)
		return fail("going to the background", -errno);
	if (store_open(options.store, &reading, &program.store, &why) < 0) {
		log_line(LOG_ERR, "%s", why.text);
		return EXIT_FAILURE;
	}
	daemon_leave(ready);
	daemon_ready(ready);
	log_open("favfs-aggregator");
	status = open_and_work(&program);
	close_program(&program);
	return status;
}
