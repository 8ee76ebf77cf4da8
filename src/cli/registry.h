/* The experiments that are built in, by name. The list itself is experiments/list.h. */
#ifndef UVLAB_CLI_REGISTRY_H
#define UVLAB_CLI_REGISTRY_H

#include "measure/experiment.h"

/* All of them in teaching order, NULL-terminated. */
extern const struct experiment *const registry[];

/* The experiment of that name, or NULL. */
const struct experiment *registry_find(const char *name);

#endif
