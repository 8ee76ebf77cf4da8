/* What a run did to the workers of a cluster and what they used, in numbers that no span tells:
 * filled in by the experiment, hung on its run, read by claims and views. */
#ifndef UVLAB_MEASURE_CLUSTER_FACTS_H
#define UVLAB_MEASURE_CLUSTER_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A worker that was killed, and the one that took its place. Nanoseconds since the run's origin, as
 * the instants of spans; SPAN_UNKNOWN: it was not seen. */
struct cluster_kill {
    uint64_t killed_ns;              /* just before the signal was sent */
    uint64_t died_ns;                /* its primary had noticed */
    uint64_t serving_ns;             /* its successor served */
    uint64_t connections, in_flight; /* that it had, by its own count, when the signal was sent */
    pid_t pid, successor;            /* 0: none was seen */
    uint32_t worker;                 /* its number, from 1 */
};

struct cluster_facts {
    uint32_t workers;
    uint32_t threads; /* of each worker's pool */
    uint64_t cpu_ns;  /* of all its processes while the run lasted; SPAN_UNKNOWN */
    bool kills;       /* workers were to be killed */
    uint64_t missed;  /* times at which none was there to be killed, or no room to remember it */
    uint32_t kill_count, kills_most;
    struct cluster_kill killed[]; /* in order */
};

/* Room for that many kills; all zero but for what is unknown. NULL when memory is short. mem_free()
 * frees it. */
struct cluster_facts *cluster_facts_new(uint32_t kills_most);
/* Bytes that it takes. */
uint64_t cluster_facts_bytes(uint32_t kills_most);

/* From the signal until the successor served; SPAN_UNKNOWN. */
uint64_t cluster_kill_replaced_ns(const struct cluster_kill *k);

#endif
