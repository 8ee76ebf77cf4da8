/* Drawing on a terminal that may lack colour, Unicode or both. Text is taken apart into characters
 * here, once, so that what is measured is what is printed: a control character becomes '?' (a file
 * name must not move the cursor), and without Unicode so does everything beyond ASCII.
 *
 * Main thread. Nothing is owned: a struct term is a handful of values around somebody's struct out.
 */
#include "output/term.h"

#include <string.h>

#include "base/text.h"

/* A terminal narrower than this is treated as if it were this wide, and breaks lines by itself. */
enum { COLUMNS_LEAST = 40 };

/* However narrow the terminal, wrapped text gets at least this much beside its indent. */
enum { WRAP_LEAST = 20 };

/* Of a number and of a unit that stay together, with the punctuation behind them: "12.3", "min,".
 */
enum { NUMBER_BYTES_MOST = 5, UNIT_BYTES_MOST = 4 };

static const struct {
    const char *unicode, *ascii;
} glyphs[GLYPH_COUNT] = {
    [GLYPH_WAIT] = {"░", "."},   [GLYPH_RUN] = {"█", "#"},      [GLYPH_RUN_OTHER] = {"▓", "="},
    [GLYPH_RETURN] = {"─", "-"}, [GLYPH_BACK] = {"│", "|"},     [GLYPH_FAILED] = {"✗", "x"},
    [GLYPH_AXIS] = {"─", "-"},   [GLYPH_TICK] = {"┬", "+"},     [GLYPH_HOLDS] = {"✓", "+"},
    [GLYPH_FAILS] = {"✗", "x"},  [GLYPH_UNTESTED] = {"·", "-"},
};

/* The sixteen colours that every terminal has and every theme keeps readable. Lanes avoid red and
 * yellow, which mean failing and waiting. */
static const char *const inks[INK_LANE + LANE_INKS] = {
    [INK_PLAIN] = "",      [INK_STRONG] = "1",    [INK_FAINT] = "2",     [INK_GOOD] = "32",
    [INK_BAD] = "31",      [INK_DOUBT] = "33",    [INK_WAIT] = "33",     [INK_LANE + 0] = "36",
    [INK_LANE + 1] = "32", [INK_LANE + 2] = "35", [INK_LANE + 3] = "34", [INK_LANE + 4] = "96",
    [INK_LANE + 5] = "92", [INK_LANE + 6] = "95", [INK_LANE + 7] = "94",
};

struct term term_make(const struct view_style *style, struct out *o)
{
    struct term t = {.out = o, .colour = style->colour, .unicode = style->unicode};
    t.columns = style->columns;
    if (t.columns < COLUMNS_LEAST)
        t.columns = COLUMNS_LEAST;
    if (t.columns > TERM_COLUMNS_MOST)
        t.columns = TERM_COLUMNS_MOST;
    return t;
}

enum ink term_lane_ink(int lane)
{
    if (lane <= 0)
        return INK_LANE;
    if (lane >= LANE_WORKER)
        lane = (lane - LANE_WORKER) / LANES_OF_WORKER + (lane - LANE_WORKER) % LANES_OF_WORKER;
    return (enum ink)(INK_LANE + (lane - 1) % LANE_INKS);
}

void term_ink(const struct term *t, enum ink ink)
{
    if (t->colour)
        out_format(t->out, ink == INK_PLAIN ? "\033[0m%s" : "\033[0;%sm", inks[ink]);
}

const char *term_glyph(const struct term *t, enum glyph g)
{
    return t->unicode ? glyphs[g].unicode : glyphs[g].ascii;
}

const char *term_micro(const struct term *t)
{
    return t->unicode ? "µ" : "u";
}

/* Bytes of the UTF-8 sequence at s, or 0 when it is broken off or does not begin there. */
static size_t sequence_bytes(const char *s)
{
    unsigned char lead = (unsigned char)s[0];
    size_t bytes = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead > 0xf4)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
    }
    return bytes;
}

size_t term_character(const struct term *t, const char *s, char shown[TERM_CHARACTER_BYTES])
{
    size_t bytes = sequence_bytes(s);
    unsigned char first = (unsigned char)s[0], second = bytes > 1 ? (unsigned char)s[1] : 0;
    bool control = bytes == 0 || (bytes == 1 && (first < 0x20 || first == 0x7f)) ||
                   (bytes == 2 && first == 0xc2 && second < 0xa0);
    bool micro = bytes == 2 && first == 0xc2 && second == 0xb5;
    if (control || (!t->unicode && bytes > 1)) {
        shown[0] = micro ? 'u' : '?';
        shown[1] = '\0';
        return bytes == 0 ? 1 : bytes;
    }
    memcpy(shown, s, bytes);
    shown[bytes] = '\0';
    return bytes;
}

