/* A row per call. The experiment says which columns there are; this file says what each of them is
 * called, how it is aligned, and which give way first when the terminal is too narrow. What stands
 * in them is in table_cells.c.
 *
 * Main thread. The order of a run's rows is allocated for as long as they are measured or printed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output/table.h"

enum { COLUMNS_MOST = 16 };
/* A column of text is cut to this before another one is left out; the names of calls, whose ends
 * tell them apart, not as far. */
enum { TEXT_LEAST = 12, NAME_LEAST = 16 };
/* The column that is worth least gives way first; those of this worth never do. */
enum { WORTH_MOST = 9 };

static const struct {
    const char *title;
    bool number; /* right-aligned, and never cut */
    int worth;
} columns[] = {
    [COLUMN_CALL] = {"call", false, WORTH_MOST},
    [COLUMN_SUBMITTED] = {"submitted", true, 1},
    [COLUMN_WAITED] = {"waited", true, WORTH_MOST},
    [COLUMN_RAN] = {"ran", true, WORTH_MOST},
    [COLUMN_CPU] = {"cpu", true, 2},
    [COLUMN_RETURNED] = {"returned", true, 3},
    [COLUMN_CALLED_BACK] = {"called back", true, 5},
    [COLUMN_LANE] = {"thread", false, 7},
    [COLUMN_STATUS] = {"status", false, WORTH_MOST},
    [COLUMN_ITERATION] = {"iteration", true, 8},
    [COLUMN_PHASE] = {"phase", false, WORTH_MOST},
    [COLUMN_ARMED_BY] = {"armed by", false, 6},
    [COLUMN_NODE_NAME] = {"in Node.js", false, 4},
    [COLUMN_ANSWER] = {"answer", false, 8},
    [COLUMN_BYTES] = {"bytes", true, 4},
    [COLUMN_DUE] = {"due", true, 6},
    [COLUMN_FIRST_BYTE] = {"first byte", true, 4},
    [COLUMN_TOTAL] = {"total", true, WORTH_MOST},
    [COLUMN_CONNECTION] = {"conn", true, 3},
};

/* The columns that are shown, left to right, and how wide each is. */
struct layout {
    enum column column[COLUMNS_MOST];
    size_t width[COLUMNS_MOST];
    unsigned count;
    size_t gap; /* between two columns */
    enum column dropped[COLUMNS_MOST];
    unsigned dropped_count;
    bool failures; /* some call that has a row failed */
    bool os;       /* some ran on no thread of the pool */
    bool due;      /* some were due */
    bool started;  /* of some it is known when they started */
};

static const char *column_title(const struct layout *layout, enum column column)
{
    return column == COLUMN_LANE && layout->os ? "ran on" : columns[column].title;
}

/* Finds what decides which columns there are, and what they are called. */
static void layout_look(struct layout *layout, const struct run *run, bool parts)
{
    struct span s;

    layout->failures |= run->failed;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!parts && s.parent != SPAN_NONE)
            continue;
        layout->failures |= s.status != SPAN_OK;
        layout->os |= s.lane == LANE_OS || s.lane >= LANE_WORKER;
        layout->due |= s.due_ns != SPAN_UNKNOWN;
        layout->started |= s.started_ns != SPAN_UNKNOWN;
    }
}

/* Widens the columns to what the calls of a run take. */
static void layout_measure(struct layout *layout, const struct table *t, const struct run *run,
                           const struct table_order *order)
{
    char buf[TABLE_CELL_BYTES];
    struct span s;

    for (uint32_t i = 0; i < order->count; i++) {
        recorder_get(&run->recorder, order->rows[i].index, &s);
        for (unsigned c = 0; c < layout->count; c++) {
            table_cell(t, run, &s, order->rows[i].depth, layout->column[c], buf);
            size_t wide = term_columns(&t->term, buf);
            if (wide > layout->width[c])
                layout->width[c] = wide;
        }
    }
}

static size_t layout_width(const struct layout *layout)
{
    size_t width = 0;
    for (unsigned c = 0; c < layout->count; c++)
        width += layout->width[c] + (c == 0 ? 0 : layout->gap);
    return width;
}

static void layout_drop(struct layout *layout, unsigned c)
{
    layout->dropped[layout->dropped_count++] = layout->column[c];
    layout->count--;
    for (; c < layout->count; c++) {
        layout->column[c] = layout->column[c + 1];
        layout->width[c] = layout->width[c + 1];
    }
}

