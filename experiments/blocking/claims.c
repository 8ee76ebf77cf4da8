/* What this experiment exists to show. Every result has runs with the work done at each place, and
 * each claim looks at those that it is about, measured or beside them. What a worker's loop, a
 * thread or a process did is told by its own instants, which are on this host's clock; a probe is
 * begun when the loop reads it. Pure functions of the result. */
#include "blocking.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blocking_summary.h"
#include "base/mem.h"

/* The work of a slow request. */
struct stint {
    uint64_t started_ns, finished_ns;
    uint32_t request; /* its span's id */
};

/* In the order in which they started. */
struct stints {
    struct stint *all;
    uint32_t count;
};

static int compare_stints(const void *a, const void *b)
{
    const struct stint *x = a, *y = b;

    return x->started_ns < y->started_ns ? -1 : x->started_ns > y->started_ns;
}

static bool is_stint(const struct span *s)
{
    return s->parent != SPAN_NONE && s->http == NULL && s->started_ns != SPAN_UNKNOWN &&
           s->finished_ns != SPAN_UNKNOWN;
}

/* False when memory is short. Free with mem_free(w->all). */
static bool stints_find(struct stints *w, const struct run *run)
{
    uint32_t room = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        room += is_stint(&s);
    }
    *w = (struct stints){.all = mem_alloc(((size_t)room + 1) * sizeof *w->all)};
    if (w->all == NULL)
        return false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (is_stint(&s))
            w->all[w->count++] = (struct stint){s.started_ns, s.finished_ns, s.parent};
    }
    qsort(w->all, w->count, sizeof *w->all, compare_stints);
    return true;
}

/* --- Going through the runs of a place. --- */

typedef enum verdict (*stints_judge)(const struct run *run, const struct stints *w,
                                     struct text *evidence);

/* The first run that fails decides; else the first that holds; else the first there is. */
static enum verdict judge_place(const struct result *r, enum blocking_where where,
                                stints_judge judge, struct text *evidence)
{
    enum verdict best = VERDICT_NOT_TESTED;
    bool any = false;

    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        struct text own = TEXT_EMPTY;
        struct stints stints;
        enum verdict verdict;

        if (run->blocking == NULL || run->blocking->where != where || run->interrupted)
            continue;
        if (!stints_find(&stints, run))
            return claims_out_of_memory(evidence);
        verdict = judge(run, &stints, &own);
        mem_free(stints.all);
        if (!text_ok(&own)) {
            text_free(&own);
            text_free(evidence);
            return claims_out_of_memory(evidence);
        }
        if (!any || verdict == VERDICT_FAILS ||
            (verdict == VERDICT_HOLDS && best == VERDICT_NOT_TESTED)) {
            text_free(evidence);
            text_add(evidence, "%s", text_get(&own));
            best = verdict;
        }
        any = true;
        text_free(&own);
        if (best == VERDICT_FAILS)
            break;
    }
    return any ? best : claims_not_tested(evidence, "no such run was made");
}

static void span_of(const struct run *run, uint32_t id, struct span *s)
{
    recorder_get(&run->recorder, id - 1, s);
}

/* --- One after another. --- */

/* Of two that follow each other: whether the later one had been sent before the first had ended,
 * and the pair that is told of. */
static enum verdict judge_one_by_one(const struct run *run, const struct stints *w,
                                     struct text *evidence)
{
    char first_text[UNITS_TEXT_BYTES], last_text[UNITS_TEXT_BYTES];
    char name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    struct span first, last;
    uint32_t waited = 0;

    if (w->count < 2)
        return claims_not_tested(evidence, "there were not two slow requests with an answer");
    span_of(run, w->all[0].request, &first);
    for (uint32_t i = 1; i < w->count; i++) {
        span_of(run, w->all[i].request, &last);
        if (w->all[i].started_ns < w->all[i - 1].finished_ns) {
            text_add(evidence, "%s was begun before the one before it had ended",
                     span_name(&last, name));
            return VERDICT_FAILS;
        }
        waited += last.submitted_ns < w->all[i - 1].finished_ns;
    }
    if (waited == 0)
        return claims_not_tested(evidence, "no slow request was asked for before another ended");
    text_add(evidence,
             "%" PRIu32 " waited for the one before; %s took %s, and %s %s, which is %.2f times as "
             "long",
             waited, span_name(&first, other), claims_duration(first_text, span_total_ns(&first)),
             span_name(&last, name), claims_duration(last_text, span_total_ns(&last)),
             (double)span_total_ns(&last) / (double)span_total_ns(&first));
    return VERDICT_HOLDS;
}

