/* Which point to recommend. The smallest that is not worse than the best, and only if that can be
 * said: noise that could hide more than a tenth is told as what it is, with the number of rounds
 * that would settle it, instead of an answer.
 *
 * Main thread. Reasons are owned by their answer. */
#include "analysis/sweep_answer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "analysis/sweep_reasons.h"
#include "base/mem.h"

/* More rounds than this are not proposed. From fewer than ROUNDS_TELL none is: of so few a single
 * slow one spoils the interval, which says nothing of how it would narrow. ROUNDS_NEXT withstand
 * two.
 */
enum { ROUNDS_MOST = 1000, ROUNDS_TELL = 9, ROUNDS_NEXT = 12 };

/* --- Smaller than --- */

uint64_t reason_number(const struct sweep *s, uint32_t point, unsigned axis)
{
    uint32_t value = sweep_value_of(s, point, axis);
    const struct sweep_axis *of = &s->axes[axis];

    return param_is_number(of->param) ? of->values[value].number : value;
}

/* By the first axis of means, then the next. */
static bool is_smaller(const struct sweep_points *p, uint32_t a, uint32_t b)
{
    const struct sweep *s = p->sweep;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        uint64_t of_a = reason_number(s, a, axis), of_b = reason_number(s, b, axis);

        if (sweep_axis_is_means(&s->axes[axis]) && of_a != of_b)
            return of_a < of_b;
    }
    return false;
}

/* --- Choosing --- */

static double loss_most(const struct reasoning *r)
{
    return sweep_loss_most(r->points->sweep);
}

/* One that failed now and then, and so often that too few runs are left, is no candidate either. */
static bool is_candidate(const struct sweep_point *point)
{
    switch (point->verdict) {
    case SWEEP_BEST:
    case SWEEP_EQUAL:
    case SWEEP_UNDECIDED:
        return true;
    case SWEEP_TOO_FEW:
        return point->failed == 0;
    case SWEEP_WORSE:
    case SWEEP_FAILED:
        break;
    }
    return false;
}

static uint32_t smallest_candidate(const struct reasoning *r)
{
    const struct sweep_points *p = r->points;
    uint32_t found = SWEEP_NO_POINT;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group != r->group || !is_candidate(&p->list[i]))
            continue;
        if (found == SWEEP_NO_POINT || is_smaller(p, i, found))
            found = i;
    }
    return found;
}

/* Another point that could be better than the best by more than may be lost. */
static uint32_t rival_of_best(const struct reasoning *r)
{
    const struct sweep_points *p = r->points;
    uint32_t found = SWEEP_NO_POINT;
    double lowest = 1 / loss_most(r);

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group == r->group && p->list[i].relative.low < lowest) {
            found = i;
            lowest = p->list[i].relative.low;
        }
    }
    return found;
}

/* --- Why there is no answer --- */

/* The interval of `figure` has to be `narrower` times as wide: how many rounds that takes, as its
 * width falls with the root of their number. */
static void say_rounds(struct text *t, const struct sweep_figure *figure, double narrower)
{
    double rounds = ceil((double)figure->count / (narrower * narrower));

    if (figure->count < ROUNDS_TELL)
        text_add(t, "; --runs %d or more: with %zu a single slow run spoils the interval",
                 ROUNDS_NEXT, figure->count);
    else if (!(narrower > 0 && rounds <= ROUNDS_MOST)) /* also when it cannot be told */
        text_add(t, "; more runs than are reasonable would be needed to tell");
    else
        text_add(t,
                 "; very roughly %.0f runs of each would tell, if the machine stays as it is "
                 "(--runs %.0f)",
                 rounds, rounds);
}

static void say_undecided(struct reasoning *r, uint32_t point)
{
    const struct sweep_figure *f = &r->points->list[point].relative;
    double beyond = f->median - 1 - (double)r->points->sweep->margin_ppm / 1e6;
    struct text t = TEXT_EMPTY;

    reason_point(&t, r->points, point);
    text_add(&t, " may be worse than the best or not: it ");
    reason_ratio(&t, r->points->sweep, f);
    say_rounds(&t, f, beyond / (f->median - f->low));
    reason_put(r, &t);
    if (f->high > loss_most(r))
        return;
    text_add(&t, "whoever does not mind %.0f %% takes ", ceil((f->median - 1) * 100));
    reason_point(&t, r->points, point);
    text_add(&t, " (--margin %.0f%%)", ceil((f->median - 1) * 100));
    reason_put(r, &t);
}

