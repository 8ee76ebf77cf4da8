/* Bookkeeping of what a load came to. Main thread. */
#include "measure/load_facts.h"

#include "base/mem.h"

const char *const load_error_names[LOAD_ERRORS] = {
    [LOAD_ERROR_CONNECT] = "connect", [LOAD_ERROR_RESET] = "reset",
    [LOAD_ERROR_TIMEOUT] = "timeout", [LOAD_ERROR_MALFORMED] = "malformed",
    [LOAD_ERROR_STATUS] = "status",
};

struct load_facts *load_facts_new(void)
{
    struct load_facts *f = mem_zeroed(1, sizeof *f);

    if (f == NULL)
        return NULL;
    histogram_clear(&f->since_due);
    histogram_clear(&f->total);
    histogram_clear(&f->late);
    return f;
}

uint64_t load_facts_failed(const struct load_facts *f)
{
    uint64_t failed = 0;

    for (unsigned i = 0; i < LOAD_ERRORS; i++)
        failed += f->errors[i];
    return failed;
}
