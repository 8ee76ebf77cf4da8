/* The table: what people see. It decides what is worth showing (a row per call as long as they fit
 * a screen, percentiles beyond that) and leaves each part to a file of its own: table_head.c,
 * table_rows.c, table_foot.c, timeline.c. It knows no experiment by name.
 *
 * Main thread; the result is only read. */
#include "output/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/summary.h"
#include "base/mem.h"

/* Of more measured runs than this only the median one's timeline is drawn, unless all are asked
 * for.
 */
enum { TIMELINES_MOST = 3 };

enum pass_role table_role(const struct run *run)
{
    return run->pass == NULL ? PASS_MEASURED : run->pass->role;
}

char *table_duration(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    if (ns != SPAN_UNKNOWN)
        return units_format_duration(buf, ns, term_micro(&t->term));
    snprintf(buf, UNITS_TEXT_BYTES, "-");
    return buf;
}

char *table_duration_aligned(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    const char *unit = strchr(table_duration(t, buf, ns), ' ');
    if (unit != NULL && term_columns(&t->term, unit + 1) == 1)
        snprintf(buf + strlen(buf), UNITS_TEXT_BYTES - strlen(buf), " ");
    return buf;
}

char *table_instant(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{1000000000, "s "}, {1000000, "ms"}, {1000, NULL}};

    for (size_t i = 0; ns != SPAN_UNKNOWN && i < sizeof units / sizeof units[0]; i++) {
        if (ns < units[i].ns)
            continue;
        snprintf(buf, UNITS_TEXT_BYTES, "%.3f %s%s", (double)ns / (double)units[i].ns,
                 units[i].name == NULL ? term_micro(&t->term) : units[i].name,
                 units[i].name == NULL ? "s" : "");
        return buf;
    }
    return table_duration(t, buf, ns);
}

/* The known elapsed times of the runs that are like `alike`, ascending; NULL when memory is short.
 */
static uint64_t *elapsed_values(const struct table *t, const struct run *alike, size_t *count)
{
    const struct result *r = t->result;
    uint64_t *values = mem_zeroed((size_t)r->run_count + 1, sizeof *values);

    *count = 0;
    for (uint32_t i = 0; values != NULL && i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (run->pass == alike->pass && run->interrupted == alike->interrupted &&
            run->elapsed_ns != SPAN_UNKNOWN)
            values[(*count)++] = run->elapsed_ns;
    }
    if (values != NULL)
        stats_sort(values, *count, NULL);
    return values;
}

int table_elapsed(const struct table *t, const struct run *alike, struct stats *stats,
                  struct err *e)
{
    size_t count;
    uint64_t *values = elapsed_values(t, alike, &count);

    if (values == NULL)
        return err_no_memory(e, "the elapsed times of the runs");
    *stats = stats_of_sorted(values, count);
    mem_free(values);
    return 0;
}

static const char *role_name(enum pass_role role)
{
    static const char *const names[] = {
        [PASS_MEASURED] = "run",
        [PASS_BASELINE] = "baseline",
        [PASS_TRIAL] = "trial",
        [PASS_WARMUP] = "warm-up run",
    };

    return names[role];
}

/* Whether a run is the only one of its pass; runs of a pass follow each other. */
static bool is_alone(const struct result *r, const struct run *run)
{
    const struct run *last = r->runs + r->run_count - 1;
    return (run == r->runs || run[-1].pass != run->pass) &&
           (run == last || run[1].pass != run->pass);
}

void table_run_heading(const struct table *t, const struct run *run, uint32_t number)
{
    bool alone = is_alone(t->result, run);
    char elapsed[UNITS_TEXT_BYTES], override[TABLE_OVERRIDE_BYTES];

    if (alone && table_role(run) == PASS_MEASURED)
        return;
    term_ink(&t->term, INK_STRONG);
    out_text(t->term.out, role_name(table_role(run)));
    if (!alone)
        out_format(t->term.out, " %" PRIu32, number);
    out_format(t->term.out, "%s: elapsed %s%s", table_override(t, run->pass, override),
               table_duration(t, elapsed, run->elapsed_ns),
               run->interrupted ? ", interrupted" : "");
    term_ink(&t->term, INK_PLAIN);
    out_text(t->term.out, "\n");
}

/* Which runs get a row per call: trials are small and many, and only their number is told. */
static bool is_listed(const struct table *t, const struct run *run)
{
    return t->style->all_rows || table_role(run) != PASS_TRIAL;
}

/* What gets a row: everything if it fits, else the calls without their parts, else nothing. */
struct rows_shown {
    bool calls, parts;
    uint64_t parts_left_out;
};

