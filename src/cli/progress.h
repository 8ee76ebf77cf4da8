/* The line that tells a waiting person how far a session is; on standard error, and only when that
 * is a terminal. */
#ifndef UVLAB_CLI_PROGRESS_H
#define UVLAB_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/run.h"

struct progress {
    const char *name; /* of the experiment */
    bool wanted;
    uint64_t shown_ns;  /* CLOCK_MONOTONIC */
    size_t columns;     /* of the line that stands there; 0: none */
    uint32_t run, runs; /* which of how many is going on */
};

/* `wanted`: whether it may be shown at all. */
void progress_begin(struct progress *p, const char *name, bool wanted);

/* A session_progress_cb; the context is the struct progress. Between runs, on the main thread. */
void progress_show(void *progress, uint32_t done, uint32_t all);

/* Through which a run says how far it is while it lasts; where nobody is there to read it, it has
 * no function. */
struct run_progress progress_during(struct progress *p);

/* Shows a line of its own, unless another was shown a moment ago; what is beyond the width of the
 * terminal is left out. */
void progress_line(struct progress *p, const char *line);

/* Erases the line, if there is one; after an interruption also what the terminal may have echoed of
 * it, so that nothing sticks to what is written next. */
void progress_end(struct progress *p);

#endif
