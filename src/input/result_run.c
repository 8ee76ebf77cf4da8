/* From the runs of a result to series of figures. A run is known to count (it was measured, and no
 * signal ended it) only when it is whole, after its spans: what they have added is kept or taken
 * back then.
 *
 * Every number is looked at before it is used; one that is not as the schema says is an error that
 * names it, as whatever else the file says is then not to be trusted. Main thread; the figures
 * belong to the result. */
#include "input/result_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "input/json_file.h"

enum { SERIES_FIRST = 16, KINDS_FIRST = 4, PLACE_BYTES = 160 };

const char *const result_part_names[RESULT_PARTS] = {
    [PART_TOTAL] = "total",
    [PART_WAITED] = "waited",
    [PART_RAN] = "ran",
    [PART_RETURNED] = "returned",
};

static const char *const part_keys[RESULT_PARTS] = {
    [PART_TOTAL] = "total_ns",
    [PART_WAITED] = "waited_ns",
    [PART_RAN] = "ran_ns",
    [PART_RETURNED] = "returned_ns",
};

bool result_is_word(const cJSON *item)
{
    const char *s = cJSON_IsString(item) ? item->valuestring : "";
    size_t length = strlen(s);
    return length > 0 && length < RESULT_WORD_BYTES &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") > 0 &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* Unknown figures, NAN, are not in a series. */
static int series_add(struct result_series *s, double value, struct err *e)
{
    if (isnan(value))
        return 0;
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? SERIES_FIRST : s->capacity * 2;
        double *values = capacity <= SIZE_MAX / 2 / sizeof *values
                             ? mem_resize(s->values, capacity * sizeof *values)
                             : NULL;
        if (values == NULL)
            return err_no_memory(e, "the figures of a result");
        s->values = values;
        s->capacity = capacity;
    }
    s->values[s->count++] = value;
    return 0;
}

/* The number of that key, NAN when it is null or not there. `place` says whose key it is. */
static int number_of(const cJSON *object, const char *key, const char *place, double *value,
                     struct err *e)
{
    const cJSON *item = json_file_get(object, key);
    *value = NAN;
    if (item == NULL || cJSON_IsNull(item))
        return 0;
    if (!json_file_is_count(item))
        return err_set(e, STATUS_FAILED, "%s.%s: must be null or a whole number up to 2^63", place,
                       key);
    *value = item->valuedouble;
    return 0;
}

/* The object of that key; NULL when it is null or not there. */
static int object_of(const cJSON *object, const char *key, const char *place, const cJSON **found,
                     struct err *e)
{
    *found = json_file_get(object, key);
    if (cJSON_IsNull(*found))
        *found = NULL;
    if (*found == NULL || cJSON_IsObject(*found))
        return 0;
    return err_set(e, STATUS_FAILED, "%s.%s: must be an object", place, key);
}

static struct result_kind *find_kind(const struct result_file *f, const char *name)
{
    for (size_t i = 0; i < f->kind_count; i++)
        if (strcmp(f->kinds[i].name, name) == 0)
            return &f->kinds[i];
    return NULL;
}

const struct result_kind *result_file_kind(const struct result_file *f, const char *name)
{
    return find_kind(f, name);
}

/* The kind of that name, made when it is new; `name` is a word. It moves when another is made. */
static struct result_kind *kind_of(struct result_file *f, const char *name, struct err *e)
{
    struct result_kind *kind = find_kind(f, name);
    if (kind != NULL)
        return kind;
    if (f->kind_count == RESULT_KINDS_MOST) {
        err_set(e, STATUS_FAILED, "has calls of more than %d kinds", RESULT_KINDS_MOST);
        return NULL;
    }
    if (f->kind_count == f->kind_capacity) {
        size_t capacity = f->kind_capacity == 0 ? KINDS_FIRST : f->kind_capacity * 2;
        struct result_kind *kinds = mem_resize(f->kinds, capacity * sizeof *kinds);
        if (kinds == NULL) {
            err_no_memory(e, "the kinds of calls");
            return NULL;
        }
        f->kinds = kinds;
        f->kind_capacity = capacity;
    }
    kind = &f->kinds[f->kind_count++];
    *kind = (struct result_kind){0};
    memcpy(kind->name, name, strlen(name) + 1);
    return kind;
}

/* The medians of the calls of one kind. */
static int take_summary(struct result_kind *kind, const cJSON *summary, const char *of_run,
                        struct err *e)
{
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "%.40s.summary.%.63s", of_run, kind->name);
    if (!cJSON_IsObject(summary))
        return err_set(e, STATUS_FAILED, "%s: must be an object", place);
    for (unsigned p = 0; p < RESULT_PARTS; p++) {
        char of_part[PLACE_BYTES + 16];
        const cJSON *statistics;
        double median;
        snprintf(of_part, sizeof of_part, "%s.%s", place, part_keys[p]);
        if (object_of(summary, part_keys[p], place, &statistics, e) != 0 ||
            number_of(statistics, "p50", of_part, &median, e) != 0 ||
            series_add(&kind->runs[p], median, e) != 0)
            return -1;
    }
    return 0;
}

/* A kind that is there twice counts once, so that no series has more figures than there are runs.
 */
static bool is_first_of_its_name(const cJSON *object, const cJSON *item)
{
    return json_file_get(object, item->string) == item;
}

