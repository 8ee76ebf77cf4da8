/* A journal goes when its document has been written, which has the same runs. So a document whose
 * sweep is asked for more is read as a journal: first all but its runs, of which a head is made and
 * compared as that of a journal is, then the runs, one by one. It may come from anywhere: the
 * splitter holds it to grammar and limits, and what it says is looked at. Main thread. */
#include "sweep/resume.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "input/json_file.h"
#include "sweep/journal_head.h"
#include "sweep/json_part.h"

enum { REST_BYTES_MOST = 64 << 20, RUN_BYTES_MOST = 512 << 20 };

/* The document that is being read. */
struct reading {
    struct sweep *s;
    uint32_t *rounds; /* of each point, that were read so far */
    unsigned long long run;
    bool spans; /* the first run has them */
};

/* --- Its head. --- */

/* A value of an axis as the command line had it, if it is the same: else as it stands there. */
static cJSON *value_text(const struct sweep_axis *axis, uint32_t k, const cJSON *value)
{
    bool is_number = axis != NULL && param_is_number(axis->param);

    if (is_number && k < axis->count && cJSON_IsNumber(value) &&
        (double)axis->values[k].number == value->valuedouble)
        return cJSON_CreateString(axis->values[k].text);
    return cJSON_Duplicate(value, true);
}

static const struct sweep_axis *axis_of(const struct sweep *s, const char *name)
{
    for (unsigned i = 0; i < s->axis_count; i++)
        if (strcmp(s->axes[i].param->name, name) == 0)
            return &s->axes[i];
    return NULL;
}

