/* Inside of the experiment `blocking`: what its files share. blocking.c describes it and plans,
 * run.c has the server and the runs, claims.c judges. */
#ifndef UVLAB_EXPERIMENTS_BLOCKING_H
#define UVLAB_EXPERIMENTS_BLOCKING_H

#include "analysis/claims.h"
#include "measure/blocking_facts.h"
#include "net/app.h"
#include "net/load.h"

enum {
    BLOCKING_KIND_SLOW = LOAD_KINDS, /* row of its kinds, behind those of the load */
    BLOCKING_REQUESTS_MOST = APP_HELPERS_MOST,
    BLOCKING_CONNECTIONS = 16, /* of the probes: that many may wait in the server at once */
};

struct blocking_options {
    unsigned where;           /* enum blocking_where */
    uint64_t work_ns;         /* of each slow request; whole milliseconds */
    uint64_t requests;        /* slow ones, at once */
    uint64_t rate;            /* probes a second */
    uint64_t threads;         /* of the server's pool */
    struct load_options load; /* what follows from these */
};

/* How long probes are made before the slow requests, and after the last of them. */
#define BLOCKING_MARGIN_NS UINT64_C(100000000)

/* --- run.c --- */

/* Where the work of a pass is done. Pure. */
enum blocking_where blocking_where_of(const struct pass *pass, const struct blocking_options *o);

int blocking_open(struct result *r, struct err *e);
void blocking_close(struct result *r);
uint64_t blocking_cpu_ns(const struct result *r);
int blocking_prepare(struct run *run, struct err *e);
int blocking_start(struct run *run, struct err *e);
void blocking_cancel(struct run *run);
void blocking_cleanup(struct run *run);

/* --- claims.c --- */

enum verdict blocking_judge_doubles(const struct result *r, struct text *evidence);
enum verdict blocking_judge_fast_waits(const struct result *r, struct text *evidence);
enum verdict blocking_judge_lag(const struct result *r, struct text *evidence);
enum verdict blocking_judge_fast_goes_on(const struct result *r, struct text *evidence);
enum verdict blocking_judge_pool_queues(const struct result *r, struct text *evidence);
extern const struct claim blocking_claims[];

#endif
