/* Command lines are put together word by word; the list ends with a NULL at any time, as execv(2)
 * wants it. A list has one owner. */
#include "base/words.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { WORDS_FIRST = 16 };

/* Room for one more, and for the NULL. */
static bool grow(struct words *w)
{
    size_t wanted = w->capacity == 0 ? WORDS_FIRST : 2 * w->capacity;
    char **grown;

    if (w->count + 1 < w->capacity)
        return true;
    grown = mem_resize(w->items, wanted * sizeof *grown);
    if (grown == NULL)
        return false;
    w->items = grown;
    w->capacity = wanted;
    return true;
}

bool words_add_args(struct words *w, const char *format, va_list args)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0 || !grow(w))
        return false;
    text = mem_alloc((size_t)length + 1);
    if (text == NULL)
        return false;
    vsnprintf(text, (size_t)length + 1, format, args);
    w->items[w->count++] = text;
    w->items[w->count] = NULL;
    return true;
}

bool words_add(struct words *w, const char *format, ...)
{
    va_list args;
    bool added;

    va_start(args, format);
    added = words_add_args(w, format, args);
    va_end(args);
    return added;
}

void words_make_last_new(struct words *w)
{
    char *last = w->items[w->count - 1];

    for (size_t i = 0; i + 1 < w->count; i++) {
        if (strcmp(w->items[i], last) != 0)
            continue;
        mem_free(last);
        w->items[--w->count] = NULL;
        return;
    }
}

void words_free(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        mem_free(w->items[i]);
    mem_free(w->items);
    *w = WORDS_EMPTY;
}
