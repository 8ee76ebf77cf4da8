/* Writing JSON: the small parts of a document are built with cJSON, arrays that can be long are
 * streamed. Both ways give valid UTF-8, whatever bytes the text consists of. Main thread. */
#ifndef UVLAB_OUTPUT_JSON_TEXT_H
#define UVLAB_OUTPUT_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "output/out.h"

/* --- Streaming; needs no memory. --- */

/* The string with its quotes; a byte that is no valid UTF-8 becomes '?'. */
void json_out_string(struct out *o, const char *s);
/* The number, or null for what is unknown (SPAN_UNKNOWN). */
void json_out_number(struct out *o, uint64_t n);

/* --- Building; NULL when memory is short. --- */

cJSON *json_text(const char *s);    /* NULL makes a null; bytes as for json_out_string() */
cJSON *json_number(uint64_t n);     /* exact up to 64 bits; null for what is unknown */
cJSON *json_measure(double number); /* null when it is negative, which means unknown */

/* Puts `item` into an object (under `key`, a constant) or, when key is NULL, at the end of an
 * array; it owns the item from then on. False when memory was short, here or for the item itself
 * (NULL); the item is freed then. `&&` between calls makes building stop at the first failure. */
bool json_put(cJSON *container, const char *key, cJSON *item);

/* Writes `item`: objects and arrays down to `depth` levels with a member on each line, indented by
 * `indent` spaces and two more per level; below that without any white space. False when memory was
 * short. json_write_members() leaves out the braces and the line breaks around the members. */
bool json_write(struct out *o, const cJSON *item, unsigned indent, unsigned depth);
bool json_write_members(struct out *o, const cJSON *object, unsigned indent, unsigned depth);

#endif