static struct rows_shown rows_that_fit(const struct table *t)
{
    struct rows_shown shown = {.calls = true, .parts = true};
    uint64_t calls = 0, parts = 0;
    struct span s;

    if (t->style->all_rows)
        return shown;
    for (uint32_t i = 0; i < t->result->run_count; i++) {
        const struct recorder *spans = &t->result->runs[i].recorder;
        if (!is_listed(t, &t->result->runs[i]))
            continue;
        for (uint32_t k = 0; k < spans->count && calls <= VIEW_ROWS_MOST; k++) {
            recorder_get(spans, k, &s);
            calls += s.parent == SPAN_NONE;
            parts += s.parent != SPAN_NONE;
        }
    }
    shown.calls = calls <= VIEW_ROWS_MOST;
    shown.parts = calls + parts <= VIEW_ROWS_MOST;
    shown.parts_left_out = shown.parts ? 0 : parts;
    return shown;
}

static int print_rows(const struct table *t, const struct rows_shown *shown, struct err *e)
{
    char number[UNITS_TEXT_BYTES], line[UNITS_TEXT_BYTES + 80];

    if (table_rows(t, is_listed, shown->parts, e) != 0)
        return -1;
    if (shown->parts_left_out == 0)
        return 0;
    snprintf(line, sizeof line, "(%s part%s of these calls left out; --all shows them)",
             units_format_count(number, shown->parts_left_out),
             shown->parts_left_out == 1 ? "" : "s");
    term_text(&t->term, INK_FAINT, line);
    out_text(t->term.out, "\n");
    return 0;
}

/* What is unknown of all of them has no line where that is usual. */
static void print_percentiles(const struct table *t, const struct summary_row *row,
                              const char *name, const struct stats *s)
{
    const uint64_t values[] = {s->min, s->p50, s->p90, s->p99, s->max};
    char text[UNITS_TEXT_BYTES];

    if (s->count == 0 && s != &row->total &&
        (row->kind->traits & (SPAN_REMOTE | SPAN_REMOTE_ALL)) != 0)
        return;
    term_cell(&t->term, INK_PLAIN, name, 10, ALIGN_LEFT);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        table_duration_aligned(t, text, s->count == 0 ? SPAN_UNKNOWN : values[i]);
        term_cell(&t->term, INK_PLAIN, text, 10, ALIGN_RIGHT);
    }
    out_text(t->term.out, "\n");
}

/* In place of too many rows: how each kind of call's durations are spread, over all measured runs.
 */
static int print_summary(const struct table *t, struct err *e)
{
    static const char *const titles[] = {"min", "p50", "p90", "p99", "max"};
    struct summary summary;
    char number[UNITS_TEXT_BYTES];

    if (summary_make(&summary, t->result, e) != 0)
        return -1;
    for (size_t i = 0; i < summary.count; i++) {
        const struct summary_row *row = &summary.rows[i];
        if (i > 0)
            out_text(t->term.out, "\n");
        term_text(&t->term, INK_STRONG, row->kind->kind);
        out_format(t->term.out, ": %s call%s", units_format_count(number, row->count),
                   row->count == 1 ? "" : "s");
        if (row->errors > 0)
            out_format(t->term.out, ", %s failed", units_format_count(number, row->errors));
        out_text(t->term.out, "\n");
        term_spaces(&t->term, 10);
        for (size_t k = 0; k < sizeof titles / sizeof titles[0]; k++)
            term_cell(&t->term, INK_STRONG, titles[k], 10, ALIGN_RIGHT);
        out_text(t->term.out, "\n");
        print_percentiles(t, row, "waited", &row->waited);
        print_percentiles(t, row, "ran", &row->ran);
        print_percentiles(t, row, "cpu", &row->cpu);
        print_percentiles(t, row, "returned", &row->returned);
        print_percentiles(t, row, "total", &row->total);
    }
    term_text(&t->term, INK_FAINT, "(--all shows a row for every call)");
    out_text(t->term.out, "\n");
    summary_free(&summary);
    return 0;
}

/* A line for the runs of a pass that stands beside the measured one and is not listed. */
static int print_pass(const struct table *t, const struct run *first, struct err *e)
{
    char number[UNITS_TEXT_BYTES], elapsed[UNITS_TEXT_BYTES], override[TABLE_OVERRIDE_BYTES];
    char line[TABLE_OVERRIDE_BYTES + 2 * UNITS_TEXT_BYTES + 80];
    const struct run *end = t->result->runs + t->result->run_count;
    struct stats stats = {0};
    uint32_t runs = 0;
    size_t at = 0;

    while (first + runs < end && first[runs].pass == first->pass)
        runs++;
    if (table_elapsed(t, first, &stats, e) != 0)
        return -1;
    table_duration(t, elapsed, stats.count == 0 ? SPAN_UNKNOWN : stats.p50);
    snprintf(line, sizeof line, "%s%s%s: %s run%s, elapsed %s%s", role_name(table_role(first)),
             runs == 1 ? "" : "s", table_override(t, first->pass, override),
             units_format_count(number, runs), runs == 1 ? "" : "s", elapsed,
             runs == 1 ? "" : " (median)");
    term_wrap(&t->term, INK_PLAIN, &at, 2, line);
    term_wrap_word(&t->term, INK_FAINT, &at, 2, "(--all shows every call)");
    out_text(t->term.out, "\n");
    return 0;
}

