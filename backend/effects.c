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

int effects_add(struct effects *effects, struct effect effect, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;
	int error = array_reserve((void **)&effects->list, &effects->capacity, effects->count, 1,
		sizeof(*effects->list));

	if (!error)
		error = array_reserve((void **)&effects->names, &effects->names_capacity,
			effects->names_size, size + 1, 1);
	if (error)
		return error;
	effect.name = effects->names_size;
	if (name)
		memcpy(effects->names + effects->names_size, name, size);
	effects->names_size += size;
	effects->list[effects->count++] = effect;
	return 0;
}