static size_t text_least(enum column column)
{
    return column == COLUMN_CALL ? NAME_LEAST : TEXT_LEAST;
}

/* Makes the table as narrow as the terminal, if it can be: the widest columns of text are cut
 * first, then the columns that are worth least are left out. */
static void layout_fit(struct layout *layout, size_t terminal_columns)
{
    while (layout_width(layout) > terminal_columns) {
        unsigned widest = 0, least = 0;
        size_t most = 0;
        for (unsigned c = 0; c < layout->count; c++) {
            if (!columns[layout->column[c]].number && layout->width[c] > most &&
                layout->width[c] > text_least(layout->column[c])) {
                widest = c;
                most = layout->width[c];
            }
            if (columns[layout->column[c]].worth < columns[layout->column[least]].worth)
                least = c;
        }
        if (layout->gap > 1)
            layout->gap--;
        else if (most > 0)
            layout->width[widest]--;
        else if (columns[layout->column[least]].worth < WORTH_MOST)
            layout_drop(layout, least);
        else
            return;
    }
}

/* Columns that would be empty are left out where that is usual: what happens inside of a server is
 * mostly not told, and of what is not told there is the total. */
static bool is_wanted(const struct layout *layout, const enum column *all, enum column column)
{
    bool has_total = false;

    for (; *all != COLUMN_END; all++)
        has_total |= *all == COLUMN_TOTAL;
    switch (column) {
    case COLUMN_STATUS:
        return layout->failures;
    case COLUMN_DUE:
        return layout->due;
    case COLUMN_WAITED:
    case COLUMN_RAN:
    case COLUMN_LANE:
        return layout->started || !has_total;
    default:
        return true;
    }
}

static int layout_make(struct layout *layout, const struct table *t, table_listed listed,
                       bool parts, struct err *e)
{
    const struct result *r = t->result;
    const enum column *wanted = r->experiment->columns;

    *layout = (struct layout){.gap = 2};
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (listed(t, &r->runs[i]))
            layout_look(layout, &r->runs[i], parts);
    }
    for (; *wanted != COLUMN_END && layout->count < COLUMNS_MOST; wanted++) {
        if (!is_wanted(layout, r->experiment->columns, *wanted))
            continue;
        layout->column[layout->count] = *wanted;
        layout->width[layout->count++] = strlen(column_title(layout, *wanted));
    }
    for (uint32_t i = 0; i < r->run_count; i++) {
        struct table_order order;
        if (!listed(t, &r->runs[i]))
            continue;
        if (table_order_make(&order, &r->runs[i], parts, e) != 0)
            return -1;
        layout_measure(layout, t, &r->runs[i], &order);
        table_order_free(&order);
    }
    layout_fit(layout, t->term.columns);
    return 0;
}

static void print_header(const struct table *t, const struct layout *layout)
{
    for (unsigned c = 0; c < layout->count; c++) {
        bool last = c + 1 == layout->count;
        enum align align = columns[layout->column[c]].number ? ALIGN_RIGHT
                           : last                            ? ALIGN_LAST
                                                             : ALIGN_LEFT;
        term_spaces(&t->term, c == 0 ? 0 : layout->gap);
        term_cell(&t->term, INK_STRONG, column_title(layout, layout->column[c]), layout->width[c],
                  align);
    }
    out_text(t->term.out, "\n");
}

/* What deserves the eye: a call that waited for another one's thread, and one that failed. */
static enum ink cell_ink(const struct table *t, const struct run *run, const struct span *s,
                         enum column column)
{
    if (!t->term.colour)
        return INK_PLAIN;
    if (column == COLUMN_WAITED && table_waited_for(run, s->id - 1) != SPAN_NONE)
        return INK_WAIT;
    if (column == COLUMN_STATUS && s->status != SPAN_OK)
        return INK_BAD;
    if (column == COLUMN_LANE && lane_is_thread(s->lane))
        return term_lane_ink(s->lane);
    return INK_PLAIN;
}

/* Takes the spaces at the end away, which keep units below each other, and tells how many. */
static size_t trim(char *text)
{
    size_t length = strlen(text), kept = length;

    while (kept > 0 && text[kept - 1] == ' ')
        kept--;
    text[kept] = '\0';
    return length - kept;
}

