/* A result made by hand, with everything that a view can show, and the text that a view makes of
 * it. For the tests of the views for programs. */
#ifndef UVLAB_TESTS_VIEWED_H
#define UVLAB_TESTS_VIEWED_H

#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "analysis/claims.h"
#include "output/view.h"
#include "tests/unit/made_result.h"

#define UNKNOWN SPAN_UNKNOWN

/* Quotes, a line feed, a tab, a control character, a backslash, a real 'é', and bytes that are no
 * UTF-8: alone, cut off, longer than needed, a surrogate. */
#define HOSTILE                                                                                    \
    "a\"b\nc\td\x01"                                                                               \
    "e\\f\xc3\xa9\xff\xe2\x82|\xc0\xaf|\xed\xa0\x80"
#define HOSTILE_READ                                                                               \
    "a\"b\nc\td\x01"                                                                               \
    "e\\f\xc3\xa9???|??|???"

struct viewed_options {
    uint64_t threads, jobs, nap_ns, buffer_bytes, unset, superseded;
    const char *file, *nothing;
    unsigned work;
    bool fast;
    struct param_list urls, empty;
};

struct viewed_common {
    uint64_t runs;
    unsigned format;
};

static const char *const viewed_works[] = {"hash", "sleep", NULL};

static const struct param viewed_params[] = {
    PARAM_COUNT(struct viewed_options, threads, "threads", 't', "4", 1, 1024, ""),
    PARAM_COUNT(struct viewed_options, jobs, "jobs", 'n', "5", 1, 1000, ""),
    PARAM_DURATION(struct viewed_options, nap_ns, "nap-time", 0, "1s", 1, UINT64_MAX, ""),
    PARAM_SIZE(struct viewed_options, buffer_bytes, "buffer", 0, "1k", 1, UINT64_MAX, ""),
    PARAM_COUNT(struct viewed_options, superseded, "superseded", 0, "1", 1, 9, ""),
    {.name = "unset",
     .type = PARAM_TYPE_COUNT,
     .flags = PARAM_OPTIONAL,
     .offset = offsetof(struct viewed_options, unset)},
    PARAM_STRING(struct viewed_options, file, "file", 0, PARAM_PATH, "x", NULL, ""),
    PARAM_STRING(struct viewed_options, nothing, "nothing", 0, PARAM_OPTIONAL, NULL, NULL, ""),
    PARAM_CHOICE(struct viewed_options, work, "work", 0, 0, "hash", viewed_works, ""),
    PARAM_FLAG(struct viewed_options, fast, "fast", 0, 0, ""),
    PARAM_LIST(struct viewed_options, urls, "url", 0, 0, NULL, ""),
    PARAM_LIST(struct viewed_options, empty, "empty", 0, 0, NULL, ""),
    PARAM_END,
};

static const struct param viewed_common_params[] = {
    PARAM_COUNT(struct viewed_common, runs, "runs", 'r', "1", 1, 1000, ""),
    PARAM_CHOICE(struct viewed_common, format, "format", 0, PARAM_VIEW, "table", view_names, ""),
    PARAM_END,
};

enum { HASH, TIMER, IMMEDIATE, READ, ODD };
static const struct span_kind viewed_kinds_rows[] = {
    {"pbkdf2", "hash", PHASE_POLL, "crypto.pbkdf2", SPAN_POOLED},
    {"timer", "timer", PHASE_TIMERS, "setTimeout", 0},
    {"immediate", "immediate", PHASE_CHECK, "setImmediate", 0},
    {"fs.read", "read", PHASE_POLL, NULL, SPAN_POOLED},
    {"odd", "an \"odd\", name", PHASE_NONE, NULL, 0},
};
static const struct span_kind *const viewed_kinds[] = {
    &viewed_kinds_rows[HASH], &viewed_kinds_rows[TIMER], &viewed_kinds_rows[IMMEDIATE],
    &viewed_kinds_rows[READ], &viewed_kinds_rows[ODD],   NULL,
};

static const struct claim viewed_claim = {.id = "waits", .text = "the last call waits"};
static const struct experiment viewed_experiment = {.name = "viewed", .params = viewed_params};
static const struct pass viewed_override = {
    .role = PASS_BASELINE, .override = "nap-time", .override_value = 9007199254740993};

