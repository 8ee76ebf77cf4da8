/* Results that come from files, as `uvlab compare` reads them: all that may be in them.
 *
 * What must hold: neither the pieces that a document comes in, nor whether its spans are wanted,
 * change what else is read of it; what the splitter passes is JSON for cJSON, too; messages are one
 * printable line; figures are numbers in their range, no more than there are runs; nothing that can
 * be shown holds a control character; and a result compared with itself has not changed. */
#include "fuzz.h"

#include <math.h>

#include "analysis/comparison_set.h"
#include "base/mem.h"
#include "base/text.h"
#include "input/json_file.h"
#include "input/json_split.h"
#include "input/result_file.h"

enum { REST_MOST = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    mem_adopt_cjson();
    return 0;
}

static void check_printable(const char *s)
{
    char *copy = strdup(s);
    MUST(copy != NULL);
    text_make_printable(copy);
    MUST(strcmp(copy, s) == 0);
    free(copy);
}

static int join(void *context, const char *json, size_t bytes, struct err *e)
{
    (void)e;
    MUST(strlen(json) == bytes);
    text_add(context, "%s\n", json);
    return 0;
}

/* Splits the document in pieces; what was handed on, and the rest or the message. */
static bool split(const char *json, size_t bytes, size_t piece, struct text *heard)
{
    static const struct json_split_array arrays[] = {{"runs", REST_MOST, join},
                                                     {"spans", REST_MOST, join}};
    struct err e;
    struct json_split *s = json_split_new(arrays, 2, REST_MOST, heard, &e);
    int rc = 0;
    MUST(s != NULL);
    for (size_t at = 0; rc == 0 && at < bytes; at += piece)
        rc = json_split_feed(s, json + at, bytes - at < piece ? bytes - at : piece, &e);
    if (rc == 0)
        rc = json_split_end(s, &e);
    if (rc == 0)
        text_add(heard, "%s", json_split_rest(s, &bytes));
    else
        text_add(heard, "%s", e.text);
    json_split_free(s);
    MUST(text_ok(heard));
    return rc == 0;
}

static bool check_split(const char *json, size_t bytes)
{
    struct text whole = TEXT_EMPTY, pieces = TEXT_EMPTY;
    bool passed = split(json, bytes, bytes > 0 ? bytes : 1, &whole);
    MUST(split(json, bytes, 1 + bytes % 7, &pieces) == passed);
    MUST(strcmp(text_get(&whole), text_get(&pieces)) == 0);
    if (passed) {
        const char *end = NULL;
        cJSON *tree = cJSON_ParseWithOpts(json, &end, true); /* to the very end */
        MUST(tree != NULL);
        cJSON_Delete(tree);
    }
    text_free(&whole);
    text_free(&pieces);
    return passed;
}

static void check_series(const struct result_series *s, size_t most)
{
    MUST(s->count <= most);
    for (size_t i = 0; i < s->count; i++)
        MUST(s->values[i] >= 0 && s->values[i] <= 0x1p63);
}

static void check_pairs(const cJSON *pairs)
{
    MUST(cJSON_IsObject(pairs));
    for (const cJSON *item = pairs->child; item != NULL; item = item->next) {
        check_printable(item->string);
        if (cJSON_IsString(item))
            check_printable(item->valuestring);
    }
}

static void check_result(const struct result_file *f)
{
    check_printable(f->experiment);
    check_printable(f->started_at);
    check_pairs(f->parameters);
    check_pairs(f->environment);
    MUST(f->warning_count <= RESULT_WARNINGS_MOST && f->kind_count <= RESULT_KINDS_MOST);
    for (size_t i = 0; i < f->warning_count; i++)
        check_printable(f->warnings[i]);
    check_series(&f->elapsed, f->run_count);
    check_series(&f->cpu, f->run_count);
    check_series(&f->request, f->run_count);
    check_series(&f->latency_p50, f->run_count);
    check_series(&f->latency_p99, f->run_count);
    for (size_t i = 0; i < f->kind_count; i++) {
        check_printable(f->kinds[i].name);
        for (unsigned p = 0; p < RESULT_PARTS; p++) {
            check_series(&f->kinds[i].runs[p], f->run_count);
            check_series(&f->kinds[i].calls[p], SIZE_MAX);
        }
    }
}

