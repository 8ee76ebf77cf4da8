/* The facts of a cluster: memory for them, and what follows from them. Main thread. */
#include "measure/cluster_facts.h"

#include "base/mem.h"
#include "measure/span.h"

uint64_t cluster_facts_bytes(uint32_t kills_most)
{
    return sizeof(struct cluster_facts) + kills_most * sizeof(struct cluster_kill);
}

struct cluster_facts *cluster_facts_new(uint32_t kills_most)
{
    struct cluster_facts *f = mem_zeroed(1, cluster_facts_bytes(kills_most));

    if (f == NULL)
        return NULL;
    f->cpu_ns = SPAN_UNKNOWN;
    f->kills_most = kills_most;
    return f;
}

uint64_t cluster_kill_replaced_ns(const struct cluster_kill *k)
{
    if (k->serving_ns == SPAN_UNKNOWN || k->serving_ns < k->killed_ns)
        return SPAN_UNKNOWN;
    return k->serving_ns - k->killed_ns;
}
