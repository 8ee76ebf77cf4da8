/* What cJSON does not do by itself: own its items while they are put together, tell a text that is
 * no JSON from memory that ran out. Main thread. */
#include "sweep/json_part.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"

bool json_part_put(cJSON *container, const char *key, cJSON *item)
{
    bool added = item != NULL && (key == NULL ? cJSON_AddItemToArray(container, item)
                                              : cJSON_AddItemToObject(container, key, item));

    if (!added)
        cJSON_Delete(item);
    return added;
}

cJSON *json_part_number(uint64_t n)
{
    char digits[24];

    if (n == UINT64_MAX)
        return cJSON_CreateNull();
    snprintf(digits, sizeof digits, "%" PRIu64, n);
    return cJSON_CreateRaw(digits); /* its own numbers are doubles */
}

const cJSON *json_part_member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

/* A copy, as who adopted no allocator for cJSON (a test) has its texts from another one. */
char *json_part_print(const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item), *copy = NULL;

    if (text != NULL)
        copy = mem_copy_text(text);
    cJSON_free(text);
    return copy;
}

cJSON *json_part_parse(const char *text, size_t length, bool *short_of_memory)
{
    unsigned long shortages = mem_shortages();
    const char *end = NULL;
    cJSON *item = cJSON_ParseWithLengthOpts(text, length, &end, 0);

    if (item == NULL) {
        *short_of_memory = *short_of_memory || mem_shortages() != shortages;
        return NULL;
    }
    while (end < text + length && (*end == '\n' || *end == ' '))
        end++;
    if (end == text + length)
        return item;
    cJSON_Delete(item);
    return NULL;
}
