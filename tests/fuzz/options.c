/* Any command line is taken or refused with a reason; what is taken keeps within its bounds. */
#include "fs/options.h"

#include <errno.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 16

/* Where a word stands in a list with commas between. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

/* A command line that says the same, and how it is read. */
static void check_again(const struct options *options)
{
	char windows[WINDOW_KINDS_TEXT_MAX], *list;
	struct options again;
	struct complaint why = {""};

	window_kinds_format(options->windows, windows);
	assert(asprintf(&list, "%s,%s,durability=%s%s%s%s%s%s", options->read_only ? "ro" : "rw",
		       options->login_names ? "login_names" : "",
		       options->relaxed ? "relaxed" : "full", options->windows ? ",windows=" : "",
		       windows, *options->timezone ? ",timezone=" : "", options->timezone,
		       options->noaggregator ? ",noaggregator" : "") > 0);
	char *argv[] = {"favfs", "-o", list, "--", (char *)options->store,
		(char *)options->mountpoint, NULL};
	assert(options_parse(6, argv, &again, &why) == 0);
	assert(again.read_only == options->read_only && again.relaxed == options->relaxed);
	assert(again.windows == options->windows && again.login_names == options->login_names);
	assert(again.noaggregator == options->noaggregator);
	assert(strcmp(again.timezone, options->timezone) == 0);
	options_fini(&again);
	free(list);
}

static void check_taken(const struct options *options)
{
	const char *always = "default_permissions,nosuid,nodev";

	assert(options->store && options->mountpoint);
	assert(options->ttl_ns >= 0 && options->retention_ns >= 0);
	assert(options->ttl_ns <= INT64_C(36525) * 86400 * 1000000000);
	assert(options->windows == 0 ||
		(options->windows & 1u << WINDOW_ALL && options->windows >> WINDOW_KINDS == 0));
	assert(strncmp(options->mount, always, strlen(always)) == 0);
	assert(!has_word(options->mount, "suid") && !has_word(options->mount, "dev"));
	if (!strchr(options->timezone, ','))
		check_again(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size), *rest = text, *word;
	char *argv[WORDS_MAX + 1] = {"favfs"};
	struct options options;
	struct complaint why = {""};
	int argc = 1, error;

	while (argc < WORDS_MAX && (word = strsep(&rest, "\n")))
		argv[argc++] = word;
	error = options_parse(argc, argv, &options, &why);
	if (error)
		assert(error == -EINVAL && *why.text && !strchr(why.text, '\n'));
	else if (!options.help && !options.help_words && !options.version)
		check_taken(&options);
	options_fini(&options);
	free(text);
	return 0;
}