static void print_row(const struct table *t, const struct layout *layout, const struct run *run,
                      uint32_t index, unsigned depth)
{
    char cells[COLUMNS_MOST][TABLE_CELL_BYTES];
    unsigned count = 0; /* up to the last one that is not empty */
    struct span s;

    recorder_get(&run->recorder, index, &s);
    for (unsigned c = 0; c < layout->count; c++) {
        table_cell(t, run, &s, depth, layout->column[c], cells[c]);
        if (cells[c][0] != '\0')
            count = c + 1;
    }
    for (unsigned c = 0; c < count; c++) {
        enum column column = layout->column[c];
        bool last = c + 1 == count, number = columns[column].number;
        size_t width = layout->width[c];

        if (last && number)
            width -= trim(cells[c]);
        term_spaces(&t->term, c == 0 ? 0 : layout->gap);
        term_cell(&t->term, cell_ink(t, run, &s, column), cells[c], width,
                  number ? ALIGN_RIGHT
                  : last ? ALIGN_LAST
                         : ALIGN_LEFT);
    }
    out_text(t->term.out, "\n");
}

static void print_dropped(const struct table *t, const struct layout *layout)
{
    size_t at = 0;

    if (layout->dropped_count == 0)
        return;
    term_wrap(&t->term, INK_FAINT, &at, 0, "too narrow to show:");
    for (unsigned c = 0; c < layout->dropped_count; c++) {
        term_wrap_word(&t->term, INK_FAINT, &at, 0, column_title(layout, layout->dropped[c]));
        if (c + 1 < layout->dropped_count)
            term_wrap(&t->term, INK_FAINT, &at, 0, ",");
    }
    out_text(t->term.out, "\n");
}

/* Adds the iterations between two of which something was called back to what is said of them. */
static void say_between(const struct table *t, size_t *at, uint64_t last, uint64_t next)
{
    char phrase[2 * UNITS_TEXT_BYTES];

    if (next <= last + 1)
        return;
    term_wrap(&t->term, INK_FAINT, at, 0, *at == 0 ? "(iterations without a callback:" : ",");
    if (next == last + 2)
        snprintf(phrase, sizeof phrase, "%" PRIu64, last + 1);
    else
        snprintf(phrase, sizeof phrase, "%" PRIu64 "-%" PRIu64, last + 1, next - 1);
    term_wrap_word(&t->term, INK_FAINT, at, 0, phrase);
}

/* Where the rows are in the order of callbacks, iterations may be missing among them. */
static void print_silent_iterations(const struct table *t, const struct run *run,
                                    const struct table_order *order)
{
    uint64_t last = 0;
    size_t at = 0;
    struct span s;

    if (!run->experiment->rows_by_call_back || table_role(run) != PASS_MEASURED)
        return;
    for (uint32_t row = 0; row < order->count; row++) {
        recorder_get(&run->recorder, order->rows[row].index, &s);
        if (s.called_back_ns == SPAN_UNKNOWN || s.iteration <= last)
            continue;
        say_between(t, &at, last, s.iteration);
        last = s.iteration;
    }
    say_between(t, &at, last, run->loop_facts.iterations + 1);
    if (at == 0)
        return;
    term_wrap(&t->term, INK_FAINT, &at, 0, ")");
    out_text(t->term.out, "\n");
}

static int print_run(const struct table *t, const struct layout *layout, const struct run *run,
                     uint32_t number, bool parts, struct err *e)
{
    struct table_order order;

    if (table_order_make(&order, run, parts, e) != 0)
        return -1;
    table_run_heading(t, run, number);
    for (uint32_t row = 0; row < order.count; row++)
        print_row(t, layout, run, order.rows[row].index, order.rows[row].depth);
    print_silent_iterations(t, run, &order);
    table_order_free(&order);
    return 0;
}

int table_rows(const struct table *t, table_listed listed, bool parts, struct err *e)
{
    const struct result *r = t->result;
    struct layout layout;

    if (layout_make(&layout, t, listed, parts, e) != 0)
        return -1;
    print_header(t, &layout);
    for (int measured = 1; measured >= 0; measured--) {
        uint32_t number = 0;
        for (uint32_t i = 0; i < r->run_count; i++) {
            const struct run *run = &r->runs[i];
            number = i > 0 && run[-1].pass == run->pass ? number + 1 : 1;
            if (!listed(t, run) || (table_role(run) == PASS_MEASURED) != measured)
                continue;
            if (print_run(t, &layout, run, number, parts, e) != 0)
                return -1;
        }
    }
    print_dropped(t, &layout);
    return 0;
}
