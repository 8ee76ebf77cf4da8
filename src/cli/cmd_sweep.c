/* `uvlab sweep EXPERIMENT ...`: which value of an option is best, and how sure is that?
 *
 * The order is that of an experiment's own command: what cannot succeed is refused first, then all
 * is measured, then shown. The document takes the place of an old one at the very end; what has
 * been measured until then is in the journal beside it. Main thread. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/registry.h"
#include "cli/style.h"
#include "cli/sweep_check.h"
#include "cli/sweep_line.h"
#include "cli/sweep_options.h"
#include "measure/run.h"
#include "measure/wall.h"
#include "output/out.h"
#include "output/sweep_view.h"
#include "sweep/journal.h"
#include "sweep/sweep_run.h"

static const uint64_t time_limit_ns = UINT64_C(60000000000);

/* What one invocation consists of. */
struct invocation {
    const struct experiment *experiment;
    struct sweep_options options;
    struct param_set own;
    struct sweep_table table;
    struct param_set handed_on;
    struct words fixed, arguments;
    struct sweep sweep;
    struct journal journal;
    char *place; /* of the document, links followed: one journal for all its names; or NULL */
    struct progress progress;
    const char *warned; /* the warning of the sweep that was shown while it lasted, or NULL */
};

/* --- The command line. --- */

/* 1 when help was asked for. */
static int parse(struct invocation *v, int argc, char *const *argv, struct err *e)
{
    struct option_outcome outcome;
    char topic[64];
    struct option_grammar grammar = {.sets = {&v->handed_on, &v->own},
                                     .set_count = 2,
                                     .operand = v->experiment->operand,
                                     .topic = topic,
                                     .elsewhere = common_params,
                                     .elsewhere_why =
                                         "is for an experiment by itself, and a sweep has no "
                                         "such option"};
    snprintf(topic, sizeof topic, "sweep %s", v->experiment->name);
    sweep_table_make(&v->table, v->experiment);
    v->handed_on = (struct param_set){.table = v->table.rows, .values = v->table.slots};
    v->own = (struct param_set){.table = sweep_params, .values = &v->options};
    if (options_parse(&grammar, argc, argv, &outcome, e) < 0)
        return -1;
    if (outcome.help)
        return 1;
    return sweep_table_read(&v->table, &v->handed_on, &v->sweep, &v->fixed, &v->arguments, e);
}

static int settle(struct invocation *v, struct err *e)
{
    const struct sweep_options *o = &v->options;
    struct sweep *s = &v->sweep;
    bool seed_given = param_source_of(&v->own, "seed") == PARAM_FROM_FLAG;
    if (o->resume && !out_is_file(o->view.output))
        return err_set(e, STATUS_USAGE,
                       "--resume: needs --output FILE, as the sweep that did not end had it");
    if (s->axis_count == 0)
        return err_set(e, STATUS_USAGE,
                       "nothing to compare: give an option several values (--threads 1,2,4)");
    s->experiment = v->experiment;
    s->seed = seed_given ? o->seed : wall_now_ms() % 1000000007;
    s->warmup = o->warmup;
    s->runs_wanted = o->runs;
    s->time_limit_ns = o->time_limit_ns != 0 ? o->time_limit_ns : time_limit_ns;
    if (o->runs != 0 && o->time_limit_ns == 0)
        s->time_limit_ns = SWEEP_UNKNOWN;
    s->precision_ppm = o->precision_ppm;
    s->margin_ppm = o->margin_ppm;
    s->by = (enum sweep_by)o->by;
    return sweep_check(s, &v->fixed, e);
}

/* --- What is said beside the result. --- */

static void show_progress(void *context, const struct sweep *s, const struct sweep_progress *p)
{
    struct invocation *v = context;
    char line[SWEEP_LINE_BYTES];
    progress_line(&v->progress, sweep_line(s, p, line));
}

static void show_warning(void *context, const char *warning)
{
    struct invocation *v = context;
    if (v->options.view.quiet)
        return;
    progress_end(&v->progress);
    fprintf(stderr, "uvlab: warning: %s\n", warning);
    v->warned = warning;
}

static void say_failures(const struct sweep *s)
{
    const struct sweep_run *first = NULL;
    char name[120], failed_text[UNITS_TEXT_BYTES], all_text[UNITS_TEXT_BYTES];
    uint64_t failed = 0;
    for (size_t i = 0; i < s->run_count; i++) {
        if (s->runs[i].error == NULL)
            continue;
        failed++;
        first = first == NULL ? &s->runs[i] : first;
    }
    if (first == NULL)
        return;
    sweep_point_name(s, first->point, name, sizeof name);
    fprintf(stderr, "uvlab: sweep: %s of %s runs failed: %s%s%s\n",
            units_format_count(failed_text, failed), units_format_count(all_text, s->run_count),
            name, name[0] != '\0' ? ": " : "", first->error);
}

