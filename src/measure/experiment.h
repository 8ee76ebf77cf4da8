/* What an experiment is: a constant description and a handful of functions. It holds no global
 * state; everything that belongs to a run hangs on `run->state`.
 *
 * To add one: 1. experiments/NAME.c (or a folder) that ends in a `const struct experiment`;
 *             2. a line in experiments/list.h.
 * docs/adding-an-experiment.md walks through it; the tests say what was forgotten. */
#ifndef UVLAB_MEASURE_EXPERIMENT_H
#define UVLAB_MEASURE_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "measure/span.h"

struct run;
struct claim;
struct result;

/* A series of runs that are alike. Every experiment has its measured pass; others stand beside it
 * in the result: a baseline that a claim compares with, repeated trials of a part. */
enum pass_role {
    PASS_MEASURED, /* repeated --runs times; what the summary and most claims are about */
    PASS_BASELINE, /* what a claim compares the measured runs with */
    PASS_TRIAL,    /* a small part, repeated many times */
    PASS_WARMUP, /* kept only where it was broken off and could not be freed; made by the runner */
};

enum { PASSES_MOST = 4 };

struct pass {
    enum pass_role role;
    uint32_t runs;        /* for PASS_MEASURED filled in by the runner from --runs */
    uint32_t spans;       /* exactly how many at most one run of it opens */
    uint64_t bytes;       /* memory that one run needs beyond its spans, while it lasts */
    uint64_t kept_bytes;  /* and that the result keeps of it: recorder_keep() */
    const char *override; /* parameter that differs from the experiment's ("jobs"), or NULL */
    uint64_t override_value;
};

/* What an experiment intends with the given options: decided before anything is run, so that what
 * cannot succeed is refused. */
struct plan {
    struct pass passes[PASSES_MOST]; /* in the order in which they are run */
    unsigned pass_count;
    struct pass warmup; /* the first of them as a warm-up; filled in by the runner */
    bool uses_pool;
    uint32_t threads;     /* pool size asked for; 0: as the environment or libuv says */
    uint64_t descriptors; /* files that are open at once, beyond those of the loop itself */
};

/* Columns that a table of spans can have. */
enum column {
    COLUMN_END,
    COLUMN_CALL,
    COLUMN_SUBMITTED,
    COLUMN_WAITED,
    COLUMN_RAN,
    COLUMN_CPU,
    COLUMN_RETURNED,
    COLUMN_CALLED_BACK,
    COLUMN_LANE,
    COLUMN_STATUS, /* shown only when a call failed */
    COLUMN_ITERATION,
    COLUMN_PHASE,
    COLUMN_ARMED_BY,
    COLUMN_NODE_NAME,
    COLUMN_ANSWER, /* of an HTTP request: status code, and whether its connection was there */
    COLUMN_BYTES,  /* of the answer's body */
    COLUMN_DUE,    /* of an open loop; shown only when some call has it */
    COLUMN_FIRST_BYTE,
    COLUMN_TOTAL,      /* from when it was submitted, or due, until it was called back */
    COLUMN_CONNECTION, /* its number */
};

struct experiment {
    const char *name;            /* the word on the command line, the key in the JSON */
    const char *question;        /* what it answers: `uvlab list` prints it */
    const char *about;           /* a paragraph for --help and the manual page */
    const char *const *examples; /* command lines, NULL-terminated: help, manual page */
    const struct param *params;
    /* The row of params, of PARAM_TYPE_LIST, that words on the command line go to; NULL: there
     * may be none. Its flag may be used as well. */
    const char *operand;
    size_t options_size; /* of the structure that params fill; zeroed by the runner */
    const struct span_kind *const *kinds; /* NULL-terminated; row numbers are span kinds */
    const struct claim *claims;           /* ends with a row whose id is NULL */
    const enum column *columns;           /* of its table, up to COLUMN_END */
    bool rows_by_call_back; /* the table lists spans as they were called back, not submitted */
    unsigned records;       /* bits of enum recorder_extra: what it records beyond instants */

    /* Checks what single rows of the option table cannot, and says what will be run. It may put
     * derived values into the options. Fails with STATUS_USAGE or STATUS_FAILED. */
    int (*plan)(struct param_set *options, struct plan *plan, struct err *e);
    /* Once, before the pool is started and anything is run: makes what all runs share (a server in
     * a process of its own, libcurl) and puts it into r->shared, which every run finds as
     * run->shared. No other thread exists yet, so it may fork. On failure nothing is left behind.
     * Optional. */
    int (*open)(struct result *r, struct err *e);
    /* Once, after the last run: gives back r->shared, and may warn of what it has seen. Not called
     * when threads still run calls; the process is then about to end. Optional. */
    void (*close)(struct result *r);
    /* Makes ready, outside of what is measured: allocates run->state and opens spans. On failure
     * cleanup is still called, with run->state as it was left. Optional. */
    int (*prepare)(struct run *run, struct err *e);
    /* The first submissions, on the loop thread; never runs the loop itself. */
    int (*start)(struct run *run, struct err *e);
    /* After SIGINT, SIGTERM or SIGHUP: cancels what is queued, stops what repeats. Optional. */
    void (*cancel)(struct run *run);
    /* After the loop has ended and every handle is closed: frees run->state. Optional. */
    void (*cleanup)(struct run *run);
};

#endif
