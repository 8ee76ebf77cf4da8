/* The summary: durations of all calls, by kind. Long runs have a million spans, so the values of
 * one kind of duration (all that waited, say) are gathered at a time, sorted, reduced to their
 * statistics, and the memory is used again for the next: 16 bytes a span in all.
 *
 * Main thread, after the runs; reads the result and owns nothing of it. */
#include "analysis/summary.h"

#include <string.h>

#include "base/mem.h"

/* A kind that was met in the spans, and the row that it belongs to. Kinds are told apart by their
 * name; remembering them by address saves comparing names for every span. */
struct alias {
    const struct span_kind *kind;
    size_t row;
};

#define ROW_NONE SIZE_MAX

/* The summary in the making. */
struct grouping {
    const struct result *result;
    const struct run *only; /* NULL: all measured runs */
    bool calls;             /* all calls in one row, and no parts of them */
    struct summary *summary;
    struct alias *aliases;
    size_t alias_count, alias_capacity, row_capacity;
    size_t *places;    /* per row: where its next value goes; behind them, where its values begin */
    uint64_t *values;  /* the rows' values of one duration, row after row */
    uint64_t *scratch; /* as long as the longest row */
};

typedef uint64_t (*duration_fn)(const struct span *s);

static uint64_t span_cpu_ns(const struct span *s)
{
    return s->cpu_ns;
}

/* The durations that have statistics, and where these lie in a row. */
static const struct duration {
    duration_fn of;
    size_t offset;
} durations[] = {
    {span_total_ns, offsetof(struct summary_row, total)},
    {span_waited_ns, offsetof(struct summary_row, waited)},
    {span_ran_ns, offsetof(struct summary_row, ran)},
    {span_returned_ns, offsetof(struct summary_row, returned)},
    {span_cpu_ns, offsetof(struct summary_row, cpu)},
};

enum { DURATION_COUNT = sizeof durations / sizeof durations[0] };

static bool run_is_measured(const struct run *run)
{
    return run->pass->role == PASS_MEASURED;
}

static bool run_counts(const struct grouping *g, const struct run *run)
{
    return g->only == NULL ? run_is_measured(run) : run == g->only;
}

static bool span_counts(const struct grouping *g, const struct span *s)
{
    return !g->calls || (s->parent == SPAN_NONE && s->lane != LANE_LOOP);
}

