#include "aggregator/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void batch_fini(struct batch *batch)
{
	free(batch->deltas);
	free(batch->names);
	*batch = (struct batch){.kinds = batch->kinds};
}

/* Room for @more elements of @size at *array; doubles. */
static int reserve(void **array, size_t *capacity, size_t count, size_t more, size_t size)
{
	size_t wanted = *capacity ? *capacity : 1024;
	void *grown;

	if (count + more <= *capacity)
		return 0;
	while (wanted < count + more)
		wanted *= 2;
	grown = realloc(*array, wanted * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*capacity = wanted;
	return 0;
}

static int add_name(struct batch *batch, const char *name, uint32_t *ret_offset)
{
	size_t size = strlen(name) + 1;
	int error = reserve((void **)&batch->names, &batch->names_capacity, batch->names_size, size,
		sizeof(*batch->names));

	if (error)
		return error;
	if (batch->names_size + size > UINT32_MAX)
		return -EOVERFLOW;
	memcpy(batch->names + batch->names_size, name, size);
	*ret_offset = (uint32_t)batch->names_size;
	batch->names_size += size;
	return 0;
}

/* Room was made for all kinds. */
static void add_windows(struct batch *batch, uint32_t name, int64_t moment_ns, int64_t sum)
{
	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++)
		if (batch->kinds & (1u << kind))
			batch->deltas[batch->count++] = (struct delta){
				.window = window_of((enum window_kind)kind, moment_ns),
				.name = name,
				.sum = sum,
			};
}

/* What the log holds was checked when it was written; a damaged row must not count anywhere. */
static bool is_sound(const struct log_entry *entry)
{
	int64_t created = entry->created_ns, previous = entry->previous_ns;

	return (created == MOMENT_NONE || moment_valid(created)) &&
	       (previous == MOMENT_NONE || moment_valid(previous));
}

int batch_add(struct batch *batch, const struct log_entry *entry)
{
	uint32_t name;
	int error = is_sound(entry) ? 0 : -EUCLEAN;

	if (!error)
		error = reserve((void **)&batch->deltas, &batch->capacity, batch->count,
			2 * (size_t)WINDOW_KINDS, sizeof(*batch->deltas));
	if (!error)
		error = add_name(batch, entry->restaurant, &name);
	if (error)
		return error;
	if (entry->previous_ns != MOMENT_NONE)
		add_windows(batch, name, entry->previous_ns, -1);
	if (entry->created_ns != MOMENT_NONE)
		add_windows(batch, name, entry->created_ns, +1);
	return 0;
}

static int compare(const void *a, const void *b, void *names)
{
	const struct delta *x = a, *y = b;

	if (x->window != y->window)
		return x->window < y->window ? -1 : 1;
	return strcmp((const char *)names + x->name, (const char *)names + y->name);
}

void batch_net(struct batch *batch)
{
	struct delta *out = batch->deltas;

	if (!batch->count)
		return;
	qsort_r(batch->deltas, batch->count, sizeof(*batch->deltas), compare, batch->names);
	for (size_t i = 0; i < batch->count;) {
		struct delta delta = batch->deltas[i++];

		while (i < batch->count && !compare(&delta, &batch->deltas[i], batch->names))
			delta.sum += batch->deltas[i++].sum;
		if (delta.sum)
			*out++ = delta;
	}
	batch->count = (size_t)(out - batch->deltas);
}

int batch_apply(struct batch *batch, struct derived *derived, int64_t now_ns)
{
	int error = 0;

	batch_net(batch);
	for (size_t i = 0; i < batch->count && !error; i++)
		error = derived_add(derived, batch->names + batch->deltas[i].name,
			batch->deltas[i].window, batch->deltas[i].sum, now_ns);
	batch->count = 0;
	batch->names_size = 0;
	return error;
}
