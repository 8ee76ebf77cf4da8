/* Making a sweep: round after round every point is run once, each time in a process of its own,
 * until the medians are known or something else ends it. */
#ifndef UVLAB_SWEEP_SWEEP_RUN_H
#define UVLAB_SWEEP_SWEEP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/words.h"
#include "measure/sweep_facts.h"

/* For who waits: what is about to run. */
struct sweep_progress {
    uint32_t round, rounds; /* rounds: how many there will probably be; 0: not known yet */
    uint32_t point;
    uint64_t left_ns; /* until the end, probably; SWEEP_UNKNOWN */
};

struct sweep_plan {
    const char *program;       /* that is run; NULL: this one */
    const struct words *fixed; /* arguments that all points have in common: "--jobs=8" */
    bool spans;                /* runs keep theirs */
    uint64_t run_limit_ns;     /* of a single run; then it has failed */
    const char *document;      /* whose journal is kept; NULL: none is */
    bool resume, seed_given;
    void (*progress)(void *context, const struct sweep *s, const struct sweep_progress *p);
    /* What may make the user end the sweep: a warning of s, at once, which lasts as long as s. */
    void (*warn)(void *context, const char *warning);
    void *context; /* of progress and warn, which may be NULL */
};

struct journal;

/* Fills s, whose axes, limits and arguments are set, seed included. `journal` is opened where there
 * is to be one, and is to be closed by the caller, whatever the outcome: it can go when the
 * document has been written. An interrupted sweep succeeds, with s->interrupted, and so does one
 * whose points failed. Fails with STATUS_USAGE when no point can be run because the command line of
 * each is wrong (the message is the experiment's), else with STATUS_FAILED. Main thread. */
int sweep_run(struct sweep *s, const struct sweep_plan *plan, struct journal *journal,
              struct err *e);

#endif
