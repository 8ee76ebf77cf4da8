/* What a worker that busy-waits on its loop does to its own requests and to those of others. A
 * request for /block has a part "block", which says when that was; its worker's thread cannot note
 * the beginning of another request in between, and those of other workers can. Pure functions of
 * the result. */
#include "cluster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/worker_split.h"
#include "base/mem.h"

/* A time in which a worker was blocked. */
struct block {
    uint64_t started_ns, finished_ns;
    uint32_t request; /* id of the one that blocked it */
    unsigned worker;
};

/* Sorted by worker, and then by time: on one loop they follow one another. */
struct blocks {
    struct block *all;
    uint32_t count;
};

static int compare_blocks(const void *a, const void *b)
{
    const struct block *x = a, *y = b;

    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return x->started_ns < y->started_ns ? -1 : x->started_ns > y->started_ns;
}

static bool is_block(const struct span *s)
{
    return strcmp(s->kind->kind, "block") == 0 && s->parent != SPAN_NONE &&
           s->started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN &&
           worker_of_lane(s->lane) != 0;
}

/* False when memory is short. Free with mem_free(b->all). */
static bool blocks_find(struct blocks *b, const struct run *run)
{
    uint32_t room = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        room += is_block(&s);
    }
    *b = (struct blocks){.all = mem_alloc(((size_t)room + 1) * sizeof *b->all)};
    if (b->all == NULL)
        return false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (is_block(&s))
            b->all[b->count++] = (struct block){.started_ns = s.started_ns,
                                                .finished_ns = s.finished_ns,
                                                .request = s.parent,
                                                .worker = worker_of_lane(s.lane)};
    }
    qsort(b->all, b->count, sizeof *b->all, compare_blocks);
    return true;
}

/* The last block of a worker that began before an instant; NULL: there was none. */
static const struct block *last_before(const struct blocks *b, unsigned worker, uint64_t ns)
{
    uint32_t low = 0, high = b->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct block *m = &b->all[middle];

        if (m->worker < worker || (m->worker == worker && m->started_ns < ns))
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && b->all[low - 1].worker == worker ? &b->all[low - 1] : NULL;
}

/* When a request was on its way to the worker. */
static uint64_t sent_ns(const struct span *s)
{
    return s->sent_ns != SPAN_UNKNOWN ? s->sent_ns : s->submitted_ns;
}

/* Whether it is a request of which is known when its worker began. */
static bool has_begun(const struct span *s)
{
    return s->http != NULL && s->started_ns != SPAN_UNKNOWN && worker_of_lane(s->lane) != 0;
}

/* --- Its own requests. --- */

struct own_seen {
    uint64_t waited;        /* requests that were on their way while their worker was blocked */
    uint64_t longest_ns;    /* that one of them was there before the end of it */
    uint32_t longest, for_; /* its id, and that of the one that it waited for */
    uint32_t inside;        /* one that was begun meanwhile all the same; 0: none */
};

static void see_own(struct own_seen *seen, const struct blocks *b, const struct span *s)
{
    const struct block *last = last_before(b, worker_of_lane(s->lane), s->started_ns);
    uint64_t sent = sent_ns(s);

    if (last == NULL || last->request == s->id)
        return;
    if (s->started_ns < last->finished_ns) {
        seen->inside = s->id;
        return;
    }
    if (sent >= last->finished_ns)
        return;
    seen->waited++;
    if (last->finished_ns - sent > seen->longest_ns) {
        seen->longest_ns = last->finished_ns - sent;
        seen->longest = s->id;
        seen->for_ = last->request;
    }
}

/* "request 2": as the table calls it. */
static const char *name_of(const struct run *run, uint32_t id, char buf[SPAN_TEXT_BYTES])
{
    struct span s;

    recorder_get(&run->recorder, id - 1, &s);
    return span_name(&s, buf);
}

static enum verdict judge_held_up_run(const struct result *r, const struct run *run,
                                      struct text *evidence)
{
    struct own_seen seen = {0};
    char a[SPAN_TEXT_BYTES], b[SPAN_TEXT_BYTES], waited[UNITS_TEXT_BYTES];
    struct blocks blocks;
    struct span s;

