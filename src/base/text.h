/* A string that grows. Failure is sticky: after an allocation has failed every further call does
 * nothing and text_ok() is false, so that callers check once, at the end. Not thread-safe. */
#ifndef UVLAB_BASE_TEXT_H
#define UVLAB_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* NUL-terminated once anything was added; NULL before */
    size_t length, capacity;
    bool failed;
};

#define TEXT_EMPTY ((struct text){0})

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *bytes, size_t length);
/* The string so far, "" when nothing was added; valid until the next call on t. */
const char *text_get(const struct text *t);
bool text_ok(const struct text *t);
/* Frees what t holds and leaves it empty and usable. */
void text_free(struct text *t);

/* Replaces, in place, control characters and bytes that are not valid UTF-8 by '?', so that text
 * from a command line or a file can be printed on a terminal and put into JSON. */
void text_make_printable(char *s);

/* Whether all `length` bytes of s, which may hold NULs and has one behind them, are UTF-8. */
bool text_is_utf8(const char *s, size_t length);

/* How many bytes to keep of s so that at most `bytes` are left and no UTF-8 character is cut in
 * two; the length of s when that is less. */
size_t text_cut(const char *s, size_t bytes);

/* Columns that the string takes on a terminal: code points, less the combining ones (zero-width)
 * and with the wide ones counted twice. Assumes valid UTF-8. */
size_t text_columns(const char *s);

#endif