/* Of a sweep: what its points are called, and their figures, each as of a result. */
static void check_sweep(const struct result_file *f)
{
    size_t runs = 0;
    if (f->sweep == NULL)
        return;
    MUST(f->sweep->point_count > 0 && f->elapsed.count == 0 && f->kind_count == 0);
    for (size_t i = 0; i < f->sweep->point_count; i++) {
        const struct sweep_point *point = &f->sweep->points[i];
        check_printable(point->label);
        check_pairs(point->values);
        check_result(&point->result);
        runs += point->result.run_count;
    }
    MUST(runs == f->run_count);
    check_printable(f->sweep->recommended_label);
}

/* A sweep with itself. Points that come twice are each compared with the first of them. */
static void check_sweeps(const struct result_file *f)
{
    const struct comparison_terms terms = {.confidence = 0.95, .resamples = 20, .seed = 1};
    struct text doubts = TEXT_EMPTY;
    struct comparison_set set;
    struct err e;
    if (comparison_set_make(&set, f, f, &terms, &e) != 0) {
        check_printable(e.text);
        return;
    }
    MUST(set.count > 0 && set.count <= f->sweep->point_count);
    for (size_t i = 0; i < set.count; i++)
        MUST(set.items[i].point != NULL && set.items[i].base->run_count > 0);
    comparison_set_doubts(&set, &terms, &doubts);
    MUST(text_ok(&doubts));
    text_free(&doubts);
    comparison_set_free(&set);
}

static void check_same(const struct result_file *a, const struct result_file *b)
{
    MUST(a->run_count == b->run_count && a->elapsed.count == b->elapsed.count);
    MUST(a->cpu.count == b->cpu.count && a->request.count == b->request.count);
    MUST(strcmp(a->experiment, b->experiment) == 0);
}

/* With itself: whatever the figures, nothing has changed. */
static void check_comparison(const struct result_file *f)
{
    const struct comparison_terms terms = {
        .confidence = 0.95, .spans = true, .resamples = 50, .seed = 1};
    struct text doubts = TEXT_EMPTY;
    struct comparison c;
    struct err e;
    if (comparison_make(&c, f, f, &terms, &e) != 0) {
        MUST(f->run_count == 0);
        return;
    }
    MUST(!c.slower && c.parameters.count == 0 && c.environment.count == 0);
    for (size_t i = 0; i < c.metric_count; i++) {
        const struct comparison_metric *m = &c.metrics[i];
        MUST(m->verdict == COMPARISON_WITHIN_NOISE || m->verdict == COMPARISON_TOO_FEW);
        MUST(isnan(m->ratio) || fabs(m->ratio - 1) < 1e-12);
        MUST(m->base.values->count > 0 && isfinite(m->base.median));
    }
    comparison_doubts(&c, &terms, &doubts);
    MUST(text_ok(&doubts));
    text_free(&doubts);
    comparison_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *json = fuzz_text(data, bytes);
    struct result_file with, without;
    struct err e, other;
    bool passed = check_split(json, bytes);
    bool read = result_file_parse(&with, "fuzzed", json, bytes, true, &e) == 0;
    MUST(passed || !read);
    if (read) {
        check_result(&with);
        check_sweep(&with);
        if (with.sweep != NULL)
            check_sweeps(&with);
        else
            check_comparison(&with);
        MUST(result_file_parse(&without, "fuzzed", json, bytes, false, &other) == 0);
        check_same(&with, &without);
        result_file_free(&without);
        result_file_free(&with);
    } else {
        check_printable(e.text);
        MUST(strncmp(e.text, "'fuzzed'", strlen("'fuzzed'")) == 0);
    }
    free(json);
    return 0;
}