    (void)r;
    if (!blocks_find(&blocks, run))
        return claims_out_of_memory(evidence);
    for (uint32_t i = 0; blocks.count > 0 && i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (has_begun(&s))
            see_own(&seen, &blocks, &s);
    }
    mem_free(blocks.all);
    if (blocks.count == 0)
        return claims_not_tested(evidence, "no worker was blocked (--path /block)");
    if (seen.inside != 0) {
        text_add(evidence, "%s was begun while its worker was blocked",
                 name_of(run, seen.inside, a));
        return VERDICT_FAILS;
    }
    if (seen.waited == 0)
        return claims_not_tested(evidence, "no request was on its way to a worker while that was "
                                           "blocked");
    text_add(evidence, "%" PRIu64 " waited for the end of it; %s for the last %s of %s",
             seen.waited, name_of(run, seen.longest, a), claims_duration(waited, seen.longest_ns),
             name_of(run, seen.for_, b));
    return VERDICT_HOLDS;
}

enum verdict cluster_judge_held_up(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_held_up_run, evidence);
}

/* --- Those of others. --- */

struct others_seen {
    uint64_t begun; /* while another worker was blocked */
    uint64_t late;  /* on their way while one was, and begun only after it, for no reason seen */
    uint64_t longest_ns; /* that such a one was there before the end of it */
    uint32_t example;
};

/* What a busy machine may well do to one request, or for some time, but hardly more. */
enum { LATE_FEW = 2, LATE_LONG_NS = 1000000000 };

/* The next worker that has blocks, from index i on; returns where its blocks end. */
static uint32_t end_of_worker(const struct blocks *b, uint32_t i)
{
    unsigned worker = b->all[i].worker;

    while (i < b->count && b->all[i].worker == worker)
        i++;
    return i;
}

static void see_other(struct others_seen *seen, const struct blocks *b, const struct span *s)
{
    unsigned own = worker_of_lane(s->lane);
    const struct block *before = last_before(b, own, s->started_ns);
    uint64_t sent = sent_ns(s), late_ns = 0;
    bool held_up = before != NULL && before->finished_ns > sent;

    for (uint32_t i = 0; i < b->count; i = end_of_worker(b, i)) {
        unsigned worker = b->all[i].worker;
        const struct block *last = last_before(b, worker, s->started_ns);

        if (worker == own || last == NULL)
            continue;
        if (s->started_ns < last->finished_ns) {
            seen->begun++;
            return;
        }
        if (last->started_ns <= sent && sent < last->finished_ns &&
            last->finished_ns - sent > late_ns)
            late_ns = last->finished_ns - sent;
    }
    if (held_up || late_ns == 0)
        return;
    seen->late++;
    if (late_ns > seen->longest_ns) {
        seen->longest_ns = late_ns;
        seen->example = s->id;
    }
}

static enum verdict conclude_others(const struct result *r, const struct run *run,
                                    const struct others_seen *seen, struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], late[UNITS_TEXT_BYTES];

    if (seen->begun > 0) {
        text_add(evidence, "%" PRIu64 " %s begun by a worker while another was blocked",
                 seen->begun, seen->begun == 1 ? "was" : "were");
        return VERDICT_HOLDS;
    }
    if (seen->late == 0)
        return claims_not_tested(evidence, "no request was on its way to one worker while another "
                                           "was blocked");
    text_add(
        evidence,
        "%" PRIu64 " that were on their way to one worker while another was blocked were begun "
        "only after that; %s had been there for %s",
        seen->late, name_of(run, seen->example, name), claims_duration(late, seen->longest_ns));
    if ((seen->late > LATE_FEW || seen->longest_ns >= LATE_LONG_NS) && !cluster_was_busy(r))
        return VERDICT_FAILS;
    text_add(evidence, ", as may happen on a busy machine");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_others_run(const struct result *r, const struct run *run,
                                     struct text *evidence)
{
    struct others_seen seen = {0};
    struct blocks blocks;
    struct span s;

    if (run->cluster->workers < 2)
        return claims_not_tested(evidence, "there is only one worker");
    if (!blocks_find(&blocks, run))
        return claims_out_of_memory(evidence);
    for (uint32_t i = 0; blocks.count > 0 && i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (has_begun(&s))
            see_other(&seen, &blocks, &s);
    }
    mem_free(blocks.all);
    if (blocks.count == 0)
        return claims_not_tested(evidence, "no worker was blocked (--path /block)");
    return conclude_others(r, run, &seen, evidence);
}

enum verdict cluster_judge_others(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_others_run, evidence);
}
