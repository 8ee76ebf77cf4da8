/* The instants of all spans, and those at which workers were killed, in the order of time: what the
 * trace view draws, before it is drawn. */
#ifndef UVLAB_OUTPUT_TRACE_EVENTS_H
#define UVLAB_OUTPUT_TRACE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "measure/result.h"

enum trace_instant {
    TRACE_SUBMITTED,
    TRACE_STARTED,
    TRACE_FINISHING, /* the last nanosecond before it was finished: still inside of what ran */
    TRACE_FINISHED,
    TRACE_CALLED_BACK,
    TRACE_INSTANTS, /* how many a span has */
    TRACE_KILLED,   /* a worker was */
};

struct trace_event {
    uint64_t at_ns;
    uint32_t span;     /* index in its run; TRACE_KILLED: of the kill */
    uint32_t run : 24; /* index */
    uint32_t instant : 4;
    uint32_t has_parts : 1; /* other spans are parts of this one */
};

struct trace_events {
    struct trace_event *list;
    size_t count;
};

/* Collects and sorts the known instants of all runs: by time, then run, then instant. Fails when
 * memory is short: 16 bytes an instant. Free with trace_events_free(). */
int trace_events_collect(struct trace_events *events, const struct result *r, struct err *e);
void trace_events_free(struct trace_events *events);

/* The next instant of the same run, later than list[i], in which the loop's thread submitted or
 * called back; looked for up to `most_ns` later. Returns how much later it is, or most_ns. */
uint64_t trace_events_gap(const struct trace_events *events, size_t i, uint64_t most_ns);

#endif
