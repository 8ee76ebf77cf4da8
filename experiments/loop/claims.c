/* What the experiment `loop` claims, and how it is judged: from the order in which spans were
 * called back, from their iterations and from what armed them; never from durations. Pure functions
 * of the result, any thread.
 *
 * Which order of phases is right is asked of the libuv version that the result names. A phase is
 * known from the kind of a span: that the loop came to it in that place is what is to be shown. */
#include "experiments/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "measure/phases.h"

/* A setTimeout(0) is due 1 ms after libuv's cached time at the latest; libuv's clock may itself be
 * coarse and lag by 1 ms. From here on it is certainly due when the loop starts. */
enum { SURELY_DUE_NS = 2000000 };

static unsigned libuv_version_of(const struct result *r)
{
    unsigned major, minor, patch;

    if (sscanf(r->host.libuv, "%u.%u.%u", &major, &minor, &patch) != 3)
        return uv_version();
    return major << 16 | minor << 8 | patch;
}

/* --- The spans of a run, as they were called back. --- */

struct call_backs {
    struct span *spans;
    uint32_t count;
    uint32_t missing; /* spans that were not called back */
};

static int compare_called_back(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    if (x->called_back_ns != y->called_back_ns)
        return x->called_back_ns < y->called_back_ns ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Fills *c, or says in the evidence why it cannot. Free with mem_free(c->spans). */
static bool call_backs_get(struct call_backs *c, const struct run *run, struct text *evidence)
{
    uint32_t all = run->recorder.count;

    *c = (struct call_backs){.spans = mem_zeroed(all == 0 ? 1 : all, sizeof *c->spans)};
    if (c->spans == NULL) {
        text_add(evidence, "not enough memory to look at the spans");
        return false;
    }
    for (uint32_t i = 0; i < all; i++) {
        recorder_get(&run->recorder, i, &c->spans[c->count]);
        if (c->spans[c->count].called_back_ns != SPAN_UNKNOWN)
            c->count++;
    }
    c->missing = all - c->count;
    if (c->count == 0) {
        text_add(evidence, "nothing was called back");
        mem_free(c->spans);
        return false;
    }
    qsort(c->spans, c->count, sizeof *c->spans, compare_called_back);
    return true;
}

/* --- The phases come in order. --- */

static int phase_rank(const enum span_phase *order, enum span_phase phase)
{
    for (int i = 0; i < PHASE_ORDER_LENGTH; i++)
        if (order[i] == phase)
            return i;
    return -1;
}

/* Whether `next` may be called back after `last`; both iterations are known. What the pending phase
 * calls a second time, directly after poll, counts as a part of poll (*rank is next's). */
static bool may_follow(const enum span_phase *order, const struct span *last, int last_rank,
                       const struct span *next, int *rank)
{
    int poll = phase_rank(order, PHASE_POLL);

    *rank = phase_rank(order, next->kind->phase);
    if (next->iteration != last->iteration)
        return next->iteration > last->iteration;
    if (next->kind->phase == PHASE_PENDING && last_rank == poll)
        *rank = poll;
    return *rank >= last_rank;
}

/* Iteration 0 is unknown, but for the timers that newer versions call before the first iteration.
 */
static bool iteration_known(unsigned version, const struct span *s)
{
    return s->iteration > 0 || (s->kind->phase == PHASE_TIMERS && phases_timers_on_entry(version));
}

static enum verdict phases_of_calls(unsigned version, uint64_t all_iterations,
                                    const struct call_backs *c, struct text *evidence)
{
    const enum span_phase *order = phases_of(version);
    char a[SPAN_TEXT_BYTES], b[SPAN_TEXT_BYTES];
    uint32_t iterations = 0;
    int rank = phase_rank(order, c->spans[0].kind->phase);

    for (uint32_t i = 0; i < c->count; i++) {
        const struct span *last = &c->spans[i == 0 ? 0 : i - 1], *next = &c->spans[i];

        if (!iteration_known(version, next)) {
            text_add(evidence, "the iteration of '%s' is unknown", span_name(next, a));
            return VERDICT_NOT_TESTED;
        }
        if (!may_follow(order, last, rank, next, &rank)) {
            text_add(evidence,
                     "'%s' (%s, iteration %" PRIu32 ") was called back after '%s' (%s, "
                     "iteration %" PRIu32 ")",
                     span_name(next, a), span_phase_name(next->kind->phase), next->iteration,
                     span_name(last, b), span_phase_name(last->kind->phase), last->iteration);
            return VERDICT_FAILS;
        }
        if (next->iteration > 0 && (i == 0 || next->iteration != last->iteration))
            iterations++;
    }
    text_add(evidence,
             "%" PRIu32 " callbacks, in %" PRIu32 " of the loop's %" PRIu64
             " iterations, came in the order ",
             c->count, iterations, all_iterations);
    for (int i = 0; i < PHASE_ORDER_LENGTH; i++)
        text_add(evidence, "%s%s", i == 0 ? "" : ", ", span_phase_name(order[i]));
    text_add(evidence, ", which is that of libuv %u.%u.%u", version >> 16, version >> 8 & 0xff,
             version & 0xff);
    return VERDICT_HOLDS;
}

static enum verdict judge_phases_of_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct call_backs c;
    enum verdict verdict;

    if (!call_backs_get(&c, run, evidence))
        return VERDICT_NOT_TESTED;
    verdict = phases_of_calls(libuv_version_of(r), run->loop_facts.iterations, &c, evidence);
    mem_free(c.spans);
    return verdict;
}

