/* What a load came to, in numbers that no span tells, or that have to do where spans are not kept:
 * filled in by the load generator (net/load.h), hung on its run, read by claims and views. */
#ifndef UVLAB_MEASURE_LOAD_FACTS_H
#define UVLAB_MEASURE_LOAD_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/histogram.h"

/* Errors by kind; every request that failed is one of them. */
enum load_error {
    LOAD_ERROR_CONNECT,   /* no connection, or no TLS on it */
    LOAD_ERROR_RESET,     /* the connection ended before the answer did */
    LOAD_ERROR_TIMEOUT,   /* not answered in time */
    LOAD_ERROR_MALFORMED, /* the answer is not HTTP/1 */
    LOAD_ERROR_STATUS,    /* it was answered with 400 or more */
    LOAD_ERRORS,
};
extern const char *const load_error_names[LOAD_ERRORS]; /* "connect", ... */

struct load_facts {
    uint64_t submitted; /* requests that were asked for */
    uint64_t answered;  /* of them: with an answer that is whole, whatever its status */
    uint64_t errors[LOAD_ERRORS];
    uint64_t cancelled;   /* under way when the run was interrupted */
    uint64_t unsent;      /* of an open loop: due before its end, and not even asked for by then */
    uint64_t retried;     /* sent again, as a kept connection had been closed */
    uint64_t connections; /* that were made */
    uint64_t ended;       /* of them: by the server or by an error, and not by the client */
    uint64_t sent_bytes, received_bytes; /* of HTTP, as they were before TLS or after it */
    uint64_t elapsed_ns; /* first request asked for to last answer; UINT64_MAX: there was none */
    uint64_t sending_ns; /* first request asked for to the last one asked for */
    double rate_wanted;  /* requests a second, of an open loop after its ramp; 0: closed loop */
    double rate_due;     /* what the schedule asked for, its ramp included, until the last request
                            that was asked for */
    unsigned threads;    /* that made it */
    uint64_t spans;      /* of the requests: those that have a span */
    uint64_t parts_left_out; /* parts of requests that have no span for want of room */
    bool histogram_only;     /* spans were not to be kept */
    /* Of the requests that were answered without an error. `since_due` and `late` are of an open
     * loop; the others' are empty. */
    struct histogram since_due; /* from when it was due to its last byte */
    struct histogram total;     /* from when it was asked for to its last byte */
    struct histogram late;      /* of all that were asked for: from due to asked for */
};

/* All zero, with empty histograms; NULL when memory is short. mem_free() frees it. */
struct load_facts *load_facts_new(void);

/* All errors together. */
uint64_t load_facts_failed(const struct load_facts *f);

#endif
