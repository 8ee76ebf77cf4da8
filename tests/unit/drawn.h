/* What the views for people are tested on: five calls on a pool of four threads, made by hand, and
 * the text that is drawn of them. */
#ifndef UVLAB_TESTS_DRAWN_H
#define UVLAB_TESTS_DRAWN_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "analysis/claims.h"
#include "base/text.h"
#include "output/view.h"
#include "tests/unit/made_result.h"

#define UNKNOWN SPAN_UNKNOWN
#define MS UINT64_C(1000000)

enum { HASH, TIMER, IMMEDIATE, FILE_READ, PART, HOSTILE };
static const struct span_kind drawn_rows[] = {
    {"pbkdf2", "hash", PHASE_POLL, "crypto.pbkdf2", SPAN_POOLED | SPAN_CPU_BOUND},
    {"timer", "timer", PHASE_TIMERS, "setTimeout", 0},
    {"immediate", "immediate", PHASE_CHECK, "setImmediate", 0},
    {"file", "file", PHASE_POLL, "fs.readFile", SPAN_POOLED},
    {"fs.read", "read", PHASE_POLL, NULL, SPAN_POOLED},
    {"hostile", "\033]0;x\007\xc2\x9b\xff\xc3", PHASE_NONE, "\033[2J", 0},
};
static const struct span_kind *const drawn_kinds[] = {
    &drawn_rows[HASH],
    &drawn_rows[TIMER],
    &drawn_rows[IMMEDIATE],
    &drawn_rows[FILE_READ],
    &drawn_rows[PART],
    &drawn_rows[HOSTILE],
    NULL,
};

static const enum column drawn_columns[] = {
    COLUMN_CALL,     COLUMN_SUBMITTED,   COLUMN_WAITED, COLUMN_RAN,    COLUMN_CPU,
    COLUMN_RETURNED, COLUMN_CALLED_BACK, COLUMN_LANE,   COLUMN_STATUS, COLUMN_END,
};

static const struct experiment drawn_experiment = {
    .name = "drawn", .question = "Who waited for whom?", .columns = drawn_columns};

/* A result of nothing yet, on a pool of four threads and two CPUs. */
static inline void drawn_result(struct result *r, const struct experiment *experiment)
{
    made_result(r, experiment);
    r->host.cpus_online = r->host.cpus_allowed = 2;
    r->host.cpu_quota = -1;
    r->pool = (struct pool_facts){.size = 4, .source = POOL_SIZE_LIBUV, .counted = true};
}

static inline struct run *drawn_run(struct result *r, const struct pass *pass, uint32_t capacity)
{
    struct run *run = made_run(r, pass, capacity, drawn_kinds);

    run->pool_size = 4;
    run->elapsed_ns = 1600 * MS;
    run->cpu_ns = 3168 * MS;
    run->loop_facts =
        (struct loop_facts){.iterations = 3, .idle_ns = 1500 * MS, .max_lag_ns = 45000};
    return run;
}

/* Four calls at once, and a fifth that ran on thread 2 when call 2 had left it. */
static inline struct run *drawn_five(struct result *r, const struct pass *pass)
{
    struct run *run = drawn_run(r, pass, 5);

    made_span_with_cpu(run, (struct made_span){HASH, 1, 0, 1000, 20000, 810 * MS, 811 * MS},
                       790 * MS);
    made_span(run, (struct made_span){HASH, 2, 0, 2000, 20000, 800 * MS, 811 * MS});
    made_span(run, (struct made_span){HASH, 3, 0, 3000, 20000, 820 * MS, 821 * MS});
    made_span(run, (struct made_span){HASH, 4, 0, 4000, 20000, 830 * MS, 831 * MS});
    made_span(run, (struct made_span){HASH, 2, 0, 5000, 801 * MS, 1599 * MS, 1600 * MS});
    return run;
}

static inline char *drawn_read(const char *name)
{
    FILE *f = fopen(name, "r");
    char *text;
    long bytes;

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    rewind(f);
    text = calloc(1, (size_t)bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)bytes, f), bytes);
    fclose(f);
    assert_int_equal(strlen(text), bytes); /* no NUL byte was drawn */
    return text;
}

/* What is drawn of the whole result, or (run given) of the timeline of one run alone; to be freed
 * by the caller. */
static inline char *drawn_text(const struct result *r, const struct run *run,
                               struct view_style style)
{
    char name[] = P_tmpdir "/uvlab-drawn.XXXXXX";
    struct err e = {.text = ""};
    int fd = mkstemp(name), rc;
    struct out *o;
    char *text;

    assert_true(fd >= 0);
    close(fd);
    o = out_open(name, &e);
    assert_non_null(o);
    rc = run == NULL ? view_table(r, &style, o, &e) : view_timeline(run, &style, o, &e);
    assert_int_equal(rc, 0);
    assert_int_equal(out_close(o, &e), 0);
    text = drawn_read(name);
    unlink(name);
    return text;
}

/* Asserts that `part` is in the text, or is not, and shows the text otherwise. */
static inline void assert_drawn(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fprintf(stderr, "'%s' is not in:\n%s", part, text);
        fail();
    }
}

static inline void assert_not_drawn(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fprintf(stderr, "'%s' is in:\n%s", part, text);
        fail();
    }
}

/* The widest line of the text, in columns. */
static inline size_t drawn_width(const char *text)
{
    size_t widest = 0;
    char *copy = strdup(text), *rest = copy, *line;

    assert_non_null(copy);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (text_columns(line) > widest)
            widest = text_columns(line);
    }
    free(copy);
    return widest;
}

#endif
