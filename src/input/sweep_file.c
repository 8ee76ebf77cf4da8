/* From the runs of a sweep to a result for each of its points. A run names its point by number, and
 * may come before the points do: places are made as numbers come, and must be among the points in
 * the end. What counts is what the sweep itself let count (sweep/run_document.c): a run without an
 * error, whose process ended with status 0 or, as a few requests of its load failed, with 1.
 *
 * Points share the parameters and the environment of their sweep by reference, so that a file of a
 * few megabytes does not become gigabytes of them. Main thread; all belongs to the sweep. */
#include "input/sweep_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "input/json_file.h"
#include "input/result_run.h"
#include "measure/sweep_facts.h"

enum { PLACE_BYTES = 80, VALUE_BYTES = 40, POINTS_FIRST = 16 };

static struct sweep_file *sweep_of(struct result_file *f, struct err *e)
{
    if (f->sweep == NULL)
        f->sweep = mem_zeroed(1, sizeof *f->sweep);
    if (f->sweep == NULL)
        err_no_memory(e, "a sweep");
    return f->sweep;
}

/* Places for `count` points; new ones are empty. */
static int make_room(struct sweep_file *s, size_t count, struct err *e)
{
    size_t capacity = s->point_capacity == 0 ? POINTS_FIRST : s->point_capacity;
    struct sweep_point *points;
    while (capacity < count)
        capacity *= 2;
    if (capacity > s->point_capacity) {
        points = mem_resize(s->points, capacity * sizeof *points);
        if (points == NULL)
            return err_no_memory(e, "the points of a sweep");
        memset(points + s->point_capacity, 0, (capacity - s->point_capacity) * sizeof *points);
        s->points = points;
        s->point_capacity = capacity;
    }
    if (count > s->point_count)
        s->point_count = count;
    return 0;
}

/* Whether the run counts; fails when what it says of its end is not as the schema has it. */
static int find_end(const cJSON *run, const char *place, bool *counts, struct err *e)
{
    const cJSON *error = json_file_get(run, "error"), *status = json_file_get(run, "exit_status");
    const cJSON *spans = json_file_get(run, "spans");
    if (!cJSON_IsNull(error) && !cJSON_IsString(error))
        return err_set(e, STATUS_FAILED, "%s.error: must be a text or null", place);
    if (spans != NULL && !cJSON_IsArray(spans))
        return err_set(e, STATUS_FAILED, "%s.spans: must be an array", place);
    *counts = cJSON_IsNull(error);
    if (*counts && (!json_file_is_count(status) || status->valuedouble > STATUS_FAILED))
        return err_set(e, STATUS_FAILED, "%s.exit_status: must be 0 or 1 where error is null",
                       place);
    return 0;
}

int sweep_take_run(struct result_file *f, const cJSON *run, size_t index, struct err *e)
{
    struct sweep_file *s = sweep_of(f, e);
    const cJSON *point = json_file_get(run, "point");
    char place[PLACE_BYTES];
    bool counts = false;
    struct result_file *result;
    snprintf(place, sizeof place, "runs[%zu]", index);
    if (s == NULL)
        return -1;
    if (!json_file_is_count(point) || point->valuedouble >= SWEEP_POINTS_MOST)
        return err_set(e, STATUS_FAILED, "%s.point: must be the number of a point", place);
    if (find_end(run, place, &counts, e) != 0 ||
        make_room(s, (size_t)point->valuedouble + 1, e) != 0)
        return -1;
    result = &s->points[(size_t)point->valuedouble].result;
    result->run_count += counts;
    f->run_count += counts;
    result->runs_left_out += !counts;
    f->runs_left_out += !counts;
    return counts ? result_take_figures(result, run, place, e) : 0;
}

static bool ends_with(const char *s, const char *end)
{
    size_t length = strlen(s), of_end = strlen(end);
    return length > of_end && strcmp(s + length - of_end, end) == 0;
}

/* "run-duration 2ms" of run_duration_ns: as the flag was given. `bytes` of the label are left. */
static size_t add_label(char *label, size_t bytes, const cJSON *item)
{
    char name[RESULT_WORD_BYTES], value[UNITS_TEXT_BYTES + VALUE_BYTES];
    bool ns = ends_with(item->string, "_ns"), size = ends_with(item->string, "_bytes");
    size_t length = strlen(item->string) - (ns ? strlen("_ns") : size ? strlen("_bytes") : 0);
    int used;
    snprintf(name, sizeof name, "%.*s", (int)length, item->string);
    for (char *c = strchr(name, '_'); c != NULL; c = strchr(c, '_'))
        *c = '-';
    if (cJSON_IsString(item))
        snprintf(value, sizeof value, "%.*s", (int)text_cut(item->valuestring, VALUE_BYTES),
                 item->valuestring);
    else if (ns)
        units_exact_duration(value, (uint64_t)item->valuedouble);
    else if (size)
        units_exact_size(value, (uint64_t)item->valuedouble);
    else
        snprintf(value, sizeof value, "%" PRIu64, (uint64_t)item->valuedouble);
    used = snprintf(label, bytes, "%s %s", name, value);
    return used < 0 || (size_t)used >= bytes ? bytes - 1 : (size_t)used;
}

