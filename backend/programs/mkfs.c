/*
 * mkfs.favfs - makes an empty store.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "backend/confine.h"
#include "backend/printable.h"
#include "backend/version.h"
#include "backend/zone.h"

struct options {
	struct store_form form;
	const char *store;
};

static const char usage[] =
	"Usage: mkfs.favfs [--windows LIST] [--timezone TZ] STORE\n"
	"Makes an empty store for favfs in a new or empty directory.\n"
	"\n"
	"      --windows LIST  which of all, year, month, week, day, hour to count\n"
	"                      (all,month,day); for ever\n"
	"      --timezone TZ   whose calendar they are of, like Europe/Berlin (UTC)\n"
	"  -h, --help          this text\n"
	"  -V, --version       version\n"
	"\n"
	"favfs does the same by itself where STORE does not exist.\n";

static void __attribute__((noreturn)) misuse(const char *problem, const char *word)
{
	(void)print_line(stderr, "mkfs.favfs: %s%s (see mkfs.favfs --help)", problem, word);
	exit(2);
}

static void take_letter(struct options *options, int letter, char *const argv[])
{
	if (letter == 'h' || letter == 'V')
		exit(fputs(letter == 'h' ? usage : "mkfs.favfs " VERSION "\n", stdout) < 0);
	if (letter != 'w' && letter != 't')
		misuse("not an option, or without its value: ", printable_option(argv));
	if (letter == 't')
		options->form.timezone = optarg;
	else if (window_kinds_parse(optarg, &options->form.windows) < 0)
		misuse("windows are all, year, month, week, day, hour, not ", optarg);
}

static struct options parse(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"windows", required_argument, NULL, 'w'},
		{"timezone", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.form = {WINDOW_KINDS_DEFAULT, ZONE_DEFAULT}};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "hV", longs, NULL)) != -1)
		take_letter(&options, letter, argv);
	if (optind == argc)
		misuse("no STORE given", "");
	if (optind + 1 < argc)
		misuse("one STORE, not also ", argv[optind + 1]);
	options.store = argv[optind];
	return options;
}

int main(int argc, char *argv[])
{
	struct options options = parse(argc, argv);
	char windows[WINDOW_KINDS_TEXT_MAX];
	struct complaint why = {""};

	confine_memory(false);
	confine_privileges(CONFINE_TOOL);
	confine_calls(CONFINE_TOOL);
	if (store_make(options.store, &options.form, &why) < 0) {
		(void)print_line(stderr, "mkfs.favfs: %s", why.text);
		return EXIT_FAILURE;
	}
	window_kinds_format(options.form.windows, windows);
	return print_line(stdout, "%s: an empty store that counts %s, time zone %s", options.store,
		       windows, options.form.timezone) < 0;
}
