/* Claims: the statements that an experiment exists to show, each with a function that looks at the
 * spans and decides. They are judged by order and cause, not by ratios of durations, and allow what
 * the pool allows (docs/spans.md). Pure functions of the result. */
#ifndef UVLAB_ANALYSIS_CLAIMS_H
#define UVLAB_ANALYSIS_CLAIMS_H

#include "base/err.h"
#include "base/units.h"
#include "measure/result.h"

/* Memory that judging takes, at most: for each span of all runs, and of the one that is looked at.
 */
enum { CLAIMS_BYTES_PER_SPAN = 24, CLAIMS_BYTES_PER_SPAN_OF_RUN = 48 };

struct claim {
    const char *id;   /* "fifth-waits": never changes */
    const char *text; /* the statement, a sentence without full stop */
    /* Decides, and writes one sentence of evidence in numbers. A judge takes no more memory than
     * CLAIMS_BYTES_PER_SPAN tell; one that runs out of it says so and answers VERDICT_NOT_TESTED.
     */
    enum verdict (*judge)(const struct result *r, struct text *evidence);
};

/* Judges every claim of the experiment and puts the verdicts into r. Without a complete measured
 * run (interrupted) all of them are VERDICT_NOT_TESTED. Fails when memory is short. */
int claims_judge(struct result *r, struct err *e);

const char *claims_verdict_name(enum verdict v); /* "holds", "fails", "not tested here" */
bool claims_any_failed(const struct result *r);

/* A duration as evidence has it: "736 ms". Returns buf. */
const char *claims_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns);

/* What judges say when they cannot decide; both return VERDICT_NOT_TESTED. */
enum verdict claims_not_tested(struct text *evidence, const char *why);
enum verdict claims_out_of_memory(struct text *evidence);

/* For judges: applies `judge_run` to every measured run. The answer is FAILS with the evidence of
 * the first run that fails; otherwise HOLDS, with the evidence of the first run that holds and in
 * how many of them it did; otherwise NOT_TESTED with the first run's reason. */
typedef enum verdict (*claims_run_judge)(const struct result *r, const struct run *run,
                                         struct text *evidence);
enum verdict claims_over_runs(const struct result *r, claims_run_judge judge_run,
                              struct text *evidence);

#endif
