/* Who answered what. A connection is with one worker for as long as it lasts, so that whose it is
 * is known from the first answer on it; the requests of one connection are in the recorder in the
 * order in which they were made. Pure functions; memory is freed before they return, or is the
 * caller's. */
#include "analysis/worker_split.h"

#include "base/mem.h"
#include "measure/cluster_facts.h"

static bool is_request(const struct span *s)
{
    return s->http != NULL && s->parent == SPAN_NONE;
}

static uint32_t highest_worker(const struct run *run)
{
    uint32_t highest = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (is_request(&s) && worker_of_lane(s.lane) > highest)
            highest = worker_of_lane(s.lane);
    }
    return highest < WORKER_SPLIT_MOST ? highest : WORKER_SPLIT_MOST;
}

bool worker_split_make(struct worker_split *split, const struct run *run, uint32_t workers)
{
    uint32_t highest = highest_worker(run);
    struct span s;

    *split = (struct worker_split){.count = highest > workers ? highest : workers};
    split->rows = mem_zeroed(split->count + 1, sizeof *split->rows);
    if (split->rows == NULL)
        return false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        unsigned worker;

        recorder_get(&run->recorder, i, &s);
        if (!is_request(&s))
            continue;
        worker = worker_of_lane(s.lane);
        if (worker == 0 || worker > split->count) {
            split->nameless++;
            continue;
        }
        split->rows[worker - 1].requests++;
        split->rows[worker - 1].connections += !s.http->reused;
    }
    return true;
}

void worker_split_free(struct worker_split *split)
{
    mem_free(split->rows);
    split->rows = NULL;
}

/* --- What was lost. --- */

/* The last answer on a connection. */
struct answered {
    uint64_t finished_ns;
    unsigned worker; /* 0: there was none */
};

static uint32_t highest_connection(const struct run *run)
{
    uint32_t highest = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (is_request(&s) && s.http->connection > highest)
            highest = s.http->connection;
    }
    return highest;
}

/* Whether a worker (0: any) was killed between an instant at which it was there and another. */
static bool was_killed(const struct cluster_facts *f, unsigned worker, uint64_t from_ns,
                       uint64_t to_ns)
{
    for (uint32_t i = 0; i < f->kill_count; i++) {
        const struct cluster_kill *k = &f->killed[i];

        /* one that died unseen may have lived until now */
        if ((worker == 0 || k->worker == worker) && k->killed_ns <= to_ns && k->died_ns >= from_ns)
            return true;
    }
    return false;
}

static void count_lost(struct worker_losses *losses, const struct run *run, const struct span *s,
                       const struct answered *before, bool tls)
{
    const struct cluster_facts *f = run->cluster;

    if (s->http->reused && before->worker != 0) {
        if (was_killed(f, before->worker, before->finished_ns, s->called_back_ns))
            losses->inside++;
        else
            losses->outside++;
        return;
    }
    if ((tls || s->status != SPAN_FAILED_CONNECT) &&
        was_killed(f, 0, s->submitted_ns, s->called_back_ns))
        losses->unclear++;
    else
        losses->outside++;
}

static bool is_lost(const struct span *s)
{
    return s->status == SPAN_FAILED_CONNECT || s->status == SPAN_FAILED_RESET ||
           s->status == SPAN_FAILED_TIMEOUT || s->status == SPAN_FAILED_MALFORMED;
}

bool worker_losses_find(struct worker_losses *losses, const struct run *run, bool tls)
{
    struct answered *last = mem_zeroed((size_t)highest_connection(run) + 1, sizeof *last);
    struct span s;

    *losses = (struct worker_losses){0};
    if (last == NULL)
        return false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_request(&s))
            continue;
        if (is_lost(&s))
            count_lost(losses, run, &s, &last[s.http->connection], tls);
        else if (worker_of_lane(s.lane) != 0 && s.finished_ns != SPAN_UNKNOWN)
            last[s.http->connection] = (struct answered){s.finished_ns, worker_of_lane(s.lane)};
    }
    mem_free(last);
    return true;
}
