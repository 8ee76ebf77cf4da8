/* `uvlab compare A.json B.json ...`: results, or sweeps, of one experiment, each beside the first.
 * All files are read and compared before anything is written, so that what cannot be compared
 * leaves no half output. Results live until the end, as comparisons point into them. Main thread.
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "analysis/comparison_set.h"
#include "base/mem.h"
#include "cli/common.h"
#include "cli/style.h"
#include "output/compare.h"

enum { FORMAT_TABLE, FORMAT_JSON };

/* What "--confidence" may be, in parts per million: below, intervals say nothing; above, six runs
 * have none. */
enum { CONFIDENCE_LEAST = 500000, CONFIDENCE_MOST = 999900 };

struct compare_options {
    struct view_options view;
    uint64_t limit_ppm, confidence_ppm, seed;
    bool spans;
};

static const char *const formats[] = {"table", "json", NULL};

static const struct param compare_params[] = {
    PARAM_CHOICE(struct compare_options, view.format, "format", 'f', 0, "table", formats,
                 "how to write it"),
    PARAM_STRING(struct compare_options, view.output, "output", 'o', PARAM_OPTIONAL | PARAM_PATH,
                 NULL, "FILE", "where to write it (default: standard output)"),
    PARAM_FLAG(struct compare_options, view.check, "check", 0, 0,
               "exit with status 3 when something became slower, beyond noise and the limit"),
    PARAM_PERCENT(struct compare_options, limit_ppm, "limit", 0, "0%", 0, 10000000,
                  "by how much a figure may have become slower without failing the check"),
    PARAM_PERCENT(struct compare_options, confidence_ppm, "confidence", 0, "95%", CONFIDENCE_LEAST,
                  CONFIDENCE_MOST, "how sure intervals and verdicts have to be"),
    PARAM_FLAG(struct compare_options, spans, "spans", 0, 0,
               "compare single calls, too: reads the spans, which are else left out"),
    PARAM_COUNT(struct compare_options, seed, "seed", 0, "1", 0, UINT32_MAX,
                "of the generator that draws for the intervals; the same seed, the same intervals"),
    PARAM_CHOICE(struct compare_options, view.color, "color", 0, 0, "auto", color_choices,
                 "table: auto colours on a terminal, unless NO_COLOR is set"),
    PARAM_FLAG(struct compare_options, view.ascii, "ascii", 0, 0,
               "table: no Unicode; without this flag the locale decides"),
    PARAM_FLAG(struct compare_options, view.quiet, "quiet", 'q', 0,
               "no warnings on standard error, only errors"),
    PARAM_END,
};

/* Everything that one command holds. */
struct work {
    const struct compare_options *options;
    struct comparison_terms terms;
    struct result_file *results;
    struct comparison_set *sets;
    size_t count;
    struct text doubts;    /* lines */
    const char **warnings; /* point into it */
    size_t warning_count;
};

static int read_results(struct work *w, const char *const *operands, struct err *e)
{
    bool standard = false;
    w->results = mem_zeroed(OPERANDS_MOST, sizeof *w->results);
    w->sets = mem_zeroed(OPERANDS_MOST, sizeof *w->sets);
    if (w->results == NULL || w->sets == NULL)
        return err_no_memory(e, "the results");
    for (size_t i = 0; i < OPERANDS_MOST && operands[i] != NULL; i++) {
        bool is_standard = strcmp(operands[i], "-") == 0;
        if (is_standard && standard)
            return err_set(e, STATUS_USAGE, "standard input can be read only once");
        standard |= is_standard;
        if (result_file_read(&w->results[i], operands[i], w->terms.spans, e) != 0)
            return -1;
        w->count++;
        if (w->terms.spans && w->results[i].sweep != NULL)
            return err_set(e, STATUS_USAGE,
                           "--spans is for results of one setting, and '%s' is a sweep",
                           w->results[i].name);
    }
    return 0;
}

static int compare(struct work *w, struct err *e)
{
    for (size_t i = 1; i < w->count; i++) {
        if (comparison_set_make(&w->sets[i - 1], &w->results[0], &w->results[i], &w->terms, e) != 0)
            return -1;
    }
    return 0;
}

