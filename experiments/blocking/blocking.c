/* blocking: what does one slow handler do to everyone else?
 *
 * A server with one worker gets a few slow requests at once, while another route, that is answered
 * at once, is asked for at a steady rate on connections of its own: an open loop, so that a probe's
 * latency counts from when it was due. The slow work is done on the loop, on a thread of the pool,
 * in a worker thread, or in a process; whichever is asked for is measured, and the three others are
 * runs that stand beside it.
 *
 * The server is a process tree (net/server_group.h), started before anything else; the requests are
 * made on the run's loop (net/load.h). */
#include "blocking.h"

#include <inttypes.h>

#include "measure/pool.h"

enum { NS_PER_MS = 1000000 };
#define NS_PER_S UINT64_C(1000000000)
#define PATIENCE_NS (30 * NS_PER_S) /* beyond what all slow work may take */
#define SPARE_NS (3 * NS_PER_S)
#define SPANS_MOST UINT64_C(200000) /* of a run's probes: others are made and have none */

/* clang-format off */
static const struct param params[] = {
    PARAM_CHOICE(struct blocking_options, where, "where", 'w', 0, "loop", blocking_where_names,
                 "where the slow work is done, in the measured runs; the others stand beside them"),
    PARAM_DURATION(struct blocking_options, work_ns, "duration", 0, "500ms", NS_PER_MS,
                   (uint64_t)APP_MS_MOST * NS_PER_MS,
                   "how long the work of a slow request is, in whole milliseconds"),
    PARAM_COUNT(struct blocking_options, requests, "requests", 'n', "2", 1, BLOCKING_REQUESTS_MOST,
                "slow requests, all at once"),
    PARAM_COUNT(struct blocking_options, rate, "rate", 0, "100", 1, 10000,
                "requests a second for the fast route, due whether others are answered or not"),
    POOL_PARAM_THREADS(struct blocking_options, threads),
    PARAM_END,
};
/* clang-format on */

static const struct span_kind fast = {.kind = "fast",
                                      .label = "fast",
                                      .node_name = "http.request",
                                      .traits = SPAN_HTTP | SPAN_REMOTE};
static const struct span_kind slow = {.kind = "slow",
                                      .label = "slow",
                                      .node_name = "http.request",
                                      .traits = SPAN_HTTP | SPAN_REMOTE};

/* Rows as the load generator wants them: what it calls a request is a probe here. */
static const struct span_kind *const kinds[] = {
    &fast,
    &load_span_kinds[LOAD_KIND_PBKDF2],
    &load_span_kinds[LOAD_KIND_SPIN],
    &load_span_kinds[LOAD_KIND_SLEEP],
    &load_span_kinds[LOAD_KIND_BLOCK],
    &load_span_kinds[LOAD_KIND_READ],
    &load_span_kinds[LOAD_KIND_COUNT],
    &load_span_kinds[LOAD_KIND_THREAD],
    &load_span_kinds[LOAD_KIND_PROCESS],
    &load_span_kinds[LOAD_KIND_OTHER],
    [BLOCKING_KIND_SLOW] = &slow,
    NULL,
};

/* The probes' end is that of the slow requests, in any case. The room for their spans suffices for
 * twice the time that these take one after another. */
static void settle_load(struct blocking_options *o)
{
    uint64_t work_ns = o->work_ns * o->requests;
    uint64_t spans = o->rate * (2 * work_ns + SPARE_NS) / NS_PER_S + 1;

    o->load = (struct load_options){
        .method = "GET",
        .keep_alive = true,
        .connections = BLOCKING_CONNECTIONS,
        .threads = 1,
        .rate = o->rate,
        .timeout_ns = 8 * work_ns + PATIENCE_NS,
        .duration_ns = 8 * work_ns + PATIENCE_NS + NS_PER_S,
        .spans_most = spans < SPANS_MOST ? spans : SPANS_MOST,
    };
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct blocking_options *o = set->values;
    struct pass pass = {.role = PASS_MEASURED};

    if (o->work_ns % NS_PER_MS != 0)
        return err_set(e, STATUS_USAGE, "--duration: must be whole milliseconds");
    if (o->threads == 0)
        o->threads = POOL_DEFAULT;
    settle_load(o);
    load_plan(&o->load, 2, &pass);
    load_plan_burst(o->requests, &pass);
    pass.kept_bytes += sizeof(struct blocking_facts);
    plan->descriptors = load_descriptors(&o->load) + o->requests;
    plan->passes[plan->pass_count++] = pass;
    pass.role = PASS_BASELINE;
    pass.runs = PASS_RUNS_AS_MEASURED;
    pass.override = "where";
    for (unsigned where = 0; where < BLOCKING_PLACES; where++) {
        if (where == o->where)
            continue;
        pass.override_value = where;
        plan->passes[plan->pass_count++] = pass;
    }
    return 0;
}

static const enum column columns[] = {
    COLUMN_CALL,        COLUMN_SUBMITTED, COLUMN_WAITED, COLUMN_RAN, COLUMN_TOTAL,
    COLUMN_CALLED_BACK, COLUMN_LANE,      COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab blocking",
    "uvlab blocking --duration 5s --requests 2 --timeline",
    "uvlab blocking --where pool --threads 1 --requests 2",
    "uvlab blocking --where process --rate 1000 --runs 5",
    NULL,
};

const struct experiment experiment_blocking = {
    .name = "blocking",
    .question = "What does one slow handler do to everyone else?",
    .about =
        "A server with one worker gets slow requests (--requests, at once), while /fast is asked "
        "for --rate times a second, on connections of its own; how long that takes counts from "
        "when it was due. --where says where the slow work is done: on the loop (/block), on the "
        "pool (/spin), in a worker thread (/thread) or in a process (/process), both of which are "
        "made for each request. The measured runs have that place, and runs with each of the "
        "three others stand beside them. On the loop it lasts --duration by the clock, elsewhere "
        "it is so much computing, which takes longer where CPUs are short. The loop's longest "
        "hold-up is what the server measured itself while a run lasted.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct blocking_options),
    .kinds = kinds,
    .claims = blocking_claims,
    .columns = columns,
    .records = LOAD_RECORDS,
    .plan = plan,
    .open = blocking_open,
    .close = blocking_close,
    .helpers_cpu_ns = blocking_cpu_ns,
    .prepare = blocking_prepare,
    .start = blocking_start,
    .cancel = blocking_cancel,
    .cleanup = blocking_cleanup,
};
