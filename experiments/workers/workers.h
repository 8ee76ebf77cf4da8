/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_WORKERS_H
#define UVLAB_EXPERIMENTS_WORKERS_H

#include "analysis/claims.h"
#include "measure/counter.h"
#include "measure/run.h"

enum { WORKERS_MOST = 1024 };

enum workers_where { WHERE_WORKER, WHERE_LOOP };

struct workers_options {
    uint64_t requests, count, workers; /* workers: 0 until plan() has made it a number */
    unsigned where;                    /* enum workers_where */
    bool reuse, baseline;
    uint64_t trials;
};

/* Rows of the experiment's kinds of spans. */
enum workers_kind {
    KIND_REQUEST, /* the whole: from when it was asked for until its answer was there */
    KIND_COUNT,   /* a part of it: the message there, counting, the message back */
    KIND_START,   /* a part of it where it has a thread of its own: that thread's start */
    KIND_PING,    /* trials: an empty message to a thread that rests, and its answer */
    KIND_END,     /* trials: the end of a thread */
};
extern const struct span_kind *const workers_kinds[];
extern const struct claim workers_claims[];

/* What a run does, by its pass and the options. */
struct workers_setting {
    enum workers_where where;
    bool is_trial, reuse;
    uint32_t requests, workers; /* no more workers than requests */
    uint64_t count;
};
void workers_setting_of(struct workers_setting *s, const struct run *run);

/* What every request of a run came to, in their order: kept by the recorder, for claims. */
const uint64_t *workers_counted(const struct run *run);

/* crew.c: requests that are counted on worker threads. Free after the loop has ended; NULL is
 * allowed. `counted`: room for an answer of each request, or NULL. */
struct crew;
int crew_new(struct crew **crew, struct run *run, const struct workers_setting *s,
             uint64_t *counted, struct err *e);
void crew_start(struct crew *c);
void crew_cancel(struct crew *c);
void crew_free(struct crew *c);
uint64_t crew_bytes(const struct workers_setting *s);

/* on_loop.c: requests that are counted on the loop. */
struct on_loop;
int on_loop_new(struct on_loop **l, struct run *run, const struct workers_setting *s,
                uint64_t *counted, struct err *e);
void on_loop_start(struct on_loop *l);
void on_loop_free(struct on_loop *l);
uint64_t on_loop_bytes(const struct workers_setting *s);

/* Judges that live in cpus.c. */
enum verdict workers_judge_side_by_side(const struct result *r, struct text *evidence);
enum verdict workers_judge_beyond_cpus(const struct result *r, struct text *evidence);

#endif
