/* Reading a result, or a sweep, in one pass. Its runs are handed on one by one, less their spans,
 * and a run's spans before it, so that memory holds one of each at a time and the figures that are
 * kept: eight bytes for each. What is beside the runs comes last, and only then is it certain that
 * this is a result at all: that is looked at first, and then what was wrong with a run. Which of
 * the two it is shows in its first run, too, and must be what its schema says in the end.
 *
 * The reader lives for one call; the result belongs to the caller. Main thread. */
#include "input/result_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "input/json_file.h"
#include "input/result_run.h"
#include "input/sweep_file.h"

enum { REST_BYTES_MOST = 4 << 20, RUN_BYTES_MOST = 1 << 20, SPAN_BYTES_MOST = 1 << 20 };
enum { SHOWN_BYTES = 60, WARNING_BYTES = 480 };

static const char schema[] = "uvlab.result/1";

struct reader {
    struct result_file *file;
    size_t runs; /* that were read, of whatever role */
    bool swept;  /* they are those of a sweep */
    bool failed; /* *error says what is wrong with one */
    struct err error;
};

int result_file_warn(struct result_file *f, struct err *e, const char *format, ...)
{
    char text[WARNING_BYTES];
    va_list args;
    char *copy;
    if (f->warning_count == RESULT_WARNINGS_MOST)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text[text_cut(text, sizeof text - 1)] = '\0'; /* it may have been cut within a character */
    text_make_printable(text);
    if (f->warnings == NULL)
        f->warnings = mem_zeroed(RESULT_WARNINGS_MOST, sizeof *f->warnings);
    copy = f->warnings != NULL ? mem_copy_text(text) : NULL;
    if (copy == NULL)
        return err_no_memory(e, "a warning");
    f->warnings[f->warning_count++] = copy;
    return 0;
}

int result_doubt_keys(struct result_file *f, const cJSON *tree, struct err *e)
{
    const char *key;
    if (json_file_twice(tree, &key, e) != 0)
        return -1;
    if (key == NULL)
        return 0;
    return result_file_warn(f, e,
                            "the key '%.*s' comes twice in an object of the file: the first counts",
                            (int)text_cut(key, SHOWN_BYTES), key);
}

static void free_kinds(struct result_file *f)
{
    for (size_t i = 0; i < f->kind_count; i++) {
        for (unsigned p = 0; p < RESULT_PARTS; p++) {
            mem_free(f->kinds[i].runs[p].values);
            mem_free(f->kinds[i].calls[p].values);
        }
    }
    mem_free(f->kinds);
    f->kinds = NULL;
    f->kind_count = f->kind_capacity = 0;
}

/* The first run tells whose runs they are: those of a sweep have a point, and no role. */
static int take_any_run(struct reader *r, const cJSON *run)
{
    if (r->runs == 0)
        r->swept = json_file_get(run, "point") != NULL && json_file_get(run, "role") == NULL;
    if (!r->swept)
        return result_take_run(r->file, run, r->runs, &r->error);
    free_kinds(r->file); /* of its spans, if they were wanted: those of sweeps are not kept */
    return sweep_take_run(r->file, run, r->runs, &r->error);
}

/* An element of the document, for one of the two functions. What is wrong with it is told later,
 * unless nothing more can be done. */
static int take(struct reader *r, const char *json, size_t bytes, bool is_run, struct err *e)
{
    cJSON *tree;
    int rc = 0;
    if (r->failed)
        return 0;
    tree = json_file_tree(json, bytes, e);
    if (tree == NULL)
        return -1;
    if (is_run) {
        bool first_doubt = r->file->warning_count == 0;
        rc = first_doubt ? result_doubt_keys(r->file, tree, &r->error) : 0;
        if (rc == 0)
            rc = take_any_run(r, tree);
        r->runs++;
    } else {
        rc = result_take_span(r->file, tree, r->runs, &r->error);
    }
    r->failed = rc != 0;
    cJSON_Delete(tree);
    return 0;
}

static int take_run(void *context, const char *json, size_t bytes, struct err *e)
{
    return take(context, json, bytes, true, e);
}

static int take_span(void *context, const char *json, size_t bytes, struct err *e)
{
    return take(context, json, bytes, false, e);
}

/* What else uvlab writes, in words. */
static const struct {
    const char *schema, *name;
} other_documents[] = {
    {"uvlab.sweep-journal/1", "the journal of a sweep"},
    {"uvlab.compare/1", "a comparison"},
};