/* `worse`: the point could be worse than the best by more than may be lost; else better. */
static void say_too_wide(struct reasoning *r, uint32_t point, bool worse)
{
    const struct sweep_figure *f = &r->points->list[point].relative;
    double allowed = worse ? loss_most(r) - f->median : f->median - 1 / loss_most(r);
    double half = worse ? f->high - f->median : f->median - f->low;
    struct text t = TEXT_EMPTY;

    text_add(&t, "the runs differ too much among themselves for an answer: ");
    reason_point(&t, r->points, point);
    text_add(&t, " could be as much as %.0f %% %s than ",
             fabs((worse ? f->high : f->low) - 1) * 100, worse ? "worse" : "better");
    reason_point(&t, r->points, r->answer->best);
    say_rounds(&t, f, allowed / half);
    reason_put(r, &t);
}

/* How many rounds the point and the best have in common. */
static void add_rounds(struct text *t, const struct reasoning *r, uint32_t point)
{
    const struct sweep_point *of = &r->points->list[point];
    const struct sweep_point *best = &r->points->list[r->answer->best];

    if (of->relative.count == best->value.count) {
        text_add(t, "%zu of each", of->relative.count);
        return;
    }
    reason_point(t, r->points, point);
    text_add(t, " has %zu in rounds that the best has as well", of->relative.count);
}

static void say_too_few(struct reasoning *r, uint32_t point)
{
    const struct sweep_point *of = &r->points->list[point];
    struct text t = TEXT_EMPTY;

    if (of->value.count == 0 && of->runs > 0) {
        text_add(&t, "what it is judged by is not known of ");
        reason_point(&t, r->points, point);
    } else {
        text_add(&t, "too few runs for an answer: ");
        add_rounds(&t, r, point);
        text_add(&t, ", and %d are needed (--runs %d or more)", SWEEP_ROUNDS_LEAST,
                 SWEEP_ROUNDS_LEAST);
    }
    reason_put(r, &t);
}

static void say(struct reasoning *r, const char *sentence)
{
    struct text t = TEXT_EMPTY;

    text_add(&t, "%s", sentence);
    reason_put(r, &t);
}

/* --- The answer --- */

/* Before all else: runs that were disturbed scatter by that, and more of them may not help. */
static void say_busy(struct reasoning *r)
{
    const struct sweep_machine *m = &r->machine;
    const char *most = m->watched > 1 ? "up to " : "";
    char when[SWEEP_WHEN_BYTES];
    struct text t = TEXT_EMPTY;

    if (m->others.runs > 0)
        text_add(&t,
                 "the machine was busy, which probably is why: other processes used %s%.1f CPUs "
                 "%s; measure again when it is quiet",
                 most, m->others.most, sweep_machine_when(m, &m->others, when));
    else if (m->hypervisor.runs > 0)
        text_add(&t,
                 "the hypervisor took CPUs away, which probably is why: %s%.2f %s; measure again "
                 "when its other guests are quiet",
                 most, m->hypervisor.most, sweep_machine_when(m, &m->hypervisor, when));
    reason_put(r, &t);
}

/* Whether the candidate can be recommended; says why not. */
static bool holds(struct reasoning *r, uint32_t candidate)
{
    const struct sweep_point *point = &r->points->list[candidate];
    uint32_t rival = candidate == r->answer->best ? rival_of_best(r) : SWEEP_NO_POINT;

    bool too_wide = point->relative.high > loss_most(r);

    if (point->verdict == SWEEP_TOO_FEW) {
        say_too_few(r, candidate);
        return false;
    }
    if (!too_wide && rival == SWEEP_NO_POINT)
        return true;
    say_busy(r);
    if (too_wide && point->relative.median > 1 + (double)r->points->sweep->margin_ppm / 1e6)
        say_undecided(r, candidate);
    else if (too_wide)
        say_too_wide(r, candidate, true);
    else
        say_too_wide(r, rival, false);
    return false;
}

