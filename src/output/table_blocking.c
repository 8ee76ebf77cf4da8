/* Slow work at each place beside the others, in the foot of the table: what it cost the slow
 * requests, and what it cost the fast route. Of all runs, also those that are not listed. Main
 * thread; what is allocated is given back before the function returns. */
#include <stdio.h>

#include "analysis/blocking_summary.h"
#include "output/table.h"

enum { PLACE = 9, NARROW = 8, WIDE = 9, CELLS = 8, GROUPS = 4 };

static const size_t widths[CELLS] = {WIDE, WIDE, NARROW, WIDE, WIDE, WIDE, WIDE, WIDE};
/* What stands above the cells, from the left: above so many of them each. */
static const size_t group_widths[GROUPS] = {2 * WIDE, NARROW + 3 * WIDE, WIDE, WIDE};

static void say_line(const struct table *t, enum ink ink, const char *place,
                     const char *const *cells, const size_t *cell_widths, unsigned count)
{
    term_cell(&t->term, ink, place, PLACE, ALIGN_LEFT);
    for (unsigned i = 0; i < count; i++)
        term_cell(&t->term, ink, cells[i], cell_widths[i], ALIGN_RIGHT);
    out_text(t->term.out, "\n");
}

static void say_place(const struct table *t, enum blocking_where where,
                      const struct blocking_summary *s)
{
    char texts[CELLS][UNITS_TEXT_BYTES];
    const char *cells[CELLS];

    table_duration_aligned(t, texts[0], s->slow_first_ns);
    table_duration_aligned(t, texts[1], s->slow_last_ns);
    units_format_count(texts[2], s->fast);
    table_duration_aligned(t, texts[3], s->fast_p50_ns);
    table_duration_aligned(t, texts[4], s->fast_p99_ns);
    table_duration_aligned(t, texts[5], s->fast_max_ns);
    table_duration_aligned(t, texts[6], s->loop_lag_ns);
    table_duration_aligned(t, texts[7], s->cpu_ns);
    for (unsigned i = 0; i < CELLS; i++)
        cells[i] = texts[i];
    say_line(t, INK_PLAIN, blocking_where_names[where], cells, widths, CELLS);
}

int table_blocking(const struct table *t, struct err *e)
{
    static const char *const groups[GROUPS] = {"slow requests", "/fast, due meanwhile", "loop",
                                               "server"};
    static const char *const names[CELLS] = {"first", "last", "count",   "p50",
                                             "p99",   "max",  "held up", "CPU"};
    const struct result *r = t->result;
    bool any = false;

    for (unsigned where = 0; where < BLOCKING_PLACES; where++) {
        struct blocking_summary s;

        if (!blocking_summary_make(&s, r->runs, r->run_count, where))
            return err_no_memory(e, "what slow work cost");
        if (s.runs == 0)
            continue;
        if (!any) {
            out_text(t->term.out, "\n");
            say_line(t, INK_FAINT, "", groups, group_widths, GROUPS);
            say_line(t, INK_STRONG, "where", names, widths, CELLS);
        }
        any = true;
        say_place(t, where, &s);
    }
    return 0;
}