/* Whether it is a sweep goes to *is_sweep. */
static int check_schema(const cJSON *document, bool *is_sweep, struct err *e)
{
    const cJSON *item = json_file_get(document, "schema");
    const char *given = cJSON_IsString(item) ? item->valuestring : NULL;
    if (given == NULL)
        return err_set(e, STATUS_FAILED, "is no document of uvlab: it has no schema");
    for (size_t i = 0; i < sizeof other_documents / sizeof other_documents[0]; i++)
        if (strcmp(given, other_documents[i].schema) == 0)
            return err_set(e, STATUS_FAILED,
                           "is %s; compare reads results (uvlab EXPERIMENT --format json) and "
                           "sweeps",
                           other_documents[i].name);
    *is_sweep = strcmp(given, "uvlab.sweep/1") == 0;
    if (!*is_sweep && strcmp(given, schema) != 0)
        return err_set(e, STATUS_FAILED, "is a %.*s, not a %s", (int)text_cut(given, SHOWN_BYTES),
                       given, schema);
    return 0;
}

/* Whether it is an option or a fact: a plain value, or texts, which are made printable. */
static bool take_plain(cJSON *item)
{
    if (item->string != NULL)
        text_make_printable(item->string);
    if (cJSON_IsString(item))
        text_make_printable(item->valuestring);
    if (cJSON_IsNumber(item))
        return isfinite(item->valuedouble);
    if (!cJSON_IsArray(item))
        return cJSON_IsBool(item) || cJSON_IsNull(item) || cJSON_IsString(item);
    for (cJSON *part = item->child; part != NULL; part = part->next) {
        if (!cJSON_IsString(part))
            return false;
        text_make_printable(part->valuestring);
    }
    return true;
}

/* Takes an object of such out of the document; a sweep of which no run came to a result has none.
 */
static int take_pairs(cJSON *document, const char *key, bool may_be_null, cJSON **pairs,
                      struct err *e)
{
    const cJSON *object = json_file_get(document, key);
    if (may_be_null && cJSON_IsNull(object)) {
        *pairs = cJSON_CreateObject();
        return *pairs != NULL ? 0 : err_no_memory(e, "a document");
    }
    if (!cJSON_IsObject(object))
        return err_set(e, STATUS_FAILED, "%s: must be an object", key);
    if (cJSON_GetArraySize(object) > RESULT_PAIRS_MOST)
        return err_set(e, STATUS_FAILED, "%s: has more than %d keys", key, RESULT_PAIRS_MOST);
    for (cJSON *item = object->child; item != NULL; item = item->next)
        if (!take_plain(item))
            return err_set(e, STATUS_FAILED,
                           "%s.%.*s: must be a number, a text, true, false, null or texts", key,
                           (int)text_cut(item->string, SHOWN_BYTES), item->string);
    *pairs = cJSON_DetachItemFromObjectCaseSensitive(document, key);
    return 0;
}

static int take_names(struct result_file *f, const cJSON *document, struct err *e)
{
    const cJSON *experiment = json_file_get(document, "experiment");
    const cJSON *started = json_file_get(document, "started_at");
    if (!result_is_word(experiment))
        return err_set(e, STATUS_FAILED, "experiment: must be the name of one");
    if (!cJSON_IsString(started) || strlen(started->valuestring) >= sizeof f->started_at)
        return err_set(e, STATUS_FAILED, "started_at: must be a date and a time");
    snprintf(f->experiment, sizeof f->experiment, "%s", experiment->valuestring);
    snprintf(f->started_at, sizeof f->started_at, "%s", started->valuestring);
    text_make_printable(f->started_at);
    return 0;
}

static int take_warnings(struct result_file *f, const cJSON *document, struct err *e)
{
    const cJSON *warnings = json_file_get(document, "warnings");
    if (!cJSON_IsArray(warnings))
        return err_set(e, STATUS_FAILED, "warnings: must be an array");
    for (const cJSON *item = warnings->child; item != NULL; item = item->next) {
        if (!cJSON_IsString(item))
            return err_set(e, STATUS_FAILED, "warnings: must be texts");
        if (result_file_warn(f, e, "%s", item->valuestring) != 0)
            return -1;
    }
    return 0;
}

