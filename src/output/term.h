/* The terminal that a text view is drawn for: its colours, its glyphs with and without Unicode, and
 * text that is measured in columns. Everything that was not written by uvlab itself passes
 * term_text(), term_cell() or term_wrap(), which let nothing through that could drive a terminal.
 */
#ifndef UVLAB_OUTPUT_TERM_H
#define UVLAB_OUTPUT_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "output/out.h"
#include "output/view.h"

struct term {
    struct out *out;
    bool colour, unicode;
    size_t columns; /* width, within what can be laid out */
};

enum { TERM_COLUMNS_MOST = 500 };

struct term term_make(const struct view_style *style, struct out *o);

/* What a piece of text is, rather than which colour it has. INK_LANE + n: the colour of lane n. */
enum ink {
    INK_PLAIN,
    INK_STRONG, /* headings */
    INK_FAINT,  /* what can be skipped */
    INK_GOOD,
    INK_BAD,
    INK_DOUBT,
    INK_WAIT,
    INK_LANE,
};
enum { LANE_INKS = 8 };

enum ink term_lane_ink(int lane);

/* From here on in this ink, until the next call. Without colour it does nothing. */
void term_ink(const struct term *t, enum ink ink);

/* Single characters that have an ASCII form too. */
enum glyph {
    GLYPH_WAIT,
    GLYPH_RUN,
    GLYPH_RUN_OTHER, /* told apart from its neighbour */
    GLYPH_RETURN,
    GLYPH_BACK,
    GLYPH_FAILED,
    GLYPH_AXIS,
    GLYPH_TICK,
    GLYPH_HOLDS,
    GLYPH_FAILS,
    GLYPH_UNTESTED,
    GLYPH_COUNT,
};
const char *term_glyph(const struct term *t, enum glyph g);
/* "µ" or "u", for units_format_duration(). */
const char *term_micro(const struct term *t);

/* One character in UTF-8, with its NUL. */
enum { TERM_CHARACTER_BYTES = 5 };
/* The first character of s, which is not empty, as this terminal shows it. Returns how many bytes
 * of s it was. */
size_t term_character(const struct term *t, const char *s, char shown[TERM_CHARACTER_BYTES]);

/* Columns that s takes here. */
size_t term_columns(const struct term *t, const char *s);

/* Prints s. */
void term_text(const struct term *t, enum ink ink, const char *s);

void term_spaces(const struct term *t, size_t count);

/* Prints s in exactly `width` columns; what is too long is cut, and its last column says so. With
 * ALIGN_LAST nothing is put behind it, for the end of a line. */
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_LAST };
void term_cell(const struct term *t, enum ink ink, const char *s, size_t width, enum align align);

/* Prints s from column *at on, broken at spaces so that no line is longer than the terminal is
 * wide; all lines but the first are indented by `indent`. Leaves in *at where it ended, so that a
 * further piece can follow. Prints no final line break. */
void term_wrap(const struct term *t, enum ink ink, size_t *at, size_t indent, const char *s);
/* The same with a space in front, which may become a line break. */
void term_wrap_word(const struct term *t, enum ink ink, size_t *at, size_t indent, const char *s);

#endif
