/* Two results of one experiment beside each other: for each figure that both have, what it was in
 * either, how far apart the two are, how sure that is, and a verdict. Functions of what was read
 * from files (input/result_file.h) without any I/O; main thread. How a verdict is come to is
 * explained in docs/comparing.md. */
#ifndef UVLAB_ANALYSIS_COMPARISON_H
#define UVLAB_ANALYSIS_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/inference.h"
#include "base/err.h"
#include "input/result_file.h"

enum {
    COMPARISON_RUNS_LEAST = 6,    /* of each side: below, a median has no interval at 95 % */
    COMPARISON_RESAMPLES = 10000, /* enough for two digits of an interval */
};

enum comparison_verdict {
    COMPARISON_TOO_FEW, /* runs, on one side at least */
    COMPARISON_WITHIN_NOISE,
    COMPARISON_NOT_CERTAIN, /* the interval leaves out "the same", the rank test does not agree */
    COMPARISON_FASTER,
    COMPARISON_SLOWER,
};
/* As in the JSON document: "too few runs", "within noise", "not certain", "faster", "slower". */
extern const char *const comparison_verdict_names[];

/* A figure in one of the results. */
struct comparison_side {
    const struct result_series *values; /* of the result, in the order of its runs; at least one */
    double median;
    struct interval interval; /* of the median */
};

struct comparison_metric {
    const char *name; /* "elapsed", "total", ... */
    const char *kind; /* of calls that it is about; NULL: of runs as a whole. The base's. */
    bool of_calls;    /* the values are calls of all runs; else each is of a run */
    bool checked;     /* decides whether something became slower; others explain */
    struct comparison_side base, other;
    double difference, ratio; /* of the medians, other to base; ratio: NAN where the base's is 0 */
    struct bootstrap bootstrap; /* intervals of the two */
    struct rank_test rank;
    double p; /* of the rank test, corrected for how many figures are looked at; NAN: not judged */
    enum comparison_verdict verdict;
    bool beyond_limit; /* checked, slower, and surely by more than the limit: by all of the interval
                        */
};

/* A parameter, or a fact about the environment, that is not the same. NULL: it is not there. */
struct comparison_change {
    const char *key;
    const cJSON *base, *other;
};
struct comparison_changes {
    struct comparison_change *rows;
    size_t count;
};

struct sweep_point; /* input/sweep_file.h */

struct comparison {
    const struct result_file *base, *other;
    const struct sweep_point *point; /* of the base, whose results these are; NULL: of no sweep */
    struct comparison_changes parameters, environment;
    struct comparison_metric *metrics;
    size_t metric_count;
    bool too_few; /* runs on one side at least: no metric was judged */
    bool slower;  /* a checked metric is, beyond noise and beyond the limit */
};

struct comparison_terms {
    double confidence;  /* above 0, below 1 */
    double limit;       /* what is not minded: 0.05 is 5 % */
    bool spans;         /* compare single calls as well */
    unsigned resamples; /* of the bootstrap, at least 1; COMPARISON_RESAMPLES */
    uint64_t seed;
};

/* Compares `other` with `base`, which must both outlive *c. Fails when they are of different
 * experiments, when one has no run to compare, or when memory is short; *c is then empty. */
int comparison_make(struct comparison *c, const struct result_file *base,
                    const struct result_file *other, const struct comparison_terms *terms,
                    struct err *e);
void comparison_free(struct comparison *c);

/* The two halves of that, for several comparisons that answer one question: everything but the
 * verdicts (and what follows from them) of one; and those of `count` of them together, which
 * corrects for the figures of all. On failure the first leaves *c empty; the second fails only
 * when memory is short. */
int comparison_measure(struct comparison *c, const struct result_file *base,
                       const struct result_file *other, const struct comparison_terms *terms,
                       struct err *e);
int comparison_judge(struct comparison *all, size_t count, const struct comparison_terms *terms,
                     struct err *e);

/* comparison_changes.c: what differs in the parameters, and in those facts about the environment
 * that do not differ from run to run. Fails when memory is short. */
int comparison_find_changes(struct comparison *c, struct err *e);

/* Whether both are known and equal. */
bool comparison_is_same(const cJSON *a, const cJSON *b);

/* comparison_doubts.c: adds to *doubts, a line each, what makes the comparison less trustworthy,
 * beyond what the results themselves say. Failure of memory is *doubts' to remember. */
struct text;
void comparison_doubts(const struct comparison *c, const struct comparison_terms *terms,
                       struct text *doubts);

/* Adds 'a.json', or its end when it is too long. */
void comparison_add_name(struct text *t, const struct result_file *f);

#endif
