/* From time to columns, and from columns to the terminal. A row is drawn into cells first, so that
 * what is drawn later may lie on what was there, and is then printed with as few changes of colour
 * as it needs.
 *
 * Main thread; nothing is allocated. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "output/timeline.h"

enum { GAP = 2, WIDTH_LEAST = 10, EIGHTHS = 8, LABEL_GAP = 4 };

/* The left k eighths of a cell. */
static const char *const eighths[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

void timeline_divide(struct timeline *t, size_t left, size_t right)
{
    size_t columns = t->term.columns, taken;

    t->left = left < columns / 4 ? left : columns / 4;
    taken = t->left + GAP + GAP + right + 1; /* one for what comes after the end */
    t->width = columns > taken + WIDTH_LEAST ? columns - taken : WIDTH_LEAST;
}

/* Where an instant lies, in eighths of a column from the left: 0 to 8 * width. */
static size_t position(const struct timeline *t, uint64_t ns)
{
    double all = (double)t->width * EIGHTHS;
    if (ns >= t->end_ns)
        return t->width * EIGHTHS;
    return (size_t)((double)ns / (double)t->end_ns * all);
}

size_t timeline_column(const struct timeline *t, uint64_t ns)
{
    return position(t, ns) / EIGHTHS;
}

size_t timeline_bar_column(const struct timeline *t, uint64_t ns)
{
    size_t column = (position(t, ns) + EIGHTHS / 2) / EIGHTHS;
    return column < t->width ? column : t->width - 1;
}

void canvas_clear(const struct timeline *t, struct canvas *c)
{
    for (size_t i = 0; i <= t->width; i++)
        c->cells[i] = (struct canvas_cell){.text = " ", .ink = INK_PLAIN};
}

static void put(const struct timeline *t, struct canvas *c, size_t column, const char *text,
                enum ink ink)
{
    if (column > t->width)
        column = t->width;
    snprintf(c->cells[column].text, sizeof c->cells[column].text, "%s", text);
    c->cells[column].ink = (unsigned char)ink;
}

void canvas_fill(struct timeline *t, struct canvas *c, size_t from, size_t to, enum glyph g,
                 enum ink ink)
{
    for (size_t i = from; i < to && i <= t->width; i++) {
        put(t, c, i, term_glyph(&t->term, g), ink);
        t->used |= 1u << g;
    }
}

size_t canvas_bar(struct timeline *t, struct canvas *c, uint64_t from_ns, uint64_t to_ns,
                  enum glyph g, enum ink ink)
{
    size_t from = timeline_bar_column(t, from_ns), end = position(t, to_ns);
    size_t whole = end / EIGHTHS, part = end % EIGHTHS;

    if (whole < from || (whole == from && part == 0)) {
        whole = from;
        part = 1;
    }
    canvas_fill(t, c, from, whole, g, ink);
    if (part == 0)
        return whole;
    if (t->term.unicode && g == GLYPH_RUN) {
        put(t, c, whole, eighths[part], ink);
        t->used |= 1u << g;
        return whole + 1;
    }
    if (part < EIGHTHS / 2 && whole > from)
        return whole;
    canvas_fill(t, c, whole, whole + 1, g, ink);
    return whole + 1;
}

void canvas_open(struct timeline *t, struct canvas *c, size_t column)
{
    put(t, c, column, "?", INK_BAD);
    t->used_open = true;
}

void canvas_name(const struct timeline *t, struct canvas *c, size_t from, size_t to,
                 const char *name, enum ink ink)
{
    char shown[TERM_CHARACTER_BYTES];

    if (term_columns(&t->term, name) + 2 > to - from)
        return;
    for (size_t column = from + 1; *name != '\0'; column++) {
        name += term_character(&t->term, name, shown);
        put(t, c, column, shown, ink);
    }
}

void canvas_print(const struct timeline *t, const struct canvas *c, const char *name,
                  const char *note, enum ink note_ink)
{
    enum ink ink = INK_PLAIN;
    size_t end = t->width + 1;

    while (note[0] == '\0' && end > 0 && strcmp(c->cells[end - 1].text, " ") == 0)
        end--;
    term_cell(&t->term, INK_PLAIN, name, t->left, ALIGN_LEFT);
    term_spaces(&t->term, GAP);
    for (size_t i = 0; i < end; i++) {
        const struct canvas_cell *cell = &c->cells[i];
        if (cell->ink != ink) {
            ink = (enum ink)cell->ink;
            term_ink(&t->term, ink);
        }
        out_text(t->term.out, cell->text);
    }
    if (ink != INK_PLAIN)
        term_ink(&t->term, INK_PLAIN);
    if (note[0] != '\0')
        term_spaces(&t->term, GAP);
    term_text(&t->term, note_ink, note);
    out_text(t->term.out, "\n");
}

/* The unit of an axis that ends at end_ns. */
static uint64_t axis_unit_ns(uint64_t end_ns)
{
    return end_ns < 1000 ? 1 : end_ns < 1000000 ? 1000 : end_ns < 1000000000 ? 1000000 : 1000000000;
}

/* "0", "200 ms", "0.25 s": without digits that the step does not need. */
static void axis_label(const struct timeline *t, char buf[UNITS_TEXT_BYTES], uint64_t ns,
                       uint64_t step_ns)
{
    uint64_t unit_ns = axis_unit_ns(t->end_ns);
    int decimals = 0;

    for (uint64_t s = step_ns; s < unit_ns && s % unit_ns != 0; s *= 10)
        decimals++;
    if (ns == 0)
        snprintf(buf, UNITS_TEXT_BYTES, "0");
    else
        snprintf(buf, UNITS_TEXT_BYTES, "%.*f %s%s", decimals, (double)ns / (double)unit_ns,
                 unit_ns == 1000      ? term_micro(&t->term)
                 : unit_ns == 1000000 ? "m"
                 : unit_ns == 1       ? "n"
                                      : "",
                 "s");
}

/* The smallest of 1, 2 and 5 times a power of ten at which the labels do not touch. */
static uint64_t axis_step_ns(const struct timeline *t)
{
    static const unsigned factors[] = {1, 2, 5};
    char label[UNITS_TEXT_BYTES];

    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
        for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
            uint64_t step_ns = power * factors[i];
            double columns = (double)step_ns / (double)t->end_ns * (double)t->width;
            axis_label(t, label, t->end_ns - t->end_ns % step_ns, step_ns);
            if (columns >= (double)(term_columns(&t->term, label) + LABEL_GAP))
                return step_ns;
        }
    }
    return t->end_ns;
}