enum verdict blocking_judge_doubles(const struct result *r, struct text *evidence)
{
    return judge_place(r, BLOCKING_LOOP, judge_one_by_one, evidence);
}

/* --- A blocked loop. --- */

/* The work during which an instant lies; NULL: none. */
static const struct stint *stint_at(const struct stints *w, uint64_t ns)
{
    for (uint32_t i = 0; i < w->count; i++)
        if (w->all[i].started_ns <= ns && ns < w->all[i].finished_ns)
            return &w->all[i];
    return NULL;
}

static enum verdict judge_fast_waits(const struct run *run, const struct stints *w,
                                     struct text *evidence)
{
    char longest[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES];
    uint64_t longest_ns = 0;
    uint32_t due = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        const struct stint *during;

        recorder_get(&run->recorder, i, &s);
        if (!blocking_is_fast(&s) || s.due_ns == SPAN_UNKNOWN || s.started_ns == SPAN_UNKNOWN)
            continue;
        during = stint_at(w, s.due_ns);
        if (during == NULL)
            continue;
        if (s.started_ns < during->finished_ns) {
            text_add(evidence, "%s was due and begun while the loop was blocked",
                     span_name(&s, name));
            return VERDICT_FAILS;
        }
        due++;
        if (s.started_ns - s.due_ns > longest_ns)
            longest_ns = s.started_ns - s.due_ns;
    }
    if (due == 0)
        return claims_not_tested(evidence, "none was due while the loop was blocked");
    text_add(evidence,
             "%" PRIu32 " were due while it was blocked, and all of them begun only after "
             "that, up to %s late",
             due, claims_duration(longest, longest_ns));
    return VERDICT_HOLDS;
}

enum verdict blocking_judge_fast_waits(const struct result *r, struct text *evidence)
{
    return judge_place(r, BLOCKING_LOOP, judge_fast_waits, evidence);
}

static enum verdict judge_lag(const struct run *run, const struct stints *w, struct text *evidence)
{
    char lag[UNITS_TEXT_BYTES], work[UNITS_TEXT_BYTES];
    uint64_t longest_ns = 0, lag_ns = run->blocking->loop_lag_ns;

    for (uint32_t i = 0; i < w->count; i++)
        if (w->all[i].finished_ns - w->all[i].started_ns > longest_ns)
            longest_ns = w->all[i].finished_ns - w->all[i].started_ns;
    if (w->count == 0 || lag_ns == SPAN_UNKNOWN)
        return claims_not_tested(evidence, "no slow request was answered, or the server told of no "
                                           "hold-up");
    text_add(evidence, "it was held up for %s; the work took %s", claims_duration(lag, lag_ns),
             claims_duration(work, longest_ns));
    return lag_ns >= longest_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

enum verdict blocking_judge_lag(const struct result *r, struct text *evidence)
{
    return judge_place(r, BLOCKING_LOOP, judge_lag, evidence);
}

/* --- A loop that is free. --- */

/* With fewer nothing is concluded from their not being answered. */
enum { DUE_LEAST = 10 };

/* None of so many was answered. That their loop or what asked them got no CPU meanwhile would be no
 * fault of the work's place; that the loop was held up as long as work took is. */
static enum verdict judge_silence(const struct run *run, const struct stints *w, uint32_t due)
{
    uint64_t shortest_ns = UINT64_MAX, lag_ns = run->blocking->loop_lag_ns;

