#include "fs/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 80

#define OWN_WORDS                                                                                  \
	"  ro              read only; any number beside the one mount that writes\n"               \
	"  allow_other     other users may use the mount\n"                                        \
	"  allow_root      root may\n"                                                             \
	"  login_names     users mark and unmark by their own login name only\n"                   \
	"  durability=full|relaxed  relaxed: a power cut takes what no fsync(2) followed\n"        \
	"  ttl=90d         new favourites expire so long after they are made (s, m, h, d)\n"       \
	"  retention=24h   how long changes stay in the log (s, m, h, d)\n"                        \
	"  windows=LIST    of a new store: of all, year, month, week, day, hour those to\n"        \
	"                  count (all,month,day)\n"                                                \
	"  timezone=TZ     of a new store: whose calendar, like Europe/Berlin (UTC)\n"             \
	"  noaggregator    do not start favfs-aggregator\n"                                        \
	"  fsname=NAME     the source shown by mount(8), instead of STORE\n"

/* For a screen of 80 columns and 24 lines, with a prompt on it. */
const char options_usage[] =
	"Usage: favfs [-f] [-d] [-o OPT,...] STORE MOUNTPOINT\n"
	"Mounts a store of favourites: touch marks, rm unmarks, cat rankings/all ranks.\n"
	"\n"
	"  -f  stay in the foreground        -h, --help     this text\n"
	"  -d  the same, and trace requests  -V, --version  versions\n"
	"\n"
	"STORE is a directory, made where it does not exist.  Options of -o:\n" OWN_WORDS
	"and the generic ones of mount(8), fstab(5) and systemd: -o help lists them.\n"
	"Unmount with umount(8), or fusermount3 -u.\n"
	"Exit status: 0 it is mounted, 1 it could not be, 2 wrong usage.\n";

/* A century: what is made today must not expire past the last moment there is. */
#define TTL_NS_MAX (INT64_C(36525) * 86400 * 1000000000)

/* ---- the words of -o ---- */

enum word_use {
	WORD_DROP, /* for others: mount(8), fstab, systemd */
	WORD_MOUNT, /* libfuse and the kernel take it */
	WORD_FSNAME,
	WORD_RETENTION,
	WORD_WINDOWS,
	WORD_TIMEZONE,
	WORD_NOAGGREGATOR,
	WORD_RO,
	WORD_LOGIN_NAMES,
	WORD_DURABILITY,
	WORD_TTL,
	WORD_HELP,
	WORD_UNKNOWN,
};

/* A word that ends in = takes a value, one that ends in * stands for all that start so. */
static const struct {
	const char *word;
	enum word_use use;
} words[] = {
	{"fsname=", WORD_FSNAME},
	{"retention=", WORD_RETENTION},
	{"windows=", WORD_WINDOWS},
	{"timezone=", WORD_TIMEZONE},
	{"noaggregator", WORD_NOAGGREGATOR},
	{"ro", WORD_RO},
	{"login_names", WORD_LOGIN_NAMES},
	{"durability=", WORD_DURABILITY},
	{"ttl=", WORD_TTL},
	{"help", WORD_HELP},
	{"allow_other", WORD_MOUNT},
	{"allow_root", WORD_MOUNT},
	{"rw", WORD_RO},
	{"exec", WORD_MOUNT},
	{"noexec", WORD_MOUNT},
	{"sync", WORD_MOUNT},
	{"async", WORD_MOUNT},
	{"dirsync", WORD_MOUNT},
	{"atime", WORD_MOUNT},
	{"noatime", WORD_MOUNT},
	{"nosuid", WORD_DROP}, /* always on */
	{"nodev", WORD_DROP}, /* always on */
	{"default_permissions", WORD_DROP}, /* always on */
	{"suid", WORD_DROP},
	{"dev", WORD_DROP},
	{"defaults", WORD_DROP},
	{"auto", WORD_DROP},
	{"noauto", WORD_DROP},
	{"user", WORD_DROP},
	{"user=*", WORD_DROP},
	{"nouser", WORD_DROP},
	{"users", WORD_DROP},
	{"nousers", WORD_DROP},
	{"owner", WORD_DROP},
	{"noowner", WORD_DROP},
	{"group", WORD_DROP},
	{"nogroup", WORD_DROP},
	{"uhelper=*", WORD_DROP},
	{"helper=*", WORD_DROP},
	{"nofail", WORD_DROP},
	{"_netdev", WORD_DROP},
	{"relatime", WORD_DROP},
	{"norelatime", WORD_DROP},
	{"strictatime", WORD_DROP},
	{"nostrictatime", WORD_DROP},
	{"lazytime", WORD_DROP},
	{"nolazytime", WORD_DROP},
	{"diratime", WORD_DROP},
	{"nodiratime", WORD_DROP}, /* noatime covers it, and libfuse 3.14 does not know it */
	{"silent", WORD_DROP},
	{"loud", WORD_DROP},
	{"mand", WORD_DROP},
	{"nomand", WORD_DROP},
	{"iversion", WORD_DROP},
	{"noiversion", WORD_DROP},
	{"symfollow", WORD_DROP},
	{"nosymfollow", WORD_DROP}, /* libfuse 3.14 does not know it */
	{"comment=*", WORD_DROP},
	{"x-*", WORD_DROP},
	{"X-*", WORD_DROP},
};

