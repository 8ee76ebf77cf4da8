/* A list of texts that are its own, such as a command line. Not thread-safe. */
#ifndef UVLAB_BASE_WORDS_H
#define UVLAB_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
    char **items; /* a NULL stands behind the last; NULL while nothing was added */
    size_t count, capacity;
};

#define WORDS_EMPTY ((struct words){0})

/* Appends a text (printf-like). False when memory is short; the list is then as it was. */
bool words_add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees all of it and leaves it empty. */
void words_free(struct words *w);

#endif
