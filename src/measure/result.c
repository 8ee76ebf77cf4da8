/* Bookkeeping of the result: what it owns, and the few questions that everything asks of it.
 * Filled on the main thread between and after the runs; read-only once it is complete. */
#include "measure/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { WARNINGS_FIRST = 8 };

static bool has_warning(const struct result *r, const char *text)
{
    for (size_t i = 0; i < r->warning_count; i++) {
        if (strcmp(r->warnings[i], text) == 0)
            return true;
    }
    return false;
}

static bool make_room_for_warning(struct result *r)
{
    size_t capacity = r->warning_capacity == 0 ? WARNINGS_FIRST : 2 * r->warning_capacity;
    char **grown;

    if (r->warning_count < r->warning_capacity)
        return true;
    grown = mem_resize(r->warnings, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    r->warnings = grown;
    r->warning_capacity = capacity;
    return true;
}

void result_warn(struct result *r, const char *format, ...)
{
    va_list args;
    int length;
    char *text;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return;
    text = mem_alloc((size_t)length + 1);
    if (text == NULL) {
        r->warning_lost = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    text_make_printable(text);
    if (has_warning(r, text)) {
        mem_free(text);
        return;
    }
    if (!make_room_for_warning(r)) {
        mem_free(text);
        r->warning_lost = true;
        return;
    }
    r->warnings[r->warning_count++] = text;
}

void result_free(struct result *r)
{
    for (uint32_t i = 0; i < r->run_count; i++)
        run_free(&r->runs[i]);
    mem_free(r->runs);
    r->runs = NULL;
    r->run_count = 0;

    for (size_t i = 0; i < r->warning_count; i++)
        mem_free(r->warnings[i]);
    mem_free(r->warnings);
    r->warnings = NULL;
    r->warning_count = r->warning_capacity = 0;

    for (size_t i = 0; i < r->verdict_count; i++)
        text_free(&r->verdicts[i].evidence);
    mem_free(r->verdicts);
    r->verdicts = NULL;
    r->verdict_count = 0;
}

uint64_t result_option(const struct result *r, const char *name, uint64_t fallback)
{
    const struct param *row;
    const char *field;

    if (r->options.table == NULL || r->options.values == NULL)
        return fallback;
    row = param_find(r->options.table, name, strlen(name));
    if (row == NULL)
        return fallback;
    field = (const char *)r->options.values + row->offset;
    switch (row->type) {
    case PARAM_TYPE_FLAG:
        return *(const bool *)(const void *)field;
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_DURATION:
    case PARAM_TYPE_SIZE:
    case PARAM_TYPE_PERCENT:
        return *(const uint64_t *)(const void *)field;
    case PARAM_TYPE_CHOICE:
        return *(const unsigned *)(const void *)field;
    case PARAM_TYPE_STRING:
    case PARAM_TYPE_LIST:
        break;
    }
    return fallback;
}

bool result_has_failures(const struct result *r)
{
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].failed)
            return true;
    }
    return false;
}
