/* Names of places. Constants. */
#include "measure/blocking_facts.h"

#include <stddef.h>

const char *const blocking_where_names[BLOCKING_PLACES + 1] = {
    [BLOCKING_LOOP] = "loop",       [BLOCKING_POOL] = "pool", [BLOCKING_WORKER] = "worker",
    [BLOCKING_PROCESS] = "process", [BLOCKING_PLACES] = NULL,
};
