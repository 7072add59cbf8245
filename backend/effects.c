#include "backend/effects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/array.h"

void effects_free(struct effects *effects)
{
	if (!effects)
		return;
	free(effects->list);
	free(effects->names);
	free(effects);
}

/* Room was made before. */
static size_t add_name(struct effects *effects, const char *name)
{
	size_t offset = effects->names_size;

	strcpy(effects->names + offset, name);
	effects->names_size += strlen(name) + 1;
	return offset;
}

int effects_add(
	struct effects *effects, struct effect effect, const char *restaurant, const char *user)
{
	size_t size;
	int error = array_reserve((void **)&effects->list, &effects->capacity, effects->count, 1,
		sizeof(*effects->list));

	restaurant = restaurant ? restaurant : "";
	user = user ? user : "";
	size = strlen(restaurant) + 1 + strlen(user) + 1;
	if (!error)
		error = array_reserve((void **)&effects->names, &effects->names_capacity,
			effects->names_size, size, 1);
	if (error)
		return error;
	effect.restaurant_name = add_name(effects, restaurant);
	effect.user_name = add_name(effects, user);
	effects->list[effects->count++] = effect;
	return 0;
}
