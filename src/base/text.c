/* Two things that everything which shows something needs: a string that grows and whose failure is
 * looked at once, at the end; and UTF-8 that can be trusted, because what comes from a command line
 * or a file is made printable before it reaches a terminal or a JSON document.
 *
 * Nothing here depends on the locale: the program speaks UTF-8 whatever LANG says. A struct text
 * belongs to one thread at a time; the other functions are pure. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { TEXT_FIRST_BYTES = 64 };

/* Makes room for `more` bytes and the NUL behind them; on failure t is marked. */
static bool text_reserve(struct text *t, size_t more)
{
    size_t needed;
    if (t->failed || __builtin_add_overflow(t->length, more, &needed) ||
        __builtin_add_overflow(needed, 1, &needed)) {
        t->failed = true;
        return false;
    }
    if (needed <= t->capacity)
        return true;
    size_t capacity = t->capacity > 0 ? t->capacity : TEXT_FIRST_BYTES;
    while (capacity < needed)
        capacity = capacity <= SIZE_MAX / 2 ? capacity * 2 : needed;
    char *data = mem_resize(t->data, capacity);
    if (data == NULL) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void text_add(struct text *t, const char *format, ...)
{
    /* Reserving room for nothing makes sure that there is a place to try. */
    if (!text_reserve(t, 0))
        return;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(t->data + t->length, t->capacity - t->length, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length >= t->capacity - t->length) {
        t->data[t->length] = '\0'; /* half a text is no text, should there be no room */
        if (!text_reserve(t, (size_t)length))
            return;
        va_start(args, format);
        length = vsnprintf(t->data + t->length, t->capacity - t->length, format, args);
        va_end(args);
    }
    if (length < 0) {
        t->data[t->length] = '\0';
        t->failed = true;
        return;
    }
    t->length += (size_t)length;
}

void text_add_bytes(struct text *t, const char *bytes, size_t length)
{
    if (length == 0 || !text_reserve(t, length))
        return;
    memcpy(t->data + t->length, bytes, length);
    t->length += length;
    t->data[t->length] = '\0';
}

const char *text_get(const struct text *t)
{
    return t->data != NULL ? t->data : "";
}

bool text_ok(const struct text *t)
{
    return !t->failed;
}

void text_free(struct text *t)
{
    mem_free(t->data);
    *t = TEXT_EMPTY;
}

/* Decodes the character at s into *code and returns its length in bytes; 0 when the bytes there are
 * not the one valid encoding of a character. Looks at no byte behind the NUL. */
static size_t utf8_decode(const unsigned char *s, uint32_t *code)
{
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    uint32_t c = s[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3Fu);
    }
    bool overlong = c < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
    bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (overlong || surrogate || c > 0x10FFFF)
        return 0;
    *code = c;
    return length;
}

void text_make_printable(char *s)
{
    const unsigned char *from = (const unsigned char *)s;
    char *to = s; /* never ahead of `from`: a control character of two bytes becomes one '?' */
    while (*from != '\0') {
        uint32_t code = 0;
        size_t length = utf8_decode(from, &code);
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
        if (length == 0 || control) {
            *to++ = '?';
            from += length > 0 ? length : 1;
        } else {
            memmove(to, from, length);
            to += length;
            from += length;
        }
    }
    *to = '\0';
}

bool text_is_utf8(const char *s, size_t length)
{
    size_t bytes = 1;
    for (size_t at = 0; at < length && bytes > 0; at += bytes) {
        uint32_t code;
        bytes = utf8_decode((const unsigned char *)s + at, &code);
    }
    return bytes > 0;
}

size_t text_cut(const char *s, size_t bytes)
{
    size_t length = strnlen(s, bytes);
    if (length < bytes || s[length] == '\0')
        return length;
    /* A byte 10xxxxxx continues a character, of which there are at most three in a row. */
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)s[start] & 0xC0) == 0x80)
        start--;
    return ((unsigned char)s[start] & 0xC0) == 0x80 ? length : start;
}

struct range {
    uint32_t first, last;
};

/* Characters that take no column of their own: combining marks of the scripts in wide use, and the
 * invisible joiners and selectors. In ascending order, like the next table. */
static const struct range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
    {0x05C4, 0x05C5}, {0x05C7, 0x05C7},   {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670},
    {0x06D6, 0x06DC}, {0x06DF, 0x06E4},   {0x06E7, 0x06E8}, {0x06EA, 0x06ED}, {0x0900, 0x0902},
    {0x093A, 0x093A}, {0x093C, 0x093C},   {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0951, 0x0957},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E}, {0x1160, 0x11FF}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F},   {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x206F},
    {0x20D0, 0x20F0}, {0x302A, 0x302D},   {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

/* Characters that take two columns: East Asian wide and full-width ones, and emoji. */
static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
    {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF},
    {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F265}, {0x1F300, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0},
    {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC},
    {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A},
    {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5},
    {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EC},
    {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945},
    {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].first <= code; i++) {
        if (code <= ranges[i].last)
            return true;
    }
    return false;
}

size_t text_columns(const char *s)
{
    const unsigned char *at = (const unsigned char *)s;
    size_t columns = 0;
    while (*at != '\0') {
        uint32_t code = 0;
        size_t length = utf8_decode(at, &code);
        at += length > 0 ? length : 1;
        if (length > 0 && in_ranges(code, zero_width, sizeof zero_width / sizeof zero_width[0]))
            continue;
        bool wide = in_ranges(code, double_width, sizeof double_width / sizeof double_width[0]);
        columns += wide ? 2 : 1;
    }
    return columns;
}