/* As in a journal: {"threads":["1","2"]}. */
static cJSON *axes_of(const struct sweep *s, const cJSON *document)
{
    cJSON *object = cJSON_CreateObject();
    const cJSON *item, *value;
    bool ok = object != NULL;

    cJSON_ArrayForEach(item, json_file_get(document, "axes"))
    {
        const cJSON *name = json_file_get(item, "name");
        cJSON *texts = cJSON_CreateArray();
        uint32_t k = 0;

        ok = ok && json_part_put(object, cJSON_IsString(name) ? name->valuestring : "?", texts);
        cJSON_ArrayForEach(value, json_file_get(item, "values"))
        {
            ok = ok && json_part_put(
                           texts, NULL,
                           value_text(cJSON_IsString(name) ? axis_of(s, name->valuestring) : NULL,
                                      k++, value));
        }
        if (!ok)
            break;
    }
    if (ok)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static bool copy(cJSON *head, const char *key, const cJSON *item)
{
    return item == NULL || json_part_put(head, key, cJSON_Duplicate(item, true));
}

/* The line that the journal of this document began with; NULL when memory is short. */
static char *head_of(const struct sweep *s, const cJSON *document, bool spans)
{
    cJSON *head = cJSON_CreateObject();
    const cJSON *environment = json_file_get(document, "environment");
    bool ok = head != NULL && json_part_put(head, "schema", cJSON_CreateString(JOURNAL_SCHEMA)) &&
              copy(head, "uvlab", json_file_get(environment, "uvlab")) &&
              copy(head, "experiment", json_file_get(document, "experiment")) &&
              copy(head, "arguments", json_file_get(document, "arguments")) &&
              json_part_put(head, "axes", axes_of(s, document)) &&
              copy(head, "warmup_runs", json_file_get(document, "warmup_runs")) &&
              json_part_put(head, "spans", cJSON_CreateBool(spans)) &&
              copy(head, "seed", json_file_get(document, "seed")) &&
              copy(head, "started_at", json_file_get(document, "started_at"));
    char *line = ok ? json_part_print(head) : NULL;

    cJSON_Delete(head);
    return line;
}

static int match_head(struct sweep *s, const cJSON *document, bool seed_given, bool had_spans,
                      bool spans, struct err *e)
{
    char *line = head_of(s, document, had_spans);
    int rc;

    if (line == NULL)
        return err_no_memory(e, "a document");
    rc = journal_head_match(s, line, strlen(line), seed_given, spans, e);
    mem_free(line);
    return rc;
}

/* --- Its runs. --- */

static int look_at_run(void *context, const char *json, size_t bytes, struct err *e)
{
    struct reading *r = context;
    cJSON *run = r->run++ == 0 ? json_file_tree(json, bytes, e) : NULL;

    if (r->run == 1 && run == NULL)
        return -1;
    r->spans = r->spans || json_file_get(run, "spans") != NULL;
    cJSON_Delete(run);
    return 0;
}

static int take_run(void *context, const char *json, size_t bytes, struct err *e)
{
    struct reading *r = context;
    char why[sizeof e->text];

    r->run++;
    if (run_document_take(r->s, r->rounds, json, bytes, e) == 0)
        return 0;
    snprintf(why, sizeof why, "%s", e->text);
    return err_set(e, e->status, "run %llu %s", r->run, why);
}

static int split(const char *document, struct reading *r,
                 int (*take)(void *, const char *, size_t, struct err *), struct json_split **rest,
                 struct err *e)
{
    struct json_split_array runs = {"runs", RUN_BYTES_MOST, take};
    int rc;

    r->run = 0;
    *rest = json_split_new(&runs, 1, REST_BYTES_MOST, r, e);
    if (*rest == NULL)
        return -1;
    rc = json_file_split(document, *rest, e);
    return rc;
}

/* --- All of it. --- */

static int no_document(const char *journal, struct err *e)
{
    char why[sizeof e->text];

    snprintf(why, sizeof why, "%s", e->text);
    return err_set(e, why[0] != '\0' ? e->status : STATUS_USAGE,
                   "there is no '%s' to go on with%s%s", journal,
                   why[0] != '\0' ? ", and " : " (without --resume the sweep begins)", why);
}

static int take_document(const char *path, const cJSON *document, bool seed_given, bool spans,
                         struct reading *r, struct run_context *context, struct resume_found *found,
                         struct err *e)
{
    const cJSON *took = json_file_get(document, "took_ns");
    struct json_split *unused = NULL;
    int rc;

    found->whole = cJSON_IsFalse(json_file_get(document, "interrupted"));
    found->took_ns = json_file_is_count(took) ? (uint64_t)took->valuedouble : SWEEP_UNKNOWN;
    if (match_head(r->s, document, seed_given, r->spans, spans, e) != 0)
        return json_file_name_error(e, path);
    rc = run_context_take(context, document, e);
    if (rc == 0)
        rc = split(path, r, take_run, &unused, e);
    json_split_free(unused);
    return rc;
}

/* All of the document but its runs, which are only counted and looked at: NULL when it cannot be
 * read, is not that of a sweep, or has no run. */
static cJSON *read_rest(const char *path, struct reading *r, struct err *e)
{
    struct json_split *rest = NULL;
    struct stat is;
    cJSON *tree = NULL;
    const cJSON *schema;

    if (stat(path, &is) == 0 && S_ISREG(is.st_mode) && split(path, r, look_at_run, &rest, e) == 0) {
        size_t bytes;
        const char *json = json_split_rest(rest, &bytes);

        tree = json_file_tree(json, bytes, e);
        schema = json_file_get(tree, "schema");
        if (tree != NULL && (!cJSON_IsString(schema) || r->run == 0 ||
                             strcmp(schema->valuestring, "uvlab.sweep/1") != 0)) {
            err_set(e, STATUS_USAGE, "'%s' is no document of a sweep", path);
            cJSON_Delete(tree);
            tree = NULL;
        }
    }
    json_split_free(rest);
    return tree;
}

int resume_read(const char *document, const char *journal, bool seed_given, bool spans,
                struct sweep *s, struct run_context *context, struct resume_found *found,
                struct err *e)
{
    struct reading r = {.s = s, .rounds = mem_zeroed(s->point_count, sizeof *r.rounds)};
    cJSON *tree;
    int rc;

    if (r.rounds == NULL)
        return err_no_memory(e, "a document");
    e->text[0] = '\0';
    tree = read_rest(document, &r, e);
    rc = tree == NULL ? no_document(journal, e)
                      : take_document(document, tree, seed_given, spans, &r, context, found, e);
    cJSON_Delete(tree);
    mem_free(r.rounds);
    return rc;
}

int resume_refuse_whole(const char *document, struct err *e)
{
    return err_set(
        e, STATUS_USAGE,
        "'%s' is complete: there is nothing to resume (for more runs of it give a longer "
        "--time-limit, more --runs or a finer --precision; without --resume it is "
        "measured anew)",
        document);
}
