/* The parts of a document that are about the whole result, as cJSON: the same in every view that
 * shows them. Each returns NULL when memory is short; the caller frees with cJSON_Delete(). */
#ifndef UVLAB_OUTPUT_DOCUMENT_H
#define UVLAB_OUTPUT_DOCUMENT_H

#include <cjson/cJSON.h>

#include "measure/result.h"

/* Room for the key of a parameter, with its NUL. */
enum { DOCUMENT_KEY_BYTES = PARAM_KEY_BYTES, DOCUMENT_SHOWN_BYTES = 512 };

/* The key of a parameter: param_key(). */
const char *document_key(const struct param *p, char key[DOCUMENT_KEY_BYTES]);

/* What was asked for: the experiment's options and the common ones, but not how to show it.
 * `threads` is the number that the pool really has. */
cJSON *document_parameters(const struct result *r);
/* What the passes of one run have changed in it: {} or a single parameter. */
cJSON *document_override(const struct result *r, const struct run *run);

cJSON *document_environment(const struct result *r);
cJSON *document_warnings(const struct result *r);
cJSON *document_claims(const struct result *r);

/* "measured", "baseline" or "trial". */
const char *document_role(const struct run *run);

#endif
