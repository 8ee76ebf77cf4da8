/* `uvlab NAME ...`: from the command line of an experiment to its result and the exit status.
 *
 * The order matters: what cannot succeed is refused first (the command line, the plan, the output),
 * then it is measured, then judged and shown. The options live here until all of it is over, as the
 * result points into them. Main thread. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/claims.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/common.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/style.h"
#include "measure/load_facts.h"
#include "measure/session.h"
#include "output/out.h"
#include "output/view.h"

/* What one invocation consists of. */
struct invocation {
    const struct experiment *experiment;
    struct common_options common;
    struct param_set common_set;
    const struct view *view;
    struct result result;
};

static int print_help(const struct experiment *x, struct err *e)
{
    struct text t = TEXT_EMPTY;
    help_experiment(x, &t);
    return command_print(&t, e);
}

/* Beside the result there is either a judge at work or the view. */
static void expect_memory(struct invocation *v)
{
    struct session_options *session = &v->common.session;
    bool judged = v->view->judged || v->common.view.check;

    session->bytes_per_span = v->view->bytes_per_span;
    session->bytes_per_span_of_run = v->view->bytes_per_span_of_run;
    if (judged && session->bytes_per_span < CLAIMS_BYTES_PER_SPAN)
        session->bytes_per_span = CLAIMS_BYTES_PER_SPAN;
    if (judged && session->bytes_per_span_of_run < CLAIMS_BYTES_PER_SPAN_OF_RUN)
        session->bytes_per_span_of_run = CLAIMS_BYTES_PER_SPAN_OF_RUN;
}

/* Whether the message refuses a value of an option of x that a sweep would take apart. */
static bool means_several(const struct experiment *x, const char *message)
{
    const char *name = message + 2, *value = strchr(message, ' '), *end;
    const struct param *row;
    if (strncmp(message, "--", 2) != 0 || value == NULL || (end = strstr(value, ": ")) == NULL)
        return false;
    row = param_find(x->params, name, (size_t)(value - name));
    for (; row != NULL && value + 1 < end; value++)
        if (value[0] == ',' || (value[0] == '.' && value[1] == '.'))
            return param_is_number(row) || row->type == PARAM_TYPE_CHOICE;
    return false;
}

/* Several values are what a sweep is for. */
static int refuse(const struct experiment *x, struct err *e)
{
    char written[sizeof e->text];
    if (!means_several(x, e->text))
        return -1;
    snprintf(written, sizeof written, "%.*s", (int)(strstr(e->text, ": ") - e->text), e->text);
    return err_set(e, e->status, "%s (several values: uvlab sweep %s %s)", e->text, x->name,
                   written);
}

/* 1 when help was asked for, and nothing else is to be done. */
static int parse(struct invocation *v, int argc, char *const *argv, struct err *e)
{
    struct option_outcome outcome;
    struct option_grammar grammar = {.sets = {&v->result.options, &v->common_set},
                                     .set_count = 2,
                                     .operand = v->experiment->operand,
                                     .topic = v->experiment->name};
    const struct view_options *view = &v->common.view;
    if (options_parse(&grammar, argc, argv, &outcome, e) < 0)
        return refuse(v->experiment, e);
    if (outcome.help)
        return 1;
    v->view = view_at(view->format);
    expect_memory(v);
    if ((view->timeline || view->by_thread) && v->view->write != view_table)
        return err_set(e, STATUS_USAGE,
                       "--%s: only the table has a timeline, and --format is %s (trace is the "
                       "timeline for other programs)",
                       view->timeline ? "timeline" : "by-thread", v->view->name);
    return 0;
}

/* Of all calls: how many failed, and why the first of them did. */
struct failures {
    uint64_t calls, failed, alike; /* alike: with the status of the first */
    int first;
    uint64_t answered; /* with an error and the status code of the first of them */
    unsigned answer;
};

/* Requests of a load that have no span are known by their kind of error alone. */
static void count_load(const struct load_facts *load, struct failures *f)
{
    static const int statuses[LOAD_ERRORS] = {
        [LOAD_ERROR_CONNECT] = SPAN_FAILED_CONNECT, [LOAD_ERROR_RESET] = SPAN_FAILED_RESET,
        [LOAD_ERROR_TIMEOUT] = SPAN_FAILED_TIMEOUT, [LOAD_ERROR_MALFORMED] = SPAN_FAILED_MALFORMED,
        [LOAD_ERROR_STATUS] = SPAN_FAILED_STATUS,
    };
    f->calls += load->submitted;
    for (unsigned k = 0; k < LOAD_ERRORS; k++) {
        if (load->errors[k] == 0)
            continue;
        if (f->failed == 0)
            f->first = statuses[k];
        f->failed += load->errors[k];
        f->alike += statuses[k] == f->first ? load->errors[k] : 0;
    }
}

/* "404" is known of calls that have a span alone. */
static void count_answer(const struct span *s, struct failures *f)
{
    if (s->status != SPAN_FAILED_STATUS || s->http == NULL)
        return;
    if (f->answered == 0)
        f->answer = s->http->answer;
    f->answered += s->http->answer == f->answer;
}

static void count_answers(const struct result *r, struct failures *f)
{
    struct span s;
    for (uint32_t i = 0; i < r->run_count; i++) {
        for (uint32_t k = 0; k < r->runs[i].recorder.count; k++) {
            recorder_get(&r->runs[i].recorder, k, &s);
            if (s.parent == SPAN_NONE)
                count_answer(&s, f);
        }
    }
}

