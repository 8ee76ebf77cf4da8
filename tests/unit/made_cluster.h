/* Runs of a cluster made by hand: requests that workers answered, what was done for them, and
 * workers that were killed. */
#ifndef UVLAB_TESTS_MADE_CLUSTER_H
#define UVLAB_TESTS_MADE_CLUSTER_H

#include "made_result.h"

#include "experiments/cluster/cluster.h"

#define UNKNOWN SPAN_UNKNOWN
#define MS UINT64_C(1000000)

extern const struct experiment experiment_cluster;

static struct result result;
static struct cluster_options options;
static struct run *run;

/* Rows of the experiment's table of kinds; its runs are measured from the instant 0. */
static inline struct run *made_cluster_run(const struct pass *pass, unsigned workers,
                                           unsigned threads)
{
    struct run *made = made_run(&result, pass, 64, experiment_cluster.kinds);

    made->cluster = cluster_facts_new(8);
    assert_non_null(made->cluster);
    made->cluster->workers = workers;
    made->cluster->threads = threads;
    return made;
}

/* A measured run of two workers with a thread each. */
static inline int made_cluster(void **state)
{
    (void)state;
    made_result(&result, &experiment_cluster);
    options = (struct cluster_options){.server.scheduling = SCHEDULING_ROUND_ROBIN};
    result.options.table = experiment_cluster.params;
    result.options.values = &options;
    result.plan.pass_count = 1;
    result.others_cpu_ns = result.stolen_ns = 0;
    result.watched_ns = 1000 * MS;
    run = made_cluster_run(&made_measured, 2, 1);
    return 0;
}

static inline int made_cluster_end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

/* A request that was answered, on a connection; its index. */
static inline uint32_t made_answered(unsigned worker, unsigned connection, uint64_t submitted,
                                     uint64_t started, uint64_t finished)
{
    uint32_t i = made_span(run, (struct made_span){.kind = LOAD_KIND_REQUEST,
                                                   .lane = lane_of_worker(worker, 0),
                                                   .submitted = submitted,
                                                   .started = started,
                                                   .finished = finished,
                                                   .called_back = finished + 1});
    struct span_http *http = recorder_http(&run->recorder, i);

    http->connection = connection;
    http->answer = 200;
    http->sent = submitted + 1;
    for (uint32_t k = 0; k < i; k++)
        http->reused |= run->recorder.http[k].connection == connection &&
                        run->recorder.on_loop[k].kind == LOAD_KIND_REQUEST &&
                        run->recorder.on_loop[k].status == SPAN_OK;
    return i;
}

/* One that was not. */
static inline uint32_t made_lost(unsigned connection, bool reused, int status, uint64_t submitted,
                                 uint64_t called_back)
{
    uint32_t i = made_span(run, (struct made_span){.kind = LOAD_KIND_REQUEST,
                                                   .status = status,
                                                   .submitted = submitted,
                                                   .started = UNKNOWN,
                                                   .finished = UNKNOWN,
                                                   .called_back = called_back});
    struct span_http *http = recorder_http(&run->recorder, i);

    http->connection = connection;
    http->reused = reused;
    return i;
}

/* What a worker's thread (0: its loop) did for request `of`. */
static inline void made_work(uint32_t of, enum load_kind kind, unsigned worker, unsigned thread,
                             uint64_t started, uint64_t finished)
{
    made_part(run, of,
              (struct made_span){.kind = kind,
                                 .lane = lane_of_worker(worker, thread),
                                 .submitted = started,
                                 .started = started,
                                 .finished = finished,
                                 .called_back = finished});
}

static inline void made_hash(unsigned worker, unsigned thread, uint64_t started, uint64_t finished)
{
    made_work(made_answered(worker, run->recorder.count + 1, 10, 20, finished + 1),
              LOAD_KIND_PBKDF2, worker, thread, started, finished);
}

static inline void made_kill(unsigned worker, uint64_t killed, uint64_t died, uint64_t serving)
{
    struct cluster_facts *f = run->cluster;

    f->kills = true;
    f->killed[f->kill_count] = (struct cluster_kill){.killed_ns = killed,
                                                     .died_ns = died,
                                                     .serving_ns = serving,
                                                     .pid = 4001 + (pid_t)f->kill_count,
                                                     .successor = 5001 + (pid_t)f->kill_count,
                                                     .worker = worker};
    f->kill_count++;
}

#endif
