/* The facts of a cluster as JSON. */
#ifndef UVLAB_OUTPUT_CLUSTER_JSON_H
#define UVLAB_OUTPUT_CLUSTER_JSON_H

#include <cjson/cJSON.h>

#include "measure/run.h"

/* The value of "cluster" of a run that has one; `tls`: its connections did. NULL when memory is
 * short; the caller frees with cJSON_Delete(). */
cJSON *cluster_json(const struct run *run, bool tls);

#endif
