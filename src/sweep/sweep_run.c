/* The rounds of a sweep. What has been measured is in the journal before anything else happens to
 * it, and what is in the journal is never run again: to go on is to walk through the same rounds,
 * in the same orders, past the runs that are there. Main thread; one child at a time. */
#include "sweep/sweep_run.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "measure/clock.h"
#include "measure/run.h"
#include "measure/wall.h"
#include "sweep/journal.h"
#include "sweep/points.h"
#include "sweep/process.h"
#include "sweep/run_document.h"
#include "sweep/settle.h"
#include "sweep/stop.h"
#include "sweep/watch.h"

enum { OUTPUT_MIB_MOST = 256 };

#define NS_PER_S UINT64_C(1000000000)

static const char this_program[] = "/proc/self/exe";

/* A sweep that is going on. */
struct sweeping {
    struct sweep *s;
    const struct sweep_plan *plan;
    struct journal *journal;    /* NULL: none is kept */
    struct run_context context; /* parameters and environment, once they are known */
    bool context_is_new;        /* they have been heard in this sitting */
    struct stop_point *points;
    uint32_t *order;               /* of the round */
    uint64_t begun_ns, earlier_ns; /* this sitting's beginning; what earlier ones took */
    size_t earlier_runs;           /* that the journal had */
    uint32_t rounds_wanted;        /* probably; 0: unknown */
    bool ended;
};

static uint64_t took_ns(const struct sweeping *w)
{
    return w->earlier_ns + (clock_read_monotonic() - w->begun_ns);
}

static void end(struct sweeping *w, enum sweep_end why)
{
    w->s->ended = why;
    w->ended = true;
}

/* --- One run. --- */

/* By the mean of all runs so far, and not beyond the time limit. */
static uint64_t left_ns(const struct sweeping *w)
{
    const struct sweep *s = w->s;
    uint64_t spent_ns = took_ns(w), limit_ns = SWEEP_UNKNOWN, left, runs, done = s->run_count;

    if (s->time_limit_ns != SWEEP_UNKNOWN)
        limit_ns = s->time_limit_ns > spent_ns ? s->time_limit_ns - spent_ns : 0;
    if (done == 0 || w->rounds_wanted == 0)
        return limit_ns;
    runs = (uint64_t)w->rounds_wanted * s->point_count;
    for (uint32_t i = 0; i < s->point_count; i++)
        if (w->points[i].given_up && w->points[i].rounds < w->rounds_wanted)
            runs -= w->rounds_wanted - w->points[i].rounds;
    if (__builtin_mul_overflow(spent_ns / done, runs > done ? runs - done : 0, &left))
        return limit_ns;
    return left < limit_ns ? left : limit_ns;
}

static void tell(const struct sweeping *w, uint32_t round, uint32_t point)
{
    struct sweep_progress p = {round, w->rounds_wanted, point, SWEEP_UNKNOWN};

    if (w->plan->progress == NULL)
        return;
    p.left_ns = left_ns(w);
    w->plan->progress(w->plan->context, w->s, &p);
}

/* Takes what the document says of the machine, the first time; later documents that say otherwise
 * make a warning. */
static int take_context(struct sweeping *w, struct run_context *context, struct err *e)
{
    bool first = w->context.parameters == NULL;
    int rc = 0;

    if (context->parameters == NULL)
        return 0;
    if (first) {
        w->context = *context;
        *context = (struct run_context){0};
        if (w->journal != NULL)
            rc = journal_add_context(w->journal, &w->context, e);
    } else if (!w->context_is_new) {
        rc = settle_compare(w->s, &w->context, context, e);
    }
    w->context_is_new = true;
    return rc;
}

/* The run is in the journal first, so that it is nowhere else but where it is on disk. */
static int keep(struct sweeping *w, struct sweep_run *run, struct run_context *context,
                struct err *e)
{
    int rc = take_context(w, context, e);

    if (rc == 0 && w->journal != NULL)
        rc = journal_add_run(w->journal, run, e);
    if (rc != 0) {
        sweep_run_free(run);
        return -1;
    }
    stop_add(&w->points[run->point], run);
    if (sweep_add_run(w->s, run, e) != 0)
        return -1;
    return settle_by(w->s, &w->context, e);
}

