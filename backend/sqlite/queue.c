#include "backend/sqlite/queue.h"

#include "backend/backend.h"

void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

void queue_append(struct queue *queue, struct change *changes)
{
	*queue->last = changes;
	while (*queue->last)
		queue->last = &(*queue->last)->next;
}

struct change *queue_take(struct queue *queue, size_t most)
{
	struct change *taken = queue->first, **end = &queue->first;

	while (most-- && *end)
		end = &(*end)->next;
	queue->first = *end;
	if (!queue->first)
		queue->last = &queue->first;
	*end = NULL;
	return taken;
}

void queue_answer(struct change *changes, int error)
{
	for (struct change *change = changes, *next; change; change = next) {
		int result = error ? error : change->error;

		next = change->next;
		change->done(change, result, result ? NULL : &change->after);
	}
}
