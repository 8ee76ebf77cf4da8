/* The result: everything that was measured and decided, in one structure that is read-only once it
 * is complete. Claims and statistics are computed from it, and every output is a view of it. */
#ifndef UVLAB_MEASURE_RESULT_H
#define UVLAB_MEASURE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/param.h"
#include "base/text.h"
#include "base/words.h"
#include "measure/experiment.h"
#include "measure/host.h"
#include "measure/pool.h"
#include "measure/run.h"

enum verdict { VERDICT_HOLDS, VERDICT_FAILS, VERDICT_NOT_TESTED };

struct verdict_row {
    const struct claim *claim;
    enum verdict verdict;
    struct text evidence;
};

struct result {
    const struct experiment *experiment;
    struct param_set options;       /* the experiment's own */
    const struct param_set *common; /* those that every experiment has */
    struct plan plan;
    uint64_t warmup_runs; /* that were made before, and not kept */
    struct host_facts host;
    struct pool_facts pool; /* size 0 where no pool is used */
    const char *clock;      /* clock_name() */
    char libcurl[32];       /* version, "" where the experiment does not load it */
    char started_at[32];    /* "2026-01-31T09:30:00.000Z" */
    uint64_t others_cpu_ns; /* CPU time that the rest of the machine used during the runs, or
                               HOST_UNKNOWN */
    uint64_t stolen_ns;     /* and that a hypervisor took */
    uint64_t watched_ns;    /* over so long a time, which is more than the runs' own */
    bool interrupted;

    void *shared; /* what the experiment's open() made, until its close() */

    struct run *runs; /* those that were finished or interrupted, in order */
    uint32_t run_count;

    struct words warnings;
    bool warning_lost; /* for lack of memory */

    struct verdict_row *verdicts; /* filled by claims_judge(); none before */
    size_t verdict_count;
};

/* Appends a warning (printf-like), without its final full stop; the same text is added once only.
 * Running out of memory sets `warning_lost`: the session fails then, as a result without its doubts
 * would be wrong. */
void result_warn(struct result *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees what r owns: runs, warnings, verdicts; not r itself nor the options. */
void result_free(struct result *r);

/* The value of a numeric or choice option of the experiment by name; `fallback` when it has none of
 * that name. Claims and views use it where they know the option but not the experiment. */
uint64_t result_option(const struct result *r, const char *name, uint64_t fallback);

/* Whether some call of some run failed (cancelled ones count, as they did not happen). */
bool result_has_failures(const struct result *r);

#endif
