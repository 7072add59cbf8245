#include "fs/shares.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "backend/array.h"

static struct cost *find(const struct shares *shares, uid_t uid)
{
	for (size_t i = 0; i < shares->count; i++)
		if (shares->list[i].uid == uid)
			return &shares->list[i];
	return NULL;
}

static int find_or_add(struct shares *shares, uid_t uid, struct cost **ret_share)
{
	struct cost *share = find(shares, uid);
	int error = share ? 0
			  : array_reserve((void **)&shares->list, &shares->capacity, shares->count,
				    1, sizeof(*shares->list));

	if (error)
		return error;
	if (!share) {
		share = &shares->list[shares->count++];
		*share = (struct cost){.uid = uid};
	}
	*ret_share = share;
	return 0;
}

static void forget_unused(struct shares *shares, struct cost *share)
{
	if (!share->memory_bytes && !share->text_bytes)
		*share = shares->list[--shares->count];
}

static void add(struct cost *to, const struct cost *cost)
{
	to->memory_bytes += cost->memory_bytes;
	to->text_bytes += cost->text_bytes;
}

static void subtract(struct cost *from, const struct cost *cost)
{
	from->memory_bytes -= cost->memory_bytes;
	from->text_bytes -= cost->text_bytes;
}

static bool fits(const struct cost *used, const struct cost *cost, int64_t memory, int64_t text)
{
	return used->memory_bytes + cost->memory_bytes <= memory &&
	       used->text_bytes <= text - cost->text_bytes;
}

int shares_take(struct shares *shares, const struct cost *cost)
{
	struct cost *share = NULL;
	int error = find_or_add(shares, cost->uid, &share);

	if (error)
		return error;
	if (fits(share, cost, SHARE_MEMORY_MAX, SHARE_TEXT_MAX) &&
		fits(&shares->all, cost, SHARES_MEMORY_MAX, SHARES_TEXT_MAX)) {
		add(share, cost);
		add(&shares->all, cost);
		return 0;
	}
	forget_unused(shares, share);
	return -ENFILE;
}

void shares_give(struct shares *shares, const struct cost *cost)
{
	struct cost *share = find(shares, cost->uid);

	assert(share);
	subtract(share, cost);
	subtract(&shares->all, cost);
	forget_unused(shares, share);
}

void shares_move_text(struct shares *shares, struct cost *from, struct cost *to)
{
	int64_t text_bytes = from->text_bytes;
	struct cost *giver = find(shares, from->uid), *taker = find(shares, to->uid);

	assert(giver && taker); /* both have memory */
	giver->text_bytes -= text_bytes;
	taker->text_bytes += text_bytes;
	from->text_bytes = 0;
	to->text_bytes = text_bytes;
}

void shares_fini(struct shares *shares)
{
	free(shares->list);
	*shares = (struct shares){.list = NULL};
}
