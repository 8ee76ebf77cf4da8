/* Inside of the experiment `cluster`: what its files share. cluster.c describes it and plans, run.c
 * has the servers and the runs, killer.c kills workers, claims*.c judge. */
#ifndef UVLAB_EXPERIMENTS_CLUSTER_H
#define UVLAB_EXPERIMENTS_CLUSTER_H

#include <uv.h>

#include "analysis/claims.h"
#include "measure/cluster_facts.h"
#include "net/load.h"
#include "net/server_group.h"

enum {
    /* A run remembers so many kills, and makes no more. */
    CLUSTER_KILLS_MOST = 4096,
    /* Runs of a setting that a claim about how long it takes needs at least. */
    CLUSTER_RUNS_LEAST = 3,
};

struct cluster_options {
    struct supervisor_options server;
    struct load_options load;
    struct param_list paths;
    uint64_t kill_every_ns; /* 0: none is killed */
};

/* The paths, or "/" when none was given. */
unsigned cluster_path_count(const struct cluster_options *o);
const char *cluster_path(const struct cluster_options *o, unsigned i);
/* Whether a request for that path keeps a CPU busy: "/", "/spin", "/block", "/count". Pure. */
bool cluster_path_computes(const char *path);

/* --- run.c --- */

int cluster_open(struct result *r, struct err *e);
void cluster_close(struct result *r);
uint64_t cluster_cpu_ns(const struct result *r);
int cluster_prepare(struct run *run, struct err *e);
int cluster_start(struct run *run, struct err *e);
void cluster_cancel(struct run *run);
void cluster_cleanup(struct run *run);

/* --- killer.c: workers are killed in turn, by a timer on the run's loop; loop thread --- */

struct killer {
    uv_timer_t timer;
    const struct server_group *group;
    struct cluster_facts *facts; /* instants are CLOCK_MONOTONIC until killer_finish() */
    uint64_t interval_ms;
    uint64_t events_seen; /* of the group's, from the beginning */
    uint32_t next;        /* worker, from 0 */
};

/* Makes it ready; the timer does not keep the loop alive. */
void killer_init(struct killer *k, uv_loop_t *loop, const struct server_group *group,
                 struct cluster_facts *facts, uint64_t every_ns);
void killer_start(struct killer *k);
/* No more are killed. */
void killer_stop(struct killer *k);
/* Waits (for seconds at most) until those that were killed are replaced, and makes the instants
 * those of a run whose origin is at `origin_ns` of CLOCK_MONOTONIC. After the run. */
void killer_finish(struct killer *k, uint64_t origin_ns);

/* --- claims --- */

/* Whether other processes computed while it was measured, or that is not known: nothing fails then
 * for how long it took. */
bool cluster_was_busy(const struct result *r);
enum verdict cluster_judge_threads(const struct result *r, struct text *evidence);
enum verdict cluster_judge_crowd(const struct result *r, struct text *evidence);
enum verdict cluster_judge_spread(const struct result *r, struct text *evidence);
enum verdict cluster_judge_held_up(const struct result *r, struct text *evidence);
enum verdict cluster_judge_others(const struct result *r, struct text *evidence);
enum verdict cluster_judge_kills(const struct result *r, struct text *evidence);
extern const struct claim cluster_claims[];

#endif