/* "threads 4, work file" */
static void make_label(char label[SWEEP_LABEL_BYTES], const cJSON *values)
{
    size_t used = 0;
    for (const cJSON *item = values->child; item != NULL; item = item->next) {
        if (used > 0 && used + 2 < SWEEP_LABEL_BYTES) {
            memcpy(label + used, ", ", 3);
            used += 2;
        }
        used += add_label(label + used, SWEEP_LABEL_BYTES - used, item);
    }
    label[text_cut(label, SWEEP_LABEL_BYTES - 1)] = '\0';
    text_make_printable(label);
}

/* Takes values of axes out of the object that holds them. */
static int take_values(cJSON *holder, const char *key, const char *place, cJSON **values,
                       struct err *e)
{
    const cJSON *object = json_file_get(holder, key);
    if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) < 1 ||
        cJSON_GetArraySize(object) > SWEEP_AXES_MOST)
        return err_set(e, STATUS_FAILED, "%s: must be an object of 1 to %d values", place,
                       SWEEP_AXES_MOST);
    for (cJSON *item = object->child; item != NULL; item = item->next) {
        const cJSON name = {.type = cJSON_String, .valuestring = item->string};
        if (!result_is_word(&name))
            return err_set(e, STATUS_FAILED, "%s: '%.*s' is no key of an option", place,
                           (int)text_cut(item->string, RESULT_WORD_BYTES), item->string);
        if (cJSON_IsString(item))
            text_make_printable(item->valuestring);
        else if (!json_file_is_count(item))
            return err_set(e, STATUS_FAILED, "%s.%s: must be a text or a whole number up to 2^63",
                           place, item->string);
    }
    *values = cJSON_DetachItemFromObjectCaseSensitive(holder, key);
    return 0;
}

/* What a point has of its sweep. */
static int share(struct result_file *result, const struct result_file *f, struct err *e)
{
    result->name = mem_copy_text(f->name);
    result->parameters = cJSON_CreateObjectReference(f->parameters->child);
    result->environment = cJSON_CreateObjectReference(f->environment->child);
    memcpy(result->experiment, f->experiment, sizeof result->experiment);
    memcpy(result->started_at, f->started_at, sizeof result->started_at);
    result->interrupted = f->interrupted;
    if (result->name == NULL || result->parameters == NULL || result->environment == NULL)
        return err_no_memory(e, "the points of a sweep");
    return 0;
}

static int take_points(struct result_file *f, const cJSON *points, struct err *e)
{
    struct sweep_file *s = f->sweep;
    size_t count = (size_t)cJSON_GetArraySize(points), index = 0;
    if (!cJSON_IsArray(points) || count < 1 || count > SWEEP_POINTS_MOST)
        return err_set(e, STATUS_FAILED, "points: must be an array of 1 to %d points",
                       SWEEP_POINTS_MOST);
    if (s->point_count > count)
        return err_set(e, STATUS_FAILED, "runs: one is of point %zu, and there are %zu",
                       s->point_count - 1, count);
    if (make_room(s, count, e) != 0)
        return -1;
    for (cJSON *item = points->child; item != NULL; item = item->next, index++) {
        struct sweep_point *point = &s->points[index];
        char place[PLACE_BYTES];
        snprintf(place, sizeof place, "points[%zu].parameters", index);
        if (take_values(item, "parameters", place, &point->values, e) != 0 ||
            share(&point->result, f, e) != 0)
            return -1;
        make_label(point->label, point->values);
    }
    return 0;
}

int sweep_take_document(struct result_file *f, cJSON *document, struct err *e)
{
    const cJSON *recommended = json_file_get(document, "recommended");
    const cJSON *answers = json_file_get(document, "answers");
    if (sweep_of(f, e) == NULL || take_points(f, json_file_get(document, "points"), e) != 0)
        return -1;
    if (answers != NULL && !cJSON_IsArray(answers))
        return err_set(e, STATUS_FAILED, "answers: must be an array");
    f->sweep->several_answers = cJSON_GetArraySize(answers) > 1;
    if (cJSON_IsNull(recommended))
        return 0;
    if (take_values(document, "recommended", "recommended", &f->sweep->recommended, e) != 0)
        return -1;
    make_label(f->sweep->recommended_label, f->sweep->recommended);
    return 0;
}

void sweep_file_free(struct sweep_file *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->point_count; i++) {
        result_file_free(&s->points[i].result);
        cJSON_Delete(s->points[i].values);
    }
    mem_free(s->points);
    cJSON_Delete(s->recommended);
    mem_free(s);
}
