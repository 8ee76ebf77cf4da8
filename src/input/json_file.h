/* Documents of JSON in files: reading them piece by piece, and what cJSON makes of what is left.
 * Main thread. */
#ifndef UVLAB_INPUT_JSON_FILE_H
#define UVLAB_INPUT_JSON_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "input/json_split.h"

/* Hands all of the file, or of standard input when `path` is "-", to s. Fails with STATUS_FAILED:
 * "cannot read 'x.json': No such file or directory", "'x.json' is not JSON (line 3, column 15:
 * ...)". */
int json_file_split(const char *path, struct json_split *s, struct err *e);

/* Puts the name in front of a message about the file: "'x.json': runs: ..." or, where the message
 * begins with "is", "'x.json' is empty". Returns -1. */
int json_file_name_error(struct err *e, const char *name);

/* The tree of a text that a splitter has handed on or left; the caller frees it with
 * cJSON_Delete(). Fails only when memory is short, and returns NULL then. */
cJSON *json_file_tree(const char *json, size_t bytes, struct err *e);

/* The value of a key, the first if there are several; NULL when there is none, or `object` is
 * none. */
const cJSON *json_file_get(const cJSON *object, const char *key);

/* A key that comes twice in one of the objects of the tree: *key points into it, or is NULL when
 * there is none. Fails when memory is short. */
int json_file_twice(const cJSON *tree, const char **key, struct err *e);

/* Whether the item is a whole number from 0 to 2^63. */
bool json_file_is_count(const cJSON *item);

#endif
