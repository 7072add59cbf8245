/*
 * fsck.favfs - checks a store, and repairs what can be told from the rest of it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/confine.h"
#include "backend/printable.h"
#include "backend/programs/recount.h"
#include "backend/version.h"

/* Of fsck(8). */
enum status {
	STATUS_CLEAN = 0,
	STATUS_CORRECTED = 1,
	STATUS_LEFT = 4,
	STATUS_FAILED = 8,
	STATUS_USAGE = 16,
};

struct options {
	bool check_only;
	bool repair; /* all that can be */
	bool repair_derived;
	bool rebuild; /* derived.db, even where it is clean */
	const char *store;
};

static const char usage[] =
	"Usage: fsck.favfs [-n] [-y] [--rebuild] STORE\n"
	"Checks a store of favfs, also while it is mounted.  Each finding is a line\n"
	"\"CODE PLACE: expected X, found Y\".\n"
	"\n"
	"  -n            check only, as without any of these\n"
	"  -y            repair what can be: count anew what is derived, and while it is\n"
	"                not mounted, set counters and attributes in favorites.db right\n"
	"  -a, -p        repair only what is derived, as at boot\n"
	"      --rebuild count all that is derived anew, even where it is clean\n"
	"      --codes   what the codes of findings mean, and what repairs them\n"
	"  -h, --help    this text\n"
	"  -V, --version version\n"
	"\n"
	"-f, -r, -t, -v and -C[FD] are taken for the sake of fsck(8) and mean nothing.\n"
	"Exit status: 0 clean, 1 corrected, 4 some is left, 8 could not check, 16 usage.\n";

/* ---- options ---- */

static void __attribute__((noreturn)) misuse(const char *problem, const char *word)
{
	(void)print_line(stderr, "fsck.favfs: %s%s (see fsck.favfs --help)", problem, word);
	exit(STATUS_USAGE);
}

static void __attribute__((noreturn)) print_codes(void)
{
	static const char *const repairs[REPAIRS] = {
		[REPAIR_NONE] = "",
		[REPAIR_DERIVED] = " (-y, -p)",
		[REPAIR_FAVORITES] = " (-y)",
	};
	size_t count;
	const struct finding_kind *kinds = finding_kinds(&count);

	for (size_t i = 0; i < count; i++)
		(void)printf("%s  %s%s\n", kinds[i].code, kinds[i].text, repairs[kinds[i].repair]);
	exit(fflush(stdout) == 0 ? STATUS_CLEAN : STATUS_FAILED);
}

static void take_letter(struct options *options, int letter, char *const argv[])
{
	switch (letter) {
	case 'n':
		options->check_only = true;
		break;
	case 'y':
		options->repair = true;
		break;
	case 'a':
	case 'p':
		options->repair_derived = true;
		break;
	case 'R':
		options->rebuild = true;
		break;
	case 'K':
		print_codes();
	case 'h':
		exit(fputs(usage, stdout) < 0 ? STATUS_FAILED : STATUS_CLEAN);
	case 'V':
		exit(puts("fsck.favfs " VERSION) < 0 ? STATUS_FAILED : STATUS_CLEAN);
	case '?':
		misuse("not an option, or without its value: ", printable_option(argv));
	default: /* fsck(8)'s */
		break;
	}
}

static struct options parse(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"rebuild", no_argument, NULL, 'R'},
		{"codes", no_argument, NULL, 'K'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "nyapfrtvC::hV", longs, NULL)) != -1)
		take_letter(&options, letter, argv);
	if (options.check_only && (options.repair || options.repair_derived || options.rebuild))
		misuse("-n goes with nothing that repairs", "");
	if (optind == argc)
		misuse("no STORE given", "");
	if (optind + 1 < argc)
		misuse("one STORE, not also ", argv[optind + 1]);
	options.store = argv[optind];
	return options;
}

/* ---- checking ---- */

/* The line of progress, on a terminal only; nothing is written beside it. */
static void wipe_progress(void)
{
	if (isatty(STDERR_FILENO))
		(void)fputs("\r\033[K", stderr);
}

static void show_progress(void *arg, const char *phase, int percent)
{
	(void)arg;
	(void)fprintf(stderr, "\r\033[Kchecking %s: %d%%", phase, percent);
}

