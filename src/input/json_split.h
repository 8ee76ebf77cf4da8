/* Takes a JSON document apart while it comes in, in pieces of any size: the elements of its long
 * arrays are handed on one by one, or only checked, and kept nowhere; all else is collected as a
 * document that is small enough to be parsed as a whole.
 *
 * What comes in may be anything. It is held to the grammar of RFC 8259, in UTF-8, to a depth, and
 * to limits in bytes, so that neither cJSON, which is less strict and calls itself for every level,
 * nor memory has to fear it. Not thread-safe; no global state. */
#ifndef UVLAB_INPUT_JSON_SPLIT_H
#define UVLAB_INPUT_JSON_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    JSON_DEPTH_MOST = 64,        /* arrays and objects in each other */
    JSON_NUMBER_BYTES_MOST = 60, /* cJSON reads no longer ones */
    JSON_SPLIT_ARRAYS_MOST = 3,
};

/* A long array: the value of `key` in the document's own object or, of every array of the list but
 * the first, in the elements of the array before it in the list. Where an object has the key
 * twice, the first counts. What is no array is not taken apart. */
struct json_split_array {
    const char *key;           /* at most 31 bytes of ASCII */
    size_t element_bytes_most; /* of those that are handed on, less their own long array */
    /* Is handed an element as soon as it is whole, with an empty array in the place of its own long
     * one, whose elements have come before. `json` has a NUL behind its `bytes`, no white space
     * between its parts, and lasts until this returns. A value other than 0 ends the reading with
     * *e, which must be filled. NULL: elements are checked, and that is all. */
    int (*take)(void *context, const char *json, size_t bytes, struct err *e);
};

struct json_split;

/* A new one, which keeps at most `bytes_most` of what is beside the arrays. `arrays` must outlive
 * it. NULL when memory is short. */
struct json_split *json_split_new(const struct json_split_array *arrays, unsigned count,
                                  size_t bytes_most, void *context, struct err *e);
void json_split_free(struct json_split *s); /* NULL is allowed */

/* Reads on. Fails with STATUS_FAILED: "is not JSON (line 3, column 15: no value begins with 'N')",
 * or, of what is JSON and is not taken, "line 1, column 65: deeper than 64 levels"; columns are
 * counted in bytes, from 1. After a failure it must not be called again. */
int json_split_feed(struct json_split *s, const char *bytes, size_t count, struct err *e);

/* There is no more. Fails when the document is not whole: "is cut off: ends in the middle of a text
 * (line 3, column 20)", or "is empty". */
int json_split_end(struct json_split *s, struct err *e);

/* Whether reading failed because what came in is not JSON, however much more of it may come. */
bool json_split_is_malformed(const struct json_split *s);

/* What is left beside the arrays: a valid document with empty arrays in their place. After
 * json_split_end(); lasts as long as s. */
const char *json_split_rest(const struct json_split *s, size_t *bytes);

#endif