/* What the process left becomes a run, unless we were told to end meanwhile. */
static int take_outcome(struct sweeping *w, struct sweep_run *run, const struct process_plan *plan,
                        const struct process_outcome *out, struct err *e)
{
    struct run_context context = {0};
    int rc;

    if (run_interrupted()) {
        end(w, SWEEP_ENDED_SIGNAL);
        return 0;
    }
    if (run_document_make(run, w->s, plan, out, w->plan->spans, &context, e) != 0)
        return -1;
    rc = keep(w, run, &context, e);
    run_context_free(&context);
    return rc;
}

static int run_point(struct sweeping *w, uint32_t point, struct err *e)
{
    struct sweep_run run = {.point = point, .round = w->points[point].rounds};
    struct words arguments;
    struct process_outcome out;
    struct process_plan plan = {
        .program = w->plan->program != NULL ? w->plan->program : this_program,
        .limit_ns = w->plan->run_limit_ns,
        .grace_ns = 5 * NS_PER_S,
        .break_grace_ns = NS_PER_S,
        .output_most = (size_t)OUTPUT_MIB_MOST << 20,
    };
    int rc;

    if (points_arguments(&arguments, w->s, point, w->plan->fixed, w->plan->spans, e) != 0)
        return -1;
    plan.arguments = arguments.items;
    rc = process_run(&plan, &out, e);
    if (rc == 0)
        rc = take_outcome(w, &run, &plan, &out, e);
    text_free(&out.output);
    words_free(&arguments);
    return rc;
}

/* --- Rounds. --- */

/* Never before the first run of all: a sweep that measured nothing would have no answer to show. */
static bool is_time_over(const struct sweeping *w)
{
    const struct sweep *s = w->s;

    return s->run_count > 0 && s->time_limit_ns != SWEEP_UNKNOWN && took_ns(w) >= s->time_limit_ns;
}

static bool any_left(const struct sweeping *w)
{
    for (uint32_t i = 0; i < w->s->point_count; i++)
        if (!w->points[i].given_up)
            return true;
    return false;
}

static int one_round(struct sweeping *w, uint32_t round, struct err *e)
{
    struct sweep *s = w->s;

    points_order(s->seed, round, s->point_count, w->order);
    for (uint32_t i = 0; i < s->point_count; i++) {
        uint32_t point = w->order[i];

        if (w->points[point].rounds > round || w->points[point].given_up)
            continue;
        if (run_interrupted()) {
            end(w, SWEEP_ENDED_SIGNAL);
        } else if (is_time_over(w)) {
            end(w, SWEEP_ENDED_TIME);
        } else {
            tell(w, round, point);
            if (run_point(w, point, e) != 0)
                return -1;
        }
        if (w->ended)
            return 0;
    }
    return 0;
}

/* What the first round took, of the points that go on. */
static uint64_t first_round_ns(const struct sweeping *w)
{
    const struct sweep *s = w->s;
    uint64_t sum_ns = 0;

    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].round == 0 && !w->points[s->runs[i].point].given_up)
            sum_ns += s->runs[i].process_ns;
    return sum_ns;
}

/* After a round it can be known that the time is too short for an answer. */
static int warn_of_time(const struct sweeping *w, struct err *e)
{
    struct sweep *s = w->s;
    char needed[UNITS_TEXT_BYTES], limit[UNITS_TEXT_BYTES];
    size_t before = s->warning_count;
    uint64_t needed_ns;

    if (s->time_limit_ns == SWEEP_UNKNOWN ||
        __builtin_mul_overflow(first_round_ns(w), SWEEP_ROUNDS_LEAST, &needed_ns) ||
        needed_ns <= s->time_limit_ns)
        return 0;
    if (sweep_warn(s, e,
                   "%d rounds, the least for an answer, would take about %s, and --time-limit "
                   "is %s",
                   SWEEP_ROUNDS_LEAST, units_format_duration(needed, needed_ns, "u"),
                   units_format_duration(limit, s->time_limit_ns, "u")) != 0)
        return -1;
    if (w->plan->warn != NULL && s->warning_count > before)
        w->plan->warn(w->plan->context, s->warnings[before]);
    return 0;
}

