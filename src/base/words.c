/* Command lines are put together word by word; the list ends with a NULL at any time, as execv(2)
 * wants it. A list has one owner. */
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>

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

bool words_add(struct words *w, const char *format, ...)
{
    va_list args;
    int length;
    char *text;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !grow(w))
        return false;
    text = mem_alloc((size_t)length + 1);
    if (text == NULL)
        return false;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    w->items[w->count++] = text;
    w->items[w->count] = NULL;
    return true;
}

void words_free(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        mem_free(w->items[i]);
    mem_free(w->items);
    *w = WORDS_EMPTY;
}
