/* Points of two sweeps are the same when the same options have the same values, in whatever order
 * either sweep has them. What only one of them has, or has no run of that counts, is not compared
 * and told. Pure; what is allocated belongs to the set. Main thread. */
#include "analysis/comparison_set.h"

#include <string.h>

#include "base/mem.h"
#include "input/json_file.h"

enum { POINTS_NAMED = 4 };

static bool is_same_point(const struct sweep_point *a, const struct sweep_point *b)
{
    if (cJSON_GetArraySize(a->values) != cJSON_GetArraySize(b->values))
        return false;
    for (const cJSON *item = a->values->child; item != NULL; item = item->next)
        if (!comparison_is_same(item, json_file_get(b->values, item->string)))
            return false;
    return true;
}

static const struct sweep_point *find(const struct sweep_file *s, const struct sweep_point *point)
{
    for (size_t i = 0; i < s->point_count; i++)
        if (is_same_point(&s->points[i], point))
            return &s->points[i];
    return NULL;
}

static void add_lone(struct comparison_set *set, const struct sweep_point *point,
                     const struct result_file *missing, bool failed)
{
    set->lone[set->lone_count++] = (struct comparison_lone){point, missing, failed};
}

/* A point of the base, with the same one of the other. */
static int add_point(struct comparison_set *set, const struct sweep_point *point,
                     const struct comparison_terms *terms, struct err *e)
{
    const struct sweep_point *same = find(set->other->sweep, point);
    if (same == NULL) {
        add_lone(set, point, set->other, false);
        return 0;
    }
    if (point->result.run_count == 0 || same->result.run_count == 0) {
        add_lone(set, point, point->result.run_count == 0 ? set->base : set->other, true);
        return 0;
    }
    if (comparison_measure(&set->items[set->count], &point->result, &same->result, terms, e) != 0)
        return -1;
    set->items[set->count++].point = point;
    return 0;
}

static int add_points(struct comparison_set *set, const struct comparison_terms *terms,
                      struct err *e)
{
    const struct sweep_file *base = set->base->sweep, *other = set->other->sweep;
    for (size_t i = 0; i < base->point_count; i++)
        if (add_point(set, &base->points[i], terms, e) != 0)
            return -1;
    for (size_t i = 0; i < other->point_count; i++)
        if (find(base, &other->points[i]) == NULL)
            add_lone(set, &other->points[i], set->base, false);
    return 0;
}

static int refuse_nothing_common(const struct comparison_set *set, struct err *e)
{
    const struct sweep_point *base = set->base->sweep->points, *other = set->other->sweep->points;
    for (size_t i = 0; i < set->lone_count; i++)
        if (set->lone[i].failed)
            return err_set(e, STATUS_FAILED, "no point has runs that count in both '%s' and '%s'",
                           set->base->name, set->other->name);
    return err_set(e, STATUS_FAILED,
                   "'%s' and '%s' have no point in common: the first one has %s, the other %s",
                   set->base->name, set->other->name, base->label, other->label);
}

static int compare_sweeps(struct comparison_set *set, const struct comparison_terms *terms,
                          struct err *e)
{
    size_t points = set->base->sweep->point_count;
    if (strcmp(set->base->experiment, set->other->experiment) != 0)
        return err_set(e, STATUS_FAILED,
                       "'%s' is a sweep of %s, and '%s' of %s: only sweeps of one experiment can "
                       "be compared",
                       set->base->name, set->base->experiment, set->other->name,
                       set->other->experiment);
    set->items = mem_zeroed(points, sizeof *set->items);
    set->lone = mem_zeroed(points + set->other->sweep->point_count, sizeof *set->lone);
    if (set->items == NULL || set->lone == NULL)
        return err_no_memory(e, "a comparison");
    if (add_points(set, terms, e) != 0)
        return -1;
    if (set->count == 0)
        return refuse_nothing_common(set, e);
    return comparison_judge(set->items, set->count, terms, e);
}

static int compare_results(struct comparison_set *set, const struct comparison_terms *terms,
                           struct err *e)
{
    set->items = mem_zeroed(1, sizeof *set->items);
    if (set->items == NULL)
        return err_no_memory(e, "a comparison");
    if (comparison_make(set->items, set->base, set->other, terms, e) != 0)
        return -1;
    set->count = 1;
    return 0;
}

int comparison_set_make(struct comparison_set *set, const struct result_file *base,
                        const struct result_file *other, const struct comparison_terms *terms,
                        struct err *e)
{
    int rc;
    *set = (struct comparison_set){.base = base, .other = other};
    if ((base->sweep == NULL) != (other->sweep == NULL))
        rc = err_set(e, STATUS_FAILED,
                     "'%s' is a sweep, and '%s' a result of one setting: a sweep is compared with "
                     "a sweep",
                     base->sweep != NULL ? base->name : other->name,
                     base->sweep != NULL ? other->name : base->name);
    else if (base->sweep != NULL)
        rc = compare_sweeps(set, terms, e);
    else
        rc = compare_results(set, terms, e);
    if (rc != 0)
        comparison_set_free(set);
    return rc;
}

void comparison_set_free(struct comparison_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        comparison_free(&set->items[i]);
    mem_free(set->items);
    mem_free(set->lone);
    *set = (struct comparison_set){0};
}

bool comparison_set_is_slower(const struct comparison_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].slower)
            return true;
    return false;
}

/* "threads 1, threads 2; and 3 more" behind what was said; `found` counts them. */
static void add_label(struct text *t, size_t found, const char *label)
{
    if (found <= POINTS_NAMED)
        text_add(t, "%s%s", found > 1 ? "; " : "", label);
}

static void add_rest(struct text *t, size_t found)
{
    if (found > POINTS_NAMED)
        text_add(t, "; and %zu more", found - POINTS_NAMED);
}

/* Points of which one side has too few runs. */
static void doubt_runs(const struct comparison_set *set, bool of_base, struct text *t)
{
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct comparison *c = &set->items[i];
        if ((of_base ? c->base : c->other)->run_count >= COMPARISON_RUNS_LEAST)
            continue;
        if (found++ == 0) {
            comparison_add_name(t, of_base ? set->base : set->other);
            text_add(t,
                     " has fewer than %d runs, below which nothing can be told from noise (sweep "
                     "with --runs 10 or more), with ",
                     COMPARISON_RUNS_LEAST);
        }
        add_label(t, found, c->point->label);
    }
    add_rest(t, found);
    if (found > 0)
        text_add(t, "\n");
}

static void doubt_lone(const struct comparison_set *set, const struct result_file *missing,
                       bool failed, struct text *t)
{
    size_t found = 0;
    for (size_t i = 0; i < set->lone_count; i++) {
        const struct comparison_lone *lone = &set->lone[i];
        if (lone->missing != missing || lone->failed != failed)
            continue;
        if (found++ == 0) {
            comparison_add_name(t, missing);
            text_add(t, failed ? " has no run that counts with " : " has no point with ");
        }
        add_label(t, found, lone->point->label);
    }
    add_rest(t, found);
    if (found > 0)
        text_add(t, ": not compared\n");
}

void comparison_set_doubts(const struct comparison_set *set, const struct comparison_terms *terms,
                           struct text *t)
{
    const struct result_file *sides[] = {set->base, set->other};
    for (size_t i = 0; set->base->sweep != NULL && i < 2; i++) {
        doubt_runs(set, i == 0, t);
        doubt_lone(set, sides[i], true, t);
        doubt_lone(set, sides[i], false, t);
    }
    for (size_t i = 0; i < set->count; i++)
        comparison_doubts(&set->items[i], terms, t);
}