/* After so many whole rounds. */
static int is_enough(struct sweeping *w, uint32_t rounds, struct err *e)
{
    const struct sweep *s = w->s;
    bool known = false;

    if (!any_left(w)) {
        end(w, SWEEP_ENDED_FAILURES);
        return 0;
    }
    if (s->runs_wanted > 0) {
        w->rounds_wanted = (uint32_t)s->runs_wanted;
        if (rounds >= s->runs_wanted)
            end(w, SWEEP_ENDED_RUNS);
        return 0;
    }
    if (rounds == 0) {
        w->rounds_wanted = SWEEP_ROUNDS_LEAST;
        return 0;
    }
    if (stop_is_known(s, w->points, &known, &w->rounds_wanted, e) != 0)
        return -1;
    if (known)
        end(w, SWEEP_ENDED_KNOWN);
    return rounds == 1 ? warn_of_time(w, e) : 0;
}

static int all_rounds(struct sweeping *w, struct err *e)
{
    for (uint32_t round = 0; !w->ended; round++) {
        if (is_enough(w, round, e) != 0)
            return -1;
        if (!w->ended && one_round(w, round, e) != 0)
            return -1;
    }
    return 0;
}

/* --- The whole. --- */

/* The runs that a journal had. */
static void take_earlier(struct sweeping *w)
{
    w->earlier_runs = w->s->run_count;
    for (size_t i = 0; i < w->earlier_runs; i++) {
        const struct sweep_run *run = &w->s->runs[i];

        w->earlier_ns += run->process_ns;
        stop_add(&w->points[run->point], run);
    }
}

/* A mistake in the command line is the same for every point; then it is the sweep's. */
static int refuse_mistakes(const struct sweep *s, struct err *e)
{
    if (s->ended != SWEEP_ENDED_FAILURES)
        return 0;
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].exit_status != STATUS_USAGE)
            return 0;
    return err_set(e, STATUS_USAGE, "%s: %s", s->experiment->name, s->runs[0].error);
}

static int prepare(struct sweeping *w, struct journal *journal, struct err *e)
{
    struct sweep *s = w->s;

    w->begun_ns = clock_read_monotonic();
    wall_write(s->started_at, wall_now_ms());
    w->points = mem_zeroed(s->point_count, sizeof *w->points);
    w->order = mem_zeroed(s->point_count, sizeof *w->order);
    if (w->points == NULL || w->order == NULL)
        return err_no_memory(e, "the points of the sweep");
    if (w->plan->document == NULL)
        return 0;
    if (journal_open(journal, w->plan->document, w->plan->resume, w->plan->seed_given,
                     w->plan->spans, s, &w->context, e) != 0)
        return -1;
    w->journal = journal;
    take_earlier(w);
    if (journal->of_document && journal->found.took_ns != SWEEP_UNKNOWN &&
        journal->found.took_ns > w->earlier_ns)
        w->earlier_ns = journal->found.took_ns;
    return settle_by(s, &w->context, e);
}

int sweep_run(struct sweep *s, const struct sweep_plan *plan, struct journal *journal,
              struct err *e)
{
    struct sweeping w = {.s = s, .plan = plan};
    struct watch watch;
    int rc;

    *journal = JOURNAL_CLOSED;
    watch_begin(&watch);
    rc = prepare(&w, journal, e);
    if (rc == 0)
        rc = all_rounds(&w, e);
    if (rc == 0 && journal->of_document && journal->found.whole && s->run_count == w.earlier_runs &&
        s->ended != SWEEP_ENDED_SIGNAL) {
        rc = resume_refuse_whole(plan->document, e);
    }
    s->took_ns = took_ns(&w);
    watch_end(&watch, s);
    s->interrupted = s->ended == SWEEP_ENDED_SIGNAL;
    if (rc == 0)
        rc = settle_context(s, &w.context, e);
    if (rc == 0)
        rc = refuse_mistakes(s, e);
    /* What was a mistake from the beginning leaves nothing to go on with, or a document that has
     * everything. */
    if (rc != 0 && w.journal != NULL &&
        ((e->status == STATUS_USAGE && w.earlier_runs == 0) ||
         (journal->of_document && s->run_count == w.earlier_runs)))
        journal_close(journal, true);
    run_context_free(&w.context);
    mem_free(w.points);
    mem_free(w.order);
    return rc;
}
