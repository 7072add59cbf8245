/*
 * mount.favfs - what mount(8) calls for lines of fstab(5) of the type favfs.
 *
 * It only turns the arguments of mount(8) into those of favfs.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/printable.h"
#include "backend/program.h"
#include "backend/version.h"

/* Of mount(8). */
#define EXIT_USAGE  1
#define EXIT_SYSTEM 2

static const char usage[] =
	"Usage: mount.favfs STORE MOUNTPOINT [-fnrsvw] [-o OPT,...]\n"
	"Mounts a store of favfs; for mount(8), which calls it for the type favfs.\n"
	"\n"
	"  -o OPT,...    as favfs takes them (see favfs --help)\n"
	"  -r, -w        read only, or not\n"
	"  -f            only say whether it could be called, and mount nothing\n"
	"  -v            say what is called\n"
	"  -n, -s, -t TYPE  taken, and without effect\n"
	"  -h, --help    this text\n"
	"  -V, --version version\n";

struct call {
	const char *operands[2]; /* store, mountpoint */
	int operand_count;
	char options[4096];
	bool fake;
	bool verbose;
};

static int misuse(const char *problem, const char *word)
{
	(void)print_line(stderr, "mount.favfs: %s%s (see mount.favfs --help)", problem, word);
	return EXIT_USAGE;
}

/* False: they are too long for any mount. */
static bool add_options(struct call *call, const char *list)
{
	size_t length = strlen(call->options);
	int added = snprintf(call->options + length, sizeof(call->options) - length, "%s%s",
		length ? "," : "", list);

	return added >= 0 && (size_t)added < sizeof(call->options) - length;
}

/* 0, or a status to exit with. */
static int take_letter(struct call *call, int letter, char *const argv[])
{
	switch (letter) {
	case 1: /* what is no option */
		if (call->operand_count == 2)
			return misuse("one STORE and one MOUNTPOINT, not also ", optarg);
		call->operands[call->operand_count++] = optarg;
		return 0;
	case 'o':
		return add_options(call, optarg) ? 0 : misuse("too many options", "");
	case 'r':
		return add_options(call, "ro") ? 0 : misuse("too many options", "");
	case 'w':
		return add_options(call, "rw") ? 0 : misuse("too many options", "");
	case 'f':
		call->fake = true;
		return 0;
	case 'v':
		call->verbose = true;
		return 0;
	case 'n':
	case 's':
	case 't':
		return 0;
	default:
		return misuse("not an option, or without its value: ", printable_option(argv));
	}
}

static int run(const struct call *call)
{
	char program[PATH_MAX];

	if (call->operand_count < 2)
		return misuse(call->operand_count ? "no MOUNTPOINT given" : "no STORE given", "");
	program_find("favfs", program);
	if (call->verbose)
		(void)print_line(stdout, "%s -o %s %s %s", program,
			*call->options ? call->options : "rw", call->operands[0],
			call->operands[1]);
	if (call->fake)
		return EXIT_SUCCESS;
	(void)fflush(stdout);
	(void)execlp(program, "favfs", "-o", *call->options ? call->options : "rw", "--",
		call->operands[0], call->operands[1], (char *)NULL);
	(void)print_line(stderr, "mount.favfs: %s: %s", program, strerror(errno));
	return EXIT_SYSTEM;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct call call = {.operand_count = 0};
	int letter, status = 0;

	opterr = 0;
	while (!status && (letter = getopt_long(argc, argv, "-fnrsvwhVt:o:", longs, NULL)) != -1) {
		if (letter == 'h' || letter == 'V')
			return fputs(letter == 'h' ? usage : "mount.favfs " VERSION "\n", stdout) <
			       0;
		status = take_letter(&call, letter, argv);
	}
	while (!status && optind < argc) { /* after -- */
		optarg = argv[optind++];
		status = take_letter(&call, 1, argv);
	}
	return status ? status : run(&call);
}