/* Columns of the first `length` bytes of s. */
static size_t columns_of(const struct term *t, const char *s, size_t length)
{
    char shown[TERM_CHARACTER_BYTES];
    size_t columns = 0;
    for (size_t i = 0; i < length;) {
        i += term_character(t, s + i, shown);
        columns += text_columns(shown);
    }
    return columns;
}

size_t term_columns(const struct term *t, const char *s)
{
    return columns_of(t, s, strlen(s));
}

/* Prints as much of the first `length` bytes of s as fits into `room` columns; returns how many it
 * took. */
static size_t print_within(const struct term *t, const char *s, size_t length, size_t room)
{
    char shown[TERM_CHARACTER_BYTES];
    size_t columns = 0;
    for (size_t i = 0; i < length;) {
        i += term_character(t, s + i, shown);
        size_t wide = text_columns(shown);
        if (columns + wide > room)
            break;
        out_text(t->out, shown);
        columns += wide;
    }
    return columns;
}

static void begin_ink(const struct term *t, enum ink ink)
{
    if (ink != INK_PLAIN)
        term_ink(t, ink);
}

static void end_ink(const struct term *t, enum ink ink)
{
    if (ink != INK_PLAIN)
        term_ink(t, INK_PLAIN);
}

void term_text(const struct term *t, enum ink ink, const char *s)
{
    begin_ink(t, ink);
    print_within(t, s, strlen(s), SIZE_MAX);
    end_ink(t, ink);
}

void term_spaces(const struct term *t, size_t count)
{
    while (count-- > 0)
        out_bytes(t->out, " ", 1);
}

void term_cell(const struct term *t, enum ink ink, const char *s, size_t width, enum align align)
{
    size_t columns = term_columns(t, s), length = strlen(s);
    if (align == ALIGN_RIGHT && columns < width)
        term_spaces(t, width - columns);
    begin_ink(t, ink);
    if (columns <= width) {
        print_within(t, s, length, width);
    } else if (width > 0) {
        columns = print_within(t, s, length, width - 1) + 1;
        out_text(t->out, t->unicode ? "…" : "~");
    }
    end_ink(t, ink);
    if (align == ALIGN_LEFT && columns < width)
        term_spaces(t, width - columns);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of s up to where a line may be broken: a number stays with the noun before it and the unit
 * behind it ("pool 2", "waited 24 ms,"). */
static size_t unbroken(const char *s)
{
    size_t length = strcspn(s, " "), next;

    if (length == 0 || s[length] != ' ')
        return length;
    next = strcspn(s + length + 1, " ");
    if (is_digit(s[length + 1]) && next <= NUMBER_BYTES_MOST)
        length += 1 + next;
    if (s[length] != ' ' || !is_digit(s[length - 1]))
        return length;
    next = strcspn(s + length + 1, " ");
    return next > 0 && next <= UNIT_BYTES_MOST ? length + 1 + next : length;
}

/* As term_wrap(), with a space in front when `gap` is set. The last column stays free for the comma
 * that may be joined to the last word. */
static void wrap(const struct term *t, enum ink ink, size_t *at, size_t indent, const char *s,
                 bool gap)
{
    size_t width = t->columns > indent + WRAP_LEAST ? t->columns : indent + WRAP_LEAST;
    bool fresh = *at <= indent; /* nothing of the text stands on this line yet */

    begin_ink(t, ink);
    for (;;) {
        size_t spaces = strspn(s, " "), length = unbroken(s + spaces);
        if (length == 0)
            break;
        gap |= spaces > 0;
        s += spaces;
        if (gap && !fresh) {
            if (*at + 1 + columns_of(t, s, length) >= width) {
                out_text(t->out, "\n");
                term_spaces(t, indent);
                *at = indent;
            } else {
                out_text(t->out, " ");
                (*at)++;
            }
        }
        *at += print_within(t, s, length, SIZE_MAX);
        s += length;
        gap = fresh = false;
    }
    end_ink(t, ink);
}

void term_wrap(const struct term *t, enum ink ink, size_t *at, size_t indent, const char *s)
{
    wrap(t, ink, at, indent, s, false);
}

void term_wrap_word(const struct term *t, enum ink ink, size_t *at, size_t indent, const char *s)
{
    wrap(t, ink, at, indent, s, true);
}
