/* The rule by which a sweep ends of itself: enough is when the interval of every median, at
 * SWEEP_CONFIDENCE, lies within the precision that was asked for. Looking again and again after
 * every round makes an interval that happens to be narrow more likely to be taken; for a choice
 * between points, which compares them round by round, that does no harm. Main thread. */
#include "sweep/stop.h"

#include <math.h>

#include "analysis/inference.h"
#include "base/mem.h"

enum { ROUNDS_SHOWN_MOST = 100000 };

static const double confidence = 0.95;

void stop_add(struct stop_point *p, const struct sweep_run *run)
{
    p->rounds++;
    p->failed += run->error != NULL;
    if (run->exit_status == STATUS_USAGE || (p->rounds == 2 && p->failed == 2))
        p->given_up = true;
}

/* The values of a point that are known, sorted. */
static size_t gather(const struct sweep *s, uint32_t point, double *values)
{
    size_t count = 0;

    for (size_t i = 0; i < s->run_count; i++) {
        double value = s->runs[i].point == point ? sweep_run_value(s, &s->runs[i]) : NAN;

        if (!isnan(value))
            values[count++] = value;
    }
    inference_sort(values, count);
    return count;
}

/* How far the median may be from the truth, in parts of what is allowed; above 1 is too far. NAN
 * when there is no telling. */
static double doubt_of(const struct sweep *s, const double *sorted, size_t count)
{
    struct interval interval;
    double median, allowed, off;

    if (count == 0)
        return NAN;
    interval = inference_median_interval(sorted, count, confidence);
    median = inference_median(sorted, count);
    allowed = median * (double)s->precision_ppm / 1e6;
    if (!interval.known)
        return NAN;
    off = fmax(interval.high - median, median - interval.low);
    if (off <= 0)
        return 0;
    return allowed > 0 ? off / allowed : INFINITY;
}

/* An interval becomes half as wide with four times the runs. */
static uint32_t rounds_for(double doubt, size_t count)
{
    double rounds = isnan(doubt) ? SWEEP_ROUNDS_LEAST : ceil(doubt * doubt * (double)count);

    if (rounds > ROUNDS_SHOWN_MOST)
        return ROUNDS_SHOWN_MOST;
    return rounds < SWEEP_ROUNDS_LEAST ? SWEEP_ROUNDS_LEAST : (uint32_t)rounds;
}

int stop_is_known(const struct sweep *s, const struct stop_point *points, bool *known,
                  uint32_t *rounds, struct err *e)
{
    double *values = mem_zeroed(s->run_count + 1, sizeof *values);

    if (values == NULL)
        return err_no_memory(e, "the runs of a point");
    *known = true;
    *rounds = 0;
    for (uint32_t point = 0; point < s->point_count; point++) {
        size_t count = points[point].given_up ? 0 : gather(s, point, values);
        double doubt = doubt_of(s, values, count);
        uint32_t wanted = rounds_for(doubt, count);

        if (points[point].given_up)
            continue;
        *known = *known && doubt <= 1; /* false for NAN */
        *rounds = wanted > *rounds ? wanted : *rounds;
    }
    mem_free(values);
    return 0;
}