static void count_failures(const struct result *r, struct failures *f)
{
    struct span s;
    *f = (struct failures){.first = SPAN_OK};
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].load != NULL) {
            count_load(r->runs[i].load, f);
            continue;
        }
        for (uint32_t k = 0; k < r->runs[i].recorder.count; k++) {
            recorder_get(&r->runs[i].recorder, k, &s);
            if (s.parent != SPAN_NONE)
                continue;
            f->calls++;
            if (s.status == SPAN_OK)
                continue;
            if (f->failed++ == 0)
                f->first = s.status;
            f->alike += s.status == f->first;
        }
    }
}

static void say_failures(const struct result *r)
{
    struct failures f;
    const char *why;
    char all[UNITS_TEXT_BYTES], failed[UNITS_TEXT_BYTES], alike[UNITS_TEXT_BYTES];
    char text[SPAN_TEXT_BYTES], of_them[UNITS_TEXT_BYTES + 16] = "";
    count_failures(r, &f);
    count_answers(r, &f);
    if (f.failed == 0)
        return;
    why = span_status_text(f.first, text);
    if (f.first == SPAN_FAILED_STATUS && f.answered == f.alike) {
        snprintf(text, sizeof text, "answered with status %u", f.answer);
        why = text;
    }
    if (f.alike < f.failed)
        snprintf(of_them, sizeof of_them, ", %s of them", units_format_count(alike, f.alike));
    fprintf(stderr, "uvlab: %s: %s of %s call%s failed%s: %s\n", r->experiment->name,
            units_format_count(failed, f.failed), units_format_count(all, f.calls),
            f.calls == 1 ? "" : "s", of_them, why);
}

/* What the view has no place for: doubts. And why the status will not be 0, unless it can be read
 * in the table that was just drawn on a terminal; who interrupted it knows. */
static void say_beside(const struct invocation *v, bool on_terminal)
{
    const struct result *r = &v->result;
    for (size_t i = 0; i < r->warnings.count && !v->view->judged && !v->common.view.quiet; i++)
        fprintf(stderr, "uvlab: warning: %s\n", r->warnings.items[i]);
    if (r->interrupted || (on_terminal && v->view->write == view_table))
        return;
    for (size_t i = 0; i < r->verdict_count && v->common.view.check; i++)
        if (r->verdicts[i].verdict == VERDICT_FAILS)
            fprintf(stderr, "uvlab: %s: claim '%s' fails: %s\n", r->experiment->name,
                    r->verdicts[i].claim->id, text_get(&r->verdicts[i].evidence));
    say_failures(r);
}

static int status_of(const struct invocation *v)
{
    if (v->result.interrupted || run_interrupted()) /* the result may be whole all the same */
        return STATUS_INTERRUPTED;
    if (v->common.view.check && claims_any_failed(&v->result))
        return STATUS_CLAIM;
    return result_has_failures(&v->result) ? STATUS_FAILED : STATUS_OK;
}

/* Everything between opening the output and closing it. */
static int measure_and_show(struct invocation *v, struct out *o, struct err *e)
{
    const struct view_style style = style_make(&v->common.view, o);
    struct progress progress;
    int rc;
    progress_begin(&progress, v->experiment->name, !v->common.view.quiet);
    v->common.session.progress = progress_during(&progress);
    rc = session_run(&v->result, &v->common.session, progress_show, &progress, e);
    progress_end(&progress);
    if (rc == 0 && (v->view->judged || v->common.view.check))
        rc = claims_judge(&v->result, e);
    if (rc == 0)
        rc = v->view->write(&v->result, &style, o, e);
    return rc;
}

static int run_parsed(struct invocation *v, struct err *e)
{
    struct out *o;
    bool on_terminal;
    int rc;
    if (session_plan(&v->result, &v->common.session, e) < 0)
        return -1;
    run_catch_signals(out_emergency); /* before there is a file that a signal could leave behind */
    o = out_open(v->common.view.output, e);
    if (o == NULL)
        return -1;
    if (measure_and_show(v, o, e) < 0) {
        out_abandon(o);
        return -1;
    }
    on_terminal = out_is_terminal(o);
    rc = out_close(o, e);
    /* Ctrl-C ends the reader of a pipe, too. */
    if (rc == OUT_NO_READER && v->result.interrupted)
        return STATUS_INTERRUPTED;
    if (rc < 0)
        return -1;
    say_beside(v, on_terminal);
    return status_of(v);
}

/* Whether threads may still be running calls: a run was given up, or failed while it was. */
static bool threads_still_run(const struct result *r, int status)
{
    for (uint32_t i = 0; i < r->run_count; i++)
        if (r->runs[i].detached)
            return true;
    return status < 0 && run_interrupted();
}

int cmd_run(const struct experiment *x, int argc, char *const *argv, struct err *e)
{
    struct invocation v = {.experiment = x,
                           .common_set = {.table = common_params, .values = &v.common},
                           .result = {.experiment = x, .common = &v.common_set}};
    void *options = mem_zeroed(1, x->options_size > 0 ? x->options_size : 1);
    int status;
    if (options == NULL)
        return err_no_memory(e, "the options");
    v.result.options = (struct param_set){.table = x->params, .values = options};
    status = parse(&v, argc, argv, e);
    if (status == 1) {
        status = print_help(x, e);
    } else if (status == 0) {
        status = run_parsed(&v, e);
        if (status < 0)
            err_prefix(e, "%s", x->name);
        if (threads_still_run(&v.result, status)) {
            /* Neither atexit functions nor free(): those threads use what they would take away. */
            if (status < 0)
                status = (int)command_report(e);
            fflush(NULL);
            _exit(status);
        }
    } else {
        err_prefix(e, "%s", x->name);
    }
    result_free(&v.result);
    mem_free(options);
    return status;
}
