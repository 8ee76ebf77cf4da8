/* What is said of two sweeps in words: at which points something became slower or faster, by how
 * much, and how many of the other figures tell nothing. Pure; main thread. */
#include "output/compare.h"

enum { POINTS_TOLD = 3 };

static size_t count_of(const struct comparison_set *set, enum comparison_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->items[i].metric_count; k++)
            count +=
                set->items[i].metrics[k].checked && set->items[i].metrics[k].verdict == verdict;
    return count;
}

/* A sentence for each of the first points, and how many more there are. */
static void conclude_points(const struct comparison_set *set, size_t index,
                            enum comparison_verdict verdict, const char *micro, struct text *t)
{
    struct text untold = TEXT_EMPTY;
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++)
        found += compare_conclude_as(&set->items[i], index, verdict, micro,
                                     found < POINTS_TOLD ? t : &untold);
    if (found > POINTS_TOLD)
        text_add(t, "So it is at %zu more point%s. ", found - POINTS_TOLD,
                 found - POINTS_TOLD == 1 ? "" : "s");
    if (!text_ok(&untold))
        t->failed = true;
    text_free(&untold);
}

/* "9 of the 12 figures: within noise. " */
static void conclude_count(const struct comparison_set *set, enum comparison_verdict verdict,
                           size_t all, const char *what, struct text *t)
{
    size_t count = count_of(set, verdict);
    if (count == 0)
        return;
    if (count == all)
        text_add(t, "All figures (%zu): %s. ", all, what);
    else
        text_add(t, "%zu of the %zu figures: %s. ", count, all, what);
}

void compare_conclude_sweeps(const struct compare_view *v, size_t index, const char *micro,
                             struct text *t)
{
    const struct comparison_set *set = &v->sets[index - 1];
    size_t all = 0, beyond = 0;
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->items[i].metric_count; k++) {
            all += set->items[i].metrics[k].checked;
            beyond += set->items[i].metrics[k].beyond_limit;
        }
    conclude_points(set, index, COMPARISON_SLOWER, micro, t);
    conclude_points(set, index, COMPARISON_FASTER, micro, t);
    compare_conclude_limit(v, beyond, count_of(set, COMPARISON_SLOWER), t);
    conclude_count(set, COMPARISON_NOT_CERTAIN, all, "not certain, more runs can tell", t);
    conclude_count(set, COMPARISON_TOO_FEW, all, "too few runs to tell", t);
    conclude_count(set, COMPARISON_WITHIN_NOISE, all, "within noise", t);
    if (all == 0)
        text_add(t, "Nothing of what is checked is known of both A and %s. ",
                 compare_letter(index));
}