/* Makes room for one more element of an array. False when memory is short: it is then as it was. */
static bool grow(void **array, size_t count, size_t *capacity, size_t bytes_each)
{
    size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void *grown;

    if (count < *capacity)
        return true;
    grown = mem_resize(*array, wanted * bytes_each);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static bool add_row(struct grouping *g, const struct span_kind *kind)
{
    struct summary *s = g->summary;
    void *rows = s->rows;

    if (!grow(&rows, s->count, &g->row_capacity, sizeof *s->rows))
        return false;
    s->rows = rows;
    s->rows[s->count++] = (struct summary_row){.kind = kind};
    return true;
}

/* Finds or makes the row of a kind that was not met before. False when memory is short. */
static bool add_alias(struct grouping *g, const struct span_kind *kind)
{
    const struct summary *s = g->summary;
    void *aliases = g->aliases;
    size_t row = 0;

    while (row < s->count && !g->calls && strcmp(s->rows[row].kind->kind, kind->kind) != 0)
        row++;
    if (row == s->count && !add_row(g, kind))
        return false;
    if (!grow(&aliases, g->alias_count, &g->alias_capacity, sizeof *g->aliases))
        return false;
    g->aliases = aliases;
    g->aliases[g->alias_count++] = (struct alias){kind, row};
    return true;
}

/* The number of the row of a kind, or ROW_NONE when it was not met before. */
static size_t find_row(const struct grouping *g, const struct span_kind *kind)
{
    for (size_t i = 0; i < g->alias_count; i++) {
        if (g->aliases[i].kind == kind)
            return g->aliases[i].row;
    }
    return ROW_NONE;
}

/* Finds the rows, and counts spans and errors. */
static bool count_spans(struct grouping *g)
{
    const struct result *r = g->result;
    struct span span;

    for (uint32_t k = 0; k < r->run_count; k++) {
        const struct recorder *recorder = &r->runs[k].recorder;

        if (!run_counts(g, &r->runs[k]))
            continue;
        for (uint32_t i = 0; i < recorder->count; i++) {
            struct summary_row *row;

            recorder_get(recorder, i, &span);
            if (!span_counts(g, &span))
                continue;
            if (find_row(g, span.kind) == ROW_NONE && !add_alias(g, span.kind))
                return false;
            row = &g->summary->rows[find_row(g, span.kind)];
            row->count++;
            row->errors += span.status != SPAN_OK;
        }
    }
    return true;
}

/* Memory for the values of one duration. False when it is short. */
static bool allocate_values(struct grouping *g)
{
    const struct summary *s = g->summary;
    uint64_t all = 0, longest = 0;

    for (size_t i = 0; i < s->count; i++) {
        uint64_t successes = s->rows[i].count - s->rows[i].errors;

        all += successes;
        longest = successes > longest ? successes : longest;
    }
    /* One element more, since there may be none and NULL means failure. */
    g->places = mem_zeroed(2 * s->count + 1, sizeof *g->places);
    g->values = mem_zeroed(all + 1, sizeof *g->values);
    g->scratch = mem_zeroed(longest + 1, sizeof *g->scratch);
    return g->places != NULL && g->values != NULL && g->scratch != NULL;
}

/* Writes the known values of one duration of the calls that succeeded, each row's to its place. */
static void gather(struct grouping *g, duration_fn duration_of)
{
    const struct result *r = g->result;
    struct span span;

    for (uint32_t k = 0; k < r->run_count; k++) {
        const struct recorder *recorder = &r->runs[k].recorder;

        if (!run_counts(g, &r->runs[k]))
            continue;
        for (uint32_t i = 0; i < recorder->count; i++) {
            uint64_t value;

            recorder_get(recorder, i, &span);
            value =
                span.status == SPAN_OK && span_counts(g, &span) ? duration_of(&span) : SPAN_UNKNOWN;
            if (value != SPAN_UNKNOWN)
                g->values[g->places[find_row(g, span.kind)]++] = value;
        }
    }
}

static void reduce(struct grouping *g, const struct duration *duration)
{
    struct summary *s = g->summary;
    size_t *begins = g->places + s->count, place = 0;

    for (size_t i = 0; i < s->count; i++) {
        g->places[i] = begins[i] = place;
        place += s->rows[i].count - s->rows[i].errors;
    }
    gather(g, duration->of);
    for (size_t i = 0; i < s->count; i++) {
        uint64_t *values = g->values + begins[i];
        size_t known = g->places[i] - begins[i];
        void *into = (char *)&s->rows[i] + duration->offset;

        stats_sort(values, known, g->scratch);
        *(struct stats *)into = stats_of_sorted(values, known);
    }
}

static int make(struct grouping *g, struct err *e)
{
    bool enough = false;

    *g->summary = (struct summary){0};
    if (count_spans(g) && allocate_values(g)) {
        enough = true;
        for (size_t i = 0; i < DURATION_COUNT; i++)
            reduce(g, &durations[i]);
    }
    mem_free(g->aliases);
    mem_free(g->places);
    mem_free(g->values);
    mem_free(g->scratch);
    if (enough)
        return 0;
    summary_free(g->summary);
    return err_no_memory(e, "the summary");
}

int summary_make(struct summary *s, const struct result *r, struct err *e)
{
    struct grouping g = {.result = r, .summary = s};

    return make(&g, e);
}

int summary_make_of_run(struct summary *s, const struct result *r, const struct run *run,
                        struct err *e)
{
    struct grouping g = {.result = r, .summary = s, .only = run};

    return make(&g, e);
}

int summary_make_of_calls(struct summary *s, const struct result *r, const struct run *run,
                          struct err *e)
{
    struct grouping g = {.result = r, .summary = s, .only = run, .calls = true};

    return make(&g, e);
}

void summary_free(struct summary *s)
{
    mem_free(s->rows);
    *s = (struct summary){0};
}

/* Keeps a value where it is known. */
static void keep_known(uint64_t *values, size_t *count, uint64_t value)
{
    if (value != SPAN_UNKNOWN)
        values[(*count)++] = value;
}

int summary_of_runs(struct summary_runs *s, const struct result *r, struct err *e)
{
    uint64_t *elapsed = mem_zeroed((size_t)r->run_count + 1, sizeof *elapsed);
    uint64_t *cpu = mem_zeroed((size_t)r->run_count + 1, sizeof *cpu);
    size_t elapsed_count = 0, cpu_count = 0;
    bool enough = elapsed != NULL && cpu != NULL;

    *s = (struct summary_runs){0};
    for (uint32_t i = 0; enough && i < r->run_count; i++) {
        if (!run_is_measured(&r->runs[i]) || r->runs[i].interrupted)
            continue;
        s->count++;
        keep_known(elapsed, &elapsed_count, r->runs[i].elapsed_ns);
        keep_known(cpu, &cpu_count, r->runs[i].cpu_ns);
    }
    if (enough) {
        stats_sort(elapsed, elapsed_count, NULL);
        stats_sort(cpu, cpu_count, NULL);
        s->elapsed = stats_of_sorted(elapsed, elapsed_count);
        s->cpu = stats_of_sorted(cpu, cpu_count);
    }
    mem_free(elapsed);
    mem_free(cpu);
    return enough ? 0 : err_no_memory(e, "the summary of the runs");
}