static inline void viewed_run(struct run *run)
{
    run->pool_size = 2;
    run->elapsed_ns = 2000500;
    run->cpu_ns = UNKNOWN;
    run->loop_facts = (struct loop_facts){.iterations = 3, .idle_ns = 1000, .max_lag_ns = 50};
}

/* Two calls on two threads and one that waits for the first of them; a timer, an immediate and what
 * failed. In nanoseconds; the instants of the second call do not fit into 32 bits. */
static inline void viewed_spans(struct run *run)
{
    const uint64_t late = 5000000000000;

    made_span_with_cpu(run, (struct made_span){HASH, 1, 0, 1000, 2000, 1002000, 1003000}, 990000);
    made_span(run, (struct made_span){HASH, 2, 0, 1200, 2100, late, late + 700});
    made_span(run, (struct made_span){HASH, 1, 0, 1300, 1002100, 2000000, 2000500});
    made_span(run, (struct made_span){TIMER, LANE_LOOP, 0, 1400, 500000, 500000, 501000});
    made_span(run, (struct made_span){IMMEDIATE, 0, 0, 1500, UNKNOWN, UNKNOWN, 3000});
    made_span(run, (struct made_span){READ, 0, UV_ECANCELED, 1600, UNKNOWN, UNKNOWN, 3500});
    made_span(run, (struct made_span){ODD, 0, UV_ENOENT, 1700, UNKNOWN, UNKNOWN, UNKNOWN});
    recorder_parent(&run->recorder, 5, 4);
    run->recorder.on_loop[4].ordinal = 0;
}

static inline void viewed_result(struct result *r, struct viewed_options *options,
                                 struct param_set *common, struct viewed_common *values)
{
    made_result(r, &viewed_experiment);
    *options = (struct viewed_options){.threads = 9,
                                       .jobs = UINT64_MAX - 1,
                                       .nap_ns = 1000000000,
                                       .buffer_bytes = 1024,
                                       .superseded = 5,
                                       .file = HOSTILE,
                                       .work = 1,
                                       .fast = true,
                                       .urls = {2, {"https://a/", HOSTILE}}};
    *values = (struct viewed_common){.runs = 7};
    r->options = (struct param_set){.table = viewed_params, .values = options};
    r->options.source[4] = PARAM_SUPERSEDED;
    *common = (struct param_set){.table = viewed_common_params, .values = values};
    r->common = common;
    r->warmup_runs = 2;
    r->host = (struct host_facts){.cpus_online = 8,
                                  .cpus_allowed = 2,
                                  .cpu_quota = -1,
                                  .memory_bytes = HOST_UNKNOWN,
                                  .load_average = 0.25,
                                  .libuv = "1.44.2",
                                  .libuv_built = "1.44.2",
                                  .openssl = "3.0.1",
                                  .cjson = "1.7.15",
                                  .zlib = "1.2.13"};
    strcpy(r->host.cpu, HOSTILE);
    r->pool = (struct pool_facts){.size = 2, .source = POOL_SIZE_ENVIRONMENT};
    r->clock = "monotonic";
    r->others_cpu_ns = HOST_UNKNOWN;
    r->stolen_ns = 5;
    strcpy(r->started_at, "2026-01-31T09:30:00.000Z");
    result_warn(r, "one run: %s", "no spread");
    r->verdicts = mem_zeroed(1, sizeof *r->verdicts);
    assert_non_null(r->verdicts);
    r->verdict_count = 1;
    r->verdicts[0] = (struct verdict_row){.claim = &viewed_claim, .verdict = VERDICT_NOT_TESTED};
    text_add(&r->verdicts[0].evidence, "%s", HOSTILE);
}

typedef int (*view_fn)(const struct result *, const struct view_style *, struct out *,
                       struct err *);

/* What a view writes, to be freed by the caller; `name` is a file of the current folder, which
 * stays there for a look at it when the test is stopped. */
static inline char *viewed_text(view_fn view, const struct result *r, const char *name)
{
    struct view_style style = {.columns = 80};
    struct err e = {.text = ""};
    struct out *o = out_open(name, &e);
    char *text;
    FILE *f;
    long bytes;

    assert_non_null(o);
    assert_int_equal(view(r, &style, o, &e), 0);
    assert_int_equal(out_close(o, &e), 0);
    f = fopen(name, "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    rewind(f);
    text = calloc(1, (size_t)bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)bytes, f), bytes);
    fclose(f);
    return text;
}

#endif
