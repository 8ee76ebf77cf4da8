/* Rounds and command lines. In a round every point runs once, in an order of the round's own, so
 * that a slow minute of the machine falls on all of them alike; who goes on after an interruption
 * finds the same order again. Main thread. */
#include "sweep/points.h"

#include <inttypes.h>

#include "analysis/inference.h"

void points_order(uint64_t seed, uint32_t round, uint32_t count, uint32_t *order)
{
    uint64_t state = seed, rounds_state;

    /* Rounds begin far apart on the generator's way, whatever the seed is. */
    rounds_state = inference_random(&state) + round;
    state = inference_random(&rounds_state);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) { /* Fisher and Yates */
        uint32_t other = (uint32_t)inference_random_below(&state, i);
        uint32_t last = order[i - 1];

        order[i - 1] = order[other];
        order[other] = last;
    }
}

static bool fill(struct words *w, const struct sweep *s, uint32_t point, const struct words *fixed,
                 bool spans)
{
    bool ok = words_add(w, "uvlab") && words_add(w, "%s", s->experiment->name);

    for (size_t i = 0; ok && i < fixed->count; i++)
        ok = words_add(w, "%s", fixed->items[i]);
    for (unsigned i = 0; ok && i < s->axis_count; i++)
        ok = words_add(w, "--%s=%s", s->axes[i].param->name,
                       s->axes[i].values[sweep_value_of(s, point, i)].text);
    return ok && words_add(w, "--runs=1") && words_add(w, "--warmup=%" PRIu64, s->warmup) &&
           words_add(w, "--measured-only") && words_add(w, spans ? "--spans" : "--no-spans") &&
           words_add(w, "--format=json") && words_add(w, "--quiet");
}

int points_arguments(struct words *w, const struct sweep *s, uint32_t point,
                     const struct words *fixed, bool spans, struct err *e)
{
    *w = WORDS_EMPTY;
    if (fill(w, s, point, fixed, spans))
        return 0;
    words_free(w);
    return err_no_memory(e, "a command line");
}
