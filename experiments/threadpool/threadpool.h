/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_THREADPOOL_H
#define UVLAB_EXPERIMENTS_THREADPOOL_H

#include "analysis/claims.h"
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

#endif
