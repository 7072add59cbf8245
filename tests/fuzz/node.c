/* Node ids and nodes are one to one, and no number that the kernel may send is trusted. */
#include "fs/node.h"

#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

static bool has_window(enum node_kind kind)
{
	return kind == NODE_COUNT || kind == NODE_RANKING;
}

static void check_id(uint64_t id)
{
	struct node node = node_of(id);

	if (node.kind == NODE_KINDS)
		assert(id >> NODE_ROW_BITS >= NODE_KINDS || (id >> NODE_ROW_BITS == 0 && id != 1));
	else
		assert(node_id(node) == id);
	assert(node.key >= 0 && (has_window(node.kind) || node.window == 0));
}

static void check_node(uint64_t kind, uint64_t window, uint64_t key)
{
	struct node node = {.kind = (enum node_kind)(kind % NODE_KINDS)}, again;

	if (has_window(node.kind)) {
		node.window = (window_t)(window & ((1u << NODE_WINDOW_BITS) - 1));
		node.key = (int64_t)(key & ((UINT64_C(1) << NODE_KEY_BITS) - 1));
	} else if (node.kind != NODE_ROOT) {
		node.key = (int64_t)(key & ((UINT64_C(1) << NODE_ROW_BITS) - 1));
	}
	again = node_of(node_id(node));
	assert(again.kind == node.kind && again.window == node.window && again.key == node.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint64_t kind, window;

	check_id(input_number(&input, 8));
	input = (struct input){data, size};
	kind = input_number(&input, 1);
	window = input_number(&input, 4);
	check_node(kind, window, input_number(&input, 8));
	return 0;
}