static int print_passes(const struct table *t, bool rows, struct err *e)
{
    const struct result *r = t->result;

    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        bool first = i == 0 || r->runs[i - 1].pass != run->pass;
        if (!first || table_role(run) == PASS_MEASURED || (rows && is_listed(t, run)))
            continue;
        if (print_pass(t, run, e) != 0)
            return -1;
    }
    return 0;
}

/* The measured run whose elapsed time is the median of them, the lower one of two; its number is
 * its place among them. Fails when memory is short. */
static int print_median_timeline(const struct table *t, const struct run *first, struct err *e)
{
    const struct result *r = t->result;
    const struct run *end = r->runs + r->run_count, *median = first;
    uint32_t number = 1, at = 1;
    size_t count;
    uint64_t *values = elapsed_values(t, first, &count);
    uint64_t median_ns;

    if (values == NULL)
        return err_no_memory(e, "the elapsed times of the runs");
    median_ns = count == 0 ? SPAN_UNKNOWN : stats_percentile(values, count, 50);
    mem_free(values);
    for (const struct run *run = first; run < end; run++) {
        if (run->pass != first->pass)
            continue;
        if (run->elapsed_ns == median_ns && run->interrupted == first->interrupted) {
            median = run;
            number = at;
            break;
        }
        at++;
    }
    out_text(t->term.out, "\n");
    term_ink(&t->term, INK_STRONG);
    out_format(t->term.out, "timeline of run %" PRIu32 ", the median", number);
    term_ink(&t->term, INK_PLAIN);
    term_text(&t->term, INK_FAINT, " (--all draws every run)");
    out_text(t->term.out, "\n");
    return view_timeline(median, t->style, t->term.out, e);
}

static int print_timelines(const struct table *t, struct err *e)
{
    const struct result *r = t->result;
    const struct run *first = NULL;
    uint32_t measured = 0, drawn = 0;

    for (uint32_t i = 0; i < r->run_count; i++) {
        if (table_role(&r->runs[i]) == PASS_MEASURED && measured++ == 0)
            first = &r->runs[i];
    }
    if (measured > TIMELINES_MOST && !t->style->all_rows)
        return print_median_timeline(t, first, e);
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (table_role(&r->runs[i]) != PASS_MEASURED)
            continue;
        drawn++;
        out_text(t->term.out, "\n");
        table_run_heading(t, &r->runs[i], drawn);
        if (view_timeline(&r->runs[i], t->style, t->term.out, e) != 0)
            return -1;
    }
    return 0;
}

static void print_interrupted(const struct table *t)
{
    size_t at = 0;

    term_wrap(&t->term, INK_BAD, &at, 0, "interrupted:");
    term_wrap_word(&t->term, INK_PLAIN, &at, 0,
                   "this is what had been measured by then; \"-\" is unknown");
    out_text(t->term.out, "\n");
}

/* A load need not keep any. */
static bool has_spans(const struct result *r)
{
    bool any = false;

    for (uint32_t i = 0; i < r->run_count; i++)
        any |= r->runs[i].recorder.count > 0 || r->runs[i].load == NULL;
    return any;
}

int view_table(const struct result *r, const struct view_style *style, struct out *o, struct err *e)
{
    struct table table = {.result = r, .style = style, .term = term_make(style, o)};
    const struct table *t = &table;
    struct rows_shown rows = rows_that_fit(t);

    if (table_head(t, e) != 0)
        return -1;
    if (r->interrupted)
        print_interrupted(t);
    if (r->run_count > 0) {
        if (has_spans(r))
            out_text(o, "\n");
        if ((has_spans(r) ? (rows.calls ? print_rows(t, &rows, e) : print_summary(t, e)) : 0) !=
                0 ||
            print_passes(t, rows.calls, e) != 0 ||
            (style->timeline && print_timelines(t, e) != 0) || table_facts(t, e) != 0)
            return -1;
    }
    table_warnings(t);
    table_claims(t);
    if (r->interrupted) {
        out_text(o, "\n");
        print_interrupted(t);
    }
    return 0;
}
