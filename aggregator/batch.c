#include "aggregator/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/array.h"

void batch_fini(struct batch *batch)
{
	free(batch->deltas);
	free(batch->images);
	free(batch->names);
	*batch = (struct batch){.kinds = batch->kinds};
}

static int add_name(struct batch *batch, const char *name, uint32_t *ret_offset)
{
	size_t size = strlen(name) + 1;
	int error = array_reserve((void **)&batch->names, &batch->names_capacity, batch->names_size,
		size, sizeof(*batch->names));

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

static bool is_moment(int64_t moment_ns, bool wanted)
{
	return wanted ? moment_valid(moment_ns) : moment_ns == MOMENT_NONE;
}

const char *batch_refuses(const struct log_entry *entry)
{
	bool after = entry->op == LOG_ADD || entry->op == LOG_UPDATE;
	bool before = entry->op != LOG_ADD;

	if (entry->op < LOG_ADD || entry->op > LOG_EXPIRE)
		return "no operation";
	if (!is_moment(entry->created_ns, after) || !is_moment(entry->previous_ns, before))
		return "impossible moments";
	if (name_check(entry->restaurant) < 0 || name_check(entry->user) < 0)
		return "an impossible name";
	if (entry->restaurant_id < 1 || entry->restaurant_id >= RESTAURANT_ID_MAX)
		return "an impossible restaurant";
	return NULL;
}

static int compare(const void *a, const void *b, void *names)
{
	const struct delta *x = a, *y = b;

	if (x->window != y->window)
		return x->window < y->window ? -1 : 1;
	return strcmp((const char *)names + x->name, (const char *)names + y->name);
}

static void net_deltas(struct batch *batch)
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

/* Room for the windows of one change.  Netting makes more of it than growing, mostly. */
static int make_room(struct batch *batch)
{
	const size_t more = 2 * (size_t)WINDOW_KINDS;

	if (batch->count + more <= batch->capacity)
		return 0;
	net_deltas(batch);
	return array_reserve((void **)&batch->deltas, &batch->capacity, 2 * batch->count, more,
		sizeof(*batch->deltas));
}

int batch_add(struct batch *batch, const struct log_entry *entry)
{
	uint32_t name, user;
	int error = make_room(batch);

	if (!error)
		error = array_reserve((void **)&batch->images, &batch->image_capacity,
			batch->image_count, 1, sizeof(*batch->images));
	if (!error)
		error = add_name(batch, entry->restaurant, &name);
	if (!error)
		error = add_name(batch, entry->user, &user);
	if (error)
		return error;
	batch->images[batch->image_count] = (struct last_image){
		.user = user,
		.restaurant = name,
		.restaurant_id = entry->restaurant_id,
		.created_ns = entry->created_ns,
		.order = (uint32_t)batch->image_count,
	};
	batch->image_count++;
	if (entry->previous_ns != MOMENT_NONE)
		add_windows(batch, name, entry->previous_ns, -1);
	if (entry->created_ns != MOMENT_NONE)
		add_windows(batch, name, entry->created_ns, +1);
	return 0;
}

static int compare_images(const void *a, const void *b, void *names)
{
	const struct last_image *x = a, *y = b;
	int order = strcmp((const char *)names + x->user, (const char *)names + y->user);

	if (order)
		return order;
	return (x->restaurant_id > y->restaurant_id) - (x->restaurant_id < y->restaurant_id);
}

static int compare_images_in_order(const void *a, const void *b, void *names)
{
	const struct last_image *x = a, *y = b;
	int order = compare_images(a, b, names);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void net_images(struct batch *batch)
{
	struct last_image *out = batch->images;

	if (!batch->image_count)
		return;
	qsort_r(batch->images, batch->image_count, sizeof(*batch->images), compare_images_in_order,
		batch->names);
	for (size_t i = 0; i < batch->image_count; i++) {
		if (i + 1 < batch->image_count &&
			!compare_images(&batch->images[i], &batch->images[i + 1], batch->names))
			continue;
		*out++ = batch->images[i];
	}
	batch->image_count = (size_t)(out - batch->images);
}

void batch_net(struct batch *batch)
{
	net_deltas(batch);
	net_images(batch);
}

size_t batch_bytes(const struct batch *batch)
{
	return batch->count * sizeof(*batch->deltas) + batch->image_count * sizeof(*batch->images) +
	       batch->names_size;
}

void batch_empty(struct batch *batch)
{
	batch->count = 0;
	batch->image_count = 0;
	batch->names_size = 0;
}

int batch_apply(struct batch *batch, struct derived *derived, int64_t now_ns)
{
	int error = 0;

	batch_net(batch);
	for (size_t i = 0; i < batch->count && !error; i++)
		error = derived_add(derived, batch->names + batch->deltas[i].name,
			batch->deltas[i].window, batch->deltas[i].sum, now_ns);
	for (size_t i = 0; i < batch->image_count && !error; i++) {
		const struct last_image *image = &batch->images[i];

		error = derived_link(derived, batch->names + image->user, image->restaurant_id,
			batch->names + image->restaurant, image->created_ns, now_ns);
	}
	batch_empty(batch);
	return error;
}