/* The lines of the doubts, each once, as with several comparisons much is said again. */
static int split_doubts(struct work *w, struct err *e)
{
    size_t lines = 0;
    char *rest = NULL;
    for (size_t i = 1; i < w->count; i++)
        comparison_set_doubts(&w->sets[i - 1], &w->terms, &w->doubts);
    for (const char *c = text_get(&w->doubts); *c != '\0'; c++)
        lines += *c == '\n';
    w->warnings = mem_zeroed(lines + 1, sizeof *w->warnings);
    if (!text_ok(&w->doubts) || w->warnings == NULL)
        return err_no_memory(e, "the warnings");
    if (lines == 0)
        return 0;
    for (char *line = strtok_r(w->doubts.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        bool known = false;
        for (size_t i = 0; i < w->warning_count; i++)
            known |= strcmp(w->warnings[i], line) == 0;
        if (!known)
            w->warnings[w->warning_count++] = line;
    }
    return 0;
}

static int show(const struct work *w, const struct compare_view *v, bool *on_terminal,
                struct err *e)
{
    const struct view_options *view = &w->options->view;
    struct out *o = out_open(view->output, e);
    int rc;
    if (o == NULL)
        return -1;
    if (view->format == FORMAT_JSON) {
        rc = compare_json(v, o, e);
    } else {
        const struct view_style style = style_make(view, o);
        rc = compare_table(v, &style, o, e);
    }
    *on_terminal = view->format == FORMAT_TABLE && out_is_terminal(o);
    if (rc != 0) {
        out_abandon(o);
        return -1;
    }
    return out_close(o, e) < 0 ? -1 : 0;
}

/* Whether something is checked, and cannot be judged. */
static bool has_too_few(const struct comparison *c)
{
    bool few = c->too_few;
    for (size_t i = 0; i < c->metric_count; i++)
        few |= c->metrics[i].checked && c->metrics[i].verdict == COMPARISON_TOO_FEW;
    return few;
}

static void say_slower(const struct work *w, const struct comparison *c)
{
    char name[COMPARE_TEXT_BYTES], by[COMPARE_TEXT_BYTES], limit[COMPARE_TEXT_BYTES];
    compare_limit(limit, w->options->limit_ppm);
    for (size_t k = 0; k < c->metric_count; k++)
        if (c->metrics[k].beyond_limit)
            fprintf(stderr, "uvlab: compare: '%s'%s%s: %s became slower %s; the limit is %s\n",
                    c->other->name, c->point != NULL ? " with " : "",
                    c->point != NULL ? c->point->label : "", compare_name(name, &c->metrics[k]),
                    compare_by(by, &c->metrics[k], "u"), limit);
}

/* Why the status will not be 0, unless a terminal has just shown it; and, where --check has judged
 * nothing, that. */
static void say_check(const struct work *w, bool on_terminal)
{
    if (on_terminal)
        return;
    for (size_t i = 1; i < w->count; i++) {
        const struct comparison_set *set = &w->sets[i - 1];
        bool any = false, all = true;
        for (size_t k = 0; k < set->count; k++) {
            any |= has_too_few(&set->items[k]);
            all &= set->items[k].too_few;
        }
        if (any && !w->options->view.quiet)
            fprintf(stderr,
                    "uvlab: compare: warning: '%s' and '%s': too few runs to check %s; "
                    "measure with --runs 10 or more\n",
                    set->base->name, set->other->name, all ? "anything" : "everything");
        for (size_t k = 0; k < set->count; k++)
            say_slower(w, &set->items[k]);
    }
}

static bool any_slower(const struct work *w)
{
    for (size_t i = 1; i < w->count; i++)
        if (comparison_set_is_slower(&w->sets[i - 1]))
            return true;
    return false;
}

static int refuse_unchecked(const struct result_file *f, const char *what,
                            const struct sweep_point *point, struct err *e)
{
    return err_set(e, STATUS_FAILED, "cannot be checked: '%s' has no %s%s%s", f->name, what,
                   point != NULL ? " with " : "", point != NULL ? point->label : "");
}

/* A check of nothing must not pass: what it is about before all is how long runs take. Nor may a
 * point pass that worked before and fails now. */
static int find_unchecked(const struct work *w, struct err *e)
{
    for (size_t i = 1; i < w->count; i++) {
        const struct comparison_set *set = &w->sets[i - 1];
        for (size_t k = 0; k < set->count; k++) {
            const struct comparison *c = &set->items[k];
            if (c->base->elapsed.count == 0)
                return refuse_unchecked(c->base, "elapsed time", c->point, e);
            if (c->other->elapsed.count == 0)
                return refuse_unchecked(c->other, "elapsed time", c->point, e);
        }
        for (size_t k = 0; k < set->lone_count; k++)
            if (set->lone[k].failed && set->lone[k].missing == set->other)
                return refuse_unchecked(set->other, "run that counts", set->lone[k].point, e);
    }
    return STATUS_OK;
}

static bool has_slower(const struct comparison *c)
{
    for (size_t i = 0; i < c->metric_count; i++)
        if (c->metrics[i].checked && c->metrics[i].verdict == COMPARISON_SLOWER)
            return true;
    return false;
}

/* Without --check the limit is a part of the document, and in the table of what is said of
 * something slower; else somebody may believe that it has decided. */
static void say_limit(const struct work *w)
{
    bool used = w->options->view.format == FORMAT_JSON;
    for (size_t i = 1; i < w->count; i++)
        for (size_t k = 0; k < w->sets[i - 1].count; k++)
            used |= has_slower(&w->sets[i - 1].items[k]);
    if (w->options->limit_ppm > 0 && !used && !w->options->view.quiet)
        fputs("uvlab: compare: warning: --limit counts with --check only\n", stderr);
}

static int work_through(struct work *w, const char *const *operands, struct err *e)
{
    struct compare_view v;
    bool on_terminal = false;
    if (read_results(w, operands, e) != 0 || compare(w, e) != 0 || split_doubts(w, e) != 0)
        return -1;
    v = (struct compare_view){
        .results = w->results,
        .result_count = w->count,
        .sets = w->sets,
        .terms = &w->terms,
        .limit_given = w->options->limit_ppm > 0,
        .warnings = w->warnings,
        .warning_count = w->warning_count,
    };
    if (show(w, &v, &on_terminal, e) != 0)
        return -1;
    if (!w->options->view.check) {
        say_limit(w);
        return STATUS_OK;
    }
    say_check(w, on_terminal);
    return any_slower(w) ? STATUS_CLAIM : find_unchecked(w, e);
}

static void work_free(struct work *w)
{
    for (size_t i = 0; w->sets != NULL && i < OPERANDS_MOST; i++)
        comparison_set_free(&w->sets[i]);
    for (size_t i = 0; w->results != NULL && i < w->count; i++)
        result_file_free(&w->results[i]);
    mem_free(w->sets);
    mem_free(w->results);
    mem_free(w->warnings);
    text_free(&w->doubts);
}

static int compare_run(const void *options, const char *const *operands, struct err *e)
{
    const struct compare_options *o = options;
    struct work w = {.options = o,
                     .terms = {.confidence = (double)o->confidence_ppm / 1e6,
                               .limit = (double)o->limit_ppm / 1e6,
                               .spans = o->spans,
                               .resamples = COMPARISON_RESAMPLES,
                               .seed = o->seed}};
    int status;
    if (operands[0] == NULL)
        return err_set(e, STATUS_USAGE,
                       "compare: needs two results, or more: files that --format json -o FILE has "
                       "written");
    if (operands[1] == NULL)
        return err_set(e, STATUS_USAGE, "compare: '%s' is only one result: compare it with which?",
                       operands[0]);
    status = work_through(&w, operands, e);
    work_free(&w);
    return status < 0 ? err_prefix(e, "compare") : status;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "what became slower or faster from one result to others",
    .about =
        "Files are results of one experiment, written with --format json; '-' is standard "
        "input. Each is compared with the first: medians of the runs, how far they differ, and "
        "whether that is more than noise, which takes 6 runs of each or more (--runs 10). "
        "Files may be sweeps instead (uvlab sweep ... -o FILE): compared is each point that both "
        "have, and shown what either recommends. "
        "Exit status with --check: 3 when something became slower, beyond noise and --limit; 1 "
        "when nothing did, but a result has no elapsed time, or a point no runs, so that it "
        "cannot be checked. Too few runs are warned of, and do not fail.",
    .operand = "FILE FILE...",
    .operands_most = OPERANDS_MOST,
    .operand_words = command_path_word,
    .params = compare_params,
    .options_size = sizeof(struct compare_options),
    .run = compare_run,
};