/* All words of that use. */
static void print_words(FILE *out, enum word_use use, const char *what)
{
	int column = fprintf(out, "%s:", what);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].use != use)
			continue;
		if (column + 1 + (int)strlen(words[i].word) > COLUMNS)
			column = fputc('\n', out) < 0;
		column += fprintf(out, " %s", words[i].word);
	}
	(void)fputc('\n', out);
}

void options_print_words(FILE *out)
{
	(void)fputs(OWN_WORDS, out);
	print_words(out, WORD_MOUNT, "Taken, for the kernel");
	print_words(
		out, WORD_DROP, "Taken without effect, being for mount(8), fstab(5) and systemd");
}

/* Which use a word of -o has, and its value (empty for words without one). */
static enum word_use find_word(const char *word, const char **ret_value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i].word);
		char last = words[i].word[length - 1];
		bool found = last == '*'   ? !strncmp(word, words[i].word, length - 1)
			     : last == '=' ? !strncmp(word, words[i].word, length)
					   : !strcmp(word, words[i].word);

		if (!found)
			continue;
		*ret_value = last == '=' ? word + length : "";
		return words[i].use;
	}
	return WORD_UNKNOWN;
}

/* To libfuse a comma behind a backslash is part of the word before. */
static int add_mount_word(struct options *options, const char *word)
{
	size_t length = strlen(options->mount);
	char *end, *longer = realloc(options->mount, length + 1 + 2 * strlen(word) + 1);

	if (!longer)
		return -ENOMEM;
	options->mount = longer;
	end = longer + length;
	*end++ = ',';
	for (; *word; word++) {
		if (*word == '\\')
			*end++ = '\\';
		*end++ = *word;
	}
	*end = '\0';
	return 0;
}