static enum verdict judge_phases(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_phases_of_run, evidence);
}

/* --- From an I/O callback the immediate comes first. --- */

/* The span of that kind that was armed in the callback of `cause` (an id, or SPAN_NONE: the main
 * program); false when there is none that was called back. */
static bool find_armed(const struct run *run, const struct span_kind *kind, uint32_t cause,
                       struct span *found)
{
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, found);
        if (found->kind == kind && found->armed_by == cause &&
            found->called_back_ns != SPAN_UNKNOWN)
            return true;
    }
    return false;
}

static enum verdict judge_io_of_run(const struct result *r, const struct run *run,
                                    struct text *evidence)
{
    const struct span_kind *const *kinds = r->experiment->kinds;
    char names[4 * SPAN_TEXT_BYTES] = "", name[SPAN_TEXT_BYTES];
    size_t length = 0;
    uint32_t seen = 0;
    struct span cause, timer, immediate;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &cause);
        if (cause.kind->phase != PHASE_POLL ||
            !find_armed(run, kinds[KIND_TIMEOUT], cause.id, &timer) ||
            !find_armed(run, kinds[KIND_IMMEDIATE], cause.id, &immediate))
            continue;
        if (timer.called_back_ns < immediate.called_back_ns) {
            text_add(evidence, "'%s' armed both, and the timer came before the immediate",
                     span_name(&cause, name));
            return VERDICT_FAILS;
        }
        if (length < sizeof names - SPAN_TEXT_BYTES)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s'%s'",
                                       seen == 0 ? "" : ", ", span_name(&cause, name));
        seen++;
    }
    if (seen == 0) {
        text_add(evidence, "no I/O callback armed both and saw both called back");
        return VERDICT_NOT_TESTED;
    }
    text_add(evidence,
             "%" PRIu32 " I/O callbacks (%s) armed both, the timer first, and the "
             "immediate came before the timer each time",
             seen, names);
    return VERDICT_HOLDS;
}

static enum verdict judge_io(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_io_of_run, evidence);
}

/* --- From the main program: the trials. --- */

struct trials {
    uint64_t timer_first, immediate_first;
};

static struct trials trials_count(const struct result *r)
{
    const struct span_kind *const *kinds = r->experiment->kinds;
    struct trials t = {0};
    struct span timer, immediate;

    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];

        if (run->pass->role != PASS_TRIAL || run->interrupted ||
            !find_armed(run, kinds[KIND_TIMEOUT], SPAN_NONE, &timer) ||
            !find_armed(run, kinds[KIND_IMMEDIATE], SPAN_NONE, &immediate))
            continue;
        if (timer.called_back_ns < immediate.called_back_ns)
            t.timer_first++;
        else
            t.immediate_first++;
    }
    return t;
}

static bool trials_add(const struct trials *t, struct text *evidence)
{
    uint64_t all = t->timer_first + t->immediate_first;

    if (all == 0)
        text_add(evidence, "no trial was made");
    else
        text_add(evidence,
                 "the timer came first in %" PRIu64 " and the immediate in %" PRIu64 " of %" PRIu64
                 " trials",
                 t->timer_first, t->immediate_first, all);
    return all > 0;
}

/* Both orders seen: then neither can be promised. That one was never seen does not make it a
 * promise, so nothing follows from that. */
static enum verdict judge_main(const struct result *r, struct text *evidence)
{
    struct trials t = trials_count(r);

