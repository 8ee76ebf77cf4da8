/* The facts of a load as JSON. */
#ifndef UVLAB_OUTPUT_LOAD_JSON_H
#define UVLAB_OUTPUT_LOAD_JSON_H

#include <cjson/cJSON.h>

#include "measure/run.h"

/* The value of "load" of a run that is one. NULL when memory is short; the caller frees with
 * cJSON_Delete(). */
cJSON *load_json(const struct run *run);

#endif
