/*
 * queue.h - changes that wait, in the order in which they came, linked by next.
 */
#ifndef FAVFS_QUEUE_H
#define FAVFS_QUEUE_H

#include <stddef.h>

struct change;

/* All zero is no queue: queue_init first.  Has no lock of its own. */
struct queue {
	struct change *first;
	struct change **last;
};

void queue_init(struct queue *queue);
void queue_append(struct queue *queue, struct change *changes); /* a list; NULL is fine */
struct change *queue_take(struct queue *queue, size_t most); /* the first so many, or NULL */

/*
 * Tells each change of a list what became of it: @error, or without one its own.  Frees
 * nothing: a change is its submitter's again from within done.
 */
void queue_answer(struct change *changes, int error);

#endif
