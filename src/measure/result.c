/* Bookkeeping of the result: what it owns, and the few questions that everything asks of it.
 * Filled on the main thread between and after the runs; read-only once it is complete. */
#include "measure/result.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

void result_warn(struct result *r, const char *format, ...)
{
    va_list args;
    bool added;

    va_start(args, format);
    added = words_add_args(&r->warnings, format, args);
    va_end(args);
    if (!added) {
        r->warning_lost = true;
        return;
    }
    text_make_printable(r->warnings.items[r->warnings.count - 1]);
    words_make_last_new(&r->warnings);
}

void result_free(struct result *r)
{
    for (uint32_t i = 0; i < r->run_count; i++)
        run_free(&r->runs[i]);
    mem_free(r->runs);
    r->runs = NULL;
    r->run_count = 0;

    words_free(&r->warnings);

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
