/* The key `blocking` of a run in a document. */
#ifndef UVLAB_OUTPUT_BLOCKING_JSON_H
#define UVLAB_OUTPUT_BLOCKING_JSON_H

#include <cjson/cJSON.h>

#include "measure/run.h"

/* Of a run that has run->blocking. The caller frees it with cJSON_Delete(). NULL when memory is
 * short. Main thread. */
cJSON *blocking_json(const struct run *run);

#endif
