/* One run: a loop of its own, from its creation to the proof that nothing was left on it.
 * The runner owns the loop; an experiment uses it and returns. */
#ifndef UVLAB_MEASURE_RUN_H
#define UVLAB_MEASURE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "measure/experiment.h"
#include "measure/recorder.h"

enum cpu_choice { CPU_CHOICE_AUTO, CPU_CHOICE_ON, CPU_CHOICE_OFF };

/* What is known about the loop of one run. */
struct loop_facts {
    uint64_t iterations;
    uint64_t idle_ns; /* spent waiting in poll: uv_metrics_idle_time(); SPAN_UNKNOWN when a signal
                         came, as libuv forgets the wait that it ends */
    uint64_t max_lag_ns; /* the longest time between two polls, less the idle time in it; a stretch
                            in which a signal came is left out */
};

/* Where a run that takes long may say how far it is, at most once a second. */
struct run_progress {
    void (*say)(void *context, const char *text); /* NULL: nobody wants to know */
    void *context;
};

struct load_facts;
struct cluster_facts;
struct blocking_facts;

struct run {
    const struct experiment *experiment;
    const struct pass *pass;
    const void *options;
    enum cpu_choice cpu_choice;
    uint32_t pool_size; /* of the pool that was mustered; 0: this experiment uses none */
    uv_loop_t *loop;
    struct recorder recorder;
    void *shared; /* what the experiment's open() made for all runs */
    void *state;  /* the experiment's own, for this run */
    struct run_progress progress;

    /* the result */
    uint64_t elapsed_ns; /* first submission to last callback; SPAN_UNKNOWN if nothing came back */
    uint64_t cpu_ns;     /* CPU time of the whole process, between the same two anchors; of a run
                            that was given up, until it had called back for the last time */
    uint64_t
        pool_cpu_ns; /* that of the pool's threads alone; SPAN_UNKNOWN where there is no pool */
    struct loop_facts loop_facts;
    struct load_facts *load; /* of a load (measure/load_facts.h); NULL: this was none. The run's */
    struct cluster_facts *cluster;   /* of a cluster (measure/cluster_facts.h); likewise */
    struct blocking_facts *blocking; /* of blocking (measure/blocking_facts.h); likewise */
    bool interrupted;
    bool detached; /* calls were still running when it was given up: the process must _exit() */
    bool failed;   /* some call failed; parts of calls do not count, as their call tells */
};

/* Runs `run->experiment` once. The caller has set the fields above `loop`; the others are filled
 * here. On failure *e is filled, and nothing is left behind but what run_free() releases.
 * Main thread. */
int run_once(struct run *run, struct err *e);

/* Frees the recorder and the facts. */
void run_free(struct run *run);

/* SIGINT, SIGTERM and, unless it was ignored before (nohup), SIGHUP from now on interrupt the run
 * that is going on (and every one that follows) in the orderly way of run_interrupted(); a second
 * signal ends the process at once with status 130. `at_exit` (async-signal-safe, or NULL) is called
 * before that. The handler may only interrupt the main thread: every thread that is made has to
 * have these signals blocked, as session_run() has it for those of the pool. */
void run_catch_signals(void (*at_exit)(void));
/* Whether a signal has arrived. Any thread. */
bool run_interrupted(void);

#endif