static int take_word(struct options *options, const char *word, struct complaint *ret_why)
{
	const char *value = "";

	switch (find_word(word, &value)) {
	case WORD_DROP:
		return 0;
	case WORD_FSNAME:
		if (!*value)
			return complain(ret_why, -EINVAL, "-o %s: the source needs a name", word);
		return add_mount_word(options, word);
	case WORD_MOUNT:
		return add_mount_word(options, word);
	case WORD_NOAGGREGATOR:
		options->noaggregator = true;
		return 0;
	case WORD_RO:
		options->read_only = !strcmp(word, "ro"); /* the last of ro and rw counts */
		return 0;
	case WORD_LOGIN_NAMES:
		options->login_names = true;
		return 0;
	case WORD_DURABILITY:
		options->relaxed = !strcmp(value, "relaxed");
		if (options->relaxed || !strcmp(value, "full"))
			return 0;
		return complain(ret_why, -EINVAL, "-o %s: durability is full or relaxed", word);
	case WORD_TTL:
		if (duration_parse(value, &options->ttl_ns) == 0 && options->ttl_ns &&
			options->ttl_ns <= TTL_NS_MAX)
			return 0;
		return complain(ret_why, -EINVAL, "-o %s: not a time like 90d, 12h or 30m", word);
	case WORD_RETENTION:
		if (duration_parse(value, &options->retention_ns) == 0 && options->retention_ns)
			return 0;
		return complain(ret_why, -EINVAL, "-o %s: not a time like 24h, 30m or 7d", word);
	case WORD_WINDOWS:
		if (window_kinds_parse(value, &options->windows) == 0)
			return 0;
		return complain(ret_why, -EINVAL,
			"-o %s: windows are all, year, month, week, day, hour", word);
	case WORD_TIMEZONE:
		if (*value && strlen(value) < sizeof(options->timezone)) {
			strcpy(options->timezone, value);
			return 0;
		}
		return complain(ret_why, -EINVAL,
			"-o %s: not the name of a time zone, like UTC or Europe/Berlin", word);
	case WORD_HELP:
		options->help_words = true;
		return 0;
	default:
		return complain(
			ret_why, -EINVAL, "-o %s: unknown option (-o help lists them)", word);
	}
}

static bool is_value_of_windows(const char *word)
{
	enum window_kind kind;

	return window_kind_parse(word, &kind) == 0;
}

/* "windows=all,month" has commas of its own: words that name kinds belong to it. */
static char *next_word(char **list)
{
	char *word = *list, *end;

	if (!word)
		return NULL;
	end = strchr(word, ',');
	while (end && !strncmp(word, "windows=", 8)) {
		size_t length = strcspn(end + 1, ",");
		char kind[WINDOW_TEXT_MAX] = "";

		if (length >= sizeof(kind))
			break;
		memcpy(kind, end + 1, length);
		if (!is_value_of_windows(kind))
			break;
		end = strchr(end + 1, ',');
	}
	if (end)
		*end++ = '\0';
	*list = end;
	return word;
}

static int take_words(struct options *options, const char *list, struct complaint *ret_why)
{
	char *copy = strdup(list), *rest = copy, *word;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (word = next_word(&rest)))
		error = *word ? take_word(options, word, ret_why) : 0;
	free(copy);
	return error;
}

/* ---- the command line ---- */

static int take_letter(
	struct options *options, int letter, const char *value, struct complaint *ret_why)
{
	switch (letter) {
	case 'f':
		options->foreground = true;
		return 0;
	case 'd':
		options->foreground = options->debug = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case 'o':
		return take_words(options, value, ret_why);
	case ':':
		return complain(ret_why, -EINVAL, "-%c needs a value", optopt);
	default:
		if (optopt)
			return complain(ret_why, -EINVAL, "-%c: unknown option", optopt);
		return complain(ret_why, -EINVAL, "%s: unknown option", value);
	}
}

static int take_operands(struct options *options, int argc, char *argv[], struct complaint *ret_why)
{
	if (options->help || options->help_words || options->version)
		return 0;
	if (argc < 2)
		return complain(ret_why, -EINVAL, argc ? "no MOUNTPOINT given" : "no STORE given");
	if (argc > 2)
		return complain(
			ret_why, -EINVAL, "%s: one STORE and one MOUNTPOINT, no more", argv[2]);
	options->store = argv[0];
	options->mountpoint = argv[1];
	return 0;
}

int options_parse(int argc, char *argv[], struct options *ret_options, struct complaint *ret_why)
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int letter, error = 0;

	*ret_options = (struct options){.mount = strdup("default_permissions,nosuid,nodev")};
	if (!ret_options->mount)
		return -ENOMEM;
	optind = 0; /* glibc: start over, also when called again */
	while (!error && (letter = getopt_long(argc, argv, ":fdhVo:", longs, NULL)) != -1)
		error = take_letter(
			ret_options, letter, letter == 'o' ? optarg : argv[optind - 1], ret_why);
	if (!error)
		error = take_operands(ret_options, argc - optind, argv + optind, ret_why);
	return error;
}

void options_fini(struct options *options)
{
	free(options->mount);
	options->mount = NULL;
}
