/* Options that do not go together (--work pbkdf2 and --duration) would be found by the first run of
 * a point, when others have been measured already. An experiment's plan says it at once: it is made
 * here for each point, in this process, from the very words that the runs will get. Main thread. */
#include "cli/sweep_check.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "cli/common.h"
#include "cli/options.h"
#include "sweep/points.h"

/* The command line without the program and the experiment. */
static int plan_words(const struct experiment *x, const struct words *w, void *values,
                      struct err *e)
{
    enum { WORDS_BEFORE = 2 };
    struct common_options common;
    struct param_set options = {.table = x->params, .values = values};
    struct param_set shared = {.table = common_params, .values = &common};
    struct option_grammar grammar = {
        .sets = {&options, &shared}, .set_count = 2, .operand = x->operand, .topic = x->name};
    struct option_outcome outcome;
    struct plan plan = {0};
    memset(&common, 0, sizeof common);
    if (options_parse(&grammar, (int)w->count - WORDS_BEFORE, w->items + WORDS_BEFORE, &outcome,
                      e) != 0)
        return -1;
    return x->plan(&options, &plan, e);
}

/* 0, or -1 with *e filled. Whether that is an error is the caller's to know. */
static int plan_point(const struct sweep *s, const struct words *fixed, uint32_t point,
                      struct err *e)
{
    size_t bytes = s->experiment->options_size;
    void *values = mem_zeroed(1, bytes > 0 ? bytes : 1);
    struct words w;
    int rc;
    if (values == NULL)
        return err_no_memory(e, "the options");
    rc = points_arguments(&w, s, point, fixed, false, e);
    if (rc == 0)
        rc = plan_words(s->experiment, &w, values, e);
    words_free(&w);
    mem_free(values);
    return rc;
}

int sweep_check(const struct sweep *s, const struct words *fixed, struct err *e)
{
    struct err first = {.text = ""};
    uint32_t refused = 0, alike = 0, point = 0;
    char name[120];
    for (uint32_t i = 0; i < s->point_count; i++) {
        struct err why = {.text = ""};
        if (plan_point(s, fixed, i, &why) == 0 || why.status != STATUS_USAGE)
            continue;
        if (refused++ == 0) {
            first = why;
            point = i;
        }
        alike += strcmp(why.text, first.text) == 0;
    }
    if (refused == 0)
        return 0;
    if (alike == s->point_count)
        return err_set(e, STATUS_USAGE, "%s: %s", s->experiment->name, first.text);
    return err_set(e, STATUS_USAGE,
                   "%s: %s; leave out what does not go together, or make two sweeps",
                   sweep_point_name(s, point, name, sizeof name), first.text);
}
