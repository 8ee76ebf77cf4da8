/* A sweep as a table for people: what was run and where, then for each group of points its rows,
 * where the time of the calls went, and the answer with its reasons; last what to doubt.
 *
 * Main thread; what is allocated is given back before a function returns. */
#include "output/table_sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

/* --- The head --- */

/* The model of the CPU, as the environment tells; "" when it does not. False: memory is short. */
static bool cpu_model(const struct sweep *s, struct text *model)
{
    cJSON *environment = s->environment == NULL ? NULL : cJSON_Parse(s->environment);
    const cJSON *cpu = cJSON_GetObjectItemCaseSensitive(environment, "cpu");

    if (cJSON_IsString(cpu))
        text_add(model, "%s", cpu->valuestring);
    cJSON_Delete(environment);
    return text_ok(model) && (s->environment == NULL || environment != NULL);
}

static const char *end_text(const struct sweep *s, char buf[SWEEP_CELL_BYTES])
{
    switch (s->ended) {
    case SWEEP_ENDED_KNOWN:
        snprintf(buf, SWEEP_CELL_BYTES, "until every median was known to %.3g %%",
                 (double)s->precision_ppm / 1e4);
        return buf;
    case SWEEP_ENDED_TIME:
        return "until the time was up";
    case SWEEP_ENDED_SIGNAL:
        return "until it was interrupted";
    case SWEEP_ENDED_FAILURES:
        return "until every point had failed";
    case SWEEP_ENDED_RUNS:
        break;
    }
    return "as many as were asked for";
}

static void print_command(const struct sweep_table *t)
{
    const struct sweep *s = t->shown->sweep;
    size_t at = 0;

    term_wrap(&t->term, INK_STRONG, &at, 2, s->experiment->name);
    for (size_t i = 0; i < s->argument_count; i++)
        term_wrap_word(&t->term, INK_STRONG, &at, 2, s->arguments[i]);
    out_text(t->term.out, "\n");
}

static int print_head(const struct sweep_table *t, struct err *e)
{
    const struct sweep *s = t->shown->sweep;
    char took[UNITS_TEXT_BYTES], runs[UNITS_TEXT_BYTES], end[SWEEP_CELL_BYTES];
    struct text line = TEXT_EMPTY, model = TEXT_EMPTY;
    size_t at = 0;
    bool ok = cpu_model(s, &model);

    print_command(t);
    text_add(&line, "%s run%s of %" PRIu32 " point%s in %s, %s",
             units_format_count(runs, s->run_count), s->run_count == 1 ? "" : "s", s->point_count,
             s->point_count == 1 ? "" : "s",
             units_format_duration(took, s->took_ns, term_micro(&t->term)), end_text(s, end));
    if (s->cpus_allowed > 0)
        text_add(&line, "; %u CPU%s", s->cpus_allowed, s->cpus_allowed == 1 ? "" : "s");
    if (model.length > 0)
        text_add(&line, " (%s)", text_get(&model));
    ok = ok && text_ok(&line);
    if (ok)
        term_wrap(&t->term, INK_FAINT, &at, 2, text_get(&line));
    out_text(t->term.out, "\n\n");
    text_free(&line);
    text_free(&model);
    return ok ? 0 : err_no_memory(e, "the table of the sweep");
}

/* --- A group --- */

static void print_reason(const struct sweep_table *t, const char *reason)
{
    size_t at = 4;

    term_spaces(&t->term, 2);
    term_text(&t->term, INK_FAINT, term_glyph(&t->term, GLYPH_UNTESTED));
    term_spaces(&t->term, 1);
    term_wrap(&t->term, INK_PLAIN, &at, 4, reason);
    out_text(t->term.out, "\n");
}

