/* What two results do not have in common besides their figures: parameters that somebody chose, and
 * the machine and the versions that they were measured with. Keys come from files and are compared
 * as they are; a key that only one of them has is a difference, too, unless it is null there.
 *
 * Pure; what is allocated belongs to the comparison. Main thread. */
#include "analysis/comparison.h"

#include <string.h>

#include "base/mem.h"
#include "input/json_file.h"

/* Facts that are never the same twice (what they mean for a result are warnings in it), and what
 * the parameter `threads` says already. */
static const char *const passing_facts[] = {
    "load_average", "others_cpu_ns",    "stolen_ns", "watched_ns",
    "pool_size",    "pool_size_source", NULL};

bool comparison_is_same(const cJSON *a, const cJSON *b)
{
    bool a_unknown = a == NULL || cJSON_IsNull(a), b_unknown = b == NULL || cJSON_IsNull(b);
    if (a_unknown || b_unknown)
        return a_unknown && b_unknown;
    if (cJSON_IsNumber(a) && cJSON_IsNumber(b)) /* cJSON_Compare() takes near ones for equal */
        return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
    return cJSON_Compare(a, b, true);
}

static bool is_passing(const char *key)
{
    for (size_t i = 0; passing_facts[i] != NULL; i++)
        if (strcmp(key, passing_facts[i]) == 0)
            return true;
    return false;
}

static size_t count_of(const cJSON *object)
{
    return (size_t)cJSON_GetArraySize(object);
}

/* Whether the key was looked at already: as the first of its name, or in the base. */
static bool is_repeated(const cJSON *object, const cJSON *item)
{
    return json_file_get(object, item->string) != item;
}

static int find(struct comparison_changes *changes, const cJSON *base, const cJSON *other,
                bool facts, struct err *e)
{
    changes->rows = mem_zeroed(count_of(base) + count_of(other) + 1, sizeof *changes->rows);
    if (changes->rows == NULL)
        return err_no_memory(e, "what differs");
    for (const cJSON *item = base->child; item != NULL; item = item->next) {
        const cJSON *same = json_file_get(other, item->string);
        if (!is_repeated(base, item) && !comparison_is_same(item, same) &&
            !(facts && is_passing(item->string)))
            changes->rows[changes->count++] = (struct comparison_change){item->string, item, same};
    }
    for (const cJSON *item = other->child; item != NULL; item = item->next)
        if (!is_repeated(other, item) && json_file_get(base, item->string) == NULL &&
            !cJSON_IsNull(item) && !(facts && is_passing(item->string)))
            changes->rows[changes->count++] = (struct comparison_change){item->string, NULL, item};
    return 0;
}

int comparison_find_changes(struct comparison *c, struct err *e)
{
    if (find(&c->parameters, c->base->parameters, c->other->parameters, false, e) != 0)
        return -1;
    return find(&c->environment, c->base->environment, c->other->environment, true, e);
}
