/* A session: everything between the command line and the complete result of one experiment. It
 * checks what cannot succeed, musters the pool, makes the warm-up runs and then every pass of the
 * plan. */
#ifndef UVLAB_MEASURE_SESSION_H
#define UVLAB_MEASURE_SESSION_H

#include "measure/result.h"

/* What every experiment can be told. The rows for the views (format, output, ...) are src/cli/'s.
 */
struct session_options {
    uint64_t runs, warmup;
    unsigned clock; /* enum clock_choice */
    unsigned cpu;   /* enum cpu_choice */
    bool measured_only;

    /* Not an option: what looking at the result will take beside it, for each span of all runs, and
     * of the largest run alone. */
    unsigned bytes_per_span, bytes_per_span_of_run;

    /* The same for progress during a run: what every run has as run->progress. */
    struct run_progress progress;
};

extern const char *const session_cpu_choices[];

/* clang-format off */
#define SESSION_PARAMS(T, s) \
    PARAM_COUNT(T, s.runs, "runs", 'r', "1", 1, 1000000, "how often to measure; every run is kept"), \
    PARAM_COUNT(T, s.warmup, "warmup", 0, "0", 0, 1000000, "runs to make before, and not to keep"), \
    PARAM_CHOICE(T, s.clock, "clock", 0, 0, "auto", clock_choices, \
                 "what instants are read from: the CPU's time stamp counter where it can be trusted"), \
    PARAM_CHOICE(T, s.cpu, "cpu-time", 0, 0, "auto", session_cpu_choices, \
                 "read each call's CPU time: two system calls, so auto leaves out short work"), \
    PARAM_FLAG(T, s.measured_only, "measured-only", 0, 0, \
               "leave out the baselines and trials that only claims look at")
/* clang-format on */

/* Called between runs with how many of all are done; for progress. */
typedef void (*session_progress_cb)(void *context, uint32_t done, uint32_t all);

/* Checks the plan against the machine (memory, threads) and fills r->plan. Nothing is run.
 * r->experiment and r->options are set. STATUS_USAGE or STATUS_FAILED. */
int session_plan(struct result *r, const struct session_options *options, struct err *e);

/* Runs the plan and fills the rest of r up to the warnings about the host. Main thread. An
 * interrupted session succeeds, with r->interrupted. The caller frees with result_free() in any
 * case. */
int session_run(struct result *r, const struct session_options *options,
                session_progress_cb progress, void *context, struct err *e);

#endif
