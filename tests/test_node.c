#include "fs/node.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "tests/support/fixture.h"

#define KEY_MAX    ((INT64_C(1) << NODE_KEY_BITS) - 1)
#define WINDOW_MAX ((1u << NODE_WINDOW_BITS) - 1)
#define ROW_MAX    ((INT64_C(1) << NODE_ROW_BITS) - 1)

static bool has_window(enum node_kind kind)
{
	return kind == NODE_COUNT || kind == NODE_RANKING;
}

static void assert_round_trip(struct node node)
{
	struct node back = node_of(node_id(node));

	ck_assert_int_eq(back.kind, node.kind);
	ck_assert_uint_eq(back.window, node.window);
	ck_assert_int_eq(back.key, node.key);
}

START_TEST(the_root_is_1)
{
	ck_assert_uint_eq(node_id((struct node){.kind = NODE_ROOT}), 1);
	ck_assert_int_eq(node_of(1).kind, NODE_ROOT);
	ck_assert_uint_eq(node_of(1).window, 0);
}
END_TEST

START_TEST(every_kind_comes_back_with_its_smallest_and_largest_key)
{
	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KINDS; kind++) {
		const int64_t most = has_window(kind) ? KEY_MAX : ROW_MAX;
		const int64_t keys[] = {0, 1, 2, 12345, most / 2 + 1, most - 1, most};
		const window_t windows[] = {0, 1, 4711, WINDOW_MAX - 1, WINDOW_MAX};

		for (size_t i = 0; i < COUNT(keys); i++)
			for (size_t j = 0; j < (has_window(kind) ? COUNT(windows) : 1); j++)
				assert_round_trip((struct node){kind, windows[j], keys[i]});
	}
}
END_TEST

START_TEST(random_nodes_come_back)
{
	srandom(fixture_seed());
	for (int i = 0; i < 1000; i++) {
		enum node_kind kind = 1 + (enum node_kind)random() % (NODE_KINDS - 1);
		int64_t key = (int64_t)random() << 31 | random();
		bool window = has_window(kind);

		assert_round_trip((struct node){kind, window ? (window_t)random() & WINDOW_MAX : 0,
			key & (window ? KEY_MAX : ROW_MAX)});
	}
}
END_TEST

START_TEST(nodes_that_differ_in_anything_have_different_ids)
{
	static const struct node nodes[] = {
		{NODE_ROOT, 0, 0},
		{NODE_RESTAURANTS, 0, 0},
		{NODE_RESTAURANT, 0, 1},
		{NODE_RESTAURANT, 0, 2},
		{NODE_FANS, 0, 1},
		{NODE_FAVORITE, 0, 1},
		{NODE_COUNTS, 0, 0},
		{NODE_COUNT_DIR, 0, 1},
		{NODE_COUNT, 0, 1},
		{NODE_COUNT, 1, 1},
		{NODE_COUNT, 1, 0},
		{NODE_RANKINGS, 0, 0},
		{NODE_RANKING, 0, 1},
		{NODE_RANKING, 1, 1},
		{NODE_RANKING, 1, 2},
		{NODE_ALIAS, 0, 1},
		{NODE_ALIAS, 0, 2},
	};

	for (size_t i = 0; i < COUNT(nodes); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(node_id(nodes[i]), node_id(nodes[j]));
}
END_TEST

START_TEST(a_number_that_is_no_node_is_told)
{
	static const uint64_t numbers[] = {0, 2, 4711, UINT64_C(1) << (NODE_ROW_BITS - 1),
		(uint64_t)NODE_KINDS << NODE_ROW_BITS, UINT64_MAX};

	for (size_t i = 0; i < COUNT(numbers); i++)
		ck_assert_msg(node_of(numbers[i]).kind == NODE_KINDS, "%" PRIu64, numbers[i]);
}
END_TEST

START_TEST(every_window_and_every_version_fits)
{
	for (enum window_kind kind = 0; kind < WINDOW_KINDS; kind++)
		assert_round_trip((struct node){
			NODE_RANKING, window_of(kind, MOMENT_NS_MAX), RANKING_KEY_MAX - 1});
}
END_TEST

/* As an id cut short would be that of another file. */
START_TEST(a_key_that_does_not_fit_is_our_mistake)
{
	static const struct node misfits[] = {
		{NODE_FAVORITE, 0, ROW_MAX + 1},
		{NODE_RESTAURANT, 0, -1},
		{NODE_RANKING, 0, KEY_MAX + 1},
		{NODE_RANKING, 0, -1},
		{NODE_RANKING, WINDOW_MAX + 1, 0},
	};

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* where assert tells it */
	(void)node_id(misfits[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("node");
	TCase *tcase = fixture_case_bare(suite, "id");

	tcase_add_test(tcase, the_root_is_1);
	tcase_add_test(tcase, every_kind_comes_back_with_its_smallest_and_largest_key);
	tcase_add_test(tcase, random_nodes_come_back);
	tcase_add_test(tcase, nodes_that_differ_in_anything_have_different_ids);
	tcase_add_test(tcase, a_number_that_is_no_node_is_told);
	tcase_add_test(tcase, every_window_and_every_version_fits);
	tcase_add_loop_test_raise_signal(
		tcase, a_key_that_does_not_fit_is_our_mistake, SIGABRT, 0, 5);
	return fixture_run(suite);
}