void timeline_axis(const struct timeline *t)
{
    uint64_t step_ns = axis_step_ns(t);
    char label[UNITS_TEXT_BYTES];
    size_t at = 0, next = 0;

    term_spaces(&t->term, t->left + GAP);
    for (uint64_t ns = 0; ns <= t->end_ns; ns += step_ns) {
        size_t column = timeline_column(t, ns), wide;
        axis_label(t, label, ns, step_ns);
        wide = term_columns(&t->term, label);
        column = column > wide / 2 ? column - wide / 2 : 0;
        if (column > at)
            term_spaces(&t->term, column - at);
        term_text(&t->term, INK_FAINT, label);
        at = (column > at ? column : at) + wide;
        if (step_ns > UINT64_MAX - ns)
            break;
    }
    out_text(t->term.out, "\n");

    term_spaces(&t->term, t->left + GAP);
    term_ink(&t->term, INK_FAINT);
    for (size_t column = 0; column <= t->width; column++) {
        bool tick = next <= t->end_ns / step_ns && timeline_column(t, next * step_ns) == column;
        out_text(t->term.out, term_glyph(&t->term, tick ? GLYPH_TICK : GLYPH_AXIS));
        next += tick;
    }
    term_ink(&t->term, INK_PLAIN);
    out_text(t->term.out, "\n");
}

/* One entry of the legend, on a new line when it does not fit on this one. */
static void legend_entry(const struct timeline *t, size_t *at, enum ink ink, const char *mark,
                         const char *text)
{
    size_t wide = term_columns(&t->term, mark) + 1 + term_columns(&t->term, text);

    if (*at > 0 && *at + GAP + wide > t->term.columns) {
        out_text(t->term.out, "\n");
        *at = 0;
    }
    if (*at == 0) {
        term_spaces(&t->term, t->left);
        *at = t->left;
    }
    term_spaces(&t->term, GAP);
    term_text(&t->term, ink, mark);
    out_text(t->term.out, " ");
    term_text(&t->term, INK_FAINT, text);
    *at += GAP + wide;
}

void timeline_legend(const struct timeline *t)
{
    static const struct {
        enum glyph glyph;
        enum ink ink;
        const char *text;
    } entries[] = {
        {GLYPH_WAIT, INK_WAIT, "waiting"},
        {GLYPH_RUN, INK_LANE, "running"},
        {GLYPH_RUN_OTHER, INK_LANE, "running (next)"},
        {GLYPH_RETURN, INK_FAINT, "returning"},
        {GLYPH_BACK, INK_STRONG, "called back"},
        {GLYPH_FAILED, INK_BAD, "failed"},
    };
    size_t at = 0;

    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if ((t->used & 1u << entries[i].glyph) != 0)
            legend_entry(t, &at, entries[i].ink, term_glyph(&t->term, entries[i].glyph),
                         entries[i].text);
    }
    if (t->used_open)
        legend_entry(t, &at, INK_BAD, "?", "end unknown");
    out_text(t->term.out, "\n");
}

void timeline_left_out(const struct timeline *t, uint32_t count, const char *one, const char *many)
{
    char number[UNITS_TEXT_BYTES], line[UNITS_TEXT_BYTES + 80];

    snprintf(line, sizeof line, "... %s %s left out (--all draws %s)",
             units_format_count(number, count), count == 1 ? one : many,
             count == 1 ? "it" : "them");
    term_text(&t->term, INK_FAINT, line);
    out_text(t->term.out, "\n");
}