/* Where nothing can be recommended: what leads, if there is something to lead. */
static void add_none(struct text *t, const struct sweep_points *p, const struct sweep_answer *a)
{
    uint32_t usable = 0;

    text_add(t, "none");
    for (uint32_t i = 0; a->best != SWEEP_NO_POINT && i < p->count; i++)
        usable += p->list[i].group == p->list[a->best].group && p->list[i].value.count > 0;
    if (usable < 2)
        return;
    text_add(t, "; ");
    sweep_answer_flags(t, p, a->best, SWEEP_AXES_MEANS);
    text_add(t, " has the lowest median");
}

static int print_answer(const struct sweep_table *t, const struct sweep_answer *a, struct err *e)
{
    const struct sweep_points *p = &t->shown->points;
    struct text flags = TEXT_EMPTY;
    size_t at = 0;
    bool ok;

    if (a->recommended != SWEEP_NO_POINT)
        sweep_answer_flags(&flags, p, a->recommended, SWEEP_AXES_MEANS);
    else
        add_none(&flags, p, a);
    ok = text_ok(&flags);
    out_text(t->term.out, "\n");
    term_wrap(&t->term, INK_STRONG, &at, 2, "answer:");
    if (ok)
        term_wrap_word(&t->term, a->recommended != SWEEP_NO_POINT ? INK_STRONG : INK_DOUBT, &at, 2,
                       text_get(&flags));
    out_text(t->term.out, "\n");
    text_free(&flags);
    for (unsigned i = 0; i < a->reason_count; i++)
        print_reason(t, a->reasons[i]);
    return ok ? 0 : err_no_memory(e, "the table of the sweep");
}

/* What all points of the group have, where there is more than one group. */
static bool print_group_name(const struct sweep_table *t, const struct sweep_answer *a)
{
    struct text flags = TEXT_EMPTY;
    size_t at = 0;
    bool ok;

    sweep_answer_flags(&flags, &t->shown->points, a->first, SWEEP_AXES_OTHERS);
    ok = text_ok(&flags);
    if (ok && flags.length > 0) {
        term_wrap(&t->term, INK_STRONG, &at, 2, text_get(&flags));
        out_text(t->term.out, "\n");
    }
    text_free(&flags);
    return ok;
}

static int print_groups(const struct sweep_table *t, struct err *e)
{
    const struct sweep_answers *answers = &t->shown->answers;

    for (uint32_t group = 0; group < answers->count; group++) {
        if (group > 0)
            out_text(t->term.out, "\n");
        if (!print_group_name(t, &answers->list[group]))
            return err_no_memory(e, "the table of the sweep");
        sweep_table_rows(t, group);
        sweep_table_notes(t, group);
        sweep_table_bars(t, group);
        if (print_answer(t, &answers->list[group], e) != 0)
            return -1;
    }
    return 0;
}

/* --- The foot --- */

static void print_warnings(const struct sweep_table *t)
{
    const struct sweep *s = t->shown->sweep;

    if (s->warning_count > 0 || s->interrupted)
        out_text(t->term.out, "\n");
    if (s->interrupted) {
        size_t at = 0;
        term_wrap(&t->term, INK_DOUBT, &at, 2, "interrupted:");
        term_wrap_word(&t->term, INK_PLAIN, &at, 2, "these are the runs until then");
        out_text(t->term.out, "\n");
    }
    for (size_t i = 0; i < s->warning_count; i++) {
        size_t at = 0;
        term_wrap(&t->term, INK_DOUBT, &at, 2, "warning:");
        term_wrap_word(&t->term, INK_PLAIN, &at, 2, s->warnings[i]);
        out_text(t->term.out, "\n");
    }
}

int view_sweep_table(const struct sweep_shown *shown, const struct view_style *style, struct out *o,
                     struct err *e)
{
    struct sweep_table t = {.shown = shown, .term = term_make(style, o)};

    sweep_table_measure(&t);
    if (print_head(&t, e) != 0 || print_groups(&t, e) != 0)
        return -1;
    print_warnings(&t);
    return 0;
}