static int take_summaries(struct result_file *f, const cJSON *run, const char *place, struct err *e)
{
    const cJSON *summaries;
    size_t count = 0;
    if (object_of(run, "summary", place, &summaries, e) != 0)
        return -1;
    if (summaries == NULL)
        return 0;
    for (const cJSON *item = summaries->child; item != NULL; item = item->next) {
        const cJSON name = {.type = cJSON_String, .valuestring = item->string};
        struct result_kind *kind;
        if (++count > RESULT_KINDS_MOST)
            return err_set(e, STATUS_FAILED, "has calls of more than %d kinds", RESULT_KINDS_MOST);
        if (!result_is_word(&name))
            return err_set(e, STATUS_FAILED, "%s.summary: '%.*s' is no kind of calls", place,
                           (int)text_cut(item->string, RESULT_WORD_BYTES), item->string);
        if (!is_first_of_its_name(summaries, item))
            continue;
        kind = kind_of(f, item->string, e);
        if (kind == NULL || take_summary(kind, item, place, e) != 0)
            return -1;
    }
    return 0;
}

static int take_load(struct result_file *f, const cJSON *run, const char *of_run, double elapsed,
                     struct err *e)
{
    char place[PLACE_BYTES], of_latency[PLACE_BYTES + 16];
    const cJSON *load, *latency;
    double answered, p50, p99;
    if (object_of(run, "load", of_run, &load, e) != 0)
        return -1;
    if (load == NULL)
        return 0;
    snprintf(place, sizeof place, "%.40s.load", of_run);
    snprintf(of_latency, sizeof of_latency, "%s.latency_ns", place);
    if (number_of(load, "answered", place, &answered, e) != 0 ||
        object_of(load, "latency_ns", place, &latency, e) != 0 ||
        number_of(latency, "p50", of_latency, &p50, e) != 0 ||
        number_of(latency, "p99", of_latency, &p99, e) != 0 ||
        series_add(&f->latency_p50, p50, e) != 0 || series_add(&f->latency_p99, p99, e) != 0)
        return -1;
    return answered > 0 ? series_add(&f->request, elapsed / answered, e) : 0;
}

int result_take_figures(struct result_file *f, const cJSON *run, const char *place, struct err *e)
{
    double elapsed, cpu;
    if (number_of(run, "elapsed_ns", place, &elapsed, e) != 0 ||
        number_of(run, "cpu_ns", place, &cpu, e) != 0 || series_add(&f->elapsed, elapsed, e) != 0 ||
        series_add(&f->cpu, cpu, e) != 0 || take_load(f, run, place, elapsed, e) != 0)
        return -1;
    return take_summaries(f, run, place, e);
}

/* What the spans of the run at hand have added is kept, or not. */
static void settle_calls(struct result_file *f, bool counts)
{
    for (size_t i = 0; i < f->kind_count; i++) {
        struct result_kind *kind = &f->kinds[i];
        for (unsigned p = 0; p < RESULT_PARTS; p++) {
            if (counts)
                kind->whole_calls[p] = kind->calls[p].count;
            else
                kind->calls[p].count = kind->whole_calls[p];
        }
    }
}

int result_take_run(struct result_file *f, const cJSON *run, size_t index, struct err *e)
{
    const cJSON *role = json_file_get(run, "role"), *stopped = json_file_get(run, "interrupted");
    char place[PLACE_BYTES];
    bool measured, counts;
    double left_out;
    snprintf(place, sizeof place, "runs[%zu]", index);
    if (!cJSON_IsObject(run))
        return err_set(e, STATUS_FAILED, "%s: must be an object", place);
    if (!cJSON_IsString(role))
        return err_set(e, STATUS_FAILED, "%s.role: must be a text", place);
    if (!cJSON_IsBool(stopped))
        return err_set(e, STATUS_FAILED, "%s.interrupted: must be true or false", place);
    if (!cJSON_IsArray(json_file_get(run, "spans")))
        return err_set(e, STATUS_FAILED, "%s.spans: must be an array", place);
    if (number_of(run, "spans_left_out", place, &left_out, e) != 0)
        return -1;
    measured = strcmp(role->valuestring, "measured") == 0;
    counts = measured && !cJSON_IsTrue(stopped);
    settle_calls(f, counts);
    if (!counts) {
        f->runs_left_out += measured;
        return 0;
    }
    f->run_count++;
    f->runs_without_spans += left_out > 0;
    return result_take_figures(f, run, place, e);
}

int result_take_span(struct result_file *f, const cJSON *span, size_t index, struct err *e)
{
    const cJSON *name = json_file_get(span, "kind"), *status = json_file_get(span, "status");
    struct result_kind *kind;
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "a span of runs[%zu]", index);
    if (!cJSON_IsObject(span))
        return err_set(e, STATUS_FAILED, "%s: must be an object", place);
    if (!result_is_word(name) || !cJSON_IsString(status))
        return err_set(e, STATUS_FAILED, "%s: has no kind, or no status", place);
    if (strcmp(status->valuestring, "ok") != 0)
        return 0;
    kind = kind_of(f, name->valuestring, e);
    for (unsigned p = 0; kind != NULL && p < RESULT_PARTS; p++) {
        double value;
        if (number_of(span, part_keys[p], place, &value, e) != 0 ||
            series_add(&kind->calls[p], value, e) != 0)
            return -1;
    }
    return kind != NULL ? 0 : -1;
}