/* What the view has no place for, and why the status will not be 0 where nobody can see it. */
static void say_beside(const struct invocation *v, bool on_terminal)
{
    const struct sweep *s = &v->sweep;
    const struct view *view = view_at(v->options.view.format);
    bool quiet = v->options.view.quiet;
    for (size_t i = 0; i < s->warning_count && !view->judged && !quiet; i++)
        if (s->warnings[i] != v->warned)
            fprintf(stderr, "uvlab: warning: %s\n", s->warnings[i]);
    if (s->interrupted && s->run_count > 0 && out_is_file(v->options.view.output) && !quiet)
        fprintf(stderr, "uvlab: sweep: interrupted; the same with --resume goes on\n");
    if (!on_terminal || view->write != view_table)
        say_failures(s);
}

/* --- Measuring and showing. --- */

static int status_of(const struct sweep *s)
{
    if (s->interrupted)
        return STATUS_INTERRUPTED;
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].error != NULL || s->runs[i].exit_status != STATUS_OK)
            return STATUS_FAILED;
    return STATUS_OK;
}

static int measure(struct invocation *v, struct err *e)
{
    const struct sweep_options *o = &v->options;
    struct sweep_plan plan = {
        .fixed = &v->fixed,
        .spans = o->spans,
        .run_limit_ns = o->run_limit_ns,
        .document = v->place,
        .resume = o->resume,
        .seed_given = param_source_of(&v->own, "seed") == PARAM_FROM_FLAG,
        .warn = show_warning,
        .context = v,
    };
    int rc;
    progress_begin(&v->progress, v->experiment->name, !o->view.quiet);
    plan.progress = v->progress.wanted ? show_progress : NULL;
    rc = sweep_run(&v->sweep, &plan, &v->journal, e);
    progress_end(&v->progress);
    return rc;
}

/* `o` is closed. 0 with *on_terminal known, OUT_NO_READER, or -1. */
static int show(struct invocation *v, unsigned format, struct out *o, bool *on_terminal,
                struct err *e)
{
    const struct view_style style = style_make(&v->options.view, o);
    *on_terminal = out_is_terminal(o);
    if (view_sweep(&v->sweep, format, &style, o, e) < 0) {
        out_abandon(o);
        return -1;
    }
    return out_close(o, e);
}

static unsigned format_of_documents(void)
{
    unsigned i = 0;
    while (view_at(i)->write != view_json)
        i++;
    return i;
}

/* Status, or -1. A file without a format gets the document, and the reader the table. */
static int show_all(struct invocation *v, struct out *o, struct err *e)
{
    bool both = out_is_file(v->options.view.output) &&
                param_source_of(&v->own, "format") != PARAM_FROM_FLAG;
    bool on_terminal;
    int rc = show(v, both ? format_of_documents() : v->options.view.format, o, &on_terminal, e);
    if (rc == 0 && !v->sweep.interrupted)
        journal_close(&v->journal, true); /* the document has everything */
    if (rc == 0 && both) {
        o = out_open(NULL, e);
        rc = o == NULL ? -1 : show(v, v->options.view.format, o, &on_terminal, e);
    }
    if (rc == OUT_NO_READER && v->sweep.interrupted) /* Ctrl-C ends the reader of a pipe, too */
        return STATUS_INTERRUPTED;
    if (rc < 0)
        return -1;
    say_beside(v, on_terminal);
    return status_of(&v->sweep);
}

/* Nothing is shown: an empty document would take the place of a good one. */
static int leave_document(struct invocation *v)
{
    journal_close(&v->journal, true); /* there is nothing to go on with */
    fprintf(stderr, "uvlab: sweep: interrupted before a run had ended; '%s' is left as it was\n",
            v->options.view.output);
    return STATUS_INTERRUPTED;
}

/* That it can be written is known before anything is measured. What takes the place of a file is
 * opened again when there is something to write: a sweep may be killed, and would leave it there.
 */
static int sweep_parsed(struct invocation *v, struct err *e)
{
    const char *path = v->options.view.output;
    struct out *o;
    run_catch_signals(out_emergency);
    o = out_open(path, e);
    if (o == NULL)
        return -1;
    if (out_is_file(path)) {
        out_abandon(o);
        o = NULL;
        v->place = out_place(path, e);
        if (v->place == NULL)
            return -1;
    }
    if (measure(v, e) < 0) {
        out_abandon(o);
        return -1;
    }
    if (o == NULL && v->sweep.interrupted && v->sweep.run_count == 0)
        return leave_document(v);
    if (o == NULL)
        o = out_open(path, e);
    return o == NULL ? -1 : show_all(v, o, e);
}