/* Points of the group, and those of them with figures. */
static void count_points(const struct reasoning *r, uint32_t *all, uint32_t *usable)
{
    *all = *usable = 0;
    for (uint32_t i = 0; i < r->points->count; i++) {
        if (r->points->list[i].group != r->group)
            continue;
        ++*all;
        *usable += reason_usable(r->points, i);
    }
}

/* What has to be there for an answer; says what is missing. */
static bool can_be_answered(struct reasoning *r)
{
    uint32_t all, usable;

    count_points(r, &all, &usable);
    if (r->points->sweep->run_count == 0)
        say(r, "nothing has run yet");
    else if (usable == 0)
        say(r, "there is nothing to compare: not one run counts");
    else if (all == 1)
        say(r, "there is nothing to compare: a single value was tried");
    else if (r->points->means == 0)
        say(r, "only threads, workers and connections have a smallest good value; of what was "
               "varied here the lowest median is told");
    else if (usable == 1)
        say(r, "there is nothing to compare: no other value has a run that counts");
    else
        return true;
    return false;
}

/* The point of the group that has every axis of means at its default. */
static uint32_t find_preset(const struct reasoning *r)
{
    const struct sweep *s = r->points->sweep;

    if (r->points->means == 0)
        return SWEEP_NO_POINT;
    for (uint32_t i = 0; i < r->points->count; i++) {
        bool is_preset = r->points->list[i].group == r->group;

        for (unsigned axis = 0; is_preset && axis < s->axis_count; axis++)
            is_preset = !sweep_axis_is_means(&s->axes[axis]) ||
                        reason_number(s, i, axis) == sweep_axis_default(s, &s->axes[axis]);
        if (is_preset)
            return reason_usable(r->points, i) ? i : SWEEP_NO_POINT;
    }
    return SWEEP_NO_POINT;
}

static void answer(struct reasoning *r)
{
    struct sweep_answer *a = r->answer;
    uint32_t candidate = SWEEP_NO_POINT;

    a->best = r->points->best[r->group];
    a->preset = find_preset(r);
    if (can_be_answered(r)) {
        candidate = smallest_candidate(r);
        if (candidate == SWEEP_NO_POINT)
            say(r, "too few runs for an answer: of those that would do, too many failed");
        else if (holds(r, candidate))
            a->recommended = candidate;
    }
    if (a->preset != SWEEP_NO_POINT)
        a->preset_relative = sweep_points_ratio(
            r->points, a->preset, a->recommended != SWEEP_NO_POINT ? a->recommended : a->best);
    if (a->recommended != SWEEP_NO_POINT) {
        reasons_of_recommended(r);
        reasons_of_preset(r);
        reasons_why(r, a->recommended);
    } else if (a->best != SWEEP_NO_POINT) {
        reasons_of_best(r);
        if (candidate != SWEEP_NO_POINT && r->points->list[candidate].verdict != SWEEP_TOO_FEW) {
            reasons_of_preset(r);
            reasons_why(r, a->best);
        }
    }
    reasons_of_failures(r);
}

int sweep_answers_make(struct sweep_answers *a, struct sweep_points *p, struct err *e)
{
    bool failed = false;

    *a = (struct sweep_answers){.list = mem_zeroed(p->group_count, sizeof *a->list)};
    if (a->list == NULL)
        return err_no_memory(e, "the answer of the sweep");
    a->count = p->group_count;
    for (uint32_t i = p->count; i-- > 0;)
        a->list[p->list[i].group].first = i;
    for (uint32_t g = 0; g < a->count && !failed; g++) {
        struct reasoning r = {
            .points = p, .answer = &a->list[g], .group = g, .machine = sweep_machine_of(p->sweep)};

        a->list[g].recommended = SWEEP_NO_POINT;
        answer(&r);
        failed = r.failed;
    }
    if (!failed)
        return 0;
    sweep_answers_free(a);
    return err_no_memory(e, "the answer of the sweep");
}

void sweep_answers_free(struct sweep_answers *a)
{
    for (uint32_t g = 0; g < a->count; g++) {
        for (unsigned i = 0; i < a->list[g].reason_count; i++)
            mem_free(a->list[g].reasons[i]);
    }
    mem_free(a->list);
    *a = (struct sweep_answers){0};
}
