/* What became of one run's time: the sums of what its calls waited, ran and returned, and how many
 * of them ran side by side.
 *
 * How many ran at once is counted by walking along the sorted starts and, beside them, the sorted
 * ends. A call runs from its start up to but not including its end, so that one that starts in the
 * nanosecond in which another ends follows it. A start whose stamp may be early counts as late as
 * it can have been: what then still overlaps did. Main thread, after the runs. */
#include "analysis/summary.h"

#include "base/mem.h"
#include "measure/clock.h"
#include "measure/pool.h"

enum { LANE_WORDS = POOL_MOST / 64 + 1 };

/* The set of pool threads that were seen. */
struct lane_set {
    uint64_t words[LANE_WORDS];
};

static void lane_set_add(struct lane_set *set, int lane)
{
    if (lane >= 1 && lane <= POOL_MOST)
        set->words[lane / 64] |= UINT64_C(1) << (lane % 64);
}

static uint32_t lane_set_count(const struct lane_set *set)
{
    uint32_t count = 0;

    for (size_t i = 0; i < LANE_WORDS; i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

/* Adds a duration if it is known. A sum that does not fit stays at the largest known value. */
static void add_known(uint64_t *sum, uint64_t duration_ns)
{
    if (duration_ns == SPAN_UNKNOWN)
        return;
    if (duration_ns > SPAN_UNKNOWN - 1 - *sum)
        *sum = SPAN_UNKNOWN - 1;
    else
        *sum += duration_ns;
}

/* Of sorted starts and ends, `count` each. */
static uint32_t most_between(const uint64_t *starts, const uint64_t *ends, size_t count)
{
    size_t ended = 0, most = count > 0; /* whatever ran took a moment, were it too short to see */

    for (size_t started = 0; started < count; started++) {
        size_t running;

        while (ended < count && ends[ended] <= starts[started])
            ended++;
        running = started + 1 > ended ? started + 1 - ended : 0;
        most = running > most ? running : most;
    }
    return (uint32_t)most;
}

static bool is_blurred(const struct span *s)
{
    return (s->kind->traits & SPAN_BLURRED) != 0;
}

static uint64_t latest_start_ns(const struct span *s)
{
    uint64_t latest_ns = s->started_ns + (is_blurred(s) ? CLOCK_BLUR_NS : 0);

    return latest_ns < s->finished_ns ? latest_ns : s->finished_ns;
}

/* One whose end is unknown ran until the end of the run: SPAN_UNKNOWN is later than any instant. */
uint32_t summary_most_at_once(const struct run *run, unsigned traits)
{
    const struct recorder *recorder = &run->recorder;
    size_t room = recorder->count, count = 0;
    uint64_t *starts = mem_alloc((room + 1) * sizeof *starts);
    uint64_t *ends = mem_alloc((room + 1) * sizeof *ends);
    uint64_t *scratch = mem_alloc((room + 1) * sizeof *scratch);
    uint32_t most = SUMMARY_NO_MEMORY;
    struct span span;

    if (starts != NULL && ends != NULL && scratch != NULL) {
        for (uint32_t i = 0; i < recorder->count; i++) {
            recorder_get(recorder, i, &span);
            if ((span.parent != SPAN_NONE && traits == 0) || span.started_ns == SPAN_UNKNOWN ||
                (span.kind->traits & traits) != traits)
                continue;
            starts[count] = latest_start_ns(&span);
            ends[count] = span.finished_ns;
            count++;
        }
        stats_sort(starts, count, scratch);
        stats_sort(ends, count, scratch);
        most = most_between(starts, ends, count);
    }
    mem_free(starts);
    mem_free(ends);
    mem_free(scratch);
    return most;
}

void summary_shares(const struct run *run, struct run_shares *shares)
{
    struct lane_set lanes = {{0}};
    struct span span;

    *shares = (struct run_shares){0};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &span);
        lane_set_add(&lanes, span.lane);
        if (span.parent != SPAN_NONE)
            continue;
        shares->calls++;
        shares->blurred |= is_blurred(&span) && span.started_ns != SPAN_UNKNOWN;
        if (span.status == SPAN_UNFINISHED)
            shares->unfinished++;
        else if (span.status != SPAN_OK)
            shares->failed++;
        if (span.lane == LANE_LOOP)
            continue; /* a timer: nobody worked on it, and waiting was what it was for */
        add_known(&shares->cpu_ns, span.cpu_ns);
        if (span_waited_ns(&span) == SPAN_UNKNOWN || span_ran_ns(&span) == SPAN_UNKNOWN ||
            span_returned_ns(&span) == SPAN_UNKNOWN)
            continue;
        shares->known++;
        add_known(&shares->waited_ns, span_waited_ns(&span));
        add_known(&shares->ran_ns, span_ran_ns(&span));
        add_known(&shares->returned_ns, span_returned_ns(&span));
    }
    shares->lanes = lane_set_count(&lanes);
    shares->most_at_once = summary_most_at_once(run, 0);
}
