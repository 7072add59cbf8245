#include "fs/node.h"

#include <assert.h>
#include <stdbool.h>

#define KEY_MASK ((UINT64_C(1) << NODE_KEY_BITS) - 1)
#define ROW_MASK ((UINT64_C(1) << NODE_ROW_BITS) - 1)

static bool has_window(enum node_kind kind)
{
	return kind == NODE_COUNT || kind == NODE_RANKING;
}

uint64_t node_id(struct node node)
{
	uint64_t id = (uint64_t)node.kind << NODE_ROW_BITS;
	uint64_t key = (uint64_t)node.key;

	if (node.kind == NODE_ROOT)
		return 1;
	if (!has_window(node.kind)) {
		assert(key <= ROW_MASK);
		return id | key;
	}
	assert(key <= KEY_MASK && node.window >> NODE_WINDOW_BITS == 0);
	return id | (uint64_t)node.window << NODE_KEY_BITS | key;
}

struct node node_of(uint64_t id)
{
	struct node node = {.kind = (enum node_kind)(id >> NODE_ROW_BITS)};

	if (node.kind >= NODE_KINDS || (node.kind == NODE_ROOT && id != 1))
		return (struct node){.kind = NODE_KINDS};
	if (has_window(node.kind)) {
		node.window = (window_t)((id & ROW_MASK) >> NODE_KEY_BITS);
		node.key = (int64_t)(id & KEY_MASK);
	} else if (node.kind != NODE_ROOT) {
		node.key = (int64_t)(id & ROW_MASK);
	}
	return node;
}