static int sweep_of(struct invocation *v, int argc, char *const *argv, struct err *e)
{
    int status = parse(v, argc, argv, e);
    if (status == 1) {
        struct text t = TEXT_EMPTY;
        help_sweep(v->experiment, &t);
        return command_print(&t, e);
    }
    if (status == 0)
        status = settle(v, e);
    if (status == 0)
        status = sweep_parsed(v, e);
    return status < 0 ? err_prefix(e, "sweep") : status;
}

/* --- Which experiment. --- */

static int unknown(const char *word, struct err *e)
{
    enum { NAMES_MOST = 64 };
    const char *names[NAMES_MOST + 1], *near;
    size_t count = 0;
    for (; count < NAMES_MOST && registry[count] != NULL; count++)
        names[count] = registry[count]->name;
    names[count] = NULL;
    near = param_nearest(word, names);
    if (near != NULL)
        return err_set(e, STATUS_USAGE, "sweep: no experiment '%s' (did you mean '%s'?)", word,
                       near);
    return err_set(e, STATUS_USAGE, "sweep: no experiment '%s'; see 'uvlab list'", word);
}

static bool asks_for_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int sweep_main(int argc, char *const *argv, struct err *e)
{
    const struct experiment *x = argc > 0 ? registry_find(argv[0]) : NULL;
    struct invocation *v;
    int status;
    if (x == NULL && asks_for_help(argc, argv)) {
        struct text t = TEXT_EMPTY;
        help_command(&command_sweep, &t);
        return command_print(&t, e);
    }
    if (argc == 0)
        return err_set(e, STATUS_USAGE,
                       "sweep: which experiment? (uvlab sweep threadpool --threads 1,2,4)");
    if (x == NULL && argv[0][0] == '-')
        return err_set(e, STATUS_USAGE,
                       "sweep: '%s': the experiment comes first; see 'uvlab help sweep'", argv[0]);
    if (x == NULL)
        return unknown(argv[0], e);
    v = mem_zeroed(1, sizeof *v);
    if (v == NULL)
        return err_no_memory(e, "the options");
    v->experiment = x;
    v->journal = JOURNAL_CLOSED;
    status = sweep_of(v, argc - 1, argv + 1, e);
    /* A journal with nothing in it is in nobody's interest. */
    journal_close(&v->journal, v->sweep.run_count == 0);
    mem_free(v->place);
    sweep_free(&v->sweep);
    words_free(&v->fixed);
    words_free(&v->arguments);
    mem_free(v);
    return status;
}

static const char *const more[] = {
    "Options that are lists anyway (--path, --url, --header), and URLs, are handed on as they are: "
    "a comma in them is a comma, and their values are not compared.",
    "Each run is a process of its own. In each round every point is run once, in random order. "
    "When the time is over, the run that is under way is waited for; one run is made in any case. "
    "Without --runs there are at "
    "least 6 rounds, as fewer tell nothing for certain.",
    "With --output every run that has ended is on disk at once: what was interrupted, or killed, "
    "goes on with the same command line and --resume. --time-limit then counts what was spent "
    "before, too. What is complete goes on so with a longer --time-limit, more --runs or a finer "
    "--precision.",
    "In the table, 'to best' compares each point with the best one, round by round: +12 % or 2.01 "
    "x is worse, at 95 % confidence; = is as good, within --margin; of ? these runs cannot tell. "
    "The answer is the smallest number of threads, workers or connections that is as good as the "
    "best, "
    "and there is none where that is not certain. docs/sweeping.md says what it is computed from, "
    "and how far it can be trusted.",
    NULL,
};

static const char *const examples[] = {
    "uvlab sweep threadpool --threads 1,2,4,8",
    "uvlab sweep threadpool --threads 1..16x2 -n 32 -o pool.json",
    "uvlab sweep threadpool --threads 1..16x2 -n 32 -o pool.json --resume",
    "uvlab sweep cluster --workers 1..max --time-limit 10min",
    "uvlab sweep load --connections 1..64x2 -d 2s https://server.example/",
    NULL,
};

const struct command command_sweep = {
    .name = "sweep",
    .summary = "runs an experiment with several values of its options, and says which is best",
    .about =
        "Options of the experiment may have several values: --threads 1,2,4, --threads 1..8 "
        "(every whole number), --threads 1..64x2 (doubling), --workers 1..max (as many as there "
        "are CPUs), --work pbkdf2,file. An option that takes any text is repeated "
        "for each value: --file a --file b. With several such options every combination of "
        "values is a point. 'uvlab help sweep EXPERIMENT' lists the options of both.",
    .more = more,
    .examples = examples,
    .operand = "EXPERIMENT",
    .operands_most = 1,
    .of_experiment = true,
    .params = sweep_params,
    .options_size = sizeof(struct sweep_options),
    .main = sweep_main,
};
