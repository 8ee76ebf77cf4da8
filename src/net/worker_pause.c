/* A worker that dies is replaced at once, as clients are waiting for it; but one that dies whenever
 * it is started would keep the machine busy with nothing else. Pure functions. */
#include "net/worker_pause.h"

#include <limits.h>

enum { AT_ONCE = 3, DOUBLED_MOST = 7 };

static const uint64_t first_ns = 100000000, most_ns = UINT64_C(10000000000);

unsigned worker_pause_count(unsigned before, uint64_t lived_ns)
{
    if (lived_ns >= WORKER_LONG_ENOUGH_NS)
        return 0;
    return before < UINT_MAX ? before + 1 : before;
}

uint64_t worker_pause_ns(unsigned early_deaths)
{
    unsigned doubled;
    if (early_deaths <= AT_ONCE)
        return 0;
    doubled = early_deaths - AT_ONCE - 1;
    return doubled >= DOUBLED_MOST ? most_ns : first_ns << doubled;
}
