/* What a sweep consists of: the axes, the points that their values span, and the runs that were
 * made of each. Filled by who runs it (sweep/), looked at by statistics and views; plain data. */
#ifndef UVLAB_MEASURE_SWEEP_FACTS_H
#define UVLAB_MEASURE_SWEEP_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "measure/experiment.h"

enum { SWEEP_AXES_MOST = 4, SWEEP_VALUES_MOST = 1024, SWEEP_POINTS_MOST = 4096 };
/* Below this the median of the runs has no interval at 95 %. */
enum { SWEEP_ROUNDS_LEAST = 6 };

/* Of the requests of a load, that may have failed in a run that counts. */
enum { SWEEP_FAILED_PERCENT_MOST = 10 };

#define SWEEP_UNKNOWN UINT64_MAX

struct sweep_value {
    char *text;      /* as the flag takes it */
    uint64_t number; /* of a row that is a number; else 0 */
};

/* A parameter that has several values. */
struct sweep_axis {
    const struct param *param;
    struct sweep_value *values; /* in the order in which they were given */
    uint32_t count;
};

/* The middle of the calls of a run, and the sums of their parts; SWEEP_UNKNOWN where there is none.
 */
struct sweep_calls {
    uint64_t count, errors;
    uint64_t total_ns, waited_ns, ran_ns, returned_ns;   /* medians */
    uint64_t waited_sum_ns, ran_sum_ns, returned_sum_ns; /* mean times count */
};

/* A process that has ended. Unknown figures are SWEEP_UNKNOWN. */
struct sweep_run {
    uint32_t point, round;
    uint64_t started_ms; /* since 1970, UTC */
    uint64_t process_ns; /* from its start to its end */
    int exit_status;     /* -1: a signal ended it, or it could not be started */
    char *error;         /* why it does not count; NULL: it does, with an exit status of 0 or, where
                            a few requests of a load failed, of 1 */
    uint64_t elapsed_ns, cpu_ns;
    uint64_t helpers_cpu_ns; /* of processes that it had work for it (a cluster's); 0: none */
    uint64_t answered;       /* requests of a load */
    uint64_t latency_p50_ns, latency_p99_ns; /* of a load; of the fast route of blocking */
    struct sweep_calls calls;
    /* CPU time that the rest of the machine used, that the hypervisor gave to others, and over how
     * long a time. */
    uint64_t others_cpu_ns, stolen_ns, watched_ns;
    char *json; /* the whole of it as one line: an element of the document's `runs` */
};

enum sweep_end {
    SWEEP_ENDED_KNOWN, /* every median is known well enough */
    SWEEP_ENDED_RUNS,
    SWEEP_ENDED_TIME,
    SWEEP_ENDED_SIGNAL,
    SWEEP_ENDED_FAILURES, /* no point is left that can be run */
};

enum sweep_by {
    SWEEP_BY_AUTO,
    SWEEP_BY_ELAPSED,
    SWEEP_BY_REQUEST,
    SWEEP_BY_LATENCY,
    SWEEP_BY_P99,
    SWEEP_BY_CPU
};

struct sweep {
    const struct experiment *experiment;
    const char *const *arguments; /* of the experiment, as they were given; the caller's */
    size_t argument_count;

    struct sweep_axis axes[SWEEP_AXES_MOST];
    unsigned axis_count;
    uint32_t point_count;

    uint64_t seed, warmup;
    uint64_t runs_wanted;   /* 0: until the medians are known */
    uint64_t time_limit_ns; /* SWEEP_UNKNOWN: none */
    uint64_t precision_ppm, margin_ppm;
    enum sweep_by by; /* never AUTO once the first run has ended */

    char started_at[32];
    uint64_t took_ns; /* of all sittings */
    enum sweep_end ended;
    bool interrupted;
    /* Of this sitting as a whole: CPU time that others used and that a hypervisor took; and for how
     * long that was watched, 0: it was not. */
    uint64_t others_cpu_ns, stolen_ns, watched_ns;

    struct sweep_run *runs; /* in the order in which they ended */
    size_t run_count, run_capacity;

    /* Of the first document that came, as JSON objects, parameters less those of the axes; NULL:
     * none came. */
    char *parameters, *environment;
    unsigned cpus_allowed; /* and from it; 0: unknown */
    double cpu_quota;      /* CPUs' worth of time, where a control group allows less than these; 0:
                              none does */

    char **warnings; /* with no full stop; each once */
    size_t warning_count;
};

/* Points are numbered with the last axis changing fastest. Which value of `axis` point `point` has.
 */
uint32_t sweep_value_of(const struct sweep *s, uint32_t point, unsigned axis);

/* Puts "threads 2, work file" into buf, which it returns: what distinguishes the point; printable.
 */
const char *sweep_point_name(const struct sweep *s, uint32_t point, char *buf, size_t bytes);

/* The number that the row of the axis has when nobody says anything: its default, of the pool
 * libuv's own. SWEEP_UNKNOWN when it is no number, has none, or stands for one that is not known.
 */
uint64_t sweep_axis_default(const struct sweep *s, const struct sweep_axis *axis);

/* What the run is judged by (s->by): nanoseconds, or NAN where that is unknown or it failed. */
double sweep_run_value(const struct sweep *s, const struct sweep_run *run);

/* Appends a run, which s owns from then on. Fails when memory is short; *run is freed then. */
int sweep_add_run(struct sweep *s, struct sweep_run *run, struct err *e);
void sweep_run_free(struct sweep_run *run);

/* Adds a warning (printf-like) unless it is there. Fails when memory is short. */
int sweep_warn(struct sweep *s, struct err *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Frees what s owns: values of axes, runs, texts, warnings; not s itself. */
void sweep_free(struct sweep *s);

#endif