/* All that is beside the runs. */
static int take_document(const struct reader *r, cJSON *document, struct err *e)
{
    struct result_file *f = r->file;
    const cJSON *interrupted = json_file_get(document, "interrupted");
    bool is_sweep = false;
    if (check_schema(document, &is_sweep, e) != 0)
        return -1;
    if (r->failed) {
        *e = r->error;
        return -1;
    }
    if (r->runs > 0 && r->swept != is_sweep)
        return err_set(e, STATUS_FAILED,
                       is_sweep ? "runs[0].point: must be the number of a point"
                                : "runs[0].role: must be a text");
    if (!cJSON_IsArray(json_file_get(document, "runs")))
        return err_set(e, STATUS_FAILED, "runs: must be an array");
    if (!cJSON_IsBool(interrupted))
        return err_set(e, STATUS_FAILED, "interrupted: must be true or false");
    f->interrupted = cJSON_IsTrue(interrupted);
    if (take_names(f, document, e) != 0 || take_warnings(f, document, e) != 0 ||
        result_doubt_keys(f, document, e) != 0 ||
        take_pairs(document, "parameters", is_sweep, &f->parameters, e) != 0 ||
        take_pairs(document, "environment", is_sweep, &f->environment, e) != 0)
        return -1;
    return is_sweep ? sweep_take_document(f, document, e) : 0;
}

static int take_rest(const struct reader *r, const struct json_split *s, struct err *e)
{
    size_t bytes;
    const char *rest = json_split_rest(s, &bytes);
    cJSON *document = json_file_tree(rest, bytes, e);
    int rc;
    if (document == NULL)
        return -1;
    rc = take_document(r, document, e);
    cJSON_Delete(document);
    return rc == 0 ? 0 : json_file_name_error(e, r->file->name);
}

static int set_name(struct result_file *f, const char *name, struct err *e)
{
    *f = (struct result_file){.name = mem_copy_text(name)};
    if (f->name == NULL)
        return err_no_memory(e, "a name");
    text_make_printable(f->name);
    return 0;
}

/* From a path or, when that is NULL, from memory. */
static int read_from(struct result_file *f, const char *path, const char *json, size_t bytes,
                     bool spans_wanted, struct err *e)
{
    const struct json_split_array arrays[] = {
        {"runs", RUN_BYTES_MOST, take_run},
        {"spans", SPAN_BYTES_MOST, spans_wanted ? take_span : NULL},
    };
    struct reader r = {.file = f};
    struct json_split *s = json_split_new(arrays, 2, REST_BYTES_MOST, &r, e);
    int rc = -1;
    if (s != NULL && path != NULL)
        rc = json_file_split(path, s, e);
    else if (s != NULL && (json_split_feed(s, json, bytes, e) != 0 || json_split_end(s, e) != 0))
        rc = json_file_name_error(e, f->name);
    else if (s != NULL)
        rc = 0;
    if (rc == 0)
        rc = take_rest(&r, s, e);
    if (s != NULL && json_split_is_malformed(s)) /* a table, a gzip file, lines of JSON */
        err_set(e, e->status, "%s: results are written by --format json", e->text);
    json_split_free(s);
    if (rc != 0)
        result_file_free(f);
    return rc;
}

int result_file_read(struct result_file *f, const char *path, bool spans_wanted, struct err *e)
{
    if (set_name(f, strcmp(path, "-") == 0 ? "standard input" : path, e) != 0)
        return -1;
    return read_from(f, path, NULL, 0, spans_wanted, e);
}

int result_file_parse(struct result_file *f, const char *name, const char *json, size_t bytes,
                      bool spans_wanted, struct err *e)
{
    if (set_name(f, name, e) != 0)
        return -1;
    return read_from(f, NULL, json, bytes, spans_wanted, e);
}

void result_file_free(struct result_file *f)
{
    struct result_series *const series[] = {&f->elapsed, &f->cpu, &f->request, &f->latency_p50,
                                            &f->latency_p99};
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++)
        mem_free(series[i]->values);
    free_kinds(f);
    for (size_t i = 0; i < f->warning_count; i++)
        mem_free(f->warnings[i]);
    mem_free(f->warnings);
    sweep_file_free(f->sweep); /* points refer to what follows */
    cJSON_Delete(f->parameters);
    cJSON_Delete(f->environment);
    mem_free(f->name);
    *f = (struct result_file){0};
}
