/* experiments/list.h, expanded into an array: the one place where the command line learns which
 * experiments there are. Constant data, any thread. */
#include "cli/registry.h"

#include <string.h>

#include "experiments/list.h"

#define DECLARE(id) extern const struct experiment experiment_##id;
EXPERIMENTS(DECLARE)
#undef DECLARE

#define ADDRESS(id) &experiment_##id,
const struct experiment *const registry[] = {EXPERIMENTS(ADDRESS) NULL};
#undef ADDRESS

const struct experiment *registry_find(const char *name)
{
    for (size_t i = 0; registry[i] != NULL; i++)
        if (strcmp(registry[i]->name, name) == 0)
            return registry[i];
    return NULL;
}
