/* What a run of slow work beside a fast route came to, in numbers that no span tells: filled in by
 * the experiment, hung on its run, read by claims and views. */
#ifndef UVLAB_MEASURE_BLOCKING_FACTS_H
#define UVLAB_MEASURE_BLOCKING_FACTS_H

#include <stdint.h>

/* Where the slow work is done. */
enum blocking_where {
    BLOCKING_LOOP,    /* on the loop that serves everybody */
    BLOCKING_POOL,    /* on a thread of its pool */
    BLOCKING_WORKER,  /* in a thread with a loop of its own */
    BLOCKING_PROCESS, /* in a process */
    BLOCKING_PLACES,
};
/* "loop", ...; ends with NULL. */
extern const char *const blocking_where_names[];

struct blocking_facts {
    enum blocking_where where;
    uint32_t threads;     /* of the server's pool */
    uint32_t requests;    /* slow ones that were asked for */
    uint64_t work_ns;     /* how long the work of each was to be */
    uint64_t loop_lag_ns; /* longest hold-up of the server's loop while the run lasted;
                             SPAN_UNKNOWN */
    uint64_t cpu_ns;      /* of all the server's processes, meanwhile; SPAN_UNKNOWN */
};

#endif