static void print_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	wipe_progress();
	(void)printf("%s %s: expected %s, found %s\n", finding->kind->code, finding->place,
		finding->expected, finding->found);
}

static int64_t all_findings(const struct check_summary *summary)
{
	int64_t all = 0;

	for (int i = 0; i < REPAIRS; i++)
		all += summary->findings[i];
	return all;
}

static int check(const char *store, struct check_summary *ret_summary)
{
	const struct check_options options = {
		.finding = print_finding,
		.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
	};
	struct complaint why = {""};
	int error = store_check(store, &options, ret_summary, &why);

	wipe_progress();
	if (error)
		(void)print_line(stderr, "fsck.favfs: %s", why.text);
	return error;
}

static void print_count(const char *before, int64_t count, const char *noun)
{
	(void)printf("%s%lld %s%s", before, (long long)count, noun, count == 1 ? "" : "s");
}

static void print_summary(const struct options *options, const struct check_summary *summary)
{
	int64_t findings = all_findings(summary);
	char store[PATH_MAX + 8];
	int64_t repairable = findings - summary->findings[REPAIR_NONE];

	(void)printf("%s: ", printable(options->store, store, sizeof(store)));
	print_count("", summary->restaurants, "restaurant");
	print_count(", ", summary->favorites, "favourite");
	print_count(", ", summary->changes, "change");
	print_count(", ", summary->counts, "count");
	print_count(", ", summary->users, "user");
	if (!findings) {
		(void)printf(": nothing wrong\n");
		return;
	}
	print_count(": ", findings, "finding");
	if (options->repair)
		(void)printf(" left\n");
	else
		(void)printf(", of which -y can repair %lld\n", (long long)repairable);
}

/* ---- repairing ---- */

/* While it is mounted it stays as it is; the second check finds it again. */
static int repair_favorites(const char *store)
{
	struct complaint why = {""};
	int error = store_repair(store, &why);

	if (error)
		(void)print_line(stderr, "fsck.favfs: %s", why.text);
	else
		(void)print_line(stdout, "%s: counters and attributes set right", store);
	return error == -EBUSY ? 0 : error;
}

/* The old counts are better than none. */
static int repair_derived(const char *store, const struct check_summary *summary)
{
	struct complaint why = {""};
	int error;

	if (!summary->countable) {
		(void)print_line(stderr,
			"fsck.favfs: %s: favorites.db is damaged: nothing is counted anew from it",
			store);
		return 0;
	}
	error = recount(store, &why);
	if (error)
		(void)print_line(stderr, "fsck.favfs: %s", why.text);
	else
		(void)print_line(stdout, "%s: all that is derived was counted anew", store);
	return error;
}

/* favorites.db first: the other is counted from it. */
static int repair(
	const struct options *options, const struct check_summary *summary, bool *ret_done)
{
	bool favorites = options->repair && summary->findings[REPAIR_FAVORITES];
	bool derived = options->rebuild || ((options->repair || options->repair_derived) &&
						   summary->findings[REPAIR_DERIVED]);
	int error = favorites ? repair_favorites(options->store) : 0;

	if (!error && derived)
		error = repair_derived(options->store, summary);
	*ret_done = favorites || derived;
	return error;
}

static enum status run(const struct options *options)
{
	struct check_summary before, after;
	bool done = false;

	recount_await(options->store);
	if (check(options->store, &before) < 0)
		return STATUS_FAILED;
	if (repair(options, &before, &done) < 0)
		return STATUS_FAILED;
	after = before;
	if (done && check(options->store, &after) < 0)
		return STATUS_FAILED;
	print_summary(options, &after);
	if (all_findings(&after))
		return STATUS_LEFT;
	return all_findings(&before) ? STATUS_CORRECTED : STATUS_CLEAN;
}

int main(int argc, char *argv[])
{
	struct options options = parse(argc, argv);
	enum status status;

	confine_memory(false);
	confine_privileges(CONFINE_TOOL);
	confine_calls(CONFINE_TOOL);
	status = run(&options);
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr, "fsck.favfs: standard output: %s\n", strerror(errno));
		status = STATUS_FAILED;
	}
	return (int)status;
}
