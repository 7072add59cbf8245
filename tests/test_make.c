#include "backend/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/sqlite/internal.h"
#include "tests/support/fixture.h"

static struct complaint why;

static int make_store(window_kinds_t windows)
{
	struct store_form form = {.windows = windows};

	return store_make(fixture.path, &form, &why);
}

static void make_file(const char *file)
{
	int fd = open(store_file(file), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

START_TEST(a_made_store_is_private_empty_and_counts_what_was_asked)
{
	struct store *store;
	struct stat st;

	ck_assert_int_eq(make_store((1u << WINDOW_ALL) | (1u << WINDOW_HOUR)), 0);
	ck_assert_int_eq(stat(fixture.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	store = open_reading();
	ck_assert_uint_eq(store_windows(store), (1u << WINDOW_ALL) | (1u << WINDOW_HOUR));
	store_close(store);
	serve();
	ck_assert_int_eq(totals_now().restaurants, 0);
	ck_assert_int_eq(mark(make_place("noma"), "alice"), 0);
}
END_TEST

START_TEST(without_windows_it_counts_the_default)
{
	struct store *store;

	ck_assert_int_eq(make_store(0), 0);
	store = open_reading();
	ck_assert_uint_eq(store_windows(store), WINDOW_KINDS_DEFAULT);
	store_close(store);
}
END_TEST

START_TEST(an_empty_directory_becomes_a_store)
{
	ck_assert_int_eq(mkdir(fixture.path, 0755), 0);
	ck_assert_int_eq(make_store(0), 0);
	store_close(open_reading());
}
END_TEST

/* What lies in the directory, a store that is half made has one of the first; and how it is told. */
static const struct {
	const char *file;
	const char *told;
} contents[] = {
	{"lock", "lock"},
	{"favorites.db.new", "favorites.db.new"},
	{"favorites.db", "exists, and is a store"},
	{"derived.db", "derived.db"},
	{"derived.bell", "derived.bell"},
	{"somebody's", "somebody's"},
	{".hidden", ".hidden"},
};

START_TEST(what_exists_is_refused_and_left_alone)
{
	ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
	make_file(contents[_i].file);
	ck_assert_int_eq(make_store(0), -EEXIST);
	ck_assert_ptr_nonnull(strstr(why.text, contents[_i].told));
	ck_assert_int_eq(unlink(store_file(contents[_i].file)), 0);
	ck_assert_int_eq(rmdir(fixture.path), 0); /* nothing else is there */
}
END_TEST

START_TEST(a_store_is_refused_also_while_it_is_served)
{
	ck_assert_int_eq(make_store(0), 0);
	ck_assert_int_eq(make_store(0), -EEXIST);
	serve();
	ck_assert_int_eq(make_store(0), -EEXIST);
}
END_TEST

START_TEST(network_filesystems_are_known_by_their_numbers)
{
	ck_assert_str_eq(store_network_name(0x6969), "NFS");
	ck_assert_str_eq(store_network_name(0xff534d42), "CIFS");
	ck_assert_str_eq(store_network_name(0xfe534d42), "SMB");
	ck_assert_ptr_null(store_network_name(0xef53)); /* ext4 */
	ck_assert_ptr_null(store_network_name(0x01021994)); /* tmpfs */
	ck_assert_ptr_null(store_network_name(0x9123683e)); /* btrfs */
}
END_TEST

START_TEST(a_file_a_url_and_a_missing_folder_are_refused)
{
	struct store_form form = {.windows = 0};

	ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
	make_file("../file");
	ck_assert_int_eq(store_make("redis://there", &form, &why), -EPROTONOSUPPORT);
	ck_assert_int_eq(store_make(store_file("../missing/store"), &form, &why), -ENOENT);
	(void)snprintf(fixture.path + strlen(fixture.directory), 8, "/file");
	ck_assert_int_eq(make_store(0), -EEXIST);
}
END_TEST

/* ---- sets of kinds ---- */

static const struct set {
	const char *text;
	const char *written;
} sets[] = {
	{"all", "all"},
	{"month", "all,month"},
	{"day,month", "all,month,day"},
	{"hour:week+year", "all,year,week,hour"},
	{"all,year,month,week,day,hour", "all,year,month,week,day,hour"},
	{"day,day", "all,day"},
	{"", NULL},
	{",", NULL},
	{"day,", NULL},
	{"days", NULL},
	{"day month", NULL},
	{"a-very-long-word-that-is-none", NULL},
};

START_TEST(sets_of_kinds_are_read_and_written)
{
	char text[WINDOW_KINDS_TEXT_MAX];
	window_kinds_t kinds = 77;

	for (size_t i = 0; i < COUNT(sets); i++) {
		int error = window_kinds_parse(sets[i].text, &kinds);

		ck_assert_msg(error == (sets[i].written ? 0 : -EINVAL), "'%s'", sets[i].text);
		if (error)
			continue;
		window_kinds_format(kinds, text);
		ck_assert_str_eq(text, sets[i].written);
	}
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("make");
	TCase *bare = fixture_case_bare(suite, "make");

	tcase_add_test(bare, a_made_store_is_private_empty_and_counts_what_was_asked);
	tcase_add_test(bare, without_windows_it_counts_the_default);
	tcase_add_test(bare, an_empty_directory_becomes_a_store);
	tcase_add_loop_test(bare, what_exists_is_refused_and_left_alone, 0, (int)COUNT(contents));
	tcase_add_test(bare, a_store_is_refused_also_while_it_is_served);
	tcase_add_test(bare, a_file_a_url_and_a_missing_folder_are_refused);
	tcase_add_test(bare, network_filesystems_are_known_by_their_numbers);
	tcase_add_test(bare, sets_of_kinds_are_read_and_written);
	return suite;
}

int main(void)
{
	return fixture_run(make_suite());
}
