/* A list of texts that are its own, such as a command line. Not thread-safe. */
#ifndef UVLAB_BASE_WORDS_H
#define UVLAB_BASE_WORDS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct words {
    char **items; /* a NULL stands behind the last; NULL while nothing was added */
    size_t count, capacity;
};

#define WORDS_EMPTY ((struct words){0})

/* Appends a text (printf-like). False when memory is short; the list is then as it was. */
bool words_add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool words_add_args(struct words *w, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Takes the last text, which there is, off again if an earlier one is the same. */
void words_make_last_new(struct words *w);

/* Frees all of it and leaves it empty. */
void words_free(struct words *w);

#endif
