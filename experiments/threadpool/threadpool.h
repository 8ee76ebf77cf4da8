/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_THREADPOOL_H
#define UVLAB_EXPERIMENTS_THREADPOOL_H

#include "analysis/claims.h"
#include "base/units.h"
#include "measure/work.h"

struct threadpool_options {
    uint64_t jobs, threads;
    unsigned work; /* index of work_at() */
    const char *mix;
    bool baseline;
    struct work_options parameters;
};

extern const struct claim threadpool_claims[];

/* Judges that live in order.c and, the last one, in stretch.c. */
enum verdict threadpool_judge_waits(const struct result *r, struct text *evidence);
enum verdict threadpool_judge_fifo(const struct result *r, struct text *evidence);
enum verdict threadpool_judge_callbacks(const struct result *r, struct text *evidence);
enum verdict threadpool_judge_stretch(const struct result *r, struct text *evidence);

/* What judges say when they cannot decide; both return VERDICT_NOT_TESTED. */
enum verdict threadpool_not_tested(struct text *evidence, const char *why);
enum verdict threadpool_out_of_memory(struct text *evidence);

/* Whether a call began and ended on a thread. */
static inline bool threadpool_ran(const struct span *s)
{
    return s->started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN;
}

static inline const char *threadpool_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    return units_format_duration(buf, ns, "\xc2\xb5");
}

#endif
