/* Small things that everything here does with cJSON: building, taking apart, texts of its own. */
#ifndef UVLAB_SWEEP_JSON_PART_H
#define UVLAB_SWEEP_JSON_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* Puts `item` into an object (or, when key is NULL, at the end of an array), which owns it from
 * then on. False when memory was short, here or for the item itself (NULL); it is freed then. */
bool json_part_put(cJSON *container, const char *key, cJSON *item);

/* Exact up to 64 bits; null for what is unknown (UINT64_MAX). NULL when memory is short. */
cJSON *json_part_number(uint64_t n);

/* The member of an object; NULL when it has none, or is none. */
const cJSON *json_part_member(const cJSON *object, const char *key);

/* The item as a text without white space, to be given back with mem_free(); NULL when memory is
 * short. */
char *json_part_print(const cJSON *item);

/* The whole text as an item: nothing but blanks and line feeds may stand behind it. NULL when it is
 * no JSON, or when memory is short, which *short_of_memory becomes true for. Any bytes are safe. */
cJSON *json_part_parse(const char *text, size_t length, bool *short_of_memory);

#endif