    for (uint32_t i = 0; i < w->count; i++)
        if (w->all[i].finished_ns - w->all[i].started_ns < shortest_ns)
            shortest_ns = w->all[i].finished_ns - w->all[i].started_ns;
    return due >= DUE_LEAST && lag_ns != SPAN_UNKNOWN && lag_ns >= shortest_ns ? VERDICT_FAILS
                                                                               : VERDICT_NOT_TESTED;
}

/* Probes that were due while work was done, and those that had also their answer meanwhile. */
static void count_meanwhile(const struct run *run, const struct stints *w, uint32_t *due,
                            uint32_t *answered)
{
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        const struct stint *during;

        recorder_get(&run->recorder, i, &s);
        if (!blocking_is_fast(&s) || s.due_ns == SPAN_UNKNOWN || s.finished_ns == SPAN_UNKNOWN)
            continue;
        during = stint_at(w, s.due_ns);
        *due += during != NULL;
        *answered += during != NULL && s.finished_ns < during->finished_ns;
    }
}

static enum verdict judge_goes_on(const struct run *run, const struct stints *w,
                                  struct text *evidence)
{
    uint32_t due = 0, answered = 0;

    count_meanwhile(run, w, &due, &answered);
    text_add(evidence, "%s: %" PRIu32 " of %" PRIu32, blocking_where_names[run->blocking->where],
             answered, due);
    return answered > 0 ? VERDICT_HOLDS : judge_silence(run, w, due);
}

/* All three places have to hold. */
enum verdict blocking_judge_fast_goes_on(const struct result *r, struct text *evidence)
{
    enum verdict all = VERDICT_HOLDS;

    text_add(evidence, "begun and answered of those that were due during slow work: ");
    for (unsigned where = BLOCKING_POOL; where < BLOCKING_PLACES; where++) {
        struct text own = TEXT_EMPTY;
        enum verdict verdict = judge_place(r, (enum blocking_where)where, judge_goes_on, &own);

        if (!text_ok(&own)) {
            text_free(&own);
            text_free(evidence);
            return claims_out_of_memory(evidence);
        }
        text_add(evidence, "%s%s", where > BLOCKING_POOL ? "; " : "", text_get(&own));
        text_free(&own);
        if (verdict == VERDICT_FAILS || (verdict == VERDICT_NOT_TESTED && all == VERDICT_HOLDS))
            all = verdict;
    }
    return all;
}

/* --- A pool that is full. --- */

/* The most that were done at the same moment. */
static uint32_t most_at_once(const struct stints *w)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < w->count; i++) {
        uint32_t now = 0;

        for (uint32_t k = 0; k <= i; k++)
            now += w->all[k].finished_ns > w->all[i].started_ns;
        if (now > most)
            most = now;
    }
    return most;
}

static enum verdict judge_pool_queues(const struct run *run, const struct stints *w,
                                      struct text *evidence)
{
    uint32_t threads = run->blocking->threads, most = most_at_once(w), due = 0, answered = 0;

    if (w->count <= threads)
        return claims_not_tested(evidence, "there was a thread for every slow request (--threads "
                                           "1)");
    count_meanwhile(run, w, &due, &answered);
    text_add(evidence,
             "of %" PRIu32 " slow requests %" PRIu32 " at most were worked on at once by %" PRIu32
             " thread%s; meanwhile /fast was answered %" PRIu32 " time%s",
             w->count, most, threads, threads == 1 ? "" : "s", answered, answered == 1 ? "" : "s");
    if (most > threads)
        return VERDICT_FAILS;
    return answered > 0 ? VERDICT_HOLDS : judge_silence(run, w, due);
}

enum verdict blocking_judge_pool_queues(const struct result *r, struct text *evidence)
{
    return judge_place(r, BLOCKING_POOL, judge_pool_queues, evidence);
}

/* --- The list, in the order in which it is printed. --- */

const struct claim blocking_claims[] = {
    {"second-doubles",
     "of slow requests on the loop each is begun only when the one before has ended",
     blocking_judge_doubles},
    {"fast-waits", "while the loop is blocked, no request for the fast route is begun",
     blocking_judge_fast_waits},
    {"lag-is-the-work", "the loop is held up for as long as the work takes that is done on it",
     blocking_judge_lag},
    {"fast-goes-on",
     "with the work on the pool, in a worker thread or in a process the fast route is answered "
     "while it is done",
     blocking_judge_fast_goes_on},
    {"pool-queues",
     "slow requests beyond the threads of the pool wait for one of these, and the fast route does "
     "not",
     blocking_judge_pool_queues},
    {NULL, NULL, NULL},
};