    if (!trials_add(&t, evidence))
        return VERDICT_NOT_TESTED;
    if (t.timer_first > 0 && t.immediate_first > 0)
        return VERDICT_HOLDS;
    if (result_option(r, "busy-start", 0) >= SURELY_DUE_NS)
        text_add(evidence, "; the timer was due before the loop started, which settles it");
    else
        text_add(evidence, "; the other order was not seen, which does not promise this one: more "
                           "--trials or a --busy-start around 500us may show it");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_due(const struct result *r, struct text *evidence)
{
    struct trials t = trials_count(r);

    if (result_option(r, "busy-start", 0) < SURELY_DUE_NS) {
        text_add(evidence, "the timer need not have been due when the loop started; --busy-start "
                           "of 2ms or more makes sure that it is");
        return VERDICT_NOT_TESTED;
    }
    if (!trials_add(&t, evidence))
        return VERDICT_NOT_TESTED;
    return t.immediate_first > 0 ? VERDICT_FAILS : VERDICT_HOLDS;
}

/* --- The end of the loop. --- */

/* Not before: all that was armed came back. Not after: the iteration of the last callback was the
 * loop's last. */
static enum verdict judge_end_of_run(const struct result *r, const struct run *run,
                                     struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], cause_name[SPAN_TEXT_BYTES] = "the main program";
    uint64_t iterations = run->loop_facts.iterations;
    struct call_backs c;
    struct span last, cause;

    (void)r;
    if (!call_backs_get(&c, run, evidence))
        return VERDICT_NOT_TESTED;
    last = c.spans[c.count - 1];
    mem_free(c.spans);
    if (c.missing > 0) {
        text_add(evidence, "%" PRIu32 " of %" PRIu32 " calls had not come back when it ended",
                 c.missing, c.missing + c.count);
        return VERDICT_FAILS;
    }
    if (last.armed_by != SPAN_NONE) {
        recorder_get(&run->recorder, last.armed_by - 1, &cause);
        span_name(&cause, cause_name);
    }
    text_add(evidence,
             "all %" PRIu32 " calls came back, the last ('%s', armed by %s) in iteration "
             "%" PRIu32 ", and the loop ended after iteration %" PRIu64,
             c.count, span_name(&last, name), cause_name, last.iteration, iterations);
    return last.iteration == iterations ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_end(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_end_of_run, evidence);
}

/* --- Close callbacks. --- */

static enum verdict closes_of_calls(unsigned version, const struct call_backs *c,
                                    struct text *evidence)
{
    bool timers_may_follow = phases_timers_on_entry(version);
    const struct span *close = NULL; /* the last one seen */
    char a[SPAN_TEXT_BYTES], b[SPAN_TEXT_BYTES];
    uint32_t closes = 0, iterations = 0;

    for (uint32_t i = 0; i < c->count; i++) {
        const struct span *s = &c->spans[i];
        bool same = close != NULL && close->iteration == s->iteration;

        if (s->kind->phase == PHASE_CLOSING) {
            closes++;
            iterations += !same;
            close = s;
        } else if (same && !(timers_may_follow && s->kind->phase == PHASE_TIMERS)) {
            text_add(evidence, "in iteration %" PRIu32 " '%s' came after '%s'", s->iteration,
                     span_name(s, a), span_name(close, b));
            return VERDICT_FAILS;
        }
    }
    if (closes == 0) {
        text_add(evidence, "nothing was closed");
        return VERDICT_NOT_TESTED;
    }
    text_add(evidence,
             "%" PRIu32 " close callbacks in %" PRIu32
             " iterations, and nothing but%s came behind them in theirs",
             closes, iterations, timers_may_follow ? " timers" : " each other");
    return VERDICT_HOLDS;
}

static enum verdict judge_closes_of_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct call_backs c;
    enum verdict verdict;

    if (!call_backs_get(&c, run, evidence))
        return VERDICT_NOT_TESTED;
    verdict = closes_of_calls(libuv_version_of(r), &c, evidence);
    mem_free(c.spans);
    return verdict;
}

static enum verdict judge_closes(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_closes_of_run, evidence);
}

const struct claim loop_claims[] = {
    {"phases-in-order", "in every iteration the phases come in the order of the linked libuv",
     judge_phases},
    {"immediate-first-after-io",
     "from an I/O callback the immediate comes before a setTimeout(0), always", judge_io},
    {"main-order-not-promised",
     "from the main program the order of a setTimeout(0) and an immediate is not promised",
     judge_main},
    {"due-timer-first", "a timer that is due when the loop starts comes before the immediate",
     judge_due},
    {"ends-with-the-last", "the loop ends exactly when no handle and no request is alive",
     judge_end},
    {"closes-last",
     "close callbacks come last in their iteration (since libuv 1.45: last but for timers)",
     judge_closes},
    {NULL, NULL, NULL},
};
